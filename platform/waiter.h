// Waiter and WaitList: the intrusive nodes on which every suspended coroutine waits.
//
// Contract: a waiter stands in at most one list (an event's, a channel's, or an executor's ready
// queue). Either end may die first: a waiter that is destroyed leaves its list, a list that is
// destroyed leaves its waiters unlinked (and so suspended for ever; their owner destroys them).
// Not thread-safe: one executor's thread.
#ifndef WAVETANK_PLATFORM_WAITER_H_
#define WAVETANK_PLATFORM_WAITER_H_

#include <coroutine>
#include <cstddef>

namespace wavetank::platform {

class Executor;
class WaitList;

class Waiter {
 public:
  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() { Unlink(); }

  // What the executor resumes, or calls, when this waiter's turn comes.
  void Arm(Executor& executor, std::coroutine_handle<> handle) {
    executor_ = &executor;
    handle_ = handle;
  }
  void Arm(Executor& executor, void (*callback)(void*), void* argument) {
    executor_ = &executor;
    callback_ = callback;
    argument_ = argument;
  }
  // Moves this waiter to the end of its executor's ready queue. REQUIRES: armed.
  void MakeReady();
  void Unlink();
  bool linked() const { return list_ != nullptr; }

 private:
  friend class Executor;
  friend class WaitList;

  WaitList* list_ = nullptr;
  Waiter* previous_ = nullptr;
  Waiter* next_ = nullptr;
  Executor* executor_ = nullptr;
  std::coroutine_handle<> handle_;
  void (*callback_)(void*) = nullptr;
  void* argument_ = nullptr;
};

// First in, first out.
class WaitList {
 public:
  WaitList() = default;
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;
  ~WaitList();

  bool empty() const { return first_ == nullptr; }
  size_t size() const { return size_; }
  void PushBack(Waiter& waiter);
  // The waiter at `index` from the front, unlinked. REQUIRES: index < size().
  Waiter& Take(size_t index);
  void WakeAll();

 private:
  friend class Waiter;

  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
  size_t size_ = 0;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_WAITER_H_
