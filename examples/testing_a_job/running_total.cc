// A stream with a mistake that only a crash shows: its running total is kept in memory.
//
//   build/release/bin/tested_stream
#include <cstdio>
#include <memory>
#include <string>

#include "runtime/dstream/streaming_context.h"
#include "scenarios/testing/explore.h"

using namespace wavetank::runtime;
using namespace wavetank::testing;

// What people look at: it stands outside of the cluster, and outlives it.
struct Board {
  int64_t total = 0;
};

Job RunningTotal(std::shared_ptr<Board> board) {
  Job job{.name = "running_total", .meaning = "shows the total of all that has come"};
  job.parameters = {{"input", "directory of amounts", {}, ParameterKind::kPath}};
  job.dstream = [board](StreamingContext& context, const JobArguments& arguments) {
    // The mistake: a driver that is started anew begins with nothing.
    const auto total = std::make_shared<int64_t>(0);
    context.TextFileStream(arguments.Get("input"), {.new_files_only = false})
        .Map([](const std::string& line) { return std::stoll(line); })
        .ForeachRDD([board, total](const Rdd<long long>& amounts) {
          for (const int64_t amount : amounts.Collect()) *total += amount;
          board->total = *total;
        });
  };
  return job;
}

void RunningTotalTest(Cluster& cluster) {
  const auto board = std::make_shared<Board>();
  TestedJob& job = cluster.Start(RunningTotal(board));
  for (const char* amount : {"1", "20", "300"}) {
    cluster.Advance(absl::Seconds(2));
    job.Feed({amount});
  }
  cluster.Advance(absl::Seconds(4));
  cluster.Heal();
  cluster.Advance(absl::Seconds(30));
  cluster.Expect(board->total >= 321, "the total is that of all amounts");
}

int main() {
  Cluster calm;
  RunningTotalTest(calm);
  std::puts(calm.ok() ? "Without a fault: right." : calm.Explain("calm").c_str());
  const auto found = Explore(RunningTotalTest, {.name = "running_total"});
  std::fputs(found ? found->ToText().c_str() : "found nothing\n", stdout);
  return found ? 1 : 0;
}
