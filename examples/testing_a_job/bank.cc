// An output of one's own, through ForeachRDD: what a batch gives is booked at a bank. A batch may
// come again after a crash, and is then booked again, unless the bank knows it.
//
//   build/release/bin/tested_output
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "runtime/dstream/streaming_context.h"
#include "scenarios/testing/explore.h"

using namespace wavetank::runtime;
using namespace wavetank::testing;

// It stands outside of the cluster, and outlives it.
struct Bank {
  int64_t balance = 0;
  std::set<absl::Time> booked;  // the batches
};

Job Deposits(std::shared_ptr<Bank> bank, bool knows_batches) {
  Job job{.name = "deposits", .meaning = "books what comes at a bank"};
  job.parameters = {{"input", "directory of amounts", {}, ParameterKind::kPath}};
  job.dstream = [=](StreamingContext& context, const JobArguments& arguments) {
    context.TextFileStream(arguments.Get("input"), {.new_files_only = false})
        .Map([](const std::string& line) { return std::stoll(line); })
        .ForeachRDD([=](const Rdd<long long>& amounts, absl::Time batch) {
          if (!bank->booked.insert(batch).second && knows_batches) return;
          for (const int64_t amount : amounts.Collect()) bank->balance += amount;
        });
  };
  return job;
}

ClusterTest TestOf(bool knows_batches) {
  return [knows_batches](Cluster& cluster) {
    const auto bank = std::make_shared<Bank>();
    TestedJob& job = cluster.Start(Deposits(bank, knows_batches));
    for (const char* amount : {"1", "20", "300"}) {
      cluster.Advance(absl::Seconds(2));
      job.Feed({amount});
    }
    cluster.Advance(absl::Seconds(4));
    if (!cluster.RunUntil([&] { return bank->balance >= 321; }, "each deposit")) return;
    cluster.Expect(bank->balance == 321, "each deposit is booked once");
  };
}

int main() {
  const auto found = Explore(TestOf(/*knows_batches=*/false), {.name = "bank"});
  std::fputs(found ? found->ToText().c_str() : "found nothing\n", stdout);
  const auto mended = Explore(TestOf(/*knows_batches=*/true), {.name = "bank", .runs = 300});
  std::puts(mended ? mended->ToText().c_str()
                   : "A bank that knows its batches: 300 runs, none wrong.");
  return found || mended ? 1 : 0;
}
