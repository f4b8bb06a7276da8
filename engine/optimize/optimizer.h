// (derivatives, residuals) -> direction. Optimizers see neither the Hamiltonian nor the wavefunction's kind.
//
// Loss = (1/G) sum_g L_g. For every row i of problem g with weight w_i (sum 1 per problem) the residual eps_i is complex and centred,
// sum_i w_i eps_i = 0; the gradient is grad = 2 Re sum_i (w_i / G) conj(O_i - <O>_g) eps_i. For energies eps = E_loc - <E_loc>.
// X = sqrt(w_i/G) (O_i - <O>_g), v = 2 sqrt(w_i/G) eps_i, two real rows per sample (Re, Im) interleaved in complex mode: X^T v = grad.
#pragma once

#include <complex>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/optimize/trust_region.h"
#include "engine/sampling/sample_set.h"
#include "engine/statistics/phase_clock.h"
#include "engine/wavefunctions/wavefunction.h"
#include "kernels/api/device.h"

namespace qs {

enum class OptimizerKind { adamw, muon, sgd, sr, minsr, natural };  // natural: SR or minSR by shape (SR iff P <= rows of X)

// Whether a kind solves with the metric of all rows (SR in either shape), for which it forms their derivatives; others take the gradient alone.
constexpr bool is_natural(OptimizerKind kind) { return kind == OptimizerKind::sr || kind == OptimizerKind::minsr || kind == OptimizerKind::natural; }

// What the diagonal shift damps: every parameter alike, or each in proportion to what it does to the state (parameter_scales.h).
enum class Damping { uniform, scaled };

struct Schedule {  // value(step): `from` moving geometrically to `to` over `steps`, then constant. Constant if steps == 0.
  double from = 0, to = 0;
  std::int64_t steps = 0;
  double at(std::int64_t step) const;
  double last() const { return steps > 0 ? to : from; }
};

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::natural;
  Schedule lr{0.01, 0.01, 0};
  Schedule diag_shift{1e-3, 1e-3, 0};
  Control control = Control::adaptive;  // adaptive: rates are upper bounds; damping starts at diag_shift.from, and stays above its last value
  Damping damping = Damping::uniform;
  double momentum = 0;                                                  // mu of SPRING or Muon
  double norm_constraint = 0;                                           // C of SPRING: theta -= d min(lr, sqrt(C)/|d|); 0 = off
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;  // AdamW, Muon
  int parameter_blocks = 1;                                             // minSR: blocks of parameters whose derivatives are formed in turn
  Device device = Device::cpu;                                          // of the matrix products and the solve
};

// Everything that must survive a kill, by name ("momentum", "adam_m", ...), and the count of updates done.
struct OptimizerState {
  std::int64_t updates = 0;
  std::map<std::string, std::vector<double>> buffers;
};

struct StepReport {
  double gradient_norm = 0;
  double direction_norm = 0;  // of d before the step size
  double step_size = 0;       // learning rate, or less under the norm constraint and in the trust region; 0: no step was taken
  double diag_shift = 0;      // the shift that was solved with, after raising
  int solver_rung = 0;        // 0: none (AdamW, Muon), 1: Cholesky, 2: eigen-decomposition, 3+: raised shift
  double smallest_pivot = 0;  // Cholesky: smallest L_kk^2; eigen-decomposition: smallest eigenvalue
  double residual = 0;        // |A y - b| / |b| of the linear system
  // Adaptive steps only.
  double length = 0;                                        // s, of trust_region.h
  double ratio = std::numeric_limits<double>::quiet_NaN();  // achieved / predicted decrease of the loss, where it can be told
  int trials = 0;                                           // steps that were tried
  StepScale scale = {};                                     // for the next step
};

// The rows a direction is made from; Jacobian rows are formed only by optimizers that need them.
struct Tangent {
  const Wavefunction& psi;
  const SampleSet& samples;
  Communicator& comm;
  PhaseClock* clock = nullptr;  // phases of an update: derivatives, gram, solve, orthogonalise, judge
  StepJudge* judge = nullptr;   // of trial steps: needed by adaptive control
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // New parameters = old - step; `residual` [my rows]. Updates state. Every rank returns the same bits. Throws NumericalError when every rung fails.
  virtual StepReport update(const Tangent& tangent, std::span<const std::complex<double>> residual, std::vector<double>& parameters) = 0;
  virtual const OptimizerState& state() const = 0;
  virtual void restore(OptimizerState state) = 0;
  // After restore(), when the run was rolled back: shorter steps from here on, and no SPRING momentum.
  virtual void soften() = 0;
};

// InputError (without location) for more blocks than parameters.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::int64_t parameters);

}  // namespace qs
