// Physical plans whose bytes are damaged: refused, or at least run without a crash.
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

#include "platform/random.h"
#include "runtime/fragment/replay_runner.h"
#include "runtime/plan/expression.pb.h"
#include "runtime/plan/physical.pb.h"
#include "runtime/plan/plan_codec.h"
#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

CompiledQuery WindowedCounts() {
  QueryBuilder builder;
  return CompileFrame(builder.Source()
                          .Select({Cast(Col("value"), DataType::kTimestamp).As("time"),
                                   Split(Col("value"), " ").As("words")})
                          .WithWatermark("time", absl::Seconds(5))
                          .WithColumn("word", Explode(Col("words")))
                          .Where(Col("word") != "")
                          .GroupBy({Window(Col("time"), absl::Seconds(10)), Col("word")})
                          .Agg({Count().As("n"), Max(Length(Col("word"))).As("m")}),
                      "update")
      .value();
}

plan::PhysicalPlan PlanOf(const CompiledQuery& compiled) {
  plan::PhysicalPlan plan;
  EXPECT_TRUE(ParseDeep(compiled.physical, plan));
  return plan;
}

std::string Refusal(const plan::PhysicalPlan& plan) {
  const auto loaded = LoadPlan(plan.SerializeAsString(), FunctionRegistry::BuiltIn());
  if (loaded.ok()) return "";
  EXPECT_EQ(loaded.status().code(), absl::StatusCode::kDataLoss) << loaded.status();
  return std::string(loaded.status().message());
}

// The first operator of that kind, wherever.
plan::Operator& Find(plan::PhysicalPlan& plan, plan::Operator::WhatCase what) {
  for (plan::Fragment& fragment : *plan.mutable_fragments()) {
    for (plan::Operator& op : *fragment.mutable_operators()) {
      if (op.what_case() == what) return op;
    }
  }
  ADD_FAILURE() << "there is no such operator";
  return *plan.mutable_fragments(0)->mutable_operators(0);
}

TEST(LoadPlan, RefusesWhatDoesNotFitTogether) {
  const CompiledQuery compiled = WindowedCounts();
  EXPECT_EQ(Refusal(PlanOf(compiled)), "");
  using Damage = std::function<void(plan::PhysicalPlan&)>;
  const std::vector<std::pair<std::string, Damage>> damages = {
      {"no such output mode", [](auto& plan) { plan.set_output_mode(7); }},
      {"it reads nothing", [](auto& plan) { plan.clear_sources(); }},
      {"a key that is no column",
       [](auto& plan) { plan.mutable_output_keys()->set_columns(0, 17); }},
      {"a fragment that does not end, and only end, with what it writes",
       [](auto& plan) { plan.mutable_fragments(1)->mutable_operators()->RemoveLast(); }},
      {"it writes nothing", [](auto& plan) { plan.mutable_fragments()->RemoveLast(); }},
      {"an exchange that is read twice",
       [](auto& plan) { *plan.add_fragments() = plan::Fragment(plan.fragments(1)); }},
      {"an exchange that is written after it is read",
       [](auto& plan) { *plan.add_fragments() = plan::Fragment(plan.fragments(0)); }},
      {"an exchange that nobody reads",
       [](auto& plan) {
         *plan.add_exchanges() = plan::Exchange(plan.exchanges(0));
         *plan.add_fragments() = plan::Fragment(plan.fragments(0));
         plan.mutable_fragments(2)->mutable_operators()->rbegin()->set_write_exchange(1);
       }},
      {"a source that nobody reads",
       [](auto& plan) { *plan.add_sources() = plan::SourceRead(plan.sources(0)); }},
      {"an operator that nobody reads",
       [](auto& plan) {
         *plan.add_exchanges() = plan::Exchange(plan.exchanges(0));
         const plan::Fragment last = plan.fragments(1);
         *plan.mutable_fragments(1) = plan.fragments(0);
         plan.mutable_fragments(1)->mutable_operators()->rbegin()->set_write_exchange(1);
         plan::Fragment& reads = *plan.add_fragments();
         for (const plan::Operator& op : last.operators()) {
           *reads.add_operators() = op;
           if (op.what_case() != plan::Operator::kReadExchange) continue;
           *reads.add_operators() = op;
           reads.mutable_operators(1)->set_read_exchange(1);
         }
         reads.mutable_operators(2)->add_inputs(0);
       }},
      {"an operator that is read twice",
       [](auto& plan) { plan.mutable_fragments(0)->mutable_operators(4)->add_inputs(1); }},
      {"what is read is no source, in operator 0, in fragment 0",
       [](auto& plan) { Find(plan, plan::Operator::kReadSource).set_read_source(1); }},
      {"what is written is no exchange",
       [](auto& plan) { Find(plan, plan::Operator::kWriteExchange).set_write_exchange(-1); }},
      {"a watermark ahead of the query's",
       [](auto& plan) {
         Find(plan, plan::Operator::kFinalAggregate).set_watermark_lag_micros(-1);
       }},
      {"a fragment that does not end, and only end, with what it writes",
       [](auto& plan) {
         plan::Fragment& last = *plan.mutable_fragments(0);
         *last.add_operators() = last.operators(last.operators_size() - 1);
       }},
      {"a fragment that does not begin with what it reads",
       [](auto& plan) { plan.mutable_fragments(0)->mutable_operators()->SwapElements(0, 1); }},
      {"groups that no exchange has brought together, in operator 1, in fragment 1",
       [](auto& plan) {
         *plan.mutable_fragments(1)->mutable_operators(0) = plan.fragments(0).operators(0);
       }},
      {"what is read is no exchange of an earlier fragment, in operator 0, in fragment 1",
       [](auto& plan) { Find(plan, plan::Operator::kReadExchange).set_read_exchange(1); }},
      {"other columns than were written, in operator 0, in fragment 1",
       [](auto& plan) {
         Find(plan, plan::Operator::kReadExchange).mutable_output(0)->set_name("other");
       }},
      {"a filter by what is no condition",
       [](auto& plan) {
         plan::Expression& condition =
             *Find(plan, plan::Operator::kFilter).mutable_filter()->mutable_condition();
         condition = plan::Expression(condition.operands(0));
       }},
      {"an expression of columns that are not there",
       [](auto& plan) {
         Find(plan, plan::Operator::kExplode).mutable_explode()->mutable_array()->set_column(9);
       }},
      {"event times that are none",
       [](auto& plan) {
         *Find(plan, plan::Operator::kWatermark).mutable_watermark()->mutable_event_time() =
             Find(plan, plan::Operator::kFilter).filter().condition().operands(1);
       }},
      {"no partitions", [](auto& plan) { plan.mutable_exchanges(0)->set_partitions(0); }},
      {"keys that are no columns", [](auto& plan) { plan.mutable_exchanges(0)->set_keys(40); }},
      {"a time that is no key",
       [](auto& plan) {
         Find(plan, plan::Operator::kFinalAggregate)
             .mutable_final_aggregate()
             ->set_event_time_key(5);
       }},
      {"a key that is no time",
       [](auto& plan) {
         Find(plan, plan::Operator::kPartialAggregate)
             .mutable_partial_aggregate()
             ->set_window_key(1);
       }},
      {"partial aggregates of another",
       [](auto& plan) {
         Find(plan, plan::Operator::kFinalAggregate)
             .mutable_final_aggregate()
             ->mutable_calls()
             ->RemoveLast();
       }},
      {"an aggregate of arguments that it does not take",
       [](auto& plan) {
         Find(plan, plan::Operator::kPartialAggregate)
             .mutable_partial_aggregate()
             ->mutable_calls(1)
             ->clear_arguments();
       }},
      {"partial aggregates of another",
       [](auto& plan) {
         Find(plan, plan::Operator::kFinalAggregate)
             .mutable_final_aggregate()
             ->mutable_calls(1)
             ->set_function("min");
       }},
      {"groups by other keys than partitions",
       [](auto& plan) { plan.mutable_exchanges(0)->set_keys(1); }},
      {"a cast that there is not",
       [](auto& plan) {
         Find(plan, plan::Operator::kProject)
             .mutable_project()
             ->mutable_columns(0)
             ->clear_operands();
       }},
      {"a call of length: a result of another type",
       [](auto& plan) {
         plan::Expression& argument = *Find(plan, plan::Operator::kPartialAggregate)
                                           .mutable_partial_aggregate()
                                           ->mutable_calls(1)
                                           ->mutable_arguments(0);
         *argument.mutable_type() = Find(plan, plan::Operator::kReadSource).output(0).type();
       }},
      {"a column that no row carries out of a task",
       [](auto& plan) {
         *plan.mutable_exchanges(0)->mutable_columns() = plan.fragments(0).operators(1).output();
       }},
      {"an aggregate that is none",
       [](auto& plan) {
         Find(plan, plan::Operator::kPartialAggregate)
             .mutable_partial_aggregate()
             ->mutable_calls(1)
             ->set_function("length");
       }},
      {"an operator of other columns than it gives",
       [](auto& plan) { Find(plan, plan::Operator::kProject).mutable_output()->RemoveLast(); }},
      {"an operator that this build has not",
       [](auto& plan) { Find(plan, plan::Operator::kFilter).clear_what(); }},
  };
  for (const auto& [refusal, damage] : damages) {
    plan::PhysicalPlan plan = PlanOf(compiled);
    damage(plan);
    EXPECT_TRUE(absl::StrContains(Refusal(plan), refusal)) << refusal << ": " << Refusal(plan);
  }
}

TEST(LoadPlan, BytesThatLoadRun) {
  const CompiledQuery compiled = WindowedCounts();
  int loaded = 0;
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    platform::Random random(seed);
    std::string bytes = compiled.physical;
    for (uint64_t changes = 1 + random.Below(3); changes > 0; --changes) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Below(256));
    }
    const auto plan = LoadPlan(bytes, FunctionRegistry::BuiltIn());
    if (!plan.ok() || (*plan)->shuffle_partitions > 100) continue;
    ++loaded;
    ReplayRunner runner(*plan);
    const std::vector<ReplayRunner::Splits> sources = {
        {{TextLines("1 a\n2026-01-01T00:00:00 b\n\n")}}};
    if ((*plan)->sources[0].schema->fields() != TextSchema()->fields()) continue;
    for (int64_t id = 0; id < 2; ++id) (void)runner.Run({.id = id}, sources);
  }
  EXPECT_GT(loaded, 100);
}

}  // namespace
}  // namespace wavetank::runtime
