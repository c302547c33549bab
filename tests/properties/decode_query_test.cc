#include "properties/decode_query.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/metadata.pb.h"
#include "properties/part_rows.h"
#include "properties/plain_names.h"
#include "tests/properties/log_builder.h"
#include "tests/properties/sink_files.h"

namespace wavetank::properties {
namespace {

using runtime::MANIFEST_MODE_APPEND;
using runtime::MANIFEST_MODE_COMPLETE;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pointee;

FileSinkView Decode(const SinkFiles& sink) {
  const auto view = DecodeFileSink(sink.Durable(), "out");
  EXPECT_TRUE(view.ok()) << view.status();
  return view.ok() && view->has_value() ? **view : FileSinkView();
}

std::vector<int64_t> BatchesOf(const FileSinkView& view) {
  std::vector<int64_t> batches;
  for (const ShownBatch& batch : view.batches) batches.push_back(batch.batch);
  return batches;
}

TEST(DecodeFileSink, ReadsTheRowsOfEachEntry) {
  SinkFiles sink;
  sink.Commit(sink.Stage(0, MANIFEST_MODE_APPEND, "a,1\n"));
  sink.Commit(sink.Stage(1, MANIFEST_MODE_APPEND, "b,2\nc,3\n"));
  const FileSinkView view = Decode(sink);
  ASSERT_THAT(BatchesOf(view), ElementsAre(0, 1));
  EXPECT_THAT(view.batches[0].rows, Pointee(ElementsAre(NaiveRow{"a", "1"})));
  EXPECT_THAT(view.batches[1].rows, Pointee(ElementsAre(NaiveRow{"b", "2"}, NaiveRow{"c", "3"})));
  EXPECT_EQ(view.table, TableIs::kAllRows);
}

TEST(DecodeFileSink, TellsAnEntryFromAnotherOfTheSameBatch) {
  const auto hash = [](const std::string& rows, const std::string& attempt) {
    SinkFiles sink;
    sink.Commit(sink.Stage(0, MANIFEST_MODE_APPEND, rows, attempt));
    return Decode(sink).batches.front().entry_hash;
  };
  EXPECT_EQ(hash("a,1\n", "a"), hash("a,1\n", "a"));
  EXPECT_NE(hash("a,1\n", "a"), hash("a,2\n", "a"));
  EXPECT_NE(hash("a,1\n", "a"), hash("a,1\n", "b"));
}

// Two batches whose rows one file holds.
SinkFiles WithSharedFile() {
  SinkFiles sink;
  sink.Fence(1);
  runtime::ManifestEntry entries[2];
  const std::string rows[] = {"a,1\n", "b,2\nc,3\n"};
  for (const int64_t batch : {0, 1}) {
    entries[batch] = sink.Stage(batch, MANIFEST_MODE_APPEND, rows[batch]);
    sink.Commit(SinkFiles::Inline(entries[batch], rows[batch]));
    sink.Remove("_wavetank/staged/a-" + std::to_string(batch));
    runtime::ManifestPart& part = *entries[batch].mutable_parts(0);
    part.set_file("shared");
    part.set_name(SinkFiles::PartName(0));
    part.set_offset(batch == 0 ? 0 : rows[0].size());
    part.set_file_bytes(rows[0].size() + rows[1].size());
  }
  sink["_wavetank/staged/shared"] = rows[0] + rows[1];
  for (const int64_t batch : {0, 1}) sink.File(entries[batch], 1);
  sink[SinkFiles::PartName(0)] = rows[0] + rows[1];
  return sink;
}

TEST(DecodeFileSink, ReadsOfASharedFileWhatIsEachBatchs) {
  SinkFiles sink = WithSharedFile();
  const FileSinkView view = Decode(sink);
  ASSERT_THAT(BatchesOf(view), ElementsAre(0, 1));
  EXPECT_THAT(view.batches[0].rows, Pointee(ElementsAre(NaiveRow{"a", "1"})));
  EXPECT_THAT(view.batches[1].rows, Pointee(ElementsAre(NaiveRow{"b", "2"}, NaiveRow{"c", "3"})));
  EXPECT_THAT(view.uncommitted, IsEmpty());
  sink["_wavetank/staged/shared"] += "d,4\n";
  EXPECT_THAT(DecodeFileSink(sink.Durable(), "out").status().ToString(),
              HasSubstr("not what the manifest says"));
}

TEST(DecodeFileSink, ASharedFilesNameIsOfAllOfIt) {
  SinkFiles sink = WithSharedFile();
  const auto listed = [&] { return *DecodePlainNames(sink.Durable(), "out"); };
  EXPECT_THAT(listed().missing, IsEmpty());
  EXPECT_THAT(listed().wrong, IsEmpty());
  sink[SinkFiles::PartName(0)] += "d,4\n";
  EXPECT_THAT(listed().wrong, Not(IsEmpty()));
  sink.Remove(SinkFiles::PartName(0));
  EXPECT_THAT(listed().missing, ElementsAre(SinkFiles::PartName(0))) << "it is said once";
}

TEST(DecodeFileSink, ReadsWhatStandsInAnEntryUntilItIsFiledAndThenTheFile) {
  SinkFiles sink;
  sink.Fence(1);
  const runtime::ManifestEntry staged = sink.Stage(0, MANIFEST_MODE_APPEND, "a,1\n");
  sink.Commit(SinkFiles::Inline(staged, "a,1\n"));
  sink[SinkFiles::PartName(0)] = "a,1\n";
  FileSinkReader reader("out");
  const auto before = reader.Read(sink.Durable());
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_THAT((*before)->batches[0].rows, Pointee(ElementsAre(NaiveRow{"a", "1"})));
  EXPECT_THAT((*before)->uncommitted, ElementsAre("part-00000-00000.csv"));

  sink.File(staged, 1);
  const auto after = reader.Read(sink.Durable());
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_THAT((*after)->batches[0].rows, Pointee(ElementsAre(NaiveRow{"a", "1"})));
  EXPECT_THAT((*after)->uncommitted, IsEmpty());
  EXPECT_NE((*after)->batches[0].entry_hash, (*before)->batches[0].entry_hash)
      << "its rows are judged again";
  sink.Remove("_wavetank/staged/a-0");
  EXPECT_THAT(reader.Read(sink.Durable()).status().ToString(), HasSubstr("not durable"));
}

TEST(DecodeFileSink, RefusesWhatCannotBeFiledAndAnEntryThatIsNotWhatItSays) {
  SinkFiles nothing;
  nothing.Fence(1);
  nothing.File(nothing.Stage(0, MANIFEST_MODE_APPEND, "a,1\n"), 1);
  EXPECT_THAT(DecodeFileSink(nothing.Durable(), "out").status().ToString(),
              HasSubstr("files batch 0, which has no entry before"));
  SinkFiles other;
  other.Fence(1);
  const runtime::ManifestEntry staged = other.Stage(0, MANIFEST_MODE_APPEND, "a,1\n");
  other.Commit(SinkFiles::Inline(staged, "a,1\n"));
  other.Fence(2);
  other.File(staged, 1);
  EXPECT_THAT(DecodeFileSink(other.Durable(), "out").status().ToString(),
              HasSubstr("under another token"));
  SinkFiles damaged;
  damaged.Commit(SinkFiles::Inline(staged, "a,2\n"));
  EXPECT_THAT(DecodeFileSink(damaged.Durable(), "out").status().ToString(),
              HasSubstr("what stands in the entry is not what the manifest says"));
}

TEST(DecodeFileSink, LeavesOutWhatWasDropped) {
  SinkFiles sink;
  sink.Commit(sink.Stage(0, MANIFEST_MODE_COMPLETE, "a,1\n"));
  sink.Commit(sink.Stage(1, MANIFEST_MODE_COMPLETE, "a,2\n"));
  sink.Drop(1);
  EXPECT_THAT(BatchesOf(Decode(sink)), ElementsAre(1));
  SinkFiles base;
  base.Drop(3);
  base.Commit(base.Stage(3, MANIFEST_MODE_COMPLETE, "a,4\n"));
  EXPECT_THAT(BatchesOf(Decode(base)), ElementsAre(3));
}

TEST(DecodeFileSink, NamesWhatTheListingShowsAndNoEntryHas) {
  SinkFiles sink;
  for (int64_t batch = 0; batch < 3; ++batch) {
    sink.Commit(sink.Stage(batch, MANIFEST_MODE_APPEND, "a,1\n"));
    sink[SinkFiles::PartName(batch)] = "a,1\n";
  }
  EXPECT_THAT(Decode(sink).uncommitted, IsEmpty());
  sink["part-00001-00007.csv"] = "a,9\n";  // beside those of a batch that is not the newest
  sink["part-00003-00000.csv"] = "a,9\n";
  EXPECT_THAT(Decode(sink).uncommitted,
              ElementsAre("part-00001-00007.csv", "part-00003-00000.csv"));
}

TEST(ParseCsv, TellsAnEmptyTextFromNull) {
  EXPECT_THAT(ParseCsv("\"\",1\n,2\n\"\",\n").value(),
              ElementsAre(NaiveRow{"", "1"}, NaiveRow{"\\N", "2"}, NaiveRow{"", "\\N"}));
}

TEST(DecodeQueryLog, RefusesADefinitionWithMoreOrFewerFilesThanItsOffsetsSay) {
  const auto decode = [](int files) {
    checkpoint::MetadataRecord record;
    checkpoint::SourceRange& range = *record.mutable_definition()->add_sources();
    range.set_start_offset("0");
    range.set_end_offset("2");
    for (int i = 0; i < files; ++i) range.add_files()->set_path("f" + std::to_string(i));
    DurableFiles durable;
    LogBuilder log(durable, 1);
    log.Add(checkpoint::GroupKind::kSeal, kEmptySeal);
    log.Add(checkpoint::GroupKind::kRecords, Texts({record.SerializeAsString()}));
    return DecodeQueryLog(durable, "q").status();
  };
  EXPECT_TRUE(decode(2).ok());
  for (const int files : {0, 1, 3}) {
    EXPECT_THAT(std::string(decode(files).message()),
                HasSubstr("goes from \"0\" to \"2\" with " + std::to_string(files) + " files"));
  }
}

TEST(DecodeQueryLog, RefusesAnAttemptThatDoesNotNameThePlanBeforeIt) {
  const auto decode = [](const std::string& named) {
    checkpoint::MetadataRecord plan;
    plan.mutable_plan()->set_hash("p");
    checkpoint::MetadataRecord definition;
    checkpoint::SourceRange& range = *definition.mutable_definition()->add_sources();
    range.set_start_offset("0");
    range.set_end_offset("0");
    checkpoint::MetadataRecord prepared;
    prepared.mutable_prepared()->set_plan_hash(named);
    DurableFiles durable;
    LogBuilder log(durable, 1);
    log.Add(checkpoint::GroupKind::kSeal, kEmptySeal);
    log.Add(checkpoint::GroupKind::kRecords,
            Texts({plan.SerializeAsString(), definition.SerializeAsString(),
                   prepared.SerializeAsString()}));
    return DecodeQueryLog(durable, "q").status();
  };
  EXPECT_TRUE(decode("p").ok()) << decode("p");
  for (const char* const named : {"", "another"}) {
    EXPECT_THAT(std::string(decode(named).message()), HasSubstr("was prepared under plan"));
  }
}

TEST(DecodeFileSink, FindsDamageWhereEntriesAreGoneWithoutAWord) {
  SinkFiles sink;
  sink.Commit(sink.Stage(1, MANIFEST_MODE_COMPLETE, "a,2\n"));
  const auto view = DecodeFileSink(sink.Durable(), "out");
  EXPECT_EQ(view.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(view.status().message()), HasSubstr("begin with batch 1"));
  SinkFiles more;
  more.Drop(1);
  more.Commit(more.Stage(2, MANIFEST_MODE_COMPLETE, "a,3\n"));
  EXPECT_EQ(DecodeFileSink(more.Durable(), "out").status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace wavetank::properties
