// Expert mode of HPhi and mVMC: a list of .def files, one for each kind of term. The two differ where the comments say so; only HPhi has a CalcMod.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/cli/def_rows.h"
#include "engine/cli/imported.h"
#include "engine/cli/term_lists.h"

namespace qs {
namespace {

std::string lower(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return word;
}

// Lines "key number", by lower case; lines of another form belong to the head.
std::map<std::string, int> read_keys(const std::string& file) {
  std::map<std::string, int> keys;
  std::istringstream stream(read_model_file(file));
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    std::string key;
    if (int value = 0; words >> key >> value) keys[lower(key)] = value;
  }
  return keys;
}

const char* const spin_words[] = {"up", "dn"};  // of both codes: 0 is up

struct SpinSite {
  int site, spin;
};

// c+_{i s} c_{i z} of a site that holds one electron, on the k-th site of a tuple.
std::string spin_letter(int s, int z, int k) {
  const char* const letter = s != z ? (s == 0 ? "S+({})" : "S-({})") : s == 0 ? "(1/2 + Sz({}))" : "(1/2 - Sz({}))";
  return fmt::format(fmt::runtime(letter), k);
}

class Expert {
 public:
  explicit Expert(const std::string& list) : list_(list) {
    read_list();
    if (files_.contains("modpara")) parameters_ = read_keys(files_.at("modpara"));
    if (files_.contains("calcmod")) mode_ = read_keys(files_.at("calcmod"));
  }

  ImportedModel make() {
    ImportedModel model;
    model.source = list_ + ", expert mode of " + (is_hphi() ? "HPhi" : "mVMC");
    read_sites();
    model.sector = spins_ ? spin_sector() : electron_sector();
    for (const auto& [word, file] : files_) {
      if (const auto reader = readers().find(word); reader != readers().end())
        (this->*reader->second)(file);
      else if (refused().contains(word))
        throw InputError(fmt::format("{}: error: '{}' is not imported; take it out of the list if the Hamiltonian does without", list_, word));
      else if (word != "locspin" && word != "modpara" && word != "calcmod")
        model.left_out.push_back(word);
    }
    model.terms = terms_.take();
    model.lattice = terms_.graph(sites_);
    return model;
  }

 private:
  using Reader = void (Expert::*)(const std::string&);
  static const std::map<std::string, Reader>& readers() {
    static const std::map<std::string, Reader> table = {
        {"trans", &Expert::transfer}, {"coulombintra", &Expert::on_site}, {"coulombinter", &Expert::between},
        {"hund", &Expert::hund},      {"exchange", &Expert::exchange},    {"pairhop", &Expert::pair_hop},
        {"ising", &Expert::ising},    {"pairlift", &Expert::pair_lift},   {"interall", &Expert::two_body},
    };
    return table;
  }
  static const std::set<std::string>& refused() {
    static const std::set<std::string> words = {"laser", "teonebody", "tetwobody", "boost", "threebody"};
    return words;
  }
  // A word and the name of a file on each line.
  void read_list() {
    std::istringstream stream(read_model_file(list_));
    const std::filesystem::path folder = std::filesystem::path(list_).parent_path();
    std::string line;
    for (int number = 1; std::getline(stream, line); ++number) {
      std::istringstream words(line);
      std::string word, name, more;
      if (!(words >> word) || word[0] == '#' || word.starts_with("//")) continue;
      if (!(words >> name) || words >> more)
        throw InputError(fmt::format("{}:{}: error: a line of the list is a word and the name of a file, e.g. 'Trans trans.def'", list_, number));
      if (!files_.emplace(lower(word), (folder / name).string()).second)
        throw InputError(fmt::format("{}:{}: error: {} stands twice; keep one", list_, number, quote(word)));
    }
  }
  bool is_hphi() const { return files_.contains("calcmod"); }

  int parameter(const std::string& key, int otherwise) const {
    const auto found = parameters_.find(key);
    return found == parameters_.end() ? otherwise : found->second;
  }

  void read_sites() {
    if (!files_.contains("locspin")) throw InputError(list_ + ": error: LocSpin is missing (it says which sites hold spins)");
    const std::vector<DefRow> rows = read_def(files_.at("locspin"), 2, DefCount::other);  // the head counts the spins among the sites
    sites_ = static_cast<int>(rows.size());
    if (sites_ == 0) throw InputError(files_.at("locspin") + ": error: there are no sites in it");
    if (const int announced = parameter("nsite", sites_); announced != sites_)
      throw InputError(fmt::format("{}: error: {} sites, but Nsite = {} in ModPara", files_.at("locspin"), sites_, announced));
    spins_ = rows[0][1] != 0;
    std::set<int> sites;
    for (const DefRow& row : rows) {
      if (!sites.insert(row.index(0, sites_, "site")).second) row.refuse(fmt::format("site {:g} is there twice", row[0]));
      if (row[1] != rows[0][1] || row[1] < 0 || row[1] > 1) row.refuse("only all spins 1/2 (1) or all electrons (0) are imported");
    }
  }

  // HPhi's CalcModel says whether Sz is conserved; mVMC's 2Sz is 0 unless its orbitals mix spins.
  std::string spin_sector() {
    const bool mixed = !is_hphi() && files_.contains("orbitalgeneral") && !parameters_.contains("2sz");
    const auto model = mode_.find("calcmodel");
    fixed_ = !mixed && (model == mode_.end() || model->second != 4);
    return fixed_ ? fmt::format("{{kind: spin_half, total_sz: {:.1f}}}", parameter("2sz", 0) / 2.0) : "{kind: spin_half}";
  }
  std::string electron_sector() {
    if (const auto model = mode_.find("calcmodel"); model != mode_.end() && model->second > 2)
      throw InputError(files_.at("calcmod") + ": error: CalcModel = 3 leaves the number of electrons open; only fixed numbers (0) are imported");
    if (is_hphi() && !parameters_.contains("2sz"))
      throw InputError(files_.at("modpara") + ": error: 2Sz is missing; only fixed numbers of both spins are imported");
    const int electrons = parameter("ncond", 2 * parameter("nelectron", 0));  // mVMC counts pairs in Nelectron
    const int twice_sz = parameter("2sz", 0);
    if (electrons < 1) throw InputError(list_ + ": error: Ncond is missing in ModPara (a fixed number of electrons is needed)");
    if ((electrons + twice_sz) % 2 != 0)
      throw InputError(fmt::format("{}: error: 2Sz = {} does not have the parity of Ncond = {}", files_.at("modpara"), twice_sz, electrons));
    return fmt::format("{{kind: spinful_fermions, up: {}, down: {}}}", (electrons + twice_sz) / 2, (electrons - twice_sz) / 2);
  }

  SpinSite spin_site(const DefRow& row, std::size_t column) const { return {row.index(column, sites_, "site"), row.index(column + 1, 2, "spin")}; }
  // `raised`: by how much the term changes the number of spins up.
  void require_conserved(const DefRow& row, int raised) const {
    if (raised != 0 && (fixed_ || !spins_)) row.refuse("the term changes 2Sz, which this model keeps fixed");
  }
  void add(const DefRow& row, const std::string& expression, const std::vector<int>& sites, double real, double imaginary) {
    if (expression.empty()) row.refuse("the term moves an electron, and every site holds a spin");
    terms_.add(expression, sites, real);
    terms_.add("i " + expression, sites, imaginary);
  }

  // H = -sum t c+_{i s} c_{j z}
  void transfer(const std::string& file) {
    for (const DefRow& row : read_def(file, 6)) {
      const SpinSite a = spin_site(row, 0), b = spin_site(row, 2);
      require_conserved(row, b.spin - a.spin);
      const bool same = a.site == b.site;
      std::string expression;
      if (!spins_)
        expression = fmt::format("c+_{}(1) c_{}({})", spin_words[a.spin], spin_words[b.spin], same ? 1 : 2);
      else if (same)
        expression = spin_letter(a.spin, b.spin, 1);
      add(row, expression, same ? std::vector{a.site} : std::vector{a.site, b.site}, -row[4], -row[5]);
    }
  }

  // H = sum I c+_a c_b c+_c c_d
  void two_body(const std::string& file) {
    for (const DefRow& row : read_def(file, 10)) {
      std::array<SpinSite, 4> at{};
      std::vector<int> sites;
      std::array<int, 4> slot{};  // from 1
      for (std::size_t k = 0; k < 4; ++k) {
        at[k] = spin_site(row, 2 * k);
        const auto known = std::find(sites.begin(), sites.end(), at[k].site);
        slot[k] = static_cast<int>(known - sites.begin()) + 1;
        if (known == sites.end()) sites.push_back(at[k].site);
      }
      require_conserved(row, at[1].spin + at[3].spin - at[0].spin - at[2].spin);
      add(row, spins_ ? spin_product(at, slot) : electron_product(at, slot), sites, row[8], row[9]);
    }
  }
  static std::string electron_product(const std::array<SpinSite, 4>& at, const std::array<int, 4>& slot) {
    std::string text;
    for (std::size_t k = 0; k < 4; ++k)
      text += fmt::format("{}{}_{}({})", k == 0 ? "" : " ", k % 2 == 0 ? "c+" : "c", spin_words[at[k].spin], slot[k]);
    return text;
  }
  // Of sites with one electron each; "" if the product leaves a site empty. c+_{is} c_{jz} c+_{jy} c_{ix} = c+_{is} c_{ix} (delta_zy - c+_{jy}
  // c_{jz}).
  static std::string spin_product(const std::array<SpinSite, 4>& at, const std::array<int, 4>& slot) {
    if (slot[0] == slot[1] && slot[2] == slot[3])
      return spin_letter(at[0].spin, at[1].spin, slot[0]) + " " + spin_letter(at[2].spin, at[3].spin, slot[2]);
    if (slot[0] != slot[3] || slot[1] != slot[2]) return "";
    return fmt::format("{} ({} - {})", spin_letter(at[0].spin, at[3].spin, slot[0]), at[1].spin == at[2].spin ? 1 : 0,
                       spin_letter(at[2].spin, at[1].spin, slot[1]));
  }

  void on_site(const std::string& file) {
    for (const DefRow& row : read_def(file, 2)) {
      const int site = row.index(0, sites_, "site");
      if (!spins_) terms_.add("n_up n_dn", {site}, row[1]);
    }
  }
  void pairs(const std::string& file, const std::string& electrons, const std::string& spins, double sign, int raised = 0) {
    for (const DefRow& row : read_def(file, 3)) {
      const int i = row.index(0, sites_, "site"), j = row.index(1, sites_, "site");
      if (i == j) row.refuse("a pair needs two different sites");
      require_conserved(row, raised);
      if (const std::string& expression = spins_ ? spins : electrons; !expression.empty()) terms_.add(expression, {i, j}, sign * row[2]);
    }
  }
  void between(const std::string& file) { pairs(file, "n n", "1", 1); }
  void hund(const std::string& file) { pairs(file, "n_up n_up + n_dn n_dn", "2 Sz Sz + 1/2", -1); }
  void ising(const std::string& file) { pairs(file, "Sz Sz", "Sz Sz", 1); }
  // c+_{i up} c_{j up} c+_{j dn} c_{i dn} is -S+_i S-_j on spins, and so mVMC has it; HPhi takes S+_i S-_j.
  void exchange(const std::string& file) { pairs(file, "c+_up(1) c_up(2) c+_dn(2) c_dn(1) + h.c.", "S+ S- + S- S+", !spins_ || is_hphi() ? 1 : -1); }
  void pair_hop(const std::string& file) { pairs(file, "c+_up(1) c_up(2) c+_dn(1) c_dn(2) + h.c.", "", 1); }
  void pair_lift(const std::string& file) { pairs(file, "c+_up(1) c_dn(1) c+_up(2) c_dn(2) + h.c.", "S+ S+ + S- S-", 1, 2); }

  std::string list_;
  std::map<std::string, std::string> files_;
  std::map<std::string, int> parameters_, mode_;  // of ModPara and CalcMod
  TermLists terms_;
  int sites_ = 0;
  bool spins_ = false, fixed_ = true;  // whether sites hold spins, and whether their Sz is conserved
};

}  // namespace

ImportedModel import_expert_mode(const std::string& file) { return Expert(file).make(); }

}  // namespace qs
