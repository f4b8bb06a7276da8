// Correlations of all pairs of sites, averaged over translations: <A_i A_j>, and connected ones <A_i A_j> - <A_i><A_j> pair by pair.
#include <fmt/format.h>

#include "hamiltonians/observables/local_operators.h"
#include "hamiltonians/observables/translated_pairs.h"

namespace qs {

using enum SectorKind;

namespace {

// add_pair(op, coefficient, i, j) adds A_i A_j.
template <class AddPair>
std::vector<NamedOperator> averaged(const ObservableInput& input, const char* name, const char* convention, AddPair add_pair) {
  std::vector<NamedOperator> result;
  for (const TranslatedPairs& same : translated_pairs(input.lattice)) {
    Operator op = empty_observable(name, convention, input.sector);
    const double weight = 1.0 / static_cast<double>(same.pairs.size());
    for (const auto& [i, j] : same.pairs) add_pair(op, weight, i.site, j.site);
    result.push_back({same.label, std::move(op)});
  }
  return result;
}

std::string mean_name(int site) { return fmt::format("<A_{}>", site); }

std::vector<NamedOperator> one_site_means(const ObservableInput& input, const char* name,
                                          void (*add_site)(Operator&, const std::string&, double, const Sector&, int)) {
  std::vector<NamedOperator> result;
  for (int site = 0; site < input.lattice.sites(); ++site) {
    Operator op = empty_observable(name, "-", input.sector);
    add_site(op, "1", 1, input.sector, site);
    result.push_back({mean_name(site), std::move(op)});
  }
  return result;
}

void add_density(Operator& op, const std::string& coupling, double coefficient, const Sector& sector, int site) {
  for (const int mode : modes_of(sector, site)) op.add(coefficient, coupling, {{Factor::number, mode}});
}

void add_sz(Operator& op, const std::string& coupling, double coefficient, const Sector& sector, int site) {
  if (sector.options().kind == spin_half) return op.add(coefficient, coupling, {{Factor::sz, site}});
  op.add(-0.5 * coefficient, coupling, {{Factor::number, site}});
  op.add(0.5 * coefficient, coupling, {{Factor::number, sector.sites() + site}});
}

// (A_i - <A_i>)(A_j - <A_j>)
template <class AddPair, class AddSite>
std::vector<NamedOperator> connected(const ObservableInput& input, const char* name, const char* convention, AddPair add_pair, AddSite add_site) {
  return averaged(input, name, convention, [&](Operator& op, double weight, int i, int j) {
    add_pair(op, weight, input.sector, i, j);
    add_site(op, mean_name(i), -weight, input.sector, j);
    add_site(op, mean_name(j), -weight, input.sector, i);
    op.add(weight, mean_name(i) + "*" + mean_name(j), {});
  });
}

std::vector<NamedOperator> build_density_pairs(const ObservableInput& input) {
  return averaged(input, "density_pairs", "-",
                  [&](Operator& op, double weight, int i, int j) { add_density_density(op, weight, input.sector, i, j); });
}

std::vector<NamedOperator> build_sz_pairs(const ObservableInput& input) {
  return averaged(input, "sz_pairs", "S.S", [&](Operator& op, double weight, int i, int j) { add_sz_sz(op, weight, input.sector, i, j); });
}

std::vector<NamedOperator> build_spin_pairs(const ObservableInput& input) {
  refuse_twisted_spins(input, "spin_pairs");
  const SublatticeRotation rotation(input.lattice, input.sign_rule);
  return averaged(input, "spin_pairs", "S.S",
                  [&](Operator& op, double weight, int i, int j) { add_spin_spin(op, weight, input.sector, i, j, rotation); });
}

std::vector<NamedOperator> build_density_connected(const ObservableInput& input) {
  return connected(input, "density_connected", "-", add_density_density, add_density);
}
std::vector<NamedOperator> density_means(const ObservableInput& input) { return one_site_means(input, "density_connected", add_density); }

std::vector<NamedOperator> build_sz_connected(const ObservableInput& input) { return connected(input, "sz_sz_connected", "S.S", add_sz_sz, add_sz); }
std::vector<NamedOperator> sz_means(const ObservableInput& input) { return one_site_means(input, "sz_sz_connected", add_sz); }

}  // namespace

ObservableEntry density_pairs_entry() {
  return {.name = "density_pairs",
          .doc = "<n_i n_j> of all pairs, averaged over translations; labelled by the pair that starts in the first cell",
          .sectors = {spinless_fermions, spinful_fermions},
          .build = build_density_pairs};
}

ObservableEntry sz_pairs_entry() {
  return {.name = "sz_pairs",
          .doc = "<Sz_i Sz_j> of all pairs, averaged over translations",
          .sectors = {spin_half, spinful_fermions},
          .build = build_sz_pairs};
}

ObservableEntry spin_pairs_entry() {
  return {.name = "spin_pairs",
          .doc = "<S_i.S_j> of all pairs, averaged over translations; each costs about N/2 network evaluations per sample",
          .sectors = {spin_half, spinful_fermions},
          .build = build_spin_pairs};
}

ObservableEntry density_connected_entry() {
  return {.name = "density_connected",
          .doc = "<n_i n_j> - <n_i><n_j> of all pairs, averaged over translations",
          .sectors = {spinless_fermions, spinful_fermions},
          .build = build_density_connected,
          .means = density_means};
}

ObservableEntry sz_sz_connected_entry() {
  return {.name = "sz_sz_connected",
          .doc = "<Sz_i Sz_j> - <Sz_i><Sz_j> of all pairs, averaged over translations",
          .sectors = {spin_half, spinful_fermions},
          .build = build_sz_connected,
          .means = sz_means};
}

}  // namespace qs
