// Job: a program for the engine, by name: what `wavetank start NAME` and scenario files run.
//
// A job is a function that only builds a plan: of a StreamingContext (DStreams, at least once) or
// of a Session (structured queries, exactly once). It runs anew on every node in every incarnation
// and must build the same plan each time from the same arguments; nothing else is shipped between
// nodes.
#ifndef WAVETANK_RUNTIME_JOB_JOB_H_
#define WAVETANK_RUNTIME_JOB_JOB_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/cluster/block_bounds.h"
#include "runtime/cluster/speculation.h"

namespace wavetank::runtime {

class StreamingContext;
class Session;

enum class ParameterKind {
  kText,
  kPath,      // of a file or directory in the cluster's store
  kDuration,  // "500ms", "2s", not negative, a year at most
  kPort,      // a number from 1 to 65535
  kFlag,      // true or false
};

struct JobParameter {
  std::string name;
  std::string meaning;  // one line, with the unit
  // Unset: the parameter must be given.
  std::optional<std::string> default_value;
  ParameterKind kind = ParameterKind::kText;
  // What a search sets it to, one or another of these (`wavetank explore`). None: its default.
  std::vector<std::string> tried = {};
  // What it is in a scenario that does not say, where data are small. Unset: its default.
  std::optional<std::string> in_scenarios = {};
  // Whether a later start on the same checkpoint may have another value: the answer is that of the
  // new one, of all batches from then on.
  bool may_change = false;
};

// A value for every parameter of a job.
class JobArguments {
 public:
  // REQUIRES: the job has the parameter.
  const std::string& Get(const std::string& name) const;

 private:
  friend absl::StatusOr<JobArguments> BindArguments(const struct Job& job,
                                                    std::map<std::string, std::string> given);
  std::map<std::string, std::string> values_;
};

struct Job {
  std::string name = {};
  std::string meaning = {};  // one line
  // Raise it when the job has changed so that it cannot go on from an older checkpoint.
  std::string version = "1";
  std::vector<JobParameter> parameters = {};
  // Whether the functions of a DStream give the same for the same, whenever and wherever they are
  // called: only then can a check work its answers out anew. (A query's expressions always do.)
  bool deterministic = false;
  // One of the two.
  std::function<void(StreamingContext&, const JobArguments&)> dstream = nullptr;
  std::function<void(Session&, const JobArguments&)> structured = nullptr;
};

// Parameters that every job has: "checkpoint" (required), "interval" (of batches, "1s"; structured
// queries: "0s", as soon as there is data), "partitions" (of a shuffle, "2"; structured queries:
// "", as many as the checkpoint keeps state in, kDefaultShufflePartitions in a new one), "retain"
// (batches that the checkpoint keeps, "100"), "log-bytes" (how much its logs may grow before they
// are begun anew, "1048576"), "stop-timeout" (how long a stop in good order may take, "0s": as
// the engine has it) and "standby-timeout" (of silence, after which a driver that stands by takes
// over, "0s": none does), and "speculation" ("false") with "speculation-multiplier",
// "speculation-quantile", "speculation-interval", "speculation-min-runtime" and
// "speculation-threshold": SpeculationOptions. Jobs of queries also have "restarts" (how often in a
// row a query goes on after an error that may pass, "8") and "available-now" (end once what is
// there at the start is read, "false"), "once" (the same in one batch, "false"), "source-timeout"
// (how long a source may take to answer before batches go on without it, "30s"), "max-bytes" (of
// each source that a batch has at most, "268435456") and "inline-bytes" (of a batch's output that
// may stand in its records, "262144").
std::vector<JobParameter> AllParameters(const Job& job);

// "kept-bytes" and "spill-bytes", of a job of DStreams.
BlockBounds BlockBoundsOf(const JobArguments& arguments);
SpeculationOptions SpeculationOf(const JobArguments& arguments);
// "partitions", as it was given; nullopt: it was not.
std::optional<int> PartitionsOf(const JobArguments& arguments);

// kInvalidArgument names what is missing, unknown or malformed.
absl::StatusOr<JobArguments> BindArguments(const Job& job,
                                           std::map<std::string, std::string> given);

class JobCatalogue {
 public:
  // REQUIRES: no job of that name yet; exactly one of its two functions.
  void Add(Job job);
  // Null when there is none. Valid as long as the catalogue.
  const Job* Find(const std::string& name) const;
  std::vector<std::string> names() const;

 private:
  std::map<std::string, Job> jobs_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_JOB_JOB_H_
