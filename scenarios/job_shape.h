// JobShape: what a run has to know of a job, read from the plan that the job builds: where its
// input, output and checkpoint are, what it reads from, and what its answers are to be told by.
// Nothing of it is taken from the names of jobs, parameters or directories.
#ifndef WAVETANK_SCENARIOS_JOB_SHAPE_H_
#define WAVETANK_SCENARIOS_JOB_SHAPE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "runtime/dstream/operator.h"
#include "runtime/dstream/streaming_context.h"
#include "runtime/job/deployment.h"
#include "runtime/structured/data_frame.h"
#include "runtime/structured/physical_plan.h"

namespace wavetank::scenarios {

// In the cluster's store.
struct JobPaths {
  std::string input;  // of a socket: ""
  std::string output;
  std::string checkpoint;
  // After how long a file that is gone may be forgotten.
  int64_t forget_after_ms = 600'000;
};

// One query, from a directory of files into a file sink.
struct QueryShape {
  runtime::StreamingQueryDefinition definition;
  std::shared_ptr<const runtime::StreamingQueryPlan> plan;
};

// One stream, from a directory or a socket, that ends in SaveAsTextFiles.
struct StreamShape {
  std::shared_ptr<runtime::StreamingContext> context;
  runtime::OperatorId output;
  bool deterministic = false;  // as the job says
};

struct JobShape {
  JobPaths paths;
  int partitions = 1;
  // The address that a stream of a socket connects to.
  std::string server_host;
  std::string server_port;
  // Neither: no checker knows what to make of a job of that shape.
  std::variant<std::monostate, QueryShape, StreamShape> of;
};

// REQUIRES: CheckPlan(instance) is OK.
JobShape ShapeOf(const runtime::JobInstance& instance);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_JOB_SHAPE_H_
