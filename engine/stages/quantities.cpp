#include "engine/stages/quantities.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/error.h"

namespace qs {
namespace {

enum class Dimension { pure, energy, energy_squared };

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
    units = found->dimension == Dimension::energy ? convention : convention + "^2";
    attributes.emplace("convention", convention);
    attributes.emplace("per", std::string("total"));
  }
  attributes.emplace("units", std::move(units));
  return attributes;
}

}  // namespace qs
