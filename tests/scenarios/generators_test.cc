// RapidCheck's generators of the kit.
#include "scenarios/testing/generators.h"

#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "scenarios/jobs.h"

namespace wavetank::testing {
namespace {

scenarios::Records Words() {
  scenarios::Records records;
  records.set_count(12);
  scenarios::Column& column = *records.add_column();
  column.set_name("word");
  column.mutable_list()->add_value("alpha");
  column.mutable_list()->add_value("beta");
  return records;
}

RC_GTEST_PROP(Generators, LinesAreThoseOfTheSchema, ()) {
  const std::vector<std::string> lines = *LinesOf(Words());
  RC_ASSERT(lines.size() == 12U);
  for (const std::string& line : lines) RC_ASSERT(line == "alpha" || line == "beta");
}

RC_GTEST_PROP(Generators, ClustersHaveADriverAndWorkers, ()) {
  const scenarios::Cluster cluster = *Clusters();
  std::set<std::string> nodes;
  for (const scenarios::Machine& machine : cluster.machine()) {
    for (const scenarios::Process& process : machine.process()) {
      nodes.insert(process.node().begin(), process.node().end());
    }
  }
  RC_ASSERT(nodes.contains("driver") && nodes.contains("worker-1"));
}

RC_GTEST_PROP(Generators, FaultsEndWhenTheyShould, ()) {
  const simulator::FaultPlan plan = *FaultPlans(absl::Seconds(7));
  RC_ASSERT(plan.listed.empty());
  for (const auto& fault : plan.random) RC_ASSERT(fault.until <= absl::Seconds(7));
}

TEST(Generators, ScenariosDifferShrinkAndPrintThemselves) {
  scenarios::ScenarioJobs jobs;
  scenarios::AddBuiltInJobs(jobs);
  const auto exploration = std::make_shared<const scenarios::Exploration>(
      scenarios::Exploration::Make(jobs, {.jobs = {"word_count"}}).value());
  const auto gen = Scenarios(exploration);
  std::set<std::string> texts;
  for (int i = 0; i < 5; ++i) {
    const auto drawn = gen(rc::Random(static_cast<uint64_t>(i)), rc::kNominalSize);
    const scenarios::Scenario scenario = drawn.value();
    EXPECT_EQ(scenario.job().name(), "word_count");
    const auto report = exploration->Run(scenario);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_FALSE(scenarios::Fails(*report));
    std::ostringstream text;
    rc::show(scenario, text);
    EXPECT_NE(text.str().find("schema_version: 1"), std::string::npos) << text.str();
    texts.insert(text.str());
    const auto smaller = drawn.shrinks().next();
    ASSERT_TRUE(smaller);
    EXPECT_LT(smaller->value().ByteSizeLong(), scenario.ByteSizeLong());
  }
  EXPECT_EQ(texts.size(), 5U);
}

}  // namespace
}  // namespace wavetank::testing
