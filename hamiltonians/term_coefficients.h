// The number in front of a term, for every place it acts on.
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "hamiltonians/lattice.h"
#include "hamiltonians/term_patterns.h"

namespace qs {

struct ConstantValue {
  std::complex<double> value = 1;
};
struct ValueList {
  std::vector<std::complex<double>> values;  // one per placement, in the order of placements()
};
// amplitude cos(2 pi q.r + phase); r = position of the tuple's first site, q in turns per unit of length, phase in radians.
struct Cosine {
  double amplitude = 1;
  std::array<double, 3> q = {};
  double phase = 0;
};
// amplitude exp(i (2 pi q.r + phase)): the phases of a uniform magnetic field, among others. Write "+ h.c." in the expression.
struct PlaneWave {
  double amplitude = 1;
  std::array<double, 3> q = {};
  double phase = 0;
};
enum class Distribution {
  uniform,  // in [-width, width]
  normal,   // mean 0, standard deviation width
  binary    // -width or width
};
struct RandomField {
  Distribution distribution = Distribution::uniform;
  double width = 1;
  std::optional<std::uint64_t> seed;  // empty: the seed differs between the problems of a family (see disorder_values)
};
using Coefficient = std::variant<ConstantValue, ValueList, Cosine, PlaneWave, RandomField>;

// One value per placement. `name` keys the random numbers, so that two fields of one seed differ. InputError for lists of another length.
std::vector<std::complex<double>> coefficient_values(const Coefficient& coefficient, const Lattice& lattice, const std::vector<Placement>& places,
                                                     const std::string& name);
// The p-th number of a random field: a pure function of its arguments (Philox), the same on every machine (`normal` up to the last
// digits of log and cos).
double random_field_value(const RandomField& field, std::uint64_t seed, const std::string& name, std::uint32_t p);
// exp(i angle), exact at multiples of pi / 2, so that half a flux quantum stays real.
std::complex<double> phase_factor(double angle);

}  // namespace qs
