// A query of one's own, tested: by hand through a power loss, and by chance through anything.
//
//   build/release/bin/tested_query
#include <cstdio>

#include "runtime/structured/data_frame.h"
#include "scenarios/testing/cluster.h"
#include "scenarios/testing/property_test.h"

using namespace wavetank::runtime;
using namespace wavetank::testing;

// What each customer has spent: lines are "customer,amount".
Job Spent() {
  Job job{.name = "spent", .meaning = "what each customer has spent"};
  job.parameters = {{"input", "directory of orders", {}, ParameterKind::kPath},
                    {"output", "directory of sums", {}, ParameterKind::kPath}};
  job.structured = [](Session& session, const JobArguments& arguments) {
    const auto fields = Split(Col("value"), ",");
    session.ReadStream()
        .Format("text")
        .Load(arguments.Get("input"))
        .Select({fields.At(0).As("customer"), fields.At(1).Cast(DataType::kInt64).As("amount")})
        .GroupBy({Col("customer")})
        .Agg({Sum(Col("amount")).As("spent")})
        .WriteStream()
        .OutputMode("update")
        .Format("file")
        .Option("path", arguments.Get("output"))
        .Start();
  };
  return job;
}

int main() {
  Cluster cluster;
  TestedJob& job = cluster.Start(Spent());
  cluster.LosePowerAt("m1", {.step = "batch.prepared"});
  job.Feed({"ann,3", "bob,4"});
  cluster.Advance(absl::Seconds(2));
  job.Feed({"ann,10"});
  job.RunUntilIdle();
  job.ExpectExactlyOnce();
  for (const std::string& row : job.ReadSink()) std::puts(row.c_str());
  if (!cluster.ok()) std::fputs(cluster.Explain("spent").c_str(), stdout);

  const PropertyResult result = PropertyTest(Spent(), {.guarantee = kExactlyOnce, .runs = 100});
  std::fputs(result.ToText().c_str(), stdout);
  return cluster.ok() && result.ok() ? 0 : 1;
}
