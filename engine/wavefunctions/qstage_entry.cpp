// The words of the Q-stage network, and what its options become beside a system or beside weights.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/wavefunctions/qstage.h"

namespace qs {
namespace {

using Names = std::vector<std::string>;

// Names for tail tokens of which only the widths are known. A token as wide as all features reads all of them; narrower ones take one feature
// after the other, without the first, which is the unit of energy (t-V: V, then N).
std::vector<Names> named_tails(const std::vector<Names>& unnamed, const Names& features) {
  std::vector<Names> tails;
  std::size_t next = 1;
  for (const Names& token : unnamed) {
    if (token.size() == features.size()) {
      tails.push_back(features);
      continue;
    }
    if (next + token.size() > features.size())
      throw InputError("the weights have " + std::to_string(unnamed.size()) + " tail tokens, one of them of " + std::to_string(token.size()) +
                       " couplings, and do not name them; write wavefunction.tail");
    tails.emplace_back(features.begin() + next, features.begin() + next + token.size());
    next += token.size();
  }
  return tails;
}

Names named_in(const std::vector<Names>& tails) {
  Names names;
  for (const Names& token : tails) {
    for (const std::string& name : token) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

// Columns of the determinant that the input leaves open: one for each particle of the fullest problem.
void complete_orbitals(QstageOptions& options, const Node& node, const NetworkContext& context) {
  if (options.amplitude != Amplitude::determinant) {
    if (!node["orbitals"].is_null())
      throw InputError("wavefunction.orbitals belongs to amplitude determinant; leave it out or write amplitude: determinant");
    if (options.start != OrbitalStart::random)
      throw InputError("wavefunction.start chooses the orbitals of amplitude determinant; leave it out or write amplitude: determinant");
    return;
  }
  if (context.most_particles < 0)
    throw InputError("wavefunction.amplitude determinant describes fermions, but the sector is one of spins; choose complex or real");
  if (options.orbitals == 0) options.orbitals = context.most_particles;
  if (options.mean_field_seed != MeanFieldSeed::lowest && options.start != OrbitalStart::hartree_fock)
    throw InputError("wavefunction.mean_field_seed belongs to start hartree_fock; leave it out or write start: hartree_fock");
}

void complete(QstageOptions& options, const Node& node, NetworkContext& context) {
  complete_orbitals(options, node, context);
  if (node["tail"].is_null())
    options.tails = context.from_weights ? named_tails(options.tails, context.features) : std::vector<Names>{context.features};
  for (Names& token : options.tails) token = with_random_numbers(token, context);
  Names& read = context.input.feature_names;
  read = node["features"].is_null() ? named_in(options.tails) : with_random_numbers(node["features"].texts(), context);
  // The parameter token of the weights may read more than the tails do: then it reads all.
  if (node["features"].is_null() && context.from_weights && context.guessed_features == static_cast<int>(context.features.size()))
    read = context.features;
}

Names features(const QstageOptions& options, const NetworkInput& input) {
  // The parameter token, the shifts of the blocks and the orbitals of a determinant read all of them.
  if (options.depth >= 2 || options.conditioning == Conditioning::blocks || options.amplitude == Amplitude::determinant) return input.feature_names;
  const Names named = named_in(options.tails);
  Names names;
  for (const std::string& name : input.feature_names)
    if (std::find(named.begin(), named.end(), name) != named.end()) names.push_back(name);
  return names;
}

std::string conditioning(const QstageOptions& options, const NetworkInput& input) {
  std::string tails;
  for (const Names& tail : options.tails) tails += (tails.empty() ? "[" : ", [") + joined(tail) + "]";
  return joined(input.feature_names) + "; tails " + tails;
}

std::string suits(const QstageOptions& options, const FamilyFacts& family) {
  if (options.amplitude == Amplitude::determinant && family.most_particles > options.orbitals)
    throw InputError(family.fullest + " do not fit the " + std::to_string(options.orbitals) +
                     " orbitals of the determinant; write wavefunction.orbitals: " + std::to_string(family.most_particles) + " or more");
  if (options.attention != QstageAttention::factored || !family.open) return "";
  return "wavefunction.attention factored counts displacements around a torus, but the lattice is " + family.lattice + "; softmax does not";
}

StartOrbitals start(const QstageOptions& options) { return {options.start, options.mean_field_seed, options.orbitals}; }

Options<QstageOptions> qstage_options() {
  using Q = QstageOptions;
  Options<Q> options;
  options.integer("depth", &Q::depth, 1, 256, "encoder blocks");
  options.integer("d_model", &Q::d_model, 1, 65536, "width of a token; a multiple of heads");
  options.integer("heads", &Q::heads, 1, 4096, "attention heads");
  options.integer("mlp", &Q::mlp, 1, 1 << 20, "width of the hidden layer of each block");
  options.word("amplitude", &Q::amplitude,
               Words<Amplitude>{{"complex", Amplitude::complex}, {"real", Amplitude::real}, {"determinant", Amplitude::determinant}},
               "what the network gives: Re and Im of psi; a real psi of either sign (half the derivatives); or, for fermions, exp(J) times a "
               "determinant of orbitals that depend on the configuration (real, signs built in)");
  options.word("attention", &Q::attention, Words<QstageAttention>{{"softmax", QstageAttention::softmax}, {"factored", QstageAttention::factored}},
               "weights from queries and keys, as published; or one weight per displacement on the periodic lattice: cheaper, shared by all sites");
  options.word("pooling", &Q::pooling, Words<Pooling>{{"concatenate", Pooling::concatenate}, {"sum", Pooling::sum}},
               "what the last layers read: all tokens side by side, as published; or the sum over the sites, and the tails");
  options.word("conditioning", &Q::conditioning, Words<Conditioning>{{"token", Conditioning::token}, {"blocks", Conditioning::blocks}},
               "how the sites learn the couplings: from one token after the second block, as published; or from a small network before every block");
  options.integer("orbitals", &Q::orbitals, 1, 4096, "columns of the determinant").otherwise_absent("the most particles in the input");
  options.word(
      "start", &Q::start, orbital_start_words(),
      "the determinant of an untrained network: random; or that of free fermions or of Hartree-Fock, in each Hamiltonian its own, to which the "
      "network learns what is missing");
  options.word("mean_field_seed", &Q::mean_field_seed, mean_field_seed_words(),
               "order that Hartree-Fock is started with; lowest: the one of least energy, of a family uniform");
  const Shape names = shape::set(shape::text(), 1);
  options
      .add(
          "tail", shape::either({names, shape::list(names, 1)}),
          "couplings (N: particle number) of the tail tokens; a list of lists makes several tokens", &Q::tails,
          [](const Node& node, std::vector<Names>& tails) {
            tails.clear();
            for (const Node& token : node.items()) tails.push_back(token.texts());
          },
          [](const std::vector<Names>& tails) {
            std::string out;
            for (const Names& token : tails) {
              std::string words;
              for (const std::string& name : token) {
                if (name.empty()) return std::string();  // only its width is known
                words += (words.empty() ? "" : ", ") + name;
              }
              out += (out.empty() ? "[" : ", [") + words + "]";
            }
            return "[" + out + "]";
          })
      .otherwise_absent("all couplings but delta, and N of fermions: one token");
  options.other("features", names, absent("the names of tail"), "couplings (N: particle number) of the parameter token");
  return options;
}

}  // namespace

template <>
const WavefunctionEntry& wavefunction_entry<QstageOptions>() {
  const std::string fermions = ", tail: [{}], amplitude: determinant, attention: factored, pooling: sum";
  static const WavefunctionEntry entry =
      make_entry<QstageOptions>({.name = "qstage",
                                 .text = "transformer with parameter and tail tokens",
                                 .literature = {R"(@misc{zaklama2025qstage,
  author = {Zaklama, Timothy and Guerci, Daniele and Fu, Liang},
  title = {Attention-Based Foundation Model for Quantum States},
  year = {2025}, eprint = {2512.11962}, archivePrefix = {arXiv}
})"},
                                 .options = qstage_options(),
                                 .make = make_qstage,
                                 .complete = complete,
                                 .features = features,
                                 .conditioning = conditioning,
                                 .suits = suits,
                                 .start = start,
                                 .starts = {{NetworkRole::spinless_fermions, "depth: 2, d_model: 8, heads: 4, mlp: 16" + fermions},
                                            {NetworkRole::spinful_fermions, "depth: 2, d_model: 12, heads: 4, mlp: 24" + fermions}}});
  return entry;
}

}  // namespace qs
