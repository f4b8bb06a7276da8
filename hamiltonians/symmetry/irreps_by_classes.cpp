#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/random.h"
#include "hamiltonians/symmetry/point_group.h"

namespace qs {
namespace {

struct Classes {
  std::vector<int> of;     // [elements]
  std::vector<int> size;   // [classes]
  std::vector<int> first;  // [classes]: an element of each
  int unit = 0;            // the element 1
};

Classes classes_of(const GroupTable& product) {
  const int order = static_cast<int>(product.size());
  Classes classes;
  std::vector<int> inverse(order);
  while (product[classes.unit][classes.unit] != classes.unit) ++classes.unit;
  for (int a = 0; a < order; ++a) inverse[a] = static_cast<int>(std::find(product[a].begin(), product[a].end(), classes.unit) - product[a].begin());
  classes.of.assign(order, -1);
  for (int a = 0; a < order; ++a) {
    if (classes.of[a] >= 0) continue;
    const int number = static_cast<int>(classes.size.size());
    classes.size.push_back(0);
    classes.first.push_back(a);
    for (int x = 0; x < order; ++x) {
      int& of = classes.of[product[product[x][a]][inverse[x]]];
      classes.size[number] += of < 0;
      of = number;
    }
  }
  return classes;
}

// sum_r c_r M_r with random c: M_r[s, t] counts x in class r and y in class s with x y = z_t.
Eigen::MatrixXd random_class_matrix(const GroupTable& product, const Classes& classes) {
  const int order = static_cast<int>(product.size()), count = static_cast<int>(classes.size.size());
  std::vector<int> inverse(order);
  for (int x = 0; x < order; ++x) inverse[x] = static_cast<int>(std::find(product[x].begin(), product[x].end(), classes.unit) - product[x].begin());
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(count, count);
  for (int t = 0; t < count; ++t) {
    for (int x = 0; x < order; ++x) {
      const RandomWords words = random_words({20260101, 0}, 0, static_cast<std::uint64_t>(classes.of[x]), 0);
      sum(classes.of[product[inverse[x]][classes.first[t]]], t) += uniform01(words.word[0], words.word[1]) - 0.5;
    }
  }
  return sum;
}

// Rounds what is meant to be a short number, such as 0, -1 or a half.
double tidy(double x) {
  const double rounded = std::round(2 * x) / 2;
  return std::abs(x - rounded) < 1e-9 ? rounded + 0.0 : x;
}

void check(const std::vector<Irrep>& irreps, std::size_t order) {
  double squares = 0, worst = 0;
  for (const Irrep& a : irreps) {
    squares += double(a.dimension) * a.dimension;
    for (const Irrep& b : irreps) {
      std::complex<double> sum = 0;
      for (std::size_t g = 0; g < order; ++g) sum += std::conj(a.character[g]) * b.character[g];
      worst = std::max(worst, std::abs(sum / double(order) - (&a == &b ? 1.0 : 0.0)));
    }
  }
  if (squares != double(order) || worst > 1e-10)
    throw NumericalError(fmt::format("the characters of a group of {} elements were not found to 1e-10 (off by {:.1e})", order, worst));
}

}  // namespace

std::vector<Irrep> irreps_by_classes(const GroupTable& product) {
  const Classes classes = classes_of(product);
  const auto order = product.size();
  const Eigen::EigenSolver<Eigen::MatrixXd> solver(random_class_matrix(product, classes));
  std::vector<Irrep> irreps;
  for (Eigen::Index column = 0; column < solver.eigenvectors().cols(); ++column) {
    // omega of the class {1} is 1.
    const Eigen::VectorXcd vector = solver.eigenvectors().col(column) / solver.eigenvectors()(classes.of[classes.unit], column);
    double sum = 0;
    for (Eigen::Index s = 0; s < vector.size(); ++s) sum += std::norm(vector[s]) / classes.size[s];
    const double dimension = std::round(std::sqrt(double(order) / sum));
    Irrep irrep{"", static_cast<int>(dimension), {}};
    for (std::size_t g = 0; g < order; ++g) {
      const std::complex<double> chi = dimension * vector[classes.of[g]] / double(classes.size[classes.of[g]]);
      irrep.character.emplace_back(tidy(chi.real()), tidy(chi.imag()));
    }
    irreps.push_back(std::move(irrep));
  }
  check(irreps, order);
  // By dimension, then larger characters first; the trivial irrep has the largest.
  const auto before = [](const Irrep& a, const Irrep& b) {
    if (a.dimension != b.dimension) return a.dimension < b.dimension;
    for (std::size_t g = 0; g < a.character.size(); ++g) {
      const std::complex<double> difference = a.character[g] - b.character[g];
      if (std::abs(difference.real()) > 1e-6) return difference.real() > 0;
      if (std::abs(difference.imag()) > 1e-6) return difference.imag() > 0;
    }
    return false;
  };
  std::sort(irreps.begin(), irreps.end(), before);
  for (std::size_t k = 0; k < irreps.size(); ++k) irreps[k].name = fmt::format("G{}", k + 1);
  return irreps;
}

}  // namespace qs
