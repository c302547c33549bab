#include "properties/plain_names.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/connectors/manifest.pb.h"
#include "tests/properties/log_builder.h"

namespace wavetank::properties {
namespace {

using checkpoint::GroupKind;
using runtime::MANIFEST_MODE_APPEND;
using runtime::MANIFEST_MODE_COMPLETE;
using runtime::MANIFEST_MODE_UPDATE;
using runtime::ManifestMode;
using runtime::ManifestRecord;
using testing::ElementsAre;
using testing::IsEmpty;

// A sink whose manifest is built entry by entry; its plain names are put there one by one.
class PlainNamesTest : public testing::Test {
 protected:
  PlainNamesTest() : manifest_(files_, 1, 0, "out/_wavetank") {
    manifest_.Add(GroupKind::kSeal, kEmptySeal);
    runtime::ManifestRecord record;
    record.mutable_fence()->set_epoch(1);
    Append(record);
  }
  void Append(const ManifestRecord& record) {
    manifest_.Add(GroupKind::kRecords, Texts({record.SerializeAsString()}));
  }
  void Commit(int64_t batch, ManifestMode mode, const std::vector<std::string>& parts) {
    ManifestRecord record;
    record.mutable_entry()->set_batch(batch);
    record.mutable_entry()->set_mode(mode);
    for (const std::string& part : parts) record.mutable_entry()->add_parts()->set_name(part);
    Append(record);
  }
  void List(const std::string& part) { files_["out/" + part] = "rows"; }
  void Unlist(const std::string& part) { files_.erase("out/" + part); }
  PlainNamesView View() {
    const auto view = DecodePlainNames(files_, "out");
    EXPECT_TRUE(view.ok()) << view.status();
    return view.ok() ? *view : PlainNamesView();
  }

  DurableFiles files_;
  LogBuilder manifest_;
};

TEST_F(PlainNamesTest, NothingIsMissingFromASinkThatHasCommittedNothing) {
  EXPECT_THAT(View().missing, IsEmpty());
  EXPECT_THAT(View().left_over, IsEmpty());
  files_.clear();
  EXPECT_THAT(View().missing, IsEmpty()) << "nor from one that has no manifest";
}

TEST_F(PlainNamesTest, LacksWhatAnyEntryOfAnAppendModeManifestNames) {
  Commit(0, MANIFEST_MODE_APPEND, {"part-00000-00000.csv", "part-00000-00001.csv"});
  Commit(1, MANIFEST_MODE_APPEND, {"part-00001-00000.csv"});
  List("part-00000-00001.csv");
  EXPECT_THAT(View().missing, ElementsAre("part-00000-00000.csv", "part-00001-00000.csv"));
  List("part-00000-00000.csv");
  List("part-00001-00000.csv");
  EXPECT_THAT(View().missing, IsEmpty());
  EXPECT_THAT(View().left_over, IsEmpty()) << "every batch is part of the table";
}

// Of batches that share the file "shared", whose texts are of four bytes each.
ManifestRecord InSharedFile(int64_t batch, uint64_t offset) {
  ManifestRecord record;
  record.mutable_entry()->set_batch(batch);
  record.mutable_entry()->set_mode(MANIFEST_MODE_APPEND);
  runtime::ManifestPart& part = *record.mutable_entry()->add_parts();
  part.set_name("part-00000-00000.csv");
  part.set_file("shared");
  part.set_size_bytes(4);
  part.set_offset(offset);
  part.set_file_bytes(12);
  return record;
}

// Who lists would read the rows of a batch twice, or such as nobody committed.
TEST_F(PlainNamesTest, OfASharedFileTheEntriesHaveAllThatIsListed) {
  files_["out/_wavetank/staged/shared"] = "a,0\nb,1\nc,2\n";
  files_["out/part-00000-00000.csv"] = "a,0\nb,1\nc,2\n";
  Append(InSharedFile(0, 0));
  EXPECT_THAT(View().wrong, ElementsAre("part-00000-00000.csv"));
  Append(InSharedFile(1, 4));
  EXPECT_THAT(View().wrong, ElementsAre("part-00000-00000.csv"));
  Append(InSharedFile(2, 8));
  EXPECT_THAT(View().wrong, IsEmpty());
  Append(InSharedFile(3, 8));
  EXPECT_THAT(View().wrong, ElementsAre("part-00000-00000.csv"));
}

TEST_F(PlainNamesTest, LacksOfAnUpdateModeManifestTheSame) {
  Commit(0, MANIFEST_MODE_UPDATE, {"part-00000-00000.csv"});
  Commit(1, MANIFEST_MODE_UPDATE, {"part-00001-00000.csv"});
  List("part-00001-00000.csv");
  EXPECT_THAT(View().missing, ElementsAre("part-00000-00000.csv"));
}

TEST_F(PlainNamesTest, LacksOfACompleteTableOnlyTheNewest) {
  Commit(0, MANIFEST_MODE_COMPLETE, {"part-00000-00000.csv"});
  Commit(1, MANIFEST_MODE_COMPLETE, {"part-00001-00000.csv"});
  EXPECT_THAT(View().missing, ElementsAre("part-00001-00000.csv"));
}

TEST_F(PlainNamesTest, OfACompleteTableAllButTheTwoNewestAreLeftOver) {
  for (int64_t batch = 0; batch < 4; ++batch) {
    const std::string part = "part-0000" + std::to_string(batch) + "-00000.csv";
    Commit(batch, MANIFEST_MODE_COMPLETE, {part});
    List(part);
  }
  EXPECT_THAT(View().left_over, ElementsAre("part-00000-00000.csv", "part-00001-00000.csv"));
  Unlist("part-00000-00000.csv");
  EXPECT_THAT(View().left_over, ElementsAre("part-00001-00000.csv"));
  Unlist("part-00001-00000.csv");
  EXPECT_THAT(View().left_over, IsEmpty());
}

// The names of batches that the manifest has dropped, and those of one whose entry is not there
// yet.
TEST_F(PlainNamesTest, KnowsWhatIsLeftOverByItsBatchThoughNoEntryNamesIt) {
  ManifestRecord dropped;
  dropped.mutable_dropped()->set_first_batch(7);
  Append(dropped);
  Commit(7, MANIFEST_MODE_COMPLETE, {"part-00007-00000.csv"});
  Commit(8, MANIFEST_MODE_COMPLETE, {"part-00008-00000.csv"});
  for (const char* part : {"part-00006-00000.csv", "part-00007-00000.csv", "part-00008-00000.csv",
                           "part-00009-00000.csv"}) {
    List(part);
  }
  EXPECT_THAT(View().left_over, ElementsAre("part-00006-00000.csv"));
}

TEST_F(PlainNamesTest, LooksAtPartsAlone) {
  Commit(0, MANIFEST_MODE_COMPLETE, {"part-00000-00000.csv"});
  Commit(1, MANIFEST_MODE_COMPLETE, {"part-00001-00000.csv"});
  Commit(2, MANIFEST_MODE_COMPLETE, {"part-00002-00000.csv"});
  List("part-00001-00000.csv");
  List("part-00002-00000.csv");
  List("part-00000/inside");
  List("_wavetank/staged/part-00000-00000.csv");
  List("notes");
  files_["other/part-00000-00000.csv"] = "rows";
  EXPECT_THAT(View().left_over, IsEmpty());
  EXPECT_THAT(View().missing, IsEmpty());
}

TEST_F(PlainNamesTest, SaysThatTheManifestIsDamaged) {
  manifest_.Add(GroupKind::kRecords, Texts({"no record"}));
  EXPECT_EQ(DecodePlainNames(files_, "out").status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace wavetank::properties
