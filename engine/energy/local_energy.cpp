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

std::vector<std::vector<double>> couplings_of(const Problems& problems) {
  std::vector<std::vector<double>> couplings;
  for (const ProblemFamily* family : problems.families()) {
    for (const Problem& problem : family->problems) couplings.push_back(problem.couplings);
  }
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

// Rows of one lattice after those of another, each in the words of its own table; problems keep their numbers.
std::vector<Complex> local_energies(const Problems& problems, const Wavefunction& psi, const SampleSet& samples) {
  const std::vector<std::vector<double>> couplings = couplings_of(problems);
  if (problems.on_one_lattice()) return local_estimates(problems.family_of(0).table, couplings, psi, samples);
  std::vector<Complex> energy;
  for (std::int64_t begin = 0, end = 0; begin < samples.rows.rows(); begin = end) {
    const ProblemFamily& family = problems.family_of(samples.rows.problem[begin]);
    SampleSet part{.rows = ConfigurationBatch(family.modes(), 0), .log_psi = {}, .weight = {}, .block_begin = {}, .blocks = samples.blocks};
    part.problems = samples.problems;
    for (; end < samples.rows.rows() && &problems.family_of(samples.rows.problem[end]) == &family; ++end) {
      part.rows.push_back(samples.rows.row(end), samples.rows.problem[end]);
      part.log_psi.push_back(samples.log_psi[end]);
    }
    const std::vector<Complex> mine = local_estimates(family.table, couplings, psi, part);
    energy.insert(energy.end(), mine.begin(), mine.end());
  }
  return energy;
}

namespace {

// First basis state of every problem among those of all problems, and their number behind.
std::vector<std::int64_t> basis_offsets(const Problems& problems) {
  std::vector<std::int64_t> offset{0};
  for (int g = 0; g < problems.size(); ++g) offset.push_back(offset.back() + problems[g].sector.dimension());
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

// table(g): the operator in problem g.
template <class Table>
std::vector<Complex> look_up_estimates(Communicator& comm, const Table& table, const std::vector<std::vector<double>>& couplings,
                                       const Problems& problems, const SampleSet& samples) {
  QS_ASSERT(!samples.markov && static_cast<int>(couplings.size()) == problems.size());
  const std::vector<Complex> all = gather_rows(comm, samples.log_psi);
  const std::vector<std::int64_t> offset = basis_offsets(problems);
  QS_ASSERT(offset.back() == static_cast<std::int64_t>(all.size()));
  std::vector<Complex> estimate;
  on_all(comm, [&] {
    estimate = for_rows(samples, [&](std::int64_t i) {
      const int g = samples.rows.problem[i];
      const TermTable& op = table(g);
      const Complex here = samples.log_psi[i];
      Complex sum = op.diagonal(samples.rows.row(i), couplings[g].data());
      if (is_zero(here)) return sum;
      op.for_each_connected(*samples.rows.row(i), couplings[g].data(), [&](Word connected, auto element) {
        sum += element * ratio(all[offset[g] + problems[g].sector.index(connected)], here);
      });
      return sum;
    });
  });
  return estimate;
}

template <class Table>
std::vector<Complex> apply_tables(const Table& table, const std::vector<std::vector<double>>& couplings, const Problems& problems,
                                  const SampleSet& samples, std::span<const Complex> x) {
  QS_ASSERT(!samples.markov && static_cast<int>(couplings.size()) == problems.size());
  const std::vector<std::int64_t> offset = basis_offsets(problems);
  QS_ASSERT(offset.back() == static_cast<std::int64_t>(x.size()));
  return for_rows(samples, [&](std::int64_t i) {
    const int g = samples.rows.problem[i];
    const TermTable& op = table(g);
    const Sector& sector = problems[g].sector;
    const Complex* mine = x.data() + offset[g];
    Complex sum = op.diagonal(samples.rows.row(i), couplings[g].data()) * mine[sector.index(*samples.rows.row(i))];
    op.for_each_connected(*samples.rows.row(i), couplings[g].data(),
                          [&](Word connected, auto element) { sum += element * mine[sector.index(connected)]; });
    return sum;
  });
}

}  // namespace

std::vector<Complex> local_estimates_exact(Communicator& comm, const TermTable& op, const std::vector<std::vector<double>>& couplings,
                                           const ProblemFamily& family, const SampleSet& samples) {
  return look_up_estimates(
      comm, [&](int) -> const TermTable& { return op; }, couplings, family, samples);
}

std::vector<Complex> local_energies_exact(Communicator& comm, const Problems& problems, const SampleSet& samples) {
  const auto table = [&](int g) -> const TermTable& { return problems.family_of(g).table; };
  return look_up_estimates(comm, table, couplings_of(problems), problems, samples);
}

std::vector<Complex> apply_exact(const TermTable& op, const std::vector<std::vector<double>>& couplings, const ProblemFamily& family,
                                 const SampleSet& samples, std::span<const Complex> x) {
  return apply_tables([&](int) -> const TermTable& { return op; }, couplings, family, samples, x);
}

std::vector<Complex> apply_hamiltonian_exact(const Problems& problems, const SampleSet& samples, std::span<const Complex> x) {
  const auto table = [&](int g) -> const TermTable& { return problems.family_of(g).table; };
  return apply_tables(table, couplings_of(problems), problems, samples, x);
}

}  // namespace qs
