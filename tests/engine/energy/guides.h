// Four states on 16 modes whose Lanczos step is known to ten digits, from enumeration in a program of its own.
#pragma once

#include <Eigen/Dense>
#include <bit>
#include <cmath>
#include <complex>
#include <limits>
#include <map>
#include <numbers>
#include <string>
#include <vector>

#include "tests/engine/sampling/table_wavefunction.h"

namespace qs::testing_guides {

using namespace testing_table;  // NOLINT: systems of the tests

struct Known {
  double energy, variance, mu, x, alpha, after, variance_after, after_two, variance_after_two;
  int zeros;                          // states where psi is zero
  double weight_on_zeros, effective;  // of the state after one step; <w>^2/<w^2>, w = |psi after / psi|^2 (two digits)
};

struct Guide {
  std::string name;
  ProblemFamily family;
  std::vector<std::complex<double>> log_psi;  // of every state of the sector
  Known known;
};

inline SystemOptions with_couplings(SystemOptions system, std::map<std::string, double> couplings) {
  system.couplings = std::move(couplings);
  return system;
}

// Orbitals of sites x * size_y + y.
inline Eigen::MatrixXd orbitals(int size_x, int size_y, const std::vector<double (*)(double x, double y)>& functions) {
  Eigen::MatrixXd values(size_x * size_y, functions.size());
  for (int s = 0; s < size_x * size_y; ++s) {
    for (std::size_t k = 0; k < functions.size(); ++k) values(s, static_cast<Eigen::Index>(k)) = functions[k](s / size_y, s % size_y);
  }
  return values;
}

// Of the occupied sites in ascending order; 0 exactly where it is rounding.
inline double determinant(const Eigen::MatrixXd& orbitals, Word occupied) {
  Eigen::MatrixXd rows(orbitals.cols(), orbitals.cols());
  Eigen::Index count = 0;
  for (int s = 0; s < orbitals.rows(); ++s) {
    if ((occupied >> s) & 1) rows.row(count++) = orbitals.row(s);
  }
  const double value = rows.determinant();
  return std::abs(value) < 1e-10 ? 0 : value;
}

inline std::complex<double> log_of(double value) {
  if (value == 0) return {-std::numeric_limits<double>::infinity(), 0};
  return {std::log(std::abs(value)), value < 0 ? std::numbers::pi : 0};
}

template <class Psi>
Guide guide(const std::string& name, const SystemOptions& system, Psi&& log_psi, const Known& known) {
  Guide result{name, build_family(system), {}, known};
  const Sector& sector = result.family.problems[0].sector;
  for (std::int64_t i = 0; i < sector.dimension(); ++i) result.log_psi.push_back(log_psi(result.family, sector.state(i)));
  return result;
}

// Marshall's sign times exp(-0.15 sum s_i s_j) over nearest neighbours of the 4x4 square, s = +-1.
inline Guide spins_4x4(const std::string& name, double j2, const Known& known) {
  return guide(
      name, with_couplings(square("heisenberg", 4, 4, spins(8)), {{"J2", j2}}),
      [](const ProblemFamily& family, Word state) {
        const auto spin = [&](int s) { return (state >> s) & 1 ? 1.0 : -1.0; };
        double sum = 0;
        int up_on_b = 0;
        for (const Bond& bond : family.lattice.bonds(1)) sum += spin(bond.i) * spin(bond.j);
        for (int s = 0; s < 16; ++s) up_on_b += (s / 4 + s % 4) % 2 == 1 && spin(s) > 0;
        return std::complex<double>(-0.15 * sum, up_on_b % 2 == 1 ? std::numbers::pi : 0);
      },
      known);
}

inline Guide tv_4x4() {
  const auto orbital = orbitals(
      4, 4,
      {[](double, double) { return 1.0; }, [](double x, double) { return std::cos(std::numbers::pi * x / 2); },
       [](double x, double) { return std::sin(std::numbers::pi * x / 2); }, [](double, double y) { return std::cos(std::numbers::pi * y / 2); },
       [](double, double y) { return std::sin(std::numbers::pi * y / 2); }});
  return guide("G3", with_couplings(square("tv", 4, 4, fermions(5)), {{"V", 1}}),
               [orbital](const ProblemFamily& family, Word state) {
                 double pairs = 0;
                 for (const Bond& bond : family.lattice.bonds(1)) pairs += ((state >> bond.i) & 1) && ((state >> bond.j) & 1);
                 return log_of(determinant(orbital, state)) - 0.3 * pairs;
               },
               {-10.0471317548, 1.5872340350, 6.7840023910, -0.1443347770, 0.7584760782, -10.2289726116, 0.1319606429, -10.2395270670, 0.0135087867,
                1360, 3.36e-4, 0.93});
}

inline Guide hubbard_4x2() {
  const auto orbital = orbitals(
      4, 2,
      {[](double, double) { return 1.0; }, [](double, double y) { return y == 0 ? 1.0 : -1.0; },
       [](double x, double) { return std::cos(std::numbers::pi * x / 2); }, [](double x, double) { return std::sin(std::numbers::pi * x / 2); }});
  return guide("G4", with_couplings(square("hubbard", 4, 2, electrons(4, 4)), {{"U", 4}}),
               [orbital](const ProblemFamily&, Word state) {
                 const Word down = state & 0xff, up = state >> 8;
                 return log_of(determinant(orbital, down) * determinant(orbital, up)) - 0.7 * std::popcount(down & up);
               },
               {-5.6939000414, 1.5800472637, 6.2548893815, -0.1559849634, -0.4229108426, -5.8899730326, 0.2883406537, -5.9327734571, 0.1184438102,
                1536, 4.56e-3, 0.93});
}

inline std::vector<Guide> guides() {
  return {spins_4x4("G1", 0.5,
                    {-7.3850093922, 2.3000038755, 1.9889637681, -0.4158351788, 0.2675264508, -8.0156551967, 0.9278628316, -8.2366116074, 0.6545407081,
                     0, 0, 0.77}),
          spins_4x4("G2", 0.0,
                    {-11.0159982593, 1.0807632868, 5.1472017730, -0.1874535358, 0.1828119107, -11.2108745158, 0.1049852157, -11.2246864780,
                     0.0195355170, 0, 0, 0.90}),
          tv_4x4(), hubbard_4x2()};
}

}  // namespace qs::testing_guides
