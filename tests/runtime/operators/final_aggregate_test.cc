// What a final aggregate removes, and in which order it shows it.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "platform/random.h"
#include "runtime/functions/registry.h"
#include "runtime/operators/aggregate.h"
#include "tests/runtime/operators/stateful.h"

namespace wavetank::runtime {
namespace {

constexpr int64_t kWindowSeconds = 2;

std::shared_ptr<AggregateSpec> CountByKeyAndStart(QueryOutputMode mode) {
  auto spec = std::make_shared<AggregateSpec>();
  spec->key_types = {DataType::kString, DataType::kTimestamp};
  spec->calls = {{FunctionRegistry::BuiltIn().Find("count"), {}}};
  spec->intermediate = spec->calls[0].intermediate();
  spec->schema = spec->partial_schema = std::make_shared<const Schema>(std::vector<Field>{
      {"key", DataType::kString}, {"start", DataType::kTimestamp}, {"count", DataType::kInt64}});
  spec->mode = mode;
  spec->event_time_key = 1;
  spec->span_micros = kWindowSeconds * 1'000'000;
  return spec;
}

struct Counted {
  std::optional<std::string> key;
  std::optional<int64_t> start;  // in seconds
  int64_t count = 0;

  bool IsOf(const Counted& other) const { return key == other.key && start == other.start; }
};

RecordBatch CountedBatch(const std::vector<Counted>& rows) {
  ColumnBuilder keys(DataType::kString);
  ColumnBuilder starts(DataType::kTimestamp);
  ColumnBuilder counts(DataType::kInt64);
  for (const Counted& row : rows) {
    row.key ? keys.String(*row.key) : keys.Null();
    row.start ? starts.Int64(*row.start * 1'000'000) : starts.Null();
    counts.Int64(row.count);
  }
  return RecordBatch(CountByKeyAndStart(QueryOutputMode::kAppend)->partial_schema,
                     {keys.Finish(), starts.Finish(), counts.Finish()},
                     static_cast<int64_t>(rows.size()));
}

// Groups in the order in which they came.
class PlainCount {
 public:
  explicit PlainCount(QueryOutputMode mode) : mode_(mode) {}

  Lines Run(const Epoch& epoch, const std::vector<Counted>& rows) {
    std::vector<Counted> changed;
    for (const Counted& row : rows) {
      AddTo(groups_, row);
      if (std::ranges::none_of(changed, [&](const Counted& c) { return c.IsOf(row); })) {
        changed.push_back(row);
      }
    }
    Lines lines;
    for (const Counted& row : changed) {
      if (mode_ != QueryOutputMode::kUpdate) break;
      const auto group =
          std::ranges::find_if(groups_, [&](const Counted& c) { return c.IsOf(row); });
      lines.push_back(CountedBatch({*group}).RowText(0));
    }
    std::vector<Counted> left;
    for (const Counted& group : groups_) {
      const bool final =
          group.start &&
          absl::UnixEpoch() + absl::Seconds(*group.start + kWindowSeconds) <= epoch.evict;
      if (!final) {
        left.push_back(group);
      } else if (mode_ == QueryOutputMode::kAppend) {
        lines.push_back(CountedBatch({group}).RowText(0));
      }
    }
    removed = static_cast<int64_t>(groups_.size() - left.size());
    groups_ = std::move(left);
    next_final = absl::InfiniteFuture();
    for (const Counted& group : groups_) {
      if (!group.start || mode_ == QueryOutputMode::kComplete) continue;
      next_final =
          std::min(next_final, absl::UnixEpoch() + absl::Seconds(*group.start + kWindowSeconds));
    }
    return lines;
  }

  int64_t removed = 0;
  absl::Time next_final;

 private:
  static void AddTo(std::vector<Counted>& groups, const Counted& row) {
    for (Counted& group : groups) {
      if (!group.IsOf(row)) continue;
      group.count += row.count;
      return;
    }
    groups.push_back(row);
  }

  const QueryOutputMode mode_;
  std::vector<Counted> groups_;
};

TEST(FinalAggregate, RemovesWhatTheWatermarkPassesInTheOrderInWhichItCame) {
  for (const QueryOutputMode mode : {QueryOutputMode::kAppend, QueryOutputMode::kUpdate}) {
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      platform::Random random(seed);
      PlainCount plain(mode);
      std::vector<Counted> rows;
      absl::Time late = absl::InfinitePast();
      const auto inputs_of = [&](int64_t id) {
        rows.assign(random.Below(20), {});
        // None is late: the first half of the aggregate has dropped those.
        for (Counted& row : rows) {
          if (!random.OneIn(8)) row.key = std::string(random.Below(3), 'k');
          if (!random.OneIn(8)) row.start = 3 * id + random.Between(-4, 6);
          row.count = random.Between(1, 3);
        }
        return std::vector<RecordBatch>{CountedBatch(rows)};
      };
      const auto epoch_at = [&](int64_t id) {
        const absl::Time moved = absl::UnixEpoch() + absl::Seconds(3 * id - 4);
        const absl::Time evict = id == 0 || random.OneIn(3) ? late : std::max(late, moved);
        return Epoch{.id = id,
                     .timestamp = absl::UnixEpoch(),
                     .seed = 0,
                     .late = std::exchange(late, evict),
                     .evict = evict};
      };
      const auto make = [spec = CountByKeyAndStart(mode)] { return MakeFinalAggregate(spec); };
      ExpectAlikeHoweverRun(
          make, 1, random, 12, inputs_of, epoch_at,
          [&](const Epoch& epoch, const std::vector<RecordBatch>&, const DrivenEpoch& driven) {
            ASSERT_EQ(driven.rows, plain.Run(epoch, rows)) << "seed " << seed;
            EXPECT_EQ(driven.report.rows_removed, plain.removed);
            EXPECT_EQ(driven.report.earliest_final, plain.next_final);
          });
      if (HasFailure()) return;
    }
  }
}

TEST(FinalAggregate, OfAWholeTableNothingBecomesFinal) {
  StatefulDrive table(
      [spec = CountByKeyAndStart(QueryOutputMode::kComplete)] { return MakeFinalAggregate(spec); },
      1);
  const DrivenEpoch driven = table.Run(
      {.id = 0}, {CountedBatch({{.key = "k", .start = 1, .count = 1}})}, [] { return 1; });
  EXPECT_EQ(driven.report.state_rows, 1);
  EXPECT_EQ(driven.report.earliest_final, absl::InfiniteFuture());
}

}  // namespace
}  // namespace wavetank::runtime
