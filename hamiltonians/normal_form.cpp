#include "hamiltonians/normal_form.h"

#include <algorithm>
#include <array>

#include "engine/base/error.h"

namespace qs {

namespace {

using Matrix = std::array<std::array<double, 2>, 2>;  // index 0 = down or empty

constexpr std::size_t kMaxMonomials = 1 << 16;

bool odd(Factor factor) { return factor == Factor::create || factor == Factor::annihilate; }
bool fermionic(Factor factor) { return odd(factor) || factor == Factor::number; }

Matrix matrix_of(Factor factor) {
  switch (factor) {
    case Factor::sz:
      return {{{-0.5, 0}, {0, 0.5}}};
    case Factor::pauli_z:
      return {{{-1, 0}, {0, 1}}};
    case Factor::sx:
      return {{{0, 0.5}, {0.5, 0}}};
    case Factor::pauli_x:
      return {{{0, 1}, {1, 0}}};
    case Factor::number:
      return {{{0, 0}, {0, 1}}};
    case Factor::s_plus:
    case Factor::create:
      return {{{0, 0}, {1, 0}}};
    case Factor::s_minus:
    case Factor::annihilate:
      return {{{0, 1}, {0, 0}}};
  }
  return {};
}

Matrix operator*(const Matrix& a, const Matrix& b) {
  Matrix c{};
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) c[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j];
  }
  return c;
}

// -1 iff sorting the factors by mode exchanges an odd number of pairs of c+ and c.
double sorting_sign(const Factors& factors) {
  int exchanges = 0;
  for (std::size_t a = 0; a < factors.size(); ++a) {
    for (std::size_t b = a + 1; b < factors.size(); ++b) {
      exchanges += odd(factors[a].first) && odd(factors[b].first) && factors[a].second > factors[b].second;
    }
  }
  return exchanges % 2 == 0 ? 1 : -1;
}

struct Choice {
  double value;
  int letter;  // -1: identity, otherwise a Letter
};

// The algebra of one mode is that of 2 x 2 matrices, for fermions too: c+ c = n, c c+ = 1 - n.
std::vector<Choice> choices(const Matrix& m, bool fermion) {
  const double identity = fermion ? m[0][0] : 0.5 * (m[0][0] + m[1][1]);
  const double diagonal = fermion ? m[1][1] - m[0][0] : 0.5 * (m[1][1] - m[0][0]);
  std::vector<Choice> result;
  if (identity != 0) result.push_back({identity, -1});
  if (diagonal != 0) result.push_back({diagonal, static_cast<int>(Letter::diagonal)});
  if (m[1][0] != 0) result.push_back({m[1][0], static_cast<int>(Letter::raise)});
  if (m[0][1] != 0) result.push_back({m[0][1], static_cast<int>(Letter::lower)});
  return result;
}

std::vector<std::pair<double, Monomial>> times(const std::vector<std::pair<double, Monomial>>& sum, int mode, const std::vector<Choice>& factor) {
  std::vector<std::pair<double, Monomial>> product;
  for (const auto& [value, monomial] : sum) {
    for (const Choice& choice : factor) {
      product.emplace_back(value * choice.value, monomial);
      if (choice.letter >= 0) product.back().second.emplace_back(mode, static_cast<Letter>(choice.letter));
    }
  }
  if (product.size() > kMaxMonomials)
    throw InputError("a product has too many factors that flip a spin either way (at most 16): write it with S+ and S-");
  return product;
}

}  // namespace

void NormalForm::add(std::complex<double> coefficient, const Factors& factors) {
  Factors sorted = factors;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  std::vector<std::pair<double, Monomial>> sum = {{sorting_sign(factors), {}}};
  for (std::size_t first = 0; first < sorted.size();) {
    const int mode = sorted[first].second;
    Matrix matrix = {{{1, 0}, {0, 1}}};
    const bool fermion = fermionic(sorted[first].first);
    for (; first < sorted.size() && sorted[first].second == mode; ++first) matrix = matrix * matrix_of(sorted[first].first);
    sum = times(sum, mode, choices(matrix, fermion));
  }
  for (const auto& [value, monomial] : sum) {
    Weight& weight = weights_[monomial];
    weight.value += coefficient * value;
    weight.magnitude += std::abs(coefficient * value);
  }
}

std::map<Monomial, std::complex<double>> NormalForm::collected() const {
  constexpr double rounding = 1e-14;
  std::map<Monomial, std::complex<double>> result;
  for (const auto& [monomial, weight] : weights_) {
    std::complex<double> value = weight.value;
    if (std::abs(value.real()) <= rounding * weight.magnitude) value.real(0);
    if (std::abs(value.imag()) <= rounding * weight.magnitude) value.imag(0);
    if (value != 0.0) result.emplace(monomial, value);
  }
  return result;
}

Factors factors_of(const Monomial& monomial, SectorKind kind) {
  const std::array<Factor, 3> letters = kind == SectorKind::spin_half ? std::array{Factor::pauli_z, Factor::s_plus, Factor::s_minus}
                                                                      : std::array{Factor::number, Factor::create, Factor::annihilate};
  Factors factors;
  for (const auto& [mode, letter] : monomial) factors.emplace_back(letters[static_cast<int>(letter)], mode);
  return factors;
}

std::pair<Monomial, double> adjoint(const Monomial& monomial, SectorKind kind) {
  Monomial result = monomial;
  int changed = 0;
  for (auto& [mode, letter] : result) {
    if (letter == Letter::diagonal) continue;
    letter = letter == Letter::raise ? Letter::lower : Letter::raise;
    ++changed;
  }
  const bool sign = kind != SectorKind::spin_half && changed * (changed - 1) / 2 % 2 != 0;
  return {std::move(result), sign ? -1.0 : 1.0};
}

int change_of_ones(const Monomial& monomial, int first, int last) {
  int change = 0;
  for (const auto& [mode, letter] : monomial) {
    if (mode < first || mode >= last) continue;
    change += (letter == Letter::raise) - (letter == Letter::lower);
  }
  return change;
}

}  // namespace qs
