#include "hamiltonians/site_operators.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"

namespace qs {

namespace {

constexpr std::complex<double> kHalfI = {0, 0.5};

struct Row {
  const char* name;
  SectorKind kind;
  SiteOperator meaning;
};

// Sy = (S+ - S-) / 2i and Y = 2 Sy; on fermions S+ = c+_up c_dn and Sz = (n_up - n_dn) / 2.
std::vector<Row> spin_rows() {
  constexpr auto kind = SectorKind::spin_half;
  return {{"Sz", kind, {{1, {{Factor::sz, 0}}}}},
          {"Sx", kind, {{1, {{Factor::sx, 0}}}}},
          {"Sy", kind, {{-kHalfI, {{Factor::s_plus, 0}}}, {kHalfI, {{Factor::s_minus, 0}}}}},
          {"S+", kind, {{1, {{Factor::s_plus, 0}}}}},
          {"S-", kind, {{1, {{Factor::s_minus, 0}}}}},
          {"X", kind, {{1, {{Factor::pauli_x, 0}}}}},
          {"Y", kind, {{-2.0 * kHalfI, {{Factor::s_plus, 0}}}, {2.0 * kHalfI, {{Factor::s_minus, 0}}}}},
          {"Z", kind, {{1, {{Factor::pauli_z, 0}}}}}};
}

std::vector<Row> spinless_rows() {
  constexpr auto kind = SectorKind::spinless_fermions;
  return {{"c+", kind, {{1, {{Factor::create, 0}}}}}, {"c", kind, {{1, {{Factor::annihilate, 0}}}}}, {"n", kind, {{1, {{Factor::number, 0}}}}}};
}

std::vector<Row> spinful_rows() {
  constexpr auto kind = SectorKind::spinful_fermions;
  const std::vector<std::pair<Factor, int>> raise = {{Factor::create, 1}, {Factor::annihilate, 0}};
  const std::vector<std::pair<Factor, int>> lower = {{Factor::create, 0}, {Factor::annihilate, 1}};
  return {{"c+_up", kind, {{1, {{Factor::create, 1}}}}},
          {"c+_dn", kind, {{1, {{Factor::create, 0}}}}},
          {"c_up", kind, {{1, {{Factor::annihilate, 1}}}}},
          {"c_dn", kind, {{1, {{Factor::annihilate, 0}}}}},
          {"n_up", kind, {{1, {{Factor::number, 1}}}}},
          {"n_dn", kind, {{1, {{Factor::number, 0}}}}},
          {"n", kind, {{1, {{Factor::number, 1}}}, {1, {{Factor::number, 0}}}}},
          {"Sz", kind, {{0.5, {{Factor::number, 1}}}, {-0.5, {{Factor::number, 0}}}}},
          {"Sx", kind, {{0.5, raise}, {0.5, lower}}},
          {"Sy", kind, {{-kHalfI, raise}, {kHalfI, lower}}},
          {"S+", kind, {{1, raise}}},
          {"S-", kind, {{1, lower}}}};
}

const std::vector<Row>& table() {
  static const std::vector<Row> rows = [] {
    std::vector<Row> all = spin_rows();
    for (const auto& part : {spinless_rows(), spinful_rows()}) all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return rows;
}

std::string known_names(SectorKind kind) {
  std::string text;
  for (const Row& row : table()) {
    if (row.kind == kind) text += fmt::format("{}{}", text.empty() ? "" : ", ", row.name);
  }
  return kind == SectorKind::spinless_fermions ? text : text + ", S.S";
}

}  // namespace

const char* words_for(SectorKind kind) {
  switch (kind) {
    case SectorKind::spin_half:
      return "spins";
    case SectorKind::spinless_fermions:
      return "fermions without spin";
    case SectorKind::spinful_fermions:
      return "fermions with spin";
  }
  return "";
}

SiteOperator site_operator(SectorKind kind, const std::string& name) {
  std::string others;
  for (const Row& row : table()) {
    if (row.name != name) continue;
    if (row.kind == kind) return row.meaning;
    others += fmt::format("{}{}", others.empty() ? "" : " or ", words_for(row.kind));
  }
  const std::string known = fmt::format("known on {}: {}", words_for(kind), known_names(kind));
  if (others.empty()) throw InputError(fmt::format("unknown operator '{}' ({})", name, known));
  throw InputError(fmt::format("operator '{}' acts on {}, but the sector holds {} ({})", name, others, words_for(kind), known));
}

}  // namespace qs
