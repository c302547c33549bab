#include "runtime/structured/batch_planner.h"

#include <utility>

#include "platform/planted.h"
#include "runtime/structured/trigger.h"

namespace wavetank::runtime {
namespace {

// News may be missed.
constexpr int kToldPolls = 10;

}  // namespace

BatchPlanner::BatchPlanner(platform::Node& node, QuerySources& sources, BatchPlannerOptions options)
    : node_(node),
      sources_(sources),
      options_(options),
      found_(QuerySources::Found()),
      scope_(node.executor()) {}

void BatchPlanner::Start(platform::MonotonicTime due) {
  scope_.DestroyChildren();
  outcome_.reset();
  scope_.Spawn("plan the next batch", Search(due));
  if (options_.stop != nullptr) scope_.Spawn("stop watch", AwaitStop());
  const bool asks_at_once = options_.interval <= absl::ZeroDuration();
  if (options_.watch != nullptr && asks_at_once) scope_.Spawn("questions", AwaitQuestions());
}

Task<void> BatchPlanner::AwaitQuestions() {
  while (true) {
    co_await options_.watch->asking().Wait();
    options_.watch->asking().Reset();
    wake_.Set();
  }
}

// Whoever waits for the next batch need not wait for a listing, too: the store may be away.
Task<void> BatchPlanner::AwaitStop() {
  co_await options_.stop->Wait();
  wake_.Set();
  Set(Outcome::kStopped);
}

void BatchPlanner::Set(Outcome outcome) {
  outcome_ = outcome;
  changed_.Set();
}

Task<BatchPlanner::Outcome> BatchPlanner::Wait(bool input_only) {
  while (!outcome_ || (input_only && *outcome_ == Outcome::kNoInput)) {
    if (outcome_ && answered_) options_.watch->Idle(*answered_);
    changed_.Reset();
    co_await changed_.Wait();
  }
  co_return *outcome_;
}

Task<void> BatchPlanner::Search(platform::MonotonicTime due) {
  platform::Clock& clock = node_.clock();
  while (true) {
    co_await SleepUntil(due);
    if (stopped()) co_return Set(Outcome::kStopped);
    const int64_t asked = questions();
    found_ = co_await sources_.Discover(asked);
    if (platform::Planted(node_, "only_the_first_source_is_awaited") && found_.ok() &&
        !found_->sources.front().any()) {
      found_->sources.clear();
    }
    const bool in_part = options_.whole && found_.ok() && found_->away();
    if (!found_.ok() || (found_->any() && !in_part)) co_return Set(Outcome::kInput);
    const bool exhausted = options_.available_now && !found_->away();
    if (exhausted) co_return Set(Outcome::kExhausted);
    answered_.reset();
    // One that is away may have something.
    if (options_.watch != nullptr && !found_->away()) answered_ = found_->question;
    Set(Outcome::kNoInput);
    const platform::MonotonicTime now = clock.Now();
    if (options_.interval > absl::ZeroDuration()) {
      due = NextTrigger(now, clock.WallNow(), options_.interval);
      continue;
    }
    if (questions() > found_->question && !found_->away()) {
      due = {};
      continue;
    }
    // Nobody looks while somebody waits for news: what tells of them may be made anew by looking.
    platform::TaskScope news(node_.executor());
    const bool told = sources_.tell_news();
    if (told) news.Spawn("await news", WakeAtNews());
    co_await SleepUntil(now + options_.poll_interval * (told ? kToldPolls : 1));
    due = {};
  }
}

Task<void> BatchPlanner::WakeAtNews() {
  co_await sources_.AwaitNews();
  wake_.Set();
}

Task<void> BatchPlanner::SleepUntil(platform::MonotonicTime due) {
  const absl::Duration wait = due - node_.clock().Now();
  if (wait <= absl::ZeroDuration()) co_return;
  if (!stopped()) wake_.Reset();
  co_await wake_.WaitFor(node_.clock(), wait);
}

}  // namespace wavetank::runtime
