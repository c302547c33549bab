#include "runtime/connectors/rate_source.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

#include "platform/clock.h"
#include "platform/status_macros.h"

namespace wavetank::runtime {
namespace {

using checkpoint::SourceRange;

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kRowsAtOnce = 65'536;
// The rows of a second have a time each.
constexpr int64_t kMostRowsPerSecond = kMicrosPerSecond;
constexpr int64_t kMostPartitions = 1024;

const std::vector<ConnectorOption>& RateOptions() {
  static const auto* const options = new std::vector<ConnectorOption>{
      {.name = "rowsPerSecond",
       .takes = "a whole number from 1 to 1000000",
       .default_value = "1",
       .meaning = "how many rows are due in a second"},
      {.name = "numPartitions",
       .takes = "a whole number from 1 to 1024",
       .default_value = "1",
       .meaning = "among how many tasks a batch's seconds are divided"}};
  return *options;
}

struct RateOptionValues {
  int64_t rows_per_second = 1;
  int64_t partitions = 1;
};

absl::StatusOr<RateOptionValues> OptionsOf(const SourceDescription& source) {
  const auto bounded = [&](const ConnectorOption& option, int64_t most) -> absl::StatusOr<int64_t> {
    WT_ASSIGN_OR_RETURN(const int64_t value, NumberOption(source.options, option, 1));
    if (value <= most) return value;
    return absl::InvalidArgumentError(
        absl::StrCat("its option ", option.name, " is '", value, "': give ", option.takes));
  };
  RateOptionValues values;
  WT_ASSIGN_OR_RETURN(values.rows_per_second, bounded(RateOptions()[0], kMostRowsPerSecond));
  WT_ASSIGN_OR_RETURN(values.partitions, bounded(RateOptions()[1], kMostPartitions));
  return values;
}

struct RateOffset {
  int64_t second = 0;
  int64_t value = 0;

  std::string ToText() const { return absl::StrCat(second, ":", value); }
};

absl::StatusOr<RateOffset> ParseOffset(const std::string& text) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  RateOffset offset;
  if (absl::SimpleAtoi(parts.first, &offset.second) &&
      absl::SimpleAtoi(parts.second, &offset.value)) {
    return offset;
  }
  return absl::DataLossError(absl::StrCat("'", text, "' is no offset of a source of format rate"));
}

class Rate final : public Source {
 public:
  Rate(platform::Node& node, int64_t rows_per_second)
      : node_(node), rows_per_second_(rows_per_second) {}

  Task<absl::StatusOr<std::string>> Begin() override {
    co_return RateOffset{.second = Now(), .value = 0}.ToText();
  }

  Task<absl::StatusOr<SourceInput>> Define(std::string after) override {
    WT_CO_ASSIGN_OR_RETURN(RateOffset offset, ParseOffset(after));
    // A clock that was put back gives nothing until it is there again.
    const int64_t seconds = std::max<int64_t>(0, std::min(Now(), stop_at_) - offset.second);
    offset.second += seconds;
    offset.value += seconds * rows_per_second_;
    SourceInput input;
    input.range.set_start_offset(std::move(after));
    input.range.set_end_offset(offset.ToText());
    co_return input;
  }

  Task<absl::StatusOr<std::string>> Freeze() override { co_return absl::StrCat(Now()); }

  absl::Status StopAt(const std::string& frozen) override {
    if (absl::SimpleAtoi(frozen, &stop_at_)) return absl::OkStatus();
    return absl::InternalError("what was frozen is not of a source of format rate");
  }

 private:
  int64_t Now() const { return absl::ToUnixSeconds(node_.clock().WallNow()); }

  platform::Node& node_;
  const int64_t rows_per_second_;
  int64_t stop_at_ = std::numeric_limits<int64_t>::max();
};

// Whole seconds, in runs of neighbours.
std::vector<std::string> RateSplits(const SourceDescription& source, const SourceRange& range) {
  const auto begin = ParseOffset(range.start_offset());
  const auto end = ParseOffset(range.end_offset());
  const auto options = OptionsOf(source);
  // The task that reads the range says what is wrong with it.
  if (!begin.ok() || !end.ok() || !options.ok() || begin->second >= end->second) {
    return {range.SerializeAsString()};
  }
  const int64_t seconds = end->second - begin->second;
  const int64_t per_second = (end->value - begin->value) / seconds;
  const int64_t tasks = std::min(seconds, options->partitions);
  const auto offset_of = [&](int64_t second) {
    return RateOffset{begin->second + second, begin->value + second * per_second}.ToText();
  };
  std::vector<std::string> splits;
  for (int64_t i = 0; i < tasks; ++i) {
    SourceRange split;
    split.set_start_offset(offset_of(seconds * i / tasks));
    split.set_end_offset(offset_of(seconds * (i + 1) / tasks));
    splits.push_back(split.SerializeAsString());
  }
  return splits;
}

SchemaPtr RateSchema() {
  static const auto* const schema = new SchemaPtr(std::make_shared<const Schema>(
      std::vector<Field>{{"timestamp", DataType::kTimestamp}, {"value", DataType::kInt64}}));
  return *schema;
}

class RateReader final : public SplitReader {
 public:
  RateReader(RateOffset begin, RateOffset end)
      : begin_(begin),
        rows_(end.value - begin.value),
        per_second_(end.second > begin.second ? rows_ / (end.second - begin.second) : 0) {}

  Task<absl::StatusOr<std::optional<RecordBatch>>> Next() override {
    const int64_t rows = std::min(kRowsAtOnce, rows_ - next_);
    if (rows <= 0) co_return std::nullopt;
    ColumnBuilder times(DataType::kTimestamp);
    ColumnBuilder values(DataType::kInt64);
    for (int64_t i = 0; i < rows; ++i, ++next_) {
      const int64_t second = begin_.second + next_ / per_second_;
      times.Int64(second * kMicrosPerSecond + next_ % per_second_ * kMicrosPerSecond / per_second_);
      values.Int64(begin_.value + next_);
    }
    co_return RecordBatch(RateSchema(), {times.Finish(), values.Finish()}, rows);
  }

 private:
  const RateOffset begin_;
  const int64_t rows_;
  const int64_t per_second_;
  int64_t next_ = 0;
};

}  // namespace

SourceFormat RateSource() {
  return {.name = "rate",
          .meaning = "so many rows a second, of their time and a number that counts up",
          .options = RateOptions(),
          .nullable = false,
          .schema = [](const SourceDescription& source) -> absl::StatusOr<SchemaPtr> {
            WT_RETURN_IF_ERROR(OptionsOf(source).status());
            return RateSchema();
          },
          .open = [](const SourceDescription& source,
                     SourceContext context) -> absl::StatusOr<std::unique_ptr<Source>> {
            WT_ASSIGN_OR_RETURN(const RateOptionValues options, OptionsOf(source));
            return std::make_unique<Rate>(context.node, options.rows_per_second);
          },
          .splits = RateSplits,
          .read = [](const SourceDescription&, const std::string& split,
                     SplitContext) -> absl::StatusOr<std::unique_ptr<SplitReader>> {
            SourceRange range;
            if (!range.ParseFromString(split)) {
              return absl::DataLossError("no split of a source of format rate");
            }
            WT_ASSIGN_OR_RETURN(const RateOffset begin, ParseOffset(range.start_offset()));
            WT_ASSIGN_OR_RETURN(const RateOffset end, ParseOffset(range.end_offset()));
            return std::make_unique<RateReader>(begin, end);
          }};
}

}  // namespace wavetank::runtime
