// A job with state in the simulator: each batch gets its lines as a file, and what it saves below
// "out" is read batch by batch.
#ifndef WAVETANK_TESTS_RUNTIME_DSTREAM_STATE_RUN_H_
#define WAVETANK_TESTS_RUNTIME_DSTREAM_STATE_RUN_H_

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {

using Lines = std::vector<std::string>;
using Batches = std::vector<Lines>;  // sorted, where they are of an output

inline constexpr absl::Duration kStateBatch = absl::Seconds(1);

class StateRun {
 public:
  explicit StateRun(std::function<void(DStream<std::string>)> plan, SimJobOptions options = {})
      : job_(std::move(options), [plan = std::move(plan)](StreamingContext& ssc) {
          ssc.Checkpoint("ck");
          plan(ssc.TextFileStream("in"));
        }) {}

  SimJob& job() { return job_; }
  void Start() {
    job_.Start();
    job_.RunFor(absl::Milliseconds(1'500));
  }
  // A batch of an interval, whose input it is unless something has failed.
  void Feed(const Lines& lines) {
    if (!lines.empty()) {
      job_.machine().disk().Put(absl::StrCat("in/", files_.size()),
                                absl::StrCat(absl::StrJoin(lines, "\n"), "\n"));
      files_.push_back(lines);
    }
    job_.RunFor(kStateBatch);
  }
  void Feed(const Batches& batches) {
    for (const Lines& lines : batches) Feed(lines);
  }

  // Of a file that was fed, by its path.
  const Lines& LinesOf(const std::string& path) const {
    return files_.at(std::stoul(path.substr(path.rfind('/') + 1)));
  }

  // Of each batch from the first with rows on, what it has saved; expects all of its attempts that
  // are complete to be the same.
  Batches Saved() {
    Batches batches;
    for (const auto& [time_ms, attempts] : job_.Saved("out")) {
      Batches complete;
      for (const auto& [name, attempt] : attempts) {
        if (!attempt.complete) continue;
        complete.push_back(attempt.lines);
        std::ranges::sort(complete.back());
        EXPECT_EQ(complete.back(), complete.front()) << "attempts at " << time_ms << " ms";
      }
      if (complete.empty() || (batches.empty() && complete.front().empty())) continue;
      batches.push_back(std::move(complete.front()));
    }
    return batches;
  }

 private:
  SimJob job_;
  Batches files_;
};

// Of lines "<key> <number>"; a number that is missing is 1.
inline std::pair<std::string, int64_t> KeyAndNumber(const std::string& line) {
  const size_t space = line.find(' ');
  if (space == std::string::npos) return {line, 1};
  return {line.substr(0, space), std::stoll(line.substr(space + 1))};
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_DSTREAM_STATE_RUN_H_
