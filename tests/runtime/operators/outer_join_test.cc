#include "runtime/operators/outer_join.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "platform/random.h"
#include "tests/runtime/operators/joined_rows.h"
#include "tests/runtime/operators/stateful.h"

namespace wavetank::runtime {
namespace {

using namespace joined;

constexpr JoinType kTypes[] = {JoinType::kLeft, JoinType::kRight, JoinType::kFull,
                               JoinType::kLeftSemi, JoinType::kLeftAnti};

// Which rows of a side meet nothing: those of the longest key.
enum class Filters { kNone, kBoth };

StatefulDrive::Make MakerOfType(JoinType type, Filters filters, bool finished = false) {
  auto spec = std::make_shared<OuterJoinSpec>();
  spec->join = *SpecOf(Time::kRange);
  spec->type = type;
  spec->output = spec->join.output;
  spec->finished = finished;
  if (type == JoinType::kLeftSemi || type == JoinType::kLeftAnti) {
    const std::vector<Field>& fields = spec->output->fields();
    spec->output =
        std::make_shared<const Schema>(std::vector<Field>(fields.begin(), fields.begin() + 2));
  }
  if (filters == Filters::kBoth) {
    const auto key = ColumnOf(0, DataType::kString);
    for (auto& filter : spec->filters) {
      filter = CallOf("!=", {key, LiteralOf(std::string("kk"), key.type)}, DataType::kBool);
    }
  }
  return [spec] { return MakeOuterJoin(spec); };
}

// The contract as plainly as can be: every row that came, what it has met, and whether it is gone.
class PlainOuterJoin {
 public:
  PlainOuterJoin(JoinType type, Filters filters, bool finished = false)
      : type_(type), filters_(filters), finished_(finished) {}

  Lines Run(const Epoch& epoch, const Rows& left, const Rows& right) {
    const Rows* const rows[] = {&left, &right};
    Lines shown;
    late = 0;
    for (size_t port = 0; port < 2; ++port) {
      for (const Row& row : *rows[port]) {
        if (row.time && At(*row.time) <= epoch.late) {
          ++late;
        } else {
          Come(port, row, shown);
        }
      }
    }
    for (size_t port = 0; port < 2; ++port) Go(port, epoch.evict, shown);
    return shown;
  }

  int64_t late = 0;

 private:
  struct Came {
    Row row;
    bool has_met = false;
  };
  static absl::Time At(int64_t seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }
  bool ShowsPairs() const { return type_ != JoinType::kLeftSemi && type_ != JoinType::kLeftAnti; }
  bool ShowsAll(size_t port) const {
    return type_ == JoinType::kFull || (port == 1 && type_ == JoinType::kRight) ||
           (port == 0 && (type_ == JoinType::kLeft || type_ == JoinType::kLeftAnti));
  }
  std::string Alone(size_t port, const Row& row) const {
    if (!ShowsPairs()) return OwnText(0, row);
    const std::string nulls = port == 0 ? "\tnull\tnull\tnull\tnull" : "null\tnull\t";
    return port == 0 ? OwnText(0, row) + nulls : nulls + OwnText(1, row);
  }
  static bool Match(const Row& left, const Row& right) {
    return left.key && left.key == right.key && left.time && right.time &&
           *left.time >= *right.time - kEarlier && *left.time <= *right.time + kLater;
  }

  void Come(size_t port, const Row& row, Lines& shown) {
    if (filters_ == Filters::kBoth && (!row.key || *row.key == "kk")) {
      if (ShowsAll(port)) shown.push_back(Alone(port, row));
      return;
    }
    Came came{.row = row};
    // In the order in which rows like them were first there.
    for (Came& other : InOrder(1 - port)) {
      const Row& a = port == 0 ? row : other.row;
      const Row& b = port == 0 ? other.row : row;
      if (!Match(a, b)) continue;
      Came& lefts = port == 0 ? came : other;
      if (ShowsPairs()) shown.push_back(OwnText(0, a) + "\t" + OwnText(1, b));
      if (type_ == JoinType::kLeftSemi && !lefts.has_met) shown.push_back(OwnText(0, a));
      came.has_met = other.has_met = true;
    }
    came_[port].push_back(std::move(came));
    Group(port);
  }

  // Rows alike stand together, where the first of them does.
  void Group(size_t port) {
    std::vector<Came>& all = came_[port];
    const Row& row = all.back().row;
    for (size_t i = all.size() - 1; i > 0; --i) {
      const Row& before = all[i - 1].row;
      if (before.key != row.key || before.time != row.time || before.id != row.id) continue;
      std::rotate(all.begin() + static_cast<ptrdiff_t>(i), all.end() - 1, all.end());
      return;
    }
  }
  std::vector<Came>& InOrder(size_t port) { return came_[port]; }

  void Go(size_t port, absl::Time evict, Lines& shown) {
    const absl::Time bound = evict - absl::Seconds(port == 0 ? kEarlier : kLater);
    std::erase_if(came_[port], [&](const Came& came) {
      const bool goes = finished_ || (evict != absl::InfinitePast() && came.row.time &&
                                      At(*came.row.time) <= bound);
      if (goes && !came.has_met && ShowsAll(port)) shown.push_back(Alone(port, came.row));
      return goes;
    });
    // A semi join forgets what it has shown.
    if (port == 0 && type_ == JoinType::kLeftSemi) {
      std::erase_if(came_[0], [](const Came& came) { return came.has_met; });
    }
  }

  const JoinType type_;
  const Filters filters_;
  const bool finished_;
  std::vector<Came> came_[2];
};

TEST(OuterJoin, IsAPlainOneHoweverItIsRun) {
  for (const JoinType type : kTypes) {
    for (const Filters filters : {Filters::kNone, Filters::kBoth}) {
      for (uint64_t seed = 1; seed <= 15; ++seed) {
        platform::Random random(seed);
        PlainOuterJoin plain(type, filters);
        absl::Time late = absl::InfinitePast();
        std::vector<Rows> rows;
        const auto epoch_at = [&](int64_t id) {
          absl::Time evict = late;
          if (id > 0 && random.OneIn(3)) {
            evict =
                std::max(late, absl::UnixEpoch() + absl::Seconds(3 * id + random.Between(-6, 4)));
          }
          return EpochOf(id, std::exchange(late, evict), evict);
        };
        const auto inputs_of = [&](int64_t id) {
          rows = {RandomSide(random, 3 * id), RandomSide(random, 3 * id)};
          return std::vector<RecordBatch>{BatchOf(0, rows[0]), BatchOf(1, rows[1])};
        };
        ExpectAlikeHoweverRun(
            MakerOfType(type, filters), 2, random, 12, inputs_of, epoch_at,
            [&](const Epoch& epoch, const std::vector<RecordBatch>&, const DrivenEpoch& driven) {
              ASSERT_EQ(driven.rows, plain.Run(epoch, rows[0], rows[1]))
                  << JoinTypeName(type) << ", seed " << seed << ", epoch " << epoch.id;
              EXPECT_EQ(driven.report.rows_late, plain.late);
            });
        if (HasFailure()) return;
      }
    }
  }
}

TEST(OuterJoin, OfFinishedInputsGivesAllThatHasMetNothingAtTheEnd) {
  for (const JoinType type : kTypes) {
    for (uint64_t seed = 1; seed <= 10; ++seed) {
      platform::Random random(seed);
      const Rows rows[] = {RandomSide(random, 0), RandomSide(random, 0)};
      StatefulDrive join(MakerOfType(type, Filters::kNone, /*finished=*/true), 2);
      PlainOuterJoin plain(type, Filters::kNone, /*finished=*/true);
      const Epoch only = EpochOf(0, absl::InfinitePast(), absl::InfinitePast());
      const DrivenEpoch driven =
          join.Run(only, {BatchOf(0, rows[0]), BatchOf(1, rows[1])}, [] { return 7; });
      ASSERT_EQ(driven.rows, plain.Run(only, rows[0], rows[1])) << JoinTypeName(type);
    }
  }
}

TEST(OuterJoin, ARowAloneGoesWithTheWatermarkThatReachesItsBoundAndOnce) {
  const auto at = [](int64_t seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); };
  StatefulDrive join(MakerOfType(JoinType::kLeft, Filters::kNone), 2);
  const Rows left = {{.key = "k", .time = 5}, {.key = "k", .time = 5}, {.key = "x", .time = 5}};
  const auto run = [&](int64_t late, int64_t evict, const Rows& lefts, const Rows& rights) {
    return join
        .Run(EpochOf(0, at(late), at(evict)), {BatchOf(0, lefts), BatchOf(1, rights)},
             [] { return 10; })
        .rows;
  };
  EXPECT_EQ(run(0, 0, left, {}), Lines());
  EXPECT_EQ(run(0, 9, {}, {{.key = "x", .time = 4}}).size(), 1u);
  EXPECT_EQ(run(9, 9, {}, {}), Lines()) << "left rows go at 5 + 5";
  join.LoadCold();
  EXPECT_EQ(run(9, 10, {}, {}).size(), 2u) << "both of k; that of x has met one";
  EXPECT_EQ(run(10, 30, {}, {}), Lines());
}

// Durable: who has met would be forgotten.
TEST(OuterJoin, WhatItKeepsHasAFormatThatDoesNotChange) {
  using std::string_literals::operator""s;
  StatefulDrive join(MakerOfType(JoinType::kLeft, Filters::kNone), 2);
  const Rows left = {{.key = "k", .time = 1, .id = 2},
                     {.key = "k", .time = 1, .id = 2},
                     {.key = std::nullopt, .time = std::nullopt, .id = 3}};
  const Rows right = {{.key = "k", .time = 1, .id = 4}};
  join.Run(EpochOf(0, absl::InfinitePast(), absl::InfinitePast()),
           {BatchOf(0, left), BatchOf(1, right)}, [] { return 1; });
  const std::string zeros(7, '\0');
  const std::vector<StatefulDrive::Entries> state = join.State();
  ASSERT_EQ(state[0].size(), 2u);
  EXPECT_EQ(state[0][0].first, "\1\1\0\0\0k"s + "\1\x40\x42\x0f\0\0\0\0\0"s + "\1\2"s + zeros);
  EXPECT_EQ(state[0][0].second, "\2"s + zeros + "\2"s + zeros) << "two, which have met";
  EXPECT_EQ(state[0][1].first, "\0\0\1\3"s + zeros);
  EXPECT_EQ(state[0][1].second, "\1"s + zeros + "\0"s + zeros);
  ASSERT_EQ(state[1].size(), 1u);
  EXPECT_EQ(state[1][0].second, "\1"s + zeros);
}

}  // namespace
}  // namespace wavetank::runtime
