#include "checkpoint/metadata.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/graph_history.h"
#include "checkpoint/log_summary.h"
#include "checkpoint/paths.h"
#include "checkpoint/query_history.h"

namespace wavetank::checkpoint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

MetadataRecord Query() {
  QueryMetadata query;
  query.set_query_id("q-1");
  return Record(query);
}

MetadataRecord Defines(int64_t batch) {
  BatchDefinition definition;
  definition.set_batch_id(batch);
  definition.set_timestamp_ms(1000 + batch);
  SourceRange* source = definition.add_sources();
  source->set_start_offset(std::to_string(batch));
  source->set_end_offset(std::to_string(batch + 1));
  definition.set_hash(DefinitionHash(definition));
  return Record(definition);
}

MetadataRecord Prepares(int64_t batch, std::string attempt) {
  Prepared prepared;
  prepared.set_batch_id(batch);
  prepared.set_attempt_id(std::move(attempt));
  return Record(prepared);
}

MetadataRecord Commits(int64_t batch, std::string attempt) {
  Commit commit;
  commit.set_batch_id(batch);
  commit.set_attempt_id(std::move(attempt));
  return Record(commit);
}

MetadataRecord Graph() { return Record(GraphMetadata()); }

MetadataRecord AddsBlock(std::string id) {
  BlockAdded block;
  block.set_block_id(std::move(id));
  return Record(block);
}

MetadataRecord HasInput(int64_t time, std::vector<std::string> blocks) {
  BatchInput input;
  input.set_batch_time_ms(time);
  StreamInput* stream = input.add_streams();
  for (std::string& id : blocks) stream->add_blocks()->set_block_id(std::move(id));
  return Record(input);
}

MetadataRecord Completes(int64_t time) {
  BatchCompleted completed;
  completed.set_batch_time_ms(time);
  return Record(completed);
}

std::string WhyQueryRefused(const std::vector<MetadataRecord>& records) {
  return ReadQueryHistory("offsets", records).status().ToString();
}
std::string WhyGraphRefused(const std::vector<MetadataRecord>& records) {
  return ReadGraphHistory("graph", records).status().ToString();
}

TEST(Metadata, ReadsBackWhatWasWritten) {
  const MetadataRecord record = Prepares(3, "a");
  const absl::StatusOr<MetadataRecord> read = DecodeMetadata(EncodeMetadata(record));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->prepared().batch_id(), 3);
  EXPECT_EQ(read->SerializeAsString(), record.SerializeAsString());
}

TEST(Metadata, RefusesTheFutureByName) {
  MetadataRecord record = Defines(0);
  record.set_format_version(kMetadataFormat + 1);
  const absl::Status status = DecodeMetadata(EncodeMetadata(record)).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.ToString(), HasSubstr("format version 2 is newer than 1"));

  MetadataRecord unknown;
  unknown.set_format_version(kMetadataFormat);
  EXPECT_TRUE(absl::IsFailedPrecondition(DecodeMetadata(EncodeMetadata(unknown)).status()));
  EXPECT_TRUE(absl::IsDataLoss(DecodeMetadata("").status()));
  EXPECT_TRUE(absl::IsDataLoss(DecodeMetadata("\xff\xff\xff").status()));
}

TEST(Metadata, HashesADefinitionByItsContentAndStaysTheSame) {
  BatchDefinition definition = Defines(0).definition();
  // A constant: sinks keep it across processes, builds and versions.
  EXPECT_EQ(definition.hash(), 3874925418746996400u);
  EXPECT_EQ(DefinitionHash(definition), definition.hash());
  definition.mutable_sources(0)->set_end_offset("2");
  EXPECT_NE(DefinitionHash(definition), definition.hash());
}

TEST(QueryHistory, TellsEachBatchAndItsNewestAttempt) {
  const absl::StatusOr<QueryHistory> history =
      ReadQueryHistory("offsets", {Query(), Defines(0), Prepares(0, "a"), Prepares(0, "b"),
                                   Commits(0, "b"), Defines(1), Prepares(1, "c")});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->metadata()->query_id(), "q-1");
  ASSERT_EQ(history->batches().size(), 2u);
  EXPECT_EQ(history->batches()[0].prepared->attempt_id(), "b");
  EXPECT_TRUE(history->batches()[0].commit.has_value());
  EXPECT_EQ(history->batches()[1].prepared->attempt_id(), "c");
  EXPECT_FALSE(history->batches()[1].commit.has_value());
  EXPECT_TRUE(ReadQueryHistory("offsets", {})->batches().empty());
}

// In a log begun anew it stands behind the batches, which may have been run under others.
TEST(QueryHistory, KeepsTheNewestPlan) {
  QueryPlan plan;
  plan.set_hash("1");
  const MetadataRecord first = Record(plan);
  plan.set_hash("2");
  absl::StatusOr<QueryHistory> history = ReadQueryHistory(
      "offsets",
      {Query(), first, Defines(0), Prepares(0, "a"), Commits(0, "a"), Record(plan), Defines(1)});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->plan()->hash(), "2");
  std::vector<MetadataRecord> base;
  platform::Generator<MetadataRecord> records = history->Base();
  while (std::optional<MetadataRecord> record = records.Next()) base.push_back(*record);
  EXPECT_EQ(base.back().plan().hash(), "2");
  EXPECT_EQ(ReadQueryHistory("offsets", base)->plan()->hash(), "2");
  EXPECT_THAT(WhyQueryRefused({first}), HasSubstr("metadata is missing"));
  history->Clear();
  EXPECT_FALSE(history->plan().has_value());
}

TEST(QueryHistory, IsBegunAnewUntilThereIsABatch) {
  MetadataRecord again = Query();
  again.mutable_query()->set_job_version("2");
  const auto history = ReadQueryHistory("offsets", {Query(), again});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->metadata()->job_version(), "2");
  EXPECT_FALSE(history->bound());
  EXPECT_TRUE(ReadQueryHistory("offsets", {Query(), Defines(0)})->bound());
}

TEST(QueryHistory, SaysWhereItsSourcesBeginUntilABatchDoes) {
  const auto begins = [](const std::string& source, const std::string& offset) {
    SourceBegins of_one;
    SourceBegin& begin = *of_one.add_begins();
    begin.set_source(source);
    begin.set_offset(offset);
    return Record(of_one);
  };
  std::vector<MetadataRecord> records = {Query(), begins("in", "3"), begins("other", "4"),
                                         begins("in", "5")};
  const auto history = ReadQueryHistory("offsets", records);
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_FALSE(history->bound());
  EXPECT_EQ(history->EndOffset("in"), "5");
  EXPECT_EQ(history->EndOffset("other"), "4");
  EXPECT_EQ(history->EndOffset("none"), "");
  std::vector<MetadataRecord> base;
  platform::Generator<MetadataRecord> of_base = history->Base();
  while (std::optional<MetadataRecord> record = of_base.Next()) base.push_back(*record);
  EXPECT_EQ(ReadQueryHistory("offsets", base)->EndOffset("in"), "5");
  records.push_back(Defines(0));
  EXPECT_EQ(ReadQueryHistory("offsets", records)->begins().at("in").offset(), "5");
  records.push_back(begins("in", "6"));
  EXPECT_THAT(WhyQueryRefused(records), HasSubstr("says where sources begin"));
  EXPECT_THAT(WhyQueryRefused({begins("in", "3")}), HasSubstr("metadata is missing"));
  QueryHistory cleared = *history;
  cleared.Clear();
  EXPECT_EQ(cleared.EndOffset("in"), "");
}

// One operator's, in `names.size()` partitions; without names as a start lays it out.
MetadataRecord LaysOut(int64_t after_batch, int partitions, std::vector<std::string> names = {}) {
  StateLayout layout;
  layout.set_after_batch(after_batch);
  layout.set_partitions(partitions);
  layout.add_operators();
  for (std::string& name : names) layout.add_states()->add_names(std::move(name));
  return Record(layout);
}

std::vector<MetadataRecord> LaidOutTwice() {
  return {Query(),
          LaysOut(-1, 3),
          Defines(0),
          Prepares(0, "a"),
          Commits(0, "a"),
          LaysOut(0, 1, {"1-a.snapshot"}),
          LaysOut(0, 2, {"1-b.snapshot", "1-c.snapshot"})};
}

TEST(QueryHistory, BegunAnewItHasTheLayoutThatItBeginsWith) {
  auto history = ReadQueryHistory("offsets", {Query(), LaysOut(-1, 3), Query()});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->layout(), nullptr);
  history = ReadQueryHistory("offsets", {Query(), LaysOut(-1, 3), Query(), LaysOut(-1, 4)});
  EXPECT_EQ(history->layouts().size(), 1u);
  EXPECT_EQ(history->layout()->partitions(), 4);
}

TEST(QueryHistory, OfLayoutsAfterOneBatchTheNewestCountsAndAllAreKept) {
  const auto names = [](const QueryHistory& history) {
    std::vector<std::string> found;
    for (const OperatorState& state : history.StatesAfter(history.batches().back())) {
      found.insert(found.end(), state.names().begin(), state.names().end());
    }
    return found;
  };
  const auto history = ReadQueryHistory("offsets", LaidOutTwice());
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_THAT(names(*history), ElementsAre("1-b.snapshot", "1-c.snapshot"));
  // As who begins the log anew has it.
  std::vector<MetadataRecord> base;
  platform::Generator<MetadataRecord> all = history->Base();
  while (std::optional<MetadataRecord> record = all.Next()) base.push_back(*record);
  const auto begun_anew = ReadQueryHistory("offsets", base);
  ASSERT_TRUE(begun_anew.ok()) << begun_anew.status();
  EXPECT_EQ(begun_anew->layouts().size(), 3u);
  EXPECT_THAT(names(*begun_anew), ElementsAre("1-b.snapshot", "1-c.snapshot"));
}

TEST(LogSummary, OfWhatWasLaidOutTwiceOnlyTheNewestMustBeThere) {
  std::vector<std::string> records;
  for (const MetadataRecord& record : LaidOutTwice()) records.push_back(EncodeMetadata(record));
  const auto summary = MetadataLogs().summarise("log", records);
  ASSERT_TRUE(summary.ok() && summary->has_value()) << summary.status();
  std::vector<std::string> must;
  for (const NamedFile& file : (*summary)->files) {
    if (file.need == NamedFile::Need::kMust) must.push_back(NameInPath(file.path));
  }
  EXPECT_THAT(must, ElementsAre("1-b.snapshot", "1-c.snapshot"));
}

TEST(QueryHistory, RefusesWhatIsMissingRepeatedOrOutOfOrder) {
  EXPECT_THAT(WhyQueryRefused({Defines(0)}), HasSubstr("metadata is missing"));
  EXPECT_THAT(WhyQueryRefused({Query(), Defines(0), Query()}), HasSubstr("nor before all batches"));
  MetadataRecord other = Query();
  other.mutable_query()->set_query_id("q-2");
  EXPECT_THAT(WhyQueryRefused({Query(), other}), HasSubstr("another than before"));
  EXPECT_THAT(WhyQueryRefused({Query(), Defines(1)}), HasSubstr("the next is 0"));
  EXPECT_THAT(WhyQueryRefused({Query(), Defines(0), Defines(1)}), HasSubstr("not committed"));
  EXPECT_THAT(WhyQueryRefused({Query(), Prepares(0, "a")}),
              HasSubstr("newest definition is of -1"));
  EXPECT_THAT(WhyQueryRefused({Query(), Defines(0), Commits(0, "a")}), HasSubstr("prepared last"));
  EXPECT_THAT(WhyQueryRefused({Query(), Defines(0), Prepares(0, "a"), Commits(0, "b")}),
              HasSubstr("attempt b of batch 0 was not the one prepared last"));
  EXPECT_THAT(
      WhyQueryRefused({Query(), Defines(0), Prepares(0, "a"), Commits(0, "a"), Prepares(0, "b")}),
      HasSubstr("batch 0 was committed"));
  EXPECT_THAT(WhyQueryRefused({Query(), Completes(1000)}), HasSubstr("another job's"));
  MetadataRecord changed = Defines(0);
  changed.mutable_definition()->set_timestamp_ms(5);
  EXPECT_THAT(WhyQueryRefused({Query(), changed}), HasSubstr("hash of its content"));
}

TEST(GraphHistory, TellsWhichBatchesAreOpenAndWhichBlocksAreFree) {
  const absl::StatusOr<GraphHistory> history =
      ReadGraphHistory("graph", {Graph(), AddsBlock("a"), AddsBlock("b"), HasInput(1000, {"a"}),
                                 AddsBlock("c"), Completes(1000), HasInput(2000, {})});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_TRUE(history->batches().at(1000).completed);
  EXPECT_FALSE(history->batches().at(2000).completed);
  ASSERT_EQ(history->unallocated_blocks().size(), 2u);
  EXPECT_EQ(history->unallocated_blocks()[0].block_id(), "b");
  EXPECT_EQ(history->unallocated_blocks()[1].block_id(), "c");
}

TEST(GraphHistory, RefusesWhatIsMissingRepeatedOrOutOfOrder) {
  EXPECT_THAT(WhyGraphRefused({HasInput(1000, {})}), HasSubstr("metadata is missing"));
  EXPECT_THAT(WhyGraphRefused({Graph(), Completes(1000)}), HasSubstr("input was never logged"));
  EXPECT_THAT(WhyGraphRefused({Graph(), HasInput(2000, {}), HasInput(1000, {})}),
              HasSubstr("batch 1000 ms follows batch 2000 ms"));
  EXPECT_THAT(WhyGraphRefused({Graph(), HasInput(1000, {"a"})}), HasSubstr("never added"));
  EXPECT_THAT(
      WhyGraphRefused({Graph(), AddsBlock("a"), HasInput(1000, {"a"}), HasInput(2000, {"a"})}),
      HasSubstr("in two batches"));
  EXPECT_THAT(WhyGraphRefused({Query()}), HasSubstr("does not belong in the log of a DStream"));
}

// File names are bytes: Linux takes any but '/' and 0, and what is logged must be read again.
TEST(Metadata, PathsAreBytesAndNeedNotBeUtf8) {
  BatchDefinition definition;
  definition.add_sources()->add_files()->set_path("input/caf\xe9 \xff.txt");
  const auto decoded = DecodeMetadata(EncodeMetadata(Record(definition)));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->definition().sources(0).files(0).path(), "input/caf\xe9 \xff.txt");
}

}  // namespace
}  // namespace wavetank::checkpoint
