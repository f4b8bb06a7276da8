#include "engine/wavefunctions/guess_options.h"
#include "engine/wavefunctions/qstage.h"
#include "engine/wavefunctions/rbm.h"
#include "engine/wavefunctions/vit.h"

#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <unordered_map>

namespace qs {
namespace {

using Shape = std::vector<std::int64_t>;

// Shapes by path. Tensors come from files: any name and any shape is possible.
class Shapes {
 public:
  explicit Shapes(const ParameterLayout& tensors) {
    for (const ParameterSlice& slice : tensors.slices) by_path_.emplace(slice.path, &slice.shape);
  }

  bool has(const std::string& path) const { return by_path_.count(path) > 0; }
  // The shape if it has that many axes and every extent is a size a network can have.
  std::optional<std::vector<int>> find(const std::string& path, std::size_t axes) const {
    const auto found = by_path_.find(path);
    if (found == by_path_.end() || found->second->size() != axes) return std::nullopt;
    std::vector<int> extents;
    for (const std::int64_t extent : *found->second) {
      if (extent < 1 || extent > std::numeric_limits<int>::max()) return std::nullopt;
      extents.push_back(static_cast<int>(extent));
    }
    return extents;
  }
  // Number of k = 0, 1, 2, ... without a gap for which path(k) exists.
  int run_length(const std::function<std::string(int)>& path) const {
    int count = 0;
    while (has(path(count))) ++count;
    return count;
  }

 private:
  std::unordered_map<std::string, const Shape*> by_path_;
};

std::string indexed(const std::string& before, int k, const std::string& after) { return before + std::to_string(k) + after; }

std::optional<GuessedOptions> guess_qstage(const Shapes& shapes) {
  constexpr int pooling_layers = 3;
  const auto positions = shapes.find("pos_emb", 3);
  const auto query = shapes.find("ResidualSelfAttention_0/SelfAttention_0/query/kernel", 3);
  const auto alpha = shapes.find("ResidualSelfAttention_0/FactoredAttention_0/alpha", 2);
  const auto hidden = shapes.find("ResidualSelfAttention_0/Dense_0/kernel", 2);
  if (!positions || !hidden || (!query && !alpha) || (query && (*query)[0] != (*positions)[2])) return std::nullopt;

  QstageOptions options;
  options.depth = shapes.run_length([](int k) { return indexed("ResidualSelfAttention_", k, "/LayerNorm_0/scale"); });
  options.d_model = (*positions)[2];
  options.attention = query ? QstageAttention::softmax : QstageAttention::factored;
  options.heads = query ? (*query)[1] : (*alpha)[0];
  options.mlp = (*hidden)[1];

  if (shapes.has("ResidualSelfAttention_0/CouplingShift_0/Dense_0/kernel")) options.conditioning = Conditioning::blocks;

  // The top-level dense layers are the parameter token (of the cross-attention), the tails, and the pooling layers.
  const bool crossed = shapes.has("CrossAttentionParams_0/MultiHeadDotProductAttention_0/value/kernel");
  const int first_tail = crossed ? 1 : 0;
  const int tails = shapes.run_length([](int k) { return indexed("Dense_", k, "/kernel"); }) - first_tail - pooling_layers;
  if (options.depth < 1 || tails < 0) return std::nullopt;
  const auto out = shapes.find(indexed("Dense_", first_tail + tails + pooling_layers - 1, "/kernel"), 2);
  if (!out || (*out)[1] > 2) return std::nullopt;
  options.amplitude = (*out)[1] == 2 ? Amplitude::complex : Amplitude::real;
  const auto pool = shapes.find(indexed("Dense_", first_tail + tails, "/kernel"), 2);
  if (!pool) return std::nullopt;
  options.pooling = (*pool)[0] == (1 + tails) * options.d_model ? Pooling::sum : Pooling::concatenate;
  if (const auto orbitals = shapes.find("Backflow_0/orbitals", 2)) {
    if ((*out)[1] != 1 || (*orbitals)[0] != (*positions)[1]) return std::nullopt;
    options.amplitude = Amplitude::determinant;
    options.orbitals = (*orbitals)[1];
  }
  for (int k = 0; k < tails; ++k) {
    const auto kernel = shapes.find(indexed("Dense_", first_tail + k, "/kernel"), 2);
    if (!kernel || (*kernel)[1] != options.d_model) return std::nullopt;
    options.tails.emplace_back((*kernel)[0]);
  }
  GuessedOptions guess;
  guess.modes = (*positions)[1];
  const char* const readers[] = {"Dense_0/kernel", "ResidualSelfAttention_0/CouplingShift_0/Dense_0/kernel", "Backflow_0/Dense_2/kernel"};
  for (const char* path : std::span(readers).subspan(crossed ? 0 : 1)) {
    const auto reader = shapes.find(path, 2);
    if (reader && guess.features == 0) guess.features = (*reader)[0];
  }
  std::string widths;
  for (const auto& tail : options.tails) widths += (widths.empty() ? "" : ", ") + std::to_string(tail.size());
  guess.sizes = std::to_string(guess.modes) + " sites, tail tokens of " + (widths.empty() ? "no" : widths) + " couplings, features of " +
                std::to_string(guess.features);
  guess.options = std::move(options);
  return guess;
}

std::vector<int> likely_patch(int entries) {
  const int side = static_cast<int>(std::lround(std::sqrt(static_cast<double>(entries))));
  if (static_cast<std::int64_t>(side) * side == entries) return {side, side};
  return {entries};
}

std::optional<GuessedOptions> guess_vit(const Shapes& shapes, const std::string& embedding, const std::string& encoder) {
  const auto embed = shapes.find(embedding + "/embed/kernel", 2);
  const auto factored = shapes.find(encoder + "/layers_0/attn/alpha", 2);
  const auto general = shapes.find(encoder + "/layers_0/attn/alpha", 3);
  if (!embed || (!factored && !general) || (general && (*general)[1] != (*general)[2])) return std::nullopt;

  const std::vector<int>& alpha = factored ? *factored : *general;
  VitOptions options;
  options.patch = likely_patch((*embed)[0]);
  options.layers = shapes.run_length([&](int k) { return indexed(encoder + "/layers_", k, "/attn/alpha"); });
  options.d_model = (*embed)[1];
  options.heads = alpha[0];
  options.attention = factored ? VitAttention::factored : VitAttention::factored_full;

  const std::int64_t modes = static_cast<std::int64_t>(alpha[1]) * (*embed)[0];
  if (modes > std::numeric_limits<int>::max()) return std::nullopt;
  GuessedOptions guess;
  guess.modes = static_cast<int>(modes);
  guess.tokens = alpha[1];
  guess.patch_entries = (*embed)[0];
  guess.sizes = std::to_string(guess.tokens) + " patches of " + std::to_string(guess.patch_entries) + " entries";
  guess.options = std::move(options);
  return guess;
}

std::optional<GuessedOptions> guess_rbm(const Shapes& shapes, Dtype dtype) {
  const std::string suffix = suffixes(dtype).front();
  const auto kernel = shapes.find("Dense/kernel" + suffix, 2);
  const auto visible = shapes.find("visible_bias" + suffix, 1);
  if (!kernel || !visible || (*visible)[0] != (*kernel)[0] || (*kernel)[1] % (*kernel)[0] != 0) return std::nullopt;
  GuessedOptions guess;
  guess.modes = (*kernel)[0];
  guess.sizes = std::to_string(guess.modes) + " sites";
  guess.options = RbmOptions{(*kernel)[1] / (*kernel)[0], dtype};
  return guess;
}

}  // namespace

std::optional<GuessedOptions> guess_options(const ParameterLayout& tensors) {
  const Shapes shapes(tensors);
  if (auto guess = guess_qstage(shapes)) return guess;
  if (auto guess = guess_vit(shapes, "Embed_0", "Encoder_0")) return guess;
  if (auto guess = guess_vit(shapes, "patches_and_embed", "encoder")) return guess;
  if (auto guess = guess_rbm(shapes, Dtype::real)) return guess;
  if (auto guess = guess_rbm(shapes, Dtype::complex)) return guess;
  for (const WavefunctionEntry* entry : wavefunctions()) {
    if (std::any options = entry->guess(tensors); options.has_value()) return GuessedOptions{.options = {*entry, std::move(options)}};
  }
  return std::nullopt;
}

}  // namespace qs
