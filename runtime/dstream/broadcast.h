// Broadcast<T>: a value that the functions of a job share.
//
// A plan is built anew on every node, so the value is there without being sent. It is part of the
// plan's fingerprint, by the hash of what its codec makes of it: nodes that have another refuse
// each other, and so does a checkpoint.
#ifndef WAVETANK_RUNTIME_DSTREAM_BROADCAST_H_
#define WAVETANK_RUNTIME_DSTREAM_BROADCAST_H_

#include <memory>
#include <utility>

namespace wavetank::runtime {

// A light handle, which functions capture by value.
template <typename T>
class Broadcast {
 public:
  // For the context.
  explicit Broadcast(std::shared_ptr<const T> value) : value_(std::move(value)) {}

  const T& Value() const { return *value_; }

 private:
  std::shared_ptr<const T> value_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_BROADCAST_H_
