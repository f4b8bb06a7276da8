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

Command parse(std::vector<const char*> words) {
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
  const RunCommand command = std::get<RunCommand>(parse({"a.yaml", "--set", "seed=7", "--set", "stages.0.steps=3", "--dry-run"}));

  EXPECT_EQ(command.input, "a.yaml");
  ASSERT_EQ(command.sets.size(), 2u);
  EXPECT_EQ(command.sets[1].key, "stages.0.steps");
  EXPECT_EQ(command.sets[1].value, "3");
  EXPECT_EQ(command.depth, Depth::dry_run);
}

TEST(Options, EveryCommandIsUnderstood) {
  EXPECT_EQ(std::get<RunCommand>(parse({"run", "a.yaml", "--continue"})).directory, Directory::go_on);
  EXPECT_EQ(std::get<RunCommand>(parse({"run", "a.yaml", "--overwrite"})).directory, Directory::overwrite);
  EXPECT_EQ(std::get<ResumeCommand>(parse({"resume", "runs/a"})).directory, "runs/a");
  EXPECT_EQ(std::get<ValidateCommand>(parse({"validate", "a.yaml", "--format", "json"})).format, OutputFormat::json);
  EXPECT_EQ(std::get<StatusCommand>(parse({"status", "runs/a"})).directory, "runs/a");
  EXPECT_EQ(std::get<StatusCommand>(parse({"status", "runs/a"})).format, OutputFormat::text);
  EXPECT_EQ(std::get<StatusCommand>(parse({"status", "runs/a", "--json"})).format, OutputFormat::json);
  EXPECT_EQ(std::get<InfoCommand>(parse({"info", "a.h5", "--input"})).content, InfoContent::input);
  EXPECT_EQ(std::get<CheckCommand>(parse({"check", "a.h5"})).file, "a.h5");
  EXPECT_EQ(std::get<ConvertCommand>(parse({"convert", "a.h5", "b.msgpack"})).output, "b.msgpack");
  EXPECT_EQ(std::get<ConvertCommand>(parse({"convert", "a.h5", "b.msgpack"})).existing, ExistingFile::refuse);
  EXPECT_EQ(std::get<ConvertCommand>(parse({"convert", "a.h5", "b.msgpack", "--overwrite"})).existing, ExistingFile::overwrite);
}

TEST(Options, EvaluateNamesItsFiles) {
  const auto command = std::get<EvaluateCommand>(
      parse({"evaluate", "a.yaml", "--weights", "w.msgpack", "--configurations", "c.h5", "--output", "o.h5", "--gradient", "--set", "seed=7"}));

  EXPECT_EQ(command.input, "a.yaml");
  EXPECT_EQ(command.weights, "w.msgpack");
  EXPECT_EQ(command.request.configurations, "c.h5");
  EXPECT_EQ(command.request.output, "o.h5");
  EXPECT_EQ(command.request.derivatives, Derivatives::gradient);
  EXPECT_EQ(command.request.existing, ExistingFile::refuse);
  EXPECT_EQ(command.sets.size(), 1u);
  const auto brief = std::get<EvaluateCommand>(parse({"evaluate", "a.yaml", "--configurations", "c.h5", "--output", "o.h5", "--overwrite"}));
  EXPECT_EQ(brief.request.derivatives, Derivatives::none);
  EXPECT_EQ(brief.request.existing, ExistingFile::overwrite);
}

TEST(Options, HelpVersionAndSchemaNeedNothingElse) {
  EXPECT_NE(std::get<PrintCommand>(parse({"--help"})).text.find("usage"), std::string::npos);
  EXPECT_NE(std::get<PrintCommand>(parse({"--help", "sampler.chains"})).text.find("chains"), std::string::npos);
  EXPECT_NE(std::get<PrintCommand>(parse({"--version"})).text.find("qstage-vmc"), std::string::npos);
  EXPECT_EQ(std::get<PrintCommand>(parse({"--dump-schema"})).text.front(), '{');
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

TEST(Options, BenchTakesStepsAndAJsonFile) {
  const BenchCommand plain = std::get<BenchCommand>(parse({"bench", "a.yaml"}));
  const BenchCommand command = std::get<BenchCommand>(parse({"bench", "a.yaml", "--steps", "0", "--json", "b.json", "--set", "threads=1"}));

  EXPECT_EQ(plain.steps, 3);
  EXPECT_EQ(plain.json, "");
  EXPECT_EQ(command.input, "a.yaml");
  EXPECT_EQ(command.steps, 0);
  EXPECT_EQ(command.json, "b.json");
  ASSERT_EQ(command.sets.size(), 1u);
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
    EXPECT_NO_THROW(parse(words)) << command.name;
    EXPECT_FALSE(std::holds_alternative<PrintCommand>(parse(words))) << command.name;
    EXPECT_NE(refusal({command.name.c_str()}), "") << command.name;
  }
}

}  // namespace
