// Receivers of one's own: what a row becomes in a block and back, how they are supervised, and that
// they pause when too much waits.
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/dstream/rate_limiter.h"
#include "runtime/dstream/receiver.h"
#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using NamedNumber = std::pair<std::string, int64_t>;

class OddRows : public Receiver<NamedNumber> {
 public:
  Task<absl::Status> OnStart(ReceiverContext<NamedNumber>& context) override {
    co_await context.Store(NamedNumber("a\nb\\n\r\\", 1));
    co_await context.Store(NamedNumber("", std::numeric_limits<int64_t>::min()));
    std::vector<NamedNumber> rows;
    rows.emplace_back(std::string("\0\n", 2), 0x0a0d5c);
    const absl::Status stored = co_await context.Store(std::move(rows));
    EXPECT_TRUE(stored.ok()) << stored;
    EXPECT_EQ(context.rows_input(), 3);
    co_await context.stopping().Wait();
    co_return absl::OkStatus();
  }
};

// What the complete batches saved, in order.
std::vector<std::string> RowsSaved(SimJob& job) {
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

TEST(ReceiverStream, GivesRowsAsTheyWereStored) {
  SimJob job({.workers = 1}, [](StreamingContext& ssc) {
    ssc.Checkpoint("checkpoint");
    ssc.ReceiverStream(std::make_unique<OddRows>())
        .Map([](const NamedNumber& row) {
          std::string hex;
          for (const char c : row.first) absl::StrAppend(&hex, static_cast<int>(c), " ");
          return absl::StrCat(hex, "= ", row.second);
        })
        .SaveAsTextFiles("out/rows");
  });
  job.Start();
  job.RunFor(absl::Seconds(4));
  EXPECT_THAT(RowsSaved(job),
              ElementsAre("97 10 98 92 110 13 92 = 1", "= -9223372036854775808", "0 10 = 658780"));
  EXPECT_THAT(job.ended(), IsEmpty());
}

TEST(ReceiverStream, RefusesALineThatNoRowIs) {
  std::string bytes;
  NamedNumber row;
  EXPECT_TRUE(absl::IsDataLoss(internal::RowOf("a\\x", bytes, row)));
  EXPECT_TRUE(absl::IsDataLoss(internal::RowOf("a\\", bytes, row)));
  EXPECT_FALSE(internal::RowOf("a", bytes, row).ok());
}

// Counts from 1, and throws at each third row. Each start is of a copy.
class Throws : public Receiver<std::string> {
 public:
  std::string Source() const override { return "the clock"; }
  Task<absl::Status> OnStart(ReceiverContext<std::string>& context) override {
    while (true) {
      co_await context.node().clock().Sleep(absl::Milliseconds(100));
      if (++rows_ == 3) throw std::runtime_error("three");
      co_await context.Store(absl::StrCat("row ", rows_));
    }
  }

 private:
  int rows_ = 0;
};

TEST(ReceiverStream, StartsAFreshCopyAfterTheRestartDelay) {
  SimJobOptions options{.workers = 1};
  options.driver.receiver_restart_delay = absl::Seconds(3);
  SimJob job(std::move(options), [](StreamingContext& ssc) {
    ssc.Checkpoint("checkpoint");
    ssc.ReceiverStream(std::make_unique<Throws>()).SaveAsTextFiles("out/rows");
  });
  job.Start();
  job.RunFor(absl::Seconds(3));
  EXPECT_THAT(RowsSaved(job), ElementsAre("row 1", "row 2"));
  job.RunFor(absl::Seconds(3));
  EXPECT_THAT(RowsSaved(job), ElementsAre("row 1", "row 2", "row 1", "row 2"));
  EXPECT_THAT(job.log(), HasSubstr("receive from the clock: operator 0 (ReceiverStream): three"));
}

// As fast as it may.
class Floods : public Receiver<std::string> {
 public:
  Task<absl::Status> OnStart(ReceiverContext<std::string>& context) override {
    while (true) {
      co_await context.Store(std::string(100, 'x'));
      co_await context.node().clock().Sleep(absl::Milliseconds(1));
    }
  }
};

TEST(ReceiverStream, PausesWhileTooMuchWaits) {
  SimJobOptions options{.workers = 1, .interval = absl::Seconds(20)};
  options.driver.unprocessed_bytes_max = 20'000;
  options.driver.buffer_bytes_max = 5'000;
  SimJob job(std::move(options), [](StreamingContext& ssc) {
    ssc.Checkpoint("checkpoint");
    ssc.ReceiverStream(std::make_unique<Floods>()).Count().SaveAsTextFiles("out/count");
  });
  job.Start();
  job.RunFor(absl::Seconds(19));
  int64_t waiting = 0;
  for (const checkpoint::BlockAdded& block : job.History("checkpoint").unallocated_blocks()) {
    waiting += static_cast<int64_t>(block.size_bytes());
  }
  EXPECT_GT(waiting, 15'000);
  // One block more than it may: that which reached the bound.
  EXPECT_LE(waiting, 20'000 + 5'101);
  EXPECT_THAT(job.log(), HasSubstr("receivers pause: "));
  job.RunFor(absl::Seconds(30));
  EXPECT_THAT(job.log(), HasSubstr("receivers go on"));
  EXPECT_THAT(job.ended(), IsEmpty());
}

class Keeps : public OddRows {
 public:
  bool IsReliable() const override { return true; }
};

TEST(ReceiverStream, NeedsACheckpointIfItsSourceForgetsWhatIsAcknowledged) {
  StreamingContext context(absl::Seconds(1));
  context.ReceiverStream(std::make_unique<Keeps>()).Print();
  const absl::Status refused = context.graph().Validate();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("operator 0 (ReceiverStream)"));
}

TEST(RateLimiter, LetsASecondsRowsComeAtOnceAndThenMakesThemWait) {
  using platform::MonotonicTime;
  const MonotonicTime start{};
  RateLimiter limiter;
  limiter.Take(1'000'000, start);
  EXPECT_EQ(limiter.ready_at(start), start);  // there is no rate
  limiter.SetRate(10, start);
  limiter.Take(1, start);
  EXPECT_EQ(limiter.ready_at(start), start + absl::Milliseconds(100));
  // Nothing came for long: one second's worth is saved up.
  const MonotonicTime later = start + absl::Seconds(60);
  limiter.Take(10, later);
  EXPECT_EQ(limiter.ready_at(later), later);
  limiter.Take(25, later);
  EXPECT_EQ(limiter.ready_at(later), later + absl::Milliseconds(2'500));
  limiter.SetRate(0, later);
  EXPECT_EQ(limiter.ready_at(later), later);
}

}  // namespace
}  // namespace wavetank::runtime
