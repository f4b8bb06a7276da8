#include "hamiltonians/terms.h"

#include <fmt/format.h>

#include <algorithm>

#include "hamiltonians/models/spin_bonds.h"

namespace qs {

namespace {

const RandomField* varying_field(const TermSpec& term) {
  const auto* field = std::get_if<RandomField>(&term.coefficient);
  return field && !field->seed ? field : nullptr;
}

std::string place_coupling(const TermSpec& term, std::size_t p) { return fmt::format("{}@{}", name_of(term), p); }

// Particles (or up spins) that a factor adds.
int charge(Factor factor) {
  switch (factor) {
    case Factor::create:
    case Factor::s_plus:
      return 1;
    case Factor::annihilate:
    case Factor::s_minus:
      return -1;
    default:
      return 0;
  }
}

bool flips(Factor factor) { return charge(factor) != 0 || factor == Factor::sx || factor == Factor::pauli_x; }

// Turns the products of one term into products on modes.
class Builder {
 public:
  Builder(const Lattice& lattice, SectorKind kind, const TermOptions& options)
      : lattice_(lattice), kind_(kind), options_(options), rotation_(lattice, options.sign_rule) {
    const int modes = kind == SectorKind::spinful_fermions ? 2 * lattice.sites() : lattice.sites();
    op_ = {options.name, options.convention, modes, {}, {}};
  }

  void add(const TermSpec& term) {
    const int slots = sites_per_placement(term.where, options_.bonds);
    Expression expression = parse_expression(term.expression, kind_, slots);
    const std::vector<Placement> places = placements(lattice_, term.where, options_.bonds);
    const RandomField* varying = varying_field(term);
    if (varying && name_of(term).find('*') != std::string::npos) throw InputError("a random field whose seed varies needs a name without '*'");
    const auto values =
        varying ? std::vector<std::complex<double>>(places.size(), 1.0) : coefficient_values(term.coefficient, lattice_, places, name_of(term));
    const bool real = std::all_of(values.begin(), values.end(), [](const auto& value) { return value.imag() == 0; });
    if (real) {  // h.c. need not be kept apart, so that S+ + h.c. becomes one flip
      for (Product& product : expression.products) product.conjugation = Conjugation::plain;
    }
    expression = simplified(expression, kind_, twisted() ? TermForm::ladder : TermForm::shortest);
    const std::string own = term.coupling.empty() ? "1" : term.coupling;
    if (slots == 2 && !symmetric(expression, kind_)) refuse_merged(places);
    for (std::size_t p = 0; p < places.size(); ++p) {
      if (values[p] == 0.0) continue;
      const std::string coupling = !varying ? own : own == "1" ? place_coupling(term, p) : own + "*" + place_coupling(term, p);
      for (const Product& product : expression.products) add(product, values[p], places[p], coupling);
    }
  }

  Operator take() { return std::move(op_); }

 private:
  bool twisted() const { return options_.twist != std::array<double, 3>{}; }

  void add(const Product& product, std::complex<double> value, const Placement& place, const std::string& coupling) {
    std::complex<double> coefficient = product.coefficient * (product.conjugation == Conjugation::plain ? value : std::conj(value));
    coefficient *= seam(product, place) * rotation(product, place);
    std::vector<std::pair<Factor, int>> factors;
    for (const SlotFactor& factor : product.factors) factors.emplace_back(factor.factor, factor.spin * lattice_.sites() + place.sites[factor.slot]);
    op_.add(coefficient, coupling, std::move(factors));
  }

  // Sites that are joined from the left and from the right count as one bond, which then has no direction.
  static void refuse_merged(const std::vector<Placement>& places) {
    const auto found = std::find_if(places.begin(), places.end(), [](const Placement& place) { return place.merged != std::array<bool, 3>{}; });
    if (found == places.end()) return;
    throw InputError(
        fmt::format("sites {} and {} are joined from both sides, so it is open which of them comes first (the expression is not "
                    "symmetric): write a pattern, which counts both ways, or tuples",
                    found->sites[0], found->sites[1]));
  }

  // c beyond a seam is exp(i twist) c inside, times -1 if the axis is antiperiodic.
  std::complex<double> seam(const Product& product, const Placement& place) const {
    double angle = 0;
    int odd = 0;
    std::array<int, 3> carried = {};
    for (const SlotFactor& factor : product.factors) {
      for (int axis = 0; axis < lattice_.axes(); ++axis) carried[axis] -= charge(factor.factor) * place.windings[factor.slot][axis];
    }
    for (int axis = 0; axis < lattice_.axes(); ++axis) {
      angle += options_.twist[axis] * carried[axis];
      if (kind_ != SectorKind::spin_half && lattice_.options().boundary[axis] == Boundary::antiperiodic) odd += carried[axis];
      if (options_.twist[axis] != 0 && place.merged[axis] && moves(product)) {
        throw InputError(fmt::format("sites {} and {} are joined both inside and across the twisted seam (their phases differ): use a longer axis",
                                     place.sites[0], place.sites[1]));
      }
    }
    return phase_factor(angle) * (odd % 2 == 0 ? 1.0 : -1.0);
  }

  static bool moves(const Product& product) {
    return std::any_of(product.factors.begin(), product.factors.end(), [](const SlotFactor& factor) { return charge(factor.factor) != 0; });
  }

  // Marshall's U = prod_B sigma^z, B = the sublattice without site 0, changes the sign of every flip on B.
  double rotation(const Product& product, const Placement& place) const {
    double sign = 1;
    for (const SlotFactor& factor : product.factors) {
      if (flips(factor.factor)) sign *= rotation_.exchange_sign(place.sites[factor.slot], 0);
    }
    return sign;
  }

  const Lattice& lattice_;
  SectorKind kind_;
  const TermOptions& options_;
  SublatticeRotation rotation_;
  Operator op_;
};

}  // namespace

std::string name_of(const TermSpec& term) { return term.name.empty() ? term.expression : term.name; }

Operator build_terms(const Lattice& lattice, SectorKind kind, const std::vector<TermSpec>& terms, const TermOptions& options) {
  Builder builder(lattice, kind, options);
  for (std::size_t t = 0; t < terms.size(); ++t) {
    try {
      builder.add(terms[t]);
    } catch (const ExpressionError& error) {
      throw TermError(static_cast<int>(t), error.column(), error.what());
    } catch (const InputError& error) {
      throw TermError(static_cast<int>(t), 0, fmt::format("term '{}': {}", name_of(terms[t]), error.what()));
    }
  }
  return builder.take();
}

std::map<std::string, double> disorder_values(const TermSpec& term, const std::vector<Placement>& places, std::uint64_t seed) {
  std::map<std::string, double> values;
  const RandomField* field = varying_field(term);
  for (std::size_t p = 0; field && p < places.size(); ++p) {
    values[place_coupling(term, p)] = random_field_value(*field, seed, name_of(term), static_cast<std::uint32_t>(p));
  }
  return values;
}

}  // namespace qs
