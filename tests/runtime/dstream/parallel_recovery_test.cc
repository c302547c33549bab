// How long a stream takes to catch up after a loss, in virtual time: what was lost is made again by
// all workers at once, so n of them take a n-th of the time that one takes (Zaharia et al.,
// Discretized Streams, SOSP 2013, parallel recovery).
#include <cstdint>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

constexpr absl::Duration kEach = absl::Seconds(1);
constexpr int kFiles = 8;  // a batch's, and the partitions of its state
constexpr int kLines = 250;

enum class Loss { kWorker, kDriver };

JobPlan SumsKeptEvery(int batches) {
  return [batches](StreamingContext& ssc) {
    ssc.Checkpoint("ck");
    ssc.TextFileStream("in")
        .Map([](std::string line) { return std::pair(std::move(line), int64_t{1}); })
        .ReduceByKey(std::plus<>(), kFiles)
        .UpdateStateByKey<int64_t>(
            [](const std::vector<int64_t>& counts, std::optional<int64_t> sum) {
              for (const int64_t count : counts) sum = sum.value_or(0) + count;
              return sum;
            },
            kFiles)
        .Checkpoint(batches * kEach)
        .SaveAsTextFiles("out/sums");
  };
}

std::string FileOfLines() {
  std::string text;
  for (int line = 0; line < kLines; ++line) {
    absl::StrAppend(&text, "a key of some length ", line % 16, "\n");
  }
  return text;
}

// When batches were begun and completed.
struct BatchTimes final : simulator::WorldObserver {
  void OnStep(absl::Duration at, const platform::StepEvent& event) override {
    if (event.attributes.empty()) return;
    const int64_t batch = event.attributes.front().value;
    if (event.step.name == "dstream.batch_input_logged") begun.emplace(batch, at);
    if (event.step.name == "dstream.batch_rerun") rerun = at;
    if (event.step.name == "dstream.batch_completed") completed[batch] = at;
  }
  std::map<int64_t, absl::Duration> begun;
  absl::Duration rerun;  // by a new driver
  std::map<int64_t, absl::Duration> completed;
};

// From the loss of a worker, when the most is in no state that is kept, to the end of the first
// batch that ends before the next is due. Of the driver, from when its successor has taken over, to
// the end of the batch that runs again: to take over is not the work of workers.
absl::Duration CatchesUpAfter(Loss loss, int workers, int kept_every) {
  SimJob job({.seed = 1, .workers = workers, .unit_cost = absl::Microseconds(50)},
             SumsKeptEvery(kept_every));
  BatchTimes times;
  job.world().AddObserver(times);
  job.driver_options().min_workers = workers;
  const int64_t fatal = 2 * kept_every - 1;
  const std::string victim = loss == Loss::kWorker ? "w0" : "driver";
  job.AtStep("dstream.batch_input_logged", static_cast<int>(fatal),
             [&job, victim](simulator::SimProcess&) {
               job.world().Crash(job.world().process(victim));
               job.After(absl::Milliseconds(10), [&job, victim] { job.world().Restart(victim); });
             });
  for (int batch = 0; batch < 4 * kept_every; ++batch) {
    job.After(batch * kEach, [&job, batch] {
      for (int file = 0; file < kFiles; ++file) {
        job.machine().disk().Put(absl::StrCat("in/", batch, "-", file), FileOfLines());
      }
    });
  }
  job.Start();
  job.RunFor(4 * kept_every * kEach);
  EXPECT_EQ(job.strikes(), 1);
  if (loss == Loss::kDriver) return times.completed.at(fatal) - times.rerun;
  const absl::Duration lost = times.begun.at(fatal);
  for (const auto& [batch, at] : times.completed) {
    if (batch < fatal || at > lost + (batch - fatal + 1) * kEach) continue;
    EXPECT_LT(times.completed.at(fatal - 1), lost) << "it was behind before";
    return at - lost;
  }
  ADD_FAILURE() << "it does not catch up";
  return absl::InfiniteDuration();
}

// A worker alone reads what it has written itself, so the work of several is more by what travels:
// that is why it is not 1.
constexpr double kMostWork[] = {1.45, 1.85};  // by loss

TEST(ParallelRecovery, TakesAsLongAsTheWorkIsForAllWorkersTogether) {
  constexpr int kKeptEvery = 20;
  for (const Loss loss : {Loss::kWorker, Loss::kDriver}) {
    const absl::Duration alone = CatchesUpAfter(loss, 1, kKeptEvery);
    std::string line = absl::StrCat(loss == Loss::kWorker ? "a worker" : "the driver",
                                    " lost: 1: ", absl::FormatDuration(alone));
    for (const int workers : {2, 4, 8}) {
      const absl::Duration together = CatchesUpAfter(loss, workers, kKeptEvery);
      absl::StrAppend(&line, ", ", workers, ": ", absl::FormatDuration(together));
      EXPECT_LE(together, kMostWork[static_cast<int>(loss)] * alone / workers) << line;
    }
    std::cout << line << "\n";
  }
}

}  // namespace
}  // namespace wavetank::runtime
