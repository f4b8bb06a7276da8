#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "engine/input/input.h"

namespace qs::input {
namespace {

// Command line options (line 0) first, then the file from top to bottom.
bool before(const Diagnostic& a, const Diagnostic& b) { return std::tie(a.where.line, a.where.column) < std::tie(b.where.line, b.where.column); }

void insert(std::vector<Diagnostic>& list, Diagnostic item) {
  list.insert(std::upper_bound(list.begin(), list.end(), item, before), std::move(item));
}

std::string prefix(const Location& where) {
  if (where.line == 0) return where.file + ": ";
  return fmt::format("{}:{}:{}: ", where.file, where.line, where.column);
}

nlohmann::json to_json(const std::vector<Diagnostic>& list) {
  nlohmann::json out = nlohmann::json::array();
  for (const Diagnostic& item : list)
    out.push_back({{"file", item.where.file}, {"line", item.where.line}, {"column", item.where.column}, {"message", item.message}});
  return out;
}

}  // namespace

void Diagnostics::error(const Location& where, std::string message) {
  insert(errors_, {where, std::move(message)});
  if (errors_.size() > max_errors) {
    errors_.pop_back();
    ++dropped_;
  }
}

void Diagnostics::warning(const Location& where, std::string message) { insert(warnings_, {where, std::move(message)}); }

std::string Diagnostics::render() const {
  std::string out;
  for (const Diagnostic& item : warnings_) out += prefix(item.where) + "warning: " + item.message + "\n";
  for (const Diagnostic& item : errors_) out += prefix(item.where) + "error: " + item.message + "\n";
  if (dropped_ > 0) out += fmt::format("{} errors, the first {} are shown\n", error_count(), errors_.size());
  return out;
}

std::string Diagnostics::render_json() const {
  const nlohmann::json out = {
      {"valid", errors_.empty()}, {"error_count", error_count()}, {"errors", to_json(errors_)}, {"warnings", to_json(warnings_)}};
  return out.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace qs::input
