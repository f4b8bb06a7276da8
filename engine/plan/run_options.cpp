// The words of the run itself.
#include "engine/plan/vocabulary.h"

namespace qs {
namespace {

void read_threads(const Node& node, std::optional<int>& threads) { threads = static_cast<int>(node.integer()); }
std::string print_threads(const std::optional<int>& threads) { return threads ? std::to_string(*threads) : ""; }

void read_size(const Node& node, std::int64_t& bytes) { bytes = node.integer(); }
std::string print_size(std::int64_t bytes) {
  constexpr std::int64_t gibibyte = std::int64_t{1} << 30;
  return bytes % gibibyte == 0 ? std::to_string(bytes / gibibyte) + "GiB" : std::to_string(bytes) + "B";
}

}  // namespace

Options<RunPlan> run_options() {
  using R = RunPlan;
  Options<R> options;
  options.other("format", shape::integer(1, 1), required("1"), "version of this input format");
  options.text("title", &R::title, "free text, copied into the results");
  options.integer("seed", &R::seed, 0, 9223372036854775807.0,
                  "key of all random numbers; equal input and seed give equal results on any number of ranks");
  // auto is never a GPU, whose results have not been checked yet.
  options.word("device", &R::device,
               Words<Device>{{"auto", Device::cpu}, {"cpu", Device::cpu}, {"cuda", Device::cuda}, {"reference", Device::reference}},
               "where the run computes; reference: plain loops on one thread, to check the others");
  options.add("threads", shape::integer(1, 1024), "threads of each rank; the results do not depend on it", &R::threads, read_threads, print_threads)
      .unit("threads per rank")
      .otherwise_absent("OMP_NUM_THREADS, else 1");
  const auto part = [&](const char* name, const char* doc) { options.other(name, shape::section(name), value("{}"), doc); };
  part("precision", "floating-point types; energies, statistics and solvers always use float64");
  options.other("output", shape::section("output"), required("{directory: runs/example}"), "where results go");
  part("limits", "what the run may use");
  part("checkpoint", "when the state is saved");
  part("log", "progress report");
  options.word("on_nonfinite", &R::on_nonfinite, Words<OnNonfinite>{{"rollback", OnNonfinite::rollback}, {"stop", OnNonfinite::stop}},
               "after a NaN or infinity: go back to the last good parameters with a smaller step (at most 3 times), or stop");
  options.other("system", shape::section("system"), required(""), "lattice, sector, Hamiltonian, family");
  options
      .other("systems", shape::list(shape::section("systems"), 1), absent("'system' alone"),
             "lattices that stages work on in place of the one of 'system', each by what differs from it; a network that does not count sites learns "
             "them together, and of stages that do not train there is one for each")
      .since("0.3.0");
  options.other("symmetry", shape::section("symmetry"), absent("all states of the sector"),
                "irrep of the symmetry group: the network is projected on it, and exact states are those of it");
  options.other("wavefunction", shape::section("wavefunction"), absent("only ed stages can run"), "the neural network");
  options.other("sampler", shape::section("sampler"), absent("stages that sample must have their own"),
                "how configurations are drawn from |psi|^2; stages may override single keys");
  options.other("stages", shape::list(shape::section("stages"), 1), required(""), "what to do, in this order");
  return options;
}

Options<NetworkPlan> precision_options() {
  Options<NetworkPlan> options;
  options.word("network", &NetworkPlan::precision, Words<Precision>{{"float32", Precision::float32}, {"float64", Precision::float64}},
               "type inside the network");
  options.word("sampler", &NetworkPlan::sampler,
               Words<SamplerPrecision>{{"network", SamplerPrecision::network}, {"float32", SamplerPrecision::float32}},
               "type inside the network that Markov chains follow; float32 beside a float64 network halves their cost, and weights correct the "
               "rounding");
  return options;
}

Options<RunPlan> output_options() {
  Options<RunPlan> options;
  options.text("directory", &RunPlan::directory, "folder of all output, relative to the working directory").otherwise_required("runs/example");
  return options;
}

Options<RunPlan> limits_options() {
  using R = RunPlan;
  Options<R> options;
  options.duration("walltime", &R::walltime, "stop with a checkpoint and exit code 75 before this much time has passed since the start")
      .otherwise_absent("no limit, or the end of the SLURM job");
  options.duration("margin", &R::margin, "time kept free before the walltime for the last checkpoint");
  options.duration("watchdog", &R::watchdog,
                   "end the job with exit code 71 when one of its processes has been stopped for so long while others go on, when a training step "
                   "takes this long and 20 times longer than any before it, or when nothing has moved in any stage for three times as long");
  options
      .add("memory", shape::size(), "a plan of which a stage needs more, by estimate, is refused before it starts", &R::memory_limit, read_size,
           print_size)
      .unit("bytes per rank");
  return options;
}

Options<RunPlan> checkpoint_options() {
  Options<RunPlan> options;
  options.duration("interval", &RunPlan::checkpoint_interval, "time between checkpoints");
  options
      .integer("keep_every", &RunPlan::keep_every, 0, 9007199254740991.0, "keep a permanent copy of the checkpoint every so many steps; 0 keeps none")
      .unit("steps");
  return options;
}

Options<RunPlan> log_options() {
  Options<RunPlan> options;
  options.duration("every", &RunPlan::log_every, "time between progress rows when the output is no terminal");
  return options;
}

}  // namespace qs
