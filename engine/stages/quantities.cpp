#include "engine/stages/quantities.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/error.h"

namespace qs {
namespace {

enum class Dimension { pure = 0, energy = 1, energy_squared = 2, energy_cubed = 3, inverse_energy = -1, inverse_energy_cubed = -3 };  // powers

struct Quantity {
  const char* name;
  Dimension dimension;
  const char* words;
};

constexpr std::array quantities{
    Quantity{"mean", Dimension::energy, "energy"},
    Quantity{"error", Dimension::energy, "standard error of the mean energy"},
    Quantity{"imaginary", Dimension::energy, "imaginary part of the mean local energy"},
    Quantity{"exact", Dimension::energy, "lowest energy by exact diagonalisation"},
    Quantity{"levels", Dimension::energy, "lowest energies by exact diagonalisation (problem by level)"},
    Quantity{"gap", Dimension::energy, "from the lowest level to the next"},
    Quantity{"degeneracy", Dimension::pure, "states of the lowest level"},
    Quantity{"residuals", Dimension::energy, "norm of H x - E x"},
    Quantity{"variance", Dimension::energy_squared, "variance of the local energy"},
    Quantity{"variance_error", Dimension::energy_squared, "standard error of the variance"},
    Quantity{"covariance", Dimension::energy_cubed, "covariance of the errors of mean and variance"},
    Quantity{"alpha", Dimension::inverse_energy, "of psi + alpha H psi, the state of lowest energy"},
    Quantity{"mu", Dimension::pure, "skewness of the energy, <(H - E)^3> / Var^(3/2)"},
    Quantity{"x", Dimension::pure, "(E* - E) / Var^(1/2) of a Lanczos step"},
    Quantity{"zeros", Dimension::pure, "weight of the state after the step where psi is zero"},
    Quantity{"effective", Dimension::pure, "effective samples / samples, for weights |psi after the step / psi|^2"},
    Quantity{"anchor", Dimension::pure, "number of the point whose samples these are"},
    Quantity{"points", Dimension::pure, "points that the samples of the anchor cover"},
    Quantity{"susceptibility", Dimension::pure,
             "fidelity susceptibility, -d^2 ln F / dg^2 of F = |<psi(g)|psi(g')>|, per squared unit of the coupling"},
    Quantity{"susceptibility_error", Dimension::pure, "standard error of the fidelity susceptibility"},
    Quantity{"fidelity", Dimension::pure, "|<psi|psi'>|^2 of this point and the next"},
    Quantity{"fidelity_error", Dimension::pure, "standard error of the fidelity"},
    Quantity{"slope", Dimension::inverse_energy, "b of E = E_0 + b v + c v^2, v the variance"},
    Quantity{"curvature", Dimension::inverse_energy_cubed, "c of E = E_0 + b v + c v^2, v the variance"},
    Quantity{"chi_square", Dimension::pure, "weighted squares of the residuals of a fit"},
    Quantity{"freedom", Dimension::pure, "degrees of freedom of a fit"},
    Quantity{"systematic", Dimension::energy, "difference of the linear and the quadratic fit"},
    Quantity{"vscore", Dimension::pure, "N_dof Var(H) / (E - E_inf)^2"},
    Quantity{"tau", Dimension::pure, "integrated autocorrelation time in samples, 1 for independent samples"},
    Quantity{"rhat", Dimension::pure, "split R-hat of the local energy"},
    Quantity{"reliable", Dimension::pure, "1: mean and error have passed all tests of the chains"},
    Quantity{"accept", Dimension::pure, "accepted proposals / proposals"},
    Quantity{"relative_error", Dimension::pure, "|E - E_exact| / |E_exact|"},
    Quantity{"overlap", Dimension::pure, "|<psi|phi>| / (|psi| |phi|), mean over problems in a trace"},
    Quantity{"overlap_min", Dimension::pure, "smallest overlap of the trained problems"},
    Quantity{"overlap_hold_out", Dimension::pure, "mean overlap of the problems left out of the training"},
    Quantity{"loss", Dimension::pure, "1 - mean squared overlap"},
    Quantity{"step", Dimension::pure, "steps completed before"},
    Quantity{"lr", Dimension::pure, "learning rate of the update"},
    Quantity{"diag_shift", Dimension::pure, "diagonal shift that was solved with"},
    Quantity{"grad_norm", Dimension::pure, "norm of the gradient"},
    Quantity{"step_norm", Dimension::pure, "norm of the direction before the learning rate"},
    Quantity{"length", Dimension::pure, "length of the step in the metric of the states, root mean square over problems"},
    Quantity{"ratio", Dimension::pure, "achieved over predicted decrease of the loss, where it can be told"},
    Quantity{"trials", Dimension::pure, "steps that were tried"},
    Quantity{"solver_rung", Dimension::pure, "1 Cholesky, 2 eigen-decomposition, 3 and more: raised shift, 0 none"},
};

// "overlap_03" is the overlap of problem 3.
std::string without_problem(const std::string& name) {
  const std::size_t end = name.find_last_not_of("0123456789");
  const bool numbered = end != std::string::npos && end + 1 < name.size() && name[end] == '_';
  return numbered ? name.substr(0, end) : name;
}

}  // namespace

std::map<std::string, Attribute> quantity_attributes(const std::string& name, const std::string& convention) {
  const std::string plain = without_problem(name);
  const auto* found = std::find_if(quantities.begin(), quantities.end(), [&](const Quantity& q) { return plain == q.name; });
  if (found == quantities.end()) throw InputError("'" + name + "' is not a quantity that stages store");
  std::map<std::string, Attribute> attributes;
  attributes.emplace("long_name", std::string(found->words));
  std::string units = "1";
  if (found->dimension != Dimension::pure) {
    const int power = static_cast<int>(found->dimension);
    units = power == 1 ? convention : convention + "^" + std::to_string(power);
    attributes.emplace("convention", convention);
    attributes.emplace("per", std::string("total"));
  }
  attributes.emplace("units", std::move(units));
  return attributes;
}

}  // namespace qs
