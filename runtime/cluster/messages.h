// TaskId to and from its message.
#ifndef WAVETANK_RUNTIME_CLUSTER_MESSAGES_H_
#define WAVETANK_RUNTIME_CLUSTER_MESSAGES_H_

#include "runtime/cluster/messages.pb.h"
#include "runtime/cluster/task.h"

namespace wavetank::runtime {

TaskId FromName(const cluster::TaskName& name);
cluster::TaskName ToName(const TaskId& id);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_MESSAGES_H_
