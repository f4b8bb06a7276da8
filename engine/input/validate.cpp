#include "engine/input/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/base/text.h"
#include "engine/input/scalar.h"
#include "engine/input/shape_match.h"

namespace qs::input {

std::string known_words(const std::string& word, const std::vector<std::string>& known) {
  const std::string best = suggest(word, known);
  if (best.empty()) return fmt::format("(known: {})", joined(known));
  return fmt::format("(did you mean '{}'? known: {})", best, joined(known));
}

namespace {

enum class Fill { defaults, only_given };  // only_given: an override, laid over a complete section later

class Validator {
 public:
  Validator(const Schema& schema, const Raw& root, Diagnostics& diagnostics) : schema_(schema), root_(root), diagnostics_(diagnostics) {}

  DataPtr section(const Raw& raw, const std::string& name, const std::string& path, const std::string& inherited_kind, Fill fill);

 private:
  DataPtr value(const Raw& raw, const Shape& shape, const std::string& path);
  DataPtr scalar(const Raw& raw, const Shape& shape, const std::string& path);
  DataPtr list(const Raw& raw, const Shape& shape, const std::string& path);
  DataPtr override_section(const Raw& raw, const Shape& shape, const std::string& path);
  const Raw* global_section(const std::string& name) const;
  DataPtr open_map(const Raw& raw, const Shape& item, const std::string& path);
  DataPtr family_table(const Raw& raw, const std::string& path);
  DataPtr missing(const Key& key, const Raw& parent, const std::string& path, Fill fill);
  void unknown_key(const RawEntry& entry, const std::string& section, const std::string& kind, const std::string& path);
  std::string kind_of(const Raw& raw, const std::string& section, const std::string& inherited) const;

  DataPtr fail(const Raw& raw, const std::string& message) {
    diagnostics_.error(raw.where, message);
    return make(Form::invalid, raw, "");
  }
  static DataPtr make(Form form, const Raw& raw, const std::string& path) {
    auto data = std::make_shared<Node::Data>();
    data->form = form;
    data->where = data->key_where = raw.where;
    data->path = path;
    data->given = true;
    return data;
  }

  const Schema& schema_;
  const Raw& root_;
  Diagnostics& diagnostics_;
};

std::string join(const std::string& path, const std::string& name) { return path.empty() ? name : path + "." + name; }

DataPtr Validator::value(const Raw& raw, const Shape& shape, const std::string& path) {
  if (raw.form == Raw::Form::invalid) return make(Form::invalid, raw, path);
  if (raw.form == Raw::Form::null) return fail(raw, fmt::format("{} has no value (write {} or remove the key)", path, wants(shape)));
  if (shape.type == Type::either) {
    const Shape* part = choose(shape, raw);
    if (part == nullptr) return fail(raw, fmt::format("{} is {}, not {}", path, form_name(raw), wants(shape)));
    return value(raw, *part, path);
  }
  if (!accepts(shape, raw)) return fail(raw, fmt::format("{} is {}, not {}", path, form_name(raw), wants(shape)));
  if (shape.type == Type::list) return list(raw, shape, path);
  if (shape.type == Type::section && shape.overrides) return override_section(raw, shape, path);
  if (shape.type == Type::section) return section(raw, shape.name, path, "", Fill::defaults);
  if (shape.type == Type::family && raw.find("names") != nullptr) return family_table(raw, path);
  if (shape.type == Type::family && raw.find("rows") != nullptr) return family_table(raw, path);
  if (shape.type == Type::family || shape.type == Type::values) return open_map(raw, shape::list(shape::number(), 1), path);
  if (shape.type == Type::open) return open_map(raw, shape.parts[0], path);
  return scalar(raw, shape, path);
}

// What could leave the output directory is refused by its text; links are checked when the folder is made.
bool leaves_folder(const std::string& text) {
  if (text.empty() || text[0] == '/') return true;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    if (text.compare(begin, end - begin, "..") == 0) return true;
    begin = end + 1;
  }
  return false;
}

DataPtr Validator::scalar(const Raw& raw, const Shape& shape, const std::string& path) {
  const DataPtr data = make(Form::text, raw, path);
  data->text = raw.text;
  const auto take = [&](const auto& parsed, Form form, auto& target) {
    if (!parsed.ok) return fail(raw, fmt::format("{} {} {}", path, quote(raw.text), parsed.problem));
    data->form = form;
    target = parsed.value;
    return data;
  };
  const bool free_text = shape.type == Type::text || shape.type == Type::folder || shape.type == Type::file;
  // Other readers would take these words for numbers or flags, and the author may have meant another key.
  if (free_text && !raw.quoted && (parse_number(raw, {}).ok || parse_flag(raw).ok))
    return fail(raw, fmt::format("{} {} is not text (put it in quotes)", path, quote(raw.text)));
  const bool unit = shape.type == Type::duration || shape.type == Type::size;
  if (!unit && (shape.type == Type::integer || shape.type == Type::number || shape.type == Type::flag)) data->text.clear();
  switch (shape.type) {
    case Type::integer:
      return take(parse_integer(raw, shape.range), Form::integer, data->integer);
    case Type::number:
      return take(parse_number(raw, shape.range), Form::number, data->number);
    case Type::flag:
      return take(parse_flag(raw), Form::flag, data->flag);
    case Type::duration:
      return take(parse_duration(raw), Form::integer, data->integer);
    case Type::size:
      return take(parse_size(raw), Form::integer, data->integer);
    case Type::choice:
      if (std::find(shape.words.begin(), shape.words.end(), raw.text) != shape.words.end()) return data;
      return fail(raw, fmt::format("{} {} is not known {}", path, quote(raw.text), known_words(raw.text, shape.words)));
    case Type::folder:
    case Type::file:
      if (!leaves_folder(raw.text)) return data;
      return fail(raw, fmt::format("{} {} leaves the output directory (write a relative name without '..')", path, quote(raw.text)));
    default:
      return data;
  }
}

DataPtr Validator::list(const Raw& raw, const Shape& shape, const std::string& path) {
  const std::size_t count = raw.items.size();
  if (count < shape.min_items || count > shape.max_items) {
    const std::string needed = shape.min_items == shape.max_items ? fmt::format("needs {}", shape.min_items)
                               : count < shape.min_items          ? fmt::format("needs at least {}", shape.min_items)
                                                                  : fmt::format("takes at most {}", shape.max_items);
    return fail(raw, fmt::format("{} has {} {} ({})", path, count, count == 1 ? "entry" : "entries", needed));
  }
  const DataPtr data = make(Form::list, raw, path);
  std::set<std::string> seen;
  for (std::size_t i = 0; i < count; ++i) {
    const Raw& item = raw.items[i];
    data->items.push_back(value(item, shape.parts[0], fmt::format("{}.{}", path, i)));
    if (shape.unique && item.form == Raw::Form::scalar && !seen.insert(item.text).second)
      fail(item, fmt::format("{} {} is listed twice", path, quote(item.text)));
  }
  return data;
}

// The kind that decides which keys a section may have: its own, the one it inherits, or the one a misspelt word was meant for.
std::string Validator::kind_of(const Raw& raw, const std::string& section, const std::string& inherited) const {
  const RawEntry* entry = raw.find("kind");
  if (entry == nullptr) return inherited;
  if (entry->value.form != Raw::Form::scalar) return "";
  const std::vector<std::string> known = schema_.kinds_of(section);
  if (std::find(known.begin(), known.end(), entry->value.text) != known.end()) return entry->value.text;
  return suggest(entry->value.text, known);
}

DataPtr Validator::section(const Raw& raw, const std::string& name, const std::string& path, const std::string& inherited_kind, Fill fill) {
  const DataPtr data = make(Form::map, raw, path);
  const std::string kind = kind_of(raw, name, inherited_kind);
  const bool kind_unclear = kind.empty() && !schema_.kinds_of(name).empty();
  const std::vector<const Key*> rows = schema_.keys_of(name, kind);
  for (const RawEntry& entry : raw.entries)
    if (std::none_of(rows.begin(), rows.end(), [&](const Key* key) { return key->name == entry.key; })) unknown_key(entry, name, kind, path);
  for (const Key* key : rows) {
    const RawEntry* entry = raw.find(key->name);
    // Without a kind only the keys that all variants share can be judged.
    if (kind_unclear && !schema_.is_common(*key)) continue;
    const DataPtr child = entry ? value(entry->value, key->shape, join(path, key->name)) : missing(*key, raw, join(path, key->name), fill);
    if (!child) continue;
    if (entry) child->key_where = entry->key_where;
    data->entries.emplace_back(key->name, child);
  }
  return data;
}

DataPtr Validator::missing(const Key& key, const Raw& parent, const std::string& path, Fill fill) {
  if (fill == Fill::only_given) return nullptr;
  if (key.otherwise.kind == Default::Kind::required) {
    std::string what = key.doc;
    if (key.shape.type == Type::choice) what = fmt::format("one of: {}", joined(key.shape.words));
    return fail(parent, fmt::format("missing key '{}' ({})", path, what));
  }
  DataPtr data;
  if (key.otherwise.kind == Default::Kind::absent) {
    data = make(Form::null, parent, path);
  } else {
    Raw fallback = read_yaml(key.otherwise.text, parent.where.file, Positions::none, diagnostics_);
    fallback.where = parent.where;
    for (Raw& item : fallback.items) item.where = parent.where;
    data = value(fallback, key.shape, path);
  }
  data->given = false;
  return data;
}

void Validator::unknown_key(const RawEntry& entry, const std::string& section, const std::string& kind, const std::string& path) {
  const std::string full = quote(join(path, entry.key));
  if (diagnostics_.error_count() > Diagnostics::max_errors) return diagnostics_.error(entry.key_where, "unknown key " + full);
  if (const std::vector<std::string> others = schema_.kinds_with(section, entry.key); !others.empty())
    return diagnostics_.error(entry.key_where, fmt::format("unknown key {} (a key of kind {}; this is kind {})", full, joined(others), kind));
  const std::vector<std::string> here = names_of(schema_.keys_of(section, kind));
  if (const std::string best = suggest(entry.key, here); !best.empty())
    return diagnostics_.error(entry.key_where, fmt::format("unknown key {} (did you mean '{}'?)", full, best));
  // A key of another section: its full name, the exact word before a close one.
  std::vector<std::string> names;
  for (const Schema::NamedKey& named : schema_.named_keys()) names.push_back(named.key->name);
  const std::string word = suggest(entry.key, names);
  for (const Schema::NamedKey& named : schema_.named_keys())
    if (named.key->name == word && !word.empty())
      return diagnostics_.error(entry.key_where, fmt::format("unknown key {} (did you mean '{}'? known here: {})", full, named.path, joined(here)));
  diagnostics_.error(entry.key_where, fmt::format("unknown key {} (known here: {})", full, joined(here)));
}

// The section of a dotted name, as the input has it; null: it has none.
const Raw* Validator::global_section(const std::string& name) const {
  const Raw* raw = &root_;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const RawEntry* entry = raw->form == Raw::Form::map ? raw->find(name.substr(begin, end - begin)) : nullptr;
    if (entry == nullptr) return nullptr;
    raw = &entry->value;
    begin = end + 1;
  }
  return raw->form == Raw::Form::map ? raw : nullptr;
}

// Keys over the global section of the same name. Another kind starts afresh: the keys of the global kind do not apply to it.
DataPtr Validator::override_section(const Raw& raw, const Shape& shape, const std::string& path) {
  const Raw* global = global_section(shape.name);
  if (global == nullptr) return section(raw, shape.name, path, "", Fill::defaults);
  const std::string inherited = kind_of(*global, shape.name, "");
  if (inherited.empty() && raw.find("kind") == nullptr) return make(Form::invalid, raw, path);  // the global kind is reported where it stands
  const bool same = kind_of(raw, shape.name, inherited) == inherited;
  return section(raw, shape.name, path, inherited, same ? Fill::only_given : Fill::defaults);
}

DataPtr Validator::open_map(const Raw& raw, const Shape& item, const std::string& path) {
  const DataPtr data = make(Form::map, raw, path);
  for (const RawEntry& entry : raw.entries) {
    const DataPtr child = value(entry.value, item, join(path, entry.key));
    child->key_where = entry.key_where;
    data->entries.emplace_back(entry.key, child);
  }
  return data;
}

DataPtr Validator::family_table(const Raw& raw, const std::string& path) {
  const DataPtr data = make(Form::map, raw, path);
  const Shape shapes[] = {shape::set(shape::text(), 1), shape::list(shape::list(shape::number(), 1), 1)};
  const char* const names[] = {"names", "rows"};
  for (int k = 0; k < 2; ++k) {
    const RawEntry* entry = raw.find(names[k]);
    const DataPtr child = entry ? value(entry->value, shapes[k], join(path, names[k]))
                                : fail(raw, fmt::format("missing key '{}' (a family is {{names: [...], rows: [[...], ...]}} or {{coupling: [...]}})",
                                                        join(path, names[k])));
    if (entry) child->key_where = entry->key_where;
    data->entries.emplace_back(names[k], child);
  }
  for (const RawEntry& entry : raw.entries)
    if (entry.key != "names" && entry.key != "rows")
      diagnostics_.error(entry.key_where,
                         fmt::format("{} cannot stand beside 'names' and 'rows' (make it a column of the rows)", quote(join(path, entry.key))));
  return data;
}

}  // namespace

DataPtr validate_table(const Schema& schema, const Raw& root, Diagnostics& diagnostics) {
  if (root.form == Raw::Form::map) return Validator(schema, root, diagnostics).section(root, "", "", "", Fill::defaults);
  if (root.form == Raw::Form::null)
    diagnostics.error(root.where, "the input is empty (see --dump-default for a full one)");
  else if (root.form != Raw::Form::invalid)
    diagnostics.error(root.where, fmt::format("the input is {}, not a map of keys", form_name(root)));
  return nullptr;
}

}  // namespace qs::input
