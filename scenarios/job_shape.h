// JobShape: what a run has to know of a job, read from the plan that the job builds: where its
// input, output and checkpoint are, what it reads from, and what its answers are to be told by.
// Nothing of it is taken from the names of jobs, parameters or directories.
#ifndef WAVETANK_SCENARIOS_JOB_SHAPE_H_
#define WAVETANK_SCENARIOS_JOB_SHAPE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "runtime/dstream/operator.h"
#include "runtime/dstream/streaming_context.h"
#include "runtime/job/deployment.h"
#include "runtime/structured/compiled_queries.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::scenarios {

// In the cluster's store, but for a socket's server.
struct JobPaths {
  struct Input {
    std::string directory;
    // After how long a file that is gone may be forgotten.
    int64_t forget_after_ms = 600'000;
    bool by_time = false;  // no directory, and no files: rows come as time passes
  };
  std::vector<Input> inputs;  // in the order of the plan; of sockets: none
  std::string output;
  std::string checkpoint;
};

// Of a query from a topic of a partitioned log into another.
struct LogShape {
  std::string address;
  std::string from;
  std::string to;
  bool read_committed = true;
  bool fails_on_data_loss = true;
  bool exactly_once = true;  // by its sink's delivery
};

// One query into a file sink, or from a log into a log.
struct QueryShape {
  runtime::StreamingQueryDefinition definition;
  // As later starts of the job have it, where they change its plan.
  std::vector<runtime::StreamingQueryDefinition> later = {};
  std::shared_ptr<const runtime::StreamingQueryPlan> plan;
  std::shared_ptr<runtime::CompiledQueries> compiled;  // the instance's
  std::optional<LogShape> log = {};
};

// What ends in one SaveAsTextFiles, from directories, sockets and topics.
struct StreamShape {
  struct Input {
    runtime::OperatorId id;
    std::string server;                                 // of a socket: its address, outside
    bool kept = false;                                  // whether that keeps its lines
    std::optional<runtime::LogStreamOptions> log = {};  // of a topic
    JobPaths::Input files;                              // else
  };
  std::shared_ptr<runtime::StreamingContext> context;
  runtime::OperatorId output;
  std::vector<Input> inputs;
  bool deterministic = false;  // as the job says
};

// What has an answer of its own.
struct JobPart {
  std::string name;  // of the query; of a stream's output, its prefix
  JobPaths paths;
  std::variant<QueryShape, StreamShape> of;
  // Why nobody can work its answer out; "": one can.
  std::string unjudged = {};
};

struct JobShape {
  int partitions = 1;
  // What it reads: directories of files, each once, and the server's address of each stream.
  std::vector<std::string> directories;
  std::vector<std::string> servers;
  std::set<std::string> kept;  // of these servers: those that keep their lines
  // The topics that it reads, each once, and where logs are served that it reads or writes.
  struct ReadTopic {
    std::string address;
    std::string topic;
  };
  std::vector<ReadTopic> topics;
  std::vector<std::string> logs;
  std::vector<JobPart> parts;
  // What nobody can judge, each with why: outputs that leave nothing durable, queries to what no
  // check can read by itself.
  std::vector<std::string> unjudged;
};

// Adds what a later start makes of each query, under the same name.
void AddLaterStart(const runtime::JobInstance& instance, JobShape& shape);

// REQUIRES: CheckPlan(instance) is OK.
JobShape ShapeOf(const runtime::JobInstance& instance);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_JOB_SHAPE_H_
