#include "runtime/operators/drop_duplicates.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "platform/random.h"
#include "tests/runtime/operators/stateful.h"

namespace wavetank::runtime {
namespace {

enum class Likes {
  kForEver,        // alike in the word; no time at all
  kTimeBeside,     // alike in the word, late by a time: for ever
  kTimeAmongKeys,  // alike in the word and the time
  kWithin,         // alike in the word, for a while
};
constexpr int64_t kSpan = 2;    // of kTimeAmongKeys, in seconds
constexpr int64_t kWithin = 6;  // of kWithin

struct Seen {
  std::optional<std::string> word;
  std::optional<int64_t> time;
  int64_t id = 0;
};

bool TimeIsKey(Likes likes) { return likes == Likes::kTimeAmongKeys; }

// (word, time where it is a key; time, id)
RecordBatch SeenBatch(Likes likes, const std::vector<Seen>& rows) {
  ColumnBuilder words(DataType::kString);
  ColumnBuilder times(DataType::kTimestamp);
  ColumnBuilder ids(DataType::kInt64);
  for (const Seen& row : rows) {
    row.word ? words.String(*row.word) : words.Null();
    row.time ? times.Int64(*row.time * 1'000'000) : times.Null();
    ids.Int64(row.id);
  }
  const Column time = times.Finish();
  std::vector<Field> fields = {{"word", DataType::kString}};
  std::vector<Column> columns = {words.Finish()};
  if (TimeIsKey(likes)) {
    fields.push_back({"key_time", DataType::kTimestamp});
    columns.push_back(time);
  }
  fields.push_back({"time", DataType::kTimestamp});
  columns.push_back(time);
  fields.push_back({"id", DataType::kInt64});
  columns.push_back(ids.Finish());
  return RecordBatch(std::make_shared<const Schema>(std::move(fields)), std::move(columns),
                     static_cast<int64_t>(rows.size()));
}

StatefulDrive::Make DropMaker(Likes likes) {
  auto spec = std::make_shared<DropDuplicatesSpec>();
  spec->keys = TimeIsKey(likes) ? 2 : 1;
  spec->rows = SeenBatch(likes, {}).schema_ptr();
  spec->output = std::make_shared<const Schema>(
      std::vector<Field>{{"time", DataType::kTimestamp}, {"id", DataType::kInt64}});
  if (likes != Likes::kForEver) spec->event_time_column = 1;
  if (TimeIsKey(likes)) spec->span_micros = kSpan * 1'000'000;
  if (likes == Likes::kWithin) spec->within_micros = kWithin * 1'000'000;
  return [spec] { return MakeDropDuplicates(spec); };
}

absl::Time SecondsAt(int64_t seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

// The contract in a map.
class PlainDrop {
 public:
  explicit PlainDrop(Likes likes) : likes_(likes) {}

  Lines Run(const Epoch& epoch, const std::vector<Seen>& rows) {
    Lines shown;
    for (const Seen& row : rows) {
      const int64_t span = TimeIsKey(likes_) ? kSpan : 0;
      if (likes_ != Likes::kForEver && row.time && SecondsAt(*row.time + span) <= epoch.late) {
        ++late;
        continue;
      }
      const auto key = std::pair(row.word, TimeIsKey(likes_) ? row.time : std::nullopt);
      std::optional<int64_t> end;
      if (likes_ == Likes::kWithin && row.time) end = *row.time + kWithin;
      if (TimeIsKey(likes_) && row.time) end = *row.time + kSpan;
      if (!ends_.emplace(key, end).second) continue;
      shown.push_back(SeenBatch(Likes::kForEver, {row}).RowText(0));
      shown.back().erase(0, shown.back().find('\t') + 1);
    }
    std::erase_if(ends_, [&epoch](const auto& entry) {
      return entry.second && SecondsAt(*entry.second) <= epoch.evict;
    });
    return shown;
  }
  int64_t entries() const { return static_cast<int64_t>(ends_.size()); }
  absl::Time next_final() const {
    absl::Time next = absl::InfiniteFuture();
    for (const auto& [key, end] : ends_) {
      if (end) next = std::min(next, SecondsAt(*end));
    }
    return next;
  }

  int64_t late = 0;

 private:
  const Likes likes_;
  std::map<std::pair<std::optional<std::string>, std::optional<int64_t>>, std::optional<int64_t>>
      ends_;
};

TEST(DropDuplicates, IsAPlainMapHoweverItIsRun) {
  for (const Likes likes :
       {Likes::kForEver, Likes::kTimeBeside, Likes::kTimeAmongKeys, Likes::kWithin}) {
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      platform::Random random(seed);
      PlainDrop plain(likes);
      std::vector<Seen> rows;
      absl::Time late = absl::InfinitePast();
      const auto inputs_of = [&](int64_t id) {
        rows.assign(random.Below(25), {});
        for (Seen& row : rows) {
          if (!random.OneIn(8)) row.word = std::string(random.Below(4), 'w');
          if (!random.OneIn(8)) row.time = 3 * id + random.Between(-8, 4);
          row.id = random.Between(0, 99);
        }
        return std::vector<RecordBatch>{SeenBatch(likes, rows)};
      };
      const auto epoch_at = [&](int64_t id) {
        const absl::Time evict =
            id == 0 || random.OneIn(3) ? late : std::max(late, SecondsAt(3 * id - 5));
        return Epoch{.id = id,
                     .timestamp = absl::UnixEpoch(),
                     .seed = 0,
                     .late = std::exchange(late, evict),
                     .evict = evict};
      };
      ExpectAlikeHoweverRun(
          DropMaker(likes), 1, random, 12, inputs_of, epoch_at,
          [&](const Epoch& epoch, const std::vector<RecordBatch>&, const DrivenEpoch& driven) {
            plain.late = 0;
            ASSERT_EQ(driven.rows, plain.Run(epoch, rows)) << "seed " << seed;
            EXPECT_EQ(driven.report.rows_late, plain.late);
            EXPECT_EQ(driven.report.state_rows, plain.entries());
            EXPECT_EQ(driven.report.earliest_final, plain.next_final());
          });
      if (HasFailure()) return;
    }
  }
}

TEST(DropDuplicates, ADuplicateDoesNotExtendTheFirstOnesEnd) {
  StatefulDrive drop(DropMaker(Likes::kWithin), 1);
  const auto shown = [&](int64_t watermark, int64_t time) {
    const Epoch epoch{.id = 0,
                      .timestamp = absl::UnixEpoch(),
                      .seed = 0,
                      .late = absl::InfinitePast(),
                      .evict = SecondsAt(watermark)};
    return drop
        .Run(epoch, {SeenBatch(Likes::kWithin, {{.word = "w", .time = time}})}, [] { return 1; })
        .rows.size();
  };
  EXPECT_EQ(shown(0, 10), 1u);
  EXPECT_EQ(shown(15, 15), 0u);
  EXPECT_EQ(shown(16, 16), 0u) << "it ends with this epoch, at exactly 10 + 6";
  EXPECT_EQ(shown(16, 16), 1u);
}

// Durable: what was seen before would be seen again.
TEST(DropDuplicates, WhatItKeepsHasAFormatThatDoesNotChange) {
  using std::string_literals::operator""s;
  const std::vector<Seen> rows = {{.word = "ww", .time = 1, .id = 1},
                                  {.word = std::nullopt, .time = std::nullopt}};
  const Epoch epoch{.id = 0, .timestamp = absl::UnixEpoch(), .seed = 0};
  const auto state_of = [&](Likes likes) {
    StatefulDrive drop(DropMaker(likes), 1);
    drop.Run(epoch, {SeenBatch(likes, rows)}, [] { return 1; });
    return drop.State()[0];
  };
  using Entries = StatefulDrive::Entries;
  EXPECT_EQ(state_of(Likes::kForEver), (Entries{{"\1\2\0\0\0ww"s, ""}, {"\0"s, ""}}));
  EXPECT_EQ(state_of(Likes::kTimeAmongKeys),
            (Entries{{"\1\2\0\0\0ww\1\x40\x42\x0f\0\0\0\0\0"s, ""}, {"\0\0"s, ""}}));
  EXPECT_EQ(state_of(Likes::kWithin),
            (Entries{{"\1\2\0\0\0ww"s, "\1\xc0\xcf\x6a\0\0\0\0\0"s}, {"\0"s, "\0"s}}));
}

TEST(DropDuplicates, AnEndBeyondAllTimesIsNone) {
  auto spec = std::make_shared<DropDuplicatesSpec>();
  spec->keys = 1;
  spec->rows = SeenBatch(Likes::kWithin, {}).schema_ptr();
  spec->output = std::make_shared<const Schema>(
      std::vector<Field>{{"time", DataType::kTimestamp}, {"id", DataType::kInt64}});
  spec->event_time_column = 1;
  spec->within_micros = std::numeric_limits<int64_t>::max();
  StatefulDrive drop([spec] { return MakeDropDuplicates(spec); }, 1);
  const Epoch epoch{.id = 0,
                    .timestamp = absl::UnixEpoch(),
                    .seed = 0,
                    .late = absl::InfinitePast(),
                    .evict = SecondsAt(int64_t{1} << 40)};
  const std::vector<RecordBatch> one = {
      SeenBatch(Likes::kWithin, {{.word = "w", .time = 1}, {.word = "w", .time = 2}})};
  EXPECT_EQ(drop.Run(epoch, one, [] { return 9; }).rows.size(), 1u);
  EXPECT_EQ(drop.State()[0].size(), 1u);
}

}  // namespace
}  // namespace wavetank::runtime
