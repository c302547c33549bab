// Readers remember what they have read: at each instant they must say what a decoder says that sees
// the files for the first time.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/random.h"
#include "properties/decode_query.h"
#include "properties/plain_names.h"
#include "tests/properties/log_builder.h"
#include "tests/properties/sink_files.h"

namespace wavetank::properties {
namespace {

using checkpoint::GroupKind;
using platform::Random;
using runtime::MANIFEST_MODE_APPEND;
using testing::Pointee;

std::vector<std::string> Texts(const std::vector<LogRecord>& records) {
  std::vector<std::string> texts;
  for (const LogRecord& record : records) texts.push_back(*record);
  return texts;
}

// Cuts, flips or removes something of one file, or leaves it.
void Damage(Random& random, DurableFiles& files) {
  auto file = files.begin();
  std::advance(file, static_cast<ptrdiff_t>(random.Below(files.size())));
  std::string& bytes = file->second;
  switch (random.Below(4)) {
    case 0:
      bytes.resize(bytes.size() - std::min<size_t>(bytes.size(), random.Below(50)));
      return;
    case 1:
      if (!bytes.empty()) bytes[random.Below(bytes.size())] ^= 4;
      return;
    case 2:
      files.erase(file);
      return;
    default:
      return;
  }
}

struct Seen {
  int answers = 0;
  int errors = 0;
};

// Whether there is an answer to compare: both agree in that, else the test fails.
template <typename Read, typename Fresh>
bool BothAnswer(const Read& read, const Fresh& fresh, Seen& seen) {
  EXPECT_EQ(read.status(), fresh.status());
  if (!fresh.ok()) ++seen.errors;
  if (!fresh.ok() || !read.ok()) return false;
  EXPECT_EQ(read->has_value(), fresh->has_value());
  if (!fresh->has_value() || !read->has_value()) return false;
  ++seen.answers;
  return true;
}

TEST(FencedLogReader, SaysAtEachInstantWhatADecoderSaysThatSeesTheLogForTheFirstTime) {
  Seen seen;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    DurableFiles files;
    FencedLogReader reader("q");
    SCOPED_TRACE(seed);
    const auto compare = [&](const DurableFiles& at) {
      const auto fresh = DecodeFencedLog(at, "q");
      const auto read = reader.Read(at);
      if (!BothAnswer(read, fresh, seen)) return;
      ASSERT_EQ(Texts(**read), **fresh) << "seed " << seed;
    };
    for (int64_t epoch = 1; epoch <= 3; ++epoch) {
      LogBuilder log(files, epoch);
      std::string seal = kEmptySeal;
      if (epoch > 1) {
        // The first group of the epoch before, and what is carried.
        seal = std::string({2, 1, static_cast<char>(epoch - 1), 41, 2}) +
               wavetank::properties::Texts({"carried"});
      }
      log.Add(GroupKind::kSeal, seal);
      for (int group = 0; group < 6; ++group) {
        log.Add(GroupKind::kRecords,
                wavetank::properties::Texts({std::to_string(epoch), std::to_string(group)}));
        compare(files);
        DurableFiles damaged = files;
        Damage(random, damaged);
        compare(damaged);
      }
    }
  }
  EXPECT_GT(seen.answers, 400);
  EXPECT_GT(seen.errors, 40);
}

TEST(FencedLogReader, GivesTheSameRecordsOfALogThatHasGrown) {
  DurableFiles files;
  LogBuilder log(files, 1);
  log.Add(GroupKind::kSeal, kEmptySeal);
  log.Add(GroupKind::kRecords, wavetank::properties::Texts({"a"}));
  FencedLogReader reader("q");
  const LogRecord first = reader.Read(files)->value().front();
  log.Add(GroupKind::kRecords, wavetank::properties::Texts({"b"}));
  const auto grown = reader.Read(files);
  ASSERT_EQ((*grown)->size(), 2u);
  EXPECT_EQ((*grown)->front(), first);
  EXPECT_THAT((*grown)->back(), Pointee(std::string("b")));
}

bool AreAlike(const ShownBatch& a, const ShownBatch& b) {
  return a.batch == b.batch && a.definition_hash == b.definition_hash &&
         a.entry_hash == b.entry_hash && (a.rows == nullptr) == (b.rows == nullptr) &&
         (a.rows == nullptr || *a.rows == *b.rows);
}

TEST(FileSinkReader, SaysAtEachInstantWhatADecoderSaysThatSeesTheSinkForTheFirstTime) {
  Seen seen;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    SinkFiles sink;
    FileSinkReader reader("out");
    PlainNamesReader names("out");
    const auto compare = [&](const DurableFiles& files) {
      const auto fresh_names = DecodePlainNames(files, "out");
      const auto read_names = names.Read(files);
      ASSERT_EQ(read_names.status(), fresh_names.status()) << "seed " << seed;
      if (fresh_names.ok()) {
        ASSERT_EQ(read_names->missing, fresh_names->missing);
        ASSERT_EQ(read_names->left_over, fresh_names->left_over);
        ASSERT_EQ(read_names->wrong, fresh_names->wrong);
      }
      const auto fresh = DecodeFileSink(files, "out");
      const auto read = reader.Read(files);
      if (!BothAnswer(read, fresh, seen)) return;
      ASSERT_EQ((*read)->uncommitted, (*fresh)->uncommitted);
      ASSERT_TRUE(std::ranges::equal((*read)->batches, (*fresh)->batches, AreAlike));
    };
    for (int64_t batch = 0; batch < 6; ++batch) {
      const std::string rows = "a," + std::to_string(batch) + "\n";
      sink.Commit(sink.Stage(batch, MANIFEST_MODE_APPEND, rows));
      if (random.OneIn(2)) sink[SinkFiles::PartName(batch)] = rows;
      compare(sink.Durable());
      DurableFiles damaged = sink.Durable();
      Damage(random, damaged);
      compare(damaged);
    }
  }
  EXPECT_GT(seen.answers, 200);
  EXPECT_GT(seen.errors, 40);
}

// The entry stays what it is.
TEST(FileSinkReader, SeesThatAPartWhichItHasReadHasOtherBytesOrIsGone) {
  SinkFiles sink;
  sink.Commit(sink.Stage(0, MANIFEST_MODE_APPEND, "a,1\n"));
  FileSinkReader reader("out");
  ASSERT_TRUE(reader.Read(sink.Durable()).ok());
  sink["_wavetank/staged/a-0"] = "a,2\n";
  EXPECT_THAT(std::string(reader.Read(sink.Durable()).status().message()),
              testing::HasSubstr("is not what the manifest says"));
  sink["_wavetank/staged/a-0"] = "a,1\n";
  EXPECT_TRUE(reader.Read(sink.Durable()).ok());
  sink.Remove("_wavetank/staged/a-0");
  EXPECT_THAT(std::string(reader.Read(sink.Durable()).status().message()),
              testing::HasSubstr("is in the manifest and not durable"));
}

}  // namespace
}  // namespace wavetank::properties
