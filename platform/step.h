// Step: one primitive that marks a step of a protocol.
//
// `co_await node.Step(steps::kCommitLogWritten, {{"batch", 7}})` is (1) an event of the history,
// which has happened once it is reached; (2) a named place where a crash, a pause or a power loss
// can act, at the suspension; (3) a coverage mark; (4) a point on the timeline. It is ready at once
// when no fault waits there. In the real world it costs one predictable branch, and can still end
// or stop the process on request, so the same crash points exist for real.
//
// Names, attributes and a line of meaning stand in one catalogue per layer (`checkpoint/steps.h`,
// `runtime/steps.h`); a user's job may add its own. Names are a stable interface, since scenario
// files use them: a rename keeps the old name as an alias.
#ifndef WAVETANK_PLATFORM_STEP_H_
#define WAVETANK_PLATFORM_STEP_H_

#include <coroutine>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "platform/waiter.h"

namespace wavetank::platform {

// One entry of a catalogue. REQUIRES: all text has static storage.
struct StepName {
  std::string_view name;  // "commit_log.written"
  // "batch, epoch, query:text": their names, and which of them are text.
  std::string_view attributes;
  std::string_view meaning;     // one sentence
  std::string_view alias = {};  // its former name, if it was renamed
};

// A number, or text.
struct StepAttribute {
  StepAttribute(std::string_view name, int64_t number) : key(name), value(number) {}
  StepAttribute(std::string_view name, std::string_view words)
      : key(name), text(words), is_text(true) {}

  std::string_view key;
  int64_t value = 0;
  std::string_view text = {};
  bool is_text = false;
};

// What an attribute may be asked to be.
using StepValue = std::variant<int64_t, std::string>;

inline bool Is(const StepAttribute& attribute, const StepValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text != nullptr) return attribute.is_text && attribute.text == *text;
  return !attribute.is_text && attribute.value == std::get<int64_t>(value);
}

class Node;

struct StepEvent {
  Node& node;
  const StepName& step;
  std::span<const StepAttribute> attributes;
};

// Decides what happens at a step. A world without step faults has none.
class StepGate {
 public:
  virtual ~StepGate() = default;
  // Records the event. False: the task must not go on, and `Hold` follows.
  virtual bool Reached(const StepEvent& event) = 0;
  // The task is suspended in `waiter`: make it ready later, or never (the process dies).
  virtual void Hold(Waiter& waiter) = 0;
};

class StepAwaiter {
 public:
  StepAwaiter(StepGate* gate, const StepEvent& event)
      : gate_(gate), held_(gate != nullptr && !gate->Reached(event)) {}
  bool await_ready() const { return !held_; }
  template <typename Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    waiter_.Arm(handle.promise().executor(), handle);
    gate_->Hold(waiter_);
  }
  void await_resume() const {}

 private:
  StepGate* gate_;
  bool held_;
  Waiter waiter_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_STEP_H_
