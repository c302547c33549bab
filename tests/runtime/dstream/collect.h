// The rows of a stream, batch by batch, as a driver and two workers make them.
#ifndef WAVETANK_TESTS_RUNTIME_DSTREAM_COLLECT_H_
#define WAVETANK_TESTS_RUNTIME_DSTREAM_COLLECT_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {

template <typename Row>
struct Collected {
  std::vector<absl::Time> times;
  std::vector<std::vector<Row>> batches;
};

// Runs the job for some batches and collects each.
template <typename Row>
Collected<Row> Collect(int batches,
                       const std::function<DStream<Row>(StreamingContext&)>& make_stream,
                       uint64_t seed = 1) {
  Collected<Row> collected;
  SimJob job({.seed = seed}, [&](StreamingContext& ssc) {
    make_stream(ssc).ForeachRDD([&](const Rdd<Row>& rdd, absl::Time time) {
      collected.times.push_back(time);
      collected.batches.push_back(rdd.Collect());
    });
  });
  job.Start();
  for (int seconds = 0; seconds < 60 && std::ssize(collected.batches) < batches; ++seconds) {
    job.RunFor(absl::Seconds(1));
  }
  EXPECT_THAT(job.ended(), testing::IsEmpty());
  collected.times.resize(static_cast<size_t>(batches));
  collected.batches.resize(static_cast<size_t>(batches));
  return collected;
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_DSTREAM_COLLECT_H_
