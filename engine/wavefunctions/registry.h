// The one table of wavefunctions.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "engine/wavefunctions/qstage.h"
#include "engine/wavefunctions/rbm.h"
#include "engine/wavefunctions/vit.h"

namespace qs {

using WavefunctionOptions = std::variant<QstageOptions, VitOptions, RbmOptions>;

struct WavefunctionEntry {
  std::string kind;
  std::string doc;
  WavefunctionOptions defaults;
};

std::span<const WavefunctionEntry> wavefunctions();
const WavefunctionEntry& find_wavefunction(const std::string& kind);  // InputError listing the known kinds

// Features of `input` the network would read. A family that varies a coupling outside this list cannot be told apart by the network.
std::vector<std::string> conditioning_features(const WavefunctionOptions& options, const NetworkInput& input);

// Cells per axis by which configurations can be moved along a lattice with wrapping axes without changing psi, whatever the parameters are. Empty: no
// such symmetry is built in.
std::vector<int> invariant_translations(const WavefunctionOptions& options);

std::unique_ptr<Wavefunction> make_wavefunction(const WavefunctionOptions& options, const NetworkInput& input, Precision precision, Device device);

}  // namespace qs
