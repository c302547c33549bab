#include "runtime/job/deployment.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/local_store.h"
#include "checkpoint/served_store.h"
#include "checkpoint/store_identity.h"
#include "checkpoint/store_service.h"
#include "platform/check.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "platform/text.h"
#include "platform/timeout.h"
#include "runtime/cluster/cluster.h"
#include "runtime/connectors/check_apart_in_store.h"
#include "runtime/connectors/directory_uses.h"
#include "runtime/dstream/driver.h"
#include "runtime/dstream/streaming_context.h"
#include "runtime/job/driver_lease.h"
#include "runtime/structured/compiled_queries.h"
#include "runtime/structured/data_frame.h"
#include "runtime/structured/fragment_task.h"
#include "runtime/structured/query_check.h"
#include "runtime/structured/query_places.h"
#include "runtime/structured/streaming_query.h"

namespace wavetank::runtime {
namespace {

using platform::LogLevel;
using platform::Node;
using platform::Task;

// Between two attempts at reaching the store, each of which goes on for long.
constexpr absl::Duration kStorePause = absl::Seconds(1);
// How long a worker that leaves waits for its receivers, unless the job says.
constexpr absl::Duration kStopTimeout = absl::Seconds(30);

// What one node makes of a job. Tasks and drivers point into it: it stays where it is.
struct Plan {
  std::unique_ptr<StreamingContext> context;
  std::unique_ptr<Session> session;
  std::optional<int> partitions;  // as they were asked for
  std::string fingerprint;
  std::vector<JobDirectory> directories;

  // What nodes compare when they meet. A name of the job's own says nothing of its code.
  std::string FingerprintIn(const Deployment& deployment) const {
    const bool own = session != nullptr && session->has_own_code();
    return own && !deployment.build_id.empty()
               ? absl::StrCat(fingerprint, " of build ", deployment.build_id)
               : fingerprint;
  }
};

absl::Duration Interval(const JobArguments& arguments) {
  absl::Duration interval;
  WT_CHECK(absl::ParseDuration(arguments.Get("interval"), &interval));  // BindArguments has
  return interval;
}

// nullopt: the engine's own.
std::optional<absl::Duration> StopTimeout(const JobArguments& arguments) {
  absl::Duration timeout;
  WT_CHECK(absl::ParseDuration(arguments.Get("stop-timeout"), &timeout));  // BindArguments has
  return timeout > absl::ZeroDuration() ? std::optional(timeout) : std::nullopt;
}

absl::Duration StandbyTimeout(const JobArguments& arguments) {
  absl::Duration timeout;
  WT_CHECK(absl::ParseDuration(arguments.Get("standby-timeout"), &timeout));  // BindArguments has
  return timeout;
}

absl::Duration SourceTimeout(const JobArguments& arguments) {
  absl::Duration timeout;
  WT_CHECK(absl::ParseDuration(arguments.Get("source-timeout"), &timeout));  // BindArguments has
  return timeout;
}

int64_t Number(const JobArguments& arguments, const char* name) {
  int64_t number = 0;
  WT_CHECK(absl::SimpleAtoi(arguments.Get(name), &number));  // BindArguments has
  return number;
}

// The plan's queries with what the job's arguments add.
std::vector<StreamingQueryDefinition> QueriesOf(const Plan& plan, const JobArguments& arguments) {
  std::vector<StreamingQueryDefinition> queries = plan.session->queries();
  for (StreamingQueryDefinition& query : queries) {
    std::string directory = arguments.Get("checkpoint");
    if (queries.size() > 1) absl::StrAppend(&directory, "/", query.name);
    query.options.try_emplace("checkpointLocation", directory);
    query.available_now = query.available_now || arguments.Get("available-now") == "true";
    query.once = query.once || arguments.Get("once") == "true";
    if (query.trigger_interval == absl::ZeroDuration()) {
      query.trigger_interval = Interval(arguments);
    }
  }
  return queries;
}

absl::StatusOr<std::unique_ptr<Plan>> BuildPlan(const JobInstance& instance) {
  const JobArguments& arguments = instance.arguments;
  auto plan = std::make_unique<Plan>();
  plan->partitions = PartitionsOf(arguments);
  if (instance.job->dstream != nullptr) {
    plan->context = std::make_unique<StreamingContext>(Interval(arguments));
    plan->context->Checkpoint(arguments.Get("checkpoint"));
    instance.job->dstream(*plan->context, arguments);
    WT_RETURN_IF_ERROR(plan->context->graph().Validate());
    plan->fingerprint = plan->context->graph().Fingerprint();
    plan->directories = plan->context->graph().Directories();
    return plan;
  }
  plan->session = std::make_unique<Session>();
  instance.job->structured(*plan->session, arguments);
  WT_RETURN_IF_ERROR(plan->session->error());
  if (plan->session->queries().empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "job ", instance.job->name, " starts no query: end its plan with WriteStream()...Start()"));
  }
  const std::vector<StreamingQueryDefinition> queries = QueriesOf(*plan, arguments);
  WT_RETURN_IF_ERROR(CheckNames(queries));
  for (const StreamingQueryDefinition& query : queries) {
    WT_RETURN_IF_ERROR(CheckDefinition(query));
    WT_ASSIGN_OR_RETURN(
        const RecordedQueryPtr compiled,
        CompileAndRecord(query, plan->partitions.value_or(kDefaultShufflePartitions),
                         instance.compiled.get()));
    absl::StrAppend(&plan->fingerprint, compiled->record.hash());
    WT_RETURN_IF_ERROR(CheckFeedsNotItself(query, *compiled->query.plan));
    for (JobDirectory& directory : DirectoriesOf(query, *compiled->query.plan)) {
      plan->directories.push_back(std::move(directory));
    }
  }
  WT_RETURN_IF_ERROR(CheckApart(plan->directories));
  return plan;
}

constexpr int kFailed = 1;
constexpr int kRefused = 2;  // before anything durable was written

void Fail(Node& node, const absl::Status& why, int status = kFailed) {
  node.Log(LogLevel::kError, std::string(platform::ToStd(why.message())));
  node.Exit(status);
}

// The others do not wait for this one, and it may be long until they end: its failure is said now.
Task<void> RunOneQuery(Node& node, checkpoint::Store& store, Cluster& cluster,
                       StreamingQueryDefinition query, QueryOptions options, bool& failed) {
  const absl::Status status =
      co_await RunStreamingQuery(node, store, cluster, std::move(query), std::move(options));
  if (status.ok()) co_return;
  node.Log(LogLevel::kError, std::string(platform::ToStd(status.message())));
  failed = true;
}

using StopEvent = std::shared_ptr<platform::Event>;

StopEvent StopEventOf(Node& node, const Deployment& deployment) {
  StopEvent event = deployment.stop_requested ? deployment.stop_requested(node) : nullptr;
  return event != nullptr ? event : std::make_shared<platform::Event>();
}

Task<void> ExitWhenAsked(Node& node, StopEvent asked) {
  co_await asked->Wait();
  node.Exit(0);
}

Task<void> StopWhenAsked(Node& node, StopEvent asked, StopRequest& stop) {
  co_await asked->Wait();
  node.Log(LogLevel::kInfo, "asked to stop: what is under way is finished first");
  stop.Stop(/*gracefully=*/true);
}

// Whether all of it ended well; what did not is in the log.
Task<bool> RunPlan(Node& node, checkpoint::Store& store, Cluster& cluster, const Plan& plan,
                   const JobInstance& instance, const DriverHooks& hooks,
                   StopEvent stop_requested) {
  if (plan.context != nullptr) {
    DStreamOptions options;
    options.default_parallelism = plan.partitions.value();
    options.print = hooks.print;
    if (hooks.progress != nullptr) {
      options.on_progress = [report = hooks.progress](const StreamProgress& progress) {
        report(progress.ToText());
      };
    }
    options.batches_retained = Number(instance.arguments, "retain");
    options.log_segment_bytes = static_cast<uint64_t>(Number(instance.arguments, "log-bytes"));
    options.unprocessed_bytes_max = Number(instance.arguments, "unprocessed-bytes");
    options.rates.receiver_max_rate = Number(instance.arguments, "receiver-rate");
    options.rates.backpressure = instance.arguments.Get("backpressure") == "true";
    options.rates.pid.min_rate = static_cast<double>(Number(instance.arguments, "min-rate"));
    options.graceful_stop_timeout =
        StopTimeout(instance.arguments).value_or(options.graceful_stop_timeout);
    StopRequest stop;
    options.stop = &stop;
    platform::TaskScope scope(node.executor());
    scope.Spawn("stop when asked", StopWhenAsked(node, stop_requested, stop));
    const absl::Status ended =
        co_await RunDStreamDriver(node, store, cluster, plan.context->graph(), options);
    if (!ended.ok()) node.Log(LogLevel::kError, std::string(platform::ToStd(ended.message())));
    co_return ended.ok();
  }
  QueryOptions options;
  options.shuffle_partitions = plan.partitions;
  options.job_version = instance.job->version;
  options.min_batches_to_retain = Number(instance.arguments, "retain");
  options.log_segment_bytes = static_cast<uint64_t>(Number(instance.arguments, "log-bytes"));
  options.batch_bytes = Number(instance.arguments, "max-bytes");
  options.sink_log_segment_bytes = options.log_segment_bytes;
  options.inline_output_bytes = static_cast<uint64_t>(Number(instance.arguments, "inline-bytes"));
  options.stop = stop_requested.get();
  options.graceful_stop_timeout =
      StopTimeout(instance.arguments).value_or(options.graceful_stop_timeout);
  options.max_restarts = static_cast<int>(Number(instance.arguments, "restarts"));
  options.source_timeout = SourceTimeout(instance.arguments);
  options.compiled = instance.compiled;
  if (hooks.progress != nullptr) {
    options.on_progress = [report = hooks.progress](const StreamingQueryProgress& progress) {
      report(progress.ToText());
    };
  }
  bool failed = false;
  platform::TaskScope scope(node.executor());
  for (const StreamingQueryDefinition& query : QueriesOf(plan, instance.arguments)) {
    Task<void> running = RunOneQuery(node, store, cluster, query, options, failed);
    scope.Spawn(query.name, std::move(running));
  }
  co_await scope.Join();
  co_return !failed;
}

// Waits until the store is there. Nothing has begun: who is asked to stop meanwhile exits at once.
Task<absl::StatusOr<std::string>> IdentityOf(Node& node, checkpoint::Store& store,
                                             StopEvent stop_requested) {
  platform::TaskScope scope(node.executor());
  scope.Spawn("exit when asked", ExitWhenAsked(node, stop_requested));
  while (true) {
    absl::StatusOr<std::string> identity = co_await checkpoint::IdentityOf(store);
    if (!absl::IsUnavailable(identity.status())) co_return identity;
    node.Log(LogLevel::kWarning,
             absl::StrCat("waiting for the store: ", identity.status().message()));
    co_await node.clock().Sleep(kStorePause);
  }
}

// What the engines check too; here, nothing has begun that could end with another status.
Task<absl::Status> CheckDirectories(checkpoint::Store& store, const Plan& plan) {
  WT_CO_RETURN_IF_ERROR(co_await CheckApartInStore(store, plan.directories));
  co_return co_await CheckUses(
      store, plan.directories,
      plan.context != nullptr ? CheckpointOf::kStream : CheckpointOf::kQuery);
}

// Stands by, if that is what the driver is for, until it is its turn; false: it never is.
Task<bool> AwaitTurn(Node& node, const Deployment& deployment, DriverLease& lease,
                     StopEvent stop_requested) {
  if (!deployment.stands_by) co_return true;
  platform::TaskScope scope(node.executor());
  scope.Spawn("exit when asked", ExitWhenAsked(node, stop_requested));
  const DriverLease::Watched watched = co_await lease.StandBy();
  co_return watched == DriverLease::Watched::kTaken;
}

Task<void> ExitWhenUnheard(Node& node, DriverLease& lease) { Fail(node, co_await lease.Keep()); }

// All outlive the task.
Task<bool> RunPlanUnderLease(Node& node, DriverLease& lease, const Deployment& deployment,
                             Task<bool> running, StopEvent stop_requested) {
  if (!deployment.stands_by) {
    platform::TaskScope scope(node.executor());
    scope.Spawn("exit when asked", ExitWhenAsked(node, stop_requested));
    co_await lease.Take();
  }
  bool well = false;
  {
    platform::TaskScope scope(node.executor());
    scope.Spawn("keep the lease", ExitWhenUnheard(node, lease));
    well = co_await std::move(running);
  }
  if (well) {
    co_await lease.End(stop_requested->is_set() ? LeaseWord::Kind::kLeft
                                                : LeaseWord::Kind::kFinished);
  }
  co_return well;
}

Task<void> RunDriver(Node& node, JobInstance instance, Deployment deployment, std::string address,
                     DriverHooks hooks) {
  const StopEvent stop_requested = StopEventOf(node, deployment);
  const absl::Duration standby_timeout = StandbyTimeout(instance.arguments);
  const bool has_lease = standby_timeout > absl::ZeroDuration();
  if (deployment.stands_by && !has_lease) {
    Fail(node,
         absl::InvalidArgumentError(
             "a driver that stands by must know for how long the one at work may be silent: give "
             "both the same --standby-timeout, such as 10s"),
         kRefused);
    co_return;
  }
  absl::StatusOr<std::unique_ptr<Plan>> plan = BuildPlan(instance);
  if (!plan.ok()) {
    Fail(node, plan.status(), kRefused);
    co_return;
  }
  const std::unique_ptr<checkpoint::Store> store = OpenStore(node, deployment);
  absl::StatusOr<std::string> identity = co_await IdentityOf(node, *store, stop_requested);
  if (!identity.ok()) {
    Fail(node, identity.status(), kRefused);
    co_return;
  }
  DriverLease lease(
      node, *store,
      {.checkpoint = instance.arguments.Get("checkpoint"), .timeout = standby_timeout});
  const bool its_turn = co_await AwaitTurn(node, deployment, lease, stop_requested);
  if (!its_turn) co_return node.Exit(0);
  ClusterOptions options;
  options.store_identity = *std::move(identity);
  options.address = address.starts_with(':') ? node.machine() + address : address;
  options.plan_fingerprint = (*plan)->FingerprintIn(deployment);
  options.speculation = SpeculationOf(instance.arguments);
  absl::StatusOr<std::unique_ptr<Cluster>> cluster = co_await Cluster::Start(node, options);
  if (!cluster.ok()) {
    Fail(node, cluster.status(), kRefused);
    co_return;
  }
  const absl::Status apart = co_await CheckDirectories(*store, **plan);
  if (absl::IsInvalidArgument(apart) || absl::IsFailedPrecondition(apart)) {
    Fail(node, apart, kRefused);
    co_return;
  }
  Task<bool> running = RunPlan(node, *store, **cluster, **plan, instance, hooks, stop_requested);
  if (has_lease) {
    running = RunPlanUnderLease(node, lease, deployment, std::move(running), stop_requested);
  }
  const bool well = co_await std::move(running);
  node.Exit(well ? 0 : kFailed);
}

// Whether the driver is a node of the same process, which then ends when the driver says so.
bool IsOfItsDriversProcess(const Deployment& deployment) {
  const auto& addresses = deployment.driver_addresses;
  return std::all_of(addresses.begin(), addresses.end(),
                     [](const std::string& address) { return address.starts_with("inproc:"); });
}

Task<absl::Status> Drained(const TaskRegistry& registry) {
  co_await DrainReceivers(registry);
  co_return absl::OkStatus();
}

// A worker in a process of its own: what its receivers have taken in is handed over first. Its
// other tasks run again elsewhere.
Task<void> LeaveWhenAsked(Node& node, StopEvent asked, const TaskRegistry& registry,
                          absl::Duration timeout) {
  co_await asked->Wait();
  node.Log(LogLevel::kInfo, "asked to stop: receivers hand over what they have first");
  Task<absl::Status> draining = Drained(registry);
  const absl::Status drained = co_await platform::WithTimeout(
      node.executor(), node.clock(), timeout, "stop: receivers hand over what they have",
      std::move(draining));
  if (drained.ok()) co_return node.Exit(0);
  Fail(node, absl::Status(drained.code(), absl::StrCat(drained.message(),
                                                       "; the lines that they had read and not "
                                                       "stored are lost")));
}

Task<void> RunStoreNode(Node& node, Deployment deployment) {
  platform::TaskScope scope(node.executor());
  scope.Spawn("exit when asked", ExitWhenAsked(node, StopEventOf(node, deployment)));
  co_await checkpoint::RunStoreService(node, deployment.store_address, deployment.store_root,
                                       deployment.store);
}

Task<void> RunWorkerNode(Node& node, JobInstance instance, Deployment deployment,
                         std::string address) {
  absl::StatusOr<std::unique_ptr<Plan>> plan = BuildPlan(instance);
  if (!plan.ok()) {
    Fail(node, plan.status(), kRefused);
    co_return;
  }
  const std::unique_ptr<checkpoint::Store> store = OpenStore(node, deployment);
  TaskRegistry registry;  // its bodies keep state, which uses the store to its end
  WorkerOptions options;
  if ((*plan)->context != nullptr) {
    RegisterTasks((*plan)->context->graph(), registry);
    const BlockBounds bounds = BlockBoundsOf(instance.arguments);
    options.kept_bytes_max = bounds.memory_bytes_max;
    options.spilled_bytes_max = bounds.spilled_bytes_max;
    options.scratch = deployment.scratch;
  } else {
    for (const StreamingQueryDefinition& query : QueriesOf(**plan, instance.arguments)) {
      RegisterTasks(query, registry, instance.compiled);
    }
  }
  options.driver_addresses = deployment.driver_addresses;
  options.address = address;
  options.plan_fingerprint = (*plan)->FingerprintIn(deployment);
  platform::TaskScope scope(node.executor());
  if (!IsOfItsDriversProcess(deployment)) {
    scope.Spawn("leave when asked",
                LeaveWhenAsked(node, StopEventOf(node, deployment), registry,
                               StopTimeout(instance.arguments).value_or(kStopTimeout)));
  }
  co_await RunWorker(node, *store, registry, options);
}

}  // namespace

std::unique_ptr<checkpoint::Store> OpenStore(Node& node, const Deployment& deployment) {
  if (deployment.store_address.empty()) {
    return std::make_unique<checkpoint::LocalStore>(node, deployment.store_root);
  }
  return std::make_unique<checkpoint::ServedStore>(node, deployment.store_address);
}

absl::Status CheckPlan(const JobInstance& instance) { return BuildPlan(instance).status(); }

std::vector<JobDirectory> DirectoriesOf(const JobInstance& instance) {
  const absl::StatusOr<std::unique_ptr<Plan>> plan = BuildPlan(instance);
  WT_CHECK(plan.ok(), "the plan was checked");
  return (*plan)->directories;
}

platform::NodeMain DriverMain(JobInstance instance, Deployment deployment, std::string address,
                              DriverHooks hooks) {
  return [=](Node& node) { return RunDriver(node, instance, deployment, address, hooks); };
}

platform::NodeMain WorkerMain(JobInstance instance, Deployment deployment, std::string address) {
  return [=](Node& node) { return RunWorkerNode(node, instance, deployment, address); };
}

platform::NodeMain StoreMain(Deployment deployment) {
  return [=](Node& node) { return RunStoreNode(node, deployment); };
}

}  // namespace wavetank::runtime
