// `wavetank start`: runs a job for real, whole in this process or as one process of a cluster.
#ifndef WAVETANK_SCENARIOS_SHELL_START_COMMAND_H_
#define WAVETANK_SCENARIOS_SHELL_START_COMMAND_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "platform/real/step_killer.h"
#include "runtime/job/job.h"

namespace wavetank::scenarios::shell {

enum class Role { kLocal, kDriver, kWorker, kStore };

struct StartCommand {
  std::string called = "start";  // as errors say it
  std::string job;
  std::map<std::string, std::string> parameters;
  Role role = Role::kLocal;
  bool stands_by = false;  // of kDriver
  int workers = 2;         // of kLocal
  std::string address;     // of this node
  std::vector<std::string> driver_addresses;
  std::string store_address;
  std::string store_root = ".";  // of kStore: the directory of this host that it serves
  std::string scratch =
      "/tmp/wavetank";  // of workers: the directory for what has no room in memory
  uint64_t memory_bytes = uint64_t{512} << 20;  // of kStore
  std::string secret_file;                      // empty: none
  std::vector<platform::StepFault> step_faults;
  bool verbose = false;
  std::string record_file;  // empty: nothing is recorded
  bool explain = false;     // shows the job's plans, and starts nothing
};

// Runs until it ends, fails, or SIGINT or SIGTERM comes. Gives the exit status.
int Execute(const StartCommand& command, const runtime::JobCatalogue& jobs);

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_START_COMMAND_H_
