// The catalogue of wavefunctions. An entry stands in the file of its kind; registry.cpp lists them.
#pragma once

#include <any>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/options.h"
#include "engine/wavefunctions/wavefunction.h"
#include "hamiltonians/mean_field/orbital_start.h"
#include "hamiltonians/starting_point.h"

namespace qs {

// What a network may want to know of the system before it takes its final form.
struct NetworkContext {
  NetworkInput& input;                // feature_names is the network's to decide
  std::vector<std::string> features;  // that a network reads unless it is told otherwise: the couplings, and N of fermions
  std::vector<std::string> varied;    // names that vary in the family
  std::vector<std::string> disorder;  // the random numbers that `disorder` stands for
  int most_particles = -1;            // of any problem; -1: spins
  // Beside weights only: what their shapes tell (guess_options.h).
  bool from_weights = false;
  int guessed_features = 0, guessed_patch_entries = 0;
};

// Whether parameters mean the same on another lattice.
enum class Serves { its_lattice, any_lattice };

// What a stage asks of a network whose options stand already.
struct FamilyFacts {
  std::string lattice;            // in words
  std::vector<int> lattice_size;  // cells per axis
  bool open = false;              // an end along some axis
  int most_particles = -1;        // as in NetworkContext
  std::string fullest;            // the sector that has them, in words
};

// One kind, as the catalogue sees it. std::any: the options struct of the kind.
struct WavefunctionEntry {
  std::string name, text;
  std::vector<Option> keys;
  std::any defaults;
  std::vector<std::string> literature;  // BibTeX
  Serves serves;
  std::map<NetworkRole, std::string> starts;
  std::function<std::any(const Node& node, const std::any& start, NetworkContext& context)> read;
  std::function<std::string(const std::any&)> print;  // "depth: 2, d_model: 60"
  std::function<std::vector<std::string>(const std::any&, const NetworkInput&)> features;
  std::function<std::vector<int>(const std::any&, const NetworkInput&)> translations;
  std::function<std::string(const std::any&, const NetworkInput&)> conditioning;
  std::function<std::string(const std::any&, const FamilyFacts&)> suits;
  std::function<StartOrbitals(const std::any&)> start;
  std::function<std::unique_ptr<Wavefunction>(const std::any&, const NetworkInput&, Precision, Device)> make;
  std::function<std::any(const ParameterLayout&)> guess;  // without a value: tensors of another kind
};

// The entry of a kind by its options struct: every kind specialises it.
template <class T>
const WavefunctionEntry& wavefunction_entry();

// Options of one kind or another, with the entry of that kind.
class WavefunctionOptions {
 public:
  WavefunctionOptions() = default;
  template <class T>
  WavefunctionOptions(T options) : entry_(&wavefunction_entry<T>()), value_(std::move(options)) {}
  WavefunctionOptions(const WavefunctionEntry& entry, std::any value) : entry_(&entry), value_(std::move(value)) {}

  const WavefunctionEntry& entry() const { return *entry_; }
  const std::any& value() const { return value_; }
  std::string print() const { return "{kind: " + entry_->name + ", " + entry_->print(value_) + "}"; }
  template <class T>
  const T* get_if() const {
    return std::any_cast<T>(&value_);
  }
  template <class T>
  const T& get() const {
    return std::any_cast<const T&>(value_);
  }

 private:
  const WavefunctionEntry* entry_ = nullptr;
  std::any value_;
};

// What a kind says of itself; `complete` and the rest may be left out.
template <class T>
struct WavefunctionKind {
  std::string name, text;
  std::vector<std::string> literature = {};  // BibTeX of what a user of this kind should cite
  Serves serves = Serves::its_lattice;
  Options<T> options;
  std::unique_ptr<Wavefunction> (*make)(const T&, const NetworkInput&, Precision, Device);
  // What depends on the system or on weights; refuses what does not fit.
  void (*complete)(T& options, const Node& node, NetworkContext& context) = nullptr;
  // Features of the input that the network reads; default: none.
  std::vector<std::string> (*features)(const T&, const NetworkInput&) = nullptr;
  // What the network reads of the couplings, in words that weights carry with them; default: the features.
  std::string (*conditioning)(const T&, const NetworkInput&) = nullptr;
  // See invariant_translations(); default: none.
  std::vector<int> (*translations)(const T&, const NetworkInput&) = nullptr;
  // Refuses a family that it cannot describe; what to warn about, or "". Default: it suits all.
  std::string (*suits)(const T&, const FamilyFacts&) = nullptr;
  // The orbitals of each problem that follow its features in NetworkInput::features, [modes][columns]. Default: none.
  StartOrbitals (*start)(const T&) = nullptr;
  // Options read off the names and shapes of stored tensors, which may be any; default: none (or guess_options.cpp, for kinds that need more).
  std::optional<T> (*guess)(const ParameterLayout&) = nullptr;
  // The keys of a small network (qstage-vmc new), by what it is to do; {} stands for the couplings that it reads.
  std::map<NetworkRole, std::string> starts = {};
};

template <class T>
WavefunctionEntry make_entry(const WavefunctionKind<T>& kind) {
  return {.name = kind.name,
          .text = kind.text,
          .keys = kind.options.list(),
          .defaults = kind.options.defaults(),
          .literature = kind.literature,
          .serves = kind.serves,
          .starts = kind.starts,
          .read =
              [kind](const Node& node, const std::any& start, NetworkContext& context) {
                T options = kind.options.read(node, std::any_cast<const T&>(start));
                if (kind.complete != nullptr) kind.complete(options, node, context);
                return std::any(std::move(options));
              },
          .print = [kind](const std::any& options) { return kind.options.print(std::any_cast<const T&>(options)); },
          .features =
              [kind](const std::any& options, const NetworkInput& input) {
                return kind.features == nullptr ? std::vector<std::string>{} : kind.features(std::any_cast<const T&>(options), input);
              },
          .translations =
              [kind](const std::any& options, const NetworkInput& input) {
                return kind.translations == nullptr ? std::vector<int>{} : kind.translations(std::any_cast<const T&>(options), input);
              },
          .conditioning =
              [kind](const std::any& options, const NetworkInput& input) {
                const T& chosen = std::any_cast<const T&>(options);
                if (kind.conditioning != nullptr) return kind.conditioning(chosen, input);
                std::string names;
                for (const std::string& name : kind.features == nullptr ? std::vector<std::string>{} : kind.features(chosen, input))
                  names += (names.empty() ? "" : ", ") + name;
                return names;
              },
          .suits =
              [kind](const std::any& options, const FamilyFacts& family) {
                return kind.suits == nullptr ? std::string() : kind.suits(std::any_cast<const T&>(options), family);
              },
          .start = [kind](const std::any& options) { return kind.start == nullptr ? StartOrbitals{} : kind.start(std::any_cast<const T&>(options)); },
          .make = [kind](const std::any& options, const NetworkInput& input, Precision precision,
                         Device device) { return kind.make(std::any_cast<const T&>(options), input, precision, device); },
          .guess =
              [kind](const ParameterLayout& tensors) {
                const std::optional<T> options = kind.guess == nullptr ? std::nullopt : kind.guess(tensors);
                return options ? std::any(*options) : std::any();
              }};
}

// `disorder` among the names stands for the random numbers, not for the number of the sample.
std::vector<std::string> with_random_numbers(const std::vector<std::string>& names, const NetworkContext& context);

// Of a network that appends couplings to every token, under the key `couplings`: the given ones or, if the key is absent, those that vary, each with
// the random numbers that it may stand for. They become the features of the input.
std::vector<std::string> complete_couplings(const std::vector<std::string>& given, const Node& node, NetworkContext& context);

std::span<const WavefunctionEntry* const> wavefunctions();            // the usual one first
const WavefunctionEntry& find_wavefunction(const std::string& kind);  // InputError listing the known kinds

// Features of `input` the network would read. A family that varies a coupling outside this list cannot be told apart by the network.
std::vector<std::string> conditioning_features(const WavefunctionOptions& options, const NetworkInput& input);

// Cells per axis by which configurations can be moved along a lattice with wrapping axes without changing psi, whatever the parameters are. Empty: no
// such symmetry is built in.
std::vector<int> invariant_translations(const WavefunctionOptions& options, const NetworkInput& input = {});

std::unique_ptr<Wavefunction> make_wavefunction(const WavefunctionOptions& options, const NetworkInput& input, Precision precision, Device device);

}  // namespace qs
