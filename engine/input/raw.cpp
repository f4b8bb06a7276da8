// yaml-cpp events -> Raw. Events instead of YAML::Node, because nodes forget anchors, keep duplicate keys silently and build the whole
// tree before a limit could be checked.
#include "engine/input/raw.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <optional>
#include <sstream>

#include "engine/base/text.h"

namespace qs::input {
namespace {

const char* const no_aliases = "aliases ('*name') are not supported; write the value out";

// Byte offsets of lines; yaml-cpp counts bytes, editors count characters.
class Lines {
 public:
  explicit Lines(const std::string& text) : text_(text) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') starts_.push_back(i + 1);
  }
  std::size_t offset(const YAML::Mark& mark) const {
    if (mark.line < 0 || static_cast<std::size_t>(mark.line) >= starts_.size()) return text_.size();
    return std::min(text_.size(), starts_[mark.line] + static_cast<std::size_t>(std::max(mark.column, 0)));
  }
  int column(const YAML::Mark& mark) const {
    if (mark.line < 0 || static_cast<std::size_t>(mark.line) >= starts_.size()) return 1;
    int column = 1;
    for (std::size_t i = starts_[mark.line]; i < offset(mark); ++i)
      if ((static_cast<unsigned char>(text_[i]) & 0xC0) != 0x80) ++column;  // not a UTF-8 continuation byte
    return column;
  }
  char at(const YAML::Mark& mark) const { return offset(mark) < text_.size() ? text_[offset(mark)] : '\0'; }
  // False if a quoted scalar starts at the mark and no quote ends it.
  bool closes_quote(const YAML::Mark& mark) const {
    const char mark_character = at(mark);
    if (mark_character != '"' && mark_character != '\'') return true;
    for (std::size_t i = offset(mark) + 1; i < text_.size(); ++i) {
      if (mark_character == '"' && text_[i] == '\\') {
        ++i;
      } else if (text_[i] == mark_character) {
        if (mark_character == '"' || i + 1 >= text_.size() || text_[i + 1] != '\'') return true;
        ++i;  // '' stands for one quote
      }
    }
    return false;
  }

 private:
  const std::string& text_;
  std::vector<std::size_t> starts_;
};

struct Stop {};  // a limit was passed and reported: leave the parser

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& text, std::string file, Positions positions, Diagnostics& diagnostics)
      : lines_(text), file_(std::move(file)), positions_(positions), diagnostics_(diagnostics) {}

  Location place(const YAML::Mark& mark) const {
    if (positions_ == Positions::none) return {file_, 0, 0};
    return {file_, mark.line + 1, lines_.column(mark)};
  }
  Raw take() { return std::move(root_); }
  bool seen() const { return seen_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Raw raw = make(Raw::Form::null, mark);
    properties(mark, "?", anchor, raw);
    add(std::move(raw));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    diagnostics_.error(place(mark), no_aliases);
    add(make(Raw::Form::invalid, mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    Raw raw = make(Raw::Form::scalar, mark);
    raw.text = value;
    raw.quoted = tag != "?";
    if (raw.quoted && !lines_.closes_quote(mark)) {  // yaml-cpp takes the end of the file for the end of the text
      diagnostics_.error(place(mark), "not valid YAML: a quote is not closed");
      throw Stop{};
    }
    properties(mark, tag, anchor, raw);
    if (const auto found = unprintable_in(value)) {  // written as an escape: "\e", "\0", "\u202e"
      diagnostics_.error(place(mark), *found + " in a text");
      raw.form = Raw::Form::invalid;
    }
    add(std::move(raw));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(Raw::Form::list, mark, tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(Raw::Form::map, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Raw raw;
    std::optional<RawEntry> entry;              // map: a key that waits for its value
    std::map<std::string, Location> seen_keys;  // map: where each key stood first
    bool repeated = false;                      // map: the waiting key is a duplicate or a bad key, its value is dropped
  };

  Raw make(Raw::Form form, const YAML::Mark& mark) {
    if (++count_ > max_input_values) {
      diagnostics_.error(place(mark), fmt::format("more than {} values (the limit of an input)", max_input_values));
      throw Stop{};
    }
    Raw raw;
    raw.form = form;
    raw.where = place(mark);
    return raw;
  }

  // A node's mark stands on its anchor or tag if it has one. yaml-cpp gives "?" to plain scalars and collections, "!" to quoted scalars
  // and to the explicit tag '!' alike, so the character itself decides.
  void properties(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Raw& raw) {
    if (anchor != 0) {
      diagnostics_.error(place(mark), "anchors ('&name') are not supported; write the value out where it is used");
      raw.form = Raw::Form::invalid;
    } else if ((tag != "?" && tag != "!" && !tag.empty()) || lines_.at(mark) == '!') {
      diagnostics_.error(place(mark), "tags ('!type') are not supported; the type follows from the key");
      raw.form = Raw::Form::invalid;
    }
  }

  void open(Raw::Form form, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    Raw raw = make(form, mark);
    if (stack_.size() >= static_cast<std::size_t>(max_input_depth)) {
      diagnostics_.error(place(mark), fmt::format("nested deeper than {} levels (the limit of an input)", max_input_depth));
      throw Stop{};
    }
    properties(mark, tag, anchor, raw);
    stack_.push_back({std::move(raw), std::nullopt, {}, false});
  }

  void close() {
    Raw raw = std::move(stack_.back().raw);
    stack_.pop_back();
    add(std::move(raw));
  }

  void add(Raw raw) {
    if (stack_.empty()) {
      root_ = std::move(raw);
      seen_ = true;
      return;
    }
    Open& parent = stack_.back();
    if (parent.raw.form != Raw::Form::map) {
      parent.raw.items.push_back(std::move(raw));
    } else if (!parent.entry) {
      take_key(parent, raw);
    } else {
      if (raw.form == Raw::Form::null) raw.where = parent.entry->key_where;  // an empty value is marked at the next token, far away
      parent.entry->value = std::move(raw);
      if (!parent.repeated) parent.raw.entries.push_back(std::move(*parent.entry));
      parent.entry.reset();
    }
  }

  void take_key(Open& parent, const Raw& raw) {
    parent.entry = RawEntry{raw.text, raw.where, {}};
    parent.repeated = true;
    if (raw.form == Raw::Form::invalid) return;
    if (raw.form != Raw::Form::scalar) {
      diagnostics_.error(raw.where, "a key must be a word (lists, maps and empty keys are not supported)");
    } else if (raw.text == "<<" && !raw.quoted) {
      diagnostics_.error(raw.where, "merge keys ('<<') are not supported; write the keys out");
    } else if (const auto [first, fresh] = parent.seen_keys.try_emplace(raw.text, raw.where); !fresh) {
      const std::string place = first->second.line > 0 ? fmt::format("first given in line {}", first->second.line) : "given twice";
      diagnostics_.error(raw.where, fmt::format("duplicate key {} ({})", quote(raw.text), place));
    } else {
      parent.repeated = false;
    }
  }

  Lines lines_;
  std::string file_;
  Positions positions_;
  Diagnostics& diagnostics_;
  std::vector<Open> stack_;
  std::size_t count_ = 0;
  Raw root_;
  bool seen_ = false;
};

// Any second document is one too many; its content is not looked at.
class SecondDocument : public YAML::EventHandler {
 public:
  struct Found {
    YAML::Mark mark;
  };
  void OnDocumentStart(const YAML::Mark& mark) override { throw Found{mark}; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

std::string explain(const std::string& message) {
  namespace Yaml = YAML::ErrorMsg;
  if (message == Yaml::UNKNOWN_ANCHOR) return no_aliases;
  static const std::map<std::string, std::string> hints = {
      {Yaml::END_OF_MAP_FLOW, "a '{' is not closed by '}' (or a comma is missing)"},
      {Yaml::END_OF_SEQ_FLOW, "a '[' is not closed by ']' (or a comma is missing)"},
      {Yaml::END_OF_MAP, "a line does not fit into the map above (check its indentation and the space after ':')"},
      {Yaml::END_OF_SEQ, "a line does not fit into the list above (check its indentation and the space after '-')"},
      {Yaml::TAB_IN_INDENTATION, "a tab in the indentation (use spaces)"},
      {Yaml::MAP_VALUE, "a ':' where no value can start (quote text that contains ': ')"},
      {Yaml::BLOCK_ENTRY, "a '-' where no list item can start"},
      {Yaml::FLOW_END, "a closing bracket that was not opened"},
  };
  const auto hint = hints.find(message);
  return "not valid YAML: " + (hint == hints.end() ? message : hint->second);
}

Raw invalid_root(const std::string& file) {
  Raw raw;
  raw.form = Raw::Form::invalid;
  raw.where = {file, 0, 0};
  return raw;
}

}  // namespace

Raw read_yaml(const std::string& text, const std::string& file, Positions positions, Diagnostics& diagnostics) {
  const std::string body = text.rfind("\xEF\xBB\xBF", 0) == 0 ? text.substr(3) : text;  // byte order mark
  if (!check_bytes(body, file, positions, diagnostics)) return invalid_root(file);
  TreeBuilder builder(body, file, positions, diagnostics);
  std::istringstream stream(body);
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    SecondDocument second;
    parser.HandleNextDocument(second);
  } catch (const Stop&) {
    return invalid_root(file);
  } catch (const SecondDocument::Found& found) {
    diagnostics.error(builder.place(found.mark), "a second document starts here; an input is one document");
  } catch (const YAML::Exception& error) {
    diagnostics.error(builder.place(error.mark), explain(error.msg));
    return invalid_root(file);
  }
  if (!builder.seen()) {
    Raw empty;
    empty.where = {file, positions == Positions::none ? 0 : 1, positions == Positions::none ? 0 : 1};
    return empty;
  }
  return builder.take();
}

}  // namespace qs::input
