#include "hamiltonians/mean_field/hartree_fock.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "engine/base/error.h"

namespace qs {
namespace {

constexpr double kConverged = 1e-11;  // of max |P_new - P|
constexpr int kIterations = 5000;
constexpr double kSameLevel = 1e-8;      // in units of the largest hop
constexpr double kSameComponent = 1e-6;  // relative: which components of an orbital count as equally large

template <class Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

// One block of modes: its levels, filled from below.
template <class Scalar>
struct Filling {
  Eigen::VectorXd levels;
  Matrix<Scalar> orbitals;  // columns
  Matrix<Scalar> density;   // P
  double gap = std::numeric_limits<double>::infinity();
  int shell_begin = 0, shell_end = 0;  // levels that share the last particles evenly; none if the last filled level is full
};

template <class Scalar>
class SelfConsistency {
 public:
  SelfConsistency(const DensityTerms& terms, const Sector& sector)
      : terms_(terms), blocks_(sector.blocks()), same_level_(kSameLevel * (terms.largest_hop() > 0 ? terms.largest_hop() : 1)) {}

  // Fills the levels of h0 and a field.
  void fill_free(const std::vector<double>& field) {
    for (const Sector::Block& block : blocks_) {
      Matrix<Scalar> h = one_body(block);
      for (int a = 0; a < block.modes; ++a) h(a, a) += field[block.first_mode + a];
      fillings_.push_back(fill(block, h));
      density_.push_back(fillings_.back().density);
    }
  }

  // Until the density is that of its own mean field; returns the last change.
  double iterate(int& iterations) {
    double change = std::numeric_limits<double>::infinity();
    for (iterations = 0; iterations < kIterations && change >= kConverged; ++iterations) {
      change = 0;
      std::vector<Filling<Scalar>> next;
      for (std::size_t k = 0; k < blocks_.size(); ++k) {
        next.push_back(fill(blocks_[k], mean_field(k)));
        if (blocks_[k].modes > 0) change = std::max(change, (next[k].density - density_[k]).cwiseAbs().maxCoeff());
      }
      for (std::size_t k = 0; k < blocks_.size(); ++k) density_[k] = (density_[k] + next[k].density) / 2;
      fillings_ = std::move(next);
    }
    return change;
  }

  MeanField result() const {
    MeanField result;
    result.modes = terms_.modes;
    result.gap = std::numeric_limits<double>::infinity();
    for (const Sector::Block& block : blocks_) result.particles += block.set_bits;
    result.orbitals.resize(static_cast<std::size_t>(result.modes) * result.particles);
    int column = 0;
    for (std::size_t k = 0; k < blocks_.size(); ++k) {
      const Filling<Scalar>& filling = fillings_[k];
      result.gap = std::min(result.gap, filling.gap);
      if (filling.shell_end > filling.shell_begin)
        result.open_shell +=
            fmt::format("{}levels {} to {} of {}{} are equal, and {} of them are filled", result.open_shell.empty() ? "" : "; ",
                        filling.shell_begin + 1, filling.shell_end, blocks_[k].modes, block_name(k), blocks_[k].set_bits - filling.shell_begin);
      for (int orbital = 0; orbital < blocks_[k].set_bits; ++orbital, ++column) {
        result.levels.push_back(filling.levels[orbital]);
        for (int a = 0; a < blocks_[k].modes; ++a)
          result.orbitals[static_cast<std::size_t>(blocks_[k].first_mode + a) * result.particles + column] = filling.orbitals(a, orbital);
      }
    }
    result.energy = energy();
    return result;
  }

 private:
  const char* block_name(std::size_t k) const { return blocks_.size() == 1 ? "" : k == 0 ? " (down)" : " (up)"; }

  Matrix<Scalar> one_body(const Sector::Block& block) const {
    Matrix<Scalar> h(block.modes, block.modes);
    for (int a = 0; a < block.modes; ++a) {
      for (int b = 0; b < block.modes; ++b) {
        const std::complex<double> value = terms_.hop(block.first_mode + a, block.first_mode + b);
        if constexpr (std::is_same_v<Scalar, double>) {
          h(a, b) = value.real();
        } else {
          h(a, b) = value;
        }
      }
    }
    return h;
  }

  // Its own block first: two blocks that are alike see sums of the same order.
  Matrix<Scalar> mean_field(std::size_t k) const {
    const Sector::Block& block = blocks_[k];
    Matrix<Scalar> h = one_body(block);
    for (int a = 0; a < block.modes; ++a) {
      double field = 0;
      for (std::size_t step = 0; step < blocks_.size(); ++step) {
        const std::size_t other = (k + step) % blocks_.size();
        for (int b = 0; b < blocks_[other].modes; ++b)
          field += terms_.pair(block.first_mode + a, blocks_[other].first_mode + b) * std::real(density_[other](b, b));
      }
      h(a, a) += field;
      for (int b = 0; b < block.modes; ++b) h(a, b) -= terms_.pair(block.first_mode + a, block.first_mode + b) * density_[k](a, b);
    }
    return h;
  }

  Filling<Scalar> fill(const Sector::Block& block, const Matrix<Scalar>& h) const {
    Filling<Scalar> filling;
    const int modes = block.modes, particles = block.set_bits;
    if (modes == 0) return filling;
    const Eigen::SelfAdjointEigenSolver<Matrix<Scalar>> solver(h);
    if (solver.info() != Eigen::Success) throw Error(ExitCode::internal, "the levels of a mean field were not found");
    filling.levels = solver.eigenvalues();
    filling.orbitals = solver.eigenvectors();
    for (int k = 0; k < modes; ++k) fix_sign(filling.orbitals, k);
    Eigen::VectorXd occupation = Eigen::VectorXd::Zero(modes);
    occupation.head(particles).setOnes();
    if (particles > 0 && particles < modes) {
      filling.gap = filling.levels[particles] - filling.levels[particles - 1];
      if (filling.gap < same_level_) share_shell(filling, particles, occupation);
    }
    filling.density = filling.orbitals * occupation.asDiagonal() * filling.orbitals.adjoint();
    return filling;
  }

  void share_shell(Filling<Scalar>& filling, int particles, Eigen::VectorXd& occupation) const {
    int begin = particles - 1, end = particles + 1;
    while (begin > 0 && filling.levels[begin] - filling.levels[begin - 1] < same_level_) --begin;
    while (end < filling.levels.size() && filling.levels[end] - filling.levels[end - 1] < same_level_) ++end;
    occupation.segment(begin, end - begin).setConstant(static_cast<double>(particles - begin) / (end - begin));
    filling.shell_begin = begin;
    filling.shell_end = end;
  }

  static void fix_sign(Matrix<Scalar>& orbitals, int k) {
    const double largest = orbitals.col(k).cwiseAbs().maxCoeff();
    int first = 0;
    while (std::abs(orbitals(first, k)) < (1 - kSameComponent) * largest) ++first;
    const Scalar component = orbitals(first, k);
    if constexpr (std::is_same_v<Scalar, double>) {
      if (component < 0) orbitals.col(k) = -orbitals.col(k);
    } else {
      orbitals.col(k) *= std::conj(component) / std::abs(component);
    }
  }

  double energy() const {
    double energy = terms_.constant;
    for (std::size_t k = 0; k < blocks_.size(); ++k) {
      const Sector::Block& block = blocks_[k];
      const Matrix<Scalar>& density = fillings_[k].density;
      energy += std::real((one_body(block) * density).trace());
      for (std::size_t other = 0; other <= k; ++other) {
        for (int a = 0; a < block.modes; ++a) {
          for (int b = 0; b < (other == k ? a : blocks_[other].modes); ++b) {
            const double exchange = other == k ? std::norm(density(a, b)) : 0;
            energy += terms_.pair(block.first_mode + a, blocks_[other].first_mode + b) *
                      (std::real(density(a, a)) * std::real(fillings_[other].density(b, b)) - exchange);
          }
        }
      }
    }
    return energy;
  }

  const DensityTerms& terms_;
  const std::vector<Sector::Block>& blocks_;
  double same_level_;
  std::vector<Filling<Scalar>> fillings_;  // [blocks]
  std::vector<Matrix<Scalar>> density_;    // [blocks], mixed
};

template <class Scalar>
MeanField hartree_fock_of(const DensityTerms& terms, const Sector& sector, const std::vector<double>& seed) {
  SelfConsistency<Scalar> field(terms, sector);
  field.fill_free(seed);
  int iterations = 0;
  const double change = field.iterate(iterations);
  MeanField result = field.result();
  result.change = change;
  result.iterations = iterations;
  return result;
}

template <class Scalar>
MeanField free_fermions_of(const DensityTerms& terms, const Sector& sector) {
  SelfConsistency<Scalar> field(terms, sector);
  field.fill_free(std::vector<double>(terms.modes, 0.0));
  return field.result();
}

}  // namespace

bool MeanField::converged() const { return change < kConverged; }

MeanField hartree_fock(const DensityTerms& terms, const Sector& sector, const std::vector<double>& seed) {
  QS_ASSERT(static_cast<int>(seed.size()) == terms.modes);
  return terms.is_real() ? hartree_fock_of<double>(terms, sector, seed) : hartree_fock_of<std::complex<double>>(terms, sector, seed);
}

MeanField free_fermions(const DensityTerms& terms, const Sector& sector) {
  return terms.is_real() ? free_fermions_of<double>(terms, sector) : free_fermions_of<std::complex<double>>(terms, sector);
}

}  // namespace qs
