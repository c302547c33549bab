// Every operator: what it gives does not depend on how its rows are cut into batches, nor, but for
// what an epoch's end makes final, into epochs.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

#include "platform/random.h"
#include "runtime/fragment/query_plan.h"
#include "runtime/operators/aggregate.h"
#include "runtime/operators/drop_duplicates.h"
#include "runtime/operators/join.h"
#include "runtime/operators/outer_join.h"
#include "runtime/operators/row_operators.h"
#include "runtime/operators/session_aggregate.h"
#include "runtime/operators/sort.h"
#include "runtime/operators/writers.h"
#include "runtime/plan/bind.h"
#include "runtime/plan/physical.pb.h"
#include "tests/runtime/operators/drive.h"
#include "tests/runtime/operators/expressions.h"
#include "tests/runtime/operators/own_operators.h"
#include "tests/runtime/operators/random_rows.h"

namespace wavetank::runtime {
namespace {

using checkpoint::StateTable;

Lines NothingIsTheSame(const Lines&) { return {}; }

// Lines of "key... \t number": numbers of one key added up.
Lines AddedUp(const Lines& lines) {
  std::map<std::string, int64_t> sums;
  for (const std::string& line : lines) {
    const size_t tab = line.rfind('\t');
    sums[line.substr(0, tab)] += std::stoll(line.substr(tab + 1));
  }
  Lines added;
  for (const auto& [key, sum] : sums) added.push_back(absl::StrCat(key, "\t", sum));
  return added;
}

Lines Sorted(Lines lines) {
  std::ranges::sort(lines);
  return lines;
}

// Lines of "partition: row": partition by partition, each in its order.
Lines ByPartition(Lines lines) {
  Lines sorted;
  for (char partition = '0'; partition <= '2'; ++partition) {
    for (const std::string& line : lines) {
      if (line[0] == partition) sorted.push_back(line);
    }
  }
  return sorted;
}

// The newest line of each key.
Lines Folded(const Lines& lines) {
  std::map<std::string, std::string> newest;
  for (const std::string& line : lines) newest[line.substr(0, line.rfind('\t'))] = line;
  Lines folded;
  for (const auto& [key, line] : newest) folded.push_back(line);
  return folded;
}

struct Case {
  std::string name;
  // Of plan::Operator; 0: of a test.
  int proto_case = 0;
  std::function<std::unique_ptr<Operator>()> make;
  int stores = 0;
  std::function<std::vector<RecordBatch>(platform::Random&, int64_t rows)> inputs;
  // What is the same however the rows are cut into epochs: of all rows that came out.
  std::function<Lines(const Lines&)> over_epochs = [](const Lines& lines) { return lines; };
};

std::vector<RecordBatch> OnePort(platform::Random& random, int64_t rows) {
  return {RandomRows(random, rows)};
}

// Left rows of the key "a" pass no filter.
Case OuterJoinCase(std::string name, JoinType type) {
  return {.name = std::move(name),
          .proto_case = plan::Operator::kOuterJoin,
          .make =
              [type] {
                auto spec = std::make_shared<OuterJoinSpec>();
                spec->join = TimedPairs();
                spec->type = type;
                spec->output = spec->join.output;
                if (type == JoinType::kLeftSemi) {
                  spec->output = std::make_shared<const Schema>(
                      std::vector<Field>{{"left", DataType::kTimestamp}});
                }
                const auto key = ColumnOf(0, DataType::kString);
                spec->filters[0] =
                    CallOf("!=", {key, LiteralOf(std::string("a"), key.type)}, DataType::kBool);
                return MakeOuterJoin(std::move(spec));
              },
          .stores = 2,
          .inputs = TwoPorts,
          .over_epochs = Sorted};
}

std::vector<Case> Cases() {
  const DataType text = DataType::kString;
  const auto key = [text] { return ColumnOf(1, text); };
  const auto count_of = [](QueryOutputMode mode) {
    return [spec = CountByTimeAndKey(mode)] { return MakeFinalAggregate(spec); };
  };
  const auto sessions_of = [](QueryOutputMode mode) {
    return [spec = CountBySession(mode)] { return MakeSessionAggregate(spec); };
  };
  const auto partials = [](platform::Random& random, int64_t rows) {
    return std::vector<RecordBatch>{RandomPartials(random, rows)};
  };
  const auto flushing = [](int64_t rows, int64_t bytes) {
    const std::shared_ptr<AggregateSpec> spec = CountByTimeAndKey(QueryOutputMode::kAppend);
    spec->most_rows = rows;
    spec->most_bytes = bytes;
    return [spec] { return MakePartialAggregate(spec); };
  };
  std::vector<Case> cases = {
      {.name = "project",
       .proto_case = plan::Operator::kProject,
       .make =
           [=] {
             return MakeProject({CallOf("upper", {key()}, text), key()},
                                std::make_shared<const Schema>(
                                    std::vector<Field>{{"upper", text}, {"key", text}}));
           },
       .inputs = OnePort},
      {.name = "key",
       .proto_case = plan::Operator::kKey,
       .make =
           [=] {
             return MakeKey({CallOf("upper", {key()}, text)},
                            std::make_shared<const Schema>(std::vector<Field>{
                                {"key 0", text}, {"time", DataType::kTimestamp}, {"key", text}}));
           },
       .inputs = OnePort},
      {.name = "explode",
       .proto_case = plan::Operator::kExplode,
       .make =
           [=] {
             return MakeExplode(
                 CallOf("split", {key(), LiteralOf(std::string(" "), text)}, DataType::Array(text)),
                 {ColumnOf(0, DataType::kTimestamp)},
                 std::make_shared<const Schema>(
                     std::vector<Field>{{"time", DataType::kTimestamp}, {"word", text}}));
           },
       .inputs = OnePort},
      {.name = "filter",
       .proto_case = plan::Operator::kFilter,
       .make =
           [=] {
             return MakeFilter(
                 CallOf("=", {key(), LiteralOf(std::string("a"), text)}, DataType::kBool));
           },
       .inputs = OnePort},
      {.name = "watermark",
       .proto_case = plan::Operator::kWatermark,
       .make = [] { return MakeWatermark(ColumnOf(0, DataType::kTimestamp)); },
       .inputs = OnePort},
      {.name = "partial aggregate",
       .proto_case = plan::Operator::kPartialAggregate,
       .make = flushing(int64_t{1} << 20, int64_t{64} << 20),
       .inputs = OnePort,
       .over_epochs = AddedUp},
      {.name = "partial aggregate given every 7 rows",
       .proto_case = plan::Operator::kPartialAggregate,
       .make = flushing(7, int64_t{64} << 20),
       .inputs = OnePort,
       .over_epochs = AddedUp},
      {.name = "partial aggregate given every 100 bytes",
       .proto_case = plan::Operator::kPartialAggregate,
       .make = flushing(1 << 20, 100),
       .inputs = OnePort,
       .over_epochs = AddedUp},
      {.name = "final aggregate in update mode",
       .proto_case = plan::Operator::kFinalAggregate,
       .make = count_of(QueryOutputMode::kUpdate),
       .stores = 1,
       .inputs = partials,
       .over_epochs = Folded},
      {.name = "final aggregate in complete mode",
       .proto_case = plan::Operator::kFinalAggregate,
       .make = count_of(QueryOutputMode::kComplete),
       .stores = 1,
       .inputs = partials,
       .over_epochs = Folded},
      {.name = "final aggregate in append mode",
       .proto_case = plan::Operator::kFinalAggregate,
       .make = count_of(QueryOutputMode::kAppend),
       .stores = 1,
       .inputs = partials,
       .over_epochs = AddedUp},
      {.name = "exchange writer",
       .proto_case = plan::Operator::kWriteExchange,
       .make = [] { return MakeExchangeWriter(2, 3); },
       .inputs = OnePort,
       .over_epochs = ByPartition},
      {.name = "sink writer",
       .proto_case = plan::Operator::kWriteSink,
       .make = MakeSinkWriter,
       .inputs = OnePort},
      {.name = "join",
       .proto_case = plan::Operator::kJoin,
       .make = [=] { return MakeJoin(std::make_shared<const JoinSpec>(TimedPairs())); },
       .stores = 2,
       .inputs = TwoPorts,
       // Which side's row comes first is the cut's.
       .over_epochs = Sorted},
      {.name = "session aggregate in append mode",
       .proto_case = plan::Operator::kSessionAggregate,
       .make = sessions_of(QueryOutputMode::kAppend),
       .stores = 1,
       .inputs = RandomSessions,
       .over_epochs = AddedUp},
      {.name = "session aggregate in complete mode",
       .proto_case = plan::Operator::kSessionAggregate,
       .make = sessions_of(QueryOutputMode::kComplete),
       .stores = 1,
       .inputs = RandomSessions,
       .over_epochs = NothingIsTheSame},
      {.name = "sort",
       .proto_case = plan::Operator::kSort,
       .make = [=] { return MakeSort({{.value = key(), .descending = true}}); },
       .inputs = OnePort,
       .over_epochs = Sorted},
      {.name = "limit",
       .proto_case = plan::Operator::kLimit,
       .make = [] { return MakeLimit(7); },
       .inputs = OnePort,
       .over_epochs = NothingIsTheSame},
      OuterJoinCase("left join", JoinType::kLeft),
      OuterJoinCase("right join", JoinType::kRight),
      OuterJoinCase("full join", JoinType::kFull),
      OuterJoinCase("semi join", JoinType::kLeftSemi),
      {.name = "drop duplicates",
       .proto_case = plan::Operator::kDropDuplicates,
       .make =
           [=] {
             auto spec = std::make_shared<DropDuplicatesSpec>();
             spec->keys = 1;
             spec->rows = std::make_shared<const Schema>(
                 std::vector<Field>{{"key", text}, {"time", DataType::kTimestamp}});
             spec->output =
                 std::make_shared<const Schema>(std::vector<Field>{{"time", DataType::kTimestamp}});
             spec->event_time_column = 1;
             spec->within_micros = 3'000'000;
             return MakeDropDuplicates(std::move(spec));
           },
       .stores = 1,
       .inputs =
           [](platform::Random& random, int64_t rows) {
             return std::vector<RecordBatch>{KeyFirst(RandomRows(random, rows))};
           }},
      {.name = "own outer join",
       .make = MakeOwnOuterJoin,
       .stores = 2,
       .inputs =
           [](platform::Random& random, int64_t rows) {
             return std::vector<RecordBatch>{RandomWholeRows(random, rows),
                                             RandomWholeRows(random, rows / 2)};
           },
       // Which side's row comes first is the cut's.
       .over_epochs = Sorted},
      {.name = "lookup",
       .make = MakeLookup,
       .inputs =
           [](platform::Random& random, int64_t rows) {
             return std::vector<RecordBatch>{KeysOf(RandomWholeRows(random, rows))};
           }},
      {.name = "silence",
       .make = MakeSilence,
       .stores = 1,
       .inputs =
           [](platform::Random& random, int64_t rows) {
             return std::vector<RecordBatch>{KeysOf(RandomWholeRows(random, rows))};
           },
       .over_epochs = Sorted},
  };
  return cases;
}

// An instance of a case, with its state, run over epochs.
class Driven {
 public:
  explicit Driven(const Case& a_case) : op_(a_case.make()) {
    OperatorContext context;
    for (int i = 0; i < a_case.stores; ++i) {
      tables_.push_back(std::make_unique<StateTable>());
      context.stores.push_back(tables_.back().get());
    }
    context.outlet = &outlet_;
    EXPECT_TRUE(op_->Open(context).ok());
  }

  Lines Run(const Epoch& epoch, const std::vector<RecordBatch>& inputs,
            const std::function<int64_t()>& rows_at_once) {
    const absl::StatusOr<DrivenEpoch> driven =
        DriveEpoch(*op_, epoch, inputs, rows_at_once, [](const OperatorRequest& request) {
          EXPECT_EQ(request.what, "lookup");
          return absl::StatusOr<std::string>("<" + request.payload + ">");
        });
    EXPECT_TRUE(driven.ok()) << driven.status();
    Lines rows = driven->rows;
    for (size_t i = 0; i < outlet_.partitions.size(); ++i) {
      for (std::string& row : outlet_.partitions[i]) rows.push_back(absl::StrCat(i, ": ", row));
    }
    outlet_.partitions.clear();
    for (const auto& table : tables_) table->Accept();
    report = driven->report;
    return rows;
  }

  // By store: its entries in order.
  std::vector<Lines> State() const {
    std::vector<Lines> stores;
    for (const auto& table : tables_) {
      Lines& entries = stores.emplace_back();
      table->ForEach([&entries](std::string_view key, std::string_view value) {
        entries.push_back(absl::StrCat(std::string(key), "=", std::string(value)));
      });
    }
    return stores;
  }

  OperatorReport report;

 private:
  const std::unique_ptr<Operator> op_;
  TextOutlet outlet_;
  std::vector<std::unique_ptr<StateTable>> tables_;
};

class EveryCut : public testing::TestWithParam<size_t> {
 protected:
  const Case case_ = Cases()[GetParam()];
};

Epoch EpochAt(int64_t id) {
  const absl::Time start = absl::UnixEpoch();
  return {.id = id,
          .timestamp = start + absl::Seconds(8) * id,
          .seed = 0,
          .late = id == 0 ? absl::InfinitePast() : start + absl::Seconds(4) * (id - 1),
          .evict = id == 0 ? absl::InfinitePast() : start + absl::Seconds(4) * id};
}

TEST_P(EveryCut, OneRowAnAddGivesTheSame) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    platform::Random random(seed);
    Driven whole(case_);
    Driven single(case_);
    Driven some(case_);
    for (int64_t id = 0; id < 4; ++id) {
      const std::vector<RecordBatch> inputs = case_.inputs(random, random.Between(0, 40));
      const Lines expected = whole.Run(EpochAt(id), inputs, [] { return 1000; });
      EXPECT_EQ(single.Run(EpochAt(id), inputs, [] { return 1; }), expected) << seed;
      EXPECT_EQ(some.Run(EpochAt(id), inputs, [&random] { return random.Between(1, 9); }), expected)
          << seed;
      EXPECT_EQ(single.State(), whole.State()) << seed;
      EXPECT_EQ(some.State(), whole.State()) << seed;
      EXPECT_EQ(single.report, whole.report) << seed;
      EXPECT_EQ(some.report, whole.report) << seed;
    }
  }
}

TEST_P(EveryCut, EpochsCutAnywhereGiveTheSame) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    platform::Random random(seed);
    const std::vector<RecordBatch> inputs = case_.inputs(random, random.Between(1, 40));
    // No watermark and no time passes within; a last epoch, without input, makes everything final.
    const Epoch during{.id = 0, .timestamp = absl::UnixEpoch()};
    const Epoch last{.id = 9,
                     .timestamp = absl::UnixEpoch() + absl::Hours(1),
                     .seed = 0,
                     .late = absl::InfinitePast(),
                     .evict = absl::UnixEpoch() + absl::Hours(1)};
    std::vector<RecordBatch> none;
    for (const RecordBatch& input : inputs) none.push_back(RowsOf(input, 0, 0));

    Driven whole(case_);
    Lines expected = whole.Run(during, inputs, [] { return 1000; });
    Driven cut(case_);
    Lines rows;
    const int64_t epochs = random.Between(2, 5);
    for (int64_t i = 0; i < epochs; ++i) {
      std::vector<RecordBatch> piece;
      for (const RecordBatch& input : inputs) {
        piece.push_back(
            RowsOf(input, input.num_rows() * i / epochs, input.num_rows() * (i + 1) / epochs));
      }
      for (std::string& row : cut.Run(during, piece, [] { return 3; })) {
        rows.push_back(std::move(row));
      }
    }
    EXPECT_EQ(case_.over_epochs(rows), case_.over_epochs(expected)) << seed;
    for (Driven* driven : {&whole, &cut}) {
      Lines& all = driven == &whole ? expected : rows;
      for (std::string& row : driven->Run(last, none, [] { return 1; })) {
        all.push_back(std::move(row));
      }
    }
    EXPECT_EQ(case_.over_epochs(rows), case_.over_epochs(expected)) << seed;
    EXPECT_EQ(cut.State(), whole.State()) << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, EveryCut, testing::Range<size_t>(0, Cases().size()),
                         [](const auto& info) {
                           std::string name = Cases()[info.param].name;
                           std::ranges::replace(name, ' ', '_');
                           return name;
                         });

// A new kind of operator does not compile here until somebody has said what it is; the one of the
// largest number is kLastKind.
bool IsAnOperator(plan::Operator::WhatCase what) {
  switch (what) {
    case plan::Operator::kReadSource:
    case plan::Operator::kReadExchange:
    case plan::Operator::WHAT_NOT_SET:
      return false;  // inputs of a fragment
    case plan::Operator::kJoin:
    case plan::Operator::kOuterJoin:
    case plan::Operator::kSessionAggregate:
    case plan::Operator::kSort:
    case plan::Operator::kLimit:
    case plan::Operator::kDropDuplicates:
    case plan::Operator::kProject:
    case plan::Operator::kKey:
    case plan::Operator::kExplode:
    case plan::Operator::kFilter:
    case plan::Operator::kWatermark:
    case plan::Operator::kPartialAggregate:
    case plan::Operator::kFinalAggregate:
    case plan::Operator::kWriteExchange:
    case plan::Operator::kWriteSink:
      return true;
  }
  return false;
}

constexpr int kLastKind = plan::Operator::kLimit;

TEST(EveryOperator, IsAmongTheCases) {
  std::set<int> covered;
  for (const Case& a_case : Cases()) covered.insert(a_case.proto_case);
  for (int what = 0; what <= kLastKind; ++what) {
    if (IsAnOperator(static_cast<plan::Operator::WhatCase>(what))) {
      EXPECT_TRUE(covered.contains(what)) << "plan::Operator case " << what;
    }
  }
}

}  // namespace
}  // namespace wavetank::runtime
