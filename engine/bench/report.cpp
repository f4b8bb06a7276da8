// What `bench` says: a table for people, JSON for scripts.
#include <fmt/format.h>

#include "engine/bench/bench.h"
#include "engine/report/provenance.h"

namespace qs {
namespace {

constexpr double giga = 1e9, mebi = 1048576.0;

std::string name_of(Precision precision) { return precision == Precision::float32 ? "float32" : "float64"; }

std::string operation_line(const OperationRate& rate) {
  const std::string speed = rate.configurations_per_second ? fmt::format("{:.4g} psi/s", *rate.configurations_per_second) : "";
  return fmt::format("{:<10} {:<20} {:<8} {:>18} {:>9.1f} {:>8.1f} {:>8.1f} %\n", rate.name, rate.shape, name_of(rate.precision), speed,
                     rate.flops_per_second / giga, rate.peak / giga, 100 * rate.fraction_of_peak());
}

std::string step_lines(const StepCosts& costs) {
  std::string text =
      fmt::format("\nstep of {}: {} samples, {:.4g} s, mean of {}; the step before them {:.4g} s\n{:<14} {:>10} {:>8} {:>14}\n", costs.stage,
                  costs.samples, costs.seconds, costs.steps, costs.first_seconds, "phase", "seconds", "share", "peak memory");
  for (const PhaseCost& phase : costs.phases) {
    text += fmt::format("{:<14} {:>10.4g} {:>6.1f} % {:>10.0f} MiB\n", phase.name, phase.seconds, 100 * phase.seconds / costs.seconds,
                        static_cast<double>(phase.peak_memory) / mebi);
  }
  return text;
}

nlohmann::json operation_json(const OperationRate& rate) {
  nlohmann::json json = {{"name", rate.name},
                         {"shape", rate.shape},
                         {"precision", name_of(rate.precision)},
                         {"gflops", rate.flops_per_second / giga},
                         {"peak_gflops", rate.peak / giga},
                         {"fraction_of_peak", rate.fraction_of_peak()}};
  if (rate.configurations_per_second) json["psi_per_second"] = *rate.configurations_per_second;
  return json;
}

nlohmann::json steps_json(const StepCosts& costs) {
  nlohmann::json phases = nlohmann::json::array();
  for (const PhaseCost& phase : costs.phases) {
    phases.push_back({{"name", phase.name}, {"seconds", phase.seconds}, {"peak_memory_bytes", phase.peak_memory}});
  }
  return {{"stage", costs.stage},
          {"samples", costs.samples},
          {"steps", costs.steps},
          {"first_step_seconds", costs.first_seconds},
          {"seconds_per_step", costs.seconds},
          {"phases", phases},
          {"trace", {{"columns", costs.trace.columns}, {"rows", costs.trace.rows}}}};
}

}  // namespace

std::string table(const BenchReport& report) {
  const std::string chains = report.chains == report.precision ? "" : fmt::format(" (chains {})", name_of(report.chains));
  std::string text = fmt::format("{}: {}, {} parameters, {}{}, {:.4g} MFLOP per log psi\n", report.title.empty() ? "bench" : report.title,
                                 report.wavefunction, report.parameters, name_of(report.precision), chains, report.flops_per_log_psi / 1e6);
  const bool on_gpu = !report.gpu.empty();
  text += fmt::format("{}, {} rank{}, {} thread{}; operations on one {}\n\n", on_gpu ? report.gpu : report.instruction_set, report.ranks,
                      report.ranks == 1 ? "" : "s", report.threads, report.threads == 1 ? "" : "s", on_gpu ? "GPU" : "core");
  text += fmt::format("{:<10} {:<20} {:<8} {:>18} {:>9} {:>8} {:>10}\n", "operation", "shape", "type", "speed", "GFLOP/s", "peak", "of peak");
  for (const OperationRate& rate : report.operations) text += operation_line(rate);
  text += fmt::format("peak: {}, measured in turn with the operation\n", on_gpu ? "a large matrix product" : "plain multiply-adds");
  return report.steps ? text + step_lines(*report.steps) : text;
}

nlohmann::json to_json(const BenchReport& report) {
  nlohmann::json operations = nlohmann::json::array();
  for (const OperationRate& rate : report.operations) operations.push_back(operation_json(rate));
  nlohmann::json json = {{"version", build_info().version},
                         {"title", report.title},
                         {"wavefunction", report.wavefunction},
                         {"parameters", report.parameters},
                         {"precision", name_of(report.precision)},
                         {"chains", name_of(report.chains)},
                         {"flops_per_log_psi", report.flops_per_log_psi},
                         {"instruction_set", report.instruction_set},
                         {"ranks", report.ranks},
                         {"threads", report.threads},
                         {"operations", operations}};
  if (!report.gpu.empty()) json["gpu"] = report.gpu;
  if (report.steps) json["step"] = steps_json(*report.steps);
  return json;
}

}  // namespace qs
