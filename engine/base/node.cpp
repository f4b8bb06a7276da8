#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/node_data.h"

namespace qs {
namespace {

// The schema has checked every value, so a wrong accessor is a mistake of the caller.
[[noreturn]] void wrong(const Node::Data& data, const std::string& wanted) {
  throw Error(ExitCode::internal, fmt::format("input key '{}' was read as {}", data.path, wanted));
}

}  // namespace

Node Node::operator[](const std::string& key) const {
  if (const auto found = data_->find(key)) return Node(found);
  wrong(*data_, "a map with key '" + key + "'");
}

bool Node::has(const std::string& key) const { return data_->find(key) != nullptr; }

bool Node::given(const std::string& key) const {
  const auto found = data_->find(key);
  return found && found->given;
}

bool Node::is_null() const { return data_->is(Form::null); }
bool Node::is_text() const { return data_->is(Form::text); }
bool Node::is_number() const { return data_->is(Form::number) || data_->is(Form::integer); }
bool Node::is_list() const { return data_->is(Form::list); }
bool Node::is_map() const { return data_->is(Form::map); }

double Node::number() const {
  if (data_->is(Form::integer)) return static_cast<double>(data_->integer);
  if (!data_->is(Form::number)) wrong(*data_, "a number");
  return data_->number;
}

std::int64_t Node::integer() const {
  if (!data_->is(Form::integer)) wrong(*data_, "an integer");
  return data_->integer;
}

bool Node::flag() const {
  if (!data_->is(Form::flag)) wrong(*data_, "true or false");
  return data_->flag;
}

std::string Node::text() const {
  if (!data_->is(Form::text) && !(data_->is(Form::integer) && !data_->text.empty())) wrong(*data_, "text");
  return data_->text;
}

std::vector<Node> Node::items() const {
  if (!data_->is(Form::list)) wrong(*data_, "a list");
  std::vector<Node> out;
  for (const DataPtr& item : data_->items) out.emplace_back(Node(item));
  return out;
}

std::vector<double> Node::numbers() const {
  std::vector<double> out;
  for (const Node& item : items()) out.push_back(item.number());
  return out;
}

std::vector<std::int64_t> Node::integers() const {
  std::vector<std::int64_t> out;
  for (const Node& item : items()) out.push_back(item.integer());
  return out;
}

std::vector<std::string> Node::texts() const {
  std::vector<std::string> out;
  for (const Node& item : items()) out.push_back(item.text());
  return out;
}

std::vector<std::pair<std::string, Node>> Node::entries() const {
  if (!data_->is(Form::map)) wrong(*data_, "a map");
  std::vector<std::pair<std::string, Node>> out;
  for (const auto& [name, data] : data_->entries) out.emplace_back(name, Node(data));
  return out;
}

const Location& Node::where() const { return data_->where; }
const Location& Node::key_where() const { return data_->key_where; }
std::string Node::path() const { return data_->path; }

}  // namespace qs
