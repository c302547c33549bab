// Budget: so much of something (bytes, places), shared by tasks of one node. Who asks for more than
// is left waits, and whoever asks later waits behind, so that large shares are not starved by small
// ones. Nothing is lost when one who waits is destroyed, or was given its share and never resumed.
#ifndef WAVETANK_PLATFORM_BUDGET_H_
#define WAVETANK_PLATFORM_BUDGET_H_

#include <cstdint>
#include <list>
#include <memory>
#include <utility>

#include "platform/event.h"
#include "platform/task.h"

namespace wavetank::platform {

class Budget {
  struct State;

 public:
  // REQUIRES: total > 0.
  explicit Budget(int64_t total);

  // What was taken; given back when destroyed. It may outlive the budget.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept
        : state_(std::move(other.state_)), amount_(std::exchange(other.amount_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(state_, other.state_);
      std::swap(amount_, other.amount_);
      return *this;
    }
    ~Share();
    int64_t amount() const { return amount_; }

   private:
    friend class Budget;
    Share(std::shared_ptr<State> state, int64_t amount)
        : state_(std::move(state)), amount_(amount) {}
    std::shared_ptr<State> state_;
    int64_t amount_ = 0;
  };

  // Waits until `amount` is left. More than there is altogether counts as all of it.
  Task<Share> Take(int64_t amount) { return TakeFrom(state_, amount); }

  int64_t total() const;
  int64_t left() const;

 private:
  struct Waiting;
  struct State {
    explicit State(int64_t all) : total(all), left(all) {}
    const int64_t total;
    int64_t left;
    std::list<Waiting*> queue;
  };
  static Task<Share> TakeFrom(std::shared_ptr<State> state, int64_t amount);
  static void Serve(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_BUDGET_H_
