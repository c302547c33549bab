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

using ::testing::HasSubstr;

// Numbers that stand outside of the world; what is below `gone` nobody can read any more.
struct Numbers {
  int64_t size = 0;
  int64_t gone = 0;
  std::vector<std::string> committed;
  absl::Status define = absl::OkStatus();
};

int64_t ToNumber(const std::string& offset) {
  int64_t number = -1;
  EXPECT_TRUE(absl::SimpleAtoi(offset, &number)) << offset;
  return number;
}

class NumberSource final : public Source {
 public:
  explicit NumberSource(Numbers& numbers) : numbers_(numbers) {}
  Task<absl::StatusOr<std::string>> Begin() override { co_return "0"; }
  Task<absl::StatusOr<SourceInput>> Define(std::string after) override {
    if (!numbers_.define.ok()) co_return numbers_.define;
    SourceInput input;
    input.range.set_end_offset(
        absl::StrCat(std::min({numbers_.size, ToNumber(after) + 2, stop_at_})));
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
  int64_t stop_at_ = std::numeric_limits<int64_t>::max();
};

class NumberReader final : public SplitReader {
 public:
  NumberReader(const Numbers& numbers, checkpoint::SourceRange range)
      : numbers_(numbers), range_(std::move(range)) {}
  Task<absl::StatusOr<std::optional<RecordBatch>>> Next() override {
    if (std::exchange(done_, true)) co_return std::nullopt;
    ColumnBuilder values(DataType::kInt64);
    for (int64_t i = ToNumber(range_.start_offset()); i < ToNumber(range_.end_offset()); ++i) {
      if (i < numbers_.gone) co_return absl::DataLossError(absl::StrCat("number ", i, " is gone"));
      values.Int64(i);
    }
    const int64_t rows = values.size();
    co_return RecordBatch(Columns(), {values.Finish()}, rows);
  }
  static SchemaPtr Columns() {
    return std::make_shared<const Schema>(std::vector<Field>{{"number", DataType::kInt64}});
  }

 private:
  const Numbers& numbers_;
  const checkpoint::SourceRange range_;
  bool done_ = false;
};

QueryJob OfNumbers(Numbers& numbers) {
  return [&numbers](Session& session) {
    SourceFormat format{.name = "numbers", .meaning = "numbers from outside"};
    format.schema = [](const auto&) { return NumberReader::Columns(); };
    format.open = [&numbers](const auto&, auto) { return std::make_unique<NumberSource>(numbers); };
    format.read = [&numbers](const auto&, const std::string& split, auto) {
      checkpoint::SourceRange range;
      EXPECT_TRUE(range.ParseFromString(split));
      return std::make_unique<NumberReader>(numbers, std::move(range));
    };
    EXPECT_TRUE(session.RegisterSource(format).ok());
    session.ReadStream()
        .Format("numbers")
        .Load()
        .WriteStream()
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

}  // namespace
}  // namespace wavetank::runtime
