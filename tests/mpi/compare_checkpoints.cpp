// compare_checkpoints A B: 0 if two checkpoints hold the same bits of parameters, optimizer, chains, trace and outputs, or two results.h5 the same
// results; else names what differs. Wall times, provenance and the input's location may differ.
#include <cstring>
#include <iostream>
#include <string>
#include <variant>

#include "engine/checkpoint/checkpoint_file.h"
#include "engine/weights/weights.h"

namespace {

bool may_differ(const std::string& path) {
  for (const char* prefix : {"seconds/", "timing/", "input/", "provenance/"})
    if (path.starts_with(prefix)) return true;
  return false;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

bool same_bits(const std::vector<std::string>& a, const std::vector<std::string>& b) { return a == b; }

bool same(const qs::Dataset& a, const qs::Dataset& b) {
  if (a.shape != b.shape || a.values.index() != b.values.index()) return false;
  return std::visit([&](const auto& values) { return same_bits(values, std::get<std::decay_t<decltype(values)>>(b.values)); }, a.values);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: compare_checkpoints A B\n";
    return 2;
  }
  const qs::DataTree a = qs::read_weights_file(argv[1]), b = qs::read_weights_file(argv[2]);
  int differences = 0;
  const auto report = [&](const std::string& path, const char* what) {
    std::cerr << path << ": " << what << '\n';
    ++differences;
  };
  for (const auto& [path, dataset] : a.datasets) {
    if (may_differ(path)) continue;
    if (!b.has(path))
      report(path, "only in the first");
    else if (!same(dataset, b.at(path)))
      report(path, "other bits");
  }
  for (const auto& [path, dataset] : b.datasets) {
    if (!may_differ(path) && !a.has(path)) report(path, "only in the second");
  }
  if (a.datasets.empty()) report("", "nothing to compare");
  std::cout << a.datasets.size() << " datasets, " << differences << " differences\n";
  return differences == 0 ? 0 : 1;
}
