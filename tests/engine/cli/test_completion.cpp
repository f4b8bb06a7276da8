#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/cli/completion.h"
#include "engine/cli/option_table.h"
#include "engine/input/input.h"
#include "engine/input/settable.h"
#include "engine/plan/vocabulary.h"

namespace {

using namespace qs;

// A script in a file of its own, for as long as a test runs.
class ScriptFile {
 public:
  explicit ScriptFile(const std::string& shell)
      : path_(std::filesystem::path(testing::TempDir()) / ("qstage_completion_" + std::to_string(getpid()))) {
    std::ofstream(path_) << completion_script(shell);
  }
  ~ScriptFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

struct Answer {
  int status = -1;
  std::vector<std::string> lines;
};

Answer shell(const std::string& command) {
  Answer answer;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return answer;
  std::string text;
  std::array<char, 4096> buffer;
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) text += buffer.data();
  answer.status = pclose(pipe);
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) answer.lines.push_back(line);
  return answer;
}

bool has_shell(const std::string& name) { return shell("command -v " + name).status == 0; }

using Words = std::vector<std::string>;

// What bash offers for the last of `words`, sorted. The shell has split them: KEY = VALUE are three.
Words offered(const std::string& words, const std::string& breaks = "=: ") {
  const ScriptFile script("bash");
  const Answer answer =
      shell("COMPLETION=" + script.path() + " bash --norc --noprofile -c '. \"$COMPLETION\"; COMP_WORDBREAKS=\"" + breaks +
            "\"; COMP_WORDS=(qstage-vmc " + words + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _qstage_vmc; printf \"%s\\n\" \"${COMPREPLY[@]}\"'");
  EXPECT_EQ(answer.status, 0);
  Words lines = answer.lines;
  std::erase(lines, "");
  std::sort(lines.begin(), lines.end());
  return lines;
}

bool offers(const Words& words, const std::string& word) { return std::find(words.begin(), words.end(), word) != words.end(); }

TEST(BashCompletion, OffersTheCommands) {
  EXPECT_EQ(offered("va"), Words{"validate"});
  for (const std::string& name : command_names()) EXPECT_TRUE(offers(offered(name), name));
}

TEST(BashCompletion, OffersTheOptionsOfTheCommand) {
  EXPECT_EQ(offered("run a.yaml --dr"), Words{"--dry-run"});
  EXPECT_EQ(offered("a.yaml --dr"), Words{"--dry-run"}) << "a bare input is short for run";
  EXPECT_EQ(offered("check a.h5 --dr"), Words{});
  EXPECT_EQ(offered("bench a.yaml --steps 3 --j"), Words{"--json"});
  EXPECT_EQ(offered("bench a.yaml --json out --st"), Words{"--steps"}) << "bench --json has a value";
  EXPECT_EQ(offered("status --json --"), (offered("status runs --"))) << "status --json has none";
  EXPECT_EQ(offered("validate a.yaml --set seed = 7 --f"), Words{"--format"}) << "the value of --set is no operand";
}

TEST(BashCompletion, OffersTheWordsOfAValue) {
  EXPECT_EQ(offered("validate a.yaml --format \"\""), (Words{"json", "text"}));
  EXPECT_EQ(offered("completion \"\""), (Words{"bash", "fish", "zsh"}));
  EXPECT_EQ(offered("new heis"), Words{"heisenberg"});
  EXPECT_EQ(offered("bench a.yaml --steps \"\""), Words{});
  EXPECT_EQ(offered("--help sampler.ch"), Words{"sampler.chains"});
}

TEST(BashCompletion, OffersFilesAndFolders) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / ("qstage_files_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder / "run1");
  std::ofstream(folder / "run2.yaml") << "format: 1\n";
  const std::string begin = (folder / "run").string();

  EXPECT_EQ(offered("validate " + begin), (Words{begin + "1", begin + "2.yaml"}));
  EXPECT_EQ(offered("resume " + begin), Words{begin + "1"});
  EXPECT_EQ(offered("report runs/a runs/b " + begin), Words{begin + "1"});
  std::filesystem::remove_all(folder);
}

TEST(BashCompletion, FollowsTheKeysOfSetPartByPart) {
  EXPECT_EQ(offered("run a.yaml --set system.la"), Words{"system.lattice."});
  EXPECT_EQ(offered("run a.yaml --set see"), Words{"seed="});
  EXPECT_EQ(offered("run a.yaml --set stages.").size(), 10u);
  EXPECT_EQ(offered("run a.yaml --set stages.2.opt"), Words{"stages.2.optimizer."});
  EXPECT_EQ(offered("run a.yaml --set stages.2.optimizer.betas"), Words{"stages.2.optimizer.betas="});
  EXPECT_EQ(offered("run a.yaml --set stages.2.optimizer.lr"), (Words{"stages.2.optimizer.lr.", "stages.2.optimizer.lr="}));
}

TEST(BashCompletion, OffersTheChoicesOfAKey) {
  EXPECT_EQ(offered("a.yaml --set device = c"), (Words{"cpu", "cuda"}));
  EXPECT_EQ(offered("a.yaml --set stages.10.kind ="), (Words{"ed", "evaluate", "extrapolate", "lanczos", "pretrain", "sweep", "vmc"}));
  EXPECT_EQ(offered("a.yaml --set system.hamiltonian.marshall_sign = \"\""), (Words{"false", "true"}));
  EXPECT_EQ(offered("a.yaml --set device=c", " "), (Words{"device=cpu", "device=cuda"})) << "a shell that does not split at =";
}

// Every choice that completion offers is one that the input takes, and every key is one that --help knows.
TEST(SettableKeys, AreKeysOfTheInput) {
  std::vector<std::string> known = input::all_keys(vocabulary());
  const std::vector<input::SettableKey> keys = input::settable_keys(vocabulary());
  for (const input::SettableKey& key : keys) {
    std::string name = key.path;
    for (std::size_t at; (at = name.find(".#")) != std::string::npos;) name.erase(at, 2);
    EXPECT_TRUE(offers(known, name)) << key.path;
    EXPECT_EQ(std::count_if(keys.begin(), keys.end(), [&](const input::SettableKey& other) { return other.path == key.path; }), 1) << key.path;
    for (const std::string& word : key.words)
      EXPECT_TRUE(word == "true" || word == "false" || input::help_for(vocabulary(), name).find(word) != std::string::npos)
          << key.path << " " << word;
  }
  EXPECT_TRUE(std::none_of(keys.begin(), keys.end(), [](const input::SettableKey& key) { return key.path == "stages" || key.path == "system"; }));
}

TEST(ZshCompletion, IsSoundSyntax) {
  if (!has_shell("zsh")) GTEST_SKIP() << "zsh is not installed";
  const ScriptFile script("zsh");
  EXPECT_EQ(shell("zsh -n " + script.path()).status, 0);
}

TEST(FishCompletion, IsSoundSyntax) {
  if (!has_shell("fish")) GTEST_SKIP() << "fish is not installed";
  const ScriptFile script("fish");
  EXPECT_EQ(shell("fish -n " + script.path()).status, 0);
}

}  // namespace
