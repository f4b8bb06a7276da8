// The keys of one entry of a catalogue, each bound to a member of an options struct: how it is read, printed, described and what it is without a word
// of the user stand in one line, next to the thing it belongs to. Defaults are those of the struct.
//
//   Options<RbmOptions>()
//       .integer("alpha", &RbmOptions::alpha, 1, 4096, "hidden units per mode")
//       .word("dtype", &RbmOptions::dtype, {{"complex", Dtype::complex}, {"real", Dtype::real}}, "parameters")
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/node.h"
#include "engine/base/shape.h"

namespace qs {

// The words of an enumeration, the usual one first.
template <class Enum>
using Words = std::vector<std::pair<std::string, Enum>>;

template <class Enum>
const std::string& word_of(const Words<Enum>& words, Enum value) {
  for (const auto& [word, meaning] : words)
    if (meaning == value) return word;
  throw Error(ExitCode::internal, "a value of an option has no word");
}

template <class Enum>
Enum meaning_of(const Words<Enum>& words, const std::string& wanted) {
  for (const auto& [word, meaning] : words)
    if (word == wanted) return meaning;
  throw Error(ExitCode::internal, "the word '" + wanted + "' of an option has no meaning");
}

// "30s", "5min"; an optional duration that is not set has no text.
inline std::string print_duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  return whole % 60 == 0 && whole > 0 ? std::to_string(whole / 60) + "min" : std::to_string(whole) + "s";
}
inline std::string print_duration(const std::optional<double>& seconds) { return seconds ? print_duration(*seconds) : ""; }

template <class Struct>
class Options {
 public:
  explicit Options(Struct defaults = {}) : defaults_(std::move(defaults)) {}

  // A member may be a pointer to member or a function that gives a reference to it.
  template <class Member>
  Options& integer(std::string name, Member member, double low, double high, std::string doc) {
    return add(
        std::move(name), shape::integer(low, high), std::move(doc), member,
        [](const Node& node, auto& target) { target = static_cast<std::remove_reference_t<decltype(target)>>(node.integer()); },
        [](const auto& value) { return std::to_string(value); });
  }
  template <class Member>
  Options& number(std::string name, Member member, Range range, std::string doc) {
    return add(
        std::move(name), shape::number(range), std::move(doc), member, [](const Node& node, double& target) { target = node.number(); },
        [](double value) { return format_number(value); });
  }
  template <class Member>
  Options& flag(std::string name, Member member, std::string doc) {
    return add(
        std::move(name), shape::flag(), std::move(doc), member, [](const Node& node, bool& target) { target = node.flag(); },
        [](bool value) { return std::string(value ? "true" : "false"); });
  }
  template <class Member>
  Options& text(std::string name, Member member, std::string doc) {
    return add(
        std::move(name), shape::text(), std::move(doc), member, [](const Node& node, std::string& target) { target = node.text(); },
        [](const std::string& value) { return '"' + value + '"'; });
  }
  template <class Member>
  Options& duration(std::string name, Member member, std::string doc) {
    return add(
               std::move(name), shape::duration(), std::move(doc), member, [](const Node& node, auto& target) { target = node.number(); },
               [](const auto& seconds) { return print_duration(seconds); })
        .unit("time");
  }
  template <class Member, class Enum>
  Options& word(std::string name, Member member, Words<Enum> words, std::string doc) {
    std::vector<std::string> known;
    for (const auto& [word, meaning] : words) known.push_back(word);
    return add(
        std::move(name), shape::choice(std::move(known)), std::move(doc), member,
        [words](const Node& node, Enum& target) { target = meaning_of(words, node.text()); }, [words](Enum value) { return word_of(words, value); });
  }
  // A list of integers; `items` says how many there may be.
  template <class Member>
  Options& integers(std::string name, Member member, Shape shape, std::string doc) {
    return add(
        std::move(name), std::move(shape), std::move(doc), member,
        [](const Node& node, std::vector<int>& target) {
          target.clear();
          for (const std::int64_t item : node.integers()) target.push_back(static_cast<int>(item));
        },
        [](const std::vector<int>& values) {
          std::string out;
          for (const int value : values) out += (out.empty() ? "" : ", ") + std::to_string(value);
          return "[" + out + "]";
        });
  }
  template <class Member>
  Options& texts(std::string name, Member member, Shape shape, std::string doc) {
    return add(
        std::move(name), std::move(shape), std::move(doc), member, [](const Node& node, std::vector<std::string>& target) { target = node.texts(); },
        [](const std::vector<std::string>& values) {
          std::string out;
          for (const std::string& value : values) out += (out.empty() ? "" : ", ") + value;
          return "[" + out + "]";
        });
  }
  // Anything else: `read_into(node, value)` and `to_text(value)` of the member.
  template <class Member, class Read, class Print>
  Options& add(std::string name, Shape shape, std::string doc, Member member, Read read_into, Print to_text) {
    const std::string otherwise = to_text(std::invoke(member, std::as_const(defaults_)));
    rows_.push_back({{std::move(name), std::move(shape), value(otherwise), "", "0.1.0", std::move(doc)},
                     [member, read_into](const Node& node, Struct& options) { read_into(node, std::invoke(member, options)); },
                     [member, to_text](const Struct& options) { return to_text(std::invoke(member, options)); }});
    return *this;
  }
  // A key that others read: the planner where it needs files or the system, or a section with entries of its own.
  Options& other(std::string name, Shape shape, Default otherwise, std::string doc) {
    rows_.push_back({{std::move(name), std::move(shape), std::move(otherwise), "", "0.1.0", std::move(doc)}, nullptr, nullptr});
    return *this;
  }

  // The keys of a part of the struct, as if they were written here.
  template <class Part, class Member>
  Options& include(const Options<Part>& part, Member member) {
    for (const Option& option : part.list()) rows_.push_back({option, nullptr, nullptr});
    rows_.push_back({{},
                     [part, member](const Node& node, Struct& options) {
                       Part& target = std::invoke(member, options);
                       target = part.read(node, std::move(target));
                     },
                     [part, member](const Struct& options) { return part.print(std::invoke(member, options)); }});
    return *this;
  }

  // What follows says more of the key before it.
  Options& unit(std::string text) { return last().unit = std::move(text), *this; }
  Options& since(std::string version) { return last().since = std::move(version), *this; }
  Options& otherwise_absent(std::string meaning) { return last().otherwise = absent(std::move(meaning)), *this; }
  Options& otherwise_required(std::string example) { return last().otherwise = required(std::move(example)), *this; }

  const Struct& defaults() const { return defaults_; }
  std::vector<Option> list() const {
    std::vector<Option> out;
    for (const Row& row : rows_)
      if (!row.option.name.empty()) out.push_back(row.option);
    return out;
  }
  // The options that the checked section `node` asks for; what it leaves open stays as in `start`.
  Struct read(const Node& node, Struct start) const {
    for (const Row& row : rows_) {
      if (row.read && row.option.name.empty()) row.read(node, start);  // an included part
      if (!row.read || row.option.name.empty() || !node.has(row.option.name)) continue;
      const Node value = node[row.option.name];
      if (!value.is_null()) row.read(value, start);
    }
    return start;
  }
  Struct read(const Node& node) const { return read(node, defaults_); }
  // "depth: 2, d_model: 60": what the input would say, without what it would leave open and what is read elsewhere.
  std::string print(const Struct& options) const {
    std::string out;
    for (const Row& row : rows_) {
      const std::string text = row.print ? row.print(options) : "";
      const bool left_open = row.print && row.option.otherwise.kind == Default::Kind::absent && text == row.print(defaults_);
      if (!text.empty() && !left_open) out += (out.empty() ? "" : ", ") + (row.option.name.empty() ? "" : row.option.name + ": ") + text;
    }
    return out;
  }

 private:
  struct Row {
    Option option;
    std::function<void(const Node&, Struct&)> read;
    std::function<std::string(const Struct&)> print;
  };
  Option& last() { return rows_.back().option; }

  Struct defaults_;
  std::vector<Row> rows_;
};

}  // namespace qs
