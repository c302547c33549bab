#include "runtime/operators/join.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "platform/random.h"
#include "tests/runtime/operators/joined_rows.h"
#include "tests/runtime/operators/stateful.h"

namespace wavetank::runtime {
namespace {

using namespace joined;

StatefulDrive::Make MakerOf(const std::shared_ptr<JoinSpec>& spec) {
  return [spec] { return MakeJoin(spec); };
}

// The contract as plainly as can be: rows in the order in which they came.
class PlainJoin {
 public:
  explicit PlainJoin(Time time) : time_(time) {}

  Lines Run(const Epoch& epoch, const Rows& left, const Rows& right) {
    const Rows* const rows[] = {&left, &right};
    Lines pairs;
    for (size_t port = 0; port < 2; ++port) {
      for (const Row& row : *rows[port]) {
        if (time_ != Time::kNone && row.time && At(*row.time) <= epoch.late) {
          ++late;
          continue;
        }
        if (!row.key) continue;
        for (const auto& [other, count] : stored_[1 - port]) {
          const Row& a = port == 0 ? row : other;
          const Row& b = port == 0 ? other : row;
          if (!Match(a, b)) continue;
          pairs.insert(pairs.end(), count, OwnText(0, a) + "\t" + OwnText(1, b));
        }
        Store(port, row);
      }
    }
    for (size_t port = 0; port < 2 && time_ != Time::kNone; ++port) {
      if (epoch.evict == absl::InfinitePast()) break;
      const absl::Time bound = epoch.evict - absl::Seconds(port == 0 ? kEarlier : kLater);
      std::erase_if(stored_[port], [&](const auto& entry) {
        return entry.first.time && At(*entry.first.time) <= bound;
      });
    }
    next_final = absl::InfiniteFuture();
    for (size_t port = 0; port < 2 && time_ != Time::kNone; ++port) {
      for (const auto& [row, count] : stored_[port]) {
        if (!row.time) continue;
        const int64_t goes = *row.time + (port == 0 ? kEarlier : kLater);
        next_final = std::min(next_final, At(goes));
      }
    }
    return pairs;
  }

  bool Match(const Row& left, const Row& right) const {
    if (!left.key || left.key != right.key) return false;
    if (time_ == Time::kNone) return true;
    return left.time && right.time && *left.time >= *right.time - kEarlier &&
           *left.time <= *right.time + kLater;
  }
  int64_t entries() const { return static_cast<int64_t>(stored_[0].size() + stored_[1].size()); }

  int64_t late = 0;
  absl::Time next_final;

 private:
  static absl::Time At(int64_t seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }
  void Store(size_t port, const Row& row) {
    for (auto& [other, count] : stored_[port]) {
      if (other.key != row.key || other.time != row.time || other.id != row.id) continue;
      ++count;
      return;
    }
    stored_[port].emplace_back(row, 1);
  }

  const Time time_;
  std::vector<std::pair<Row, size_t>> stored_[2];
};

TEST(Join, IsAPlainJoinHoweverItIsRun) {
  for (const Time time : {Time::kNone, Time::kRange}) {
    for (uint64_t seed = 1; seed <= 25; ++seed) {
      platform::Random random(seed);
      PlainJoin plain(time);
      absl::Time late = absl::InfinitePast();
      std::vector<Rows> rows;
      // Watermarks stand still, and jump: a row may be beyond its bound as it comes.
      const auto epoch_at = [&](int64_t id) {
        absl::Time evict = late;
        if (id > 0 && random.OneIn(3)) {
          evict = std::max(late, absl::UnixEpoch() + absl::Seconds(3 * id + random.Between(-6, 4)));
        }
        return EpochOf(id, std::exchange(late, evict), evict);
      };
      const auto inputs_of = [&](int64_t id) {
        rows = {RandomSide(random, 3 * id), RandomSide(random, 3 * id)};
        return std::vector<RecordBatch>{BatchOf(0, rows[0]), BatchOf(1, rows[1])};
      };
      ExpectAlikeHoweverRun(
          MakerOf(SpecOf(time)), 2, random, 12, inputs_of, epoch_at,
          [&](const Epoch& epoch, const std::vector<RecordBatch>&, const DrivenEpoch& driven) {
            plain.late = 0;
            ASSERT_EQ(driven.rows, plain.Run(epoch, rows[0], rows[1])) << "seed " << seed;
            EXPECT_EQ(driven.report.rows_late, plain.late);
            EXPECT_EQ(driven.report.state_rows, plain.entries());
            EXPECT_EQ(driven.report.earliest_final, plain.next_final);
          });
      if (HasFailure()) return;
    }
  }
}

// For rows no later than the delay: all pairs that there are, however the rows are cut into epochs.
TEST(Join, LosesNoPairThatTheWholeInputHas) {
  constexpr int64_t kDelay = 4;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    platform::Random random(seed);
    Rows all[2];
    int64_t newest[2] = {0, 0};
    for (int i = 0; i < 60; ++i) {
      const size_t port = random.Below(2);
      const int64_t time = std::max(newest[port] + random.Between(-kDelay + 1, 2), int64_t{0});
      newest[port] = std::max(newest[port], time);
      all[port].push_back(
          {.key = std::string(random.Below(2), 'k'), .time = time, .id = random.Between(0, 2)});
    }
    const PlainJoin plain(Time::kRange);
    Lines expected;
    for (const Row& left : all[0]) {
      for (const Row& right : all[1]) {
        if (plain.Match(left, right))
          expected.push_back(OwnText(0, left) + "\t" + OwnText(1, right));
      }
    }
    StatefulDrive join(MakerOf(SpecOf(Time::kRange)), 2);
    Lines rows;
    size_t next[2] = {0, 0};
    absl::Time late = absl::InfinitePast();
    absl::Time evict = absl::InfinitePast();
    for (int64_t id = 0; next[0] < all[0].size() || next[1] < all[1].size(); ++id) {
      std::vector<RecordBatch> inputs;
      for (size_t port = 0; port < 2; ++port) {
        const uint64_t most = random.OneIn(3) ? 40 : 8;
        const size_t end = std::min(all[port].size(), next[port] + random.Below(most));
        inputs.push_back(
            BatchOf(static_cast<int>(port), {all[port].begin() + static_cast<ptrdiff_t>(next[port]),
                                             all[port].begin() + static_cast<ptrdiff_t>(end)}));
        next[port] = end;
      }
      const DrivenEpoch driven = join.Run(EpochOf(id, late, evict), inputs, [] { return 4; });
      ASSERT_EQ(driven.report.rows_late, 0) << seed;
      rows.insert(rows.end(), driven.rows.begin(), driven.rows.end());
      late = evict;
      if (next[0] == 0 || next[1] == 0) continue;
      int64_t watermark = INT64_MAX;
      for (size_t port = 0; port < 2; ++port) {
        int64_t most = 0;
        for (size_t i = 0; i < next[port]; ++i) most = std::max(most, *all[port][i].time);
        watermark = std::min(watermark, most - kDelay);
      }
      evict = absl::UnixEpoch() + absl::Seconds(watermark);
    }
    std::ranges::sort(rows);
    std::ranges::sort(expected);
    ASSERT_EQ(rows, expected) << seed;
  }
}

TEST(Join, ARowAtTheWatermarkIsLateAndOneAtItsBoundGoes) {
  const absl::Time ten = absl::UnixEpoch() + absl::Seconds(10);
  StatefulDrive join(MakerOf(SpecOf(Time::kRange)), 2);
  const auto run = [&](absl::Time late, absl::Time evict, const Rows& left, const Rows& right) {
    return join.Run(EpochOf(0, late, evict), {BatchOf(0, left), BatchOf(1, right)},
                    [] { return 10; });
  };
  const auto at = [](int64_t time) { return Row{.key = "k", .time = time}; };
  // Left rows go at 10 - 5, right ones at 10 - 3.
  DrivenEpoch driven = run(absl::InfinitePast(), ten, {at(5), at(6)}, {at(7), at(8)});
  EXPECT_EQ(driven.report.state_rows, 2);
  EXPECT_EQ(driven.report.rows_updated, 3) << "a right row that goes at once is not stored";
  EXPECT_EQ(driven.report.rows_removed, 1);
  EXPECT_EQ(driven.rows.size(), 4u) << "a left row that goes at once is met first";
  driven = run(ten, ten, {at(10), at(11)}, {});
  EXPECT_EQ(driven.report.rows_late, 1);
  EXPECT_EQ(driven.rows.size(), 1u);
  driven = run(ten, ten, {}, {at(10), at(11)});
  EXPECT_EQ(driven.report.rows_late, 1);
  EXPECT_EQ(driven.rows.size(), 2u);
}

TEST(Join, BoundsBeyondAllTimesAreBounds) {
  const auto spec = SpecOf(Time::kRange);
  spec->sides[0].evict_offset_micros = INT64_MAX;
  spec->sides[1].evict_offset_micros = INT64_MIN;
  StatefulDrive join(MakerOf(spec), 2);
  const Rows rows = {{.key = "k", .time = 0}, {.key = "k", .time = 1'000'000}};
  for (const int64_t watermark : {-5, 5}) {
    const Epoch epoch =
        EpochOf(0, absl::InfinitePast(), absl::UnixEpoch() + absl::Seconds(watermark));
    const DrivenEpoch driven =
        join.Run(epoch, {BatchOf(0, rows), BatchOf(1, rows)}, [] { return 10; });
    EXPECT_EQ(join.State()[0].size(), 0u);
    EXPECT_EQ(join.State()[1].size(), 2u);
    EXPECT_EQ(driven.report.earliest_final, absl::InfiniteFuture());
  }
}

// One key on both sides, and rows alike besides: nothing is built at once.
TEST(Join, GivesALargeProductInPieces) {
  constexpr int64_t kRows = 3'000;
  const auto spec = SpecOf(Time::kNone);
  checkpoint::StateTable tables[2];
  MemoryAccount account(int64_t{4} << 20);
  OperatorContext context;
  context.stores = {&tables[0], &tables[1]};
  context.memory = MemoryHolder(&account);
  const std::unique_ptr<Operator> join = MakeJoin(spec);
  ASSERT_TRUE(join->Open(context).ok());
  join->Begin(EpochOf(0, absl::InfinitePast(), absl::InfinitePast()));
  Rows rows;
  for (int64_t i = 0; i < kRows; ++i) rows.push_back({.key = "k", .time = 0, .id = i / 1'000});
  int64_t given = 0;
  for (int port = 0; port < 2; ++port) {
    RecordBatch output;
    ASSERT_EQ(join->Next(output)->what, Pull::kNeedsInput);
    ASSERT_TRUE(join->Add(port, BatchOf(port, rows)).ok());
    while (true) {
      const absl::StatusOr<Pulled> pulled = join->Next(output);
      ASSERT_TRUE(pulled.ok()) << pulled.status();
      if (pulled->what != Pull::kOutput) break;
      ASSERT_LE(output.num_rows(), Operator::kRowsAtOnce);
      given += output.num_rows();
    }
    ASSERT_TRUE(join->EndInput(port).ok());
  }
  EXPECT_EQ(given, kRows * kRows);
  EXPECT_EQ(tables[0].size(), 3u);
}

// Durable: it would not find the rows of before.
TEST(Join, WhatItKeepsHasAFormatThatDoesNotChange) {
  using std::string_literals::operator""s;
  StatefulDrive join(MakerOf(SpecOf(Time::kNone)), 2);
  const Rows left = {{.key = "kk", .time = 1, .id = -1}, {.key = "kk", .time = 1, .id = -1}};
  const Rows right = {{.key = "", .time = std::nullopt, .id = 258},
                      {.key = std::nullopt, .time = 1}};
  join.Run(EpochOf(0, absl::InfinitePast(), absl::InfinitePast()),
           {BatchOf(0, left), BatchOf(1, right)}, [] { return 1; });
  const std::string minus_one(8, '\xff');
  const std::string two = "\2\0\0\0\0\0\0\0"s;
  const std::string one = "\1\0\0\0\0\0\0\0"s;
  const std::vector<StatefulDrive::Entries> expected = {
      {{"\1\2\0\0\0kk"s + "\1\x40\x42\x0f\0\0\0\0\0"s + "\1"s + minus_one, two}},
      {{"\1\0\0\0\0"s + "\0\0\0"s + "\1\2\1\0\0\0\0\0\0"s, one}}};
  EXPECT_EQ(join.State(), expected);
}

TEST(Join, RefusesRowsOfOtherColumns) {
  checkpoint::StateTable tables[2];
  OperatorContext context;
  context.stores = {&tables[0], &tables[1]};
  const std::unique_ptr<Operator> join = MakeJoin(SpecOf(Time::kNone));
  ASSERT_TRUE(join->Open(context).ok());
  join->Begin(EpochOf(0, absl::InfinitePast(), absl::InfinitePast()));
  EXPECT_EQ(join->Add(0, BatchOf(1, {})).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace wavetank::runtime
