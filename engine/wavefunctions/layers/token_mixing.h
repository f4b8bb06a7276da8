// What moves information between the tokens of a block: softmax attention with queries and keys, or factored attention, whose weights depend on the
// displacement of two tokens alone. One interface for both.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/wavefunctions/layers/factored_attention.h"
#include "engine/wavefunctions/layers/self_attention.h"

namespace qs {

template <class Real>
class TokenMixingResidual {
  using Softmax = SelfAttentionResidual<Real>;
  using Factored = FactoredAttentionResidual<Real>;

 public:
  using Saved = std::variant<typename Softmax::Saved, typename Factored::Saved>;

  explicit TokenMixingResidual(Softmax attention) : attention_(std::move(attention)) {}
  explicit TokenMixingResidual(Factored attention) : attention_(std::move(attention)) {}

  void load(std::span<const double> parameters) {
    std::visit([&](auto& attention) { attention.load(parameters); }, attention_);
  }
  std::size_t evaluation_values(int rows) const {
    return std::visit([&](const auto& attention) { return attention.evaluation_values(rows); }, attention_);
  }
  void evaluate(Lanes lanes, Real* x, Arena<Real> scratch) const {
    std::visit([&](const auto& attention) { attention.evaluate(lanes, x, scratch); }, attention_);
  }
  Saved carve(Arena<Real>& arena, int rows) const {
    return std::visit([&](const auto& attention) { return Saved(attention.carve(arena, rows)); }, attention_);
  }
  void forward(Lanes lanes, Real* x, const Saved& saved) const {
    visit(saved, [&](const auto& attention, const auto& mine) { attention.forward(lanes, x, mine); });
  }
  std::size_t scratch_values(int rows) const {
    return std::visit([&](const auto& attention) { return attention.scratch_values(rows); }, attention_);
  }
  // dx: gradient of the output on entry, of the input on return.
  void backward(Lanes lanes, Real* dx, const Saved& saved, Arena<Real> scratch, const Gradient<Real>& gradient) const {
    visit(saved, [&](const auto& attention, const auto& mine) { attention.backward(lanes, dx, mine, scratch, gradient); });
  }
  double flops() const {
    return std::visit([](const auto& attention) { return attention.flops(); }, attention_);
  }

 private:
  // body(attention, what it saved)
  template <class Body>
  void visit(const Saved& saved, const Body& body) const {
    std::visit([&]<class Attention>(const Attention& attention) { body(attention, std::get<typename Attention::Saved>(saved)); }, attention_);
  }

  std::variant<Softmax, Factored> attention_;
};

}  // namespace qs
