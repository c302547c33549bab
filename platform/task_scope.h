// TaskScope: concurrent children of one frame. Structured: no child outlives the scope, and the
// scope lives in the frame (or object) that owns it.
//
// Cancellation is by destruction at a suspension point, never synchronous: Cancel() gives every
// child one more place in the ready queue, and at that turn the child is destroyed instead of
// resumed. Destructors release memory and hand back resources of this node only; they cannot wait.
// What a cancelled child had in flight may turn out not, partly or wholly done.
#ifndef WAVETANK_PLATFORM_TASK_SCOPE_H_
#define WAVETANK_PLATFORM_TASK_SCOPE_H_

#include <list>
#include <string>

#include "platform/task.h"
#include "platform/waiter.h"

namespace wavetank::platform {

class TaskScope {
 public:
  explicit TaskScope(Executor& executor) : executor_(executor) {}
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;
  // Destroys the children that are left, newest first.
  ~TaskScope() { DestroyChildren(); }

  // Starts a child at its turn in the ready queue. An exception that leaves a child is a
  // programmer error and ends the program, naming `name`.
  void Spawn(std::string name, Task<void> task);
  void Cancel();
  void DestroyChildren();
  size_t size() const { return children_.size(); }

  // `co_await scope.Join()`: returns when no child is left.
  struct JoinAwaiter {
    TaskScope& scope;
    Waiter waiter;
    bool await_ready() const { return scope.children_.empty(); }
    void await_suspend(std::coroutine_handle<> handle) {
      waiter.Arm(scope.executor_, handle);
      scope.joiners_.PushBack(waiter);
    }
    void await_resume() const {}
  };
  JoinAwaiter Join() { return {*this, {}}; }

 private:
  struct Child {
    TaskScope* scope;
    std::string name;
    Task<void> task;
    std::list<Child>::iterator self;
    Waiter starter;
    Waiter ending;  // ready when the task has finished or is to be destroyed
  };
  static void End(void* child);

  Executor& executor_;
  std::list<Child> children_;  // oldest first
  WaitList joiners_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_TASK_SCOPE_H_
