#include "engine/checkpoint/checkpoint_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <filesystem>
#include <random>
#include <span>

#include "engine/base/error.h"
#include "engine/checkpoint/checkpoint_header.h"
#include "engine/hdf5/hdf5.h"
#include "tests/engine/checkpoint/checkpoint_content.h"
#include "tests/engine/files/scratch.h"
#include "tests/engine/hdf5/sample_tree.h"

namespace qs {
namespace {

using test::checkpoint_content;
using test::message_of;
using test::Scratch;
using test::slurp;
using test::spit;

void write(const Scratch& scratch, std::int64_t step) { write_checkpoint(scratch.path(), checkpoint_content(step), step); }

ino_t inode(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_ino;
}

TEST(Checkpoint, ReturnsTheTreeAndTheStep) {
  const Scratch scratch;
  EXPECT_FALSE(load_checkpoint(scratch.path(), Damaged::set_aside).has_value());

  write_checkpoint(scratch.path(), test::every_type(), 41);
  const auto loaded = load_checkpoint(scratch.path(), Damaged::set_aside);

  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->tree, test::every_type());
  EXPECT_EQ(loaded->step, 41);
  EXPECT_EQ(loaded->path, scratch / "checkpoint.h5");
  EXPECT_FALSE(loaded->warning.has_value());
  EXPECT_EQ(scratch.names(), (std::vector<std::string>{"checkpoint.h5"}));
}

TEST(Checkpoint, KeepsThePreviousStepAsPrev) {
  const Scratch scratch;

  for (std::int64_t step = 1; step <= 4; ++step) {
    write(scratch, step);
    EXPECT_EQ(read_checkpoint(scratch / "checkpoint.h5").step, step);
    if (step == 1) continue;
    const LoadedCheckpoint previous = read_checkpoint(scratch / "checkpoint.prev.h5");
    EXPECT_EQ(previous.step, step - 1);
    EXPECT_EQ(previous.tree, checkpoint_content(step - 1));
  }

  EXPECT_EQ(scratch.names(), (std::vector<std::string>{"checkpoint.h5", "checkpoint.prev.h5"}));
}

TEST(Checkpoint, ContainsAPlainHdf5FileBehindItsHeader) {
  const Scratch scratch;
  write(scratch, 3);

  EXPECT_EQ(read_hdf5(scratch / "checkpoint.h5"), checkpoint_content(3));  // found by the library as a file with a user block
  const std::string file = slurp(scratch / "checkpoint.h5");
  EXPECT_EQ(file.substr(512, 4), "\x89HDF");
  if (!test::has_program("h5dump --version")) GTEST_SKIP() << "h5dump is not installed";
  EXPECT_EQ(test::shell("h5dump -d /schedule/step " + scratch / "checkpoint.h5" + " | grep -q '(0): 3'"), 0);
}

TEST(Checkpoint, HasTheSameBytesForTheSameState) {
  const Scratch first, second;
  write(first, 5);
  write(second, 5);

  EXPECT_TRUE(slurp(first / "checkpoint.h5") == slurp(second / "checkpoint.h5"));
}

TEST(Checkpoint, SurvivesACrashBetweenRotationAndRename) {
  const Scratch scratch;
  write(scratch, 1);
  write(scratch, 2);
  // The state after "link(current, prev.tmp); rename(prev.tmp, prev)": one inode under both names. A rename between two
  // names of one inode does nothing, so a protocol without the extra unlink leaves prev.tmp and fails one write later.
  std::filesystem::remove(scratch / "checkpoint.prev.h5");
  ASSERT_EQ(::link((scratch / "checkpoint.h5").c_str(), (scratch / "checkpoint.prev.h5").c_str()), 0);
  ASSERT_EQ(inode(scratch / "checkpoint.h5"), inode(scratch / "checkpoint.prev.h5"));

  write(scratch, 3);
  EXPECT_EQ(scratch.names(), (std::vector<std::string>{"checkpoint.h5", "checkpoint.prev.h5"}));
  EXPECT_EQ(read_checkpoint(scratch / "checkpoint.prev.h5").step, 2);
  write(scratch, 4);

  EXPECT_EQ(read_checkpoint(scratch / "checkpoint.h5").step, 4);
  EXPECT_EQ(read_checkpoint(scratch / "checkpoint.prev.h5").step, 3);
  EXPECT_EQ(scratch.names(), (std::vector<std::string>{"checkpoint.h5", "checkpoint.prev.h5"}));
}

TEST(Checkpoint, DetectsEveryBitFlip) {
  const Scratch scratch;
  write(scratch, 7);
  const std::string sound = slurp(scratch / "checkpoint.h5");
  ASSERT_EQ(verify_checkpoint(scratch / "checkpoint.h5"), "");
  std::mt19937_64 random(20251211);
  int undetected = 0;

  const auto flip = [&](std::size_t bit) {
    std::string damaged = sound;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    spit(scratch / "damaged.h5", damaged);
    undetected += verify_checkpoint(scratch / "damaged.h5").empty();
    EXPECT_THROW(read_checkpoint(scratch / "damaged.h5"), CheckpointError);
  };
  for (std::size_t bit = 0; bit < 64 * 8; ++bit) flip(bit);  // the fields of the header, one by one
  for (int i = 0; i < 200; ++i) flip(random() % (sound.size() * 8));

  EXPECT_EQ(undetected, 0);
}

TEST(Checkpoint, DetectsEveryTruncationAndExtension) {
  const Scratch scratch;
  write(scratch, 7);
  const std::string sound = slurp(scratch / "checkpoint.h5");

  for (std::size_t length = 0; length < sound.size(); length += length < 600 ? 1 : 61) {
    spit(scratch / "damaged.h5", sound.substr(0, length));
    EXPECT_NE(verify_checkpoint(scratch / "damaged.h5"), "") << length;
  }
  spit(scratch / "damaged.h5", sound + "x");
  EXPECT_NE(verify_checkpoint(scratch / "damaged.h5"), "");
}

TEST(Checkpoint, SaysWhatIsWrongWithAFile) {
  const Scratch scratch;
  write(scratch, 7);
  const std::string sound = slurp(scratch / "checkpoint.h5");
  const auto verdict = [&](const std::string& content) {
    spit(scratch / "x.h5", content);
    return verify_checkpoint(scratch / "x.h5");
  };
  std::string payload_damaged = sound, header_damaged = sound;
  payload_damaged[600] ^= 1;
  header_damaged[24] ^= 1;

  EXPECT_EQ(verdict(""), "the file is empty");
  EXPECT_EQ(verdict("PK\x03\x04 something else"), "it does not begin like a checkpoint (another kind of file, or damaged)");
  EXPECT_EQ(verdict(sound.substr(0, 100)), "only 100 of the 512 bytes of the header are there");
  EXPECT_EQ(verdict(header_damaged), "the header's hash does not fit (damaged)");
  EXPECT_EQ(verdict(payload_damaged), "the data's hash does not fit (damaged)");
  EXPECT_EQ(verdict(sound.substr(0, sound.size() - 1)),
            fmt::format("the data has {} bytes, the header says {} (truncated or extended)", sound.size() - 513, sound.size() - 512));
  EXPECT_TRUE(is_checkpoint(scratch / "checkpoint.h5"));
  spit(scratch / "x.h5", "short");
  EXPECT_FALSE(is_checkpoint(scratch / "x.h5"));
}

TEST(Checkpoint, TakesPrevAndSetsADamagedCurrentFileAside) {
  const Scratch scratch;
  write(scratch, 1);
  write(scratch, 2);
  std::string damaged = slurp(scratch / "checkpoint.h5");
  damaged[1000] ^= 4;
  spit(scratch / "checkpoint.h5", damaged);

  const auto loaded = load_checkpoint(scratch.path(), Damaged::set_aside);

  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->step, 1);
  EXPECT_EQ(loaded->path, scratch / "checkpoint.prev.h5");
  EXPECT_EQ(loaded->warning, fmt::format("'{0}/checkpoint.h5' is damaged (the data's hash does not fit (damaged)); it is now "
                                         "'{0}/checkpoint.bad.h5', and the checkpoint before it was taken",
                                         scratch.path()));
  EXPECT_EQ(scratch.names(), (std::vector<std::string>{"checkpoint.bad.h5", "checkpoint.prev.h5"}));
  EXPECT_TRUE(slurp(scratch / "checkpoint.bad.h5") == damaged);

  write(scratch, 2);  // the next save must not lose the good one
  EXPECT_EQ(read_checkpoint(scratch / "checkpoint.prev.h5").step, 1);
  EXPECT_EQ(read_checkpoint(scratch / "checkpoint.h5").step, 2);
}

TEST(Checkpoint, WhoOnlyReadsHearsOfTheDamageAndRenamesNothing) {
  const Scratch scratch;
  write(scratch, 1);
  write(scratch, 2);
  spit(scratch / "checkpoint.h5", "");

  const auto loaded = load_checkpoint(scratch.path(), Damaged::leave);

  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->step, 1);
  EXPECT_EQ(loaded->warning, fmt::format("'{}/checkpoint.h5' is damaged (the file is empty); the checkpoint before it was taken", scratch.path()));
  EXPECT_EQ(scratch.names(), (std::vector<std::string>{"checkpoint.h5", "checkpoint.prev.h5"}));
}

// The hashes of a newer release may stand elsewhere, so its version counts whether they fit or not.
TEST(Checkpoint, RefusesANewerFormatAndLeavesItInPlace) {
  for (const bool hash_fits : {true, false}) {
    const Scratch scratch;
    write(scratch, 1);
    write(scratch, 2);
    std::string newer = slurp(scratch / "checkpoint.h5");
    newer[8] = 2;
    if (hash_fits) {
      XXH64_canonical_t hash{};
      XXH64_canonicalFromHash(&hash, XXH3_64bits(newer.data(), 504));
      newer.replace(504, sizeof hash, reinterpret_cast<const char*>(&hash), sizeof hash);
    }
    spit(scratch / "checkpoint.h5", newer);

    const std::string message = message_of<CheckpointError>([&] { load_checkpoint(scratch.path(), Damaged::set_aside); });

    EXPECT_NE(message.find("format version 2 is not known to this program, which reads version 1"), std::string::npos) << message;
    EXPECT_EQ(message.find("damaged") == std::string::npos, hash_fits) << message;
    EXPECT_TRUE(slurp(scratch / "checkpoint.h5") == newer);
    EXPECT_EQ(scratch.names(), (std::vector<std::string>{"checkpoint.h5", "checkpoint.prev.h5"}));
  }
}

// libhdf5 crashes on some of these (SIGSEGV); the hash is renewed as whoever damages a file on purpose would.
TEST(Checkpoint, ReadsAHostilePayloadWithTheRightHashInAChildProcess) {
  const Scratch scratch;
  write(scratch, 7);
  const std::string sound = slurp(scratch / "checkpoint.h5").substr(512);
  std::mt19937_64 random(20261130);
  int refused = 0;
  for (int i = 0; i < 80; ++i) {
    std::string payload = sound;
    for (int k = 0; k < 8; ++k) payload[random() % std::min<std::size_t>(payload.size(), 4096)] = static_cast<char>(random());
    const CheckpointHeader header = make_checkpoint_header(std::as_bytes(std::span(payload)), 7);
    spit(scratch / "hostile.h5", std::string(reinterpret_cast<const char*>(header.data()), header.size()) + payload);
    ASSERT_EQ(verify_checkpoint(scratch / "hostile.h5"), "");
    try {
      read_checkpoint(scratch / "hostile.h5");
    } catch (const CheckpointError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 20);
}

TEST(Checkpoint, TakesPrevWithAWarningWhenTheCurrentFileIsMissing) {
  const Scratch scratch;
  write(scratch, 1);
  write(scratch, 2);
  std::filesystem::remove(scratch / "checkpoint.h5");

  const auto loaded = load_checkpoint(scratch.path(), Damaged::set_aside);

  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->step, 1);
  EXPECT_EQ(loaded->warning, fmt::format("'{}/checkpoint.h5' is missing; the checkpoint before it was taken", scratch.path()));
}

TEST(Checkpoint, RenamesNothingWhenNoFileIsSound) {
  const Scratch scratch;
  spit(scratch / "checkpoint.h5", "");
  spit(scratch / "checkpoint.prev.h5", "x");

  const std::string message = message_of<CheckpointError>([&] { load_checkpoint(scratch.path(), Damaged::set_aside); });

  EXPECT_EQ(message, fmt::format("no checkpoint in '{}' can be used: checkpoint.h5: the file is empty; checkpoint.prev.h5: it does not begin like a "
                                 "checkpoint (another kind of file, or damaged); restore one from a backup or start anew with --overwrite",
                                 scratch.path()));
  EXPECT_EQ(scratch.names(), (std::vector<std::string>{"checkpoint.h5", "checkpoint.prev.h5"}));
}

TEST(Checkpoint, KeepsACopyThatNoRotationTouches) {
  const Scratch scratch;
  write(scratch, 1);
  keep_checkpoint(scratch.path(), "best");
  keep_checkpoint(scratch.path(), "best");  // again for the same step: a rename between two names of one file
  write(scratch, 2);
  write(scratch, 3);

  EXPECT_EQ(read_checkpoint(scratch / "checkpoint.best.h5").step, 1);
  keep_checkpoint(scratch.path(), "best");
  EXPECT_EQ(read_checkpoint(scratch / "checkpoint.best.h5").step, 3);
  EXPECT_EQ(scratch.names(), (std::vector<std::string>{"checkpoint.best.h5", "checkpoint.h5", "checkpoint.prev.h5"}));
  EXPECT_THROW(keep_checkpoint(scratch.path(), "prev"), FileError);
  EXPECT_THROW(keep_checkpoint(scratch.path(), "a/b"), FileError);
}

}  // namespace
}  // namespace qs
