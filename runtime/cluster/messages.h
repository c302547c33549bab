// TaskId to and from its message, and messages out of a peer's bytes.
#ifndef WAVETANK_RUNTIME_CLUSTER_MESSAGES_H_
#define WAVETANK_RUNTIME_CLUSTER_MESSAGES_H_

#include <cstddef>
#include <string>

#include "checkpoint/field_count.h"
#include "runtime/cluster/messages.pb.h"
#include "runtime/cluster/task.h"

namespace wavetank::runtime {

TaskId FromName(const cluster::TaskName& name);
cluster::TaskName ToName(const TaskId& id);

// As ParseFromString, but for bytes of more fields than any message of ours has: each may become an
// object of many times its size, which nobody has counted.
inline constexpr size_t kMostFields = size_t{1} << 20;
template <typename Message>
bool ParseMessage(const std::string& bytes, Message& message, size_t most_fields = kMostFields) {
  return !checkpoint::HasMoreFieldsThan(most_fields, bytes) && message.ParseFromString(bytes);
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_MESSAGES_H_
