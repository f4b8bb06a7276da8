// Whether a symmetry leaves a Hamiltonian as it is: every term must go to terms that are there, with the same coefficient, seams and orientation
// included.
#pragma once

#include <complex>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hamiltonians/normal_form.h"
#include "hamiltonians/problem.h"
#include "hamiltonians/symmetry/state_map.h"

namespace qs {

class TermInvariance {
 public:
  // Of all problems of the family, at their values of the couplings.
  explicit TermInvariance(const ProblemFamily& family);

  // Nothing if g H g^-1 = H in the sectors of the family; else a term that is not there: "-1 S+_0 S-_1 (J1) would become ...". What is a number in a
  // sector, such as a uniform field beside a fixed Sz, does not count.
  std::optional<std::string> broken(const StateMap& map) const;

 private:
  using Form = std::map<Monomial, std::complex<double>>;
  struct OneProblem {
    Form form;
    Sector sector;
  };

  SectorKind kind_;
  std::vector<OneProblem> problems_;  // those that differ in couplings or sector
};

}  // namespace qs
