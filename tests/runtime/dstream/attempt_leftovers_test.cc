// What a process that was killed leaves half written in the directory of its attempt, where nobody
// comes again.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::Contains;
using testing::Not;

constexpr char kDead[] = "/.tmp-00000000000000aa";
constexpr char kAlive[] = "/.tmp-00000000000000bb";
constexpr char kOfSomebody[] = "/.tmp-notes";

Task<void> HoldALock(platform::Node& node, std::string path) {
  const auto lock = co_await node.disk().Lock(std::move(path));
  EXPECT_TRUE(lock.ok()) << lock.status();
  co_await node.clock().Sleep(absl::Hours(1));
}

TEST(AttemptLeftovers, OfTheDeadGoAtTheNextStartAndOthersStay) {
  SimJob job({.seed = 61}, [](StreamingContext& ssc) {
    ssc.Checkpoint("checkpoint");
    ssc.TextFileStream("in").SaveAsTextFiles("out/lines");
  });
  simulator::SimDisk& disk = job.machine().disk();
  std::string attempt;
  // A batch without its completion mark, of a driver that is killed.
  job.AtStep("dstream.output_done", 2, [&](simulator::SimProcess& driver) {
    for (const std::string& file : disk.image().Files("out/")) {
      if (file.ends_with("/_SUCCESS")) attempt = file.substr(0, file.rfind('/'));
    }
    job.world().Crash(driver);
  });
  job.Start();
  job.RunFor(absl::Seconds(4));
  ASSERT_FALSE(attempt.empty());
  for (const char* name : {kDead, kAlive, kOfSomebody}) disk.Put(attempt + name, "half");
  job.world().Start("m", {"alive", {{"alive", [attempt](platform::Node& node) {
                                       return HoldALock(node, attempt + kAlive);
                                     }}}});
  job.RunFor(absl::Seconds(1));
  job.world().Restart("driver");
  job.RunFor(absl::Seconds(4));
  const std::vector<std::string> left = disk.image().Files("out/");
  EXPECT_THAT(left, Not(Contains(attempt + kDead)));
  EXPECT_THAT(left, Contains(attempt + kAlive));
  EXPECT_THAT(left, Contains(attempt + kOfSomebody));
  EXPECT_TRUE(job.ended().empty());
}

}  // namespace
}  // namespace wavetank::runtime
