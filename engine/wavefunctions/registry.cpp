#include "engine/wavefunctions/registry.h"

#include "engine/wavefunctions/cnn.h"
#include "engine/wavefunctions/foundation.h"
#include "engine/wavefunctions/jastrow.h"
#include "engine/wavefunctions/qstage.h"
#include "engine/wavefunctions/rbm.h"
#include "engine/wavefunctions/vit.h"

namespace qs {

std::vector<std::string> with_random_numbers(const std::vector<std::string>& names, const NetworkContext& context) {
  std::vector<std::string> all;
  for (const std::string& name : names) {
    if (name != "disorder" || context.disorder.empty()) all.push_back(name);
    if (name == "disorder") all.insert(all.end(), context.disorder.begin(), context.disorder.end());
  }
  return all;
}

std::vector<std::string> complete_couplings(const std::vector<std::string>& given, const Node& node, NetworkContext& context) {
  context.input.feature_names = with_random_numbers(node["couplings"].is_null() ? context.varied : given, context);
  return context.input.feature_names;
}

std::span<const WavefunctionEntry* const> wavefunctions() {
  static const std::vector<const WavefunctionEntry*> table = {
      // clang-format off
      &wavefunction_entry<QstageOptions>(),
      &wavefunction_entry<CnnOptions>(),
      &wavefunction_entry<FoundationOptions>(),
      &wavefunction_entry<JastrowOptions>(),
      &wavefunction_entry<RbmOptions>(),
      &wavefunction_entry<VitOptions>(),
      // clang-format on
  };
  return table;
}

const WavefunctionEntry& find_wavefunction(const std::string& kind) {
  std::string known;
  for (const WavefunctionEntry* entry : wavefunctions()) {
    if (entry->name == kind) return *entry;
    known += (known.empty() ? "" : ", ") + entry->name;
  }
  throw InputError("wavefunction.kind '" + kind + "' is not known; known: " + known);
}

std::vector<std::string> conditioning_features(const WavefunctionOptions& options, const NetworkInput& input) {
  return options.entry().features(options.value(), input);
}

std::vector<int> invariant_translations(const WavefunctionOptions& options, const NetworkInput& input) {
  return options.entry().translations(options.value(), input);
}

std::unique_ptr<Wavefunction> make_wavefunction(const WavefunctionOptions& options, const NetworkInput& input, Precision precision, Device device) {
  return options.entry().make(options.value(), input, precision, device);
}

}  // namespace qs
