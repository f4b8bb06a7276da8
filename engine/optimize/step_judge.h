// What a trial step is judged by: the loss that it is meant to lower, predicted from its direction and measured at the parameters it leads to.
// Optimizers ask; stages know whether the loss is an energy or an infidelity, summed exactly or sampled.
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace qs {

// The loss along u - eta delta, delta the change of the normalised state u in its tangent space, for every problem: (loss - 2 eta a + eta^2 b) /
// (1 + eta^2 c). For an energy that is the Rayleigh quotient, a = Re<u|H|delta>, b = <delta|H|delta>, c = <delta|delta>; for the infidelity to phi,
// a = -Re(conj<u|phi> <delta|phi>), b = c - |<delta|phi>|^2. Every eta for free, and exact but for how psi bends with its parameters.
class TangentModel {
 public:
  struct Problem {
    double loss = 0, a = 0, b = 0, c = 0;
  };
  explicit TangentModel(std::vector<Problem> problems) : problems_(std::move(problems)) {}

  // Mean over the problems of loss - loss(eta).
  double decrease(double eta) const;
  // The first minimum of the mean loss on (0, limit]; limit if there is none before.
  double minimum(double limit) const;

 private:
  double slope(double eta) const;
  std::vector<Problem> problems_;
};

struct Achieved {
  double decrease = 0;   // of the mean loss; not finite if psi or its ratios overflowed at the trial's parameters
  double error = 0;      // standard error of the decrease; 0 if the loss is summed exactly
  double effective = 1;  // effective sample size of the reweighting / samples
};

// exact: the whole sector; drawn: the loss of rows that were drawn at random, known exactly; sampled: with a statistical error.
enum class Evidence { exact, drawn, sampled };

class StepJudge {
 public:
  virtual ~StepJudge() = default;
  virtual Evidence evidence() const = 0;
  // The mean loss at the present parameters.
  virtual double loss() const = 0;
  // Rounding of a difference of two losses.
  virtual double tolerance() const = 0;
  // image: X d of all rows (optimizer.h). Nothing where the model would need states that were not sampled. Collective, as all below.
  virtual std::optional<TangentModel> model(std::span<const double> image) = 0;
  // At other parameters; the wavefunction has its own again afterwards.
  virtual Achieved achieved(std::span<const double> parameters) = 0;
  // Fubini-Study length of the way to other parameters, root mean square over the problems; infinite if psi is not finite there.
  virtual double distance(std::span<const double> parameters) = 0;
};

}  // namespace qs
