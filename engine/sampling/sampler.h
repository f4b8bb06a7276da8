// Samplers: Metropolis chains that persist from step to step, and the exact sum over small sectors. Both fill a SampleSet.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/comm/communicator.h"
#include "engine/sampling/moves.h"
#include "engine/sampling/sample_set.h"
#include "engine/wavefunctions/wavefunction.h"
#include "hamiltonians/problems.h"

namespace qs {

// What the chains of a projected psi follow: psi_s itself, with an evaluation for each coset of the group and proposal; or the network before it is
// projected, with one, and samples weighted by |psi_s|^2 over the mean of |psi|^2 over the group, which is at most d^2 (d: dimension of the irrep).
enum class Follow { projected, bare };

struct MetropolisOptions {
  std::vector<MoveOptions> moves;
  std::int64_t chains = 256;     // per problem
  std::int64_t samples = 1024;   // per problem and step; a multiple of chains
  std::int64_t sweep_size = 0;   // proposals per chain and sample; 0 = number of sites, of the largest lattice
  std::int64_t discard = 0;      // sweeps thrown away at the start of each step
  std::int64_t thermalise = 20;  // sweeps after a random start, before anybody looks whether the chains have settled
  // Chains follow |psi|^power, and samples carry weights ~ |psi|^(2 - power): below 2, states of small |psi| are visited more often, which lowers
  // the noise of the gradient and finds weight that |psi|^2 would not visit (Misery et al., "Looking elsewhere", 2025).
  double power = 2;
  // Replicas of each chain on |psi|^(power beta), which exchange states after every sweep; those of beta = 1 give the samples. One: no tempering.
  std::vector<double> tempering = {1.0};
  Follow follow = Follow::projected;
};

// How chains are read, in sweeps.
struct Reading {
  std::int64_t discard = 0;  // thrown away first
  std::int64_t samples_per_chain = 1;
  std::int64_t stride = 1;  // before each sample
};

// Since the start of the last reading, over all ranks; of tempered chains the replicas of beta = 1.
struct Acceptance {
  std::vector<std::int64_t> proposed, accepted;            // [problems]
  std::vector<std::int64_t> invalid;                       // [problems]: exponents that are not a number, rejected and counted
  std::vector<std::int64_t> still;                         // [problems]: chains that made proposals, none of which was accepted
  std::vector<std::string> moves;                          // names, in the order of the options
  std::vector<std::int64_t> move_proposed, move_accepted;  // [problems, moves]
  std::vector<std::int64_t> swap_proposed, swap_accepted;  // [problems, replicas - 1]: exchanges of states with the next replica
};

// accepted / proposed per problem, 0 before the first proposal.
std::vector<double> acceptance_ratios(const Acceptance& acceptance);

class Sampler {
 public:
  virtual ~Sampler() = default;
  virtual std::string kind() const = 0;  // "metropolis", "exact_sum"
  // Samples of |psi|^2 at psi's present parameters; chains go on from where the last call left them. Collective.
  // NumericalError (on every rank) for a chain or state whose log psi is not finite, naming rank, chain and problem.
  virtual SampleSet sample(const Wavefunction& psi) = 0;
  // The same, read otherwise than the options say; an exact sum has one way only.
  virtual SampleSet read(const Wavefunction& psi, const Reading& reading) = 0;
  virtual std::vector<double> acceptance(Communicator& comm) const = 0;  // per problem, of the last reading; empty for exact sums
  virtual Acceptance acceptance_counts(Communicator& comm) const = 0;    // the numbers behind it; collective, empty for exact sums
  // Global chain configurations for the checkpoint (collective, all ranks get them) and back, each with its replicas. Empty for an exact sum.
  virtual ConfigurationBatch gather_chains() const = 0;
  // The same without communication, for a state that never leaves this process.
  virtual ConfigurationBatch my_chains() const = 0;
  virtual void restore_mine(const ConfigurationBatch& my_chains, std::uint64_t proposals_done) = 0;
  virtual std::uint64_t proposals_done() const = 0;  // per chain since the random start: the RNG counter
  virtual void restore(const ConfigurationBatch& all_chains, std::uint64_t proposals_done) = 0;
};

// Metropolis-Hastings on |psi|^2: accept iff u < exp(2 [Re log psi(sigma') - Re log psi(sigma)] + L). The families and the communicator must outlive
// the sampler. key.stage distinguishes stages; streams are global chain numbers.
std::unique_ptr<Sampler> make_metropolis(const MetropolisOptions& options, const Problems& problems, Communicator& comm, RandomKey key);
// Bytes of the chains of rank 0 on a device where chunks have chunk_rows configurations; the device need not be there.
std::size_t metropolis_memory(const MetropolisOptions& options, const Problems& problems, int ranks, Device device, int chunk_rows);
// All basis states of all problems with weight |psi|^2 / sum: small sectors only.
std::unique_ptr<Sampler> make_exact_sum(const Problems& problems, Communicator& comm);

}  // namespace qs
