// Rules of the driver's side of receivers, each in the order of events that it is there for: the
// receivers do what they are told.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/block_name.h"
#include "checkpoint/crc32c.h"
#include "checkpoint/paths.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "runtime/dstream/wire.h"
#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr absl::Duration kPatience = absl::Seconds(30);

// What a run of a receiver can do. Block n holds the line n.
class Receiving {
 public:
  Receiving(TaskContext& context, ReceiverTask task)
      : context_(context),
        task_(std::move(task)),
        run_({.stream = task_.stream, .run = context.id().Unique()}) {}

  TaskContext& context() { return context_; }

  Task<absl::Status> Start() {
    std::string request = EncodeToString(run_);
    co_return (co_await context_.CallDriver(kReceiverStartedMethod, std::move(request), kPatience))
        .status();
  }
  static std::string ContentOf(int64_t number) { return absl::StrCat(number, "\n"); }
  Block BlockOf(int64_t number) const {
    const std::string content = ContentOf(number);
    const checkpoint::BlockName name{.stream = static_cast<int32_t>(task_.stream),
                                     .run = run_.run,
                                     .number = number,
                                     .records = 1,
                                     .crc32c = checkpoint::Crc32c(content)};
    return {.stream = task_.stream,
            .path = checkpoint::JoinPath(task_.directory, name.Text()),
            .size_bytes = content.size(),
            .crc32c = name.crc32c,
            .records = 1};
  }
  Task<absl::Status> Store(int64_t number) {
    std::string path = BlockOf(number).path;
    return context_.store().CreateIfAbsent(std::move(path), ContentOf(number));
  }
  // The driver's answer, or why there is none.
  Task<std::string> Report(int64_t number) {
    std::string request = EncodeToString(BlockOf(number));
    const auto answer =
        co_await context_.CallDriver(kAddBlockMethod, std::move(request), kPatience);
    co_return answer.ok() ? *answer : answer.status().ToString();
  }
  Task<void> AwaitStop() {
    ReceiverOrders orders;
    while (!orders.stop) {
      const ReceiverQuestion question{.stream = task_.stream, .known = orders};
      const auto answer =
          co_await context_.CallDriver(kAwaitOrdersMethod, EncodeToString(question), kPatience);
      if (answer.ok()) EXPECT_TRUE(DecodeFromString(*answer, orders).ok());
    }
  }
  Task<void> Idle() {
    while (true) co_await context_.node().clock().Sleep(absl::Hours(1));
  }

 private:
  TaskContext& context_;
  const ReceiverTask task_;
  const ReceiverRun run_;
};

using Script = std::function<Task<absl::Status>(Receiving& receiving)>;

class ScriptedReceiver final : public TaskBody {
 public:
  explicit ScriptedReceiver(const Script& script) : script_(script) {}

  Task<absl::StatusOr<std::string>> Run(TaskContext& context, std::string payload) override {
    ReceiverTask task;
    WT_CO_RETURN_IF_ERROR(DecodeFromString(payload, task));
    Receiving receiving(context, std::move(task));
    WT_CO_RETURN_IF_ERROR(co_await script_(receiving));
    co_return std::string();
  }

 private:
  const Script& script_;
};

// A job whose receivers do what the script says, each run of them anew.
class ScriptedJob {
 public:
  explicit ScriptedJob(SimJobOptions options, Script script)
      : script_(std::move(script)), job_(std::move(options), [](StreamingContext& ssc) {
          ssc.Checkpoint("checkpoint");
          ssc.SocketTextStream("m", 9999).SaveAsTextFiles("out/lines");
        }) {
    job_.SetRegistry([this](TaskRegistry& registry) {
      registry[kReceiverTaskKind] = std::make_unique<ScriptedReceiver>(script_);
    });
    job_.Start();
  }
  SimJob& operator*() { return job_; }
  SimJob* operator->() { return &job_; }

 private:
  const Script script_;
  SimJob job_;
};

Task<void> ReportInto(Receiving& receiving, int64_t number, std::vector<std::string>& answers) {
  std::string answer = co_await receiving.Report(number);
  answers.push_back(std::move(answer));
}
Task<absl::Status> ReportTwiceAtOnce(Receiving& receiving, std::vector<std::string>& answers) {
  WT_CO_RETURN_IF_ERROR(co_await receiving.Start());
  for (int64_t number = 0; number < 3; ++number) {
    WT_CO_RETURN_IF_ERROR(co_await receiving.Store(number));
    answers.clear();
    platform::TaskScope scope(receiving.context().node().executor());
    scope.Spawn("report", ReportInto(receiving, number, answers));
    scope.Spawn("repeat", ReportInto(receiving, number, answers));
    co_await scope.Join();
    EXPECT_THAT(answers, Contains("added"));
  }
  co_await receiving.Idle();
  co_return absl::OkStatus();
}

TEST(ReceiverRules, ABlockIsLoggedOnceAlthoughItIsReportedAgainMeanwhile) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    std::vector<std::string> answers;
    ScriptedJob job({.seed = seed, .workers = 1},
                    [&](Receiving& receiving) { return ReportTwiceAtOnce(receiving, answers); });
    job->RunFor(absl::Seconds(5));
    EXPECT_EQ(job->Reached("dstream.block_logged"), 3u);
    EXPECT_THAT(job->SavedLines("out"), ElementsAre("0", "1", "2"));
    EXPECT_THAT(job->ended(), IsEmpty());
  }
}

Task<absl::Status> StartAndLook(Receiving& receiving, std::function<void()>& look) {
  WT_CO_RETURN_IF_ERROR(co_await receiving.Start());
  look();
  co_await receiving.Idle();
  co_return absl::OkStatus();
}

TEST(ReceiverRules, ARunMayStoreOnlyOnceItIsLogged) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    int looks = 0;
    std::function<void()> look;
    ScriptedJob job({.seed = seed, .workers = 1},
                    [&](Receiving& receiving) { return StartAndLook(receiving, look); });
    look = [&] {
      ++looks;
      EXPECT_EQ(job->Reached("dstream.receiver_logged"), 1u);
    };
    job->RunFor(absl::Seconds(3));
    EXPECT_EQ(looks, 1);
  }
}

// Who has stored nothing, or what it says, when its worker is lost.
struct FirstRun {
  std::string process;
  std::string path;  // of its block 0
};
Task<absl::Status> NoteTheFirst(Receiving& receiving, FirstRun& first, bool stores) {
  const bool is_first = first.process.empty();
  if (is_first) first = {receiving.context().node().process(), receiving.BlockOf(0).path};
  WT_CO_RETURN_IF_ERROR(co_await receiving.Start());
  if (is_first && stores) WT_CO_RETURN_IF_ERROR(co_await receiving.Store(0));
  co_await receiving.Idle();
  co_return absl::OkStatus();
}

// One who is cut off may store until the log says that it was replaced.
TEST(ReceiverRules, WhatIsStoredUntilTheLogHasTheNextRunIsInput) {
  FirstRun first;
  ScriptedJob job({.seed = 2, .interval = absl::Minutes(1)},
                  [&](Receiving& receiving) { return NoteTheFirst(receiving, first, false); });
  job->RunFor(absl::Seconds(2));
  ASSERT_FALSE(first.process.empty());
  // Between the batches the next thing that is logged has to do with the receivers.
  job->AtStep("fenced_log.appended", 1, [&](simulator::SimProcess&) {
    job->machine().disk().Put(first.path, Receiving::ContentOf(0));
  });
  job->world().Crash(job->world().process(first.process));
  job->RunFor(absl::Minutes(3));
  EXPECT_EQ(job->strikes(), 1);
  EXPECT_THAT(job->SavedLines("out"), ElementsAre("0"));
  EXPECT_EQ(job->Reached("dstream.block_found"), 1u);
}

TEST(ReceiverRules, WhatAReplacedRunHadStoredIsAskedForUntilTheStoreAnswers) {
  FirstRun first;
  int failed = 0;
  const simulator::Fault fault{.kind = simulator::FaultKind::kTooManyFiles};
  ScriptedJob job({.seed = 3},
                  [&](Receiving& receiving) { return NoteTheFirst(receiving, first, true); });
  job->RunFor(absl::Seconds(3));
  ASSERT_FALSE(first.process.empty());
  job->SetCallFault([&](const simulator::SeamCall& call) -> const simulator::Fault* {
    const bool lists =
        call.kind == simulator::SeamCallKind::kList && call.target.ends_with("checkpoint/blocks");
    return lists && ++failed <= 2 ? &fault : nullptr;
  });
  job->world().Crash(job->world().process(first.process));
  job->RunFor(absl::Seconds(30));
  EXPECT_GT(failed, 2);
  EXPECT_THAT(job->SavedLines("out"), ElementsAre("0"));
}

Task<absl::Status> HandOverLate(Receiving& receiving) {
  WT_CO_RETURN_IF_ERROR(co_await receiving.Start());
  co_await receiving.AwaitStop();
  co_await receiving.context().node().clock().Sleep(absl::Milliseconds(3500));
  WT_CO_RETURN_IF_ERROR(co_await receiving.Store(0));
  const std::string answer = co_await receiving.Report(0);
  EXPECT_EQ(answer, "added");
  co_return absl::OkStatus();
}

TEST(ReceiverRules, AGracefulStopWaitsForTheLastBlockForLongerThanAnInterval) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    ScriptedJob job({.seed = seed}, HandOverLate);
    job->RunFor(absl::Milliseconds(2300));
    job->Stop(/*gracefully=*/true);
    job->RunFor(absl::Seconds(15));
    EXPECT_THAT(job->ended(), ElementsAre(absl::OkStatus()));
    EXPECT_THAT(job->SavedLines("out"), ElementsAre("0"));
    EXPECT_EQ(job->History("checkpoint").unallocated_blocks().size(), 0u);
  }
}

Task<absl::Status> HandOverAtStop(Receiving& receiving) {
  WT_CO_RETURN_IF_ERROR(co_await receiving.Start());
  co_await receiving.AwaitStop();
  WT_CO_RETURN_IF_ERROR(co_await receiving.Store(0));
  const std::string answer = co_await receiving.Report(0);
  EXPECT_EQ(answer, "added");
  co_return absl::OkStatus();
}

// The input of the one under way was logged before there was anything.
TEST(ReceiverRules, AGracefulStopRunsTheBatchAfterTheOneUnderWay) {
  int meanwhile = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    ScriptedJob job({.seed = seed}, HandOverAtStop);
    job->AtStep("dstream.batch_input_logged", 3, [&](simulator::SimProcess&) {
      job->machine().disk().SetSlowness(200);
      job->After(absl::ZeroDuration(), [&] { job->Stop(/*gracefully=*/true); });
    });
    job->AtStep("dstream.receivers_stopped", 1, [&](simulator::SimProcess&) {
      meanwhile += job->Reached("dstream.batch_completed") == 2 ? 1 : 0;
    });
    job->RunFor(absl::Seconds(25));
    EXPECT_THAT(job->ended(), ElementsAre(absl::OkStatus()));
    EXPECT_THAT(job->SavedLines("out"), ElementsAre("0"));
  }
  EXPECT_GT(meanwhile, 0) << "no batch was under way";
}

Task<absl::Status> EndAtOnceIfFirst(Receiving& receiving, int& runs) {
  const bool is_first = ++runs == 1;
  WT_CO_RETURN_IF_ERROR(co_await receiving.Start());
  if (is_first) co_return absl::OkStatus();  // as when its worker is asked to leave
  WT_CO_RETURN_IF_ERROR(co_await receiving.Store(0));
  const std::string answer = co_await receiving.Report(0);
  EXPECT_EQ(answer, "added");
  co_await receiving.Idle();
  co_return absl::OkStatus();
}

TEST(ReceiverRules, AReceiverThatEndedInGoodOrderIsStartedAnew) {
  int runs = 0;
  ScriptedJob job({.seed = 4},
                  [&](Receiving& receiving) { return EndAtOnceIfFirst(receiving, runs); });
  job->RunFor(absl::Seconds(20));
  EXPECT_EQ(runs, 2);
  EXPECT_THAT(job->SavedLines("out"), ElementsAre("0"));
  EXPECT_THAT(job->ended(), IsEmpty());
}

}  // namespace
}  // namespace wavetank::runtime
