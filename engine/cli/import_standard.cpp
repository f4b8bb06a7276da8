// Standard mode of HPhi (Kawamura et al., Comput. Phys. Commun. 217, 180 (2017)) and mVMC (Misawa et al., ibid. 235, 447 (2019)): lines "key =
// value".
//   spins:    H = sum J S.S - h sum Sz - Gamma sum Sx
//   electrons: H = -mu sum n - sum t (c+c + h.c.) + U sum n_up n_dn + sum V n n
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <set>
#include <sstream>

#include "engine/base/error.h"
#include "engine/cli/def_rows.h"
#include "engine/cli/imported.h"

namespace qs {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string trimmed(const std::string& text) {
  const char* const blanks = " \t\r\"";
  const std::size_t first = text.find_first_not_of(blanks);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// The keys of the file as they are written; found by lower case.
class Keys {
 public:
  explicit Keys(const std::string& file) : file_(file) {
    std::istringstream stream(read_model_file(file));
    std::string line;
    for (int number = 1; std::getline(stream, line); ++number) {
      if (trimmed(line).empty() || trimmed(line).substr(0, 2) == "//" || trimmed(line)[0] == '#') continue;
      const std::size_t equals = line.find('=');
      if (equals == std::string::npos)
        throw InputError(fmt::format("{}:{}: error: a line without '=' (standard mode is 'key = value')", file, number));
      const std::string key = trimmed(line.substr(0, equals));
      if (!values_.emplace(lower(key), Entry{key, trimmed(line.substr(equals + 1)), number}).second)
        throw InputError(fmt::format("{}:{}: error: key '{}' stands twice; keep one", file, number, key));
    }
  }

  // "" if absent; asking for a key marks it as understood.
  std::string text(const std::string& key) {
    const auto found = values_.find(lower(key));
    if (found == values_.end()) return "";
    understood_.insert(found->first);
    return found->second.value;
  }
  // "StdFace.def:3", the line of a key that is there.
  std::string place(const std::string& key) const { return fmt::format("{}:{}", file_, values_.at(lower(key)).line); }
  bool has(const std::string& key) const { return values_.contains(lower(key)); }
  double number(const std::string& key, double otherwise) {
    const std::string word = text(key);
    if (word.empty()) return otherwise;
    std::size_t end = 0;
    double value = 0;
    try {
      value = std::stod(word, &end);
    } catch (const std::exception&) {
      end = 0;
    }
    if (end != word.size() || !std::isfinite(value))
      throw InputError(fmt::format("{}: error: {} = {} is not a real number (complex ones are not imported)", place(key), key, word));
    return value;
  }
  int integer(const std::string& key, int otherwise) {
    const double value = number(key, otherwise);
    if (value != std::floor(value) || std::abs(value) > 1e6)
      throw InputError(fmt::format("{}: error: {} = {:g} is not an integer", place(key), key, value));
    return static_cast<int>(value);
  }
  std::vector<std::string> others() const {
    std::vector<std::string> names;
    for (const auto& [key, entry] : values_)
      if (!understood_.contains(key)) names.push_back(entry.key);
    return names;
  }
  const std::string& file() const { return file_; }

 private:
  struct Entry {
    std::string key, value;
    int line;
  };

  std::string file_;
  std::map<std::string, Entry> values_;
  std::set<std::string> understood_;
};

struct Geometry {
  const char *word, *kind;
  std::vector<std::string> directions;  // bonds 0, 1, 2 of shell 1
};

const Geometry& geometry_of(const std::string& name, const std::string& place) {
  static const std::vector<Geometry> table = {
      {"chain", "chain", {"pattern: [[0, 0], [1, 0]]"}},
      {"ladder", "ladder", {"bonds: leg", "bonds: rung"}},
      {"square", "square", {"pattern: [[0, 0, 0], [1, 0, 0]]", "pattern: [[0, 0, 0], [0, 1, 0]]"}},
      {"tetragonal", "square", {"pattern: [[0, 0, 0], [1, 0, 0]]", "pattern: [[0, 0, 0], [0, 1, 0]]"}},
      {"triangular", "triangular", {"pattern: [[0, 0, 0], [1, 0, 0]]", "pattern: [[0, 0, 0], [0, 1, 0]]", "pattern: [[0, 0, 0], [-1, 1, 0]]"}},
      {"honeycomb", "honeycomb", {"pattern: [[0, 0, 0], [0, 0, 1]]", "pattern: [[0, 0, 1], [0, 1, 0]]", "pattern: [[0, 0, 1], [1, 0, 0]]"}},
      {"kagome", "kagome", {}},
  };
  for (const Geometry& geometry : table)
    if (lower(name).substr(0, std::string(geometry.word).size()) == geometry.word) return geometry;
  throw InputError(
      fmt::format("{}: error: lattice '{}' is not imported (known: chain, ladder, square, tetragonal, triangular, honeycomb, kagome)", place, name));
}

std::string lattice_of(Keys& keys, const Geometry& geometry) {
  const int length = keys.integer("L", 0), width = keys.integer("W", 0);
  const std::string kind = geometry.kind;
  if (keys.has("a0W") || keys.has("a1W")) {
    return fmt::format("{{kind: {}, torus: [[{}, {}], [{}, {}]]}}", kind, keys.integer("a0W", 0), keys.integer("a0L", 0), keys.integer("a1W", 0),
                       keys.integer("a1L", 0));
  }
  if (length < 1) throw InputError(keys.file() + ": error: L is missing (cells along the lattice)");
  if (kind == "chain") return fmt::format("{{kind: chain, size: [{}]}}", length);
  if (width < 1) throw InputError(keys.file() + ": error: W is missing (cells across the lattice)");
  if (kind == "ladder") return fmt::format("{{kind: ladder, size: [{}, {}]}}", length, width);
  return fmt::format("{{kind: {}, size: [{}, {}]}}", kind, width, length);
}

class Importer {
 public:
  explicit Importer(const std::string& file) : keys_(file) {}

  ImportedModel make() {
    for (const char* key : {"model", "lattice"})
      if (!keys_.has(key)) throw InputError(fmt::format("{}: error: {} is missing", keys_.file(), key));
    const std::string model = lower(keys_.text("model"));
    const Geometry& geometry = geometry_of(keys_.text("lattice"), keys_.place("lattice"));
    out_.source = keys_.file() + ", standard mode of HPhi and mVMC";
    out_.lattice = lattice_of(keys_, geometry);
    if (model == "spin" || model == "spingc")
      spins(geometry, model == "spingc");
    else if (model == "hubbard" || model == "fermion hubbard" || model == "fermionhubbard")
      electrons(geometry);
    else
      refuse("model", "is not imported (known: Spin, SpinGC, Hubbard, Fermion Hubbard)");
    for (int axis = 0; axis < 2; ++axis)
      if (const double degrees = keys_.number("phase" + std::to_string(axis), 0); degrees != 0) {
        out_.twist.resize(2);
        out_.twist[axis] = degrees * std::numbers::pi / 180;
      }
    if (std::string(geometry.kind) == "chain" && !out_.twist.empty()) out_.twist.resize(1);
    out_.states = std::max(1, keys_.integer("exct", 1));
    leave_out();
    if (out_.terms.empty()) throw InputError(keys_.file() + ": error: no coupling is given; the Hamiltonian would be zero");
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(const std::string& key, const std::string& why) {
    throw InputError(keys_.has(key) ? fmt::format("{}: error: {} = {} {}", keys_.place(key), key, keys_.text(key), why)
                                    : fmt::format("{}: error: {} is missing", keys_.file(), key));
  }

  // `key` of the file times `expression` at `place`, if it is given.
  void term(const std::string& key, const std::string& expression, const std::string& place, double sign = 1) {
    const double value = keys_.number(key, 0);
    if (value == 0) return;
    std::string name = key;
    for (std::size_t at = 0; (at = name.find('\'', at)) != std::string::npos;) name.replace(at, 1, "p");
    if (std::none_of(out_.couplings.begin(), out_.couplings.end(), [&](const auto& known) { return known.first == name; }))
      out_.couplings.emplace_back(name, value);
    out_.terms.push_back({expression, place, name, sign, {}});
  }

  // t of nearest neighbours, t' of the second shell, t'' of the third; t0, t1, t2 of single directions.
  void neighbours(const Geometry& geometry, const std::string& key, const std::string& suffix, const std::string& expression, double sign = 1) {
    const std::string shells[] = {"", "'", "''"};
    for (int shell = 0; shell < 3; ++shell) {
      const std::string place = std::string(geometry.kind) == "ladder" ? "" : fmt::format("shell: {}", shell + 1);
      const std::string name = key + suffix + shells[shell];
      if (!place.empty())
        term(name, expression, place, sign);
      else if (keys_.has(name))
        refuse(name, "is ambiguous on a ladder (give it for the legs, 0, and the rungs, 1)");
    }
    for (std::size_t direction = 0; direction < geometry.directions.size(); ++direction)
      term(key + std::to_string(direction) + suffix, expression, geometry.directions[direction], sign);
  }

  void spins(const Geometry& geometry, bool free) {
    if (keys_.integer("2S", 1) != 1) refuse("2S", "is not spin 1/2, the only spin that is imported");
    if (free)
      out_.sector = "{kind: spin_half}";
    else
      out_.sector = fmt::format("{{kind: spin_half, total_sz: {:.1f}}}", keys_.integer("2Sz", 0) / 2.0);
    neighbours(geometry, "J", "", "S.S");
    for (const char* axis : {"x", "y", "z"}) neighbours(geometry, "J", axis, fmt::format("S{0} S{0}", axis));
    term("h", "Sz", "sites: all", -1);
    term("Gamma", "Sx", "sites: all", -1);
  }

  void electrons(const Geometry& geometry) {
    if (!keys_.has("nelec")) throw InputError(keys_.file() + ": error: nelec is missing (a fixed number of electrons is needed)");
    const int electrons = keys_.integer("nelec", 0), twice_sz = keys_.integer("2Sz", 0);
    if ((electrons + twice_sz) % 2 != 0) refuse("2Sz", "does not have the parity of nelec");
    out_.sector = fmt::format("{{kind: spinful_fermions, up: {}, down: {}}}", (electrons + twice_sz) / 2, (electrons - twice_sz) / 2);
    neighbours(geometry, "t", "", "c+_up c_up + c+_dn c_dn + h.c.", -1);
    term("U", "n_up n_dn", "sites: all");
    neighbours(geometry, "V", "", "n n");
    term("mu", "n", "sites: all", -1);
  }

  // Keys of the model that nothing above has read change the Hamiltonian; the rest belongs to the solver.
  void leave_out() {
    static const std::string physics = "jtvkdug";
    for (const std::string& key : keys_.others()) {
      const std::string word = lower(key);
      const bool coupling = word == "d" || word == "k" || word.find('\'') != std::string::npos ||
                            (word.size() <= 3 && physics.find(word[0]) != std::string::npos && word != "nvec");
      if (coupling) refuse(key, "cannot be expressed (on this lattice and in this model); write the term by hand after removing it");
      out_.left_out.push_back(key);
    }
  }

  Keys keys_;
  ImportedModel out_;
};

}  // namespace

ImportedModel import_standard_mode(const std::string& file) { return Importer(file).make(); }

}  // namespace qs
