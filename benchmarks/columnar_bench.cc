// Words counted a second by the first fragment of a structured query, as a ratio to the loop that
// everybody writes first: split into std::string, count in a std::unordered_map. Both begin with
// the same text, whose words follow Zipf's law as those of languages do. One item is one word.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "platform/check.h"
#include "platform/random.h"
#include "runtime/columnar/row_key.h"
#include "runtime/columnar/split.h"
#include "runtime/columnar/text_lines.h"
#include "runtime/fragment/replay_runner.h"
#include "runtime/structured/compile_query.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::runtime {
namespace {

constexpr int64_t kWords = 1'000'000;
constexpr int64_t kWordsALine = 10;
constexpr int64_t kLinesAtOnce = 1024;

// Lines of words out of `vocabulary` ones, the k-th about k times rarer than the first.
std::string MakeText(uint64_t vocabulary) {
  platform::Random random(1);
  std::vector<std::string> words;
  for (uint64_t i = 0; i < vocabulary; ++i) {
    std::string word(1 + random.Below(10), ' ');
    for (char& c : word) c = static_cast<char>('a' + random.Below(26));
    words.push_back(word + std::to_string(i % 10));
  }
  std::string text;
  for (int64_t i = 1; i <= kWords; ++i) {
    // A uniform exponent between 0 and log2(vocabulary) gives 1/rank.
    uint64_t bound = 1;
    while (bound < vocabulary && random.Below(16) != 0) bound = std::min(vocabulary, bound * 2);
    text += words[random.Below(bound)];
    text += i % kWordsALine == 0 ? '\n' : ' ';
  }
  return text;
}

size_t CountNaively(std::string_view text) {
  std::unordered_map<std::string, int> counts;
  size_t begin = 0;
  while (begin < text.size()) {
    size_t end = text.find_first_of(" \n", begin);
    if (end == std::string_view::npos) end = text.size();
    ++counts[std::string(text.substr(begin, end - begin))];
    begin = end + 1;
  }
  return counts.size();
}

std::shared_ptr<const StreamingQueryPlan> WordCountPlan() {
  Session session;
  StreamingQueryDefinition definition;
  definition.plan = session.ReadStream()
                        .Format("text")
                        .Load("in")
                        .Select({Explode(Split(Col("value"), " ")).As("word")})
                        .GroupBy({Col("word")})
                        .Count()
                        .plan();
  definition.output_mode = "update";
  return CompileQuery(definition, {}).value().plan;
}

// Rows that went on to the exchange.
size_t CountByQuery(const StreamingQueryPlan& plan, std::string_view text) {
  FragmentInstance instance(plan.fragments[0], {});
  CollectingOutlet outlet;
  MemoryAccount memory;
  WT_CHECK(instance.Open({}, outlet, memory).ok());
  instance.Begin(Epoch{});
  const RecordBatch lines = TextLines(text);
  std::vector<RecordBatch> batches;
  for (int64_t begin = 0; begin < lines.num_rows(); begin += kLinesAtOnce) {
    batches.push_back(lines.Slice(begin, std::min(kLinesAtOnce, lines.num_rows() - begin)));
  }
  WT_CHECK(RunToEnd(instance, {&batches}, {}).ok());
  return static_cast<size_t>(instance.Report().operators.back().rows_in);
}

// Alternates the two, so that what else the machine does falls on both alike.
void WordCountAgainstNaiveLoop(benchmark::State& state) {
  using Clock = std::chrono::steady_clock;
  const std::string text = MakeText(static_cast<uint64_t>(state.range(0)));
  const auto plan = WordCountPlan();
  Clock::duration naive{};
  Clock::duration query{};
  for (auto _ : state) {
    const auto start = Clock::now();
    const size_t naive_words = CountNaively(text);
    const auto middle = Clock::now();
    const size_t query_words = CountByQuery(*plan, text);
    query += Clock::now() - middle;
    naive += middle - start;
    WT_CHECK(naive_words == query_words);
  }
  const double words = static_cast<double>(state.iterations()) * kWords;
  const auto rate = [&](Clock::duration time) {
    return words / std::chrono::duration<double>(time).count();
  };
  state.counters["naive_words_per_second"] = rate(naive);
  state.counters["query_words_per_second"] = rate(query);
  state.counters["ratio"] = rate(query) / rate(naive);
}
BENCHMARK(WordCountAgainstNaiveLoop)->Arg(1'000)->Arg(30'000)->Arg(1'000'000);

void Lines(benchmark::State& state) {
  const std::string text = MakeText(30'000);
  for (auto _ : state) benchmark::DoNotOptimize(TextLines(text));
  state.SetItemsProcessed(state.iterations() * kWords);
}
BENCHMARK(Lines);

void Words(benchmark::State& state) {
  const RecordBatch lines = TextLines(MakeText(30'000));
  for (auto _ : state) {
    for (int64_t begin = 0; begin + 1024 <= lines.num_rows(); begin += 1024) {
      benchmark::DoNotOptimize(Split(lines.Slice(begin, 1024).column(0), " "));
    }
  }
  state.SetItemsProcessed(state.iterations() * kWords);
}
BENCHMARK(Words);

void Hashes(benchmark::State& state) {
  const Column words = Elements(Split(TextLines(MakeText(30'000)).column(0), " "));
  for (auto _ : state) benchmark::DoNotOptimize(HashRows({words}, words.size()));
  state.SetItemsProcessed(state.iterations() * kWords);
}
BENCHMARK(Hashes);

void EncodeAndDecode(benchmark::State& state) {
  const RecordBatch lines = TextLines(MakeText(30'000));
  for (auto _ : state) benchmark::DoNotOptimize(RecordBatch::Decode(lines.Encode()));
  state.SetItemsProcessed(state.iterations() * kWords);
}
BENCHMARK(EncodeAndDecode);

}  // namespace
}  // namespace wavetank::runtime
