#include "engine/input/resolve_steps.h"

#include <fmt/format.h>

namespace qs::input {

DataPtr find_form(const Node::Data& map, const std::string& key, Form form) {
  const DataPtr found = map.find(key);
  return found && found->is(form) ? found : nullptr;
}

std::string word_of(const Node::Data& map, const std::string& key) {
  const DataPtr found = find_form(map, key, Form::text);
  return found ? found->text : "";
}

DataPtr make_text(const Node::Data& like, const std::string& text) {
  auto out = std::make_shared<Node::Data>();
  out->form = Form::text;
  out->text = text;
  out->where = like.where;
  out->key_where = like.key_where;
  out->path = like.path;
  out->given = like.given;
  return out;
}

DataPtr make_list(const Node::Data& like, std::vector<DataPtr> items) {
  DataPtr out = make_text(like, "");
  out->form = Form::list;
  out->items = std::move(items);
  return out;
}

void replace(Node::Data& map, const std::string& key, DataPtr data) {
  for (auto& [name, old] : map.entries)
    if (name == key) {
      old = std::move(data);
      return;
    }
  map.entries.emplace_back(key, std::move(data));
}

namespace {

// The list with one entry per axis: of cells, or of vectors that lead back.
DataPtr extent_of(const Node::Data& lattice, Diagnostics& diagnostics) {
  const DataPtr size = lattice.find("size"), torus = lattice.find("torus");
  if (!size || size->is(Form::invalid) || (torus && torus->is(Form::invalid))) return nullptr;
  const bool lengths = size->is(Form::list), vectors = torus && torus->is(Form::list);
  if (lengths && vectors) {
    diagnostics.error(torus->key_where, fmt::format("{} contradicts {} (both say how far the lattice extends; keep one)", torus->path, size->path));
  } else if (!lengths && !vectors) {
    diagnostics.error(lattice.where, fmt::format("missing key '{}' (cells per axis; or 'torus' for a tilted cluster)", size->path));
  }
  return lengths == vectors ? nullptr : lengths ? size : torus;
}

}  // namespace

void resolve_lattice(Node::Data& lattice, Diagnostics& diagnostics) {
  const DataPtr size = extent_of(lattice, diagnostics);
  const DataPtr periodic = lattice.find("periodic"), boundary = lattice.find("boundary");
  if (!size || !periodic || !boundary || periodic->is(Form::invalid) || boundary->is(Form::invalid)) return;
  if (periodic->given && boundary->given) {
    diagnostics.error(boundary->key_where,
                      fmt::format("{} contradicts {} (both say what happens at the ends; keep one)", boundary->path, periodic->path));
    return;
  }
  if (!boundary->given && !periodic->given && !boundary->is(Form::null)) return;  // the lattice has ends of its own
  const Node::Data& source = boundary->given ? *boundary : *periodic;
  if (source.is(Form::list) && source.items.size() != size->items.size()) {
    diagnostics.error(source.where, fmt::format("{} has {} entries, but {} has {} (one per axis)", source.path, source.items.size(), size->path,
                                                size->items.size()));
    return;
  }
  const auto word = [&](const Node::Data& one) {
    if (one.is(Form::text)) return make_text(one, one.text);
    return make_text(one, one.is(Form::flag) && !one.flag ? "open" : "periodic");  // neither given: periodic
  };
  std::vector<DataPtr> words;
  for (std::size_t axis = 0; axis < size->items.size(); ++axis) words.push_back(word(source.is(Form::list) ? *source.items.at(axis) : source));
  DataPtr resolved = make_list(source, std::move(words));
  resolved->path = boundary->path;
  replace(lattice, "boundary", resolved);
  const DataPtr none = make_text(*periodic, "");
  none->form = Form::null;
  none->given = false;
  replace(lattice, "periodic", none);
}

}  // namespace qs::input
