#include "properties/decode_dstream.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/metadata.pb.h"
#include "tests/properties/log_builder.h"

namespace wavetank::properties {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class DecodeTextOutputsTest : public testing::Test {
 protected:
  void Put(const std::string& name, std::string content) {
    contents_["out/counts-1000/attempt-1/" + name] = std::move(content);
  }
  OutputAttempt Decode() {
    DurableFiles files;
    for (const auto& [path, content] : contents_) files.emplace(path, content);
    const std::vector<OutputAttempt> outputs = DecodeTextOutputs(files, {"out/counts"});
    EXPECT_EQ(outputs.size(), 1u);
    return outputs.empty() ? OutputAttempt() : outputs.front();
  }
  std::map<std::string, std::string> contents_;
};

TEST(DecodeBatchLog, TakesOffTheVeryRunThatHasEnded) {
  DurableFiles files;
  LogBuilder log(files, 1);
  log.Add(checkpoint::GroupKind::kSeal, kEmptySeal);
  const auto add = [&log](const checkpoint::MetadataRecord& record) {
    log.Add(checkpoint::GroupKind::kRecords, Texts({record.SerializeAsString()}));
  };
  for (const char* run : {"first", "second"}) {
    for (const int stream : {0, 1}) {
      checkpoint::MetadataRecord record;
      record.mutable_receiver_started()->set_stream(stream);
      record.mutable_receiver_started()->set_run(run);
      add(record);
    }
  }
  checkpoint::MetadataRecord ended;
  ended.mutable_receiver_ended()->set_stream(0);
  ended.mutable_receiver_ended()->set_run("first");
  add(ended);
  const auto runs_of = [&files](int64_t stream) {
    return DecodeBatchLog(files, "q", std::set<int64_t>{stream}).value().value().receivers;
  };
  EXPECT_THAT(runs_of(0), ElementsAre(Field(&LoggedReceiver::run, "second")));
  EXPECT_THAT(runs_of(1), ElementsAre(Field(&LoggedReceiver::run, "first"),
                                      Field(&LoggedReceiver::run, "second")));
}

TEST(DecodeBatchLog, ReadsRangesOfALog) {
  DurableFiles files;
  LogBuilder log(files, 1);
  log.Add(checkpoint::GroupKind::kSeal, kEmptySeal);
  const auto ranges = [](checkpoint::StreamInput& stream, int64_t begin, int64_t end) {
    stream.set_stream(3);
    stream.set_log_id("id");
    for (const char* partition : {"0", "x"}) {
      checkpoint::OffsetRange& range = *stream.add_ranges();
      range.set_partition(partition);
      range.set_begin(begin);
      range.set_end(partition[0] == 'x' ? begin : end);
    }
  };
  checkpoint::MetadataRecord graph;
  graph.mutable_graph()->set_zero_time_ms(5);
  ranges(*graph.mutable_graph()->add_log_begins(), 4, 4);
  checkpoint::MetadataRecord input;
  input.mutable_input()->set_batch_time_ms(7);
  ranges(*input.mutable_input()->add_streams(), 4, 9);
  for (const auto& record : {graph, input}) {
    log.Add(checkpoint::GroupKind::kRecords, Texts({record.SerializeAsString()}));
  }
  const BatchLogView view = DecodeBatchLog(files, "q").value().value();
  ASSERT_EQ(view.log_begins.size(), 2u);
  EXPECT_EQ(view.log_begins[0].end, 4);
  ASSERT_EQ(view.offsets.size(), 2u);
  EXPECT_EQ(view.offsets[0].time_ms, 7);
  EXPECT_EQ(view.offsets[0].log_id, "id");
  EXPECT_EQ(view.offsets[1].partition, -1);  // which no log has
  // What is of nothing is no piece.
  EXPECT_THAT(view.inputs.at(0).pieces, ElementsAre(Piece(3, "partition 0 [4, 9)")));
  EXPECT_THAT(DecodeBatchLog(files, "q", std::set<int64_t>{2}).value().value().offsets, IsEmpty());
}

TEST_F(DecodeTextOutputsTest, ReadsOfACompleteAttemptThePartsThatItsMarkNames) {
  Put("part-00000-d-1-1-0-0", "(a,1)\n(b,c,2)\n");
  Put("part-00001-d-1-1-1-0", "(lost,9)\n");
  Put("part-00001-d-1-1-1-1", "(d,3)\n");
  Put("_SUCCESS", "parts 2\npart-00000-d-1-1-0-0\npart-00001-d-1-1-1-1\n");
  const OutputAttempt attempt = Decode();
  EXPECT_EQ(attempt.time_ms, 1000);
  EXPECT_EQ(attempt.attempt, "attempt-1");
  EXPECT_TRUE(attempt.complete);
  EXPECT_EQ(attempt.damage, "");
  EXPECT_THAT(attempt.rows,
              UnorderedElementsAre(NaiveRow{"(a,1)"}, NaiveRow{"(b,c,2)"}, NaiveRow{"(d,3)"}));
}

TEST_F(DecodeTextOutputsTest, TellsContentThatCountsFromOther) {
  Put("part-00000-x", "(a,1)\n");
  Put("_SUCCESS", "parts 1\npart-00000-x\n");
  const uint64_t first = Decode().content_hash;
  Put("part-00000-foreign", "(b,1)\n");
  EXPECT_EQ(Decode().content_hash, first);
  Put("part-00000-x", "(a,2)\n");
  EXPECT_NE(Decode().content_hash, first);
}

TEST_F(DecodeTextOutputsTest, ReadsWhatOlderVersionsWrote) {
  Put("part-00000", "(a,1)\n");
  Put("part-00001", "(b,2)\n");
  Put("_SUCCESS", "parts 2\n");
  const OutputAttempt attempt = Decode();
  EXPECT_TRUE(attempt.complete);
  EXPECT_EQ(attempt.damage, "");
  EXPECT_THAT(attempt.rows, UnorderedElementsAre(NaiveRow{"(a,1)"}, NaiveRow{"(b,2)"}));
}

TEST_F(DecodeTextOutputsTest, ReadsOfAnAttemptWithoutAMarkWhatIsThere) {
  Put("part-00000-d-1-1-0-0", "(a,1)\n");
  const OutputAttempt attempt = Decode();
  EXPECT_FALSE(attempt.complete);
  EXPECT_THAT(attempt.rows, UnorderedElementsAre(NaiveRow{"(a,1)"}));
}

TEST_F(DecodeTextOutputsTest, LeavesOutWhatAPowerLossHasLeftAmongTheParts) {
  Put(".tmp-0123456789abcdef", "(a,1)\n");
  Put(".tmp-0123456789abcdf0", "parts 1\n");
  OutputAttempt attempt = Decode();
  EXPECT_FALSE(attempt.complete);
  EXPECT_THAT(attempt.rows, IsEmpty());
  Put("part-00000", "(a,1)\n");
  Put("_SUCCESS", "parts 1\n");
  attempt = Decode();
  EXPECT_TRUE(attempt.complete);
  EXPECT_EQ(attempt.damage, "");
  EXPECT_THAT(attempt.rows, UnorderedElementsAre(NaiveRow{"(a,1)"}));
}

TEST_F(DecodeTextOutputsTest, SaysWhatOfACompleteAttemptCannotBeRead) {
  Put("part-00000-x", "(a,1)\n");
  Put("_SUCCESS", "parts 2\npart-00000-x\npart-00001-x\n");
  EXPECT_THAT(Decode().damage, HasSubstr("part-00001-x, which is not durable"));
  Put("_SUCCESS", "parts 2\npart-00000-x\n");
  EXPECT_THAT(Decode().damage, HasSubstr("says 2 parts, and 1 count"));
  Put("_SUCCESS", "");
  EXPECT_THAT(Decode().damage, HasSubstr("number of its parts"));
}

}  // namespace
}  // namespace wavetank::properties
