// SocketTextStream: lossy as documented, and no more than that.
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

void SaveLines(StreamingContext& ssc) {
  ssc.Checkpoint("checkpoint");
  ssc.SocketTextStream("m", 9999).SaveAsTextFiles("out/lines");
}

// A server that sends lines "0", "1", ... to whoever is connected, and never again what it sent.
class LineServer {
 public:
  explicit LineServer(SimJob& job) {
    job.world().Start(
        "m", {"server", {{"server", [this](platform::Node& node) { return Serve(node, *this); }}}});
  }
  int64_t sent = 0;
  int64_t most = INT64_MAX;
  std::string first;  // sent before all lines, once
  bool ends_after_first = false;

 private:
  static Task<void> Serve(platform::Node& node, LineServer& self) {
    const auto listener = co_await node.network().ListenStream("m:9999");
    EXPECT_TRUE(listener.ok()) << listener.status();
    while (true) {
      auto stream = co_await (*listener)->Accept();
      if (stream.ok()) co_await Send(node, self, *std::move(stream));
    }
  }
  static Task<void> Send(platform::Node& node, LineServer& self,
                         std::unique_ptr<platform::ByteStream> stream) {
    absl::Status written = co_await stream->Write(std::exchange(self.first, ""));
    if (self.ends_after_first) {
      stream->Close();
      // Nobody else is served: the receiver would read on.
      while (true) co_await node.clock().Sleep(absl::Hours(1));
    }
    while (written.ok()) {
      co_await node.clock().Sleep(absl::Milliseconds(17));
      if (self.sent >= self.most) continue;
      written = co_await stream->Write(absl::StrCat(self.sent++, "\n"));
    }
  }
};

struct Received {
  std::vector<std::string> lines;  // one complete attempt a batch, in order
  int64_t logged_records = 0;      // of the blocks in completed batches
  size_t unallocated = 0;
};

Received ReadReceived(SimJob& job) {
  Received received;
  const checkpoint::GraphHistory history = job.History("checkpoint");
  const SavedOutput saved = job.Saved("out");
  received.unallocated = history.unallocated_blocks().size();
  for (const auto& [time_ms, batch] : history.batches()) {
    if (!batch.completed) continue;
    for (const auto& stream : batch.input.streams()) {
      for (const auto& block : stream.blocks()) received.logged_records += block.records();
    }
    const SavedAttempt* complete = nullptr;
    for (const auto& [name, attempt] : saved.at(time_ms)) {
      if (attempt.complete) complete = &attempt;
    }
    EXPECT_NE(complete, nullptr) << "batch " << time_ms << " has no complete output";
    if (complete == nullptr) continue;
    received.lines.insert(received.lines.end(), complete->lines.begin(), complete->lines.end());
  }
  return received;
}

// In order, none twice, and as many as the logged blocks hold.
void ExpectWhatWasLoggedOnceInOrder(const Received& received) {
  EXPECT_EQ(std::ssize(received.lines), received.logged_records);
  int64_t previous = -1;
  for (const std::string& line : received.lines) {
    int64_t number = -1;
    EXPECT_TRUE(absl::SimpleAtoi(line, &number)) << line;
    EXPECT_GT(number, previous);
    previous = number;
  }
}

TEST(SocketTextStream, GivesEveryLineOnceInOrderWhileNothingFails) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SimJob job({.seed = seed}, SaveLines);
    LineServer server(job);
    server.most = 300;
    job.Start();
    job.RunFor(absl::Seconds(12));
    const Received received = ReadReceived(job);
    ExpectWhatWasLoggedOnceInOrder(received);
    EXPECT_EQ(received.lines.size(), 300u);
    EXPECT_THAT(job.ended(), IsEmpty());
  }
}

// What waits until then comes in one read.
TEST(SocketTextStream, GoesOnReadingOnceAFullBufferIsHandedOver) {
  SimJob job({.seed = 9}, SaveLines);
  job.driver_options().buffer_bytes_max = 10;
  LineServer server(job);
  server.most = 60;
  job.Start();
  job.RunFor(absl::Seconds(12));
  const Received received = ReadReceived(job);
  ExpectWhatWasLoggedOnceInOrder(received);
  EXPECT_EQ(received.lines.size(), 60u);
}

class SocketTextStreamFailure : public testing::TestWithParam<const char*> {};

TEST_P(SocketTextStreamFailure, LosesOnlyWhatNoLoggedBlockHeld) {
  for (const bool power : {false, true}) {
    for (uint64_t seed = 1; seed <= 4; ++seed) {
      SCOPED_TRACE(absl::StrCat("seed ", seed, power ? ", power loss" : ", crash"));
      SimJob job({.seed = seed}, SaveLines);
      LineServer server(job);
      if (power) {
        job.LosePowerAt(GetParam(), 4, absl::Seconds(1));
      } else {
        job.CrashAt(GetParam(), 4, absl::Seconds(1));
      }
      job.Start();
      job.RunFor(absl::Seconds(6));
      EXPECT_EQ(job.strikes(), 1);
      if (power) job.world().Restart("server");
      job.RunFor(absl::Seconds(6));
      server.most = server.sent;
      job.RunFor(absl::Seconds(3));
      EXPECT_THAT(job.ended(), IsEmpty());
      const Received received = ReadReceived(job);
      ExpectWhatWasLoggedOnceInOrder(received);
      EXPECT_EQ(received.unallocated, 0u);
      const bool stored = std::string(GetParam()) == "receiver.block_stored";
      if (stored) EXPECT_EQ(job.Reached("dstream.block_found"), 1u) << "it was stored: it is input";
      // It goes on afterwards, and what is missing is about what a block interval and the restart
      // held.
      EXPECT_GT(std::ssize(received.lines), server.sent / 2);
    }
  }
}

std::string StepNameOf(const testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (c == '.') c = '_';
  }
  return name;
}
INSTANTIATE_TEST_SUITE_P(AtEachStep, SocketTextStreamFailure,
                         testing::Values("receiver.block_stored", "receiver.block_added",
                                         "dstream.block_logged", "dstream.batch_input_logged",
                                         "dstream.output_done", "dstream.batch_completed",
                                         "fenced_log.appended", "task.started"),
                         StepNameOf);

TEST(SocketTextStream, AGracefulStopProcessesAllThatTheReceiverHadStored) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    SimJob job({.seed = seed}, SaveLines);
    LineServer server(job);
    job.Start();
    job.RunFor(absl::Milliseconds(3100));
    job.Stop(/*gracefully=*/true);
    job.RunFor(absl::Seconds(8));
    ASSERT_EQ(job.ended().size(), 1u);
    EXPECT_TRUE(job.ended()[0].ok()) << job.ended()[0];
    const Received received = ReadReceived(job);
    ExpectWhatWasLoggedOnceInOrder(received);
    EXPECT_EQ(received.unallocated, 0u);
    EXPECT_GT(received.lines.size(), 100u);
    EXPECT_EQ(job.Reached("dstream.receivers_stopped"), 1u);
  }
}

TEST(SocketTextStream, AStopThatIsNotGracefulLeavesTheRestToTheNextDriver) {
  SimJob job({.seed = 3}, SaveLines);
  LineServer server(job);
  job.Start();
  job.RunFor(absl::Milliseconds(3700));
  job.Stop(/*gracefully=*/false);
  job.RunFor(absl::Seconds(1));
  ASSERT_EQ(job.ended().size(), 1u);
  EXPECT_TRUE(job.ended()[0].ok());
  EXPECT_GT(ReadReceived(job).unallocated, 0u);
  job.world().Restart("driver");
  job.RunFor(absl::Seconds(5));
  ExpectWhatWasLoggedOnceInOrder(ReadReceived(job));
}

TEST(SocketTextStream, ALineBeyondTheLimitIsDroppedAndReported) {
  SimJob job({.seed = 4}, SaveLines);
  job.driver_options().line_bytes_max = 10'000;
  LineServer server(job);
  server.first = absl::StrCat("7\n", std::string(200'000, 'x'), "\n", std::string(10'001, 'y'),
                              "\r\n", std::string(10'000, 'z'), "\n");
  server.most = 0;
  job.Start();
  job.RunFor(absl::Seconds(5));
  EXPECT_THAT(ReadReceived(job).lines, testing::ElementsAre("7", std::string(10'000, 'z')));
  EXPECT_THAT(job.log(), HasSubstr("receive from m:9999: dropped a line of more than 10000 bytes"));
}

// No log tells a driver whose blocks it finds.
TEST(SocketTextStream, DriversWithoutACheckpointDoNotTouchEachOthersBlocks) {
  SimJob job({.seed = 7}, [](StreamingContext& ssc) {
    ssc.SocketTextStream("m", 9999).SaveAsTextFiles("out/lines");
  });
  LineServer server(job);
  server.most = 100;
  job.AtStep("dstream.batch_input_logged", 2,
             [&job](simulator::SimProcess& driver) { job.world().Pause(driver); });
  job.Start();
  job.RunFor(absl::Milliseconds(2100));
  ASSERT_EQ(job.strikes(), 1);
  const uint64_t completed = job.Reached("dstream.batch_completed");
  job.StartDriver("driver2", 7001);
  job.StartWorker(9, {"m:7001"});
  job.RunFor(absl::Milliseconds(1100));
  ASSERT_GT(job.Reached("dstream.batch_completed"), completed) << "the second removes leftovers";
  job.world().Resume("driver");
  job.RunFor(absl::Seconds(5));
  EXPECT_THAT(job.ended(), IsEmpty());
  std::vector<std::string> sent;
  for (int line = 0; line < 100; ++line) sent.push_back(absl::StrCat(line));
  EXPECT_THAT(job.SavedLines("out"), testing::ElementsAreArray(sent)) << job.log();
}

TEST(SocketTextStream, ADriverWithoutACheckpointLeavesNoBlocks) {
  SimJob job({.seed = 8}, [](StreamingContext& ssc) {
    ssc.SocketTextStream("m", 9999).SaveAsTextFiles("out/lines");
  });
  LineServer server(job);
  job.Start();
  job.RunFor(absl::Milliseconds(3700));
  std::vector<std::string> scratch = job.NamesIn("scratch");
  ASSERT_EQ(scratch.size(), 1u);
  const std::string blocks = absl::StrCat("scratch/", scratch[0], "/blocks");
  EXPECT_GT(job.FilesIn(blocks), 0u);
  job.Stop(/*gracefully=*/false);
  job.RunFor(absl::Seconds(5));
  ASSERT_EQ(job.ended().size(), 1u);
  EXPECT_EQ(job.FilesIn(blocks), 0u);
}

// The stream ends with the line, which nothing ends.
TEST(SocketTextStream, ALineBeyondTheLimitIsReportedAlthoughItNeverEnds) {
  for (const size_t size : {size_t{10'001}, size_t{64 << 10}, size_t{200'000}}) {
    SCOPED_TRACE(size);
    SimJob job({.seed = 6}, SaveLines);
    job.driver_options().line_bytes_max = 10'000;
    LineServer server(job);
    server.first = absl::StrCat("7\n", std::string(size, 'x'));
    server.ends_after_first = true;
    job.Start();
    job.RunFor(absl::Seconds(5));
    EXPECT_THAT(ReadReceived(job).lines, testing::ElementsAre("7"));
    const std::string report = "receive from m:9999: dropped a line of more than 10000 bytes";
    EXPECT_THAT(job.log(), HasSubstr(report));
    EXPECT_EQ(job.log().find(report), job.log().rfind(report));
  }
}

TEST(SocketTextStream, BlocksOfWhatIsRememberedStayForSoLong) {
  SimJob job({.seed = 5}, [](StreamingContext& ssc) {
    SaveLines(ssc);
    ssc.Remember(absl::Hours(1));
  });
  LineServer server(job);
  server.most = 100;
  job.Start();
  job.RunFor(absl::Seconds(8));
  EXPECT_EQ(ReadReceived(job).lines.size(), 100u);
  EXPECT_GT(job.Reached("dstream.batch_completed"), 5u);
  EXPECT_EQ(job.FilesIn("checkpoint/blocks"), job.Reached("dstream.block_logged"));
}

// Ten of its intervals, where that is more than what other streams get.
TEST(SocketTextStream, AGracefulStopWaitsForTheNextBatchOfALongInterval) {
  SimJob job({.seed = 5, .interval = absl::Minutes(1)}, SaveLines);
  LineServer server(job);
  server.most = 100;
  job.Start();
  job.RunFor(absl::Seconds(65));
  job.Stop(/*gracefully=*/true);
  job.RunFor(absl::Seconds(70));
  EXPECT_THAT(job.ended(), testing::ElementsAre(absl::OkStatus()));
  EXPECT_EQ(ReadReceived(job).lines.size(), 100u);
}

TEST(SocketTextStream, BlocksAreRemovedOnceTheirBatchesAreCompleted) {
  SimJob job({.seed = 5}, SaveLines);
  LineServer server(job);
  server.most = 100;
  job.Start();
  job.RunFor(absl::Seconds(8));
  EXPECT_GT(job.Reached("receiver.block_stored"), 5u);
  EXPECT_EQ(job.FilesIn("checkpoint/blocks"), 0u);
}

}  // namespace
}  // namespace wavetank::runtime
