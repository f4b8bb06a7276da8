// The contract of every neural wavefunction. Batches only; every row is conditioned on its problem's features (couplings).
// Wavefunctions do not sample and know no Hamiltonian. Implementations are single-threaded per *chunk*; the batch functions
// of chunked.h are the only place that knows threads.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/wavefunctions/parameters.h"
#include "hamiltonians/configuration.h"
#include "hamiltonians/unit_cell.h"
#include "kernels/api/device.h"

namespace qs {

enum class Precision { float32, float64 };

// What a network must know about the systems it serves.
struct NetworkInput {
  int modes = 0;  // bits of a configuration
  int sites = 0;
  std::vector<int> lattice_size;              // cells per axis; empty: no axes (tilted torus, graph)
  int basis = 1;                              // sites per cell
  std::vector<std::string> feature_names;     // e.g. {"t", "V", "N"}; empty: no conditioning
  std::vector<std::vector<double>> features;  // [problems][features], raw values
  // [axes][sites]: where one cell's step along an axis of the lattice takes each site; of an axis with ends nothing. No axes: a graph.
  std::vector<std::vector<std::int32_t>> translations = {};
  std::vector<Vector3> positions = {};  // [sites], Cartesian; empty: a graph that says none
  std::vector<Vector3> periods = {};    // by which the lattice repeats along its closed axes
};

// How many real rows one sample contributes to the Jacobian: complex log psi -> 2 (Re, Im), real positive log psi -> 1.
enum class JacobianMode { complex_log, real_log };

// Bytes a wavefunction takes where it computes: its weights, and one chunk (activations, configurations, log psi) of each operation. A host thread
// keeps the largest chunk that it has computed.
struct WavefunctionMemory {
  int chunk_rows = 0;
  std::size_t weights = 0;  // at most: layers also keep the transposes of their kernels
  std::size_t log_psi_chunk = 0, vjp_chunk = 0, jacobian_chunk = 0;
};

// Where a wavefunction computes (kernels/api/memory.h): configurations and the problems they belong to; and Re and Im of log psi.
struct DeviceRows {
  const Word* bits;  // [count][words]
  int words;
  const std::int32_t* problem;  // [count]
};
struct DeviceLogPsi {
  double* re;
  double* im;
};

// Stateless description + packed weights. One chunk = up to chunk_rows() configurations.
class Wavefunction {
 public:
  virtual ~Wavefunction() = default;

  virtual std::string kind() const = 0;
  virtual const ParameterLayout& layout() const = 0;
  virtual JacobianMode jacobian_mode() const = 0;
  virtual Precision precision() const = 0;
  virtual Device device() const = 0;
  // What Markov chains follow: the same function, perhaps in a lower precision, with the same parameters and features. Samplers correct by weights.
  virtual const Wavefunction& for_chains() const { return *this; }

  // Initial parameters [P]; draw k of slice s uses stream s, step k of `key`.
  virtual std::vector<double> initial_parameters(RandomKey key) const = 0;
  // Packs `parameters` [P] for the device. Must be called before any evaluation.
  virtual void set_parameters(std::span<const double> parameters) = 0;
  // Replaces the table of features (a stage may train another family); shape [problems][features].
  virtual void set_features(const std::vector<std::vector<double>>& features) = 0;

  // Rows [first, first + count) of the batch, count <= chunk_rows(). The result of a row does not depend on its neighbours.
  virtual int chunk_rows() const = 0;
  virtual void log_psi_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, std::complex<double>* out) const = 0;
  // The same bits without a copy between host and device: rows and log psi lie where psi computes. Of `out`, the first `count` values have a
  // meaning, and up to chunk_rows() are overwritten. Problems are those of set_features, unchecked.
  virtual void log_psi_on_device(const DeviceRows& rows, int count, const DeviceLogPsi& out) const = 0;
  // gradient[k] += sum_i Re(conj(weight_i) d log psi_i / d theta_k), gradient [P]. Any count: chunk after chunk into one sum of the network's type,
  // which is then added in float64. A call should cover a few chunks, to share the cost of that addition among them; its rounding grows with their
  // number.
  virtual void vjp_chunks(const ConfigurationBatch& batch, std::int64_t first, std::int64_t count, const std::complex<double>* weight,
                          double* gradient) const = 0;
  // Rows of the Jacobian d log psi_i / d theta_k: sample i of the chunk fills rows (2i, 2i+1) = (Re, Im) of `rows` in complex mode, row i = Re
  // in real mode, `row_stride` values apart, on the device. The type follows precision(): calling the other overload is an internal error.
  virtual void jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, float* rows, std::int64_t row_stride) const = 0;
  virtual void jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, double* rows, std::int64_t row_stride) const = 0;

  virtual double flops_per_evaluation() const = 0;  // one log psi, multiply-adds counted as 2
  // On a device that this object need not be on, nor the machine have.
  virtual WavefunctionMemory memory_on(Device device) const = 0;
};

int rows_per_sample(JacobianMode mode);

}  // namespace qs
