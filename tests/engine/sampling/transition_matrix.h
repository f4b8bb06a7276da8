// The exact transition matrix of a sweep on a small sector, and what follows from it: eigenvalues and autocorrelation times.
#pragma once

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/sampling/moves.h"
#include "table_wavefunction.h"

namespace qs::testing_table {

// The states that one move leads to from `state`, by definition: one bit flipped, or the unlike ends of a listed pair swapped.
inline std::vector<Word> neighbours(const ProblemFamily& family, const MoveOptions& options, Word state) {
  const Sector& sector = family.problems[0].sector;
  std::vector<Word> result;
  if (options.kind == MoveKind::flip) {
    for (int m = 0; m < sector.modes(); ++m) result.push_back(state ^ (Word{1} << m));
    return result;
  }
  for (const Sector::Block& block : sector.blocks()) {
    for (auto [i, j] : pairs_within(family.lattice, options.shells, options.d_max)) {
      const Word pair = (Word{1} << (block.first_mode + i)) | (Word{1} << (block.first_mode + j));
      if ((state & pair) != 0 && (state & pair) != pair) result.push_back(state ^ pair);
    }
  }
  return result;
}

// K(s, t) of one proposal of one move, made and decided.
inline Eigen::MatrixXd proposal_matrix(const ProblemFamily& family, const MoveOptions& move, const std::vector<double>& p) {
  const Sector& sector = family.problems[0].sector;
  const auto states = static_cast<Eigen::Index>(p.size());
  Eigen::MatrixXd k = Eigen::MatrixXd::Zero(states, states);
  for (Eigen::Index s = 0; s < states; ++s) {
    const std::vector<Word> targets = neighbours(family, move, sector.state(s));
    const auto n = static_cast<double>(targets.size());
    for (const Word target : targets) {
      const auto t = static_cast<Eigen::Index>(sector.index(target));
      const double ratio = p[t] * n / (p[s] * static_cast<double>(neighbours(family, move, target).size()));
      k(s, t) += std::min(1.0, ratio) / n;
    }
    k(s, s) = 1 - k.row(s).sum();
  }
  return k;
}

// Orthonormal modes of a kernel that is in detailed balance with p: D^(1/2) K D^(-1/2) is symmetric.
struct Modes {
  Eigen::VectorXd eigenvalue;  // of K, ascending
  Eigen::MatrixXd vector;      // of the symmetric matrix
};

inline Modes modes_of(const Eigen::MatrixXd& k, const std::vector<double>& p) {
  const auto root = Eigen::Map<const Eigen::VectorXd>(p.data(), static_cast<Eigen::Index>(p.size())).cwiseSqrt().eval();
  const Eigen::MatrixXd symmetric = root.asDiagonal() * k * root.cwiseInverse().asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver((symmetric + symmetric.transpose()) / 2);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

// Eigenvalues of K -> those of a sweep of n proposals, the last of them made with probability 1/2.
inline double of_lazy_sweep(double eigenvalue, int n) { return std::pow(eigenvalue, n - 1) * (1 + eigenvalue) / 2; }

// tau = sum_k a_k^2 (1 + mu_k)/(1 - mu_k) / sum_k a_k^2, a_k: share of the mode k in f; the constant mode is no part of f - <f>. For one kind of
// move.
inline double exact_tau(const Modes& modes, const std::vector<double>& p, const std::vector<double>& f, int n) {
  double mean = 0;
  for (std::size_t s = 0; s < p.size(); ++s) mean += p[s] * f[s];
  Eigen::VectorXd g(static_cast<Eigen::Index>(p.size()));
  for (std::size_t s = 0; s < p.size(); ++s) g(static_cast<Eigen::Index>(s)) = std::sqrt(p[s]) * (f[s] - mean);
  double sum = 0, norm = 0;
  for (Eigen::Index k = 0; k + 1 < g.size(); ++k) {  // the last one has the eigenvalue 1
    const double share = std::pow(modes.vector.col(k).dot(g), 2), mu = of_lazy_sweep(modes.eigenvalue(k), n);
    sum += share * (1 + mu) / (1 - mu);
    norm += share;
  }
  return sum / norm;
}

}  // namespace qs::testing_table
