#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "engine/base/error.h"
#include "engine/cli/option_table.h"
#include "engine/cli/options.h"

namespace {

using namespace qs;

Line parse(std::vector<const char*> words) {
  words.insert(words.begin(), "qstage-vmc");
  return parse_arguments(static_cast<int>(words.size()), words.data());
}

std::string refusal(std::vector<const char*> words) {
  try {
    parse(std::move(words));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Options, ABareInputIsShortForRun) {
  const Line line = parse({"a.yaml", "--set", "seed=7", "--set", "stages.0.steps=3", "--dry-run"});

  EXPECT_EQ(line.command->name, "run");
  EXPECT_EQ(line.text("INPUT.yaml"), "a.yaml");
  ASSERT_EQ(line.sets.size(), 2u);
  EXPECT_EQ(line.sets[0].key, "seed");
  EXPECT_EQ(line.sets[1].key, "stages.0.steps");
  EXPECT_EQ(line.sets[1].value, "3");
  EXPECT_TRUE(line.has("--dry-run"));
  EXPECT_FALSE(line.has("--overwrite"));
}

TEST(Options, EveryCommandHasItsOperandsAndOptions) {
  EXPECT_TRUE(parse({"run", "a.yaml", "--continue"}).has("--continue"));
  EXPECT_EQ(parse({"resume", "runs/a"}).text("DIR"), "runs/a");
  EXPECT_EQ(parse({"validate", "a.yaml", "--format", "json"}).text("--format"), "json");
  EXPECT_EQ(parse({"validate", "a.yaml"}).text("--format"), "");
  EXPECT_TRUE(parse({"status", "runs/a", "--json"}).has("--json"));
  EXPECT_FALSE(parse({"status", "runs/a"}).has("--json"));
  EXPECT_TRUE(parse({"info", "a.h5", "--input"}).has("--input"));
  const Line line = parse({"convert", "a.h5", "b.msgpack", "--overwrite"});
  EXPECT_EQ(line.text("IN"), "a.h5");
  EXPECT_EQ(line.text("OUT"), "b.msgpack");
  EXPECT_TRUE(line.has("--overwrite"));
}

TEST(Options, EvaluateNamesItsFiles) {
  const Line line =
      parse({"evaluate", "a.yaml", "--weights", "w.msgpack", "--configurations", "c.h5", "--output", "o.h5", "--gradient", "--set", "seed=7"});

  EXPECT_EQ(line.text("--weights"), "w.msgpack");
  EXPECT_EQ(line.text("--configurations"), "c.h5");
  EXPECT_EQ(line.text("--output"), "o.h5");
  EXPECT_TRUE(line.has("--gradient"));
  EXPECT_EQ(line.sets.size(), 1u);
}

TEST(Options, HelpVersionAndSchemaNeedNothingElse) {
  EXPECT_NE(parse({"--help"}).answer.find("usage"), std::string::npos);
  EXPECT_NE(parse({"--help", "sampler.chains"}).answer.find("chains"), std::string::npos);
  EXPECT_NE(parse({"--version"}).answer.find("qstage-vmc"), std::string::npos);
  EXPECT_EQ(parse({"--dump-schema"}).answer.front(), '{');
  EXPECT_EQ(parse({"--help"}).command, nullptr);
}

TEST(Options, RefusalsSayWhatToDo) {
  EXPECT_NE(refusal({}).find("no input file"), std::string::npos);
  EXPECT_NE(refusal({"a.yaml", "--dry-rum"}).find("did you mean '--dry-run'?"), std::string::npos);
  EXPECT_NE(refusal({"a.yaml", "--set", "seed"}).find("KEY=VALUE"), std::string::npos);
  EXPECT_NE(refusal({"a.yaml", "--continue", "--overwrite"}).find("contradict"), std::string::npos);
  EXPECT_NE(refusal({"convert", "a.h5"}).find("OUT is required"), std::string::npos);
  EXPECT_NE(refusal({"validate", "a.yaml", "--format", "jsn"}).find("did you mean 'json'?"), std::string::npos);
  EXPECT_NE(refusal({"new", "heisenburg"}).find("did you mean 'heisenberg'?"), std::string::npos);
  EXPECT_NE(refusal({"completion", "tcsh"}).find("known: bash, zsh, fish"), std::string::npos);
  EXPECT_NE(refusal({"resume"}).find("--help"), std::string::npos);
  EXPECT_NE(refusal({"evaluate", "a.yaml", "--output", "o.h5"}).find("--configurations"), std::string::npos);
  EXPECT_NE(refusal({"evaluate", "a.yaml", "--wieghts", "w"}).find("did you mean '--weights'?"), std::string::npos);
}

TEST(Options, ReportTakesOneOrMoreDirectories) {
  const Line line = parse({"report", "runs/a", "-o", "x.html", "runs/b"});

  EXPECT_EQ(line.directories, (std::vector<std::string>{"runs/a", "runs/b"}));
  EXPECT_EQ(line.text("-o"), "x.html");
  EXPECT_EQ(parse({"report", "runs/a"}).directories.size(), 1u);
  EXPECT_EQ(parse({"report", "runs/a"}).text("-o"), "");
  EXPECT_NE(refusal({"report"}).find("--help"), std::string::npos);
}

TEST(Options, BenchTakesStepsAndAJsonFile) {
  const Line line = parse({"bench", "a.yaml", "--steps", "0", "--json", "b.json", "--set", "threads=1"});

  EXPECT_EQ(line.text("--steps"), "0");
  EXPECT_EQ(line.text("--json"), "b.json");
  ASSERT_EQ(line.sets.size(), 1u);
  EXPECT_NE(refusal({"bench", "a.yaml", "--steps", "-1"}), "");
  EXPECT_NE(refusal({"bench", "a.yaml", "--steps", "many"}), "");
}

TEST(OptionTable, EveryRowBelongsToCommandsThatExistAndIsInTheHelp) {
  const std::string help = help_text();
  std::set<std::string> used;
  for (const OptionEntry& option : options()) {
    EXPECT_NE(help.find("  " + option.name), std::string::npos) << option.name;
    std::istringstream words(option.commands);
    for (std::string word; words >> word;) used.insert(word);
  }
  const std::vector<std::string> known = command_names();
  for (const std::string& name : used) EXPECT_NE(std::find(known.begin(), known.end(), name), known.end()) << name;
  for (const std::string& name : known) EXPECT_NE(help.find("\n  " + name + " "), std::string::npos) << name;
  EXPECT_LT(std::count(help.begin(), help.end(), '\n'), 60);
}

TEST(OptionTable, TheHelpNamesEveryExitCode) {
  const std::string help = help_text();
  const std::string codes = help.substr(help.find("exit codes:"));
  for (const ExitCode code : {ExitCode::done, ExitCode::internal, ExitCode::input, ExitCode::file, ExitCode::numerical, ExitCode::checkpoint,
                              ExitCode::memory, ExitCode::device, ExitCode::watchdog, ExitCode::stopped})
    EXPECT_NE(codes.find(" " + std::to_string(static_cast<int>(code)) + " "), std::string::npos) << static_cast<int>(code);
}

TEST(OptionTable, EveryCommandIsRead) {
  for (const CommandEntry& command : commands()) {
    std::vector<const char*> words = {command.name.c_str()};
    for (const ValueEntry& operand : command.operands) words.push_back(operand.words.empty() ? "x" : operand.words.front().c_str());
    for (const OptionEntry& option : options())
      if (takes(command, option) && option.presence == Presence::required) words.insert(words.end(), {option.name.c_str(), "y"});
    EXPECT_EQ(parse(words).command->name, command.name);
    EXPECT_NE(command.run, nullptr) << command.name;
    EXPECT_NE(refusal({command.name.c_str()}), "") << command.name;
  }
}

}  // namespace
