#include "engine/plan/plan_observables.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "hamiltonians/terms_input.h"

namespace qs {
namespace {

using input::Node;

// Names are those of groups in results.h5.
void check_name(const std::string& name, const EvaluateOptions& options) {
  const auto allowed = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; };
  if (name.empty() || !std::all_of(name.begin(), name.end(), allowed))
    throw InputError(fmt::format("the name '{}' of an observable has other characters than letters, digits, _ and -", name));
  const auto has_name = [&](const auto& other) { return other.name == name; };
  if (name == "energy" || name == "overlap" || std::any_of(observables().begin(), observables().end(), has_name))
    throw InputError(fmt::format("'{}' is the name of a built-in observable: choose another", name));
  if (std::any_of(options.own.begin(), options.own.end(), has_name)) throw InputError(fmt::format("observable '{}' is listed twice", name));
}

void plan_own(const Node& node, const ProblemFamily& family, const SystemOptions& system, EvaluateOptions& options) {
  OwnObservable own{node["name"].text(), {}, system.terms.options};
  own.options.sign_rule = system.sign_rule;
  check_name(own.name, options);
  for (const Node& term : node["terms"].items()) own.terms.push_back(read_term(term, static_cast<int>(own.terms.size())));
  make_observable(own, family.lattice, family.problems[0].sector, family.problems[0].named);
  options.own.push_back(std::move(own));
}

}  // namespace

void plan_observables(const Node& list, const ProblemFamily& family, const SystemOptions& system, EvaluateOptions& options,
                      input::Diagnostics& diagnostics) {
  for (const Node& item : list.items()) {
    try {
      if (item.is_map())
        plan_own(item, family, system, options);
      else if (item.text() != "energy" && item.text() != "overlap")
        make_observable(find_observable(item.text()),
                        {family.lattice, family.problems[0].sector, system.sign_rule, &family.hamiltonian, family.twist});
    } catch (const TermError& error) {
      diagnostics.error(item["terms"].items().at(error.term())["expression"].where(), error.what());
    } catch (const InputError& error) {
      diagnostics.error(item.where(), error.what());
    }
  }
}

}  // namespace qs
