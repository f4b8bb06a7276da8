// The validated tree behind Node. Written by the validator and the resolver, read-only for everybody else.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/node.h"

namespace qs {

struct Node::Data {
  enum class Form { null, flag, integer, number, text, list, map, invalid };  // invalid: reported, never seen through a Node
  Form form = Form::null;
  bool flag = false;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;  // text and words; of an integer: the unit form it was written in (30s, 4GiB), else empty
  Location where, key_where;
  std::string path;
  bool given = false;
  std::vector<std::shared_ptr<Data>> items;
  std::vector<std::pair<std::string, std::shared_ptr<Data>>> entries;

  std::shared_ptr<Data> find(const std::string& key) const {
    for (const auto& [name, data] : entries)
      if (name == key) return data;
    return nullptr;
  }
  bool is(Form wanted) const { return form == wanted; }
};

using DataPtr = std::shared_ptr<Node::Data>;
using Form = Node::Data::Form;

}  // namespace qs
