// What a training stage remembers of its losses, and how it ends.
#include "engine/stages/training_record.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "engine/stages/training_end.h"

namespace {

using namespace qs;

LossPoint point(double mean, double error = 0) { return {{mean}, {error}}; }

const Loss energy{"energy", "t", 1e-3, 1e-4};

TEST(TrainingRecord, KeepsTheLowestExactLoss) {
  TrainingRecord record(Evidence::exact, 100, 1);
  for (const double loss : {-1.0, -3.0, -2.0}) record.observe(point(loss), {loss});

  EXPECT_EQ(record.best_parameters(), std::vector<double>{-3.0});
  EXPECT_EQ(record.best()->mean[0], -3.0);
  EXPECT_EQ(record.start()->mean[0], -1.0);
}

// The least of many noisy energies is low by its noise; a window is better only by more than its errors.
TEST(TrainingRecord, IsNotFooledByTheLowestOfManyNoisyLosses) {
  TrainingRecord record(Evidence::sampled, 500, 1);
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0, 0.1);
  double lowest = 0;
  for (int step = 0; step < 500; ++step) {
    const double loss = -1 + noise(random);
    lowest = std::min(lowest, loss);
    record.observe(point(loss, 0.1), {static_cast<double>(step)});
    EXPECT_FALSE(record.runs_away(point(loss, 0.1)));
  }
  EXPECT_LT(lowest, -1.25);
  EXPECT_GT(record.best()->mean[0], -1.15);
}

TEST(TrainingRecord, CallsALossThatStaysHighARunaway) {
  TrainingRecord record(Evidence::sampled, 100, 2);
  for (int step = 0; step < 30; ++step) record.observe({{-1, -2 + 1e-3 * (step % 2)}, {0.01, 0.01}}, {0.0});

  EXPECT_FALSE(record.runs_away({{-1, -1.5}, {0.01, 0.01}})) << "one step may be a fluctuation";
  EXPECT_TRUE(record.runs_away({{-1, -1.5}, {0.01, 0.01}})) << "of the second problem alone";
  record.forget_present_window();
  EXPECT_FALSE(record.runs_away({{-1, -1.5}, {0.01, 0.01}}));
}

TEST(TrainingRecord, GoesOnFromACheckpointAsIfNothingHadHappened) {
  const auto fed = [](TrainingRecord& record, int from, int to) {
    for (int step = from; step < to; ++step) record.observe({{-std::sqrt(step), -1.0}, {0.1, 0.2}}, {static_cast<double>(step)});
  };
  TrainingRecord whole(Evidence::sampled, 100, 2), first(Evidence::sampled, 100, 2), second(Evidence::sampled, 100, 2);
  fed(whole, 0, 37);
  fed(first, 0, 14);
  TrainingRecord::Buffers buffers, expected, found;
  first.save(buffers);
  second.restore(buffers);
  fed(second, 14, 37);
  whole.save(expected);
  second.save(found);

  EXPECT_EQ(found, expected);
}

TEST(TrainingEnd, SaysWhenTheLossRoseAndKeepsTheBest) {
  TrainingRecord record(Evidence::sampled, 100, 1);
  for (int step = 0; step < 10; ++step) record.observe(point(-1, 0.01), {1.0});
  const LossPoint reached = point(-0.5, 0.01);
  const std::vector<double> last = {2.0};

  const TrainingEnd best = end_training(record, Keep::best, energy, {last, reached}),
                    newest = end_training(record, Keep::last, energy, {last, reached});

  EXPECT_FALSE(best.converged);
  ASSERT_EQ(best.warnings.size(), 1u);
  EXPECT_NE(best.warnings[0].find("rose during this stage"), std::string::npos);
  EXPECT_EQ(best.parameters, std::vector<double>{1.0});
  EXPECT_EQ(newest.parameters, last);
}

TEST(TrainingEnd, HandsOnTheLastParametersWhereTheBestAreNoBetter) {
  TrainingRecord record(Evidence::sampled, 100, 1);
  for (int step = 0; step < 20; ++step) record.observe(point(-1, 0.01), {1.0});
  const LossPoint reached = point(-0.99, 0.01);

  const TrainingEnd end = end_training(record, Keep::best, energy, {{2.0}, reached});

  EXPECT_TRUE(end.converged);
  EXPECT_TRUE(end.warnings.empty());
  EXPECT_EQ(end.parameters, std::vector<double>{2.0});
}

TEST(TrainingEnd, SaysWhenTheEnergyWasStillFalling) {
  TrainingRecord record(Evidence::exact, 20, 1);
  for (int step = 0; step < 20; ++step) record.observe(point(-1 - 0.01 * step), {0.0});

  const TrainingEnd end = end_training(record, Keep::best, energy, {{0.0}, point(-1.2)});

  EXPECT_FALSE(end.converged);
  ASSERT_EQ(end.warnings.size(), 1u);
  EXPECT_NE(end.warnings[0].find("still falling"), std::string::npos);
}

}  // namespace
