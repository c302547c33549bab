// Where the paths of a job lead that the command starts: of this host, relative to the directory
// that the command was started in; or, with a store service, relative to its root.
#ifndef WAVETANK_SCENARIOS_SHELL_JOB_PATHS_H_
#define WAVETANK_SCENARIOS_SHELL_JOB_PATHS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/connectors/job_directories.h"
#include "runtime/job/deployment.h"
#include "runtime/job/job.h"

namespace wavetank::scenarios::shell {

enum class PathsOf { kHost, kStore };

// What was given, and the paths that the job has by default, as the engine is to have them. Those
// of this host are said from "/" on, without it: what a job keeps of them is the same wherever its
// next start is called. kInvalidArgument names one that leads nowhere.
absl::StatusOr<std::map<std::string, std::string>> PlacePaths(
    const runtime::Job& job, std::map<std::string, std::string> given, PathsOf paths);

// kInvalidArgument names a directory that lies in no path of the job's parameters. The engine would
// take it from "/" on, and nobody who wrote it meant that. `directories`: the job's.
absl::Status CheckPlaced(const runtime::JobInstance& instance,
                         const std::vector<runtime::JobDirectory>& directories);

// A text of the engine's for people, in which paths of this host that begin with one of `placed`
// (PlacePaths) are said from "/" on. A path of one component is known by what is below it.
std::string SayFromRoot(const std::vector<std::string>& placed, std::string text);

// Where a path of this host, as the engine has it, leads by whatever links.
std::string Resolved(const std::string& path);

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_JOB_PATHS_H_
