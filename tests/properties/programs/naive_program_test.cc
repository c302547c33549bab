// Each call of a program, by hand.
#include "properties/programs/naive_program.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::properties {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Lines = std::vector<std::string>;

// Batches of a second: what comes in "in" by the number of the batch; those that are not there were
// left out.
using Batches = std::map<int64_t, Lines>;

// What `z` has for each batch.
std::map<int64_t, std::optional<NaiveProgram::Rows>> RunProgram(const std::string& text,
                                                                const Batches& batches) {
  constexpr int64_t kInterval = 1'000;
  constexpr int64_t kZero = 7'000;
  NaiveProgram program(ParseProgram("a = text in; " + text + "; save z").value(), kInterval,
                       {{"a", 0}});
  std::map<int64_t, std::optional<NaiveProgram::Rows>> rows;
  JudgedBatch batch;
  batch.zero_ms = kZero;
  batch.pieces_at = [&batches](int64_t time_ms) {
    const auto found = batches.find((time_ms - kZero) / kInterval);
    return found == batches.end() ? PieceLines() : PieceLines{{0, {found->second}}};
  };
  for (const auto& [number, lines] : batches) {
    batch.time_ms = kZero + number * kInterval;
    batch.times.push_back(batch.time_ms);
    rows[number] = program.RowsOf("z", batch);
  }
  return rows;
}

NaiveProgram::Rows RunOneBatch(const std::string& text, const Lines& lines) {
  return RunProgram(text, {{1, lines}})[1].value();
}

using Row = ProgramRow;

TEST(NaiveProgram, OfARow) {
  const Lines lines = {"x,3", "y z", "x,-4"};
  EXPECT_THAT(RunOneBatch("z = map a add:2", lines),
              UnorderedElementsAre(Row("x", 5), Row("y z", 3), Row("x", -2)));
  EXPECT_THAT(RunOneBatch("z = map a keyed:3", lines),
              UnorderedElementsAre(Row("k0", 3), Row("k1", 1), Row("k2", -4)));
  EXPECT_THAT(RunOneBatch("z = map a swap", {"xyz,8"}), UnorderedElementsAre(Row("8", 3)));
  EXPECT_THAT(RunOneBatch("z = map a prefix:1", {"xyz,8"}), UnorderedElementsAre(Row("x", 8)));
  EXPECT_THAT(RunOneBatch("z = filter a odd", lines),
              UnorderedElementsAre(Row("x", 3), Row("y z", 1)));
  EXPECT_THAT(RunOneBatch("z = filter a shorter:2", lines),
              UnorderedElementsAre(Row("x", 3), Row("x", -4)));
  EXPECT_THAT(RunOneBatch("z = flatMap a split", lines),
              UnorderedElementsAre(Row("x", 3), Row("y", 1), Row("z", 1), Row("x", -4)));
  EXPECT_THAT(RunOneBatch("z = flatMapValues a upto:5", {"x,3"}),
              UnorderedElementsAre(Row("x", 0), Row("x", 1), Row("x", 2)));
  EXPECT_THAT(RunOneBatch("z = mapValues a times:-1", {"x,-9223372036854775808"}),
              UnorderedElementsAre(Row("x", INT64_MIN)));
  EXPECT_THAT(RunOneBatch("z = transform a add:1 even", lines),
              UnorderedElementsAre(Row("x", 4), Row("y z", 2)));
  for (const char* same : {"glom a", "repartition a 2", "partitionBy a", "mapPartitions a add:0"}) {
    EXPECT_THAT(RunOneBatch(std::string("z = ") + same, {"x,1", "y,2"}),
                UnorderedElementsAre(Row("x", 1), Row("y", 2)));
  }
}

TEST(NaiveProgram, OfABatch) {
  const Lines lines = {"x,3", "y,1", "x,-4", "y,1"};
  EXPECT_THAT(RunOneBatch("z = count a", lines), UnorderedElementsAre(Row("count", 4)));
  EXPECT_THAT(RunOneBatch("z = count a", {}), UnorderedElementsAre(Row("count", 0)));
  EXPECT_THAT(RunOneBatch("z = reduce a min", lines), UnorderedElementsAre(Row("y", -4)));
  EXPECT_THAT(RunOneBatch("z = reduce a min", {}), IsEmpty());
  EXPECT_THAT(RunOneBatch("z = countByValue a", lines),
              UnorderedElementsAre(Row("x=3", 1), Row("x=-4", 1), Row("y=1", 2)));
  EXPECT_THAT(RunOneBatch("z = reduceByKey a sum", lines),
              UnorderedElementsAre(Row("x", -1), Row("y", 2)));
  EXPECT_THAT(RunOneBatch("z = combineByKey a", lines),
              UnorderedElementsAre(Row("x", -98), Row("y", 202)));
  EXPECT_THAT(RunOneBatch("z = groupByKey a", {"x,3"}),
              UnorderedElementsAre(Row("x", 1003 * 7919)));
  EXPECT_THAT(RunOneBatch("z = union a a", {"x,3"}),
              UnorderedElementsAre(Row("x", 3), Row("x", 3)));
}

TEST(NaiveProgram, OfStreamsThatMeet) {
  const std::string sides = "l = filter a odd; r = filter a even; z = ";
  const Lines lines = {"x,1", "x,3", "x,2", "l,5", "r,4"};
  const Row both = {"x", 3 * 1 + 5 * 2};
  const Row both_too = {"x", 3 * 3 + 5 * 2};
  const Row left = {"l", 3 * 5 - 2'000'003};
  const Row right = {"r", 1'000'003 + 5 * 4};
  EXPECT_THAT(RunOneBatch(sides + "join l r", lines), UnorderedElementsAre(both, both_too));
  EXPECT_THAT(RunOneBatch(sides + "leftOuterJoin l r", lines),
              UnorderedElementsAre(both, both_too, left));
  EXPECT_THAT(RunOneBatch(sides + "rightOuterJoin l r", lines),
              UnorderedElementsAre(both, both_too, right));
  EXPECT_THAT(RunOneBatch(sides + "fullOuterJoin l r", lines),
              UnorderedElementsAre(both, both_too, left, right));
  EXPECT_THAT(RunOneBatch(sides + "cogroup l r", {"x,1", "x,2"}),
              UnorderedElementsAre(Row("x", 1001 * 7919 + 100'002)));
}

const Batches kFour = {{1, {"x,1"}}, {2, {"y,2"}}, {3, {}}, {4, {"x,4"}}};

TEST(NaiveProgram, OfWindows) {
  auto rows = RunProgram("z = window a 3 2", kFour);
  EXPECT_EQ(rows[1], std::nullopt);
  EXPECT_THAT(*rows[2], UnorderedElementsAre(Row("x", 1), Row("y", 2)));
  EXPECT_EQ(rows[3], std::nullopt);
  EXPECT_THAT(*rows[4], UnorderedElementsAre(Row("x", 4), Row("y", 2)));
  // Before the first batch there is nothing to count.
  rows = RunProgram("c = count a; z = window c 2 1", kFour);
  EXPECT_THAT(*rows[1], UnorderedElementsAre(Row("count", 1)));
  EXPECT_THAT(*rows[3], UnorderedElementsAre(Row("count", 1), Row("count", 0)));
  for (const char* call :
       {"reduceByKeyAndWindow a sum 3 1", "reduceByKeyAndWindowWithInverse a sum 3 1"}) {
    rows = RunProgram(std::string("z = ") + call, kFour);
    EXPECT_THAT(*rows[3], UnorderedElementsAre(Row("x", 1), Row("y", 2)));
    EXPECT_THAT(*rows[4], UnorderedElementsAre(Row("x", 4), Row("y", 2)));
  }
  rows = RunProgram("z = reduceByKeyAndWindowFiltered a sum 3 1 above:1", kFour);
  EXPECT_THAT(*rows[3], UnorderedElementsAre(Row("y", 2)));
  rows = RunProgram("z = countByWindow a 2 1", kFour);
  EXPECT_THAT(*rows[3], UnorderedElementsAre(Row("count", 1)));
  rows = RunProgram("b = window a 2 2; z = window b 4 2", kFour);
  EXPECT_THAT(*rows[4], UnorderedElementsAre(Row("x", 1), Row("y", 2), Row("x", 4)));
}

TEST(NaiveProgram, OfStateThatIsUpdated) {
  auto rows = RunProgram("z = updateStateByKey a total", kFour);
  EXPECT_THAT(*rows[4], UnorderedElementsAre(Row("x", 5), Row("y", 2)));
  // A key is asked for in each batch that there is, whether it has values or not.
  rows = RunProgram("z = updateStateByKey a batches", {{1, {"x,1"}}, {2, {}}, {5, {}}});
  EXPECT_THAT(*rows[5], UnorderedElementsAre(Row("x", 3)));
  rows = RunProgram("z = updateStateByKey a latest", kFour);
  EXPECT_THAT(*rows[4], UnorderedElementsAre(Row("x", 4)));
  rows = RunProgram("z = updateStateByKeyFromInitial a total", {{1, {"w1,1"}}});
  EXPECT_THAT(*rows[1],
              UnorderedElementsAre(Row("key1", 1), Row("w1", 11), Row("", 3), Row("nobody", 7)));
  rows = RunProgram("b = window a 2 2; z = updateStateByKey b total", kFour);
  EXPECT_THAT(*rows[4], UnorderedElementsAre(Row("x", 5), Row("y", 2)));
  EXPECT_EQ(rows[3], std::nullopt);
}

TEST(NaiveProgram, OfStateThatRowsMeet) {
  const Batches batches = {{1, {"x,1", "x,1"}}, {2, {"y,2"}}, {3, {}}, {4, {}}, {5, {"x,4"}}};
  auto rows = RunProgram("z = mapWithState a visits 2", batches);
  EXPECT_THAT(*rows[1], UnorderedElementsAre(Row("x", 1), Row("x", 2)));
  EXPECT_THAT(*rows[3], IsEmpty());
  EXPECT_THAT(*rows[4], UnorderedElementsAre(Row("x left", 2)));
  EXPECT_THAT(*rows[5], UnorderedElementsAre(Row("x", 1), Row("y left", 1)));
  rows = RunProgram("m = mapWithState a sums 0; z = snapshots m", batches);
  EXPECT_THAT(*rows[5], UnorderedElementsAre(Row("x", 6), Row("y", 2)));
  rows = RunProgram("z = mapWithState a rounds:2 0", batches);
  EXPECT_THAT(*rows[1], UnorderedElementsAre(Row("x", 1), Row("x", -2)));
  // One that is only looked at is touched all the same.
  rows = RunProgram("z = mapWithState a once 1", {{1, {"x,1"}}, {2, {"x,1"}}, {3, {}}, {4, {}}});
  EXPECT_THAT(*rows[2], UnorderedElementsAre(Row("x", 1)));
  EXPECT_THAT(*rows[3], IsEmpty());
  EXPECT_THAT(*rows[4], UnorderedElementsAre(Row("x left", 1)));
}

TEST(NaiveProgram, GoesBackWhereABatchIsAskedForAgain) {
  NaiveProgram program(ParseProgram("a = text in; z = updateStateByKey a total; save z").value(),
                       1'000, {{"a", 0}});
  std::string number = "1";
  JudgedBatch batch{.time_ms = 1'000, .zero_ms = 0, .times = {1'000}, .pieces_at = {}};
  batch.pieces_at = [&number](int64_t) { return PieceLines{{0, {{"x," + number}}}}; };
  EXPECT_EQ(program.Answer("z", batch), std::vector<NaiveRow>({{"(x,1)"}}));
  number = "5";
  EXPECT_EQ(program.Answer("z", batch), std::vector<NaiveRow>({{"(x,5)"}}));
  batch.time_ms = 2'000;
  batch.times.push_back(2'000);
  EXPECT_EQ(program.Answer("z", batch), std::vector<NaiveRow>({{"(x,10)"}}));
}

}  // namespace
}  // namespace wavetank::properties
