// What a final aggregate removes, and in which order it shows it.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "platform/random.h"
#include "runtime/columnar/row_key.h"
#include "runtime/functions/registry.h"
#include "runtime/operators/aggregate.h"
#include "tests/runtime/columnar/random_batch.h"
#include "tests/runtime/operators/stateful.h"

namespace wavetank::runtime {
namespace {

constexpr int64_t kWindowSeconds = 2;

// Sums of int64 go into state batch by batch, those of doubles at the end of an epoch.
std::shared_ptr<AggregateSpec> CountByKeyAndStart(QueryOutputMode mode,
                                                  DataType sum = DataType::kInt64) {
  auto spec = std::make_shared<AggregateSpec>();
  spec->key_types = {DataType::kString, DataType::kTimestamp};
  spec->calls = {{FunctionRegistry::BuiltIn().Find("count"), {}},
                 {FunctionRegistry::BuiltIn().Find("sum"), {sum}}};
  spec->intermediate = {DataType::kInt64, sum};
  spec->schema = spec->partial_schema =
      std::make_shared<const Schema>(std::vector<Field>{{"key", DataType::kString},
                                                        {"start", DataType::kTimestamp},
                                                        {"count", DataType::kInt64},
                                                        {"sum", sum}});
  spec->mode = mode;
  spec->event_time_key = 1;
  spec->span_micros = kWindowSeconds * 1'000'000;
  return spec;
}

struct Counted {
  std::optional<std::string> key;
  std::optional<int64_t> start;  // in seconds
  int64_t count = 0;
  std::optional<int64_t> sum;

  bool IsOf(const Counted& other) const { return key == other.key && start == other.start; }
};

RecordBatch CountedBatch(const std::vector<Counted>& rows, DataType sum) {
  ColumnBuilder keys(DataType::kString);
  ColumnBuilder starts(DataType::kTimestamp);
  ColumnBuilder counts(DataType::kInt64);
  ColumnBuilder sums(sum);
  for (const Counted& row : rows) {
    row.key ? keys.String(*row.key) : keys.Null();
    row.start ? starts.Int64(*row.start * 1'000'000) : starts.Null();
    counts.Int64(row.count);
    if (!row.sum) {
      sums.Null();
    } else if (sum == DataType::kDouble) {
      sums.Double(static_cast<double>(*row.sum) / 4);
    } else {
      sums.Int64(*row.sum);
    }
  }
  return RecordBatch(CountByKeyAndStart(QueryOutputMode::kAppend, sum)->partial_schema,
                     {keys.Finish(), starts.Finish(), counts.Finish(), sums.Finish()},
                     static_cast<int64_t>(rows.size()));
}

// Groups in the order in which they came.
class PlainCount {
 public:
  PlainCount(QueryOutputMode mode, DataType sum) : mode_(mode), sum_(std::move(sum)) {}

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
      lines.push_back(CountedBatch({*group}, sum_).RowText(0));
    }
    std::vector<Counted> left;
    for (const Counted& group : groups_) {
      const bool final =
          group.start &&
          absl::UnixEpoch() + absl::Seconds(*group.start + kWindowSeconds) <= epoch.evict;
      if (!final) {
        left.push_back(group);
      } else if (mode_ == QueryOutputMode::kAppend) {
        lines.push_back(CountedBatch({group}, sum_).RowText(0));
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
      if (row.sum) group.sum = group.sum.value_or(0) + *row.sum;
      return;
    }
    groups.push_back(row);
  }

  const QueryOutputMode mode_;
  const DataType sum_;
  std::vector<Counted> groups_;
};

TEST(FinalAggregate, RemovesWhatTheWatermarkPassesInTheOrderInWhichItCame) {
  for (const QueryOutputMode mode : {QueryOutputMode::kAppend, QueryOutputMode::kUpdate}) {
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      platform::Random random(seed);
      const DataType sum = seed % 2 == 0 ? DataType::kInt64 : DataType::kDouble;
      PlainCount plain(mode, sum);
      std::vector<Counted> rows;
      absl::Time late = absl::InfinitePast();
      const auto inputs_of = [&](int64_t id) {
        rows.assign(random.Below(20), {});
        // None is late: the first half of the aggregate has dropped those.
        for (Counted& row : rows) {
          if (!random.OneIn(8)) row.key = std::string(random.Below(3), 'k');
          if (!random.OneIn(8)) row.start = 3 * id + random.Between(-4, 6);
          row.count = random.Between(1, 3);
          if (!random.OneIn(3)) row.sum = random.Between(-9, 9);
        }
        return std::vector<RecordBatch>{CountedBatch(rows, sum)};
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
      const auto make = [spec = CountByKeyAndStart(mode, sum)] { return MakeFinalAggregate(spec); };
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
      [spec = CountByKeyAndStart(QueryOutputMode::kComplete, DataType::kInt64)] {
        return MakeFinalAggregate(spec);
      },
      1);
  const DrivenEpoch driven = table.Run(
      {.id = 0},
      {CountedBatch({{.key = "k", .start = 1, .count = 1, .sum = std::nullopt}}, DataType::kInt64)},
      [] { return 1; });
  EXPECT_EQ(driven.report.state_rows, 1);
  EXPECT_EQ(driven.report.earliest_final, absl::InfiniteFuture());
}

// SELECT a, b, count(*), sum(value) GROUP BY a, b, without a watermark.
std::shared_ptr<AggregateSpec> CountAndSumBy(const std::vector<DataType>& keys) {
  auto spec = std::make_shared<AggregateSpec>();
  std::vector<Field> fields;
  for (const DataType& key : keys) {
    BoundExpression column;
    column.column = static_cast<int>(fields.size());
    column.type = key;
    spec->keys.push_back(column);
    fields.push_back({absl::StrCat("key", fields.size()), key});
  }
  spec->key_types = keys;
  BoundExpression value;
  value.column = static_cast<int>(fields.size());
  spec->arguments = {value};
  spec->calls = {{FunctionRegistry::BuiltIn().Find("count"), {}},
                 {FunctionRegistry::BuiltIn().Find("sum"), {DataType::kInt64}}};
  spec->intermediate = {DataType::kInt64, DataType::kInt64};
  fields.push_back({"count", DataType::kInt64});
  fields.push_back({"sum", DataType::kInt64});
  spec->schema = spec->partial_schema = std::make_shared<const Schema>(std::move(fields));
  spec->mode = QueryOutputMode::kUpdate;
  return spec;
}

struct CountAndSum {
  int64_t count = 0;
  std::optional<int64_t> sum;
};

// Random rows by keys of all types that are told apart by their bits, one column, two and three
// (which go by their row keys): partial aggregates of an epoch, then the whole of several.
TEST(Aggregate, GroupsOfManyRowsComeInTheOrderOfTheirFirst) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    platform::Random random(seed);
    std::vector<DataType> keys;
    for (uint64_t i = 0; i < 1 + seed % 3; ++i) {
      keys.push_back(i == 0 && random.OneIn(2) ? DataType::kInt64 : RandomType(random));
    }
    const auto spec = CountAndSumBy(keys);
    std::vector<DataType> types = keys;
    types.push_back(DataType::kInt64);
    std::map<std::string, CountAndSum> state;
    checkpoint::StateTable table;
    for (int epoch = 0; epoch < 3; ++epoch) {
      const RecordBatch rows = RandomBatch(random, types, random.Between(0, 3000));
      std::vector<std::string> order;
      std::map<std::string, CountAndSum> partial;
      std::vector<Column> by;
      for (size_t i = 0; i < keys.size(); ++i) {
        by.push_back(NormaliseKey(rows.column(static_cast<int>(i))));
      }
      const Column& values = rows.column(static_cast<int>(keys.size()));
      for (int64_t row = 0; row < rows.num_rows(); ++row) {
        std::string key;
        for (const Column& column : by) {
          absl::StrAppend(&key, column.CellText(row), column.IsNull(row) ? "!" : "", "|");
        }
        const auto [group, is_new] = partial.try_emplace(key);
        if (is_new) order.push_back(key);
        for (CountAndSum* to : {&group->second, &state[key]}) {
          ++to->count;
          if (values.IsNull(row)) continue;
          to->sum = static_cast<int64_t>(static_cast<uint64_t>(to->sum.value_or(0)) +
                                         static_cast<uint64_t>(values.Int64At(row)));
        }
      }
      std::vector<RecordBatch> partials;
      const auto expect = [&](Operator& op, const std::vector<RecordBatch>& input,
                              std::map<std::string, CountAndSum>& expected) {
        op.Begin(Epoch{.id = epoch});
        size_t next = 0;
        size_t at = 0;
        for (bool done = false; !done;) {
          RecordBatch output;
          const absl::StatusOr<Pulled> pulled = op.Next(output);
          ASSERT_TRUE(pulled.ok()) << pulled.status();
          done = pulled->what == Pull::kDone;
          if (pulled->what == Pull::kNeedsInput) {
            ASSERT_TRUE((next < input.size() ? op.Add(0, input[next++]) : op.EndInput(0)).ok());
          }
          if (pulled->what != Pull::kOutput) continue;
          for (int64_t row = 0; row < output.num_rows(); ++row) {
            ASSERT_LT(at, order.size());
            const std::string& key = order[at++];
            std::string shown;
            for (size_t i = 0; i < keys.size(); ++i) {
              const Column& column = output.column(static_cast<int>(i));
              absl::StrAppend(&shown, column.CellText(row), column.IsNull(row) ? "!" : "", "|");
            }
            ASSERT_EQ(shown, key) << "seed " << seed;
            const auto sums = static_cast<int>(keys.size()) + 1;
            ASSERT_EQ(output.column(sums - 1).Int64At(row), expected[key].count);
            ASSERT_EQ(output.column(sums).IsNull(row), !expected[key].sum.has_value());
            if (expected[key].sum) ASSERT_EQ(output.column(sums).Int64At(row), *expected[key].sum);
          }
          partials.push_back(output);
        }
        ASSERT_EQ(at, order.size());
      };
      const auto first = MakePartialAggregate(spec);
      ASSERT_TRUE(first->Open({}).ok());
      expect(*first, {rows}, partial);
      const std::vector<RecordBatch> merged = std::exchange(partials, {});
      const auto last = MakeFinalAggregate(spec);
      OperatorContext context;
      context.stores = {&table};
      ASSERT_TRUE(last->Open(context).ok());
      expect(*last, merged, state);
      table.Accept();
      if (HasFailure()) return;
    }
    EXPECT_EQ(table.size(), state.size());
  }
}

}  // namespace
}  // namespace wavetank::runtime
