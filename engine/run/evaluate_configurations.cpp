#include "engine/run/evaluate_configurations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "engine/base/error.h"
#include "engine/base/parallel.h"
#include "engine/energy/local_energy.h"
#include "engine/files/files.h"
#include "engine/hdf5/hdf5.h"
#include "engine/optimize/gradient.h"
#include "engine/plan/plan_network.h"
#include "engine/report/provenance.h"
#include "engine/run/configuration_table.h"
#include "engine/wavefunctions/chunked.h"

namespace qs {
namespace {

using Complex = std::complex<double>;

// All rows as one sample set of this process, every row of a problem with the same weight.
SampleSet equal_weights(const ConfigurationBatch& configurations, const ProblemFamily& family, const Wavefunction& psi) {
  const std::int64_t rows = configurations.rows();
  std::vector<double> count(family.size());
  for (const std::int32_t g : configurations.problem) ++count[g];
  SampleSet samples{.rows = configurations,
                    .log_psi = log_psi(psi, configurations),
                    .weight = {},
                    .block_begin = {},
                    .blocks = Blocks(rows, 1, 0),
                    .problems = family.size(),
                    .samples_per_chain = 1,
                    .markov = true,
                    .total_rows = rows};
  for (const std::int32_t g : configurations.problem) samples.weight.push_back(1 / count[g]);
  for (int block = 0; block <= samples.blocks.count(); ++block) samples.block_begin.push_back(samples.blocks.begin(block));
  for (std::int64_t i = 0; i < rows; ++i) {
    const Complex value = samples.log_psi[i];
    if (std::isfinite(value.real()) && std::isfinite(value.imag())) continue;
    throw NumericalError(fmt::format("log psi of row {} is {} + {}i (psi vanishes or overflows there, so it has no local energy); leave the row out",
                                     i, value.real(), value.imag()));
  }
  return samples;
}

void store_complex(DataTree& tree, const std::string& name, const std::vector<Complex>& values) {
  std::vector<double> re, im;
  for (const Complex value : values) {
    re.push_back(value.real());
    im.push_back(value.imag());
  }
  tree.set(name + "_re", array(std::move(re)));
  tree.set(name + "_im", array(std::move(im)));
}

void store_parameters(DataTree& tree, const std::string& group, const ParameterLayout& layout, const std::vector<double>& values) {
  for (const ParameterSlice& slice : layout.slices) {
    const auto begin = values.begin() + slice.offset;
    tree.set(group + "/" + slice.path, array(std::vector<double>(begin, begin + slice.count), slice.shape));
  }
}

// The first stage that trains on samples; null if there is none.
const StagePlan* sampled_training(const RunPlan& plan) {
  const auto found = std::find_if(plan.stages.begin(), plan.stages.end(), [](const StagePlan& stage) { return stage.sampler && stage.optimizer; });
  return found == plan.stages.end() ? nullptr : &*found;
}

// The first exchange or hop move of the vmc stage, else of the evaluate stage; none with an exact sum or flips only.
std::optional<MoveOptions> pair_move(const RunPlan& plan) {
  const StagePlan* stage = sampled_training(plan);
  for (const StagePlan& other : plan.stages) {
    if (!stage && other.sampler) stage = &other;
  }
  if (!stage) return std::nullopt;
  for (const MoveOptions& move : stage->sampler->metropolis.moves) {
    if (move.kind != MoveKind::flip) return move;
  }
  return std::nullopt;
}

void store_pairs(DataTree& tree, const MoveOptions& options, const ConfigurationBatch& batch, const ProblemFamily& family) {
  std::vector<Move> moves;
  for (const Problem& problem : family.problems) moves.push_back(make_move(options, family.lattice, problem.sector));
  std::vector<std::int32_t> count;
  for (std::int64_t i = 0; i < batch.rows(); ++i) count.push_back(moves[batch.problem[i]].proposals(batch.row(i)));
  tree.set("n_exchange_pairs", Dataset{{batch.rows()}, std::move(count), {}});
}

// Mean and mean |E - <E>|^2 of every problem, as attributes; the residual E - <E> is returned.
std::vector<Complex> summarise_energies(DataTree& tree, const SampleSet& samples, const std::vector<Complex>& energies) {
  std::vector<Complex> mean(samples.problems);
  std::vector<double> variance(samples.problems), re, im;
  for (std::size_t i = 0; i < energies.size(); ++i) mean[samples.rows.problem[i]] += samples.weight[i] * energies[i];
  std::vector<Complex> residual;
  for (std::size_t i = 0; i < energies.size(); ++i) {
    residual.push_back(energies[i] - mean[samples.rows.problem[i]]);
    variance[samples.rows.problem[i]] += samples.weight[i] * std::norm(residual.back());
  }
  for (const Complex value : mean) {
    re.push_back(value.real());
    im.push_back(value.imag());
  }
  const auto attribute = [](const std::vector<double>& values) { return values.size() == 1 ? Attribute(values.front()) : Attribute(values); };
  auto& root = tree.groups[""];
  root["energy_mean_re"] = attribute(re);
  root["energy_mean_im"] = attribute(im);
  root["energy_variance"] = attribute(variance);
  return residual;
}

// The directions of the optimizer's first two updates on the same rows: at unit step from zero parameters, the new parameters are minus the
// direction.
void store_directions(DataTree& tree, OptimizerOptions options, const Tangent& tangent, std::span<const Complex> residual) {
  const ParameterLayout& layout = tangent.psi.layout();
  options.lr = {1, 1, 0};
  options.control = Control::fixed;
  options.norm_constraint = 0;
  options.diag_shift = {options.diag_shift.from, options.diag_shift.from, 0};
  const auto optimizer = make_optimizer(options, layout.total);
  for (const char* group : {"sr_update", "spring_update_2"}) {
    std::vector<double> direction(layout.total, 0.0);
    const StepReport report = optimizer->update(tangent, residual, direction);
    for (double& value : direction) value = -value;
    store_parameters(tree, group, layout, direction);
    tree.groups[group] = {{"diag_shift", report.diag_shift}, {"momentum", options.momentum}, {"solver_rung", std::int64_t{report.solver_rung}}};
    if (options.momentum == 0) return;
  }
}

}  // namespace

DataTree evaluate_configurations(const RunPlan& plan, std::span<const double> parameters, const ConfigurationBatch& configurations,
                                 Derivatives derivatives) {
  const ProblemFamily& family = *plan.family;
  const NetworkPlan& network = *plan.network;
  const auto psi = make_network(network, family, plan.device);
  psi->set_parameters(parameters);
  const SampleSet samples = equal_weights(configurations, family, *psi);
  const std::vector<Complex> energies = local_energies(family, *psi, samples);

  DataTree tree;
  tree.groups[""] = {{"layout", std::string("qstage-evaluation")},
                     {"layout_version", std::vector<std::int64_t>{1, 0}},
                     {"version", build_info().version},
                     {"model", network.kind},
                     {"lattice", family.lattice.describe()},
                     {"n_sites", std::int64_t{family.lattice.sites()}},
                     {"n_parameters", psi->layout().total},
                     {"n_configurations", configurations.rows()},
                     {"jacobian_mode", std::string(psi->jacobian_mode() == JacobianMode::complex_log ? "complex" : "real")},
                     {"convention", family.hamiltonian.convention}};
  store_configurations(tree, configurations, family);
  store_complex(tree, "log_psi", samples.log_psi);
  store_complex(tree, "local_energies", energies);
  if (const auto move = pair_move(plan)) store_pairs(tree, *move, configurations, family);
  const std::vector<Complex> residual = summarise_energies(tree, samples, energies);
  if (derivatives == Derivatives::none) return tree;

  const auto comm = self_communicator();
  const Tangent tangent{*psi, samples, *comm};
  store_parameters(tree, "gradient", psi->layout(), loss_gradient(tangent, residual));
  const StagePlan* training = sampled_training(plan);
  if (training && is_natural(training->optimizer->kind)) store_directions(tree, *training->optimizer, tangent, residual);
  return tree;
}

std::string evaluate_file(const RunPlan& plan, const EvaluateRequest& request) {
  namespace fs = std::filesystem;
  if (!plan.network) throw InputError("evaluate needs a wavefunction (the input has no 'wavefunction' section)");
  if (plan.network->parameters.empty()) throw InputError("evaluate needs weights; give --weights FILE or wavefunction.weights in the input");
  if (request.existing == ExistingFile::refuse && fs::exists(request.output))
    throw InputError(fmt::format("'{}' exists and is never overwritten unasked; choose another --output, or give --overwrite", request.output));
  if (plan.threads) set_threads(*plan.threads);
  const ConfigurationBatch configurations = to_configurations(read_hdf5(request.configurations), *plan.family, request.configurations);
  const DataTree tree = evaluate_configurations(plan, plan.network->parameters, configurations, request.derivatives);
  replace_file(request.output, to_hdf5_image(tree));
  std::string text = fmt::format("{}: {} configurations, {} parameters", request.output, configurations.rows(), plan.network->parameters.size());
  if (request.derivatives == Derivatives::gradient) {
    text += tree.groups.count("sr_update") ? ", gradient and update directions" : ", gradient (no vmc stage with a natural gradient: no sr_update)";
  }
  return text;
}

}  // namespace qs
