#include "platform/budget.h"

#include <algorithm>

#include "platform/check.h"

namespace wavetank::platform {

// One who waits; out of the queue when it is served, or destroyed.
struct Budget::Waiting {
  Waiting(State& s, int64_t a) : state(s), amount(a) {
    place = state.queue.insert(state.queue.end(), this);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() {
    if (queued) state.queue.erase(place);
  }
  State& state;
  const int64_t amount;
  std::list<Waiting*>::iterator place;
  bool queued = true;
  Share share;
  Event served;
};

Budget::Budget(int64_t total) : state_(std::make_shared<State>(total)) { WT_CHECK(total > 0); }

int64_t Budget::total() const { return state_->total; }
int64_t Budget::left() const { return state_->left; }

Budget::Share::~Share() {
  if (state_ == nullptr || amount_ == 0) return;
  state_->left += amount_;
  Serve(state_);
}

void Budget::Serve(const std::shared_ptr<State>& state) {
  while (!state->queue.empty() && state->queue.front()->amount <= state->left) {
    Waiting& first = *state->queue.front();
    state->queue.pop_front();
    first.queued = false;
    state->left -= first.amount;
    first.share = Share(state, first.amount);
    first.served.Set();
  }
}

Task<Budget::Share> Budget::TakeFrom(std::shared_ptr<State> state, int64_t amount) {
  WT_CHECK(amount >= 0);
  // Whoever waited before the first in the queue was destroyed may have its turn now.
  struct LetOthersGoOn {
    explicit LetOthersGoOn(std::shared_ptr<State> s) : state(std::move(s)) {}
    ~LetOthersGoOn() { Serve(state); }
    std::shared_ptr<State> state;
  };
  const LetOthersGoOn after(state);
  Waiting waiting(*state, std::min(amount, state->total));
  Serve(state);
  if (waiting.queued) co_await waiting.served.Wait();
  co_return std::move(waiting.share);
}

}  // namespace wavetank::platform
