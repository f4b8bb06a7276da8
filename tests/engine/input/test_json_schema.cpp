// The JSON schema and the parser come from one table; here they are asked about the same thousands of documents. The judge of the
// schema is python3-jsonschema, an independent reader of the specification.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "engine/input/raw.h"
#include "engine/input/validate.h"
#include "engine/plan/vocabulary.h"

using namespace qs::input;
using Json = nlohmann::ordered_json;

namespace {

// Every section and most variants, so that mutations reach them all.
const char* const documents[] = {
    R"({"format": 1, "title": "a", "seed": 1, "device": "cpu", "threads": 2, "precision": {"network": "float32"}, "output": {"directory": "r"},
        "limits": {"walltime": "1h", "margin": "10s", "memory": "1GiB"}, "checkpoint": {"interval": "5min", "keep_every": 3}, "log": {"every": "1s"},
        "on_nonfinite": "stop",
        "system": {"lattice": {"kind": "chain", "size": [8], "boundary": ["antiperiodic"]}, "sector": {"kind": "spinless_fermions", "particles": 3},
          "hamiltonian": {"kind": "tv", "t": 1.5, "V": [1, 2.5], "delta": 0.1, "pinning": "odd"}, "family": {"t": [1.0, 2.0], "particles": [2, 3]}},
        "wavefunction": {"kind": "qstage", "depth": 2, "d_model": 12, "heads": 2, "mlp": 8, "tail": [["t"], ["V", "N"]], "features": ["t"], "weights": "w"},
        "sampler": {"kind": "metropolis", "move": {"kind": "hop", "shells": [1, 2], "d_max": 2, "weight": 0.5}, "chains": 8, "samples": 16, "sweep_size": 4,
          "discard": 1, "thermalise": 2},
        "stages": [{"kind": "ed", "states": 2, "tolerance": 1.5e-9, "write_states": "never", "export_csv": "a/b", "export_hdf5": "a/b.h5"},
          {"kind": "pretrain", "targets": {"files": ["a.csv"]}, "steps": 3, "optimizer": {"kind": "adamw", "lr": {"from": 0.5, "to": 0.25, "steps": 7},
            "betas": [0.5, 0.25], "eps": 0.125, "weight_decay": 0.0}, "stop": {"overlap": 0.5}, "rows": "full", "held_out": {"V": [1.0]}, "evaluate_every": 2},
          {"kind": "vmc", "steps": 3, "optimizer": {"kind": "natural", "lr": 0.5, "diag_shift": 0.25, "momentum": 0.5, "norm_constraint": 0.5},
            "family": {"names": ["t", "V"], "rows": [[1, 2], [3, 4.5]]}, "sampler": {"samples": 32}},
          {"kind": "evaluate", "observables": ["energy", "density"], "compare": "ed", "sampler": {"chains": 4, "moves": [{"kind": "hop"}]}}]})",
    R"({"format": 1, "output": {"directory": "r"}, "system": {"lattice": {"kind": "square", "size": [4, 4], "periodic": [true, false]},
          "sector": {"kind": "spin_half", "total_sz": 0.5}, "hamiltonian": {"kind": "heisenberg", "J1": 1, "J2": 0.5, "marshall_sign": true}},
        "wavefunction": {"kind": "vit", "patch": [2, 2], "layers": 2, "d_model": 8, "heads": 2, "attention": "factored_full", "couplings": ["J2"]},
        "sampler": {"kind": "exact_sum"}, "stages": [{"kind": "vmc", "steps": 1, "optimizer": {"kind": "sr"}}, {"kind": "pretrain", "targets": "ed",
          "rows": 12, "optimizer": {"kind": "minsr", "lr": 0.25}}]})",
    R"({"format": 1, "output": {"directory": "r"}, "system": {"lattice": {"kind": "kagome", "size": [2, 2], "periodic": true},
          "sector": {"kind": "spinful_fermions", "up": 1, "down": 2}, "hamiltonian": {"kind": "hubbard", "t": [1], "U": 4}},
        "wavefunction": {"kind": "rbm", "alpha": 2, "dtype": "real"}, "stages": [{"kind": "ed"}]})"};

// Every value of a document as a JSON pointer, keys and list items alike.
void collect(const Json& at, const Json::json_pointer& path, std::vector<Json::json_pointer>& out) {
  if (at.is_object())
    for (auto item = at.begin(); item != at.end(); ++item) out.push_back(path / item.key()), collect(item.value(), path / item.key(), out);
  if (at.is_array())
    for (std::size_t i = 0; i < at.size(); ++i) out.push_back(path / i), collect(at[i], path / i, out);
}

Json mutated(Json document, std::mt19937& random) {
  static const Json values = Json::parse(
      R"([0, 1, -1, 2, 3, 5000, 0.5, -0.5, 1.5, 1000000000000000, true, false, "", "x", "ed", "true", "3", "5min", "1h5s", "90", "2GiB", "cpu", "qstage", "tv",
          "hop", "chain", "square", "minsr", "adamw", "vmc", "/a", "a/../b", "..a", [], [1], [1, 2], [1, 1], [1, 2, 3], ["a"], ["t", "t"], [["t"]], [[]], [true],
          {}, {"kind": "flip"}, {"from": 1, "to": 2, "steps": 3}, {"V": [1]}, {"V": []}, {"names": ["V"]}, {"names": ["V"], "rows": [[1]]}, {"zz": 1}])");
  static const char* const names[] = {"zz", "kind",          "lr",     "steps",     "family", "weight", "sampler", "samples",
                                      "J",  "marshall_sign", "shells", "particles", "mlp"};
  std::vector<Json::json_pointer> places;
  collect(document, Json::json_pointer(), places);
  const Json::json_pointer place = places[random() % places.size()];
  Json& parent = document[place.parent_pointer()];
  switch (random() % 4) {
    case 0:
      if (parent.is_object())
        parent.erase(place.back());
      else
        parent.erase(std::stoul(place.back()));
      break;
    case 1:
      if (parent.is_object()) parent[names[random() % std::size(names)]] = values[random() % values.size()];
      break;
    default:
      document[place] = values[random() % values.size()];
  }
  return document;
}

bool parser_accepts(const std::string& text) {
  Diagnostics diagnostics;
  validate_table(qs::vocabulary(), read_yaml(text, "input.yaml", Positions::from_text, diagnostics), diagnostics);
  return !diagnostics.has_errors();
}

class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / ("qs_schema_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

const char* const judge = R"(import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
with open(sys.argv[3], "w") as out:
    for line in open(sys.argv[2]):
        out.write("1\n" if validator.is_valid(json.loads(line)) else "0\n")
)";

}  // namespace

TEST(InputJsonSchema, IsDraftSevenAndDescribesEveryRootKey) {
  const Json schema = Json::parse(json_schema(qs::vocabulary()));

  EXPECT_EQ(schema["$schema"], "http://json-schema.org/draft-07/schema#");
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_TRUE(schema["properties"]["system"].contains("description"));
  EXPECT_EQ(schema["required"], Json::parse(R"(["format", "output", "system", "stages"])"));
}

TEST(InputJsonSchema, AgreesWithTheParserOnMutatedDocuments) {
  if (std::system("python3 -c 'import jsonschema' >/dev/null 2>&1") != 0) GTEST_SKIP() << "python3-jsonschema is not installed";
  const TemporaryFolder folder;
  std::ofstream(folder / "judge.py") << judge;
  std::ofstream(folder / "schema.json") << json_schema(qs::vocabulary());
  std::mt19937 random(20251211);
  // The judge takes milliseconds a document: 10000 nightly, fewer on every commit.
  const char* const wanted = std::getenv("QSTAGE_SCHEMA_DOCUMENTS");
  const std::size_t count = wanted ? std::stoul(wanted) : 1500;
  std::vector<std::string> lines;
  for (const char* document : documents) lines.push_back(Json::parse(document).dump());
  while (lines.size() < count) {
    Json document = Json::parse(documents[random() % std::size(documents)]);
    for (unsigned edits = 1 + random() % 2; edits > 0; --edits) document = mutated(std::move(document), random);
    lines.push_back(document.dump());
  }
  {
    std::ofstream out(folder / "documents.jsonl");
    for (const std::string& line : lines) out << line << "\n";
  }

  const std::string quoted = "'" + (folder / "judge.py").string() + "' '" + (folder / "schema.json").string() + "' '" +
                             (folder / "documents.jsonl").string() + "' '" + (folder / "verdicts").string() + "'";
  ASSERT_EQ(std::system(("python3 " + quoted).c_str()), 0);

  std::ifstream verdicts(folder / "verdicts");
  int accepted = 0, disagreements = 0;
  std::string examples;
  for (const std::string& line : lines) {
    std::string verdict;
    ASSERT_TRUE(std::getline(verdicts, verdict));
    const bool parser = parser_accepts(line);
    accepted += parser;
    if (parser == (verdict == "1")) continue;
    ++disagreements;
    if (disagreements <= 5) {
      Diagnostics diagnostics;
      validate_table(qs::vocabulary(), read_yaml(line, "input.yaml", Positions::from_text, diagnostics), diagnostics);
      examples += "schema says " + verdict + ", parser: " + diagnostics.render() + line + "\n";
    }
  }
  EXPECT_EQ(disagreements, 0) << examples;
  EXPECT_GT(accepted, static_cast<int>(count) / 20);
  EXPECT_LT(accepted, static_cast<int>(count) * 9 / 10);
  for (std::size_t i = 0; i < std::size(documents); ++i) EXPECT_TRUE(parser_accepts(lines[i])) << i;
}
