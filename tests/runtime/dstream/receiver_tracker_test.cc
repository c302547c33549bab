// What the driver makes of the reports of receivers that behave in ways the real one seldom does.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/block_name.h"
#include "checkpoint/crc32c.h"
#include "checkpoint/paths.h"
#include "platform/status_macros.h"
#include "runtime/dstream/wire.h"
#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::ElementsAre;

// Stores and reports blocks "0", "1" and "2", one by one, and repeats the report of one of them
// whenever the next has been taken over.
class RepeatingReceiver final : public TaskBody {
 public:
  RepeatingReceiver(int repeated, std::vector<std::string>& answers)
      : repeated_(repeated), answers_(answers) {}

  Task<absl::StatusOr<std::string>> Run(TaskContext& context, std::string payload) override {
    ReceiverTask task;
    WT_CO_RETURN_IF_ERROR(DecodeFromString(payload, task));
    const ReceiverRun run{.stream = task.stream, .run = context.id().Unique()};
    std::string started = EncodeToString(run);
    WT_CO_RETURN_IF_ERROR(
        (co_await context.CallDriver(kReceiverStartedMethod, std::move(started), absl::Seconds(30)))
            .status());
    std::vector<Block> blocks;
    for (int64_t number = 0; number < 3; ++number) {
      const std::string content = absl::StrCat(number, "\n");
      const checkpoint::BlockName name{.stream = static_cast<int32_t>(task.stream),
                                       .run = run.run,
                                       .number = number,
                                       .records = 1,
                                       .crc32c = checkpoint::Crc32c(content)};
      blocks.push_back({.stream = task.stream,
                        .path = checkpoint::JoinPath(task.directory, name.Text()),
                        .size_bytes = content.size(),
                        .crc32c = name.crc32c,
                        .records = 1});
      std::string path = blocks.back().path;
      WT_CO_RETURN_IF_ERROR(co_await context.store().CreateIfAbsent(std::move(path), content));
      for (const int64_t reported : {number, int64_t{repeated_}}) {
        if (reported > number) continue;
        std::string request = EncodeToString(blocks[static_cast<size_t>(reported)]);
        const auto answer =
            co_await context.CallDriver(kAddBlockMethod, std::move(request), absl::Seconds(30));
        answers_.push_back(answer.ok() ? *answer : answer.status().ToString());
      }
    }
    while (true) co_await context.node().clock().Sleep(absl::Hours(1));
  }

 private:
  const int repeated_;
  std::vector<std::string>& answers_;
};

TEST(ReceiverTracker, ARepeatedReportIsAnsweredAsTheFirstHoweverLateItComes) {
  for (const int repeated : {0, 1}) {
    SCOPED_TRACE(repeated);
    SimJob job({.seed = 1, .workers = 1}, [](StreamingContext& ssc) {
      ssc.Checkpoint("checkpoint");
      ssc.SocketTextStream("m", 9999).SaveAsTextFiles("out/lines");
    });
    std::vector<std::string> answers;
    job.SetRegistry([&](TaskRegistry& registry) {
      registry[kReceiverTaskKind] = std::make_unique<RepeatingReceiver>(repeated, answers);
    });
    job.Start();
    job.RunFor(absl::Seconds(5));
    EXPECT_EQ(answers.size(), repeated == 0 ? 6u : 5u);
    EXPECT_THAT(answers, testing::Each("added"));
    EXPECT_EQ(job.Reached("dstream.block_logged"), 3u);
    EXPECT_THAT(job.SavedLines("out"), ElementsAre("0", "1", "2"));
    EXPECT_THAT(job.ended(), testing::IsEmpty());
  }
}

}  // namespace
}  // namespace wavetank::runtime
