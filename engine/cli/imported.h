// A model of another code on its way into our YAML.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace qs {

struct ImportedTerm {
  std::string expression;
  std::string place;     // "shell: 1", "tuples: [[0, 1]]"
  std::string coupling;  // "" = none
  double value = 1;
  std::vector<double> values = {};  // instead of `value`, one per place
};

struct ImportedModel {
  std::string source;           // "StdFace.def, standard mode of HPhi and mVMC"
  std::string lattice, sector;  // "{kind: chain, size: [8]}"
  std::vector<std::pair<std::string, double>> couplings;
  std::vector<double> twist;  // radians
  std::vector<ImportedTerm> terms;
  int states = 1;                     // of exact diagonalisation
  std::vector<std::string> left_out;  // keys of the other code's solver
};

// InputError naming the key, the file or the operator that our input cannot express.
ImportedModel import_standard_mode(const std::string& file);  // "key = value" lines of HPhi and mVMC
ImportedModel import_expert_mode(const std::string& file);    // the list of .def files
ImportedModel import_operator_list(const std::string& file);  // JSON with QuSpin's lists

// By what the file holds: JSON, a list of .def files, or lines "key = value".
ImportedModel import_model(const std::string& file);
std::string yaml_of(const ImportedModel& model);

}  // namespace qs
