#include "engine/plan/plan_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "engine/base/error.h"
#include "engine/plan/plan_nodes.h"
#include "engine/plan/vocabulary.h"
#include "engine/plan/weight_names.h"
#include "engine/wavefunctions/across_lattices.h"
#include "engine/wavefunctions/guess_options.h"
#include "engine/wavefunctions/projected.h"
#include "engine/wavefunctions/two_precisions.h"
#include "engine/weights/weights.h"
#include "hamiltonians/mean_field/start_orbitals.h"

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

std::optional<Weights> read_weights(const Node& node, const std::string& directory) {
  if (node["weights"].is_null()) return std::nullopt;
  Weights weights{resolve_path(node["weights"].text(), directory), {}, {}};
  weights.tree = read_weights_file(weights.file);
  ParameterLayout tensors;
  for (TensorShape& tensor : stored_shapes(weights.tree)) tensors.add(std::move(tensor.path), std::move(tensor.shape));
  weights.guess = guess_options(tensors);
  if (!weights.guess) return weights;
  const std::string& found = weights.guess->options.entry().name;
  if (found != node.kind())
    throw CheckpointError(fmt::format("weights '{}' belong to a wavefunction of kind {}, not {}; write wavefunction.kind: {}", weights.file, found,
                                      node.kind(), found));
  return weights;
}

// Random numbers stand for themselves where samples of the disorder vary.
Names all_features(const ProblemFamily& family, const SystemOptions& system) {
  Names names;
  for (const CouplingEntry& coupling : couplings_of(system)) {
    if (coupling.role == CouplingRole::physics) names.push_back(coupling.name);
  }
  for (std::string& name : disorder_couplings(system)) names.push_back(std::move(name));
  if (family.problems[0].sector.fermionic()) names.emplace_back("N");
  return names;
}

std::vector<std::vector<std::int32_t>> translations_of(const Lattice& lattice) {
  std::vector<std::vector<std::int32_t>> translations;
  for (int axis = 0; axis < lattice.axes(); ++axis) {
    CellVector step{};
    step[axis] = 1;
    const std::vector<int> images = lattice.translation(step);
    translations.emplace_back(images.begin(), images.end());
  }
  return translations;
}

// The vector by which a lattice of cells repeats along an axis.
Vector3 period_of(const Lattice& lattice, int axis) {
  CellVector cells{};
  if (lattice.is_tilted()) cells = lattice.options().torus.at(axis);
  if (!lattice.is_tilted()) cells[axis] = lattice.options().size.at(axis);
  Vector3 period{};
  for (int a = 0; a < lattice.axes(); ++a)
    for (int x = 0; x < 3; ++x) period[x] += cells[a] * lattice.primitive(a)[x];
  return period;
}

void take_geometry(const ProblemFamily& family, NetworkInput& input) {
  const Lattice& lattice = family.lattice;
  input.modes = family.modes();
  input.sites = lattice.sites();
  input.lattice_size = lattice.options().size;
  input.basis = lattice.basis();
  input.translations = translations_of(lattice);
  input.positions.clear();
  input.periods.clear();
  if (!lattice.has_positions()) return;
  for (int site = 0; site < lattice.sites(); ++site) input.positions.push_back(lattice.position(site));
  for (int axis = 0; axis < lattice.axes(); ++axis)
    if (lattice.options().boundary.at(axis) != Boundary::open) input.periods.push_back(period_of(lattice, axis));
}

int most_particles(const ProblemFamily& family) {
  double most = -1;
  for (const Problem& problem : family.problems)
    if (problem.sector.fermionic()) most = std::max(most, problem.sector.particles());
  return static_cast<int>(most);
}

// Also decides which features the network sees.
WavefunctionOptions wavefunction_options(const Node& node, const GuessedOptions* guess, const ProblemFamily& family, const SystemOptions& system,
                                         NetworkInput& input) {
  const WavefunctionEntry& entry = find_wavefunction(node.kind());
  NetworkContext context{.input = input,
                         .features = all_features(family, system),
                         .varied = family.varied,
                         .disorder = disorder_couplings(system),
                         .most_particles = most_particles(family),
                         .from_weights = guess != nullptr,
                         .guessed_features = guess ? guess->features : 0,
                         .guessed_patch_entries = guess ? guess->patch_entries : 0};
  return {entry, entry.read(node, guess ? guess->options.value() : entry.defaults, context)};
}

// Permutations of modes that leave psi of the bare network as it is.
std::vector<std::vector<int>> invariances_of(const WavefunctionOptions& options, const NetworkInput& input) {
  std::vector<std::vector<int>> all;
  const std::vector<int> steps = invariant_translations(options, input);
  for (std::size_t axis = 0; axis < steps.size(); ++axis) {
    const std::vector<std::int32_t>& step = input.translations.at(axis);
    if (step.empty()) continue;
    std::vector<int> image(input.modes);
    std::iota(image.begin(), image.end(), 0);
    for (int& mode : image)
      for (int n = 0; n < steps[axis]; ++n) mode += step[mode % input.sites] - mode % input.sites;
    all.push_back(std::move(image));
  }
  return all;
}

// What the network sees on the lattice of a family.
NetworkInput input_on(const NetworkPlan& plan, const ProblemFamily& family) {
  NetworkInput input = plan.input;
  take_geometry(family, input);
  const bool own = input.positions == plan.input.positions && input.periods == plan.input.periods && input.translations == plan.input.translations;
  if (!own && plan.options.entry().serves == Serves::its_lattice)
    throw InputError(
        fmt::format("wavefunction {} has parameters for the sites of its own lattice, so it cannot be used on {}; write kind: foundation", plan.kind,
                    family.lattice.describe()));
  return input;
}

std::unique_ptr<Wavefunction> make_on(const NetworkPlan& plan, const ProblemFamily& family, Precision precision, Device device) {
  const NetworkInput input = input_on(plan, family);
  auto bare = make_wavefunction(plan.options, input, precision, device);
  if (!family.symmetry.sector) return bare;
  return std::make_unique<Projected>(std::move(bare), family.symmetry.sector, invariances_of(plan.options, input));
}

std::unique_ptr<Wavefunction> make_part(const NetworkPlan& plan, const Problems& problems, Precision precision, Device device) {
  if (problems.on_one_lattice()) return make_on(plan, problems.family_of(0), precision, device);
  std::vector<std::unique_ptr<Wavefunction>> parts;
  std::vector<int> modes;
  for (const ProblemFamily* family : problems.families()) {
    parts.push_back(make_on(plan, *family, precision, device));
    modes.push_back(family->modes());
  }
  return std::make_unique<AcrossLattices>(std::move(parts), std::move(modes));
}

// make(precision), beside it what its chains follow.
template <class Make>
std::unique_ptr<Wavefunction> with_its_chains(const NetworkPlan& plan, const Make& make) {
  auto network = make(plan.precision);
  if (plan.chains() == plan.precision) return network;
  return std::make_unique<TwoPrecisions>(std::move(network), make(plan.chains()));
}

}  // namespace

std::unique_ptr<Wavefunction> make_network(const NetworkPlan& plan, const Problems& problems, Device device) {
  return with_its_chains(plan, [&](Precision precision) { return make_part(plan, problems, precision, device); });
}

std::unique_ptr<Wavefunction> make_network(const NetworkPlan& plan, Device device) {
  return with_its_chains(plan, [&](Precision precision) { return make_wavefunction(plan.options, plan.input, precision, device); });
}

std::vector<double> stored_parameters(const NetworkPlan& network, const std::string& file, const Origin& origin) {
  const DataTree tree = read_weights_file(file);
  const Origin stored = stored_origin(tree);
  refuse_other_origin(stored, origin, network.options.entry().serves, file);
  if (!stored.empty()) refuse_other_symmetry(stored, origin, file);
  return load_weights(tree, tensor_shapes(make_network(network, Device::reference)->layout()), file);
}

NetworkPlan network_plan(const input::Document& document, const ProblemFamily& family, const SystemOptions& system, Origin origin) {
  const Node node = document.root["wavefunction"];
  const std::optional<Weights> weights = read_weights(node, document.directory);
  const GuessedOptions* guess = weights && weights->guess ? &*weights->guess : nullptr;
  NetworkPlan network = precision_options().read(document.root["precision"]);
  network.kind = node.kind();
  take_geometry(family, network.input);
  network.options = wavefunction_options(node, guess, family, system, network.input);
  network.start = network.options.entry().start(network.options.value());
  if (network.start.start == OrbitalStart::hartree_fock) network.start.seed = resolved_seed(family, network.start.seed);
  network.input.features = feature_table(family, network.input.feature_names, network.start);
  const auto psi = make_wavefunction(network.options, network.input, network.precision, Device::reference);  // refuses what does not fit
  if (!weights) return network;
  network.weights_origin = stored_origin(weights->tree);
  origin["conditioning"] = describe_conditioning(network.options, network.input);
  origin["start"] = describe(network.start);
  refuse_other_origin(network.weights_origin, origin, network.options.entry().serves, weights->file);
  network.parameters = load_weights(weights->tree, tensor_shapes(psi->layout()), weights->file);
  return network;
}

}  // namespace qs
