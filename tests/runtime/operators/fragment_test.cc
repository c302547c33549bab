// A fragment's instance: trees of operators, what they need, what blocks them, their timers, and
// what its errors say.
#include "runtime/fragment/fragment.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "runtime/fragment/replay_runner.h"
#include "runtime/functions/user_function.h"
#include "runtime/operators/aggregate.h"
#include "runtime/operators/row_operators.h"
#include "runtime/operators/writers.h"
#include "runtime/plan/bind.h"
#include "tests/runtime/operators/drive.h"
#include "tests/runtime/operators/own_operators.h"
#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

using checkpoint::StateTable;
using Of = FragmentPlan::Port::Of;
using Progress = FragmentInstance::Progress;

RecordBatch Timed(const std::vector<std::pair<int64_t, std::string>>& rows) {
  ColumnBuilder times(DataType::kTimestamp);
  ColumnBuilder keys(DataType::kString);
  for (const auto& [seconds, key] : rows) {
    times.Int64(seconds * 1'000'000);
    keys.String(key);
  }
  return RecordBatch(TimedKeySchema(), {times.Finish(), keys.Finish()},
                     static_cast<int64_t>(rows.size()));
}

RecordBatch Words(const Lines& words) {
  ColumnBuilder column(DataType::kString);
  for (const std::string& word : words) column.String(word);
  return RecordBatch(WordSchema(), {column.Finish()}, static_cast<int64_t>(words.size()));
}

// Rows of the left without the key "skipped" beside those of the right.
std::shared_ptr<const FragmentPlan> JoinPlan() {
  auto plan = std::make_shared<FragmentPlan>();
  using FromExchange = FragmentPlan::Input::Of;
  plan->inputs = {{.of = FromExchange::kExchange, .number = 0, .schema = TimedKeySchema()},
                  {.of = FromExchange::kExchange, .number = 1, .schema = TimedKeySchema()}};
  const auto not_skipped = [] {
    BoundExpression key;
    key.type = DataType::kString;
    key.column = 1;
    BoundExpression literal;
    literal.kind = BoundExpression::Kind::kLiteral;
    literal.type = DataType::kString;
    literal.value = std::string("skipped");
    literal.literal = LiteralColumn(literal.value, literal.type);
    BoundExpression call;
    call.kind = BoundExpression::Kind::kCall;
    call.type = DataType::kBool;
    call.function = FunctionRegistry::BuiltIn().Find("!=");
    call.operands = {key, literal};
    EXPECT_EQ(PrepareCall(call), "");
    return MakeFilter(call);
  };
  plan->nodes.push_back({.make = not_skipped, .ports = {{Of::kInput, 0}}, .text = "filter"});
  plan->nodes.push_back({.make = MakeOwnOuterJoin,
                         .ports = {{Of::kOperator, 0}, {Of::kInput, 1}},
                         .text = "outer join",
                         .state_id = 0,
                         .stores = {"left", "right"},
                         .watermark_lag = absl::ZeroDuration()});
  plan->nodes.push_back(
      {.make = MakeSinkWriter, .ports = {{Of::kOperator, 1}}, .text = "write to the sink"});
  return plan;
}

std::shared_ptr<const FragmentPlan> OneOperator(std::function<std::unique_ptr<Operator>()> make,
                                                std::vector<std::string> stores) {
  auto plan = std::make_shared<FragmentPlan>();
  plan->inputs = {{.schema = WordSchema()}};
  plan->nodes.push_back({.make = std::move(make),
                         .ports = {{Of::kInput, 0}},
                         .text = "own",
                         .state_id = stores.empty() ? -1 : 0,
                         .stores = std::move(stores),
                         .watermark_lag = absl::ZeroDuration()});
  plan->nodes.push_back(
      {.make = MakeSinkWriter, .ports = {{Of::kOperator, 0}}, .text = "write to the sink"});
  return plan;
}

// An instance with its tables, run epoch by epoch.
class Instance {
 public:
  Instance(std::shared_ptr<const FragmentPlan> plan, std::vector<StateTable*> tables)
      : instance(std::move(plan), {.fragment = 1, .partition = 2}) {
    EXPECT_TRUE(instance.Open({{0, std::move(tables)}}, outlet_, memory_).ok());
  }

  absl::StatusOr<Lines> Run(const Epoch& epoch, const std::vector<RecordBatch>& inputs,
                            const AnswerRequest& answer = {}) {
    instance.Begin(epoch);
    std::vector<std::vector<RecordBatch>> lists;
    for (const RecordBatch& input : inputs) lists.push_back({input});
    std::vector<const std::vector<RecordBatch>*> read;
    for (const auto& list : lists) read.push_back(&list);
    const absl::Status status = RunToEnd(instance, read, answer);
    if (!status.ok()) return status;
    Lines rows;
    for (const Lines& partition : outlet_.partitions) {
      rows.insert(rows.end(), partition.begin(), partition.end());
    }
    outlet_.partitions.clear();
    return rows;
  }

  FragmentInstance instance;

 private:
  TextOutlet outlet_;
  MemoryAccount memory_;
};

Epoch At(int64_t id, int64_t late_seconds, int64_t evict_seconds) {
  const auto seconds = [](int64_t n) {
    return n < 0 ? absl::InfinitePast() : absl::FromUnixSeconds(n);
  };
  return {.id = id,
          .timestamp = absl::FromUnixSeconds(1000 + id),
          .seed = 0,
          .late = seconds(late_seconds),
          .evict = seconds(evict_seconds)};
}

TEST(Fragment, RunsAnOuterJoinOfItsTwoInputs) {
  StateTable left;
  StateTable right;
  Instance join(JoinPlan(), {&left, &right});
  EXPECT_EQ(join.Run(At(0, -1, -1),
                     {Timed({{1, "a"}, {2, "b"}, {3, "skipped"}}), Timed({{1, "a"}, {2, "c"}})})
                .value(),
            (Lines{"1970-01-01T00:00:01Z\t1970-01-01T00:00:01Z\ta"}));
  EXPECT_EQ(join.instance.Report().operators[1].state_rows, 4);
  // The partner comes in time; the other two have none by the watermark, the left one first.
  EXPECT_EQ(
      join.Run(At(1, -1, 2), {Timed({}), Timed({{5, "b"}})}).value(),
      (Lines{"1970-01-01T00:00:02Z\t1970-01-01T00:00:05Z\tb", "null\t1970-01-01T00:00:02Z\tc"}));
  EXPECT_EQ(join.Run(At(2, 2, 9), {Timed({{2, "b"}, {7, "d"}}), Timed({})}).value(),
            (Lines{"1970-01-01T00:00:07Z\tnull\td"}));
  const FragmentReport report = join.instance.Report();
  EXPECT_EQ(report.input_rows, (std::vector<int64_t>{2, 0}));
  EXPECT_EQ(report.operators[1].rows_late, 1);
  EXPECT_EQ(report.operators[1].rows_in, 2);
  EXPECT_EQ(report.operators[1].rows_out, 1);
  EXPECT_EQ(report.operators[1].state_rows, 0);
}

TEST(Fragment, ReadsTheFirstInputToItsEndBeforeTheSecond) {
  StateTable left;
  StateTable right;
  Instance join(JoinPlan(), {&left, &right});
  FragmentInstance& instance = join.instance;
  instance.Begin(At(0, -1, -1));
  const auto needs = [&](int input) {
    const FragmentInstance::Step step = instance.Run().value();
    return step.progress == Progress::kNeedsInput && step.number == input;
  };
  EXPECT_TRUE(needs(0));
  EXPECT_TRUE(needs(0));
  ASSERT_TRUE(instance.Add(0, Timed({{1, "a"}})).ok());
  EXPECT_TRUE(needs(0));
  instance.EndInput(0);
  EXPECT_TRUE(needs(1));
  ASSERT_TRUE(instance.Add(1, Timed({{1, "a"}})).ok());
  EXPECT_TRUE(needs(1));
  instance.EndInput(1);
  EXPECT_EQ(instance.Run().value().progress, Progress::kDone);
}

TEST(Fragment, AwaitsWhatAnOperatorIsBlockedOn) {
  Instance lookup(OneOperator(MakeLookup, {}), {});
  int asked = 0;
  const auto answer = [&asked](const OperatorRequest& request) -> absl::StatusOr<std::string> {
    EXPECT_EQ(request.what, "lookup");
    if (request.payload == "nobody") return absl::UnavailableError("the directory is away");
    return absl::StrCat(request.payload, " no. ", ++asked);
  };
  EXPECT_EQ(lookup.Run(At(0, -1, -1), {Words({"a", "b", "a"})}, answer).value(),
            (Lines{"a\ta no. 1", "b\tb no. 2", "a\ta no. 3"}));
  const absl::Status failed = lookup.Run(At(1, -1, -1), {Words({"nobody"})}, answer).status();
  EXPECT_EQ(failed.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(failed.message(),
            "batch 1, fragment 1, partition 2, operator 0 (own): the directory is away");
}

TEST(Fragment, StartsEpochsForTimersAlsoAfterARestart) {
  StateTable seen;
  Epoch epoch{.id = 0, .timestamp = absl::FromUnixSeconds(100)};
  absl::Time next;
  {
    Instance silence(OneOperator(MakeSilence, {"seen"}), {&seen});
    EXPECT_EQ(silence.Run(epoch, {Words({"a", "b"})}).value(), Lines());
    next = silence.instance.Report().operators[0].earliest_timer;
    EXPECT_EQ(next, absl::FromUnixSeconds(110));
  }
  Instance again(OneOperator(MakeSilence, {"seen"}), {&seen});
  epoch = {.id = 1, .timestamp = absl::FromUnixSeconds(104)};
  EXPECT_EQ(again.Run(epoch, {Words({"b"})}).value(), Lines());
  for (const char* word : {"a", "b"}) {
    epoch = {.id = epoch.id + 1, .timestamp = again.instance.Report().operators[0].earliest_timer};
    EXPECT_EQ(again.Run(epoch, {Words({})}).value(), Lines{word});
  }
  EXPECT_EQ(epoch.timestamp, absl::FromUnixSeconds(114));
  EXPECT_EQ(again.instance.Report().operators[0].earliest_timer, absl::InfiniteFuture());
}

TEST(Fragment, RefusesRowsOfOtherColumns) {
  Instance lookup(OneOperator(MakeLookup, {}), {});
  lookup.instance.Begin(At(0, -1, -1));
  const absl::Status refused = lookup.instance.Add(0, Timed({{1, "a"}}));
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(refused.message(),
            "batch 0, fragment 1, partition 2, input 0: it reads word: string, and is given time: "
            "timestamp, key: string");
}

// Columns and rows of a job's own function that throws.
TEST(Fragment, SaysOnWhichRowAFunctionFailed) {
  QueryBuilder builder;
  ASSERT_TRUE(builder.session
                  .RegisterFunction(UserFunction("half",
                                                 [](int64_t n) -> int64_t {
                                                   if (n % 2 != 0) {
                                                     throw std::runtime_error("it is odd");
                                                   }
                                                   return n / 2;
                                                 }))
                  .ok());
  builder.Source()
      .Select({Explode(Split(Col("value"), " ")).As("n")})
      .Select({Call("half", {Cast(Col("n"), DataType::kInt64)}).As("half")})
      .WriteStream()
      .Start();
  const CompiledQuery compiled = CompileQuery(builder.session.queries()[0], {}).value();
  ReplayRunner runner(compiled.plan);
  const std::vector<ReplayRunner::Splits> splits = {
      {{}, {TextLines("2 4\n"), TextLines("6 8\n10 11\n")}}};
  const absl::Status status = runner.Run({.id = 7}, splits).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(status.message(),
            "batch 7, fragment 0, partition 1, operator 1 (project half(cast(n as int64))), row 5: "
            "half threw: it is odd");
}

// The row is that of the operator's input in this batch, wherever the groups were given away.
TEST(Fragment, SaysWhichRowFailedAlsoAfterGroupsWereGiven) {
  const auto function = std::make_shared<const Function>(
      UserFunction("even_only", [](std::string_view word) -> std::string {
        if (word == "bad") throw std::runtime_error("it is bad");
        return std::string(word);
      }));
  for (const int64_t rows_at_once : {1, 2, 100}) {
    auto spec = std::make_shared<AggregateSpec>();
    BoundExpression word;
    word.type = DataType::kString;
    word.column = 0;
    BoundExpression key;
    key.kind = BoundExpression::Kind::kCall;
    key.type = DataType::kString;
    key.function = function;
    key.operands = {word};
    ASSERT_EQ(PrepareCall(key), "");
    spec->keys = {key};
    spec->key_types = {DataType::kString};
    spec->partial_schema = WordSchema();
    spec->most_rows = 3;
    FragmentInstance instance(OneOperator([spec] { return MakePartialAggregate(spec); }, {}), {});
    TextOutlet outlet;
    MemoryAccount memory;
    ASSERT_TRUE(instance.Open({}, outlet, memory).ok());
    instance.Begin({.id = 2});
    const RecordBatch words = Words({"a", "b", "c", "d", "e", "f", "g", "bad", "h", "i"});
    std::vector<RecordBatch> batches;
    for (int64_t begin = 0; begin < words.num_rows(); begin += rows_at_once) {
      batches.push_back(RowsOf(words, begin, std::min(words.num_rows(), begin + rows_at_once)));
    }
    const absl::Status status = RunToEnd(instance, {&batches}, {});
    EXPECT_EQ(
        status.message(),
        "batch 2, fragment 0, partition 0, operator 0 (own), row 7: even_only threw: it is bad")
        << rows_at_once;
  }
}

TEST(Fragment, BeginsAnewWithoutWhatWasLeftOfTheEpochBefore) {
  auto spec = std::make_shared<AggregateSpec>();
  BoundExpression word;
  word.type = DataType::kString;
  word.column = 0;
  spec->keys = {word};
  spec->key_types = {DataType::kString};
  spec->partial_schema = WordSchema();
  spec->most_rows = 2;
  const std::unique_ptr<Operator> op = MakePartialAggregate(spec);
  ASSERT_TRUE(op->Open({}).ok());
  RecordBatch output;
  op->Begin({.id = 0});
  ASSERT_EQ(op->Next(output).value().what, Pull::kNeedsInput);
  ASSERT_TRUE(op->Add(0, Words({"a", "b", "left", "left", "left"})).ok());
  const DrivenEpoch driven =
      DriveEpoch(*op, {.id = 1}, {Words({"c", "d", "e"})}, [] { return 3; }).value();
  EXPECT_EQ(driven.rows, (Lines{"c", "d", "e"}));
}

TEST(MemoryAccount, RefusesByNameWhatATaskMayNotHold) {
  QueryBuilder builder;
  const auto compiled = CompileFrame(builder.Source().GroupBy({Col("value")}).Count(), "update");
  ASSERT_TRUE(compiled.ok());
  FragmentInstance instance(compiled->plan->fragments[0], {});
  CollectingOutlet outlet;
  MemoryAccount memory(1 << 20);
  ASSERT_TRUE(instance.Open({}, outlet, memory).ok());
  instance.Begin({.id = 3});
  std::string text;
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&text, "a key of some length no. ", i, "\n");
  const std::vector<RecordBatch> rows = {TextLines(text)};
  const absl::Status status = RunToEnd(instance, {&rows}, {});
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(absl::StartsWith(
      status.message(),
      "batch 3, fragment 0, partition 0, operator 0 (partial aggregate by value of count()): it "
      "holds "))
      << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "more than the 1048576 that a task may hold"))
      << status;
}

}  // namespace
}  // namespace wavetank::runtime
