#include <vector>

#include "runtime/dstream/streaming_context.h"

using wavetank::runtime::Rdd;
using wavetank::runtime::StreamingContext;

// Two batches from memory, run for real, and stopped once they have come.
int main() {
  StreamingContext context({.master = "local[1]"}, absl::Milliseconds(20));
  size_t seen = 0;
  context.QueueStream(std::vector<std::vector<int>>{{1, 2}, {3}})
      .Map([](int number) { return 2 * number; })
      .ForeachRDD([&](const Rdd<int>& rdd) {
        seen += rdd.Collect().size();
        if (seen == 3) context.Stop(/*gracefully=*/false).IgnoreError();
      });
  return context.Start().ok() && context.AwaitTermination().ok() && seen == 3 ? 0 : 1;
}
