// What each of a scenario's inputs supplies: one of the directories or servers that the job reads.
// The servers stand outside of the cluster, on one machine, each with a port of its own.
#ifndef WAVETANK_SCENARIOS_INPUT_PLACES_H_
#define WAVETANK_SCENARIOS_INPUT_PLACES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "runtime/job/deployment.h"
#include "scenarios/cluster_plan.h"
#include "scenarios/fakes/line_server.h"
#include "scenarios/fakes/log_feed.h"
#include "scenarios/input.h"
#include "scenarios/job_shape.h"
#include "scenarios/parse.h"

namespace wavetank::scenarios {

struct NamedPlace {
  std::string name;
  InputPlace place;
};

// Under what names the job's places go, those of parameters first; one may have several.
std::vector<NamedPlace> NamesOfPlaces(const runtime::JobInstance& instance, const JobShape& shape);

// Of each input, in their order, by its name: the only place that the job reads; of several the one
// that the parameter of that name says (a server by its port, too), or that is called so.
// kInvalidArgument, with file:line:column: the job reads no such place, two inputs name one, or a
// server that the job reads is not outside, or is that of two streams.
absl::StatusOr<std::vector<InputPlace>> PlacesOfInputs(const ParsedScenario& parsed,
                                                       const runtime::JobInstance& instance,
                                                       const JobShape& shape);

// Starts what the job's sockets connect to: of one server, the node "line-server" of a process
// "outside"; of several, of each a node "line-server-<input>" of a process "outside-<input>".
// kInvalidArgument, with the place: one has no input, or the cluster has something of its name.
// REQUIRES: places of these inputs.
absl::StatusOr<fakes::LineFeeds> AddServers(const ParsedScenario& parsed, const JobShape& shape,
                                            const std::vector<InputPlace>& places,
                                            ClusterPlan& cluster);

// Starts what the job's logs are served by: the node "log-server" of a process "log-server", or of
// several, at the n-th address, "log-server-<n>". The topics that are input have partitions from
// the start. kInvalidArgument, with the place: as AddServers.
struct LogServer {
  std::string process;
  std::shared_ptr<fakes::LogFeed> feed;
};
using LogServers = std::map<std::string, LogServer>;  // by address
absl::StatusOr<LogServers> AddLogs(const ParsedScenario& parsed, const JobShape& shape,
                                   const std::vector<InputPlace>& places, ClusterPlan& cluster);
// Where its server keeps what it has, on the disk of the machine outside.
std::string DirectoryOfLog(const std::string& address);

// All that arrives, in order of time. REQUIRES: a place for each input.
absl::StatusOr<InputPlan> PlanInputs(const ParsedScenario& parsed,
                                     const std::vector<InputPlace>& places, uint64_t seed,
                                     const ReadHostFile& read_host_file);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_INPUT_PLACES_H_
