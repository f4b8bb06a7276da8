#include "hamiltonians/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <string_view>

#include "hamiltonians/expression_sum.h"
#include "hamiltonians/site_operators.h"

namespace qs {

namespace {

using expression::cross, expression::dot, expression::number, expression::on_site, expression::Sum, expression::Vector;

constexpr int kMaxDepth = 64;                  // nested parentheses
constexpr std::size_t kMaxProducts = 1 << 14;  // of a sum when its parentheses are multiplied out
constexpr std::string_view kAdjoint = "h.c.";

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// One method per rule of the grammar in expression.h.
class Parser {
 public:
  Parser(const std::string& text, SectorKind kind, int slots) : text_(text), kind_(kind), slots_(slots) {}

  Expression parse() {
    const Sum all = sum();
    if (position_ < text_.size()) fail(position_, fmt::format("'{}' is not expected here", text_[position_]));
    Expression result{{}, slots_};
    for (const auto& product : all) {
      if (!std::isfinite(std::abs(product.coefficient))) fail(0, "a number is not finite (a division by zero, or too large)");
      Product closed{product.coefficient, product.conjugation, {}};
      for (const auto& factor : product.factors) closed.factors.push_back({factor.factor, slot_of(factor), factor.spin});
      result.products.push_back(std::move(closed));
    }
    return result;
  }

 private:
  [[noreturn]] void fail(std::size_t position, const std::string& problem) const {
    throw ExpressionError(text_, static_cast<int>(position) + 1, problem);
  }

  int slot_of(const expression::OpenFactor& factor) const { return factor.written >= 0 ? factor.written : slots_ == 1 ? 0 : factor.position; }

  void skip_blanks() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\t' || text_[position_] == '\n')) ++position_;
  }
  char next() {  // '\0' at the end
    skip_blanks();
    return position_ < text_.size() ? text_[position_] : '\0';
  }
  bool take(char wanted) {
    if (next() != wanted) return false;
    ++position_;
    return true;
  }
  void expect(char wanted, const char* why) {
    if (!take(wanted)) fail(position_, fmt::format("'{}' is missing ({})", wanted, why));
  }

  Sum sum() {
    if (++depth_ > kMaxDepth) fail(position_, fmt::format("parentheses are nested too deeply (at most {})", kMaxDepth));
    Sum result;
    for (bool first = true; first || next() == '+' || next() == '-'; first = false) {
      const double sign = take('-') ? -1 : (take('+'), 1);
      skip_blanks();
      const std::size_t begin = position_;
      if (text_.compare(position_, kAdjoint.size(), kAdjoint) == 0) {
        if (first) fail(begin, "h.c. has nothing before it to conjugate");
        position_ += kAdjoint.size();
        result = result + number(sign) * expression::adjoint(result);
      } else {
        result = result + number(sign) * product();
      }
      check_size(result.size(), begin);
      check_widths(result, begin);
    }
    --depth_;
    return result;
  }

  // The products of a sum must count the same sites; numbers and products that name their sites count none.
  void check_widths(Sum& sum, std::size_t begin) {
    int width = 0;
    for (const auto& product : sum) width = std::max(width, product.width);
    for (auto& product : sum) {
      const bool counts = std::any_of(product.factors.begin(), product.factors.end(), [](const auto& factor) { return factor.written < 0; });
      if (counts && product.width != width && slots_ != 1) {
        fail(begin, fmt::format("products on {} and {} sites are added (it is open which sites the shorter one acts on): name them, as in n(1)",
                                product.width, width));
      }
      product.width = width;
    }
    if (depth_ == 1 && width > 0 && width != slots_ && slots_ != 1) {
      fail(begin, fmt::format("{} operator{} in a product, but the term acts on tuples of {} sites: name the sites, as in n_up(1) n_dn(1)", width,
                              width == 1 ? "" : "s", slots_));
    }
  }

  void check_size(std::size_t products, std::size_t begin) const {
    if (products > kMaxProducts) fail(begin, fmt::format("the expression multiplies out to more than {} products", kMaxProducts));
  }

  Sum product() {
    Sum result = number(1);
    const std::size_t begin = position_;
    bool empty = true;
    for (;; empty = false) {
      const char c = next();
      if (!empty && c == '/') {
        ++position_;
        if (!is_digit(next())) fail(position_, "only numbers can divide");
        result = result * number(1 / real_number());
        continue;
      }
      if (!empty && c == '*') ++position_;
      const char start = next();
      if (!is_digit(start) && !is_letter(start) && start != '(' && start != '[' && start != '.') {
        if (empty || c == '*')
          fail(position_, c == '\0' ? "the expression ends where an operator or a number is expected" : "an operator or a number is expected");
        break;
      }
      const Sum factor = primary();
      check_size(result.size() * factor.size(), begin);  // before the memory is taken
      result = result * factor;
      check_mixture(result, begin);
    }
    return result;
  }

  void check_mixture(const Sum& sum, std::size_t begin) const {
    for (const auto& product : sum) {
      const auto written = std::count_if(product.factors.begin(), product.factors.end(), [](const auto& factor) { return factor.written >= 0; });
      if (written == 0 || (written == static_cast<std::ptrdiff_t>(product.factors.size()) && product.width == 0)) continue;
      fail(begin, "some operators of a product name their site and others do not: name all or none");
    }
  }

  Sum primary() {
    const char c = next();
    if (at_vector()) {
      const Vector left = vector();
      expect('.', "a vector is multiplied with another one, as in S.S");
      return dot(left, vector());
    }
    if (is_digit(c) || c == '.') return number(real_number());
    if (take('(')) {
      const Sum inner = sum();
      expect(')', "a parenthesis is open");
      return inner;
    }
    const std::size_t begin = position_;
    const std::string name = read_name();
    if (name == "i") return number({0, 1});
    if (name == "h") fail(begin, "h.c. stands after + or -");
    return on_site(meaning(name, begin), slot());
  }

  // S, [a, b, c] or (S x S): what stands at the cursor, without moving it.
  bool at_vector() {
    const std::size_t begin = position_;
    const char c = next();
    bool found = c == '[';
    if (c == 'S') found = read_name() == "S";
    if (c == '(') {
      ++position_;
      found = next() == 'S' && read_name() == "S" && (slot(), next() == 'x');
    }
    position_ = begin;
    return found;
  }

  Vector vector() {
    const std::size_t begin = (skip_blanks(), position_);
    if (take('[')) {
      Vector result;
      for (int axis = 0; axis < 3; ++axis) {
        const double sign = take('-') ? -1 : 1;
        result[axis] = number(sign * real_number());
        expect(axis < 2 ? ',' : ']', "a vector has three numbers");
      }
      return result;
    }
    if (take('(')) {
      const Vector left = vector();
      expect('x', "two vectors in parentheses are a cross product, as in (S x S)");
      const Vector right = vector();
      expect(')', "a parenthesis is open");
      return cross(left, right);
    }
    if (!is_letter(next()) || read_name() != "S") fail(begin, "a vector is expected: S, [a, b, c] or (S x S)");
    Vector result = {Sum{}, Sum{}, Sum{}};
    const SiteOperator x = meaning("Sx", begin), y = meaning("Sy", begin), z = meaning("Sz", begin);
    const int site = slot();
    return {on_site(x, site), on_site(y, site), on_site(z, site)};
  }

  SiteOperator meaning(const std::string& name, std::size_t begin) const {
    try {
      return site_operator(kind_, name);
    } catch (const InputError& error) {
      fail(begin, error.what());  // the same problem, now with its column
    }
  }

  double real_number() {
    skip_blanks();
    double value = 0;
    const char* begin = text_.data() + position_;
    const auto [end, status] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (end == begin || status != std::errc()) fail(position_, "a number is expected");
    position_ += static_cast<std::size_t>(end - begin);
    return value;
  }

  // Letters, then the + or - of c+, S+, S- if it follows at once, then _up or _dn (_down).
  std::string read_name() {
    std::string name;
    while (position_ < text_.size() && is_letter(text_[position_])) name += text_[position_++];
    if (position_ < text_.size() && ((name == "S" && text_[position_] == '-') || ((name == "S" || name == "c") && text_[position_] == '+'))) {
      name += text_[position_++];
    }
    if (position_ < text_.size() && text_[position_] == '_') {
      do {
        name += text_[position_++];
      } while (position_ < text_.size() && is_letter(text_[position_]));
    }
    constexpr std::string_view down = "_down";
    if (name.ends_with(down)) name.replace(name.size() - down.size(), down.size(), "_dn");
    return name;
  }

  // The site named in parentheses behind an operator, from 0; -1 if there is none.
  int slot() {
    const std::size_t begin = position_;
    if (!take('(') || !is_digit(next())) return position_ = begin, -1;
    int site = 0;
    const char* first = text_.data() + position_;
    const auto [end, status] = std::from_chars(first, text_.data() + text_.size(), site);
    position_ += static_cast<std::size_t>(end - first);
    if (status != std::errc() || !take(')')) return position_ = begin, -1;  // a number such as (1/2)
    if (site < 1 || site > slots_) fail(begin, fmt::format("site {} of {} (the sites of a tuple are counted from 1)", site, slots_));
    return site - 1;
  }

  const std::string& text_;
  SectorKind kind_;
  int slots_;
  int depth_ = 0;
  std::size_t position_ = 0;
};

}  // namespace

ExpressionError::ExpressionError(const std::string& text, int column, const std::string& problem)
    : InputError(fmt::format("expression '{}', column {}: {}", text, column, problem)), column_(column) {}

Expression parse_expression(const std::string& text, SectorKind kind, int slots) {
  QS_ASSERT(slots >= 1);
  return Parser(text, kind, slots).parse();
}

Factor adjoint(Factor factor) {
  switch (factor) {
    case Factor::s_plus:
      return Factor::s_minus;
    case Factor::s_minus:
      return Factor::s_plus;
    case Factor::create:
      return Factor::annihilate;
    case Factor::annihilate:
      return Factor::create;
    default:
      return factor;  // hermitian
  }
}

}  // namespace qs
