#include "engine/run/evaluate_configurations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <type_traits>

#include "engine/energy/local_energy.h"
#include "engine/io/files.h"
#include "engine/io/hdf5.h"
#include "engine/optimize/gradient.h"
#include "engine/run/provenance.h"
#include "engine/wavefunctions/chunked.h"
#include "kernels/api/error.h"
#include "kernels/api/parallel.h"

namespace qs {
namespace {

using Complex = std::complex<double>;

template <class Value>
std::vector<std::int64_t> widened(const std::vector<Value>& values) {
  if constexpr (std::is_integral_v<Value>) return {values.begin(), values.end()};
  return {};
}

// A table of integers of the given rank; `wanted` describes it in the refusal.
std::vector<std::int64_t> integer_table(const DataTree& tree, const std::string& path, std::size_t rank, const std::string& wanted,
                                        const std::string& name) {
  if (!tree.has(path)) throw FileError(fmt::format("'{}' has no dataset '{}' (wanted: {})", name, path, wanted));
  const Dataset& dataset = tree.at(path);
  const bool integers = std::visit([](const auto& v) { return std::is_integral_v<typename std::decay_t<decltype(v)>::value_type>; }, dataset.values);
  if (!integers || dataset.shape.size() != rank)
    throw FileError(fmt::format("'{}': dataset '{}' is {} {} (wanted: {})", name, path, type_name(dataset), shape_text(dataset.shape), wanted));
  return std::visit([](const auto& values) { return widened(values); }, dataset.values);
}

std::vector<std::int64_t> problem_numbers(const DataTree& tree, const ProblemFamily& family, std::int64_t rows, const std::string& name) {
  if (family.size() == 1 && !tree.has("problem")) return std::vector<std::int64_t>(rows, 0);
  const std::string wanted = fmt::format("one integer for each of the {} rows, the member of the family of {}, counted from 0", rows, family.size());
  std::vector<std::int64_t> numbers = integer_table(tree, "problem", 1, wanted, name);
  if (static_cast<std::int64_t>(numbers.size()) != rows)
    throw FileError(fmt::format("'{}': dataset 'problem' has {} entries (wanted: {})", name, numbers.size(), wanted));
  for (std::int64_t i = 0; i < rows; ++i) {
    if (numbers[i] < 0 || numbers[i] >= family.size())
      throw FileError(fmt::format("'{}': row {} of 'problem' is {} (the family has members 0 to {})", name, i, numbers[i], family.size() - 1));
  }
  return numbers;
}

// 1 stands for a set mode; an empty mode or a spin down is 0 or -1, one of them throughout.
void require_two_values(const std::vector<std::int64_t>& values, std::int64_t modes, const std::string& name) {
  std::int64_t lower = 1;
  for (std::size_t k = 0; k < values.size(); ++k) {
    const std::int64_t value = values[k];
    if (value == 1 || value == lower) continue;
    if (lower != 1 || (value != 0 && value != -1))
      throw FileError(fmt::format("'{}': row {}, site {} of 'configurations' is {} (write +1/-1 or 1/0 throughout)", name,
                                  static_cast<std::int64_t>(k) / modes, static_cast<std::int64_t>(k) % modes, value));
    lower = value;
  }
}

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

void store_configurations(DataTree& tree, const ConfigurationBatch& batch, const ProblemFamily& family) {
  const std::int8_t empty = family.problems.front().sector.fermionic() ? 0 : -1;
  std::vector<std::int8_t> values;
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    for (int mode = 0; mode < batch.modes; ++mode) values.push_back(test_bit(batch.row(i), mode) ? 1 : empty);
  }
  tree.set("configurations", Dataset{{batch.rows(), batch.modes}, std::move(values), {}});
  if (family.size() > 1) tree.set("problem", Dataset{{batch.rows()}, batch.problem, {}});
}

template <class Options>
const Options* first_stage(const RunPlan& plan) {
  for (const StagePlan& stage : plan.stages) {
    if (const auto* options = std::get_if<Options>(&stage.options)) return options;
  }
  return nullptr;
}

// The first exchange or hop move of the vmc stage, else of the evaluate stage; none with an exact sum or flips only.
std::optional<MoveOptions> pair_move(const RunPlan& plan) {
  const auto* vmc = first_stage<VmcOptions>(plan);
  const auto* evaluate = first_stage<EvaluateOptions>(plan);
  if (!vmc && !evaluate) return std::nullopt;
  for (const MoveOptions& move : (vmc ? vmc->sampler : evaluate->sampler).metropolis.moves) {
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

ConfigurationBatch to_configurations(const DataTree& tree, const ProblemFamily& family, const std::string& name) {
  const std::int64_t modes = family.modes();
  const std::string wanted = fmt::format("integers [n, {}], +1/-1 or 1/0", modes);
  const std::vector<std::int64_t> values = integer_table(tree, "configurations", 2, wanted, name);
  const std::vector<std::int64_t>& shape = tree.at("configurations").shape;
  if (shape[1] != modes)
    throw FileError(fmt::format("'{}': 'configurations' is {}, but the system has {} {} (wanted: {})", name, shape_text(shape), modes,
                                family.problems.front().sector.sites() == modes ? "sites" : "modes", wanted));
  if (shape[0] == 0) throw FileError(fmt::format("'{}': 'configurations' has no rows", name));
  const std::vector<std::int64_t> problems = problem_numbers(tree, family, shape[0], name);
  require_two_values(values, modes, name);

  ConfigurationBatch batch(static_cast<int>(modes), shape[0]);
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    batch.problem[i] = static_cast<std::int32_t>(problems[i]);
    int set = 0;
    for (int mode = 0; mode < batch.modes; ++mode) {
      if (values[i * modes + mode] != 1) continue;
      flip_bit(batch.row(i), mode);
      ++set;
    }
    const Sector& sector = family.problems[problems[i]].sector;
    if (!sector.contains(batch.row(i)))
      throw FileError(fmt::format("'{}': row {} of 'configurations' has {} of {} modes set, which is not in the sector of problem {} ({})", name, i,
                                  set, modes, problems[i], sector.describe()));
  }
  return batch;
}

DataTree evaluate_configurations(const RunPlan& plan, std::span<const double> parameters, const ConfigurationBatch& configurations,
                                 Derivatives derivatives) {
  const ProblemFamily& family = *plan.family;
  const NetworkPlan& network = *plan.network;
  const auto psi = make_wavefunction(network.options, network.input, network.precision, plan.device);
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
  if (std::holds_alternative<QstageOptions>(network.options)) {
    std::vector<Complex> amplitudes;
    for (const Complex value : samples.log_psi) amplitudes.push_back(std::exp(value));
    store_complex(tree, "psi", amplitudes);
  }
  if (const auto move = pair_move(plan)) store_pairs(tree, *move, configurations, family);
  const std::vector<Complex> residual = summarise_energies(tree, samples, energies);
  if (derivatives == Derivatives::none) return tree;

  const auto comm = self_communicator();
  const Tangent tangent{*psi, samples, *comm};
  store_parameters(tree, "gradient", psi->layout(), loss_gradient(tangent, residual));
  const auto* vmc = first_stage<VmcOptions>(plan);
  if (vmc && is_natural(vmc->optimizer.kind)) store_directions(tree, vmc->optimizer, tangent, residual);
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
