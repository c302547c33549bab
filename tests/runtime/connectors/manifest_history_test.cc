#include "runtime/connectors/manifest_history.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/connectors/part_name.h"

namespace wavetank::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Fences(int64_t epoch, int64_t fences = 1) {
  ManifestRecord record;
  record.mutable_fence()->set_query_id("q");
  record.mutable_fence()->set_epoch(epoch);
  record.mutable_fence()->set_fences(fences);
  return record.SerializeAsString();
}
std::string Enters(int64_t batch, ManifestMode mode = MANIFEST_MODE_COMPLETE) {
  ManifestRecord record;
  record.mutable_entry()->set_query_id("q");
  record.mutable_entry()->set_batch(batch);
  record.mutable_entry()->set_mode(mode);
  return record.SerializeAsString();
}
std::vector<int64_t> BatchesOf(const ManifestHistory& history) {
  std::vector<int64_t> batches;
  for (const ManifestEntry& entry : history.entries()) batches.push_back(entry.batch());
  return batches;
}
std::string WhyRefused(const std::vector<std::string>& records) {
  return ParseManifest("out", records).status().ToString();
}

TEST(ManifestHistory, RefusesWhatIsMissingRepeatedOrOutOfOrder) {
  EXPECT_THAT(WhyRefused({Fences(1), Enters(1)}), HasSubstr("batch 1 where batch 0 belongs"));
  EXPECT_THAT(WhyRefused({Fences(1), Enters(0), Enters(2)}),
              HasSubstr("record 2 is batch 2 where batch 1 belongs"));
  EXPECT_THAT(WhyRefused({Fences(1), Enters(0), Enters(0)}),
              HasSubstr("batch 0 where batch 1 belongs"));
  EXPECT_THAT(WhyRefused({Fences(2), Fences(1)}), HasSubstr("older fencing token"));
  EXPECT_THAT(WhyRefused({Fences(2, 3), Fences(2, 2)}), HasSubstr("older fencing token"));
}

TEST(ManifestHistory, IsReadFromTheBeginningEachTime) {
  ManifestHistory history("out");
  for (int read = 0; read < 2; ++read) {
    history.Clear();
    for (const std::string& record : {Fences(1), Enters(0), Enters(1)}) {
      const absl::Status added = history.Add(record);
      EXPECT_TRUE(added.ok()) << added;
    }
    EXPECT_THAT(BatchesOf(history), ElementsAre(0, 1));
  }
}

// Whatever has been dropped, what comes after a base is judged as after the records themselves.
TEST(ManifestHistory, ABaseSaysTheSameAsTheRecordsThatItStandsFor) {
  std::vector<std::string> records = {Fences(3, 2)};
  for (int64_t batch = 0; batch < 5; ++batch) {
    records.push_back(Enters(batch));
    const auto history = ParseManifest("out", records);
    ASSERT_TRUE(history.ok()) << history.status();
    auto base = history->Base();
    ASSERT_TRUE(base.has_value());
    const std::vector<std::string> shorter = base->Rest();
    const auto anew = ParseManifest("out", shorter);
    ASSERT_TRUE(anew.ok()) << anew.status() << " after batch " << batch;
    EXPECT_EQ(BatchesOf(*anew), BatchesOf(*history));
    EXPECT_EQ(anew->token(), history->token());
    EXPECT_EQ(anew->query_id(), "q");
    for (const std::string& next : {Enters(batch), Enters(batch + 1), Enters(batch + 2),
                                    Fences(2, 9), Fences(3, 1), Fences(3, 3)}) {
      std::vector<std::string> after_records = records;
      std::vector<std::string> after_base = shorter;
      after_records.push_back(next);
      after_base.push_back(next);
      EXPECT_EQ(ParseManifest("out", after_base).ok(), ParseManifest("out", after_records).ok());
    }
  }
}

TEST(PartName, IsReadBackHoweverManyDigitsItHas) {
  for (const int64_t batch : {int64_t{0}, int64_t{99'999}, int64_t{100'000}, int64_t{12'345'678}}) {
    for (const size_t partition : {size_t{0}, size_t{100'000}}) {
      for (const PartDialect dialect :
           {PART_DIALECT_RFC4180, PART_DIALECT_JSON, PART_DIALECT_TEXT}) {
        EXPECT_EQ(BatchOfPart(PartName(batch, partition, dialect)), batch);
      }
    }
  }
  for (const char* other :
       {"part-0001-00000.csv", "part-00001-0000.csv", "part-00001.csv", "part-00001-00000.tsv",
        "part-0000x-00000.csv", "_part-00001-00000.csv", "part-00001-00000-00000.csv"}) {
    EXPECT_EQ(BatchOfPart(other), -1) << other;
  }
}

}  // namespace
}  // namespace wavetank::runtime
