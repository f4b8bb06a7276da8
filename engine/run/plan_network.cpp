#include "engine/run/plan_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "engine/io/weights.h"
#include "engine/run/plan_nodes.h"
#include "engine/run/weight_names.h"
#include "engine/wavefunctions/guess_options.h"
#include "engine/wavefunctions/two_precisions.h"
#include "kernels/api/error.h"

namespace qs {
namespace {

using input::Node;
using Names = std::vector<std::string>;

// What a weight file holds: the tensors, and the network they seem to belong to.
struct Weights {
  std::string file;
  DataTree tree;
  std::optional<GuessedOptions> guess;
};

const std::string& kind_of(const WavefunctionOptions& options) {
  const auto same = [&](const WavefunctionEntry& entry) { return entry.defaults.index() == options.index(); };
  return std::find_if(wavefunctions().begin(), wavefunctions().end(), same)->kind;
}

std::optional<Weights> read_weights(const Node& node, const std::string& directory) {
  if (node["weights"].is_null()) return std::nullopt;
  Weights weights{resolve_path(node["weights"].text(), directory), {}, {}};
  weights.tree = read_weights_file(weights.file);
  ParameterLayout tensors;
  for (TensorShape& tensor : stored_shapes(weights.tree)) tensors.add(std::move(tensor.path), std::move(tensor.shape));
  weights.guess = guess_options(tensors);
  if (!weights.guess) return weights;
  const std::string& found = kind_of(weights.guess->options);
  if (found != node.kind())
    throw CheckpointError(fmt::format("weights '{}' belong to a wavefunction of kind {}, not {}; write wavefunction.kind: {}", weights.file, found,
                                      node.kind(), found));
  return weights;
}

// What the input leaves open (only possible beside weights) keeps the value that the weights told.
void take(const Node& value, int& option) {
  if (!value.is_null()) option = static_cast<int>(value.integer());
}

Names all_features(const ProblemFamily& family, const std::string& model) {
  Names names;
  for (const CouplingEntry& coupling : find_model(model).couplings) {
    if (coupling.name != "delta") names.push_back(coupling.name);  // the pinning field is part of the setup, not of the physics varied
  }
  if (family.problems[0].sector.fermionic()) names.emplace_back("N");
  return names;
}

// Names for tail tokens of which only the widths are known. A token as wide as all features reads all of them; narrower ones take one feature
// after the other, without the first, which is the unit of energy (t-V: V, then N).
std::vector<Names> named_tails(const std::vector<Names>& unnamed, const Names& features) {
  std::vector<Names> tails;
  std::size_t next = 1;
  for (const Names& token : unnamed) {
    if (token.size() == features.size()) {
      tails.push_back(features);
      continue;
    }
    if (next + token.size() > features.size())
      throw InputError(fmt::format("the weights have {} tail tokens, one of them of {} couplings, and do not name them; write wavefunction.tail",
                                   unnamed.size(), token.size()));
    tails.emplace_back(features.begin() + next, features.begin() + next + token.size());
    next += token.size();
  }
  return tails;
}

Names named_in(const std::vector<Names>& tails) {
  Names names;
  for (const Names& token : tails) {
    for (const std::string& name : token) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

Amplitude amplitude_of(const std::string& word) {
  if (word == "determinant") return Amplitude::determinant;
  return word == "real" ? Amplitude::real : Amplitude::complex;
}

// Columns of the determinant that the input leaves open: one for each particle of the fullest problem.
int most_particles(const ProblemFamily& family) {
  double most = 0;
  for (const Problem& problem : family.problems) {
    if (!problem.sector.fermionic())
      throw InputError("wavefunction.amplitude determinant describes fermions, but the sector is one of spins; choose complex or real");
    most = std::max(most, problem.sector.particles());
  }
  return static_cast<int>(most);
}

QstageOptions qstage_options(const Node& node, QstageOptions options, const GuessedOptions* guess, const ProblemFamily& family, const Names& all,
                             NetworkInput& input) {
  take(node["depth"], options.depth);
  take(node["d_model"], options.d_model);
  take(node["heads"], options.heads);
  take(node["mlp"], options.mlp);
  if (!node["amplitude"].is_null()) options.amplitude = amplitude_of(node["amplitude"].text());
  if (!node["attention"].is_null()) options.attention = node["attention"].text() == "factored" ? QstageAttention::factored : QstageAttention::softmax;
  if (!node["conditioning"].is_null()) options.conditioning = node["conditioning"].text() == "blocks" ? Conditioning::blocks : Conditioning::token;
  if (!node["pooling"].is_null()) options.pooling = node["pooling"].text() == "sum" ? Pooling::sum : Pooling::concatenate;
  if (options.amplitude == Amplitude::determinant) {
    const int most = most_particles(family);
    if (options.orbitals == 0) options.orbitals = most;
    take(node["orbitals"], options.orbitals);
  } else if (!node["orbitals"].is_null()) {
    throw InputError("wavefunction.orbitals belongs to amplitude determinant; leave it out or write amplitude: determinant");
  }
  if (!node["tail"].is_null()) {
    options.tails.clear();
    for (const Node& token : node["tail"].items()) options.tails.push_back(texts(token));
  } else {
    options.tails = guess ? named_tails(options.tails, all) : std::vector<Names>{all};
  }
  input.feature_names = node["features"].is_null() ? named_in(options.tails) : texts(node["features"]);
  // The parameter token of the weights may read more than the tails do: then it reads all.
  if (node["features"].is_null() && guess && guess->features == static_cast<int>(all.size())) input.feature_names = all;
  return options;
}

// The most nearly square patch of so many cells that tiles the lattice; `otherwise` if there is none.
std::vector<int> tiling_patch(const std::vector<int>& lattice, int cells, std::vector<int> otherwise) {
  if (lattice.empty() || lattice.size() > 2) return otherwise;
  if (lattice.size() == 1) return lattice[0] % cells == 0 ? std::vector<int>{cells} : otherwise;
  std::vector<int> best;
  for (int x = 1; x <= cells; ++x) {
    if (cells % x != 0 || lattice[0] % x != 0 || lattice[1] % (cells / x) != 0) continue;
    if (best.empty() || std::abs(x - cells / x) < std::abs(best[0] - best[1])) best = {x, cells / x};
  }
  return best.empty() ? otherwise : best;
}

VitOptions vit_options(const Node& node, VitOptions options, const GuessedOptions* guess, const ProblemFamily& family, NetworkInput& input) {
  take(node["layers"], options.layers);
  take(node["d_model"], options.d_model);
  take(node["heads"], options.heads);
  if (!node["attention"].is_null())
    options.attention = node["attention"].text() == "factored" ? VitAttention::factored : VitAttention::factored_general;
  options.couplings = node["couplings"].is_null() ? family.varied : texts(node["couplings"]);
  input.feature_names = options.couplings;
  if (!node["patch"].is_null()) {
    options.patch.clear();
    for (const std::int64_t length : node["patch"].integers()) options.patch.push_back(static_cast<int>(length));
  } else {
    const int per_cell = input.modes / (input.sites / input.basis);
    const int entries = guess ? guess->patch_entries - static_cast<int>(options.couplings.size()) : 0;
    const std::vector<int> twos(input.lattice_size.size(), 2);
    options.patch = entries > 0 && entries % per_cell == 0 ? tiling_patch(input.lattice_size, entries / per_cell, twos) : twos;
  }
  return options;
}

RbmOptions rbm_options(const Node& node, RbmOptions options) {
  take(node["alpha"], options.alpha);
  if (!node["dtype"].is_null()) options.dtype = node["dtype"].text() == "real" ? RbmDtype::real : RbmDtype::complex;
  return options;
}

// Also decides which features the network sees.
WavefunctionOptions wavefunction_options(const Node& node, const GuessedOptions* guess, const ProblemFamily& family, const std::string& model,
                                         NetworkInput& input) {
  const WavefunctionOptions start = guess ? guess->options : find_wavefunction(node.kind()).defaults;
  if (const auto* qstage = std::get_if<QstageOptions>(&start))
    return qstage_options(node, *qstage, guess, family, all_features(family, model), input);
  if (const auto* vit = std::get_if<VitOptions>(&start)) return vit_options(node, *vit, guess, family, input);
  return rbm_options(node, std::get<RbmOptions>(start));
}

}  // namespace

std::unique_ptr<Wavefunction> make_network(const NetworkPlan& plan, Device device) {
  auto network = make_wavefunction(plan.options, plan.input, plan.precision, device);
  if (plan.chains == plan.precision) return network;
  return std::make_unique<TwoPrecisions>(std::move(network), make_wavefunction(plan.options, plan.input, plan.chains, device));
}

NetworkPlan network_plan(const input::Document& document, const ProblemFamily& family, const std::string& model, Origin origin) {
  const Node node = document.root["wavefunction"];
  const std::optional<Weights> weights = read_weights(node, document.directory);
  const GuessedOptions* guess = weights && weights->guess ? &*weights->guess : nullptr;
  NetworkPlan network;
  network.kind = node.kind();
  network.precision = document.root["precision"]["network"].text() == "float32" ? Precision::float32 : Precision::float64;
  network.chains = document.root["precision"]["sampler"].text() == "float32" ? Precision::float32 : network.precision;
  network.input.modes = family.modes();
  network.input.sites = family.lattice.sites();
  network.input.lattice_size = family.lattice.options().size;
  network.input.basis = family.lattice.basis();
  network.options = wavefunction_options(node, guess, family, model, network.input);
  network.input.features = feature_table(family, network.input.feature_names);
  const auto psi = make_wavefunction(network.options, network.input, network.precision, Device::reference);  // refuses what does not fit
  if (!weights) return network;
  network.weights_origin = stored_origin(weights->tree);
  origin["conditioning"] = describe_conditioning(network.options, network.input);
  refuse_other_origin(network.weights_origin, origin, weights->file);
  network.parameters = load_weights(weights->tree, tensor_shapes(psi->layout()), weights->file);
  return network;
}

}  // namespace qs
