// Each reduction makes something smaller, and what is left of a failing scenario is what it needs.
#include "scenarios/shrink/shrink.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

#include "scenarios/jobs.h"
#include "scenarios/runner.h"
#include "scenarios/shrink/claim.h"
#include "scenarios/shrink/explicit_faults.h"
#include "scenarios/shrink/reductions.h"

namespace wavetank::scenarios {
namespace {

Scenario FromText(const std::string& text) {
  Scenario scenario;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &scenario)) << text;
  return scenario;
}

// Something for each reduction.
const char kRich[] = R"(
schema_version: 1 name: "rich" seed: 77
job { name: "word_count" parameter { name: "partitions" value: "3" }
      change { parameter { name: "retain" value: "5" } } }
cluster {
  machine { name: "m-store" process { name: "store" node: "store" restart_after_ms: 777 } }
  machine { name: "m-driver" process { name: "driver" node: "driver" } }
  machine { name: "m-1" process { name: "p1" node: ["worker-1", "worker-2"] } }
  machine { name: "m-spare" process { name: "spare" node: "driver" standby: true } }
}
input { name: "a" generator { records: 40 words_per_line: 3 vocabulary: 9 late_ppm: 5
                              event_step_ms: 1234 line_ends: CRLF }
        arrival { records_each: 4 first_ms: 1234 every_ms: 777 burst: 2 stall_after: 3
                  stall_ms: 1111 rewind_after: 2 rewind_files: 1 rewind_ms: 333 } }
input { name: "b" records { count: 12 separator: ";" quoting: CSV
                            column { name: "t" type: TIMESTAMP empty_ppm: 3
                                     event_time { step_ms: 1234 jitter_ms: 5 } }
                            column { name: "k" uniform { distinct: 9 } }
                            column { name: "z" zipf { distinct: 9 } } } }
input { name: "c" lines { line: "x" line: "y" line: "z" } }
input { name: "d" files { file { at_ms: 1234 line: "x" line: "y" } file { name: "n" line: "z" } } }
fault { kind: "process.crash" target: "driver" restart_after_ms: 1777
        at_step { step: "batch.prepared" occurrence: 3 node: "driver"
                  attribute { name: "batch" value: 2 } } }
fault { kind: "disk.slow" target: "m-store" amount: 77 duration_ms: 2345 nth: 2 at_ms: 4321 }
fault { kind: "network.partition" target: "m-driver" peer: "m-1" duration_ms: 999
        at_ns: 1234567891 }
fault { kind: "disk.read_error" target: "m-store"
        at_call { node: "store" call: 40 incarnation: 2 } }
fault { kind: "disk.write_error" target: "m-store"
        at_file_call { call: "write" files: "a*" occurrence: 3 } }
schedule { policy: PRIORITIES change_points: 4 }
phases { chaos_ms: 20000 }
rival { job { name: "words" } at_ms: 1777 }
expect { guarantee: EXACTLY_ONCE }
)";

const char kProgram[] = R"(
schema_version: 1 name: "program"
job { name: "stream_program" parameter {
  name: "program"
  value: "a = text in1; b = text in2; c = union a b; d = reduceByKeyAndWindow c sum 3 1 2; "
         "e = count a; save d; save e" } }
input { name: "in1" lines { line: "x" } }
input { name: "in2" lines { line: "y" } }
)";

TEST(Reductions, EachHasSomethingSmallerThatIsNotWhatItWas) {
  const Scenario rich = FromText(kRich);
  std::set<std::string> names;
  for (const Reduction& reduction : Reductions()) {
    Scenario from = rich;
    // It is left to the last, when there is one process.
    if (reduction.name == "the cluster there is by default") from = FromText(kRich);
    if (reduction.name.ends_with("operators")) from = FromText(kProgram);
    const std::vector<Scenario> candidates = reduction.candidates(from);
    EXPECT_FALSE(candidates.empty()) << reduction.name;
    for (const Scenario& candidate : candidates) {
      EXPECT_NE(candidate.SerializeAsString(), from.SerializeAsString()) << reduction.name;
      EXPECT_EQ(candidate.expect().SerializeAsString(), from.expect().SerializeAsString());
    }
    names.insert(reduction.name);
  }
  EXPECT_GE(names.size(), 15u);
}

const Reduction& ReductionOf(const std::string& name) {
  return *std::ranges::find(Reductions(), name, &Reduction::name);
}

TEST(Reductions, OfAProgramLeaveOutOutputsAndLinesAndInputsThatNothingReads) {
  std::vector<std::string> programs;
  for (const Scenario& each : ReductionOf("fewer operators").candidates(FromText(kProgram))) {
    programs.push_back(absl::StrCat(each.job().parameter(0).value(), " of ", each.input_size()));
  }
  EXPECT_EQ(programs,
            std::vector<std::string>({
                "a = text in1; e = count a; save e of 1",
                "a = text in1; b = text in2; c = union a b; "
                "d = reduceByKeyAndWindow c sum 3 1 2; save d of 2",
                "a = text in1; b = text in2; c = union a b; "
                "d = reduceByKeyAndWindow c sum 3 1 2; save d; save a of 2",
                "a = text in1; b = text in2; c = union a b; e = count a; save c; save e of 2",
                "a = text in1; d = reduceByKeyAndWindow a sum 3 1 2; e = count a; save d; save e "
                "of 1",
                "a = text in1; c = union a a; d = reduceByKeyAndWindow c sum 3 1 2; e = count a; "
                "save d; save e of 1",
            }));
  Scenario scenario = FromText(kProgram);
  for (const char* name : {"fewer operators", "plainer operators"}) {
    for (;;) {
      const std::vector<Scenario> candidates = ReductionOf(name).candidates(scenario);
      if (candidates.empty()) break;
      scenario = candidates.back();
    }
  }
  EXPECT_EQ(scenario.job().parameter(0).value(), "a = text in1; save a");
}

// Whatever is tried, one after the other: it ends, and nothing is left that any could take.
TEST(Reductions, ComeToAnEndWithNothingLeftToTake) {
  Scenario scenario = FromText(kRich);
  int steps = 0;
  for (bool changed = true; changed;) {
    changed = false;
    for (const Reduction& reduction : Reductions()) {
      const std::vector<Scenario> candidates = reduction.candidates(scenario);
      if (candidates.empty()) continue;
      scenario = candidates.back();
      changed = true;
      ASSERT_LT(++steps, 10'000) << reduction.name << "\n" << scenario.DebugString();
    }
  }
  EXPECT_EQ(scenario.fault_size() + scenario.input_size() + scenario.rival_size(), 0)
      << scenario.DebugString();
}

// A run that fails if the scenario is so.
RunOne FailsIf(const std::function<bool(const Scenario&)>& so) {
  return [so](const Scenario& scenario) -> absl::StatusOr<RunReport> {
    RunReport report;
    report.verdict = so(scenario) ? Verdict::kViolation : Verdict::kPass;
    if (so(scenario)) report.violations.push_back({"lost", "a record", 0, {}, ""});
    return report;
  };
}

ShrunkScenario ShrunkWhile(const std::function<bool(const Scenario&)>& so, int tries_most = 5'000) {
  const Scenario rich = FromText(kRich);
  const RunOne run = FailsIf(so);
  int tries = 0;
  return ShrinkScenario(rich, *run(rich), run, [&] { return ++tries > tries_most; });
}

bool HasFault(const Scenario& scenario, const std::string& kind) {
  return std::any_of(scenario.fault().begin(), scenario.fault().end(),
                     [&](const Fault& fault) { return fault.kind() == kind; });
}

TEST(ShrinkScenario, LeavesOnlyWhatTheFailureNeeds) {
  const ShrunkScenario shrunk = ShrunkWhile([](const Scenario& scenario) {
    return HasFault(scenario, "process.crash") && scenario.input_size() > 0 &&
           scenario.input(0).generator().records() >= 5;
  });
  EXPECT_TRUE(shrunk.whole);
  const Scenario left = FromText(R"(
schema_version: 1 name: "word_count_lost_after_crash_at_batch_prepared"
claim: "word_count answers 5 records exactly once although process.crash strikes app at "
       "batch.prepared."
job { name: "word_count" }
input { name: "a" generator { records: 5 } arrival { } }
fault { kind: "process.crash" target: "app" at_step { step: "batch.prepared" } }
expect { guarantee: EXACTLY_ONCE }
)");
  Scenario without_start = shrunk.scenario;
  EXPECT_LE(without_start.input(0).arrival().first_ms(), 1'000);
  without_start.mutable_input(0)->mutable_arrival()->Clear();
  EXPECT_EQ(without_start.DebugString(), left.DebugString());
}

TEST(ShrinkScenario, GoesOnUntilAWholeRoundChangesNothing) {
  // Records can go once the parameters have gone, which are tried later.
  const ShrunkScenario shrunk = ShrunkWhile([](const Scenario& scenario) {
    const bool small = scenario.job().parameter_size() == 0;
    return scenario.input_size() > 0 && scenario.input(0).has_generator() &&
           (small || scenario.input(0).generator().records() >= 5);
  });
  EXPECT_EQ(shrunk.scenario.input(0).generator().records(), 1);
}

TEST(ShrinkScenario, KeepsAFaultBetweenMachinesAndTheMachinesThatItNeeds) {
  const ShrunkScenario shrunk = ShrunkWhile([](const Scenario& scenario) {
    return HasFault(scenario, "network.partition") && scenario.cluster().machine_size() > 1;
  });
  ASSERT_EQ(shrunk.scenario.fault_size(), 1);
  EXPECT_EQ(shrunk.scenario.fault(0).at_ms(), 1'000);
  std::set<std::string> machines;
  for (const Machine& machine : shrunk.scenario.cluster().machine()) {
    machines.insert(machine.name());
  }
  EXPECT_EQ(machines, (std::set<std::string>{"m-driver", "m-1"}));
}

TEST(ShrinkScenario, LowersNumbersAndRoundsTimes) {
  const ShrunkScenario shrunk = ShrunkWhile([](const Scenario& scenario) {
    return std::any_of(scenario.fault().begin(), scenario.fault().end(), [](const Fault& fault) {
      return fault.kind() == "disk.slow" && fault.amount() >= 13 && fault.at_ms() >= 2'500 &&
             fault.duration_ms() > 0;
    });
  });
  ASSERT_EQ(shrunk.scenario.fault_size(), 1);
  EXPECT_EQ(shrunk.scenario.fault(0).amount(), 13);
  EXPECT_EQ(shrunk.scenario.fault(0).at_ms(), 4'000);
  EXPECT_EQ(shrunk.scenario.fault(0).duration_ms(), 2'000);
}

TEST(ShrinkScenario, TakesNoOtherFailureForThisOne) {
  const Scenario rich = FromText(kRich);
  const auto kind_of = [](const Scenario& scenario) {
    return scenario.fault_size() == 5 ? "lost" : "phantom";
  };
  const RunOne run = [&](const Scenario& scenario) -> absl::StatusOr<RunReport> {
    RunReport report;
    report.verdict = Verdict::kViolation;
    report.violations.push_back({kind_of(scenario), "a record", 0, {}, ""});
    return report;
  };
  int tries = 0;
  EXPECT_EQ(
      ShrinkScenario(rich, *run(rich), run, [&] { return ++tries > 3'000; }).scenario.fault_size(),
      5);
}

TEST(ShrinkScenario, TellsFailuresApartByTheirStep) {
  RunReport a;
  a.verdict = Verdict::kViolation;
  a.violations.push_back({"commit_order", "", 0, {}, "batch.prepared"});
  RunReport b = a;
  EXPECT_TRUE(FailAlike(a, b));
  b.violations.front().step = "batch.committed";
  EXPECT_FALSE(FailAlike(a, b));
  b = a;
  b.verdict = Verdict::kStalled;
  EXPECT_FALSE(FailAlike(a, b));
}

TEST(ShrinkScenario, StopsWhenItIsEnough) {
  const ShrunkScenario shrunk = ShrunkWhile([](const Scenario&) { return true; }, 3);
  EXPECT_FALSE(shrunk.whole);
  EXPECT_EQ(shrunk.tries, 3);
}

// --- faults at random ---

absl::StatusOr<RunReport> RunIt(const Scenario& scenario) {
  ScenarioJobs jobs;
  AddBuiltInJobs(jobs);
  const auto parsed = ParseScenario("s", scenario.DebugString());
  if (!parsed.ok()) return parsed.status();
  return RunScenario(*parsed, jobs, {});
}

TEST(ExplicitFaults, BefallTheSameRunInTheSameWay) {
  std::set<simulator::FaultKind> seen;
  for (int seed = 1; seed <= 12; ++seed) {
    Scenario scenario = FromText(R"(
schema_version: 1 name: "s" job { name: "word_count" }
cluster {
  machine { name: "m-store" process { name: "store" node: "store" } }
  machine { name: "m-driver" process { name: "driver" node: "driver" } }
  machine { name: "m-1" process { name: "p1" node: "worker-1" } }
}
input { name: "input" generator { records: 20 } arrival { records_each: 5 first_ms: 500 } }
fault { kind: "process.crash" at_random { per_hour: 900 } }
fault { kind: "process.zombie" at_random { per_hour: 300 } }
fault { kind: "machine.power_loss_of_several" at_random { per_hour: 300 } }
fault { kind: "network.reset" at_random { probability: 0.002 } }
fault { kind: "network.partition" target: "m-1" peer: "m-driver" at_random { per_hour: 900 } }
fault { kind: "disk.sync_loss" at_random { probability: 0.01 } }
fault { kind: "disk.slow" at_random { per_hour: 500 } }
fault { kind: "clock.jump" at_random { per_hour: 500 } }
phases { chaos_ms: 8000 }
)");
    scenario.set_seed(static_cast<uint64_t>(seed));
    const auto at_random = RunIt(scenario);
    ASSERT_TRUE(at_random.ok()) << at_random.status();
    const Scenario explicit_ones = WithExplicitFaults(scenario, at_random->fired);
    const auto again = RunIt(explicit_ones);
    ASSERT_TRUE(again.ok()) << again.status() << explicit_ones.DebugString();
    EXPECT_EQ(again->trace_hash, at_random->trace_hash) << explicit_ones.DebugString();
    for (const auto& fired : at_random->fired) seen.insert(fired.fault.kind);
  }
  EXPECT_EQ(seen.size(), 8u) << "of each kind some";
}

TEST(Claims, ReadAsSentences) {
  const Scenario scenario = FromText(R"(
job { name: "word_count" } input { name: "input" generator { records: 1 } }
fault { kind: "process.crash" target: "app" at_step { step: "batch.prepared" occurrence: 2 } }
fault { kind: "machine.power_loss" target: "m1" at_ms: 2000 }
fault { kind: "disk.write_error" target: "m1"
        at_file_call { call: "write" files: "checkpoint/log" } }
expect { guarantee: EXACTLY_ONCE })");
  EXPECT_EQ(ClaimOf(scenario),
            "word_count answers 1 record exactly once although process.crash strikes app at "
            "batch.prepared (time 2) and machine.power_loss strikes m1 at 2s and disk.write_error "
            "strikes m1 at the write of checkpoint/log.");
  Scenario none = scenario;
  none.clear_fault();
  none.mutable_expect()->set_guarantee(Expect::AT_LEAST_ONCE);
  EXPECT_EQ(ClaimOf(none), "word_count loses nothing of 1 record.");
}

}  // namespace
}  // namespace wavetank::scenarios
