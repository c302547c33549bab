#include "platform/executor.h"

#include <utility>

#include "platform/check.h"
#include "platform/task.h"
#include "platform/task_scope.h"

namespace wavetank::platform {

Executor::Executor(Host& host) : host_(host), roots_(std::make_unique<TaskScope>(*this)) {}

Executor::~Executor() { DestroyRoots(); }

void Executor::Spawn(std::string name, Task<void> task) {
  roots_->Spawn(std::move(name), std::move(task));
}

void Executor::RunOne(size_t index) {
  WT_CHECK(!running_, "RunOne is not reentrant");
  running_ = true;
  Waiter& waiter = ready_.Take(index);
  if (waiter.handle_) {
    waiter.handle_.resume();
  } else {
    waiter.callback_(waiter.argument_);
  }
  running_ = false;
}

void Executor::DestroyRoots() {
  WT_CHECK(!running_, "a crash takes effect in the scheduler, not on a coroutine's stack");
  roots_->DestroyChildren();
  WT_CHECK(ready_.empty(), "a waiter outlived the root task that owns it");
}

void Executor::MakeReady(Waiter& waiter) {
  waiter.Unlink();
  const bool was_empty = ready_.empty();
  ready_.PushBack(waiter);
  if (was_empty && !running_) host_.OnWorkReady();
}

}  // namespace wavetank::platform
