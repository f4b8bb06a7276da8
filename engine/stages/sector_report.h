// What is said and stored of a psi that is projected on a symmetry sector: how far its sums cancel, how much of the network lies in the sector, how
// many of weighted samples count.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/stages/measure.h"
#include "engine/stages/stage.h"

namespace qs {

// Of one problem.
struct SectorReport {
  double kappa_mean = 0, kappa_least = 1;  // |sum| / sum of magnitudes (Projected::inside), over |psi_s|^2
  std::int64_t cancelled = 0;              // rows that the sector allows where nothing but rounding is left: psi_s counts as 0
  std::int64_t rows = 0;
  // <psi|P|psi> / <psi|psi> of the network psi: known from exact sums, and from chains that follow the network itself.
  std::optional<double> weight;
  std::optional<double> effective;  // (sum w)^2 / (M sum w^2) of chains that follow the network itself
};

// One for each problem; empty if psi is not projected. `samples`: drawn as the options say, at the present parameters of psi. The same bits on every
// rank. Collective.
std::vector<SectorReport> examine_sector(const StageContext& context, const SamplerOptions& options, const SampleSet& samples);

std::vector<std::string> sector_notes(const std::vector<SectorReport>& reports, const StageContext& context);
// Samples few of which count, zeros by cancellation, rounding that is not small.
std::vector<std::string> sector_warnings(const std::vector<SectorReport>& reports, const StageContext& context, const SamplerOptions& options);
// InputError where the rounding of a float32 network, or of a float32 twin that the chains of the sector follow, is not small beside what is left of
// the sums.
void refuse_rounding(const std::vector<SectorReport>& reports, const StageContext& context, const SamplerOptions& options);
// Datasets "stages/<group>/sector/kappa_mean", "kappa_least", "cancelled", "weight", "effective" [problems], and the sector in words.
void store_sector(const std::vector<SectorReport>& reports, const StageContext& context, DataTree& outputs);

}  // namespace qs
