// In place of libFuzzer's main: runs a target on its seeds, on damaged seeds, and on the files in the folders named, the regression corpus.
//
//     replay_TARGET [FOLDER ...]         FUZZ_TRIALS=n: damaged seeds (default 10000)
//     replay_TARGET --seeds FOLDER       writes the seeds there, for a fuzzer to start from
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>

#include "tests/engine/files/mutate.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

namespace fs = std::filesystem;

// An exact copy, so that a sanitizer sees the first byte read beyond the end.
void run(const std::vector<std::byte>& bytes) { LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()); }

std::vector<std::byte> bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::size_t run_folder(const fs::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    run(bytes_of({std::istreambuf_iterator<char>(file), {}}));
    ++count;
  }
  return count;
}

void write_seeds(const fs::path& folder) {
  fs::create_directories(folder);
  int number = 0;
  for (const std::string& seed : qs::fuzz::seeds()) std::ofstream(folder / ("seed" + std::to_string(number++)), std::ios::binary) << seed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--seeds") {
    write_seeds(argv[2]);
    return 0;
  }
  std::size_t files = 0;
  for (int i = 1; i < argc; ++i) files += run_folder(argv[i]);
  std::mt19937 engine(20251211);
  const std::vector<std::string> seeds = qs::fuzz::seeds();
  const int trials = qs::test::trials("FUZZ_TRIALS", 10000);
  for (const std::string& seed : seeds) {
    const std::vector<std::byte> whole = bytes_of(seed);
    run(whole);
    for (int trial = 0; trial < trials; ++trial) {
      const bool moved = trial % 2 == 0;
      run(moved ? qs::test::mutated(whole, engine) : qs::test::overwritten(whole, engine));
    }
  }
  std::cout << seeds.size() << " seeds, " << trials << " times damaged; " << files << " files of the corpus\n";
  return 0;
}
