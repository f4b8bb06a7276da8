#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/input/raw.h"
#include "engine/input/validate.h"

namespace qs::input {
namespace {

// One byte over the limit is enough to refuse a file, so no more is read of an endless one.
std::string read_file(const std::string& path) {
  std::error_code problem;
  if (std::filesystem::is_directory(path, problem)) throw FileError(fmt::format("cannot read {} (it is a directory); give a YAML file", quote(path)));
  std::ifstream file(path, std::ios::binary);
  if (!file) throw FileError(fmt::format("cannot read {} ({}); check the name", quote(path), std::strerror(errno)));
  std::string text(max_input_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) throw FileError(fmt::format("cannot read {} ({})", quote(path), std::strerror(errno)));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

}  // namespace

Document load_text(const Schema& schema, const std::string& text, const std::string& name, const std::vector<SetOption>& sets,
                   Diagnostics& diagnostics) {
  Document document;
  document.original = text;
  document.path = name;
  const std::filesystem::path folder = std::filesystem::path(name).parent_path();
  document.directory = folder.empty() ? std::string(".") : folder.string();
  Raw raw = read_yaml(text, name, Positions::from_text, diagnostics);
  for (const SetOption& option : sets) apply_set(raw, option, diagnostics);
  const DataPtr root = validate_table(schema, raw, diagnostics);
  if (!root) return document;
  resolve(schema, *root, diagnostics);
  if (diagnostics.has_errors()) return document;
  document.resolved = emit_yaml(*root);
  document.root = Node(root);
  return document;
}

Document load(const Schema& schema, const std::string& path, const std::vector<SetOption>& sets, Diagnostics& diagnostics) {
  return load_text(schema, read_file(path), path, sets, diagnostics);
}

}  // namespace qs::input
