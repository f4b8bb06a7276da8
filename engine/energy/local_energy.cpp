#include "engine/energy/local_energy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "engine/base/parallel.h"
#include "engine/energy/connected_on_device.h"
#include "engine/wavefunctions/chunked.h"
#include "engine/wavefunctions/log_psi.h"
#include "kernels/api/memory.h"

namespace qs {
namespace {

using Complex = std::complex<double>;

// Connected rows evaluated together: enough chunks for all threads, a few MB whatever the number of samples.
constexpr std::int64_t connected_rows = 65536;
constexpr std::int64_t rows_per_task = 16;

// psi'/psi; 0 for psi' = 0, whatever the phase is.
Complex ratio(Complex log_psi_prime, Complex log_psi) { return is_zero(log_psi_prime) ? Complex(0) : std::exp(log_psi_prime - log_psi); }

// The connected configurations of `rows_per_task` samples. Scalar is double for real operators, else complex.
template <class Scalar>
struct ConnectedRows {
  std::vector<Word> bits;
  std::vector<Scalar> elements;
  std::vector<int> count;  // per sample
};

template <class Scalar>
void connect(const TermTable& op, const std::vector<std::vector<double>>& couplings, const SampleSet& samples, std::int64_t begin, std::int64_t end,
             ConnectedRows<Scalar>& out) {
  out.bits.clear();
  out.elements.clear();
  out.count.clear();
  for (std::int64_t i = begin; i < end; ++i) {
    // A sample with psi = 0 has weight 0 (exact sums only): its ratio has no value and is not needed.
    const bool skip = is_zero(samples.log_psi[i]);
    out.count.push_back(skip ? 0 : op.connected(samples.rows.row(i), couplings[samples.rows.problem[i]].data(), out.bits, out.elements));
  }
}

// All tasks' connected rows in one batch, each with its sample's problem.
template <class Scalar>
ConfigurationBatch concatenate(const std::vector<ConnectedRows<Scalar>>& tasks, std::int64_t used, const SampleSet& samples, std::int64_t first) {
  ConfigurationBatch batch(samples.rows.modes, 0);
  for (std::int64_t t = 0; t < used; ++t) {
    batch.bits.insert(batch.bits.end(), tasks[t].bits.begin(), tasks[t].bits.end());
    for (std::size_t i = 0; i < tasks[t].count.size(); ++i) {
      batch.problem.insert(batch.problem.end(), tasks[t].count[i], samples.rows.problem[first + t * rows_per_task + static_cast<std::int64_t>(i)]);
    }
  }
  return batch;
}

// Off-diagonal elements of all rows, listed on the host.
template <class Scalar>
void add_connected(const TermTable& op, const std::vector<std::vector<double>>& couplings, const Wavefunction& psi, const SampleSet& samples,
                   std::vector<Complex>& estimate) {
  const std::int64_t rows = samples.rows.rows();
  // A row has at most op.groups() connected ones, which bounds the memory of a window.
  const std::int64_t tasks_per_window = std::max<std::int64_t>(1, connected_rows / std::max<std::int64_t>(1, op.groups() * rows_per_task));
  const std::int64_t window = tasks_per_window * rows_per_task;
  std::vector<ConnectedRows<Scalar>> tasks(tasks_per_window);
  for (std::int64_t first = 0; first < rows; first += window) {
    const std::int64_t last = std::min(rows, first + window);
    const std::int64_t used = (last - first + rows_per_task - 1) / rows_per_task;
    parallel_for(used, [&](std::int64_t t) {
      const std::int64_t begin = first + t * rows_per_task;
      connect(op, couplings, samples, begin, std::min(last, begin + rows_per_task), tasks[t]);
    });
    const std::vector<Complex> log_psi_prime = log_psi(psi, concatenate(tasks, used, samples, first));
    std::int64_t next = 0, row = first;
    for (std::int64_t t = 0; t < used; ++t) {
      std::size_t element = 0;
      for (int count : tasks[t].count) {
        for (int k = 0; k < count; ++k) estimate[row] += tasks[t].elements[element++] * ratio(log_psi_prime[next++], samples.log_psi[row]);
        ++row;
      }
    }
  }
}

}  // namespace

std::vector<std::vector<double>> couplings_of(const ProblemFamily& family) {
  std::vector<std::vector<double>> couplings;
  for (const Problem& problem : family.problems) couplings.push_back(problem.couplings);
  return couplings;
}

std::vector<Complex> local_estimates(const TermTable& op, const std::vector<std::vector<double>>& couplings, const Wavefunction& psi,
                                     const SampleSet& samples) {
  QS_ASSERT(op.modes() == samples.rows.modes && static_cast<int>(couplings.size()) == samples.problems);
  const std::int64_t rows = samples.rows.rows();
  std::vector<Complex> estimate(rows);
  for (std::int64_t i = 0; i < rows; ++i) estimate[i] = op.diagonal(samples.rows.row(i), couplings[samples.rows.problem[i]].data());

  if (!kernels::shares_host_memory(psi.device())) {
    add_connected_on_device(op, couplings, psi, samples, estimate);
  } else if (op.is_real()) {
    add_connected<double>(op, couplings, psi, samples, estimate);
  } else {
    add_connected<Complex>(op, couplings, psi, samples, estimate);
  }
  return estimate;
}

std::vector<Complex> local_energies(const ProblemFamily& family, const Wavefunction& psi, const SampleSet& samples) {
  return local_estimates(family.table, couplings_of(family), psi, samples);
}

namespace {

// First basis state of every problem among those of all problems, and their number behind.
std::vector<std::int64_t> basis_offsets(const ProblemFamily& family) {
  std::vector<std::int64_t> offset{0};
  for (const Problem& problem : family.problems) offset.push_back(offset.back() + problem.sector.dimension());
  return offset;
}

// value(i) for every one of my rows, on threads.
template <class Value>
std::vector<Complex> for_rows(const SampleSet& samples, const Value& value) {
  constexpr std::int64_t states_per_task = 1024;
  const std::int64_t rows = samples.rows.rows();
  std::vector<Complex> values(rows);
  parallel_for((rows + states_per_task - 1) / states_per_task, [&](std::int64_t task) {
    const std::int64_t end = std::min(rows, (task + 1) * states_per_task);
    for (std::int64_t i = task * states_per_task; i < end; ++i) values[i] = value(i);
  });
  return values;
}

}  // namespace

std::vector<Complex> local_estimates_exact(Communicator& comm, const TermTable& op, const std::vector<std::vector<double>>& couplings,
                                           const ProblemFamily& family, const SampleSet& samples) {
  QS_ASSERT(!samples.markov && static_cast<int>(couplings.size()) == family.size());
  const std::vector<Complex> all = gather_rows(comm, samples.log_psi);
  const std::vector<std::int64_t> offset = basis_offsets(family);
  QS_ASSERT(offset.back() == static_cast<std::int64_t>(all.size()));
  std::vector<Complex> estimate;
  on_all(comm, [&] {
    estimate = for_rows(samples, [&](std::int64_t i) {
      const int g = samples.rows.problem[i];
      const Complex here = samples.log_psi[i];
      Complex sum = op.diagonal(samples.rows.row(i), couplings[g].data());
      if (is_zero(here)) return sum;
      op.for_each_connected(*samples.rows.row(i), couplings[g].data(), [&](Word connected, auto element) {
        sum += element * ratio(all[offset[g] + family.problems[g].sector.index(connected)], here);
      });
      return sum;
    });
  });
  return estimate;
}

std::vector<Complex> apply_exact(const TermTable& op, const std::vector<std::vector<double>>& couplings, const ProblemFamily& family,
                                 const SampleSet& samples, std::span<const Complex> x) {
  QS_ASSERT(!samples.markov && static_cast<int>(couplings.size()) == family.size());
  const std::vector<std::int64_t> offset = basis_offsets(family);
  QS_ASSERT(offset.back() == static_cast<std::int64_t>(x.size()));
  return for_rows(samples, [&](std::int64_t i) {
    const int g = samples.rows.problem[i];
    const Sector& sector = family.problems[g].sector;
    const Complex* mine = x.data() + offset[g];
    Complex sum = op.diagonal(samples.rows.row(i), couplings[g].data()) * mine[sector.index(*samples.rows.row(i))];
    op.for_each_connected(*samples.rows.row(i), couplings[g].data(),
                          [&](Word connected, auto element) { sum += element * mine[sector.index(connected)]; });
    return sum;
  });
}

}  // namespace qs
