#include "runtime/connectors/manifest_history.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/connectors/file_part.h"
#include "runtime/connectors/inspect_manifest.h"
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

// An entry of one part that stands in it, "a,1".
std::string EntersInline(int64_t batch, ManifestMode mode) {
  ManifestRecord record;
  record.ParseFromString(Enters(batch, mode));
  ManifestPart& part = *record.mutable_entry()->add_parts();
  part.set_text("a,1\n");
  part.set_rows(1);
  record.mutable_entry()->set_committable_hash(7);
  return record.SerializeAsString();
}
std::string Files(int64_t batch, int64_t epoch = 1, int64_t fences = 1) {
  ManifestRecord record;
  record.mutable_filed()->set_query_id("q");
  record.mutable_filed()->set_batch(batch);
  record.mutable_filed()->set_epoch(epoch);
  record.mutable_filed()->set_fences(fences);
  record.mutable_filed()->add_parts()->set_file("f");
  return record.SerializeAsString();
}

TEST(ManifestHistory, RefusesToFileWhatIsNotThereOrIsFiledAndUnderAnotherToken) {
  const auto enters = [](int64_t batch) { return EntersInline(batch, MANIFEST_MODE_APPEND); };
  EXPECT_EQ(WhyRefused({Fences(1), enters(0), enters(1), Files(1), Files(0)}), "OK");
  EXPECT_THAT(WhyRefused({Fences(1), enters(0), Files(1)}),
              HasSubstr("record 2 files batch 1, and the newest entry is 0"));
  EXPECT_THAT(WhyRefused({Fences(1), enters(0), Files(0), Files(0)}),
              HasSubstr("files batch 0, which stands in files"));
  EXPECT_THAT(WhyRefused({Fences(1), enters(0), Fences(1, 2), Files(0)}),
              HasSubstr("files batch 0 under another token than the newest"));
  EXPECT_THAT(WhyRefused({Fences(1), enters(0), Files(0, 2)}), HasSubstr("under another token"));
}

TEST(ManifestHistory, AnEntryKeepsItsCommittablesHashWhenItIsFiled) {
  const auto history =
      ParseManifest("out", {Fences(1), EntersInline(0, MANIFEST_MODE_APPEND), Files(0)});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->entries().front().committable_hash(), 7U);
  EXPECT_EQ(history->entries().front().parts(0).file(), "f");
  EXPECT_FALSE(HasInline(history->entries().front()));
}

TEST(ManifestHistory, CopiesAnEntryAsItIsFiledAndOneThatIsNotAsItIs) {
  ManifestHistory history("out", ManifestHistory::Of::kOwner);
  const std::string filed = EntersInline(0, MANIFEST_MODE_APPEND);
  const std::string other = EntersInline(1, MANIFEST_MODE_APPEND);
  for (const std::string& record : {Fences(1), filed, other, Files(0)}) {
    EXPECT_TRUE(history.Add(record).ok());
  }
  history.KeepNewest(1);
  EXPECT_FALSE(history.Base().has_value());
  EXPECT_EQ(history.Copied(Fences(1)), Fences(1));
  EXPECT_EQ(history.Copied(other), other);
  EXPECT_EQ(history.Copied(Files(0)), std::nullopt);
  const auto anew = ParseManifest("out", {Fences(1), *history.Copied(filed), other});
  ASSERT_TRUE(anew.ok()) << anew.status();
  EXPECT_EQ(anew->entries().front().parts(0).file(), "f");
  EXPECT_TRUE(HasInline(anew->entries().back()));
}

TEST(ManifestHistory, AnOwnerKeepsReplacedTablesUntilItForgetsThem) {
  ManifestHistory history("out", ManifestHistory::Of::kOwner);
  EXPECT_TRUE(history.Add(Fences(1)).ok());
  for (int64_t batch = 0; batch < 5; ++batch) {
    EXPECT_TRUE(history.Add(EntersInline(batch, MANIFEST_MODE_COMPLETE)).ok());
  }
  EXPECT_TRUE(history.Add(Files(0)).ok());
  history.Forget(2);
  history.Forget(1);
  EXPECT_THAT(BatchesOf(history), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_TRUE(history.entries()[1].parts().empty()) << "it has no names, and no text";
  const auto anew = ParseManifest("out", history.Base()->Rest());
  EXPECT_TRUE(anew.ok()) << anew.status();
  history.Forget(0);
  EXPECT_THAT(BatchesOf(history), ElementsAre(3, 4));
}

TEST(ManifestLogs, ShowRowsOnlyIfAsked) {
  const checkpoint::LogKind kind = ManifestLogs();
  const std::string record = EntersInline(0, MANIFEST_MODE_APPEND);
  EXPECT_THAT(kind.describe(record, false), testing::Not(HasSubstr("a,1")));
  EXPECT_THAT(kind.describe(record, false), HasSubstr("4 bytes"));
  EXPECT_THAT(kind.describe(record, true), HasSubstr("a,1"));
}

TEST(FiledName, TellsItsToken) {
  const std::string name = FiledName(7, {12, 3}, "m.p.n.1.0123456789abcdef", PART_DIALECT_JSON);
  EXPECT_EQ(name, "filed-00007-12-3-m.p.n.1.0123456789abcdef.json");
  EXPECT_EQ(TokenOfFiled(name), (FencingToken{12, 3}));
  EXPECT_FALSE(IsStagedName(name));
  for (const char* other : {"batch-00007-12-3-u.csv", "filed-x-1-2-u.csv", "filed-00007-1-u.csv",
                            "filed-00007-1-x-u.csv", "notes"}) {
    EXPECT_EQ(TokenOfFiled(other), std::nullopt) << other;
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
