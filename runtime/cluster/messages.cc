#include "runtime/cluster/messages.h"

namespace wavetank::runtime {

TaskId FromName(const cluster::TaskName& name) {
  return {.driver = name.driver(),
          .graph = name.graph(),
          .stage = name.stage(),
          .partition = name.partition(),
          .attempt = name.attempt()};
}

cluster::TaskName ToName(const TaskId& id) {
  cluster::TaskName name;
  name.set_driver(id.driver);
  name.set_graph(id.graph);
  name.set_stage(id.stage);
  name.set_partition(id.partition);
  name.set_attempt(id.attempt);
  return name;
}

}  // namespace wavetank::runtime
