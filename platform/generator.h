// Generator<T>: a coroutine that yields values, one as it is asked for: what need not be in memory
// at once. It runs on its caller's stack and waits for nothing.
//
// Contract: lazily started; what it refers to must live, and stand as it may be read, until it has
// ended or is destroyed. Rules as for Task (task.h): parameters by value, no capturing lambdas.
#ifndef WAVETANK_PLATFORM_GENERATOR_H_
#define WAVETANK_PLATFORM_GENERATOR_H_

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace wavetank::platform {

template <typename T>
class Generator {
 public:
  class promise_type {
   public:
    Generator get_return_object() {
      return Generator(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(T value) {
      value_.emplace(std::move(value));
      return {};
    }
    void await_transform() = delete;
    void return_void() noexcept {}
    void unhandled_exception() noexcept { exception_ = std::current_exception(); }

   private:
    friend class Generator;
    std::optional<T> value_;
    std::exception_ptr exception_;
  };

  Generator(Generator&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  Generator& operator=(Generator&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~Generator() {
    if (frame_) frame_.destroy();
  }

  // Unset after the last.
  std::optional<T> Next() {
    if (frame_.done()) return std::nullopt;
    frame_.promise().value_.reset();
    frame_.resume();
    if (frame_.promise().exception_) {
      std::rethrow_exception(std::exchange(frame_.promise().exception_, nullptr));
    }
    return std::move(frame_.promise().value_);
  }
  // All that are left, at once.
  std::vector<T> Rest() {
    std::vector<T> rest;
    while (std::optional<T> value = Next()) rest.push_back(*std::move(value));
    return rest;
  }

 private:
  explicit Generator(std::coroutine_handle<promise_type> frame) : frame_(frame) {}

  std::coroutine_handle<promise_type> frame_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_GENERATOR_H_
