// log psi is linear in its parameters: psi is two products with features of the configuration, P_c = sum of s_i s_j over the pairs of class c and
// M_k = sum of s_i over the modes of kind k, and these are the rows of the Jacobian.
#include "engine/wavefunctions/jastrow.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/wavefunctions/layers/dense.h"
#include "engine/wavefunctions/network.h"
#include "engine/wavefunctions/patches.h"

namespace qs {
namespace {

struct JastrowPlan {
  int kinds = 0, members = 0;       // kinds of modes, and how many modes each has
  std::vector<std::int32_t> modes;  // [members][kinds]
  int pairs = 0;                    // classes of pairs
  std::vector<std::int32_t> index;  // [modes][modes] in the order of `modes`: the class of a pair i < j, otherwise `pairs`
};

// Modes that translations map onto each other, kind by kind. Translations but the identity leave no site where it is, so all kinds have as many.
std::vector<std::vector<std::int32_t>> kinds_of(const ModeDisplacements& classes, int modes) {
  std::map<std::int32_t, std::vector<std::int32_t>> by_class;
  for (int i = 0; i < modes; ++i) by_class[classes.index[static_cast<std::size_t>(i) * modes + i]].push_back(i);
  std::vector<std::vector<std::int32_t>> kinds;
  for (auto& [number, members] : by_class) kinds.push_back(std::move(members));
  return kinds;
}

JastrowPlan make_plan(const NetworkInput& input) {
  const int modes = input.modes;
  if (modes < 2) throw InputError("wavefunction.kind jastrow correlates pairs, but there is one mode; use wavefunction.kind rbm");
  const ModeDisplacements classes = translation_classes(input);
  const auto number = [&](int i, int j) { return classes.index[static_cast<std::size_t>(i) * modes + j]; };
  const std::vector<std::vector<std::int32_t>> kinds = kinds_of(classes, modes);

  JastrowPlan plan{.kinds = static_cast<int>(kinds.size()), .members = static_cast<int>(kinds.front().size()), .modes = {}, .index = {}};
  for (int m = 0; m < plan.members; ++m) {
    for (const auto& kind : kinds) {
      QS_ASSERT(static_cast<int>(kind.size()) == plan.members);
      plan.modes.push_back(kind[m]);
    }
  }
  // s_i s_j knows no order: the classes of (i, j) and (j, i) are one.
  std::map<std::int32_t, std::int32_t> pairs;
  for (int i = 0; i < modes; ++i) {
    for (int j = i + 1; j < modes; ++j) pairs.emplace(std::min(number(i, j), number(j, i)), static_cast<std::int32_t>(pairs.size()));
  }
  plan.pairs = static_cast<int>(pairs.size());
  for (const int i : plan.modes) {
    for (const int j : plan.modes) plan.index.push_back(i < j ? pairs.at(std::min(number(i, j), number(j, i))) : plan.pairs);
  }
  return plan;
}

std::optional<JastrowOptions> guess(const ParameterLayout& tensors) {
  for (const Dtype dtype : {Dtype::real, Dtype::complex}) {
    const std::string part = suffixes(dtype).front();
    if (tensors.find("pair" + part) != nullptr && tensors.find("field" + part) != nullptr) return JastrowOptions{dtype};
  }
  return std::nullopt;
}

template <class Real>
class Jastrow final : public Network<Real> {
 public:
  Jastrow(JastrowPlan plan, Dtype dtype, const NetworkInput& input, Device device)
      : Network<Real>(device, jacobian_mode(dtype), input), plan_(std::move(plan)) {
    const Builder<Real> build = this->layer();
    const auto linear = [&](const std::string& path, int values) {
      return Dense<Real>(build, {values, {path, {values}, Initial::normal(0.01)}, {}}, 1);
    };
    for (const std::string& part : suffixes(dtype)) parts_.push_back({linear("pair" + part, plan_.pairs), linear("field" + part, plan_.kinds)});
    modes_ = build.indices(plan_.modes);
    index_ = build.indices(plan_.index);
    spins_ = build.keep(count());
    pairs_ = build.keep(std::size_t(plan_.pairs) + 1);
    fields_ = build.keep(plan_.kinds);
    log_psi_ = build.keep(1);
    build.flops(2.0 * count() * count() + count());
    this->plan();
  }

  std::string kind() const override { return "jastrow"; }

 private:
  using typename Network<Real>::Chunk;
  using typename Network<Real>::LogPsi;
  using typename Network<Real>::Cotangent;

  // Real or imaginary part of the parameters.
  struct Part {
    Dense<Real> pair, field;
  };

  int count() const { return plan_.kinds * plan_.members; }

  void forward(const Chunk& chunk, LogPsi out) const override {
    Real *spins = chunk.at(spins_), *pairs = chunk.at(pairs_), *fields = chunk.at(fields_), *log_psi = chunk.at(log_psi_);
    this->unpack(chunk, modes_, spins);
    // A mixing matrix that maps s to itself by displacement has the gradient P_c = sum over (i, j) of class c of s_i s_j.
    kernels::network<Real>(chunk.device).mix_tokens_weight_gradient({count(), 1, 1, chunk.rows, plan_.pairs + 1}, spins, spins, index_.data(), pairs);
    kernels::network<Real>(chunk.device).sum_tokens(plan_.members, plan_.kinds, chunk.rows, spins, fields);
    const std::array<double*, 2> parts = {out.re, out.im};
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      parts_[k].pair.forward(chunk, pairs, log_psi);
      parts_[k].field.forward(chunk, fields, log_psi, kernels::Write::accumulate);
      kernels::network<Real>(chunk.device).widen(chunk.rows, log_psi, parts[k]);
    }
    if (parts_.size() == 1) kernels::clear(chunk.device, out.im, chunk.rows * sizeof(double));
  }

  void backward(const Chunk& chunk, Cotangent cotangent) const override {
    const std::array<const Real*, 2> parts = {cotangent.re, cotangent.im};
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      parts_[k].pair.backward_weights(chunk, chunk.at(pairs_), parts[k]);
      parts_[k].field.backward_weights(chunk, chunk.at(fields_), parts[k]);
    }
  }

  JastrowPlan plan_;
  Buffer<std::int32_t> modes_, index_;
  std::vector<Part> parts_;
  Slot spins_;    // [members][kinds][B]
  Slot pairs_;    // [pairs + 1][B]: the last is the sum over all (i, j) that are no pair
  Slot fields_;   // [kinds][B]
  Slot log_psi_;  // [B], of one part
};

}  // namespace

std::unique_ptr<Wavefunction> make_jastrow(const JastrowOptions& options, const NetworkInput& input, Precision precision, Device device) {
  JastrowPlan plan = make_plan(input);
  if (precision == Precision::float32) return std::make_unique<Jastrow<float>>(std::move(plan), options.dtype, input, device);
  return std::make_unique<Jastrow<double>>(std::move(plan), options.dtype, input, device);
}

template <>
const WavefunctionEntry& wavefunction_entry<JastrowOptions>() {
  static const WavefunctionEntry entry = make_entry<JastrowOptions>(
      {.name = "jastrow",
       .text = "Jastrow factor: one number per displacement of two modes",
       .literature = {R"(@article{jastrow1955many,
  author = {Jastrow, Robert},
  title = {Many-Body Problem with Strong Forces},
  journal = {Phys. Rev.},
  volume = {98}, pages = {1479--1484}, year = {1955},
  doi = {10.1103/PhysRev.98.1479}
})",
                      R"(@article{capello2005variational,
  author = {Capello, Manuela and Becca, Federico and Fabrizio, Michele and Sorella, Sandro and Tosatti, Erio},
  title = {Variational Description of {Mott} Insulators},
  journal = {Phys. Rev. Lett.},
  volume = {94}, pages = {026406}, year = {2005},
  doi = {10.1103/PhysRevLett.94.026406}
})"},
       .options = Options<JastrowOptions>().word("dtype", &JastrowOptions::dtype, Words<Dtype>{{"real", Dtype::real}, {"complex", Dtype::complex}},
                                                 "parameters; real means a positive wavefunction"),
       .make = make_jastrow,
       .translations =
           [](const JastrowOptions&, const NetworkInput& input) {
             const bool closed = std::none_of(input.translations.begin(), input.translations.end(), [](const auto& step) { return step.empty(); });
             return std::vector<int>(closed ? input.lattice_size.size() : 0, 1);
           },
       .guess = guess});
  return entry;
}

}  // namespace qs
