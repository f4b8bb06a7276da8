#include "hamiltonians/operator.h"

#include <algorithm>

#include "engine/base/error.h"

namespace qs {

namespace {

double product_of_named(const std::string& expression, const std::map<std::string, double>& named) {
  double value = 1;
  for (std::size_t begin = 0; begin <= expression.size();) {
    const std::size_t end = std::min(expression.find('*', begin), expression.size());
    const std::string name = expression.substr(begin, end - begin);
    if (name != "1") {
      const auto found = named.find(name);
      QS_ASSERT(found != named.end());
      value *= found->second;
    }
    begin = end + 1;
  }
  return value;
}

}  // namespace

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

}  // namespace qs
