#include "scenarios/shell/start_command.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "checkpoint/store_service.h"
#include "platform/nearest_name.h"
#include "platform/real/build_id.h"
#include "platform/real/last_words.h"
#include "platform/real/loopback.h"
#include "platform/real/real_process.h"
#include "platform/real/secret_file.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/job/deployment.h"
#include "runtime/job/explain_job.h"
#include "scenarios/shell/job_paths.h"
#include "scenarios/shell/recording.h"
#include "scenarios/shell/step_fault.h"

namespace wavetank::scenarios::shell {
namespace {

constexpr int kBadInput = 2;

int Refuse(const StartCommand& command, const absl::Status& why) {
  std::fprintf(stderr, "wavetank %s: %s\n", command.called.c_str(),
               std::string(platform::ToStd(why.message())).c_str());
  return kBadInput;
}

absl::StatusOr<runtime::JobInstance> Bind(const StartCommand& command,
                                          const runtime::JobCatalogue& jobs) {
  const runtime::Job* job = jobs.Find(command.job);
  if (job == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "there is no job \"", command.job, "\"", platform::Suggestion(command.job, jobs.names())));
  }
  WT_ASSIGN_OR_RETURN(auto given,
                      PlacePaths(*job, command.parameters,
                                 command.store_address.empty() ? PathsOf::kHost : PathsOf::kStore));
  WT_ASSIGN_OR_RETURN(runtime::JobArguments arguments, BindArguments(*job, std::move(given)));
  return runtime::JobInstance{job, std::move(arguments)};
}

// The job's paths of this host.
std::vector<std::string> PlacedPaths(const StartCommand& command,
                                     const runtime::JobInstance& instance) {
  std::vector<std::string> placed;
  if (instance.job == nullptr || !command.store_address.empty()) return placed;
  for (const runtime::JobParameter& parameter : runtime::AllParameters(*instance.job)) {
    if (parameter.kind != runtime::ParameterKind::kPath) continue;
    placed.push_back(checkpoint::NormalPath(instance.arguments.Get(parameter.name)));
  }
  return placed;
}

int RefuseJob(const StartCommand& command, const runtime::JobInstance& instance,
              const absl::Status& why) {
  const std::string text(platform::ToStd(why.message()));
  return Refuse(command,
                absl::Status(why.code(), SayFromRoot(PlacedPaths(command, instance), text)));
}

absl::Status Check(const StartCommand& command, const runtime::JobInstance& instance) {
  WT_RETURN_IF_ERROR(runtime::CheckPlan(instance));
  WT_RETURN_IF_ERROR(CheckStepFaults(command.step_faults, instance));
  if (!command.store_address.empty()) return absl::OkStatus();
  const std::vector<runtime::JobDirectory> directories = runtime::DirectoriesOf(instance);
  WT_RETURN_IF_ERROR(CheckPlaced(instance, directories));
  return runtime::CheckApart(directories, Resolved);
}

runtime::DriverHooks PrintToOutput() {
  const auto print = [](const std::string& text) {
    std::fputs(text.c_str(), stdout);
    if (text.empty() || text.back() != '\n') std::fputc('\n', stdout);
    std::fflush(stdout);
  };
  return {.print = print, .progress = print};
}

// The cluster's secret, without which nothing may leave this machine.
absl::StatusOr<std::string> Secret(const StartCommand& command) {
  if (!command.secret_file.empty()) return platform::ReadSecretFile(command.secret_file);
  std::vector<std::string> addresses = command.driver_addresses;
  addresses.push_back(command.address);
  addresses.push_back(command.store_address);
  for (const std::string& address : addresses) {
    if (address.empty()) continue;
    // ":PORT" is one of "localhost", as the machine is called here.
    const absl::StatusOr<bool> stays = platform::StaysOnThisMachine(
        address.starts_with(':') ? absl::StrCat("localhost", address) : address);
    if (absl::IsUnavailable(stays.status())) continue;  // a name that is not known yet
    WT_RETURN_IF_ERROR(stays.status());
    if (*stays) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        address,
        " reaches beyond this machine, so that strangers could reach the cluster: start "
        "every process of it with the same --secret-file=FILE"));
  }
  return std::string();
}
// By node, what asks it to end in good order.
using StopEvents = std::map<std::string, std::shared_ptr<platform::Event>>;

absl::StatusOr<platform::ProcessSpec> Nodes(const StartCommand& command,
                                            const runtime::JobInstance& instance,
                                            const StopEvents& stop_events) {
  runtime::Deployment deployment;
  deployment.stop_requested = [&stop_events](platform::Node& node) {
    return stop_events.at(node.name());
  };
  deployment.build_id = platform::BuildId();
  deployment.store_address = command.store_address;
  deployment.driver_addresses = command.driver_addresses;
  // Below the root of the host, which is that of the node's disk.
  deployment.scratch =
      std::filesystem::absolute(command.scratch).lexically_normal().relative_path().string();
  deployment.stands_by = command.stands_by;
  const auto need = [](const std::string& value, const char* option, const char* who) {
    return value.empty()
               ? absl::InvalidArgumentError(absl::StrCat(who, " needs ", option, "=HOST:PORT"))
               : absl::OkStatus();
  };
  switch (command.role) {
    case Role::kStore:
      WT_RETURN_IF_ERROR(need(command.address, "--address", "a store"));
      deployment.store_address = command.address;
      if (command.memory_bytes < checkpoint::kLeastStoreMemoryBytes) {
        return absl::InvalidArgumentError(
            absl::StrCat("--memory=", command.memory_bytes, ": a store needs at least ",
                         checkpoint::kLeastStoreMemoryBytes, " bytes"));
      }
      deployment.store.memory_bytes = static_cast<int64_t>(command.memory_bytes);
      return platform::ProcessSpec{"store", {{"store", runtime::StoreMain(deployment)}}};
    case Role::kDriver:
      WT_RETURN_IF_ERROR(need(command.address, "--address", "--as=driver"));
      return platform::ProcessSpec{
          "driver",
          {{"driver",
            runtime::DriverMain(instance, deployment, command.address, PrintToOutput())}}};
    case Role::kWorker:
      WT_RETURN_IF_ERROR(need(command.address, "--address", "--as=worker"));
      if (command.driver_addresses.empty()) return need("", "--driver", "--as=worker");
      return platform::ProcessSpec{
          "worker", {{"worker", runtime::WorkerMain(instance, deployment, command.address)}}};
    case Role::kLocal:
      break;
  }
  deployment.driver_addresses = {"inproc:driver"};
  platform::ProcessSpec spec{"local", {}};
  spec.nodes.push_back(
      {"driver", runtime::DriverMain(instance, deployment, "inproc:driver", PrintToOutput())});
  for (int worker = 1; worker <= command.workers; ++worker) {
    const std::string name = absl::StrCat("worker-", worker);
    spec.nodes.push_back(
        {name, runtime::WorkerMain(instance, deployment, absl::StrCat("inproc:", name))});
  }
  return spec;
}

// Refused before anything runs: what could not be made a scenario.
absl::StatusOr<std::unique_ptr<Recorder>> Record(const StartCommand& command,
                                                 const runtime::JobInstance& instance) {
  const std::vector<runtime::JobDirectory> directories = runtime::DirectoriesOf(instance);
  if (std::none_of(directories.begin(), directories.end(), [](const auto& each) {
        return each.use == runtime::JobDirectory::Use::kInput;
      })) {
    return absl::InvalidArgumentError(
        "the job reads no directory, and what comes from a socket is nowhere to be read "
        "again");
  }
  const std::string record = std::filesystem::absolute(command.record_file).string();
  for (const runtime::JobDirectory& directory : directories) {
    const std::string below = Resolved("/" + directory.path) + "/";
    if (!Resolved(record).starts_with(below)) continue;
    return absl::InvalidArgumentError(absl::StrCat(command.record_file, " lies in ",
                                                   runtime::NameOf(directory),
                                                   " of the job: name a file elsewhere"));
  }
  WT_ASSIGN_OR_RETURN(auto parameters,
                      PlacePaths(*instance.job, command.parameters, PathsOf::kHost));
  return Recorder::Open(command.record_file, {.started_ms = 0,
                                              .workers = command.workers,
                                              .job = instance.job->name,
                                              .parameters = std::move(parameters),
                                              .steps = {}});
}

}  // namespace

int Explain(const StartCommand& command, const runtime::JobCatalogue& jobs) {
  const absl::StatusOr<runtime::JobInstance> instance = Bind(command, jobs);
  if (!instance.ok()) return Refuse(command, instance.status());
  const absl::StatusOr<std::string> text = runtime::ExplainJob(*instance);
  if (!text.ok()) return RefuseJob(command, *instance, text.status());
  const absl::Status checked = Check(command, *instance);
  // The text itself says what cannot run yet.
  if (!checked.ok() && !absl::IsUnimplemented(checked)) {
    return RefuseJob(command, *instance, checked);
  }
  std::fputs(text->c_str(), stdout);
  return 0;
}

int Execute(const StartCommand& command, const runtime::JobCatalogue& jobs) {
  if (command.explain) return Explain(command, jobs);
  static const std::string program = "wavetank " + command.called;
  platform::InstallLastWords(program.c_str());
  runtime::JobInstance instance;
  if (command.role != Role::kStore) {
    absl::StatusOr<runtime::JobInstance> given = Bind(command, jobs);
    if (!given.ok()) return Refuse(command, given.status());
    const absl::Status checked = Check(command, *given);
    if (!checked.ok()) return RefuseJob(command, *given, checked);
    instance = *std::move(given);
  }
  StopEvents stop_events;
  absl::StatusOr<platform::ProcessSpec> spec = Nodes(command, instance, stop_events);
  if (!spec.ok()) return Refuse(command, spec.status());
  absl::StatusOr<std::string> secret = Secret(command);
  if (!secret.ok()) return Refuse(command, secret.status());
  for (const platform::NodeSpec& node : spec->nodes) {
    stop_events[node.name] = std::make_shared<platform::Event>();
  }
  platform::RealProcessOptions options;
  options.secret = *std::move(secret);
  options.stop_signals = platform::StopSignals::kCatch;
  options.stop_events = stop_events;
  options.step_faults = command.step_faults;
  if (command.role == Role::kStore) {
    options.disk_root = command.store_root;
    options.network.buffer_bytes = checkpoint::kStoreBufferBytes;
  }
  options.said_as = [placed = PlacedPaths(command, instance)](std::string text) {
    return SayFromRoot(placed, std::move(text));
  };
  options.log_level = command.verbose ? platform::LogLevel::kDebug : platform::LogLevel::kInfo;
  std::unique_ptr<Recorder> recorder;
  if (!command.record_file.empty()) {
    absl::StatusOr<std::unique_ptr<Recorder>> opened = Record(command, instance);
    if (!opened.ok()) {
      return Refuse(command, absl::InvalidArgumentError(
                                 absl::StrCat("--record: ", opened.status().message())));
    }
    recorder = *std::move(opened);
    options.on_step = [&recorder](const platform::StepEvent& event) { recorder->OnStep(event); };
  }
  absl::StatusOr<std::unique_ptr<platform::RealProcess>> process =
      platform::RealProcess::Create(*std::move(spec), options);
  if (!process.ok()) return Refuse(command, process.status());
  const int status = (*process)->Run();
  if (recorder != nullptr) recorder->OnEnd(status);
  return status;
}

}  // namespace wavetank::scenarios::shell
