#include "hamiltonians/operator.h"

#include <algorithm>

#include "engine/base/error.h"

namespace qs {

namespace {

double product_of_named(const std::string& coupling, const std::map<std::string, double>& named) {
  double value = 1;
  for (const std::string& name : names_in(coupling)) {
    if (name == "1") continue;
    const auto found = named.find(name);
    QS_ASSERT(found != named.end());
    value *= found->second;
  }
  return value;
}

}  // namespace

std::vector<std::string> names_in(const std::string& coupling) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= coupling.size();) {
    const std::size_t end = std::min(coupling.find('*', begin), coupling.size());
    names.push_back(coupling.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

int Operator::coupling_index(const std::string& coupling) {
  const auto found = std::find(couplings.begin(), couplings.end(), coupling);
  if (found != couplings.end()) return static_cast<int>(found - couplings.begin());
  couplings.push_back(coupling);
  return static_cast<int>(couplings.size()) - 1;
}

void Operator::add(std::complex<double> coefficient, const std::string& coupling, std::vector<std::pair<Factor, int>> factors) {
  for (const auto& [factor, mode] : factors) QS_ASSERT(mode >= 0 && mode < modes);
  terms.push_back({coefficient, coupling_index(coupling), std::move(factors)});
}

std::vector<double> Operator::coupling_values(const std::map<std::string, double>& named) const {
  std::vector<double> values;
  for (const std::string& coupling : couplings) values.push_back(product_of_named(coupling, named));
  return values;
}

Operator Operator::at(const std::map<std::string, double>& named) const {
  const std::vector<double> values = coupling_values(named);
  Operator result{name, convention, modes, {"1"}, terms};
  for (SymbolicTerm& term : result.terms) {
    term.coefficient *= values[term.coupling];
    term.coupling = 0;
  }
  return result;
}

}  // namespace qs
