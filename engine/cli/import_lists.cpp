// Models that are written operator by operator: the .def files of HPhi and mVMC (expert mode), and QuSpin's operator lists as JSON.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "engine/base/error.h"
#include "engine/cli/imported.h"

namespace qs {
namespace {

using Sites = std::vector<int>;

// Terms by expression, each with its places and numbers.
class Terms {
 public:
  void add(const std::string& expression, const Sites& sites, double value) {
    if (value == 0) return;
    auto& [places, values] = lists_[expression];
    places.push_back(sites);
    values.push_back(value);
    for (std::size_t k = 1; k < sites.size(); ++k) pairs_.insert(std::minmax(sites[0], sites[k]));
  }

  std::vector<ImportedTerm> take() const {
    std::vector<ImportedTerm> terms;
    for (const auto& [expression, list] : lists_) {
      std::string places;
      for (const Sites& sites : list.first) places += fmt::format("{}[{}]", places.empty() ? "" : ", ", fmt::join(sites, ", "));
      terms.push_back({expression, "tuples: [" + places + "]", "", 1, list.second});
    }
    return terms;
  }
  // A graph whose bonds are the pairs that some term joins.
  std::string graph(int sites) const {
    std::string bonds;
    for (const auto& [i, j] : pairs_) bonds += fmt::format("{}[{}, {}]", bonds.empty() ? "" : ", ", i, j);
    if (bonds.empty()) throw InputError("no term joins two sites; a model without bonds is not imported");
    return fmt::format("{{kind: graph, sites: {}, bonds: {{nn: [{}]}}}}", sites, bonds);
  }

 private:
  std::map<std::string, std::pair<std::vector<Sites>, std::vector<double>>> lists_;
  std::set<std::pair<int, int>> pairs_;
};

const char* const spin_words[] = {"up", "dn"};  // of both codes: 0 is up

// Rows of numbers below the five lines of a .def file's head.
std::vector<std::vector<double>> rows_of(const std::string& file, std::size_t columns) {
  std::ifstream stream(file);
  if (!stream) throw FileError("cannot read '" + file + "'; check the name in the list of files");
  std::vector<std::vector<double>> rows;
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    std::istringstream words(line);
    std::vector<double> row;
    for (double value; words >> value;) row.push_back(value);
    if (number <= 5 || line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (row.size() != columns) throw InputError(fmt::format("{}:{}: error: {} numbers in a row, not {}", file, number, row.size(), columns));
    rows.push_back(std::move(row));
  }
  return rows;
}

class Expert {
 public:
  explicit Expert(const std::string& list) : list_(list) {
    std::ifstream stream(list);
    const std::filesystem::path folder = std::filesystem::path(list).parent_path();
    for (std::string word, name; stream >> word >> name;) {
      std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      files_[word] = (folder / name).string();
    }
  }

  ImportedModel make() {
    ImportedModel model;
    model.source = list_ + ", expert mode of HPhi and mVMC";
    read_sites();
    for (const auto& [word, file] : files_) {
      if (const auto reader = readers().find(word); reader != readers().end())
        (this->*reader->second)(file);
      else if (refused().contains(word) && !rows_of_any(file))
        throw InputError(fmt::format("{}: error: '{}' is not imported", list_, word));
      else if (word != "locspin" && word != "modpara")
        model.left_out.push_back(word);
    }
    model.terms = terms_.take();
    model.lattice = terms_.graph(sites_);
    model.sector = sector();
    return model;
  }

 private:
  using Reader = void (Expert::*)(const std::string&);
  static const std::map<std::string, Reader>& readers() {
    static const std::map<std::string, Reader> table = {
        {"trans", &Expert::transfer},    {"coulombintra", &Expert::on_site}, {"coulombinter", &Expert::between}, {"hund", &Expert::hund},
        {"exchange", &Expert::exchange}, {"pairhop", &Expert::pair_hop},     {"ising", &Expert::ising},
    };
    return table;
  }
  static const std::set<std::string>& refused() {
    static const std::set<std::string> words = {"interall", "pairlift", "laser", "teonebody", "tetwobody"};
    return words;
  }
  static bool rows_of_any(const std::string& file) {  // true: there is nothing in it
    std::ifstream stream(file);
    std::string word;
    int count = 0;
    stream >> word >> word >> count;
    return count == 0;
  }

  void read_sites() {
    if (!files_.contains("locspin")) throw InputError(list_ + ": error: LocSpin is missing (it says which sites hold spins)");
    std::set<int> kinds;
    for (const std::vector<double>& row : rows_of(files_.at("locspin"), 2)) {
      kinds.insert(static_cast<int>(row[1]));
      ++sites_;
    }
    if (kinds.size() != 1 || *kinds.begin() < 0 || *kinds.begin() > 1)
      throw InputError(files_.at("locspin") + ": error: only all spins 1/2 (1) or all electrons (0) are imported");
    spins_ = *kinds.begin() == 1;
  }

  std::string sector() const {
    int electrons = 0, twice_sz = 0;
    bool fixed = false;
    std::ifstream stream(files_.contains("modpara") ? files_.at("modpara") : "");
    std::string line;
    while (std::getline(stream, line)) {
      std::istringstream words(line);
      std::string key;
      int value = 0;
      if (!(words >> key >> value)) continue;
      if (key == "2Sz") twice_sz = value, fixed = true;
      if (key == "Ncond" || key == "Nelectron") electrons = value;
    }
    if (spins_) return fixed ? fmt::format("{{kind: spin_half, total_sz: {:.1f}}}", twice_sz / 2.0) : "{kind: spin_half}";
    if (electrons == 0) throw InputError(list_ + ": error: Ncond is missing in ModPara (a fixed number of electrons is needed)");
    return fmt::format("{{kind: spinful_fermions, up: {}, down: {}}}", (electrons + twice_sz) / 2, (electrons - twice_sz) / 2);
  }

  // H = -sum t_ij c+_is c_js'
  void transfer(const std::string& file) {
    for (const std::vector<double>& row : rows_of(file, 6)) {
      const int i = static_cast<int>(row[0]), s = static_cast<int>(row[1]), j = static_cast<int>(row[2]), z = static_cast<int>(row[3]);
      std::string expression;
      if (spins_ && i != j) throw InputError(file + ": error: spins do not hop");
      if (spins_)
        expression = s == z ? (s == 0 ? "(Sz + 1/2)" : "(1/2 - Sz)") : s == 0 ? "S+" : "S-";
      else if (i == j && s == z)
        expression = std::string("n_") + spin_words[s];
      else
        expression = std::string("c+_") + spin_words[s] + " c_" + spin_words[z];
      terms_.add(expression, i == j ? Sites{i} : Sites{i, j}, -row[4]);
      if (row[5] != 0) terms_.add("i " + expression, i == j ? Sites{i} : Sites{i, j}, -row[5]);
    }
  }
  void on_site(const std::string& file) {
    for (const std::vector<double>& row : rows_of(file, 2))
      if (!spins_) terms_.add("n_up n_dn", {static_cast<int>(row[0])}, row[1]);
  }
  void pairs(const std::string& file, const std::string& electrons, const std::string& spins, double sign) {
    for (const std::vector<double>& row : rows_of(file, 3))
      terms_.add(spins_ ? spins : electrons, {static_cast<int>(row[0]), static_cast<int>(row[1])}, sign * row[2]);
  }
  void between(const std::string& file) { pairs(file, "n n", "1", 1); }
  void hund(const std::string& file) { pairs(file, "n_up n_up + n_dn n_dn", "2 Sz Sz + 1/2", -1); }
  void exchange(const std::string& file) { pairs(file, "c+_up(1) c_up(2) c+_dn(2) c_dn(1) + h.c.", "S+ S- + S- S+", 1); }
  void pair_hop(const std::string& file) { pairs(file, "c+_up(1) c_up(2) c+_dn(1) c_dn(2) + h.c.", "0", 1); }
  void ising(const std::string& file) { pairs(file, "Sz Sz", "Sz Sz", 1); }

  std::string list_;
  std::map<std::string, std::string> files_;
  Terms terms_;
  int sites_ = 0;
  bool spins_ = false;
};

// One letter of QuSpin's operator strings in our notation.
std::string letter(char c, const std::string& kind, bool pauli) {
  static const std::map<char, std::string> spin = {{'x', "Sx"}, {'y', "Sy"}, {'z', "Sz"}, {'+', "S+"}, {'-', "S-"}};
  static const std::map<char, std::string> matrices = {{'x', "X"}, {'y', "Y"}, {'z', "Z"}, {'+', "2 S+"}, {'-', "2 S-"}};
  static const std::map<char, std::string> fermion = {{'+', "c+"}, {'-', "c"}, {'n', "n"}, {'z', "(n - 1/2)"}};
  const auto& table = kind == "fermion" ? fermion : pauli ? matrices : spin;
  const auto found = table.find(c);
  if (found == table.end()) throw InputError(fmt::format("operator '{}' is not imported for kind '{}'", c, kind));
  return found->second;
}

}  // namespace

ImportedModel import_expert_mode(const std::string& file) { return Expert(file).make(); }

// {"sites": 8, "kind": "spin" | "fermion", "pauli": false, "up": 4 | "particles": 4, "static": [["zz", [[1.0, 0, 1], ...]], ...]}
ImportedModel import_operator_list(const std::string& file) {
  std::ifstream stream(file);
  if (std::filesystem::file_size(file) > (1u << 24)) throw InputError("'" + file + "' is larger than 16 MiB; too long for a model");
  ImportedModel model;
  model.source = file + ", an operator list";
  try {
    const auto root = nlohmann::json::parse(stream);
    const std::string kind = root.value("kind", "spin");
    if (kind != "spin" && kind != "fermion") throw InputError(fmt::format("{}: error: kind '{}' is not imported (known: spin, fermion)", file, kind));
    const bool pauli = root.value("pauli", false);
    const int sites = root.at("sites").get<int>();
    Terms terms;
    for (const auto& entry : root.at("static")) {
      const std::string word = entry.at(0).get<std::string>();
      std::string expression;
      for (std::size_t k = 0; k < word.size(); ++k) expression += (k == 0 ? "" : " ") + letter(word[k], kind, pauli);
      for (const auto& row : entry.at(1)) {
        const auto numbers = row.get<std::vector<double>>();
        if (numbers.size() != word.size() + 1) throw InputError(fmt::format("{}: error: '{}' needs a number and {} sites", file, word, word.size()));
        terms.add(expression, Sites(numbers.begin() + 1, numbers.end()), numbers[0]);
      }
    }
    model.terms = terms.take();
    model.lattice = terms.graph(sites);
    if (kind == "fermion")
      model.sector = fmt::format("{{kind: spinless_fermions, particles: {}}}", root.at("particles").get<int>());
    else
      model.sector =
          root.contains("up") ? fmt::format("{{kind: spin_half, total_sz: {:.1f}}}", root.at("up").get<int>() - sites / 2.0) : "{kind: spin_half}";
  } catch (const nlohmann::json::exception& problem) {
    throw InputError(fmt::format("{}: error: {} (expected sites, kind, static: [[\"zz\", [[1.0, 0, 1]]]])", file, problem.what()));
  }
  return model;
}

}  // namespace qs
