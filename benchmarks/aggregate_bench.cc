// What grouped aggregates cost, each against a loop over absl::flat_hash_map of the same processor
// time's run, in turns: count and sum of int64 values by a key. One item is one row.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/by_hand/hash_aggregate.h"
#include "benchmarks/thread_clock.h"

#include "checkpoint/state_table.h"
#include "platform/check.h"
#include "platform/random.h"
#include "platform/text.h"
#include "runtime/functions/registry.h"
#include "runtime/operators/aggregate.h"

namespace wavetank::runtime {
namespace {

using checkpoint::StateTable;

constexpr int64_t kRows = 1'000'000;
constexpr int64_t kRowsAnAdd = 8192;

SchemaPtr SchemaOf(std::vector<Field> fields) {
  return std::make_shared<const Schema>(std::move(fields));
}

Column Int64s(const std::vector<int64_t>& values) {
  BufferBuilder<int64_t> copied;
  copied.Append(values.data(), values.size());
  return Column(DataType::kInt64, static_cast<int64_t>(values.size()), copied.Finish(), Buffer());
}

BoundExpression ColumnOf(int column, DataType type) {
  BoundExpression expression;
  expression.column = column;
  expression.type = std::move(type);
  return expression;
}

// SELECT key, count(*), sum(value) GROUP BY key
std::shared_ptr<const AggregateSpec> CountAndSum(const DataType& key, QueryOutputMode mode) {
  auto spec = std::make_shared<AggregateSpec>();
  spec->keys = {ColumnOf(0, key)};
  spec->arguments = {ColumnOf(1, DataType::kInt64)};
  spec->key_types = {key};
  spec->calls = {{FunctionRegistry::BuiltIn().Find("count"), {}},
                 {FunctionRegistry::BuiltIn().Find("sum"), {DataType::kInt64}}};
  spec->intermediate = {DataType::kInt64, DataType::kInt64};
  spec->schema = spec->partial_schema =
      SchemaOf({{"key", key}, {"count", DataType::kInt64}, {"sum", DataType::kInt64}});
  spec->mode = mode;
  return spec;
}

std::vector<int64_t> Values() {
  std::vector<int64_t> values;
  platform::Random random(3);
  for (int64_t i = 0; i < kRows; ++i) values.push_back(random.Between(-1'000'000, 1'000'000));
  return values;
}

// kRows keys, of so many distinct numbers, in an order of chance.
std::vector<int64_t> Numbers(uint64_t seed, int64_t distinct) {
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < kRows; ++i) {
    numbers.push_back(static_cast<int64_t>(static_cast<uint64_t>(i % distinct) * 2'654'435'761));
  }
  platform::Random random(seed);
  random.Shuffle(numbers);
  return numbers;
}

// A word for each number: of 4 to 12 letters, as most are, and one in eight of 16.
std::string WordOf(int64_t number) {
  const uint64_t mixed = platform::MixBits(static_cast<uint64_t>(number));
  std::string word(mixed % 8 == 0 ? 16 : 4 + mixed % 9, 'a');
  for (size_t i = 0; i < word.size(); ++i) {
    word[i] = static_cast<char>('a' + (platform::MixBits(mixed + i) % 26));
  }
  return word;
}

Column WordsOf(const std::vector<int64_t>& numbers) {
  ColumnBuilder builder(DataType::kString);
  for (const int64_t number : numbers) builder.String(WordOf(number));
  return builder.Finish();
}

std::vector<RecordBatch> BatchesOf(const SchemaPtr& schema, const std::vector<Column>& columns) {
  std::vector<RecordBatch> batches;
  const RecordBatch all(schema, columns, kRows);
  for (int64_t begin = 0; begin < kRows; begin += kRowsAnAdd) {
    batches.push_back(all.Slice(begin, std::min(kRowsAnAdd, kRows - begin)));
  }
  return batches;
}

// Groups of the rows that came out of an epoch, and something of each.
int64_t RunEpoch(Operator& aggregate, const std::vector<RecordBatch>& batches) {
  aggregate.Begin(Epoch{});
  int64_t groups = 0;
  size_t next = 0;
  while (true) {
    RecordBatch output;
    const absl::StatusOr<Pulled> pulled = aggregate.Next(output);
    WT_CHECK(pulled.ok());
    if (pulled->what == Pull::kDone) return groups;
    if (pulled->what == Pull::kOutput) {
      groups += output.num_rows();
      benchmark::DoNotOptimize(output.column(2).Int64At(0));
    } else if (next == batches.size()) {
      WT_CHECK(aggregate.EndInput(0).ok());
    } else {
      WT_CHECK(aggregate.Add(0, batches[next++]).ok());
    }
  }
}

void Say(benchmark::State& state, ThreadClock::duration by_operator, ThreadClock::duration by_hand,
         double bytes_a_run) {
  const double bytes = static_cast<double>(state.iterations()) * bytes_a_run;
  state.SetItemsProcessed(state.iterations() * kRows);
  state.counters["ratio"] = Seconds(by_hand) / Seconds(by_operator);
  state.counters["mb_per_second"] = bytes / 1e6 / Seconds(by_operator);
  state.counters["by_hand_mb_per_second"] = bytes / 1e6 / Seconds(by_hand);
}

// --- the task before the exchange: typed columns in, partial aggregates out ---

template <typename Key, typename KeyOfRow>
void PartialAgainstMap(benchmark::State& state, const Column& keys, const KeyOfRow& key,
                       double key_bytes) {
  const std::vector<int64_t> values = Values();
  const auto spec = CountAndSum(keys.type(), QueryOutputMode::kUpdate);
  const auto batches = BatchesOf(SchemaOf({{"key", keys.type()}, {"value", DataType::kInt64}}),
                                 {keys, Int64s(values)});
  ThreadClock::duration by_operator{};
  ThreadClock::duration by_hand{};
  for (auto _ : state) {
    const auto start = ThreadClock::now();
    size_t by_hand_groups = 0;
    {
      by_hand::HashAggregate<Key> aggregate;
      aggregate.Update(key, values);
      const auto columns = aggregate.Finish();
      benchmark::DoNotOptimize(columns.sums.data());
      by_hand_groups = columns.keys.size();
    }
    const auto middle = ThreadClock::now();
    int64_t groups = 0;
    {
      const std::unique_ptr<Operator> aggregate = MakePartialAggregate(spec);
      MemoryAccount account;
      OperatorContext context;
      context.memory = MemoryHolder(&account);
      WT_CHECK(aggregate->Open(context).ok());
      groups = RunEpoch(*aggregate, batches);
    }
    by_operator += ThreadClock::now() - middle;
    by_hand += middle - start;
    WT_CHECK(static_cast<size_t>(groups) == by_hand_groups);
  }
  Say(state, by_operator, by_hand, key_bytes + static_cast<double>(kRows) * 8);
}

void PartialByInt64AgainstMap(benchmark::State& state) {
  const std::vector<int64_t> numbers = Numbers(1, state.range(0));
  PartialAgainstMap<int64_t>(
      state, Int64s(numbers), [&numbers](size_t row) { return numbers[row]; },
      static_cast<double>(kRows) * 8);
}
BENCHMARK(PartialByInt64AgainstMap)
    ->Arg(100)
    ->Arg(30'000)
    ->Arg(kRows)
    ->Unit(benchmark::kMillisecond);

void PartialByWordAgainstMap(benchmark::State& state) {
  const Column words = WordsOf(Numbers(1, state.range(0)));
  PartialAgainstMap<std::string>(
      state, words,
      [&words](size_t row) { return platform::ToAbsl(words.StringAt(static_cast<int64_t>(row))); },
      static_cast<double>(words.offsets()[kRows]));
}
BENCHMARK(PartialByWordAgainstMap)
    ->Arg(100)
    ->Arg(30'000)
    ->Arg(kRows)
    ->Unit(benchmark::kMillisecond);

// --- the task behind it: partial aggregates in, merged into state of 1 M groups ---

// An epoch that touches each group once, in another order than that in which they came. Argument:
// whether the groups that changed come out (update), or nothing does (append, which waits for a
// watermark).
void UpdateOfStateAgainstMap(benchmark::State& state) {
  const bool shows = state.range(0) != 0;
  const auto spec =
      CountAndSum(DataType::kInt64, shows ? QueryOutputMode::kUpdate : QueryOutputMode::kAppend);
  const std::vector<int64_t> first = Numbers(1, kRows);
  const std::vector<int64_t> keys = Numbers(2, kRows);
  const std::vector<int64_t> counts(static_cast<size_t>(kRows), 1);
  const std::vector<int64_t> sums = Values();
  const auto key = [&keys](size_t row) { return keys[row]; };
  const auto batches =
      BatchesOf(spec->partial_schema, {Int64s(keys), Int64s(counts), Int64s(sums)});

  by_hand::HashAggregate<int64_t> by_hand_state;
  by_hand_state.Merge([&first](size_t row) { return first[row]; }, counts, sums);
  StateTable table;
  const std::unique_ptr<Operator> aggregate = MakeFinalAggregate(spec);
  MemoryAccount account;
  OperatorContext context;
  context.stores = {&table};
  context.memory = MemoryHolder(&account);
  WT_CHECK(aggregate->Open(context).ok());
  RunEpoch(*aggregate,
           BatchesOf(spec->partial_schema, {Int64s(first), Int64s(counts), Int64s(sums)}));
  table.Accept();

  ThreadClock::duration by_operator{};
  ThreadClock::duration by_hand{};
  for (auto _ : state) {
    const auto start = ThreadClock::now();
    by_hand_state.Merge(key, counts, sums);
    const auto middle = ThreadClock::now();
    const int64_t shown = RunEpoch(*aggregate, batches);
    table.Accept();
    by_operator += ThreadClock::now() - middle;
    by_hand += middle - start;
    WT_CHECK(shown == (shows ? kRows : 0));
  }
  WT_CHECK(table.size() == by_hand_state.size());
  Say(state, by_operator, by_hand, static_cast<double>(kRows) * 24);
}
BENCHMARK(UpdateOfStateAgainstMap)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wavetank::runtime
