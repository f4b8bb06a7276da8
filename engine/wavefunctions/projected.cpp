#include "engine/wavefunctions/projected.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <type_traits>
#include <utility>

#include "engine/base/error.h"
#include "engine/wavefunctions/chunked.h"
#include "kernels/api/memory.h"

namespace qs {
namespace {

using Complex = std::complex<double>;
constexpr double zero_log = -std::numeric_limits<double>::infinity();
// A sum that cancels to less than this share of its terms is rounding.
constexpr double cancelled = 1e-11;
constexpr double vanishing = 1e-12;             // of a sum of characters, which is 0 or of the order of 1/|G|
constexpr std::int64_t images_at_once = 65536;  // a few MB, and chunks for all threads

// sum c_i psi_i = exp(scale) value, sum |c_i psi_i| = exp(scale) magnitude.
struct ScaledSum {
  double scale;
  Complex value;
  double magnitude;
};

ScaledSum scaled_sum(const Complex* coefficient, const Complex* log_psi, std::int64_t count) {
  ScaledSum sum{zero_log, 0, 0};
  for (std::int64_t i = 0; i < count; ++i) sum.scale = std::max(sum.scale, log_psi[i].real());
  for (std::int64_t i = 0; i < count; ++i) {
    if (log_psi[i].real() == zero_log) continue;
    const Complex term = coefficient[i] * std::exp(log_psi[i] - sum.scale);
    sum.value += term;
    sum.magnitude += std::abs(term);
  }
  if (std::abs(sum.value) < cancelled * sum.magnitude) sum.value = 0;
  return sum;
}

Complex log_of(const ScaledSum& sum) { return sum.value == 0.0 ? Complex(zero_log, 0) : sum.scale + std::log(sum.value); }

// The images of a permutation under those that the network does not see, in a fixed order: all that the permutations generate, applied last.
std::vector<int> representative(const std::vector<int>& image, const std::vector<std::vector<int>>& invariances) {
  std::vector<std::vector<int>> orbit = {image};
  for (std::size_t next = 0; next < orbit.size(); ++next) {
    for (const std::vector<int>& map : invariances) {
      std::vector<int> moved = orbit[next];
      for (int& mode : moved) mode = map[mode];
      if (std::find(orbit.begin(), orbit.end(), moved) == orbit.end()) orbit.push_back(std::move(moved));
    }
  }
  return *std::min_element(orbit.begin(), orbit.end());
}

// Whether the sign is the same on all configurations.
bool has_plain_sign(const StateMap& map) {
  return map.statistics == Statistics::bosons && std::all_of(map.sign_modes.begin(), map.sign_modes.end(), [](Word word) { return word == 0; });
}

}  // namespace

Projected::Projected(std::unique_ptr<Wavefunction> bare, std::shared_ptr<const SymmetrySector> symmetry,
                     const std::vector<std::vector<int>>& invariances)
    : bare_(std::move(bare)), symmetry_(std::move(symmetry)) {
  const auto& elements = symmetry_->elements();
  const double scale = double(symmetry_->dimension()) / double(symmetry_->order());
  std::map<std::pair<Bits, std::vector<int>>, std::size_t> known;
  for (std::int64_t h = 0; h < symmetry_->order(); ++h) {
    const StateMap& map = elements[h].map;
    const auto [found, fresh] = known.emplace(std::pair(map.bits, representative(map.image, invariances)), cosets_.size());
    if (fresh) cosets_.emplace_back();
    cosets_[found->second].elements.push_back(h);
    cosets_[found->second].coefficients.push_back(scale * elements[h].character);
  }
  // Where no sign depends on sigma, a coset has one coefficient; else it stays in the sum unless all its characters are zero.
  for (Coset& coset : cosets_) {
    const auto map_of = [&](std::int64_t h) -> const StateMap& { return elements[h].map; };
    if (!std::all_of(coset.elements.begin(), coset.elements.end(), [&](std::int64_t h) { return has_plain_sign(map_of(h)); })) continue;
    Complex sum = 0;
    for (std::size_t k = 0; k < coset.elements.size(); ++k) sum += map_of(coset.elements[k]).constant * coset.coefficients[k];
    coset = {{coset.elements.front()}, {sum * map_of(coset.elements.front()).constant}};
  }
  const auto takes_part = [](const Coset& coset) {
    return std::any_of(coset.coefficients.begin(), coset.coefficients.end(), [](Complex value) { return std::abs(value) > vanishing; });
  };
  summed_ = std::stable_partition(cosets_.begin(), cosets_.end(), takes_part) - cosets_.begin();
  if (summed_ == 0)
    throw SymmetryError("momentum",
                        "needs patch shifts that the network cannot carry: it does not change when configurations are moved by a patch, "
                        "so its projection on " +
                            symmetry_->describe() +
                            " is zero; choose a patch whose shifts the wave vector leaves alone, or a network without this symmetry");
}

JacobianMode Projected::jacobian_mode() const {
  return bare_->jacobian_mode() == JacobianMode::real_log && symmetry_->real() ? JacobianMode::real_log : JacobianMode::complex_log;
}

Complex Projected::coefficient_at(const Coset& coset, const Word* sigma, Word* image) const {
  const int words = words_for(symmetry_->elements().front().map.modes());
  std::array<Word, 16> small;
  std::vector<Word> large(words > 16 ? words : 0);
  Word* other = words > 16 ? large.data() : small.data();
  Complex sum = 0;
  for (std::size_t k = 0; k < coset.elements.size(); ++k)
    sum += symmetry_->apply(coset.elements[k], sigma, k == 0 ? image : other) * coset.coefficients[k];
  return sum;
}

auto Projected::images_of(const ConfigurationBatch& batch, std::int64_t first, std::int64_t count) const -> Images {
  Images images{ConfigurationBatch(batch.modes, 0), {}, {0}};
  std::vector<Word> image(batch.words);
  for (std::int64_t i = first; i < first + count; ++i) {
    if (symmetry_->stabiliser(batch.row(i)) != 0) {
      for (std::size_t c = 0; c < summed_; ++c) {
        const Complex coefficient = coefficient_at(cosets_[c], batch.row(i), image.data());
        if (std::abs(coefficient) <= vanishing) continue;
        images.coefficient.push_back(coefficient);
        images.rows.push_back(image.data(), batch.problem[i]);
      }
    }
    images.begin.push_back(images.rows.rows());
  }
  return images;
}

std::vector<Complex> Projected::bare_log_psi(const ConfigurationBatch& rows) const {
  std::vector<Complex> out(rows.rows());
  const int most = bare_->chunk_rows();
  for (std::int64_t at = 0; at < rows.rows(); at += most)
    bare_->log_psi_chunk(rows, at, static_cast<int>(std::min<std::int64_t>(most, rows.rows() - at)), out.data() + at);
  return out;
}

void Projected::log_psi_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, Complex* out) const {
  const Images images = images_of(batch, first, count);
  const std::vector<Complex> log_psi = bare_log_psi(images.rows);
  for (int i = 0; i < count; ++i) {
    const std::int64_t begin = images.begin[i];
    out[i] = log_of(scaled_sum(images.coefficient.data() + begin, log_psi.data() + begin, images.begin[i + 1] - begin));
  }
}

void Projected::log_psi_on_device(const DeviceRows& rows, int count, const DeviceLogPsi& out) const {
  QS_ASSERT(kernels::shares_host_memory(device()));
  ConfigurationBatch batch(symmetry_->elements().front().map.modes(), 0);
  QS_ASSERT(batch.words == rows.words);
  for (int i = 0; i < count; ++i) batch.push_back(rows.bits + std::int64_t(i) * rows.words, rows.problem[i]);
  std::vector<Complex> log_psi(count);
  log_psi_chunk(batch, 0, count, log_psi.data());
  for (int i = 0; i < count; ++i) {
    out.re[i] = log_psi[i].real();
    out.im[i] = log_psi[i].imag();
  }
}

std::vector<Complex> Projected::shares(const Images& images) const {
  const std::vector<Complex> log_psi = bare_log_psi(images.rows);
  std::vector<Complex> share(log_psi.size());
  for (std::size_t i = 0; i + 1 < images.begin.size(); ++i) {
    const std::int64_t begin = images.begin[i], end = images.begin[i + 1];
    const ScaledSum sum = scaled_sum(images.coefficient.data() + begin, log_psi.data() + begin, end - begin);
    if (sum.value == 0.0) continue;
    for (std::int64_t k = begin; k < end; ++k)
      if (log_psi[k].real() != zero_log) share[k] = images.coefficient[k] * std::exp(log_psi[k] - sum.scale) / sum.value;
  }
  return share;
}

std::vector<Projected::Inside> Projected::inside(const ConfigurationBatch& batch, double power) const {
  std::vector<Inside> all;
  const std::int64_t window = std::max<std::int64_t>(1, images_at_once / static_cast<std::int64_t>(cosets_.size()));
  for (std::int64_t first = 0; first < batch.rows(); first += window) {
    const std::vector<Inside> some = inside_window(batch, first, std::min(window, batch.rows() - first), power);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

std::vector<Projected::Inside> Projected::inside_window(const ConfigurationBatch& batch, std::int64_t first, std::int64_t count, double power) const {
  ConfigurationBatch images(batch.modes, 0);
  std::vector<Complex> coefficient;
  std::vector<Word> image(batch.words);
  for (std::int64_t i = first; i < first + count; ++i) {
    for (const Coset& coset : cosets_) {
      coefficient.push_back(coefficient_at(coset, batch.row(i), image.data()));
      images.push_back(image.data(), batch.problem[i]);
    }
  }
  const std::vector<Complex> log_psi = qs::log_psi(*bare_, images);
  const auto cosets = static_cast<std::int64_t>(cosets_.size());
  std::vector<Inside> rows(count);
  for (std::int64_t i = 0; i < count; ++i) {
    const ScaledSum sum = scaled_sum(coefficient.data() + i * cosets, log_psi.data() + i * cosets, cosets);
    rows[i].allowed = symmetry_->stabiliser(batch.row(first + i)) != 0;
    rows[i].kappa = rows[i].allowed && sum.magnitude > 0 ? std::abs(sum.value) / sum.magnitude : 0;
    double mean = 0;  // all cosets have as many elements
    for (std::int64_t c = 0; c < cosets; ++c) mean += std::exp(power * (log_psi[i * cosets + c].real() - sum.scale)) / double(cosets);
    rows[i].log_mean = power * sum.scale + std::log(mean);
  }
  return rows;
}

void Projected::vjp_chunks(const ConfigurationBatch& batch, std::int64_t first, std::int64_t count, const Complex* weight, double* gradient) const {
  const std::int64_t piece = chunk_rows();
  for (std::int64_t at = 0; at < count; at += piece) {
    const std::int64_t rows = std::min(piece, count - at);
    const Images images = images_of(batch, first + at, rows);
    std::vector<Complex> cotangent = shares(images);
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t k = images.begin[i]; k < images.begin[i + 1]; ++k) cotangent[k] = weight[at + i] * std::conj(cotangent[k]);
    if (!cotangent.empty()) bare_->vjp_chunks(images.rows, 0, images.rows.rows(), cotangent.data(), gradient);
  }
}

// Re(p O) and Im(p O) are the products of O with the cotangents conj(p) and i conj(p).
template <class Real>
void Projected::jacobian_rows(const ConfigurationBatch& batch, std::int64_t first, int count, Real* rows, std::int64_t row_stride) const {
  const std::int64_t total = layout().total;
  const int parts = rows_per_sample(jacobian_mode());
  const Images images = images_of(batch, first, count);
  const std::vector<Complex> share = shares(images);
  std::vector<double> sum(total);
  std::vector<Real> row(total);
  std::vector<Complex> cotangent;
  for (int i = 0; i < count; ++i) {
    const std::int64_t begin = images.begin[i], terms = images.begin[i + 1] - begin;
    for (int part = 0; part < parts; ++part) {
      std::fill(sum.begin(), sum.end(), 0.0);
      cotangent.clear();
      for (std::int64_t k = begin; k < begin + terms; ++k) cotangent.push_back((part == 0 ? Complex(1, 0) : Complex(0, 1)) * std::conj(share[k]));
      if (terms > 0) bare_->vjp_chunks(images.rows, begin, terms, cotangent.data(), sum.data());
      std::transform(sum.begin(), sum.end(), row.begin(), [](double value) { return static_cast<Real>(value); });
      kernels::upload(device(), rows + (std::int64_t(i) * parts + part) * row_stride, row.data(), total * sizeof(Real));
    }
  }
}

void Projected::jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, float* rows, std::int64_t row_stride) const {
  QS_ASSERT(precision() == Precision::float32);
  jacobian_rows(batch, first, count, rows, row_stride);
}

void Projected::jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, double* rows, std::int64_t row_stride) const {
  QS_ASSERT(precision() == Precision::float64);
  jacobian_rows(batch, first, count, rows, row_stride);
}

const Projected* projection_of(const Wavefunction& psi) { return dynamic_cast<const Projected*>(&psi.for_chains()); }

}  // namespace qs
