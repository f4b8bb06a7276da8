// Evaluates a wavefunction over batches of any size: whole chunks on threads. Chunk boundaries depend on the batch alone.
#pragma once

#include <complex>
#include <span>
#include <vector>

#include "engine/wavefunctions/wavefunction.h"

namespace qs {

// out[i] = log psi(row i).
void log_psi(const Wavefunction& psi, const ConfigurationBatch& batch, std::span<std::complex<double>> out);
std::vector<std::complex<double>> log_psi(const Wavefunction& psi, const ConfigurationBatch& batch);

// The same where psi computes, chunk after chunk on the calling thread. `out` has room for whole chunks (rows_of_whole_chunks).
void log_psi_on_device(const Wavefunction& psi, const DeviceRows& rows, std::int64_t count, const DeviceLogPsi& out);
std::int64_t rows_of_whole_chunks(std::int64_t count, int chunk_rows);

// Sum over rows [first, first+count) as one partial: chunks in order, each chunk's partial added in order (fixed bits for fixed range).
// gradient [P] is overwritten.
void vjp(const Wavefunction& psi, const ConfigurationBatch& batch, std::int64_t first, std::int64_t count,
         std::span<const std::complex<double>> weight, std::span<double> gradient);

// Rows of the Jacobian for batch rows [first, first+count) into a row-major matrix with rows_per_sample * count rows of `row_stride`, where psi
// computes.
template <class Real>
void jacobian(const Wavefunction& psi, const ConfigurationBatch& batch, std::int64_t first, std::int64_t count, Real* rows, std::int64_t row_stride);

}  // namespace qs
