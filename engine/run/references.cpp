#include "engine/run/references.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/report/provenance.h"
#include "engine/wavefunctions/registry.h"

namespace qs {

namespace {

// The literature of networks stands in their entries.
std::vector<Reference> of_networks() {
  std::vector<Reference> rows;
  for (const WavefunctionEntry* entry : wavefunctions()) {
    for (const std::string& bibtex : entry->literature) rows.push_back({"network", {{"wavefunction.kind", {entry->name}}}, bibtex});
  }
  return rows;
}

const std::vector<Reference>& of_methods() {
  static const std::vector<Reference> table = {
      {"network", {{"wavefunction.kind", {"vit"}}, {"wavefunction.attention", {"factored"}}}, R"(@article{viteritti2023transformer,
  author = {Viteritti, Luciano Loris and Rende, Riccardo and Becca, Federico},
  title = {Transformer Variational Wave Functions for Frustrated Quantum Spin Systems},
  journal = {Phys. Rev. Lett.},
  volume = {130}, pages = {236401}, year = {2023},
  doi = {10.1103/PhysRevLett.130.236401}
})"},
      {"determinant of orbitals that follow the configuration", {{"wavefunction.amplitude", {"determinant"}}}, R"(@article{luo2019backflow,
  author = {Luo, Di and Clark, Bryan K.},
  title = {Backflow Transformations via Neural Networks for Quantum Many-Body Wave Functions},
  journal = {Phys. Rev. Lett.},
  volume = {122}, pages = {226401}, year = {2019},
  doi = {10.1103/PhysRevLett.122.226401}
})"},
      {"stochastic reconfiguration", {{"stages.optimizer.kind", {"sr", "minsr", "natural"}}}, R"(@article{sorella1998green,
  author = {Sorella, Sandro},
  title = {Green Function {Monte Carlo} with Stochastic Reconfiguration},
  journal = {Phys. Rev. Lett.},
  volume = {80}, pages = {4558--4561}, year = {1998},
  doi = {10.1103/PhysRevLett.80.4558}
})"},
      {"stochastic reconfiguration in sample space", {{"stages.optimizer.kind", {"minsr", "natural"}}}, R"(@article{chen2024empowering,
  author = {Chen, Ao and Heyl, Markus},
  title = {Empowering deep neural quantum states through efficient optimization},
  journal = {Nat. Phys.},
  volume = {20}, pages = {1476--1481}, year = {2024},
  doi = {10.1038/s41567-024-02566-1}
})"},
      {"SPRING", {{"stages.optimizer.momentum", {}}}, R"(@article{goldshlager2024kaczmarz,
  author = {Goldshlager, Gil and Abrahamsen, Nilin and Lin, Lin},
  title = {A {Kaczmarz}-inspired approach to accelerate the optimization of neural network wavefunctions},
  journal = {J. Comput. Phys.},
  volume = {516}, pages = {113351}, year = {2024},
  doi = {10.1016/j.jcp.2024.113351}
})"},
      {"optimizer", {{"stages.optimizer.kind", {"adamw"}}}, R"(@misc{loshchilov2017decoupled,
  author = {Loshchilov, Ilya and Hutter, Frank},
  title = {Decoupled Weight Decay Regularization},
  year = {2017}, eprint = {1711.05101}, archivePrefix = {arXiv}
})"},
      {"optimizer", {{"stages.optimizer.kind", {"muon"}}}, R"(@misc{liu2025muon,
  author = {Liu, Jingyuan and Su, Jianlin and others},
  title = {Muon is Scalable for {LLM} Training},
  year = {2025}, eprint = {2502.16982}, archivePrefix = {arXiv}
})"},
      {"V-score of the energies", {{"stages.kind", {"evaluate"}}}, R"(@article{wu2024variational,
  author = {Wu, Dian and Rossi, Riccardo and Vicentini, Filippo and others},
  title = {Variational benchmarks for quantum many-body problems},
  journal = {Science},
  volume = {386}, pages = {296--301}, year = {2024},
  doi = {10.1126/science.adg9774}
})"},
      {"Lanczos step", {{"stages.kind", {"lanczos"}}}, R"(@article{sorella2001generalized,
  author = {Sorella, Sandro},
  title = {Generalized {Lanczos} algorithm for variational quantum {Monte Carlo}},
  journal = {Phys. Rev. B},
  volume = {64}, pages = {024512}, year = {2001},
  eprint = {cond-mat/0009149}, archivePrefix = {arXiv}
})"},
      {"second Renyi entropies by swap", {{"stages.renyi2.pairings", {}}, {"stages.renyi2.pairings", {"all"}}}, R"(@article{hastings2010measuring,
  author = {Hastings, Matthew B. and Gonz{\'a}lez, Iv{\'a}n and Kallin, Ann B. and Melko, Roger G.},
  title = {Measuring {Renyi} Entanglement Entropy in Quantum {Monte Carlo} Simulations},
  journal = {Phys. Rev. Lett.},
  volume = {104}, pages = {157201}, year = {2010},
  doi = {10.1103/PhysRevLett.104.157201}
})"},
      {"random numbers", {{"stages.sampler.kind", {"metropolis"}}, {"stages.rows", {}}}, R"(@inproceedings{salmon2011parallel,
  author = {Salmon, John K. and Moraes, Mark A. and Dror, Ron O. and Shaw, David E.},
  title = {Parallel random numbers: as easy as 1, 2, 3},
  booktitle = {Proceedings of 2011 International Conference for High Performance Computing, Networking, Storage and Analysis (SC '11)},
  year = {2011},
  doi = {10.1145/2063384.2063405}
})"},
  };
  return table;
}

// A value of the resolved input that conditions can ask for.
struct Fact {
  std::string key, path;  // path: the key with its list positions
  std::string word;
  double number = 0;  // 0: a word
};

void collect(const input::Node& node, const std::string& key, const std::string& path, std::vector<Fact>& facts) {
  const auto below = [](const std::string& parent, const std::string& child) { return parent.empty() ? child : parent + "." + child; };
  if (node.is_null()) return;
  if (node.is_map()) {
    for (const auto& [name, value] : node.entries()) collect(value, below(key, name), below(path, name), facts);
  } else if (node.is_list()) {
    const std::vector<input::Node> items = node.items();
    for (std::size_t i = 0; i < items.size(); ++i) collect(items[i], key, below(path, std::to_string(i)), facts);
  } else if (node.is_number()) {
    facts.push_back({key, path, fmt::format("{:g}", node.number()), node.number()});
  } else if (node.is_text()) {
    facts.push_back({key, path, node.text(), 0});
  }
}

bool meets(const Fact& fact, const Condition& condition) {
  if (fact.key != condition.key) return false;
  if (condition.words.empty()) return fact.number > 0;
  return std::find(condition.words.begin(), condition.words.end(), fact.word) != condition.words.end();
}

bool calls_for(const Fact& fact, const Reference& reference) {
  return std::any_of(reference.when.begin(), reference.when.end(), [&](const Condition& condition) { return meets(fact, condition); });
}

std::string program_entry() {
  const BuildInfo build = build_info();
  return fmt::format(
      "% code: this program\n@misc{{qstage-vmc,\n  title = {{qstage-vmc: neural-network ground states of lattice models}},\n"
      "  note = {{version {}, git {}}}\n}}\n",
      build.version, build.git_hash);
}

}  // namespace

std::span<const Reference> references() {
  static const std::vector<Reference> all = [] {
    std::vector<Reference> rows = of_networks();
    rows.insert(rows.end(), of_methods().begin(), of_methods().end());
    return rows;
  }();
  return all;
}

std::string citations(const input::Document& document) {
  std::vector<Fact> facts;
  collect(document.root, "", "", facts);
  std::string text = program_entry();
  for (const Reference& reference : references()) {
    const auto fact = std::find_if(facts.begin(), facts.end(), [&](const Fact& candidate) { return calls_for(candidate, reference); });
    if (fact != facts.end()) text += fmt::format("\n% {}: {} is {}\n{}\n", reference.role, fact->path, fact->word, reference.bibtex);
  }
  return text;
}

}  // namespace qs
