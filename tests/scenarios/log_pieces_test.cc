// LogPieces: what it says of cuts that are wrong.
#include "scenarios/log_pieces.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::scenarios {
namespace {

using properties::BatchLogView;
using properties::LoggedOffsets;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace kinds = properties::violation_kinds;

LoggedOffsets Range(int64_t time_ms, int64_t partition, int64_t begin, int64_t end) {
  return {.stream = 0,
          .time_ms = time_ms,
          .log_id = "id",
          .partition = partition,
          .begin = begin,
          .end = end};
}

BatchLogView Begun() {
  BatchLogView view{.inputs = {}};
  view.zero_ms = 1;
  view.log_begins = {Range(0, 0, 2, 2), Range(0, 1, 0, 0)};
  return view;
}

// Kinds and texts of what is newly wrong.
class CutsTest : public testing::Test {
 protected:
  std::vector<std::pair<std::string, std::string>> Found(const BatchLogView& view) {
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& violation : pieces_.Observe(1, {}, view)) {
      found.emplace_back(violation.kind, violation.what);
    }
    return found;
  }
  LogPieces pieces_{{.address = "outside:9092", .topic = "t", .start = runtime::LogStart::kLatest}};
};

TEST_F(CutsTest, OfNothingAreRight) {
  BatchLogView view = Begun();
  EXPECT_THAT(Found(view), IsEmpty());
  view.offsets = {Range(5, 0, 2, 2), Range(5, 1, 0, 0)};
  EXPECT_THAT(Found(view), IsEmpty());
  // Batches that the log has dropped are known.
  view.offsets = {Range(9, 0, 2, 2), Range(9, 1, 0, 0)};
  EXPECT_THAT(Found(view), IsEmpty());
}

TEST_F(CutsTest, WithAGapLoseSomething) {
  BatchLogView view = Begun();
  view.offsets = {Range(5, 0, 3, 3), Range(5, 1, 0, 0)};
  EXPECT_THAT(Found(view), ElementsAre(std::pair(std::string(kinds::kLost),
                                                 "topic t: batch 5 ms: partition 0 [3, 3) follows "
                                                 "on 2, and leaves out what is between")));
}

TEST_F(CutsTest, ThatGoBackTakeSomethingTwice) {
  BatchLogView view = Begun();
  view.offsets = {Range(5, 0, 1, 2), Range(5, 1, 0, 0)};
  EXPECT_THAT(Found(view), Contains(testing::Pair(kinds::kDuplicated, HasSubstr("follows on 2"))));
}

TEST_F(CutsTest, SayOfEachPartitionWhereItIs) {
  BatchLogView view = Begun();
  view.offsets = {Range(5, 0, 2, 2)};
  EXPECT_THAT(Found(view),
              Contains(testing::Pair(kinds::kDefinition, HasSubstr("where partition 1 is"))));
}

TEST_F(CutsTest, OfMoreThanTheLogHasAreNotDurable) {
  BatchLogView view = Begun();
  view.offsets = {Range(5, 0, 2, 7), Range(5, 1, 0, 0)};
  EXPECT_THAT(Found(view),
              Contains(testing::Pair(kinds::kInputDurable, HasSubstr("[2, 7) is not durable"))));
}

TEST_F(CutsTest, BeginWhereTheFirstStartSaid) {
  BatchLogView view = Begun();
  EXPECT_THAT(Found(view), IsEmpty());
  view.log_begins[0] = Range(0, 0, 3, 3);
  EXPECT_THAT(Found(view),
              Contains(testing::Pair(kinds::kDefinition, HasSubstr("where the stream begins"))));
}

}  // namespace
}  // namespace wavetank::scenarios
