#include "engine/wavefunctions/registry.h"

#include <algorithm>
#include <array>

#include "kernels/api/error.h"

namespace qs {
namespace {

struct ReadFeatures {
  const NetworkInput& input;

  std::vector<std::string> operator()(const QstageOptions& options) const {
    // The parameter token, the shifts of the blocks and the orbitals of a determinant read all of them.
    if (options.depth >= 2 || options.conditioning == Conditioning::blocks || options.amplitude == Amplitude::determinant) return input.feature_names;
    std::vector<std::string> names;
    for (const std::string& name : input.feature_names) {
      const auto names_it = [&](const std::vector<std::string>& tail) { return std::find(tail.begin(), tail.end(), name) != tail.end(); };
      if (std::any_of(options.tails.begin(), options.tails.end(), names_it)) names.push_back(name);
    }
    return names;
  }
  std::vector<std::string> operator()(const VitOptions& options) const { return options.couplings; }
  std::vector<std::string> operator()(const RbmOptions&) const { return {}; }
};

struct Make {
  const NetworkInput& input;
  Precision precision;
  Device device;

  std::unique_ptr<Wavefunction> operator()(const QstageOptions& options) const { return make_qstage(options, input, precision, device); }
  std::unique_ptr<Wavefunction> operator()(const VitOptions& options) const { return make_vit(options, input, precision, device); }
  std::unique_ptr<Wavefunction> operator()(const RbmOptions& options) const { return make_rbm(options, input, precision, device); }
};

}  // namespace

std::span<const WavefunctionEntry> wavefunctions() {
  static const std::array<WavefunctionEntry, 3> entries = {{
      {"qstage", "transformer over sites conditioned on the couplings (arXiv 2512.11962)", QstageOptions{}},
      {"rbm", "restricted Boltzmann machine (Science 355, 602)", RbmOptions{}},
      {"vit", "vision transformer over patches with factored attention (PRL 130, 236401)", VitOptions{}},
  }};
  return entries;
}

const WavefunctionEntry& find_wavefunction(const std::string& kind) {
  std::string known;
  for (const WavefunctionEntry& entry : wavefunctions()) {
    if (entry.kind == kind) return entry;
    known += (known.empty() ? "" : ", ") + entry.kind;
  }
  throw InputError("wavefunction.kind '" + kind + "' is not known; known: " + known);
}

std::vector<std::string> conditioning_features(const WavefunctionOptions& options, const NetworkInput& input) {
  return std::visit(ReadFeatures{input}, options);
}

std::vector<int> invariant_translations(const WavefunctionOptions& options) {
  // Tokens mix by displacement and are summed. Q-stage's know where they are, and the weights of an RBM belong to sites.
  const auto* vit = std::get_if<VitOptions>(&options);
  return vit != nullptr && vit->attention == VitAttention::factored ? vit->patch : std::vector<int>{};
}

std::unique_ptr<Wavefunction> make_wavefunction(const WavefunctionOptions& options, const NetworkInput& input, Precision precision, Device device) {
  return std::visit(Make{input, precision, device}, options);
}

}  // namespace qs
