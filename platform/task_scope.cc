#include "platform/task_scope.h"

#include <exception>
#include <utility>

#include "platform/check.h"
#include "platform/executor.h"

namespace wavetank::platform {

void TaskScope::Spawn(std::string name, Task<void> task) {
  WT_CHECK(task.valid() && !task.done());
  Child& child = children_.emplace_back();
  child.scope = this;
  child.name = std::move(name);
  child.task = std::move(task);
  child.self = std::prev(children_.end());
  child.ending.Arm(executor_, &TaskScope::End, &child);
  auto& promise = child.task.handle_.promise();
  promise.executor_ = &executor_;
  promise.continuation_ = &child.ending;
  child.starter.Arm(executor_, child.task.handle_);
  child.starter.MakeReady();
}

void TaskScope::End(void* argument) {
  Child& child = *static_cast<Child*>(argument);
  TaskScope& scope = *child.scope;
  if (child.task.done() && child.task.handle_.promise().exception_) {
    std::string what = "an unknown exception";
    try {
      std::rethrow_exception(child.task.handle_.promise().exception_);
    } catch (const std::exception& exception) {
      what = exception.what();
    } catch (...) {
    }
    CheckFailed(__FILE__, __LINE__, "no exception leaves a task",
                "task " + child.name + " threw: " + what);
  }
  scope.children_.erase(child.self);
  if (scope.children_.empty()) scope.joiners_.WakeAll();
}

void TaskScope::Cancel() {
  for (Child& child : children_) {
    if (!child.ending.linked()) child.ending.MakeReady();
  }
}

void TaskScope::DestroyChildren() {
  while (!children_.empty()) children_.pop_back();
}

}  // namespace wavetank::platform
