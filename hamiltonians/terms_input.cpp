#include "hamiltonians/terms_input.h"

#include <algorithm>

namespace qs {
namespace {

constexpr const char* places[] = {"sites", "shell", "tuples", "bonds", "pattern"};
constexpr const char* numbers[] = {"value", "values", "cosine", "plane_wave", "random"};

std::vector<int> integers(const Node& node) {
  std::vector<int> out;
  for (const std::int64_t value : node.integers()) out.push_back(static_cast<int>(value));
  return out;
}

SiteTuples tuples(const Node& node) {
  SiteTuples out;
  for (const Node& tuple : node.items()) out.push_back(integers(tuple));
  return out;
}

// [dx, dy, b]: a step of cells along each axis, then the site of the cell.
CellPattern pattern(const Node& node) {
  CellPattern out;
  for (const Node& item : node.items()) {
    const std::vector<int> numbers_of_site = integers(item);
    PatternSite site;
    std::copy(numbers_of_site.begin(), numbers_of_site.end() - 1, site.offset.begin());
    site.basis = numbers_of_site.back();
    site.axes = static_cast<int>(numbers_of_site.size()) - 1;
    out.sites.push_back(site);
  }
  return out;
}

std::array<double, 3> vector_of(const Node& node) {
  std::array<double, 3> out = {};
  const std::vector<double> values = node.numbers();
  std::copy(values.begin(), values.end(), out.begin());
  return out;
}

const auto unprinted = [](const auto&) { return std::string(); };

template <class Wave>
Options<Wave> wave_options() {
  Options<Wave> options;
  options.number("amplitude", &Wave::amplitude, {}, "factor in front");
  options
      .add(
          "q", shape::list(shape::number(), 1, 3),
          "wave vector in turns per unit of length: the angle is 2 pi q.r + phase, r the place of the first site", &Wave::q,
          [](const Node& node, std::array<double, 3>& q) { q = vector_of(node); }, unprinted)
      .otherwise_required("[0.6180339887]");
  options.number("phase", &Wave::phase, {}, "phase").unit("radians");
  return options;
}

void add_places(Options<TermSpec>& options) {
  const Shape site = shape::integer(0, 1 << 20), whole = shape::integer(-4096, 4096);
  options
      .add(
          "sites", shape::either({shape::choice({"all"}), shape::list(site, 1)}), "the sites that a term of one site acts on", &TermSpec::where,
          [](const Node& node, Where& where) { where = node.is_text() ? Where(AllSites{}) : Where(SiteList{integers(node)}); }, unprinted)
      .otherwise_absent("one of sites, shell, tuples, bonds and pattern must be given");
  options
      .add(
          "shell", shape::integer(1, 64), "every pair of sites at the distance of this neighbour shell", &TermSpec::where,
          [](const Node& node, Where& where) { where = ShellBonds{static_cast<int>(node.integer())}; }, unprinted)
      .otherwise_absent("see sites");
  options
      .add(
          "tuples", shape::list(shape::list(site, 1), 1), "sites written out: pairs, triples, plaquettes ...", &TermSpec::where,
          [](const Node& node, Where& where) { where = ExplicitTuples{tuples(node)}; }, unprinted)
      .otherwise_absent("see sites");
  options
      .add(
          "bonds", shape::text(), "a set of tuples that the lattice or system.hamiltonian.bonds names", &TermSpec::where,
          [](const Node& node, Where& where) { where = NamedTuples{node.text()}; }, unprinted)
      .otherwise_absent("see sites");
  options
      .add(
          "pattern", shape::list(shape::list(whole, 2, 4), 1),
          "sites repeated in every unit cell, each as [steps of cells along the axes ..., site of the cell]: [[0, 0, 0], [1, 0, 0]] is a bond along "
          "x",
          &TermSpec::where, [](const Node& node, Where& where) { where = pattern(node); }, unprinted)
      .otherwise_absent("see sites");
}

void add_numbers(Options<TermSpec>& options) {
  options
      .add(
          "value", shape::number(), "number in front of the expression, times the coupling", &TermSpec::coefficient,
          [](const Node& node, Coefficient& coefficient) { coefficient = ConstantValue{node.number()}; }, unprinted)
      .otherwise_absent("1");
  options
      .add(
          "values", shape::list(shape::number(), 1), "one number for each place, in the order of the places", &TermSpec::coefficient,
          [](const Node& node, Coefficient& coefficient) {
            ValueList list;
            for (const double value : node.numbers()) list.values.emplace_back(value);
            coefficient = std::move(list);
          },
          unprinted)
      .otherwise_absent("see value");
  options
      .add(
          "cosine", shape::section("cosine"), "the number is amplitude cos(2 pi q.r + phase)", &TermSpec::coefficient,
          [](const Node& node, Coefficient& coefficient) { coefficient = cosine_options().read(node); }, unprinted)
      .otherwise_absent("see value");
  options
      .add(
          "plane_wave", shape::section("plane_wave"), "the number is amplitude exp(i (2 pi q.r + phase)); with + h.c. a magnetic field",
          &TermSpec::coefficient, [](const Node& node, Coefficient& coefficient) { coefficient = plane_wave_options().read(node); }, unprinted)
      .otherwise_absent("see value");
  options
      .add(
          "random", shape::section("random"), "an independent random number for each place", &TermSpec::coefficient,
          [](const Node& node, Coefficient& coefficient) { coefficient = random_field_options().read(node); }, unprinted)
      .otherwise_absent("see value");
}

int count_given(const Node& node, std::span<const char* const> keys) {
  return static_cast<int>(std::count_if(keys.begin(), keys.end(), [&](const char* key) { return !node[key].is_null(); }));
}

double first_number(const Node& node) { return node.is_list() ? node.numbers().front() : node.number(); }

}  // namespace

Options<Cosine> cosine_options() { return wave_options<Cosine>(); }
Options<PlaneWave> plane_wave_options() { return wave_options<PlaneWave>(); }

Options<RandomField> random_field_options() {
  using R = RandomField;
  Options<R> options;
  options.word("distribution", &R::distribution,
               Words<Distribution>{{"uniform", Distribution::uniform}, {"normal", Distribution::normal}, {"binary", Distribution::binary}},
               "uniform: between -width and width; normal: with the standard deviation width; binary: -width or width");
  options.number("width", &R::width, shape::at_least(0), "width; to vary it in a family, leave it 1 and vary the coupling of the term");
  options
      .add(
          "seed", shape::integer(0), "which sample of the disorder", &R::seed,
          [](const Node& node, std::optional<std::uint64_t>& seed) { seed = static_cast<std::uint64_t>(node.integer()); }, unprinted)
      .otherwise_absent("'disorder' of the family, which must then be given");
  return options;
}

Options<TermSpec> term_options() {
  Options<TermSpec> options;
  options
      .text("expression", &TermSpec::expression,
            "what acts, in the notation of the field: S.S, Sz Sz, S+ S-, X, Z Z, c+ c, n n, n_up n_dn, c+_up c_dn; products, sums, numbers, i, "
            "'+ h.c.'; the k-th factor acts on the k-th site, or on the one it names: Z(1) X(2) Z(3)")
      .otherwise_required("\"c+ c + h.c.\"");
  options
      .add(
          "coupling", shape::text(), "the name of its coupling, or a product such as J*Delta", &TermSpec::coupling,
          [](const Node& node, std::string& coupling) { coupling = node.text(); }, unprinted)
      .otherwise_absent("none: a fixed number");
  add_places(options);
  add_numbers(options);
  options
      .add(
          "name", shape::text(), "name in messages and of a random field", &TermSpec::name,
          [](const Node& node, std::string& name) { name = node.text(); }, unprinted)
      .otherwise_absent("the expression");
  return options;
}

TermSpec read_term(const Node& node, int position) {
  const int where = count_given(node, places);
  if (where != 1)
    throw TermError(position, 0,
                    where == 0 ? "the term does not say where it acts; add one of sites, shell, tuples, bonds, pattern, e.g. shell: 1"
                               : "the term says twice where it acts; keep one of sites, shell, tuples, bonds, pattern");
  if (count_given(node, numbers) > 1) throw TermError(position, 0, "the term has two numbers; keep one of value, values, cosine, plane_wave, random");
  return term_options().read(node);
}

Options<TermsInput> terms_options() {
  using T = TermsInput;
  Options<T> options;
  options.add(
      "couplings", shape::open(shape::either({shape::number(), shape::list(shape::number(), 1)})),
      "numbers that the terms name, e.g. {t: 1.0, U: 4.0}; a list trains or evaluates all of them together, like 'family'", &T::couplings,
      [](const Node& node, std::vector<std::pair<std::string, double>>& couplings) {
        couplings.clear();
        for (const auto& [name, value] : node.entries()) couplings.emplace_back(name, first_number(value));
      },
      [](const auto&) { return std::string("{}"); });
  options
      .add(
          "terms", shape::list(shape::section("term"), 1), "the terms of the sum", &T::terms,
          [](const Node& node, std::vector<TermSpec>& terms) {
            terms.clear();
            for (const Node& item : node.items()) terms.push_back(read_term(item, static_cast<int>(terms.size())));
          },
          unprinted)
      .otherwise_required("[{expression: S.S, shell: 1}]");
  options.add(
      "bonds", shape::open(shape::list(shape::list(shape::integer(0, 1 << 20), 1), 1)), "tuples of sites by name, for several terms",
      [](auto& all) -> auto& { return all.options.bonds; },
      [](const Node& node, BondSets& sets) {
        for (const auto& [name, list] : node.entries()) sets[name] = tuples(list);
      },
      [](const BondSets&) { return std::string("{}"); });
  options
      .add(
          "twist", shape::list(shape::number(), 1, 3),
          "angle per axis that particles (or spins up) pick up when they cross the seam: c_{x + L} = exp(i twist) c_x",
          [](auto& all) -> auto& { return all.options.twist; }, [](const Node& node, std::array<double, 3>& twist) { twist = vector_of(node); },
          unprinted)
      .unit("radians")
      .otherwise_absent("none");
  options
      .add(
          "units", shape::text(), "what the energies are measured in, for plots and tables",
          [](auto& all) -> auto& { return all.options.convention; }, [](const Node& node, std::string& units) { units = node.text(); }, unprinted)
      .otherwise_absent("-");
  return options;
}

}  // namespace qs
