// A query over a directory of a local disk is woken when a file comes, and looks by itself when
// nobody tells it.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "tests/runtime/structured/query_jobs.h"

namespace wavetank::runtime {
namespace {

constexpr absl::Duration kPoll = absl::Seconds(3);

// From when each of some files came until its batch was defined, sorted.
std::vector<absl::Duration> Delays(QueryWorld& world, int files) {
  std::vector<absl::Duration> delays;
  world.StartDriver();
  for (int i = 0; i < files; ++i) {
    simulator::SimWorld& sim = world.world();
    sim.RunFor(absl::Milliseconds(700));
    const absl::Duration came = sim.now();
    world.Put(absl::StrCat("file-", i), "line\n");
    world.RunUntilStep("batch.defined");
    delays.push_back(sim.now() - came);
    world.RunUntilStep("batch.committed");
  }
  std::ranges::sort(delays);
  return delays;
}

TEST(News, AFileIsSeenAsItComes) {
  QueryOptions options;
  options.poll_interval = kPoll;
  int64_t missed = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    QueryWorld world(seed, LinesJob(absl::ZeroDuration()), options);
    world.Put("first", "line\n");
    const std::vector<absl::Duration> delays = Delays(world, 40);
    EXPECT_LT(delays[delays.size() / 2], absl::Milliseconds(50));
    EXPECT_LT(delays.back(), 11 * kPoll);
    missed += std::ranges::count_if(delays, [](absl::Duration each) { return each > kPoll; });
  }
  // One in sixteen is not told of: then the query looks, if seldom.
  EXPECT_GE(missed, 3);
}

// The directory was not there when it was to be watched, and another one has come to stand there.
TEST(News, ADirectoryThatComesIsWatched) {
  QueryOptions options;
  options.poll_interval = absl::Milliseconds(100);
  QueryWorld world(1, LinesJob(absl::ZeroDuration()), options);
  const std::vector<absl::Duration> delays = Delays(world, 10);
  EXPECT_LT(delays[delays.size() / 2], absl::Milliseconds(50));
}

// A trigger with an interval begins no batch between its ticks.
TEST(News, WaitForTheTrigger) {
  QueryWorld world(1, LinesJob(absl::Seconds(5)));
  world.Put("first", "line\n");
  const std::vector<absl::Duration> delays = Delays(world, 10);
  EXPECT_GT(delays[delays.size() / 2], absl::Seconds(1));
}

}  // namespace
}  // namespace wavetank::runtime
