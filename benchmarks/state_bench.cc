// What keyed state costs, against the map of the C++ world: absl::flat_hash_map of std::string to
// std::string, grown alike from the same keys and values, which are random bytes in memory. Keys
// are asked for and changed in an order of their own, in batches of 1,024 by the table, one by one
// by the map, which knows nothing else. One item is one key.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "benchmarks/real_scratch.h"

#include "checkpoint/local_store.h"
#include "checkpoint/state_store.h"
#include "checkpoint/state_table.h"
#include "platform/check.h"
#include "platform/random.h"
#include "platform/text.h"

namespace wavetank::checkpoint {
namespace {

using Clock = std::chrono::steady_clock;
using Map = absl::flat_hash_map<std::string, std::string>;

constexpr size_t kKeyBytes = 16;
constexpr size_t kValueBytes = 32;
constexpr size_t kBatch = 1024;

double Seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

// Keys and values one after the other, as a batch's columns have them, and an order to ask in.
class Input {
 public:
  explicit Input(size_t keys) : bytes_(keys * (kKeyBytes + kValueBytes), '\0'), order_(keys) {
    platform::Random random(1);
    for (size_t at = 0; at < bytes_.size(); at += 8) {
      const uint64_t word = random.Next();
      for (size_t i = 0; i < 8; ++i) bytes_[at + i] = static_cast<char>(word >> (8 * i));
    }
    for (size_t i = 0; i < keys; ++i) {
      order_[i] = static_cast<uint32_t>(i);
      std::swap(order_[i], order_[random.Below(i + 1)]);
    }
  }

  size_t size() const { return order_.size(); }
  std::string_view Key(size_t i) const { return {bytes_.data() + i * kKeyBytes, kKeyBytes}; }
  std::string_view Value(size_t i) const {
    return {bytes_.data() + size() * kKeyBytes + i * kValueBytes, kValueBytes};
  }
  size_t Shuffled(size_t i) const { return order_[i]; }

 private:
  std::string bytes_;
  std::vector<uint32_t> order_;
};

const Input& InputOf(size_t keys) {
  static std::unique_ptr<Input> input;
  if (input == nullptr || input->size() != keys) input = std::make_unique<Input>(keys);
  return *input;
}

// visit(keys, values) for batches of the input, in its own order or in the shuffled one.
template <typename Visit>
void InBatches(const Input& input, bool shuffled, const Visit& visit) {
  std::vector<std::string_view> keys(kBatch);
  std::vector<std::string_view> values(kBatch);
  for (size_t begin = 0; begin < input.size(); begin += kBatch) {
    const size_t count = std::min(kBatch, input.size() - begin);
    for (size_t i = 0; i < count; ++i) {
      const size_t at = shuffled ? input.Shuffled(begin + i) : begin + i;
      keys[i] = input.Key(at);
      values[i] = input.Value(at);
    }
    visit(std::span(keys).first(count), std::span(values).first(count));
  }
}

void Grow(const Input& input, StateTable& table) {
  InBatches(input, false, [&](auto keys, auto values) { table.PutMany(keys, values); });
}

void Grow(const Input& input, Map& map) {
  for (size_t i = 0; i < input.size(); ++i) map[platform::ToAbsl(input.Key(i))] = input.Value(i);
}

size_t GetAll(const Input& input, const StateTable& table) {
  size_t bytes = 0;
  std::vector<std::optional<std::string_view>> found(kBatch);
  InBatches(input, true, [&](auto keys, auto) {
    const auto here = std::span(found).first(keys.size());
    table.GetMany(keys, here);
    for (const auto& value : here) bytes += value ? static_cast<size_t>(value->back() & 1) : 0;
  });
  return bytes;
}

size_t GetAll(const Input& input, const Map& map) {
  size_t bytes = 0;
  for (size_t i = 0; i < input.size(); ++i) {
    const auto found = map.find(platform::ToAbsl(input.Key(input.Shuffled(i))));
    bytes += found != map.end() ? static_cast<size_t>(found->second.back() & 1) : 0;
  }
  return bytes;
}

void Update(const Input& input, StateTable& table) {
  InBatches(input, true, [&](auto keys, auto values) { table.PutMany(keys, values); });
}

void Update(const Input& input, Map& map) {
  for (size_t i = 0; i < input.size(); ++i) {
    const size_t at = input.Shuffled(i);
    map[platform::ToAbsl(input.Key(at))] = input.Value(at);
  }
}

size_t AllocatedBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

struct Times {
  Clock::duration put{};
  Clock::duration get{};
  Clock::duration update{};
};

template <typename Table>
size_t Measure(const Input& input, Table& table, Times& times) {
  const auto start = Clock::now();
  Grow(input, table);
  const auto grown = Clock::now();
  if constexpr (std::is_same_v<Table, StateTable>) table.Accept();
  const auto accepted = Clock::now();
  const size_t found = GetAll(input, table);
  const auto got = Clock::now();
  Update(input, table);
  times.update += Clock::now() - got;
  times.get += got - accepted;
  times.put += grown - start;
  return found;
}

// The map, then the table, in turns, so that what else the machine does falls on both alike.
void TableAgainstFlatHashMap(benchmark::State& state) {
  const Input& input = InputOf(static_cast<size_t>(state.range(0)));
  Times by_map;
  Times by_table;
  size_t table_bytes = 0;
  for (auto _ : state) {
    size_t of_map = 0;
    {
      Map map;
      of_map = Measure(input, map, by_map);
    }
    const size_t before = AllocatedBytes();
    StateTable table;
    Grow(input, table);
    table.Accept();
    table_bytes = AllocatedBytes() - before;
    StateTable timed;
    WT_CHECK(Measure(input, timed, by_table) == of_map);
  }
  const auto ratio = [](Clock::duration map, Clock::duration table) {
    return Seconds(map) / Seconds(table);
  };
  state.counters["put_ratio"] = ratio(by_map.put, by_table.put);
  state.counters["get_ratio"] = ratio(by_map.get, by_table.get);
  state.counters["update_ratio"] = ratio(by_map.update, by_table.update);
  const double keys = static_cast<double>(state.iterations()) * static_cast<double>(input.size());
  state.counters["table_put_ns"] = Seconds(by_table.put) / keys * 1e9;
  state.counters["table_get_ns"] = Seconds(by_table.get) / keys * 1e9;
  state.counters["map_put_ns"] = Seconds(by_map.put) / keys * 1e9;
  state.counters["map_get_ns"] = Seconds(by_map.get) / keys * 1e9;
  state.counters["memory_ratio"] = static_cast<double>(table_bytes) /
                                   static_cast<double>(input.size() * (kKeyBytes + kValueBytes));
}
BENCHMARK(TableAgainstFlatHashMap)
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->Arg(10'000'000)
    ->Unit(benchmark::kMillisecond);

// --- with files ---

Task<std::unique_ptr<StateStore>> MustOpen(platform::Node& node, Store& store,
                                           StateVersion version) {
  auto opened = co_await StateStore::Open(node, store, "state", std::move(version));
  WT_CHECK(opened.ok(), opened.ok() ? "" : std::string(opened.status().message()));
  co_return *std::move(opened);
}

Task<void> MustCommit(StateStore& state) {
  const auto committed = co_await state.Commit();
  WT_CHECK(committed.ok(), committed.ok() ? "" : std::string(committed.status().message()));
}

// A snapshot of that many keys, as a store writes one.
Task<StateVersion> WriteSnapshot(platform::Node& node, Store& store, const Input& input) {
  StateStoreOptions options;
  options.lineage = {.snapshot_at = 2, .snapshot_at_latest = 2, .longest = 2};
  auto state = co_await StateStore::Open(node, store, "state", {}, options);
  WT_CHECK(state.ok());
  for (int i = 0; i < 2; ++i) {
    (*state)->Put(input.Key(0), absl::StrCat(i));
    co_await MustCommit(**state);
  }
  Grow(input, (*state)->table());
  co_await MustCommit(**state);
  WT_CHECK((*state)->version().files.size() == 1);
  co_return (*state)->version();
}

Task<void> LoadAgain(platform::Node& node, const Input& input, benchmark::State& state) {
  LocalStore store(node, "root");
  const StateVersion version = co_await WriteSnapshot(node, store, input);
  Clock::duration by_hand{};
  Clock::duration loaded{};
  for (auto _ : state) {
    const auto start = Clock::now();
    {
      StateTable table;
      Grow(input, table);
      table.Accept();
      by_hand += Clock::now() - start;
    }
    const auto middle = Clock::now();
    const auto opened = co_await MustOpen(node, store, version);
    loaded += Clock::now() - middle;
    WT_CHECK(opened->size() == input.size());
  }
  const double bytes = static_cast<double>(state.iterations()) *
                       static_cast<double>(input.size() * (kKeyBytes + kValueBytes));
  state.counters["ratio"] = Seconds(by_hand) / Seconds(loaded);
  state.counters["gb_per_second"] = bytes / Seconds(loaded) / 1e9;
}

// Opening a version that is one snapshot, on a disk of the host (in its cache, most likely),
// against putting the same keys and values into a table by hand, from memory.
void LoadAgainstBuildingByHand(benchmark::State& state) {
  const Input& input = InputOf(static_cast<size_t>(state.range(0)));
  const RealScratch scratch;
  scratch.Run([&](platform::Node& node) { return LoadAgain(node, input, state); });
}
BENCHMARK(LoadAgainstBuildingByHand)->Arg(20'000'000)->Unit(benchmark::kMillisecond);

constexpr size_t kChanged = 1000;

Task<void> CommitToBoth(platform::Node& node, benchmark::State& state) {
  LocalStore store(node, "root");
  const Input& input = InputOf(10'000'000);
  const size_t small_keys = 10'000;
  const auto small = co_await MustOpen(node, store, {});
  const auto large = co_await MustOpen(node, store, {});
  Grow(input, large->table());
  for (size_t i = 0; i < small_keys; ++i) small->Put(input.Key(i), input.Value(i));
  co_await MustCommit(*small);
  co_await MustCommit(*large);
  std::vector<double> of_small;
  std::vector<double> of_large;
  size_t next = 0;
  for (auto _ : state) {
    for (const bool to_large : {false, true}) {
      StateStore& target = to_large ? *large : *small;
      std::vector<std::string_view> keys(kChanged);
      std::vector<std::string_view> values(kChanged);
      for (size_t i = 0; i < kChanged; ++i, ++next) {
        const size_t at = input.Shuffled(next % input.size());
        keys[i] = input.Key(to_large ? at : at % small_keys);
        values[i] = input.Value((at + next) % input.size());
      }
      const auto start = Clock::now();
      target.table().PutMany(keys, values);
      co_await MustCommit(target);
      (to_large ? of_large : of_small).push_back(Seconds(Clock::now() - start));
      // A batch follows the other after a while, and leaves room for what goes on in the
      // background.
      co_await node.clock().Sleep(absl::Milliseconds(5));
    }
  }
  const auto at = [](std::vector<double>& times, double part) {
    std::ranges::sort(times);
    return times[static_cast<size_t>(part * static_cast<double>(times.size() - 1))];
  };
  state.counters["ratio"] = at(of_large, 0.5) / at(of_small, 0.5);
  state.counters["small_ms"] = at(of_small, 0.5) * 1e3;
  state.counters["large_ms"] = at(of_large, 0.5) * 1e3;
  state.counters["ratio_p90"] = at(of_large, 0.9) / at(of_small, 0.9);
  state.counters["large_worst_ms"] = at(of_large, 1) * 1e3;
}

// Changing 1,000 keys and committing them, in a store of 10 million keys against one of 10,000:
// medians of the same run, with snapshots going on in the background.
void CommitToLargeAgainstSmall(benchmark::State& state) {
  const RealScratch scratch;
  scratch.Run([&](platform::Node& node) { return CommitToBoth(node, state); });
}
BENCHMARK(CommitToLargeAgainstSmall)->Iterations(200)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wavetank::checkpoint
