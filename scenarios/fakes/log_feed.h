// LogFeed: what stands outside of a log server's process: what others write into its topics, and
// what befalls the requests that it is sent. Used by the world, between its events, and by the
// server's node; one thread.
#ifndef WAVETANK_SCENARIOS_FAKES_LOG_FEED_H_
#define WAVETANK_SCENARIOS_FAKES_LOG_FEED_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "platform/event.h"

namespace wavetank::scenarios::fakes {

// One write of a producer that has nothing to do with the job.
struct LogWrite {
  enum class End : uint8_t { kNone, kCommit, kAbort, kOpen };
  std::string topic;
  int32_t partition = 0;  // one that is not there is made, with those before it
  std::optional<std::string> key = {};
  std::vector<std::string> values = {};
  int64_t timestamp_ms = 0;  // of all of them
  // In a transaction of its own, which ends so; kOpen: it is left to its time-out.
  End end = End::kNone;
  // What is before it goes afterwards; 0: nothing.
  int64_t trim = 0;
};

// What befalls a request that changes something. Each is what a network, or a busy server, may do.
enum class LogMishap : uint8_t {
  kReplyLost,    // it is done, and nobody is told
  kReplyLate,    // it is done, and the reply comes so much later
  kAppliedLate,  // it is done so much later, whoever waits for it
  kEndsNext,     // the end of a transaction is done once the producer's next one is under way
  kExpired,      // before it the open transaction is taken for one whose time is up
  kRepeated,     // it comes twice
};

class LogFeed {
 public:
  // --- the world ---

  // From the start there is such a topic.
  void Make(std::string topic, int32_t partitions) {
    topics_.emplace_back(std::move(topic), partitions);
  }
  void Write(LogWrite write) {
    ++written_;
    waiting_.push_back({written_, std::move(write)});
    news_.Set();
  }
  // The next request that can be befallen is.
  void Strike(LogMishap mishap, absl::Duration late) { mishaps_.push_back({mishap, late}); }
  // Every request waits for so long, zero: not at all; none is answered.
  void Throttle(absl::Duration delay) { delay_ = delay; }
  void BeUnavailable(bool unavailable) { unavailable_ = unavailable; }
  void Heal() {
    mishaps_.clear();
    delay_ = absl::ZeroDuration();
    unavailable_ = false;
  }
  int64_t written() const { return written_; }

  // --- the server ---

  const std::vector<std::pair<std::string, int32_t>>& topics() const { return topics_; }
  struct Waiting {
    int64_t number = 0;
    LogWrite write;
  };
  // What was written after the `number`-th write, if there is something.
  const Waiting* After(int64_t number) {
    while (!waiting_.empty() && waiting_.front().number <= number) waiting_.pop_front();
    return waiting_.empty() ? nullptr : &waiting_.front();
  }
  platform::Event& news() { return news_; }

  struct Struck {
    LogMishap mishap;
    absl::Duration late;
  };
  // The first that can befall a request: one that may begin or end a transaction.
  std::optional<Struck> Take(bool is_end, bool is_of_transaction) {
    for (auto each = mishaps_.begin(); each != mishaps_.end(); ++each) {
      if (each->mishap == LogMishap::kEndsNext && !is_end) continue;
      if (each->mishap == LogMishap::kExpired && !is_of_transaction) continue;
      const Struck struck = *each;
      mishaps_.erase(each);
      return struck;
    }
    return std::nullopt;
  }
  absl::Duration delay() const { return delay_; }
  bool unavailable() const { return unavailable_; }

 private:
  std::vector<std::pair<std::string, int32_t>> topics_;
  int64_t written_ = 0;
  std::deque<Waiting> waiting_;
  platform::Event news_;
  std::deque<Struck> mishaps_;
  absl::Duration delay_ = absl::ZeroDuration();
  bool unavailable_ = false;
};

}  // namespace wavetank::scenarios::fakes

#endif  // WAVETANK_SCENARIOS_FAKES_LOG_FEED_H_
