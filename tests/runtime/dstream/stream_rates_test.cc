// Back-pressure: Spark's PID formula as a table, and what becomes of its rates.
#include "runtime/dstream/stream_rates.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/dstream/pid_rate_estimator.h"
#include "runtime/dstream/receiver.h"
#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

BatchTiming Timing(int64_t end_ms, int64_t rows, int64_t processing_ms, int64_t scheduling_ms) {
  return {.processing_end = absl::FromUnixMillis(end_ms),
          .rows = rows,
          .processing_delay = absl::Milliseconds(processing_ms),
          .scheduling_delay = absl::Milliseconds(scheduling_ms)};
}

struct PidStep {
  BatchTiming batch;
  std::optional<double> rate;
};

void ExpectRates(PidOptions options, const std::vector<PidStep>& steps) {
  PidRateEstimator estimator(absl::Seconds(1), options);
  for (const PidStep& step : steps) {
    const std::optional<double> rate = estimator.Compute(step.batch);
    ASSERT_EQ(rate.has_value(), step.rate.has_value()) << step.batch.processing_end;
    if (rate.has_value()) EXPECT_NEAR(*rate, *step.rate, 1e-6) << step.batch.processing_end;
  }
}

TEST(PidRateEstimator, SaysNothingOfABatchThatTellsNothing) {
  ExpectRates({}, {{Timing(0, 10, 10, 0), std::nullopt},   // the first
                   {Timing(10, 10, 10, 0), 1'000},         // as fast as before
                   {Timing(10, 10, 10, 0), std::nullopt},  // no later
                   {Timing(20, 0, 10, 0), std::nullopt},   // no rows
                   {Timing(30, 10, 0, 0), std::nullopt},   // no time
                   {Timing(40, 10, 20, 0), 500}});
}

TEST(PidRateEstimator, FollowsTheFormula) {
  // Proportional alone: the newest processing rate.
  ExpectRates({.integral = 0, .min_rate = 1},
              {{Timing(1'000, 1'000, 500, 0), std::nullopt},  // 2000 a second
               {Timing(2'000, 1'000, 2'000, 0), 500},
               {Timing(3'000, 500, 100, 0), 5'000}});
  // Integral: what waits. 500 - 0.2 * (1.5 s * 500 / 1 s).
  ExpectRates({.min_rate = 1}, {{Timing(1'000, 1'000, 500, 0), std::nullopt},
                                {Timing(2'000, 1'000, 2'000, 1'500), 500 - 0.2 * 750}});
  // Derived: 2000 - 0.5 * 1500 - 0.1 * (1500 - 0) / 1 s.
  ExpectRates({.proportional = 0.5, .integral = 0, .derived = 0.1, .min_rate = 1},
              {{Timing(1'000, 1'000, 500, 0), std::nullopt},
               {Timing(2'000, 1'000, 2'000, 0), 2'000 - 750 - 150}});
}

TEST(PidRateEstimator, FallsNoLowerThanTheLeastRate) {
  ExpectRates({}, {{Timing(1'000, 1'000, 500, 0), std::nullopt},
                   {Timing(2'000, 10, 1'000, 0), 100},
                   {Timing(3'000, 10, 1'000, 60'000), 100},
                   // And goes on from there.
                   {Timing(4'000, 100, 500, 0), 200}});
}

StreamingContext ContextOfALog() {
  StreamingContext context(absl::Seconds(1));
  context.LogTextStream({.address = "host:1", .topic = "visits"}).Print();
  context.SocketTextStream("host", 2).Print();
  context.ConstantStream<int64_t>({1}).Print();
  return context;
}

BatchInput OfRows(const StreamingContext& context, int64_t rows) {
  BatchInput batch{.batch = BatchNumber(1), .streams = {}};
  batch.streams.push_back({.stream = context.graph().inputs()[0],
                           .ranges = {{.partition = 0, .begin = 7, .end = 7 + rows}}});
  batch.streams.push_back({.stream = context.graph().inputs()[1],
                           .blocks = {{.stream = 2, .path = "b", .records = rows}}});
  return batch;
}

TEST(StreamRates, AreNoneUnlessTheyAreAskedFor) {
  const StreamingContext context = ContextOfALog();
  StreamRates rates(context.graph(), {});
  for (const int64_t end_ms : {1'000, 2'000, 3'000}) {
    rates.Completed(OfRows(context, 500), Timing(end_ms, 0, 1'000, 0));
  }
  for (const OperatorId input : context.graph().inputs()) EXPECT_EQ(rates.RateOf(input), 0);
}

TEST(StreamRates, AreTheLowestOfWhatIsSaidAndWhatIsEstimated) {
  const StreamingContext context = ContextOfALog();
  const OperatorId log = context.graph().inputs()[0];
  const OperatorId socket = context.graph().inputs()[1];
  StreamRates rates(context.graph(),
                    {.receiver_max_rate = 300, .backpressure = true, .initial_rate = 400});
  EXPECT_EQ(rates.RateOf(log), 400);
  EXPECT_EQ(rates.RateOf(socket), 300);
  EXPECT_EQ(rates.RateOf(context.graph().inputs()[2]), 0);
  rates.Completed(OfRows(context, 500), Timing(1'000, 0, 1'000, 0));
  EXPECT_EQ(rates.RateOf(log), 400);
  rates.Completed(OfRows(context, 500), Timing(2'000, 0, 2'000, 0));
  EXPECT_EQ(rates.RateOf(log), 250);
  EXPECT_EQ(rates.RateOf(socket), 250);
  rates.Completed(OfRows(context, 500), Timing(3'000, 0, 500, 0));
  EXPECT_EQ(rates.RateOf(log), 1'000);
  EXPECT_EQ(rates.RateOf(socket), 300);
}

TEST(StreamRates, OptionsThatCannotBeAreRefused) {
  DStreamOptions options;
  options.rates.pid.min_rate = 0;
  EXPECT_THAT(std::string(CheckDStreamOptions(options).message()), HasSubstr("rates.pid.min_rate"));
  options = {};
  options.rates.pid.integral = -1;
  EXPECT_THAT(std::string(CheckDStreamOptions(options).message()),
              HasSubstr("rates.pid.integral is -1"));
  options = {};
  options.rates.receiver_max_rate = -1;
  EXPECT_THAT(std::string(CheckDStreamOptions(options).message()),
              HasSubstr("rates.receiver_max_rate"));
  options = {};
  options.unprocessed_bytes_max = 0;
  EXPECT_THAT(std::string(CheckDStreamOptions(options).message()),
              HasSubstr("unprocessed_bytes_max"));
}

// The rates that a driver has told.
class RateLog final : public simulator::WorldObserver {
 public:
  void OnStep(absl::Duration, const platform::StepEvent& event) override {
    if (event.step.name != "dstream.rate_changed") return;
    for (const platform::StepAttribute& attribute : event.attributes) {
      if (attribute.key == "rate") rates.push_back(attribute.value);
    }
  }
  std::vector<int64_t> rates;
};

// A row every 2 ms, numbered.
class Numbers : public Receiver<int64_t> {
 public:
  Task<absl::Status> OnStart(ReceiverContext<int64_t>& context) override {
    for (int64_t number = 0; number < 5'000; ++number) {
      co_await context.node().clock().Sleep(absl::Milliseconds(2));
      co_await context.Store(number);
    }
    co_await context.stopping().Wait();
    co_return absl::OkStatus();
  }
};

TEST(StreamRates, FallWhileAWorkerIsSlowAndRiseAgainAndNoRowIsLost) {
  SimJobOptions options{.workers = 1};
  options.driver.rates = {.backpressure = true, .pid = {.min_rate = 20}};
  SimJob job(std::move(options), [](StreamingContext& ssc) {
    ssc.Checkpoint("checkpoint");
    ssc.ReceiverStream(std::make_unique<Numbers>()).SaveAsTextFiles("out/numbers");
  });
  RateLog told;
  job.world().AddObserver(told);
  const auto be_slow = [&job](int64_t factor) {
    for (const auto& node : job.world().process("w0").nodes()) node->SetSlowness(factor);
  };
  job.Start();
  job.RunFor(absl::Seconds(4));
  ASSERT_FALSE(told.rates.empty());
  const int64_t before = told.rates.back();
  be_slow(1'000);
  job.RunFor(absl::Seconds(6));
  be_slow(1);
  job.RunFor(absl::Seconds(2));
  const int64_t least = *std::ranges::min_element(told.rates);
  EXPECT_LT(least, before / 4);
  job.RunFor(absl::Seconds(120));
  EXPECT_GT(told.rates.back(), 2 * least);
  int64_t next = 0;
  for (const auto& [time_ms, attempts] : job.Saved("out")) {
    for (const auto& [name, attempt] : attempts) {
      for (const std::string& line : attempt.lines) EXPECT_EQ(line, absl::StrCat(next++));
    }
  }
  EXPECT_EQ(next, 5'000);
  EXPECT_THAT(job.ended(), IsEmpty());
}

}  // namespace
}  // namespace wavetank::runtime
