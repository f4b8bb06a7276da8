// The plan of an input that stands in a test as text.
#pragma once

#include <string>

#include "engine/base/error.h"
#include "engine/plan/plan.h"
#include "engine/plan/vocabulary.h"

namespace qs::test {

// Parts of an input; the defaults are a valid one.
struct InputText {
  std::string lattice = "{kind: chain, size: [6]}";
  std::string sector = "{kind: spinless_fermions, particles: 3}";
  std::string hamiltonian = "{kind: tv, t: 1.0}";
  std::string family = "";
  std::string wavefunction = "wavefunction: {kind: rbm}\n";
  std::string sampler = "sampler: {kind: exact_sum}\n";
  std::string stages = "{kind: evaluate}";
  std::string limits = "";

  // The lattice stands in line 4, what follows it in the lines after.
  std::string whole() const {
    return "format: 1\noutput: {directory: unused}\nsystem:\n  lattice: " + lattice + "\n  sector: " + sector + "\n  hamiltonian: " + hamiltonian +
           "\n" + (family.empty() ? "" : "  family: " + family + "\n") + limits + wavefunction + sampler + "stages: [" + stages + "]\n";
  }
};

// Paths in the text start from `directory`. InputError with all messages if the input is wrong.
inline RunPlan plan_of(const std::string& text, const std::string& directory = "") {
  input::Diagnostics diagnostics;
  input::Document document = input::load_text(vocabulary(), text, "input.yaml", {}, diagnostics);
  document.directory = directory;
  RunPlan plan = diagnostics.has_errors() ? RunPlan{} : make_plan(document, diagnostics);
  if (diagnostics.has_errors()) throw InputError(diagnostics.render());
  return plan;
}

inline RunPlan plan_of(const InputText& text, const std::string& directory = "") { return plan_of(text.whole(), directory); }

// What is said about a wrong input, or about a file it names.
inline std::string refusal_of(const InputText& text, const std::string& directory = "") {
  try {
    plan_of(text, directory);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

}  // namespace qs::test
