// What listeners are told, and what a running context says of how it keeps up.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/dstream/receiver.h"
#include "runtime/dstream/streaming_listener.h"
#include "runtime/dstream/streaming_statistics.h"
#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime::listeners {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr absl::Duration kSecond = absl::Seconds(1);

// What one was told, a line a call, and the batches that ended.
struct Told {
  std::vector<std::string> calls;
  std::vector<BatchInfo> ended;
};

class Recorder final : public StreamingListener {
 public:
  explicit Recorder(std::shared_ptr<Told> told) : told_(std::move(told)) {}
  void OnStreamingStarted(absl::Time) override { Say("streaming started"); }
  void OnBatchSubmitted(const BatchInfo& batch) override {
    EXPECT_FALSE(batch.scheduling_delay().has_value());
    Say(absl::StrCat("batch ", batch.batch_id, batch.runs_again ? " again" : "", " submitted"));
  }
  void OnBatchStarted(const BatchInfo& batch) override {
    EXPECT_TRUE(batch.scheduling_delay().has_value());
    EXPECT_FALSE(batch.total_delay().has_value());
    Say(absl::StrCat("batch ", batch.batch_id, " started"));
  }
  void OnBatchCompleted(const BatchInfo& batch) override { End("completed", batch); }
  void OnBatchFailed(const BatchInfo& batch) override { End("failed", batch); }
  void OnOutputOperationStarted(const OutputOperationInfo& output) override {
    EXPECT_FALSE(output.end_time.has_value());
    Say(absl::StrCat(output.name, " started"));
  }
  void OnOutputOperationCompleted(const OutputOperationInfo& output) override {
    EXPECT_GE(output.end_time, output.start_time);
    Say(absl::StrCat(output.name, output.status.ok() ? " completed" : " failed"));
  }
  void OnReceiverStarted(const ReceiverInfo& receiver) override {
    Say(absl::StrCat("receiver of ", receiver.name, " started"));
  }
  void OnReceiverError(const ReceiverInfo& receiver) override {
    Say(absl::StrCat("receiver of ", receiver.name, " error: ", receiver.last_error));
  }
  void OnReceiverStopped(const ReceiverInfo& receiver) override {
    Say(absl::StrCat("receiver of ", receiver.name, " stopped", receiver.last_error));
  }

 private:
  void Say(std::string call) { told_->calls.push_back(std::move(call)); }
  void End(const char* how, const BatchInfo& batch) {
    EXPECT_EQ(*batch.total_delay(), *batch.scheduling_delay() + *batch.processing_delay());
    told_->ended.push_back(batch);
    Say(absl::StrCat("batch ", batch.batch_id, " ", how));
  }
  const std::shared_ptr<Told> told_;
};

TEST(StreamingListener, IsToldOfEachBatchAndItsOutputsInOrder) {
  const auto told = std::make_shared<Told>();
  SimJob job({.seed = 1}, [told](StreamingContext& ssc) {
    ssc.AddStreamingListener(std::make_shared<Recorder>(told));
    const auto rows = ssc.QueueStream<int>({{1, 2}});
    rows.Print();
    rows.Window(2 * kSecond, 2 * kSecond).Print();
  });
  job.Start();
  while (told->ended.size() < 2) job.RunFor(kSecond / 10);
  EXPECT_THAT(told->calls, ElementsAre("streaming started", "batch 1 submitted", "batch 1 started",
                                       "operator 1 (Print) started", "operator 1 (Print) completed",
                                       "batch 1 completed", "batch 2 submitted", "batch 2 started",
                                       "operator 1 (Print) started", "operator 3 (Print) started",
                                       "operator 1 (Print) completed",
                                       "operator 3 (Print) completed", "batch 2 completed"));
  EXPECT_EQ(told->ended[1].batch_time - told->ended[0].batch_time, kSecond);
  EXPECT_THAT(told->ended[0].inputs, SizeIs(1));
  EXPECT_THAT(told->ended[1].inputs, IsEmpty());
}

TEST(StreamingListener, IsToldWhyOutputsAndBatchesFail) {
  const auto told = std::make_shared<Told>();
  SimJob job({.seed = 1}, [told](StreamingContext& ssc) {
    ssc.AddStreamingListener(std::make_shared<Recorder>(told));
    const auto rows = ssc.QueueStream<int>({{1}});
    rows.ForeachRDD([](const Rdd<int>& rdd) {
      if (!rdd.IsEmpty()) throw std::runtime_error("not today");
    });
    rows.Print();
  });
  job.driver_options().on_batch_failed = [](const absl::Status&) {};
  job.Start();
  while (told->ended.size() < 2) job.RunFor(kSecond / 10);
  EXPECT_THAT(std::vector<std::string>(told->calls.begin() + 5, told->calls.begin() + 8),
              ElementsAre("operator 1 (ForeachRDD) failed", "operator 2 (Print) completed",
                          "batch 1 failed"));
  const BatchInfo& failed = told->ended[0];
  EXPECT_THAT(failed.status.ToString(), HasSubstr("not today"));
  EXPECT_THAT(failed.outputs[0].status.ToString(), HasSubstr("not today"));
  EXPECT_TRUE(failed.outputs[1].status.ok());
  EXPECT_TRUE(told->ended[1].status.ok());
}

class ThrowsAlways final : public StreamingListener {
 public:
  void OnStreamingStarted(absl::Time) override { throw std::runtime_error("no start"); }
  void OnBatchCompleted(const BatchInfo&) override { throw 3; }
};

TEST(StreamingListener, ThatThrowsIsSaidAndEndsNothing) {
  const auto told = std::make_shared<Told>();
  SimJob job({.seed = 1}, [told](StreamingContext& ssc) {
    ssc.AddStreamingListener(std::make_shared<ThrowsAlways>());
    ssc.AddStreamingListener(std::make_shared<Recorder>(told));
    ssc.QueueStream<int>({{1}}).Print();
  });
  job.Start();
  job.RunFor(5 * kSecond);
  EXPECT_THAT(job.ended(), IsEmpty());
  EXPECT_GE(told->ended.size(), 4U);
  EXPECT_THAT(job.log(),
              AllOf(HasSubstr("a streaming listener threw in OnStreamingStarted: no start"),
                    HasSubstr("a streaming listener threw in OnBatchCompleted: what is no "
                              "std::exception")));
  StreamingContext ssc(kSecond);
  ssc.AddStreamingListener(nullptr);
  ssc.ConstantStream<int>({1}).Print();
  EXPECT_THAT(ssc.graph().Validate().ToString(),
              HasSubstr("AddStreamingListener: there is no listener"));
}

TEST(StreamingListener, IsToldWhatABatchTakesInAndThatItRunsAgain) {
  const auto told = std::make_shared<Told>();
  SimJob job({.seed = 1}, [told](StreamingContext& ssc) {
    ssc.Checkpoint("ck");
    ssc.AddStreamingListener(std::make_shared<Recorder>(told));
    ssc.TextFileStream("in").Print();
  });
  job.CrashAt("dstream.batch_input_logged", 2, kSecond / 2);
  job.Start();
  job.RunFor(kSecond * 3 / 2);
  job.machine().disk().Put("in/a", "one\ntwo\n");
  job.RunFor(5 * kSecond);
  EXPECT_THAT(told->calls, testing::Contains("batch 2 again submitted"));
  const BatchInfo& batch = told->ended[1];
  EXPECT_TRUE(batch.runs_again);
  ASSERT_THAT(batch.inputs, SizeIs(1));
  EXPECT_EQ(batch.inputs[0].name, "operator 0 (TextFileStream)");
  EXPECT_EQ(batch.inputs[0].bytes, 8);
  EXPECT_EQ(batch.inputs[0].records, std::nullopt);
  EXPECT_EQ(batch.num_bytes(), 8);
  EXPECT_EQ(batch.num_records(), 0);
  EXPECT_LT(*batch.scheduling_delay(), kSecond / 2) << "from when the driver took over";
}

// Three rows, then an error; each start is of a copy.
class ThreeRows : public Receiver<std::string> {
 public:
  Task<absl::Status> OnStart(ReceiverContext<std::string>& context) override {
    std::vector<std::string> rows = {"a", "b", "c"};
    EXPECT_TRUE((co_await context.Store(std::move(rows))).ok());
    co_await context.node().clock().Sleep(kSecond);
    co_return absl::UnavailableError("gone dry");
  }
};

TEST(StreamingListener, IsToldOfReceiversAndTheirRecords) {
  const auto told = std::make_shared<Told>();
  SimJob job({.seed = 1}, [told](StreamingContext& ssc) {
    ssc.Checkpoint("ck");
    ssc.AddStreamingListener(std::make_shared<Recorder>(told));
    ssc.ReceiverStream(std::make_unique<ThreeRows>()).Print();
  });
  job.Start();
  job.RunFor(4 * kSecond);
  job.Stop(true);
  job.RunFor(4 * kSecond);
  const std::string calls = absl::StrJoin(told->calls, "\n");
  EXPECT_THAT(calls, AllOf(HasSubstr("receiver of operator 0 (ReceiverStream) started"),
                           HasSubstr("receiver of operator 0 (ReceiverStream) error: "),
                           HasSubstr("gone dry"),
                           HasSubstr("receiver of operator 0 (ReceiverStream) stopped")));
  int64_t records = 0;
  for (const BatchInfo& batch : told->ended) records += batch.num_records();
  EXPECT_GE(records, 3);
  EXPECT_EQ(records % 3, 0);
}

TEST(StreamingContextStatistics, AreOfTheBatchesThatADriverHasEnded) {
  std::optional<StreamingStatistics> before;
  StreamingStatistics last;
  SimJob job({.seed = 1, .unit_cost = absl::Milliseconds(300)}, [&](StreamingContext& ssc) {
    before = ssc.Statistics();
    ssc.Checkpoint("ck");
    ssc.TextFileStream("in", {.new_files_only = false}).ForeachRDD([&ssc, &last](const auto&) {
      last = ssc.Statistics();
    });
  });
  job.Start();
  for (int file = 0; file < 5; ++file) {
    job.machine().disk().Put(absl::StrCat("in/", file), "1234567\n");
    job.RunFor(kSecond);
  }
  job.RunFor(10 * kSecond);
  EXPECT_EQ(before->batches_completed, 0);
  EXPECT_EQ(before->total_delay.longest, absl::ZeroDuration());
  EXPECT_GT(last.batches_completed, 4);
  EXPECT_EQ(last.batches_measured, last.batches_completed);
  EXPECT_EQ(last.batches_failed, 0);
  EXPECT_NEAR(last.bytes_per_second * static_cast<double>(last.batches_measured), 40, 1e-6);
  EXPECT_GT(last.processing_delay.longest, absl::ZeroDuration());
  EXPECT_LE(last.processing_delay.median, last.processing_delay.p90);
}

TEST(BatchMeasurements, GiveRatesAndPercentilesByNearestRankOfTheNewest) {
  BatchMeasurements measured(absl::Milliseconds(500));
  const auto batch = [](int milliseconds) {
    BatchInfo info;
    info.submission_time = absl::UnixEpoch();
    info.processing_start_time = absl::UnixEpoch() + absl::Milliseconds(milliseconds);
    info.processing_end_time = *info.processing_start_time + absl::Milliseconds(10);
    info.inputs = {{.stream = 0, .name = "", .records = 5, .bytes = 100},
                   {.stream = 1, .name = "", .records = {}, .bytes = 7}};
    return info;
  };
  for (int i = 100; i >= 1; --i) measured.Completed(batch(i));
  measured.Failed();
  StreamingStatistics statistics = measured.Statistics();
  EXPECT_EQ(statistics.batches_failed, 1);
  EXPECT_EQ(statistics.records_per_second, 10);
  EXPECT_EQ(statistics.bytes_per_second, 214);
  EXPECT_EQ(statistics.scheduling_delay.median, absl::Milliseconds(50));
  EXPECT_EQ(statistics.scheduling_delay.p90, absl::Milliseconds(90));
  EXPECT_EQ(statistics.scheduling_delay.p99, absl::Milliseconds(99));
  EXPECT_EQ(statistics.scheduling_delay.longest, absl::Milliseconds(100));
  EXPECT_EQ(statistics.processing_delay.p99, absl::Milliseconds(10));
  EXPECT_EQ(statistics.total_delay.longest, absl::Milliseconds(110));
  for (size_t i = 0; i < StreamingStatistics::kBatches; ++i) measured.Completed(batch(1));
  statistics = measured.Statistics();
  EXPECT_EQ(statistics.batches_completed, 1100);
  EXPECT_EQ(statistics.batches_measured, 1000);
  EXPECT_EQ(statistics.scheduling_delay.longest, absl::Milliseconds(1));
}

}  // namespace
}  // namespace wavetank::runtime::listeners
