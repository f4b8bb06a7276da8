// Frozen evaluation over a fine grid of a coupling, from few sets of samples. Samples of one point, the anchor, serve its neighbours by weights
// |psi(sigma; g')/psi(sigma; g)|^2 as long as enough of them count; where they do not, fresh chains make the next anchor. To lowest order the share
// that counts is 1/(1 + 4 chi d^2) at a distance d, chi the fidelity susceptibility, which the sweep gives for every point:
//   chi = Re(<D* D> - <D*><D>), D = d ln psi / dg,
// D by a symmetric difference of the network's own coupling, the mean field it starts from included (Rende et al., arXiv 2502.09488, with D
// conjugated).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/stages/measure.h"
#include "engine/stages/stage.h"

namespace qs {

struct SweepOptions {
  SamplerOptions sampler;
  double least_effective = 0.2;  // share of another point's samples that must count
};

// The family of the stage has one coupling that varies, and grows from point to point.
class SweepStage : public Stage {
 public:
  // `shifted`: problems 2p and 2p + 1 are point p with its coupling lowered and raised by `shift`.
  SweepStage(SweepOptions options, StageContext context, ProblemFamily shifted, double shift);
  // At most an anchor to each point; it ends when all points are covered.
  std::int64_t steps() const override { return context_.family.size(); }
  std::vector<std::string> trace_columns() const override { return {"step", "anchor", "points"}; }
  void begin(RunState& state) override;
  StepOutcome step(RunState& state) override;
  void save(RunState& state) override;
  std::vector<std::string> finish(RunState& state) override;

 private:
  // Of a point; errors are 0 for exact sums.
  struct Point {
    double energy = 0, error = 0, variance = 0, rhat = 0;
    double effective = 0;  // share of its anchor's samples that count; 0: not covered yet
    double anchor = -1;    // number of the point whose samples these are
    double susceptibility = 0, susceptibility_error = 0;
    double fidelity = 0, fidelity_error = 0;  // |<psi_p|psi_p+1>|^2, both normalised; of the last point nothing
  };
  // As a checkpoint holds them.
  static constexpr double Point::*fields[] = {&Point::energy,    &Point::error,         &Point::variance,       &Point::rhat,
                                              &Point::effective, &Point::anchor,        &Point::susceptibility, &Point::susceptibility_error,
                                              &Point::fidelity,  &Point::fidelity_error};

  int next_anchor();
  // Covers the point from the anchor's samples; false if another anchor has served it better, or too few of the samples count.
  bool visit(int point, int anchor, const SampleSet& samples);
  const ProblemFamily& only(const ProblemFamily& family, int problem);
  std::vector<std::complex<double>> log_psi_of(const ProblemFamily& family, int problem, const ConfigurationBatch& rows);
  int covered() const;
  void describe_end(StepOutcome& outcome) const;

  SweepOptions options_;
  StageContext context_;
  ProblemFamily shifted_;
  double shift_;
  ProblemFamily one_;  // that psi is shown at the moment
  std::vector<Point> points_;
  int reach_ = 0;       // points that the last anchor covered on its right
  int attempted_ = -1;  // the first uncovered point when the last anchor was chosen
};

}  // namespace qs
