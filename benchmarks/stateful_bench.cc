// What operators with state cost, each against the same by hand within one run, in turns, so that
// what else the machine does falls on both alike.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "benchmarks/by_hand/hash_join.h"
#include "benchmarks/thread_clock.h"

#include "checkpoint/key_parts.h"
#include "checkpoint/state_table.h"
#include "platform/check.h"
#include "platform/random.h"
#include "runtime/columnar/row_key.h"
#include "runtime/functions/registry.h"
#include "runtime/operators/aggregate.h"
#include "runtime/operators/join.h"

namespace wavetank::runtime {
namespace {

using checkpoint::StateTable;

using Clock = ThreadClock;

constexpr int64_t kRows = 1'000'000;
constexpr int64_t kRowsAnAdd = 8192;

SchemaPtr SchemaOf(std::vector<Field> fields) {
  return std::make_shared<const Schema>(std::move(fields));
}

// A side's rows (key; key, time), kRows of them: `distinct` keys in an order of chance.
struct Stream {
  std::vector<int64_t> keys;
  std::vector<int64_t> values;
  std::vector<RecordBatch> batches;
};

Column Int64s(const std::vector<int64_t>& values, int64_t begin, int64_t rows, DataType type) {
  BufferBuilder<int64_t> copied;
  copied.Append(values.data() + begin, static_cast<size_t>(rows));
  return Column(std::move(type), rows, copied.Finish(), Buffer());
}

SchemaPtr SideSchema() {
  return SchemaOf(
      {{"", DataType::kInt64}, {"key", DataType::kInt64}, {"time", DataType::kTimestamp}});
}

Stream MakeStream(uint64_t seed, int64_t distinct) {
  Stream stream;
  platform::Random random(seed);
  for (int64_t i = 0; i < kRows; ++i) {
    stream.keys.push_back(i % distinct);
    // As times: about in order.
    stream.values.push_back(i * 1'000 + random.Between(0, 1'000'000));
  }
  random.Shuffle(stream.keys);
  for (int64_t begin = 0; begin < kRows; begin += kRowsAnAdd) {
    const int64_t rows = std::min(kRowsAnAdd, kRows - begin);
    const Column keys = Int64s(stream.keys, begin, rows, DataType::kInt64);
    const Column times = Int64s(stream.values, begin, rows, DataType::kTimestamp);
    stream.batches.push_back(RecordBatch(SideSchema(), {keys, keys, times}, rows));
  }
  return stream;
}

std::shared_ptr<const JoinSpec> JoinOf(bool forgets) {
  auto spec = std::make_shared<JoinSpec>();
  spec->keys = 1;
  spec->output = SchemaOf({{"left_key", DataType::kInt64},
                           {"left_time", DataType::kTimestamp},
                           {"right_key", DataType::kInt64},
                           {"right_time", DataType::kTimestamp}});
  for (JoinSide& side : spec->sides) {
    side.rows = SideSchema();
    if (forgets) side.event_time_column = side.evict_column = 2;
  }
  return spec;
}

// Rows that came out of one epoch of both streams, and something of each.
std::pair<int64_t, int64_t> RunJoin(const std::shared_ptr<const JoinSpec>& spec,
                                    const Stream (&streams)[2], StateTable (&tables)[2]) {
  const std::unique_ptr<Operator> join = MakeJoin(spec);
  MemoryAccount account;
  OperatorContext context;
  context.stores = {&tables[0], &tables[1]};
  context.memory = MemoryHolder(&account);
  WT_CHECK(join->Open(context).ok());
  join->Begin(Epoch{.id = 0, .evict = absl::UnixEpoch() - absl::Hours(1)});
  std::pair<int64_t, int64_t> joined;
  size_t next[2] = {};
  while (true) {
    RecordBatch output;
    const absl::StatusOr<Pulled> pulled = join->Next(output);
    WT_CHECK(pulled.ok());
    if (pulled->what == Pull::kDone) return joined;
    if (pulled->what == Pull::kOutput) {
      joined.first += output.num_rows();
      joined.second += output.column(1).Int64At(0) - output.column(3).Int64At(0);
      continue;
    }
    const auto port = static_cast<size_t>(pulled->port);
    const std::vector<RecordBatch>& batches = streams[port].batches;
    const bool ended = next[port] == batches.size();
    WT_CHECK((ended ? join->EndInput(pulled->port) : join->Add(pulled->port, batches[next[port]++]))
                 .ok());
  }
}

template <bool kKeepRight>
size_t JoinByHand(const Stream (&streams)[2]) {
  by_hand::HashJoin join;
  by_hand::JoinedColumns joined;
  join.Add<true, true>(streams[0].keys, streams[0].values, joined);
  join.Add<false, kKeepRight>(streams[1].keys, streams[1].values, joined);
  benchmark::DoNotOptimize(joined.left_value.data());
  return joined.left_key.size();
}

// Two streams of 1 M rows that nothing is known of, typed columns in to typed columns out.
// Arguments: how many distinct keys; whether the sides have times by which they are forgotten.
void JoinAgainstHashJoin(benchmark::State& state) {
  const Stream streams[2] = {MakeStream(1, state.range(0)), MakeStream(2, state.range(0))};
  const auto spec = JoinOf(state.range(1) != 0);
  Clock::duration by_operator{};
  Clock::duration by_hand{};
  Clock::duration build_and_probe{};
  for (auto _ : state) {
    const auto start = Clock::now();
    const size_t pairs = JoinByHand<true>(streams);
    const auto kept = Clock::now();
    WT_CHECK(JoinByHand<false>(streams) == pairs);
    const auto probed = Clock::now();
    {
      StateTable tables[2];
      const auto [rows, sum] = RunJoin(spec, streams, tables);
      WT_CHECK(static_cast<size_t>(rows) == pairs);
      benchmark::DoNotOptimize(sum);
      by_operator += Clock::now() - probed;
    }
    by_hand += kept - start;
    build_and_probe += probed - kept;
  }
  const double bytes = static_cast<double>(state.iterations()) * 2 * kRows * 16;
  state.counters["ratio"] = Seconds(by_hand) / Seconds(by_operator);
  state.counters["ratio_to_build_and_probe"] = Seconds(build_and_probe) / Seconds(by_operator);
  state.counters["mb_per_second"] = bytes / 1e6 / Seconds(by_operator);
  state.counters["by_hand_mb_per_second"] = bytes / 1e6 / Seconds(by_hand);
}
BENCHMARK(JoinAgainstHashJoin)
    ->Args({kRows, 0})
    ->Args({kRows, 1})
    ->Args({kRows / 4, 0})
    ->Unit(benchmark::kMillisecond);

// --- a watermark that moves and evicts nothing ---

std::shared_ptr<const AggregateSpec> WindowedCount() {
  auto spec = std::make_shared<AggregateSpec>();
  spec->key_types = {DataType::kTimestamp, DataType::kInt64};
  spec->calls = {{FunctionRegistry::BuiltIn().Find("count"), {}}};
  spec->intermediate = spec->calls[0].intermediate();
  spec->schema = spec->partial_schema = SchemaOf(
      {{"start", DataType::kTimestamp}, {"key", DataType::kInt64}, {"count", DataType::kInt64}});
  spec->event_time_key = 0;
  spec->span_micros = 1'000'000;
  return spec;
}

void RunEpoch(const std::shared_ptr<const AggregateSpec>& spec, StateTable& table,
              const Epoch& epoch, std::optional<RecordBatch> rows) {
  const std::unique_ptr<Operator> aggregate = MakeFinalAggregate(spec);
  OperatorContext context;
  context.stores = {&table};
  WT_CHECK(aggregate->Open(context).ok());
  aggregate->Begin(epoch);
  if (rows) WT_CHECK(aggregate->Add(0, *std::move(rows)).ok());
  WT_CHECK(aggregate->EndInput(0).ok());
  RecordBatch output;
  WT_CHECK(aggregate->Next(output)->what == Pull::kDone);
  table.Accept();
}

// What it was before there was an index by time.
int64_t ScanForPassed(const StateTable& table, int64_t passed) {
  const std::vector<uint8_t> before;
  int64_t found = 0;
  table.ForEach([&](std::string_view key, std::string_view) {
    const std::optional<int64_t> time = checkpoint::TimePart(key, before);
    found += time && *time <= passed ? 1 : 0;
  });
  return found;
}

// An epoch without rows whose watermark moves by a second, with 1 M groups in state, all of later
// windows, against a walk over the state. Argument: how many windows the groups are in.
void WatermarkThatEvictsNothing(benchmark::State& state) {
  const auto spec = WindowedCount();
  StateTable table;
  std::vector<int64_t> starts;
  std::vector<int64_t> keys;
  for (int64_t i = 0; i < kRows; ++i) {
    starts.push_back((1'000'000 + i % state.range(0)) * 1'000'000);
    keys.push_back(i);
  }
  const std::vector<int64_t> ones(static_cast<size_t>(kRows), 1);
  RunEpoch(spec, table, Epoch{},
           RecordBatch(
               spec->partial_schema,
               {Int64s(starts, 0, kRows, DataType::kTimestamp),
                Int64s(keys, 0, kRows, DataType::kInt64), Int64s(ones, 0, kRows, DataType::kInt64)},
               kRows));
  Clock::duration by_operator{};
  Clock::duration by_scan{};
  absl::Time watermark = absl::UnixEpoch();
  for (auto _ : state) {
    const absl::Time late = std::exchange(watermark, watermark + absl::Seconds(1));
    const auto start = Clock::now();
    WT_CHECK(ScanForPassed(table, ToMicros(watermark)) == 0);
    const auto middle = Clock::now();
    RunEpoch(spec, table, Epoch{.id = 1, .late = late, .evict = watermark}, std::nullopt);
    by_operator += Clock::now() - middle;
    by_scan += middle - start;
  }
  WT_CHECK(table.size() == static_cast<size_t>(kRows));
  state.counters["ratio"] = Seconds(by_operator) / Seconds(by_scan);
  state.counters["scan_ms"] = Seconds(by_scan) / static_cast<double>(state.iterations()) * 1e3;
  state.counters["epoch_us"] = Seconds(by_operator) / static_cast<double>(state.iterations()) * 1e6;
}
BENCHMARK(WatermarkThatEvictsNothing)->Arg(1)->Arg(1'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wavetank::runtime
