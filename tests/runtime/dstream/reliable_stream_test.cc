// ReliableTextStream: of a server that keeps its lines each is input once, whatever dies; and what
// such a server may not do.
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/task_scope.h"
#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

void SaveReliableLines(StreamingContext& ssc) {
  ssc.Checkpoint("checkpoint");
  ssc.ReliableTextStream("m", 9999).SaveAsTextFiles("out/lines");
}

// Line n is "line n"; lines come one by one, and those that are acknowledged are forgotten.
class KeepingServer {
 public:
  explicit KeepingServer(SimJob& job) {
    job.world().Start(
        "m", {"server", {{"server", [this](platform::Node& node) { return Serve(node, *this); }}}});
  }
  int64_t most = 200;
  int64_t first = 0;  // that is kept
  std::vector<std::string> sends_instead;

 private:
  static Task<void> Serve(platform::Node& node, KeepingServer& self) {
    const auto listener = co_await node.network().ListenStream("m:9999");
    EXPECT_TRUE(listener.ok()) << listener.status();
    platform::TaskScope peer(node.executor());
    while (true) {
      auto stream = co_await (*listener)->Accept();
      peer.DestroyChildren();
      if (stream.ok()) peer.Spawn("peer", Send(node, self, *std::move(stream)));
    }
  }
  static Task<void> Send(platform::Node& node, KeepingServer& self,
                         std::unique_ptr<platform::ByteStream> stream) {
    bool asked = false;
    platform::TaskScope reader(node.executor());
    reader.Spawn("reader", Hear(self, *stream, asked));
    while (!asked) co_await node.clock().Sleep(absl::Milliseconds(3));
    for (const std::string& text : self.sends_instead) {
      const absl::Status written = co_await stream->Write(text);
      if (!written.ok()) co_return;
    }
    for (int64_t next = self.first;; ++next) {
      co_await node.clock().Sleep(absl::Milliseconds(17));
      while (next >= self.most) co_await node.clock().Sleep(absl::Milliseconds(17));
      const absl::Status written = co_await stream->Write(absl::StrCat(next, " line ", next, "\n"));
      if (!written.ok()) co_return;
    }
  }
  static Task<void> Hear(KeepingServer& self, platform::ByteStream& stream, bool& asked) {
    std::string said;
    for (auto bytes = co_await stream.Read(100); bytes.ok() && !bytes->empty();
         bytes = co_await stream.Read(100)) {
      said += *bytes;
      for (size_t end = said.find('\n'); end != std::string::npos; end = said.find('\n')) {
        absl::string_view line(said.data(), end);
        int64_t safe = 0;
        if (!asked) {
          EXPECT_EQ(line, "READ");
          asked = true;
        } else {
          EXPECT_TRUE(absl::ConsumePrefix(&line, "ACK ") && absl::SimpleAtoi(line, &safe)) << said;
        }
        self.first = std::max(self.first, safe);
        said.erase(0, end + 1);
      }
    }
  }
};

// What the complete batches saved, in order.
std::vector<std::string> ReliableLines(SimJob& job) {
  std::vector<std::string> lines;
  for (const auto& [time_ms, attempts] : job.Saved("out")) {
    for (const auto& [name, attempt] : attempts) {
      if (!attempt.complete) continue;
      lines.insert(lines.end(), attempt.lines.begin(), attempt.lines.end());
      break;
    }
  }
  return lines;
}

void ExpectEachLineOnce(SimJob& job, const KeepingServer& server) {
  const std::vector<std::string> lines = ReliableLines(job);
  EXPECT_EQ(std::ssize(lines), server.most);
  for (size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(lines[i], absl::StrCat("line ", i));
  EXPECT_EQ(server.first, server.most) << "lines that the server was not told of";
}

TEST(ReliableTextStream, GivesEachLineOnceAndLetsTheServerForgetIt) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    SimJob job({.seed = seed}, SaveReliableLines);
    KeepingServer server(job);
    job.Start();
    job.RunFor(absl::Seconds(8));
    ExpectEachLineOnce(job, server);
    EXPECT_THAT(job.ended(), IsEmpty());
  }
}

TEST(ReliableTextStream, GivesEachLineOnceWhateverDies) {
  const char* const steps[] = {"receiver.connected",         "receiver.block_stored",
                               "dstream.block_logged",       "receiver.block_added",
                               "dstream.lines_acknowledged", "dstream.batch_input_logged",
                               "dstream.batch_completed"};
  for (const char* step : steps) {
    for (const char* victim : {"driver", "w0 and w1", "all", "power"}) {
      SCOPED_TRACE(absl::StrCat(victim, " at ", step));
      SimJob job({.seed = 5}, SaveReliableLines);
      job.driver_options().log_segment_bytes = 600;  // the log is begun anew on the way
      job.driver_options().batches_retained = 1;
      KeepingServer server(job);
      job.Start();
      const int occurrence = std::string(step) == "receiver.connected" ? 1 : 4;
      job.AtStep(step, occurrence, [&job, victim = std::string(victim)](auto&) {
        const auto crash = [&job](const std::string& name) {
          job.world().Crash(job.world().process(name));
          job.After(absl::Milliseconds(300), [&job, name] { job.world().Restart(name); });
        };
        if (victim == "power") {
          job.world().LosePower("m");
          job.After(absl::Milliseconds(300), [&job] {
            job.world().PowerOn("m");
            for (const char* name : {"server", "w0", "w1", "driver"}) job.world().Restart(name);
          });
          return;
        }
        if (victim != "w0 and w1") crash("driver");
        if (victim == "driver") return;
        crash("w0");
        crash("w1");
      });
      job.RunFor(absl::Seconds(15));
      EXPECT_EQ(job.strikes(), 1);
      ExpectEachLineOnce(job, server);
    }
  }
}

TEST(ReliableTextStream, NeedsACheckpoint) {
  StreamingContext ssc(absl::Seconds(1));
  ssc.ReliableTextStream("m", 9999).Print();
  EXPECT_THAT(ssc.graph().Validate().ToString(),
              HasSubstr("operator 0 (ReliableTextStream) remembers which lines are safe: give the "
                        "context a directory for it, with Checkpoint()"));
}

TEST(ReliableTextStream, IsReadOnce) {
  StreamingContext ssc(absl::Seconds(1));
  ssc.Checkpoint("checkpoint");
  ssc.ReliableTextStream("m", 9999).Union(ssc.ReliableTextStream("m", 9999)).Print();
  EXPECT_THAT(ssc.graph().Validate().ToString(),
              HasSubstr("both read m:9999, which forgets what one has safe"));
}

TEST(ReliableTextStream, TellsItsServerOfTheLastBlockBeforeItStops) {
  SimJob job({.seed = 4}, SaveReliableLines);
  KeepingServer server(job);
  job.Start();
  job.RunFor(absl::Milliseconds(2'850));
  job.Stop(/*gracefully=*/true);
  job.RunFor(absl::Seconds(5));
  EXPECT_THAT(job.ended(), testing::ElementsAre(absl::OkStatus()));
  EXPECT_EQ(static_cast<int64_t>(ReliableLines(job).size()), server.first);
  EXPECT_GT(server.first, 0);
}

TEST(ReliableTextStream, NamesWhatItsServerDoesWrong) {
  const std::pair<std::vector<std::string>, const char*> mistakes[] = {
      {{"-1 a\n"}, "what it sends for line 0 does not begin with a line's number"},
      {{"hello\n"}, "what it sends for line 0 does not begin with a line's number and a space"},
      {{"0 a\n1 b\n3 d\n"}, "it sends line 3, and line 2 has not come"},
      {{"0 a\n1 a line\rwith a return\n"}, "what it sends for line 2 does not begin with"},
      {{"0 ", std::string(200, 'x'), "\n"},
       "line 0 is longer than 100 bytes, and no line may be "
       "left out"},
      {{"0 ", std::string(500, 'x')}, "line 0 is longer than 100 bytes"}};
  for (const auto& [sends, message] : mistakes) {
    SimJob job({.seed = 2}, SaveReliableLines);
    job.driver_options().line_bytes_max = 100;
    KeepingServer server(job);
    server.sends_instead = sends;
    server.most = 0;
    job.Start();
    job.RunFor(absl::Seconds(4));
    EXPECT_THAT(job.log(), HasSubstr(message));
  }
}

}  // namespace
}  // namespace wavetank::runtime
