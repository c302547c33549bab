// Whole runs of a scenario, every check on: how many a second, and how much virtual time they make.
//
// An item is one run of `scenarios/bench/small.textproto` (a driver and 2 workers, 5 batches of 20
// records, 1 crash), from an empty world to a verdict. `virtual_to_real` is virtual seconds
// simulated in a second of this machine's time.
#include <benchmark/benchmark.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "platform/check.h"
#include "runtime/structured/compiled_queries.h"
#include "scenarios/jobs.h"
#include "scenarios/parse.h"
#include "scenarios/runner.h"

namespace wavetank::scenarios {
namespace {

const std::string& SmallScenario() {
  static const std::string text = [] {
    std::ifstream file("scenarios/bench/small.textproto");
    WT_CHECK(file.good(), "run this from the root of the checkout");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  return text;
}

void SmallScenarioRuns(benchmark::State& state) {
  ScenarioJobs jobs;
  AddBuiltInJobs(jobs);
  const auto parsed = ParseScenario("small.textproto", SmallScenario());
  WT_CHECK(parsed.ok(), std::string(parsed.status().message()));
  double virtual_seconds = 0;
  double events = 0;
  uint64_t seed = 0;
  const auto compiled = std::make_shared<runtime::CompiledQueries>();
  for (auto _ : state) {
    RunOptions options;
    options.seed = ++seed;
    options.retain = simulator::Retain::kNothing;
    options.compiled = compiled;
    const auto report = RunScenario(*parsed, jobs, options);
    WT_CHECK(report.ok() && report->verdict == Verdict::kPass, "the scenario passes");
    virtual_seconds += static_cast<double>(report->virtual_ns) * 1e-9;
    events += static_cast<double>(report->events);
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["virtual_to_real"] =
      benchmark::Counter(virtual_seconds, benchmark::Counter::kIsRate);
  state.counters["events"] = benchmark::Counter(events, benchmark::Counter::kIsRate);
}
BENCHMARK(SmallScenarioRuns)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wavetank::scenarios
