// MemoryAccount: how much the operators of one task hold in memory, and the bound on it.
#ifndef WAVETANK_RUNTIME_OPERATORS_MEMORY_ACCOUNT_H_
#define WAVETANK_RUNTIME_OPERATORS_MEMORY_ACCOUNT_H_

#include <cstdint>

#include "absl/status/status.h"

namespace wavetank::runtime {

class MemoryAccount {
 public:
  static constexpr int64_t kDefaultBytes = int64_t{2} << 30;

  explicit MemoryAccount(int64_t limit_bytes = kDefaultBytes) : limit_bytes_(limit_bytes) {}

 private:
  friend class MemoryHolder;
  const int64_t limit_bytes_;
  int64_t held_bytes_ = 0;
};

// The part of one operator in an account, which outlives it. Copies of it are the same part as long
// as only one is used: an operator keeps the one of its context.
class MemoryHolder {
 public:
  // Of no account: without a bound.
  MemoryHolder() = default;
  explicit MemoryHolder(MemoryAccount* account) : account_(account) {}

  // What it holds from now on. kResourceExhausted: more than there is for the task, says how much.
  absl::Status Hold(int64_t bytes);

 private:
  MemoryAccount* account_ = nullptr;
  int64_t bytes_ = 0;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_MEMORY_ACCOUNT_H_
