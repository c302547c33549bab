// A source of a job's own, through the engine: what it is asked and told, whatever ends wherever.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/connectors/source_format.h"
#include "tests/runtime/structured/query_jobs.h"

namespace wavetank::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Numbers that stand outside of the world; what is below `gone` nobody can read any more.
struct Numbers {
  int64_t size = 0;
  int64_t gone = 0;
  std::vector<std::string> committed = {};
  absl::Status define = absl::OkStatus();
  absl::Duration answers_after = absl::ZeroDuration();
  int64_t asked = 0;
  int64_t limit = 2;  // of a batch
  bool from_the_end = false;
};

int64_t ToNumber(const std::string& offset) {
  int64_t number = -1;
  EXPECT_TRUE(absl::SimpleAtoi(offset, &number)) << offset;
  return number;
}

class NumberSource final : public Source {
 public:
  NumberSource(Numbers& numbers, platform::Clock& clock, int64_t limit)
      : numbers_(numbers), clock_(clock), limit_(limit) {}
  Task<absl::StatusOr<std::string>> Begin() override {
    co_return absl::StrCat(numbers_.from_the_end ? numbers_.size : 0);
  }
  Task<absl::StatusOr<SourceInput>> Define(std::string after) override {
    ++numbers_.asked;
    co_await clock_.Sleep(numbers_.answers_after);
    if (!numbers_.define.ok()) co_return numbers_.define;
    SourceInput input;
    input.range.set_end_offset(
        absl::StrCat(std::min({numbers_.size, ToNumber(after) + limit_, stop_at_})));
    co_return input;
  }
  Task<absl::StatusOr<std::string>> Freeze() override { co_return absl::StrCat(numbers_.size); }
  absl::Status StopAt(const std::string& frozen) override {
    stop_at_ = ToNumber(frozen);
    return absl::OkStatus();
  }
  // What was read may go.
  Task<absl::Status> Committed(std::string end) override {
    numbers_.gone = std::max(numbers_.gone, ToNumber(end));
    numbers_.committed.push_back(std::move(end));
    co_return absl::OkStatus();
  }

 private:
  Numbers& numbers_;
  platform::Clock& clock_;
  const int64_t limit_;
  int64_t stop_at_ = std::numeric_limits<int64_t>::max();
};

SchemaPtr NumberColumns() {
  return std::make_shared<const Schema>(std::vector<Field>{{"number", DataType::kInt64}});
}

Task<absl::StatusOr<RecordBatch>> ReadRange(const Numbers* numbers, checkpoint::SourceRange range) {
  ColumnBuilder values(DataType::kInt64);
  for (int64_t i = ToNumber(range.start_offset()); i < ToNumber(range.end_offset()); ++i) {
    if (i < numbers->gone) co_return absl::DataLossError(absl::StrCat("number ", i, " is gone"));
    values.Int64(i);
  }
  const int64_t rows = values.size();
  co_return RecordBatch(NumberColumns(), {values.Finish()}, rows);
}

DataFrame ReadNumbers(Session& session, const std::string& name, Numbers& numbers,
                      const std::string& limit = "2", const std::string& from = "") {
  SourceFormat format{.name = name, .meaning = "numbers from outside"};
  format.options = {{.name = "limit",
                     .takes = "a whole number",
                     .default_value = "2",
                     .meaning = "how many a batch has",
                     .no_limit = "1000000"},
                    {.name = "from",
                     .takes = "any text",
                     .default_value = "",
                     .meaning = "where it begins, as it were",
                     .of_begin = true}};
  format.schema = [](const auto&) { return NumberColumns(); };
  format.open = [&numbers](const SourceDescription& source, SourceContext context) {
    const std::string limit = OptionValue(source.options, "limit");
    return std::make_unique<NumberSource>(numbers, context.node.clock(),
                                          limit.empty() ? 2 : ToNumber(limit));
  };
  format.read = ReadAtOnce([&numbers](checkpoint::SourceRange range, const SplitContext&) {
    return ReadRange(&numbers, std::move(range));
  });
  EXPECT_TRUE(session.RegisterSource(format).ok());
  return session.ReadStream().Format(name).Option("limit", limit).Option("from", from).Load();
}

QueryJob OfNumbers(Numbers& numbers, Numbers* others = nullptr, std::string limit = "2",
                   std::string from = "") {
  return [&numbers, others, limit, from](Session& session) {
    DataFrame rows = ReadNumbers(session, "numbers", numbers, limit, from);
    if (others != nullptr) rows = rows.Union(ReadNumbers(session, "others", *others));
    rows.WriteStream()
        .QueryName("numbers")
        .OutputMode("append")
        .Format("file")
        .Option("path", "out")
        .Option("checkpointLocation", "checkpoint")
        .Start();
  };
}

// What is committed is let go, so a driver that asked for it again would lose it.
TEST(OwnSource, IsReadOnceAndToldWhatIsCommittedWhateverEndsWherever) {
  for (const bool power_loss : {false, true}) {
    bool fired = true;
    for (uint64_t call = 1; fired; call += 3) {
      Numbers numbers;
      numbers.size = 5;
      QueryWorld world(call, OfNumbers(numbers), AvailableNow());
      world.SetFault({.step = "", .process = "driver", .number = call, .power_loss = power_loss});
      ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus()) << call;
      const auto table = world.Table();
      ASSERT_TRUE(table.ok()) << table.status();
      ASSERT_EQ(table->rows.size(), 5U) << call;
      for (size_t i = 0; i < 5; ++i) EXPECT_EQ(table->rows[i].at(0), absl::StrCat(i));
      // In order, the newest perhaps once more, and to the end: by the next start, if not before.
      EXPECT_EQ(world.RunToTheEnd(), absl::OkStatus());
      EXPECT_TRUE(std::ranges::is_sorted(numbers.committed));
      EXPECT_EQ(numbers.committed.back(), "5");
      fired = world.fired();
      ASSERT_LT(call, 5000U);
    }
  }
}

TEST(OwnSource, ErrorsOfItStopTheQueryByItsName) {
  Numbers numbers;
  numbers.size = 5;
  numbers.define = absl::InternalError("broken");
  QueryWorld world(1, OfNumbers(numbers), AvailableNow());
  EXPECT_THAT(std::string(world.RunToTheEnd().message()),
              HasSubstr("source numbers (numbers): broken"));
  numbers.define = absl::OkStatus();
  numbers.gone = 1;
  const absl::Status lost = world.RunToTheEnd();
  EXPECT_EQ(lost.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(lost.message()), HasSubstr("number 0 is gone"));
  numbers.gone = 0;
  EXPECT_EQ(world.RunToTheEnd(), absl::OkStatus());
}

std::vector<std::string> Shown(QueryWorld& world) {
  std::vector<std::string> rows;
  const auto table = world.Table();
  EXPECT_TRUE(table.ok()) << table.status();
  for (const TextRow& row : table->rows) rows.push_back(row.at(0).value_or("null"));
  return rows;
}

TEST(OwnSource, OneThatDoesNotAnswerHoldsUpNoOther) {
  Numbers slow{.size = 2};
  Numbers quick{.size = 10};
  QueryOptions options;
  options.source_timeout = absl::Seconds(5);
  QueryWorld world(1, OfNumbers(slow, &quick), options);
  world.StartDriver();
  world.RunUntilStep("batch.committed 0");
  slow.answers_after = absl::Seconds(3600);
  slow.size = 4;
  quick.size = 14;
  const auto begin = world.world().now();
  world.RunUntilStep("batch.committed 6");
  // It is waited for once: five seconds, and not five a batch.
  EXPECT_LT(world.world().now() - begin, absl::Seconds(7));
  EXPECT_EQ(Shown(world).size(), 16U);
  // Asked anew by and by, though it never answers.
  const int64_t asked = slow.asked;
  world.world().RunFor(absl::Seconds(25));
  EXPECT_GE(slow.asked, asked + 2);
  slow.answers_after = absl::ZeroDuration();
  world.RunUntilStep("batch.committed 7");
  EXPECT_EQ(Shown(world).size(), 18U);
  // Having answered it is waited for again.
  slow.answers_after = absl::Seconds(1);
  slow.size = 6;
  quick.size = 16;
  world.RunUntilStep("batch.committed 8");
  EXPECT_EQ(Shown(world).size(), 22U);
}

TEST(OwnSource, AnAnswerThatComesLateCounts) {
  Numbers slow{.size = 2};
  Numbers quick{.size = 10};
  slow.answers_after = absl::Seconds(8);
  QueryOptions options = AvailableNow();
  options.source_timeout = absl::Seconds(5);
  QueryWorld world(1, OfNumbers(slow, &quick), options);
  ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
  EXPECT_EQ(Shown(world).size(), 12U);
  EXPECT_LE(slow.asked, 3);  // once it has given what it has, there is nothing
}

TEST(OwnSource, OnceReadsAllInOneBatchWhateverTheLimitIsAndWhateverEnds) {
  bool fired = true;
  for (uint64_t call = 1; fired; call += 7) {
    Numbers numbers{.size = 9};
    Numbers others{.size = 3};
    QueryOptions options;
    options.trigger = TriggerKind::kOnce;
    QueryWorld world(call, OfNumbers(numbers, &others), options);
    world.SetFault({.step = "", .process = "driver", .number = call, .power_loss = false});
    ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus()) << call;
    EXPECT_EQ(Shown(world).size(), 12U);
    fired = world.fired();
    // A start after one that died has a batch of its own, if there is input; here there is none.
    EXPECT_EQ(world.History()->newest_batch(), 0) << call;
    numbers.size = 20;
    ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus()) << call;
    EXPECT_EQ(Shown(world).size(), 23U);
    EXPECT_EQ(world.History()->newest_batch(), 1) << call;
    ASSERT_LT(call, 5000U);
  }
}

// A query of what comes after it has begun.
TEST(OwnSource, BeginsWhereItDidAtItsFirstStartWhateverElseItIsTold) {
  Numbers numbers{.size = 5, .from_the_end = true};
  std::string limit = "2";
  QueryWorld world(1, [&](Session& session) { OfNumbers(numbers, nullptr, limit)(session); });
  world.StartDriver();
  world.RunUntilStep("query.recovered");
  world.world().Crash(world.world().process("driver"));
  EXPECT_EQ(world.History()->EndOffset("numbers"), "5");
  EXPECT_FALSE(world.History()->bound());
  numbers.size = 7;
  limit = "3";
  world.StartDriver();
  world.RunUntilStep("batch.committed 0");
  EXPECT_THAT(Shown(world), ElementsAre("5", "6"));
}
TEST(OwnSource, BeginsAnewWhereItIsToldSoBeforeThereIsABatch) {
  Numbers numbers{.size = 5, .from_the_end = true};
  std::string from = "end";
  QueryWorld world(1, [&](Session& session) { OfNumbers(numbers, nullptr, "2", from)(session); });
  world.StartDriver();
  world.RunUntilStep("query.recovered");
  world.world().Crash(world.world().process("driver"));
  numbers = {.size = 6};
  from = "start";
  world.StartDriver();
  world.RunUntilStep("batch.committed 2");
  EXPECT_THAT(Shown(world), ElementsAre("0", "1", "2", "3", "4", "5"));
  world.world().Crash(world.world().process("driver"));
  // Once there is one, it goes on from there.
  from = "end";
  numbers.size = 8;
  world.StartDriver();
  world.RunUntilStep("batch.committed 3");
  EXPECT_THAT(Shown(world), SizeIs(8));
}

TEST(OwnSource, OnceWaitsForASourceThatIsLate) {
  Numbers slow{.size = 5};
  Numbers quick{.size = 3};
  slow.answers_after = absl::Seconds(8);
  QueryOptions options;
  options.trigger = TriggerKind::kOnce;
  options.source_timeout = absl::Seconds(5);
  QueryWorld world(1, OfNumbers(slow, &quick), options);
  ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
  EXPECT_EQ(Shown(world).size(), 8U);
  EXPECT_EQ(world.History()->newest_batch(), 0);
}

}  // namespace
}  // namespace wavetank::runtime
