#include "engine/cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "engine/run/provenance.h"
#include "kernels/api/error.h"

namespace qs {
namespace {

const std::vector<std::string> commands = {"run", "resume", "validate", "evaluate", "status", "info", "check", "convert", "bench"};

const char* const help_text = R"(qstage-vmc: neural-network ground states of lattice models

usage: qstage-vmc INPUT.yaml [options]            short for 'run'
       mpirun -n 8 qstage-vmc INPUT.yaml          the same answer on any number of ranks

commands
  run INPUT.yaml        all stages: ed, pretrain, vmc, evaluate
    --dry-run             print parameters, memory per rank, work per step, resolved input; compute nothing
    --continue            go on if the output directory holds a checkpoint, else start (for job scripts)
    --overwrite           remove what an earlier run left in the output directory
  resume DIR            go on from the newest checkpoint, on any number of ranks
  validate INPUT.yaml   all errors of an input at once; --format json
  evaluate INPUT.yaml   log psi and local energies at given configurations, in one HDF5 file, to compare codes
    --configurations FILE HDF5 with the dataset 'configurations' [n, N], +1/-1 or 1/0
    --output FILE         what to write; refused if it exists, unless --overwrite
    --weights FILE        in place of wavefunction.weights
    --gradient            also the energy gradient and the directions of sr, minsr and SPRING
  status DIR            where a run stands (reads status.json)
  info FILE             what an input, checkpoint, results or weight file holds; --input prints the YAML back; 'info build'
  check FILE            verify a checkpoint
  convert IN OUT        weights between .h5, .msgpack (.mpack), .safetensors and .npz; --overwrite replaces OUT
  bench INPUT.yaml      speed of the input's network and Gram products beside this core's multiply-add peak; time and memory of VMC (else
                        pretraining) steps by phase. Under mpirun on all ranks. Writes no results
    --steps N             steps to measure after a first one (default 3; 0: none)
    --json FILE           the same numbers for scripts; FILE is replaced

options
  --set KEY=VALUE       replace a value of the input, any number of times: --set stages.2.optimizer.lr=0.01
  --log-json            progress as one JSON object per line
  --help [KEY]          this text, or the meaning of an input key: --help sampler.chains
  --version             version; with --verbose: compiler, flags, libraries
  --dump-schema         JSON Schema of the input, for editors
  --dump-default        every key of the input with its default and meaning

exit codes: 0 done, 1 internal error, 2 input or usage, 3 file or disk, 4 numerical failure, 5 checkpoint or weights,
            6 memory, 7 device, 75 stopped with a valid checkpoint (run 'resume'), 128+n signal
)";

std::string version_text(const std::vector<std::string>& words) {
  const BuildInfo build = build_info();
  std::string text = "qstage-vmc " + build.version + "\n";
  if (std::find(words.begin(), words.end(), "--verbose") == words.end()) return text;
  text += "git " + build.git_hash + "\ncompiler " + build.compiler + "\nbuild " + build.build_type + "\nflags " + build.flags + "\nMPI " +
          build.mpi_headers + "\nHDF5 " + build.hdf5_headers + "\nCUDA " +
          (build.cuda_architectures.empty() ? "not built" : build.cuda_architectures) + "\n";
  return text;
}

// --help, --version and the dumps work anywhere on the line.
std::optional<PrintCommand> print_command(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--help" || words[i] == "-h") {
      const bool has_key = i + 1 < words.size() && words[i + 1].substr(0, 1) != "-";
      return PrintCommand{has_key ? input::help_for(words[i + 1]) : help_text};
    }
    if (words[i] == "--version") return PrintCommand{version_text(words)};
    if (words[i] == "--dump-schema") return PrintCommand{input::json_schema()};
    if (words[i] == "--dump-default") return PrintCommand{input::default_document()};
  }
  return std::nullopt;
}

input::SetOption set_option(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) throw InputError("--set '" + text + "' has no KEY=VALUE (for example --set seed=7)");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::vector<input::SetOption> set_options(const std::vector<std::string>& texts) {
  std::vector<input::SetOption> sets;
  for (const std::string& text : texts) sets.push_back(set_option(text));
  return sets;
}

// The parser's own messages are replaced: problem, why, what to do.
[[noreturn]] void refuse(const CLI::ParseError& error, const std::vector<std::string>& words) {
  const std::vector<std::string> options = {"--set",   "--dry-run", "--continue", "--overwrite",      "--log-json",    "--format",
                                            "--input", "--weights", "--output",   "--configurations", "--gradient",    "--steps",
                                            "--json",  "--help",    "--version",  "--dump-schema",    "--dump-default"};
  for (const std::string& word : words) {
    const std::string name = word.substr(0, word.find('='));
    if (word.substr(0, 2) != "--" || std::find(options.begin(), options.end(), name) != options.end()) continue;
    const std::string close = input::suggest(name, options);
    throw InputError("option '" + name + "' is not known" + (close.empty() ? "" : " (did you mean '" + close + "'?)") + "; see qstage-vmc --help");
  }
  throw InputError(std::string(error.what()) + "; see qstage-vmc --help");
}

}  // namespace

Command parse_arguments(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (const auto print = print_command(words)) return *print;
  if (words.empty()) throw InputError("no input file; usage: qstage-vmc INPUT.yaml, see qstage-vmc --help");
  if (std::find(commands.begin(), commands.end(), words.front()) == commands.end()) words.insert(words.begin(), "run");

  CLI::App app;
  app.set_help_flag();
  app.require_subcommand(1);
  std::vector<std::string> sets;
  std::string target, output, format = "text";
  bool dry = false, go_on = false, overwrite = false, log_json = false, print_input = false;
  const auto add = [&](const std::string& name, const std::string& positional) {
    CLI::App* command = app.add_subcommand(name);
    command->set_help_flag();
    command->add_option(positional, target)->required();
    return command;
  };
  CLI::App* run = add("run", "INPUT");
  run->add_flag("--dry-run", dry);
  run->add_flag("--continue", go_on);
  run->add_flag("--overwrite", overwrite);
  CLI::App* resume = add("resume", "DIR");
  CLI::App* validate = add("validate", "INPUT");
  validate->add_option("--format", format)->check(CLI::IsMember({"text", "json"}));
  CLI::App* evaluate = add("evaluate", "INPUT");
  EvaluateCommand evaluation;
  bool gradient = false;
  evaluate->add_option("--weights", evaluation.weights);
  evaluate->add_option("--configurations", evaluation.request.configurations)->required();
  evaluate->add_option("--output", evaluation.request.output)->required();
  evaluate->add_flag("--gradient", gradient);
  evaluate->add_flag("--overwrite", overwrite);
  add("status", "DIR");
  add("info", "FILE")->add_flag("--input", print_input);
  add("check", "FILE");
  CLI::App* convert = add("convert", "IN");
  convert->add_option("OUT", output)->required();
  convert->add_flag("--overwrite", overwrite);
  CLI::App* bench = add("bench", "INPUT");
  BenchCommand measurement;
  bench->add_option("--steps", measurement.steps)->check(CLI::NonNegativeNumber);
  bench->add_option("--json", measurement.json);
  for (CLI::App* command : {run, resume, validate, evaluate, bench}) command->add_option("--set", sets)->expected(1)->take_all();
  for (CLI::App* command : {run, resume}) command->add_flag("--log-json", log_json);
  try {
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    refuse(error, words);
  }

  if (go_on && overwrite)
    throw InputError("--continue and --overwrite contradict each other (one keeps what is there, the other removes it); give one");
  const OutputFormat log = log_json ? OutputFormat::json : OutputFormat::text;
  if (app.got_subcommand("run"))
    return RunCommand{target, set_options(sets),
                      overwrite ? Directory::overwrite
                      : go_on   ? Directory::go_on
                                : Directory::refuse_existing,
                      dry ? Depth::dry_run : Depth::everything, log};
  if (app.got_subcommand("resume")) return ResumeCommand{target, set_options(sets), log};
  if (app.got_subcommand("validate")) return ValidateCommand{target, set_options(sets), format == "json" ? OutputFormat::json : OutputFormat::text};
  if (app.got_subcommand("evaluate")) {
    evaluation.input = target;
    evaluation.sets = set_options(sets);
    evaluation.request.derivatives = gradient ? Derivatives::gradient : Derivatives::none;
    evaluation.request.existing = overwrite ? ExistingFile::overwrite : ExistingFile::refuse;
    return evaluation;
  }
  if (app.got_subcommand("status")) return StatusCommand{target};
  if (app.got_subcommand("info")) return InfoCommand{target, print_input ? InfoContent::input : InfoContent::summary};
  if (app.got_subcommand("convert")) return ConvertCommand{target, output, overwrite ? ExistingFile::overwrite : ExistingFile::refuse};
  if (app.got_subcommand("bench")) return BenchCommand{target, set_options(sets), measurement.steps, measurement.json};
  return CheckCommand{target};
}

}  // namespace qs
