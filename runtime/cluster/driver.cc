#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/event.h"
#include "platform/rpc.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "platform/text.h"
#include "platform/wait_notice.h"
#include "runtime/cluster/cluster.h"
#include "runtime/cluster/graph_run.h"
#include "runtime/cluster/kept_stages.h"
#include "runtime/cluster/messages.h"
#include "runtime/cluster/registered_workers.h"
#include "runtime/steps.h"

namespace wavetank::runtime {
namespace {

using platform::LogLevel;
using platform::RpcPayload;

// How long a worker's "next" is held when there is nothing to do.
constexpr absl::Duration kPollTime = absl::Seconds(30);
// Requests of one worker at once: its "next", its reports, its tasks' calls.
constexpr int kMaxInFlight = 1024;

using Worker = RegisteredWorker;

std::string NewDriverId(platform::Node& node) {
  const uint64_t drawn = node.random().Next();
  return absl::StrCat(node.incarnation().value(), "-", absl::Hex(drawn, absl::kZeroPad16));
}

class Driver final : public Cluster {
 public:
  Driver(platform::Node& node, ClusterOptions options)
      : node_(node),
        options_(std::move(options)),
        id_(NewDriverId(node)),
        left_alone_since_(node.clock().Now()),
        scope_(node.executor()) {}

  Task<absl::Status> Listen();

  int worker_count() const override { return static_cast<int>(workers_.size()); }
  Task<absl::Status> WaitForWorkers(int count, absl::Duration timeout) override;
  Task<absl::StatusOr<GraphResults>> Run(StageGraph graph) override;
  bool IsKept(const TaskOutput& output) const override {
    return HasIt(output.id, output.worker) || HasIt(output.id, output.replica);
  }
  void LetGo(const std::vector<TaskOutput>& outputs) override;
  void Handle(std::string method, Handler handler) override {
    handlers_[std::move(method)] = std::move(handler);
  }

 private:
  // A graph on its way, for as long as the frame of its Run.
  struct Running {
    Running(Driver& d, StageGraph graph)
        : driver(d),
          run(std::move(graph), {.driver = d.id_,
                                 .id = d.next_graph_++,
                                 .max_attempts = d.options_.max_attempts,
                                 .speculation = d.options_.speculation,
                                 .placement = d.placement_,
                                 .planted = d.node_.planted()}) {
      driver.graphs_[run.id()] = this;
    }
    ~Running() {
      driver.graphs_.erase(run.id());
      driver.EndGraph(run);
    }
    Driver& driver;
    GraphRun run;
  };

  // Requests. A worker is known by its connection.
  Task<absl::StatusOr<RpcPayload>> Serve(std::string method, RpcPayload request,
                                         platform::RpcCall call);
  Task<absl::StatusOr<RpcPayload>> Register(std::string request, platform::RpcCall call);
  Task<absl::StatusOr<RpcPayload>> Next(std::shared_ptr<Worker> worker, std::string request);
  Task<absl::StatusOr<RpcPayload>> Report(std::string request);
  Task<absl::StatusOr<RpcPayload>> Call(std::string request);

  Task<void> LoseWorker(uint64_t connection);
  // Gives waiting tasks to free slots: graphs in the order they came, then by partition.
  void Schedule();
  bool HasIt(const TaskId& id, const WorkerRef& worker) const {
    return Find(worker.id) != nullptr && kept_.Has(id, worker.id);
  }
  // REQUIRES: IsKept(output). Names first who has it.
  void PutFirstWhoHasIt(TaskOutput& output) const {
    const bool has_replica = HasIt(output.id, output.replica);
    if (!HasIt(output.id, output.worker)) output.worker = std::exchange(output.replica, {});
    if (!has_replica) output.replica = {};
  }
  WorkerOffers OffersNow() const;
  Task<void> Speculate();  // for ever
  void EndGraph(const GraphRun& run);
  // Sends the cancellations of `run` and gives its marks, for Announce.
  std::vector<GraphRun::Mark> CarryOut(GraphRun& run);
  Task<void> Announce(int64_t batch, std::vector<GraphRun::Mark> marks);
  Worker* Find(int64_t worker) const;
  std::string Refused() const {
    return refused_.empty() ? "" : absl::StrCat(" (refused: ", refused_, ")");
  }
  void SayWaiting(platform::WaitNotice& notice, int count) {
    const platform::MonotonicTime now = node_.clock().Now();
    if (!notice.Due(now)) return;
    node_.Log(LogLevel::kWarning,
              absl::StrCat("waiting for workers at ", options_.address, " for ", notice.Waited(now),
                           ": ", worker_count(), " of ", count, " have come", Refused()));
  }
  // Wakes whoever waits for a graph's end or for workers: they look again.
  void Changed() {
    changed_.Set();
    changed_.Reset();
  }

  platform::Node& node_;
  const ClusterOptions options_;
  const std::string id_;
  int64_t next_worker_ = 1;
  int64_t next_graph_ = 1;
  platform::MonotonicTime left_alone_since_;  // meaningful while there are no workers
  RegisteredWorkers workers_;
  std::map<int64_t, Running*> graphs_;
  KeptStages kept_;
  const std::shared_ptr<Placement> placement_ = std::make_shared<Placement>();
  std::map<std::string, Handler> handlers_;
  std::string refused_;  // the latest worker that was refused, and why
  std::string said_refused_;
  bool said_no_replica_ = false;
  platform::Event changed_;
  platform::TaskScope scope_;
  std::unique_ptr<platform::RpcServer> server_;
};

Task<absl::Status> Driver::Listen() {
  platform::RpcHandler handler = [this](std::string method, RpcPayload request,
                                        platform::RpcCall call) {
    return Serve(std::move(method), std::move(request), std::move(call));
  };
  platform::RpcServerOptions server_options;
  server_options.max_in_flight = kMaxInFlight;
  server_options.on_disconnect = [this](uint64_t connection) {
    scope_.Spawn("lose worker", LoseWorker(connection));
  };
  WT_CO_ASSIGN_OR_RETURN(
      server_, co_await platform::RpcServer::Start(node_, options_.address, std::move(handler),
                                                   std::move(server_options)));
  if (options_.speculation.enabled) scope_.Spawn("speculate", Speculate());
  co_return absl::OkStatus();
}

Task<absl::Status> Driver::WaitForWorkers(int count, absl::Duration timeout) {
  const platform::MonotonicTime deadline = node_.clock().Now() + timeout;
  platform::WaitNotice notice(node_.clock().Now());
  while (worker_count() < count) {
    SayWaiting(notice, count);
    const absl::Duration left = deadline - node_.clock().Now();
    if (left <= absl::ZeroDuration()) {
      co_return absl::DeadlineExceededError(
          absl::StrCat(worker_count(), " of ", count, " workers have come to ", options_.address,
                       " within ", absl::FormatDuration(timeout), Refused()));
    }
    co_await changed_.WaitFor(node_.clock(), std::min(left, notice.UntilDue(node_.clock().Now())));
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<GraphResults>> Driver::Run(StageGraph graph) {
  WT_CO_RETURN_IF_ERROR(GraphRun::Validate(graph));
  for (Stage& stage : graph.stages) {
    for (TaskOutput& kept : stage.kept) {
      if (IsKept(kept)) {
        PutFirstWhoHasIt(kept);
        continue;
      }
      co_return absl::UnavailableError(absl::StrCat("graph ", graph.name, ": the output of ",
                                                    kept.id.Unique(), " that worker ",
                                                    kept.worker.name, " had kept is lost"));
    }
  }
  const platform::MonotonicTime began = node_.clock().Now();
  Running running(*this, std::move(graph));
  GraphRun& run = running.run;
  platform::WaitNotice notice(began);
  Schedule();
  while (!run.ended()) {
    if (!workers_.empty()) {
      co_await changed_.Wait();
      notice = platform::WaitNotice(node_.clock().Now());
      continue;
    }
    SayWaiting(notice, 1);
    const platform::MonotonicTime alone_since = std::max(began, left_alone_since_);
    const absl::Duration left = options_.worker_timeout - (node_.clock().Now() - alone_since);
    if (left <= absl::ZeroDuration()) {
      co_return absl::UnavailableError(
          absl::StrCat("graph ", run.name(), ": no worker has come to ", options_.address,
                       " within ", absl::FormatDuration(options_.worker_timeout), Refused(),
                       "; start workers with this address"));
    }
    co_await changed_.WaitFor(node_.clock(), std::min(left, notice.UntilDue(node_.clock().Now())));
  }
  co_return run.TakeResults();
}

Task<absl::StatusOr<RpcPayload>> Driver::Serve(std::string method, RpcPayload request,
                                               platform::RpcCall call) {
  if (method == "register") return Register(std::move(request.body), std::move(call));
  if (method == "report") return Report(std::move(request.body));
  if (method == "call") return Call(std::move(request.body));
  const auto found = workers_.find(call.connection());
  return Next(method == "next" && found != workers_.end() ? found->second : nullptr,
              std::move(request.body));
}

Task<absl::StatusOr<RpcPayload>> Driver::Register(std::string bytes, platform::RpcCall call) {
  cluster::RegisterRequest request;
  if (!ParseMessage(bytes, request) || request.slots() < 1) {
    co_return absl::InvalidArgumentError("register: not a worker of this program");
  }
  if (request.name() != call.session().node) {
    refused_ = absl::StrCat(call.session().node, " came as worker ", request.name());
    co_return absl::PermissionDeniedError(refused_);
  }
  if (request.plan_fingerprint() != options_.plan_fingerprint) {
    refused_ =
        absl::StrCat("worker ", request.name(), " at ", request.address(), " has the plan ",
                     request.plan_fingerprint(), ", the driver at ", options_.address, " has ",
                     options_.plan_fingerprint, ": start both from the same program and job");
    co_return absl::FailedPreconditionError(refused_);
  }
  if (!options_.store_identity.empty() && request.store_identity() != options_.store_identity) {
    refused_ = absl::StrCat("worker ", request.name(), " at ", request.address(), " has the store ",
                            request.store_identity(), ", the driver at ", options_.address, " has ",
                            options_.store_identity,
                            ": start both with the same --store, and that over the same directory");
    // It comes again and again.
    if (std::exchange(said_refused_, refused_) != refused_) {
      node_.Log(LogLevel::kWarning, absl::StrCat("refused: ", refused_));
    }
    co_return absl::FailedPreconditionError(refused_);
  }
  // An address has one listener: who had it before is gone, though its connection has not broken.
  const auto before = std::ranges::find_if(
      workers_, [&](const auto& entry) { return entry.second->ref.address == request.address(); });
  if (before != workers_.end()) co_await LoseWorker(before->first);
  auto worker = std::make_shared<Worker>();
  worker->ref = {.id = next_worker_++, .name = request.name(), .address = request.address()};
  worker->slots = request.slots();
  workers_[call.connection()] = worker;
  node_.Log(LogLevel::kInfo, absl::StrCat("worker ", worker->ref.name, " at ", worker->ref.address,
                                          " has registered"));
  co_await node_.Step(steps::kDriverWorkerRegistered, {{"workers", worker_count()}});
  Schedule();
  Changed();
  cluster::RegisterReply reply;
  reply.set_driver(id_);
  reply.set_worker(worker->ref.id);
  RpcPayload payload;
  payload.body = reply.SerializeAsString();
  co_return payload;
}

Task<absl::StatusOr<RpcPayload>> Driver::Next(std::shared_ptr<Worker> worker, std::string bytes) {
  if (worker == nullptr) co_return absl::FailedPreconditionError("no registered worker asks");
  cluster::NextRequest request;
  if (!ParseMessage(bytes, request)) {
    co_return absl::InvalidArgumentError("next: not a worker of this program");
  }
  for (const cluster::TaskName& dropped : request.dropped()) {
    kept_.Lose(FromName(dropped), worker->ref.id);
  }
  if (worker->commands.empty() && !worker->lost) {
    worker->wake.Reset();
    co_await worker->wake.WaitFor(node_.clock(), kPollTime);
  }
  if (worker->lost) {
    co_return absl::AbortedError("this worker has registered again, on another connection");
  }
  cluster::NextReply reply;
  for (; !worker->commands.empty(); worker->commands.pop_front()) {
    *reply.add_commands() = std::move(worker->commands.front());
  }
  RpcPayload payload;
  payload.body = reply.SerializeAsString();
  co_return payload;
}

Task<absl::StatusOr<RpcPayload>> Driver::Report(std::string bytes) {
  cluster::TaskReport report;
  if (!ParseMessage(bytes, report)) {
    co_return absl::InvalidArgumentError("report: not a worker of this program");
  }
  const auto graph = graphs_.find(report.task().graph());
  if (graph == graphs_.end() || report.task().driver() != id_) {
    std::vector<GraphRun::Mark> ignored;
    ignored.push_back({&steps::kDriverReportIgnored, FromName(report.task()), ""});
    co_await Announce(0, std::move(ignored));
    co_return RpcPayload{};
  }
  GraphRun& run = graph->second->run;
  run.Report(report, node_.clock().Now());
  const int64_t batch = run.batch();
  co_await Announce(batch, CarryOut(run));
  Schedule();
  Changed();
  co_return RpcPayload{};
}

Task<absl::StatusOr<RpcPayload>> Driver::Call(std::string bytes) {
  cluster::CallRequest request;
  if (!ParseMessage(bytes, request)) {
    co_return absl::InvalidArgumentError("call: not a worker of this program");
  }
  const auto graph = graphs_.find(request.task().graph());
  if (graph == graphs_.end() || !graph->second->run.IsRunning(request.task())) {
    co_return absl::AbortedError(
        absl::StrCat("task ", FromName(request.task()).Unique(), " does not count any more"));
  }
  const auto handler = handlers_.find(request.method());
  if (handler == handlers_.end()) {
    co_return absl::UnimplementedError(
        absl::StrCat("the driver answers no calls of ", request.method()));
  }
  WT_CO_ASSIGN_OR_RETURN(std::string reply, co_await handler->second(request.request()));
  RpcPayload payload;
  payload.body = std::move(reply);
  co_return payload;
}

Task<void> Driver::LoseWorker(uint64_t connection) {
  const auto found = workers_.find(connection);
  if (found == workers_.end()) {
    // Its requests were cancelled where they stood, perhaps before they came to this.
    Schedule();
    Changed();
    co_return;
  }
  const std::shared_ptr<Worker> worker = std::move(found->second);
  workers_.erase(found);
  if (workers_.empty()) left_alone_since_ = node_.clock().Now();
  worker->lost = true;
  worker->wake.Set();
  node_.Log(LogLevel::kWarning,
            absl::StrCat("worker ", worker->ref.name, " at ", worker->ref.address, " is lost; ",
                         worker_count(), " left"));
  std::vector<std::pair<int64_t, std::vector<GraphRun::Mark>>> marks;
  for (const auto& [id, running] : graphs_) {
    running->run.LoseWorker(worker->ref.id);
    marks.emplace_back(running->run.batch(), CarryOut(running->run));
  }
  co_await node_.Step(steps::kDriverWorkerLost, {{"workers", worker_count()}});
  for (auto& [batch, of_graph] : marks) co_await Announce(batch, std::move(of_graph));
  Schedule();
  Changed();
}

WorkerOffers Driver::OffersNow() const {
  return OffersOf(workers_, [this](int64_t worker) {
    int taken = 0;
    for (const auto& [id, running] : graphs_) taken += running->run.SlotsTakenOn(worker);
    return taken;
  });
}

void Driver::Schedule() {
  WorkerOffers offers = OffersNow();
  if (offers.workers.empty()) return;
  for (const auto& [id, running] : graphs_) {
    auto& run = running->run;
    while (const auto next = run.Next(offers.refs, offers.free)) {
      if (run.TakesSlot(next->key)) --offers.free[next->worker];
      const bool replicates = run.WantsReplica(next->key) && offers.refs.size() > 1;
      if (run.WantsReplica(next->key) && !replicates && !std::exchange(said_no_replica_, true)) {
        node_.Log(LogLevel::kWarning,
                  "there is one worker: nothing has a replica until there are two");
      }
      const WorkerRef second =
          replicates ? offers.refs[(next->worker + 1) % offers.refs.size()] : WorkerRef();
      offers.workers[next->worker]->Begin(
          run.Start(next->key, offers.refs[next->worker], second, node_.clock().Now()));
    }
  }
}

Task<void> Driver::Speculate() {
  while (true) {
    co_await node_.clock().Sleep(options_.speculation.interval);
    if (graphs_.empty()) continue;
    WorkerOffers offers = OffersNow();
    const platform::MonotonicTime now = node_.clock().Now();
    std::vector<std::pair<int64_t, std::vector<GraphRun::Mark>>> marks;
    for (const auto& [id, running] : graphs_) {
      auto& run = running->run;
      while (const auto next =
                 run.NextToSpeculate(offers.refs, offers.free, offers.most_slots, now)) {
        --offers.free[next->worker];
        offers.workers[next->worker]->Begin(
            run.Speculate(next->key, offers.refs[next->worker], now));
      }
      marks.emplace_back(run.batch(), CarryOut(run));
    }
    for (auto& [batch, of_graph] : marks) co_await Announce(batch, std::move(of_graph));
  }
}

void Driver::EndGraph(const GraphRun& run) {
  cluster::Command command;
  command.mutable_end_graph()->set_driver(id_);
  command.mutable_end_graph()->set_graph(run.id());
  for (const int stage : run.KeptStages()) {
    command.mutable_end_graph()->add_kept_stages(stage);
    kept_.Keep(run.id(), stage, run.workers());
  }
  for (const int64_t id : run.workers()) {
    if (Worker* worker = Find(id)) worker->Send(command);
  }
  Schedule();
}

void Driver::LetGo(const std::vector<TaskOutput>& outputs) {
  if (outputs.empty()) return;
  const TaskId& id = outputs.front().id;
  cluster::Command command;
  command.mutable_let_go()->set_driver(id.driver);
  command.mutable_let_go()->set_graph(id.graph);
  command.mutable_let_go()->set_stage(id.stage);
  for (const int64_t told : kept_.LetGo(id.graph, id.stage)) {
    if (Worker* worker = Find(told)) worker->Send(command);
  }
}

std::vector<GraphRun::Mark> Driver::CarryOut(GraphRun& run) {
  GraphRun::Effects effects = run.TakeEffects();
  for (TaskId& lost : effects.lost) kept_.Lose(std::move(lost));
  for (const GraphRun::Cancellation& cancellation : effects.cancellations) {
    if (Worker* worker = Find(cancellation.worker)) {
      cluster::Command command;
      *command.mutable_cancel() = ToName(cancellation.task);
      worker->Send(std::move(command));
    }
  }
  return std::move(effects.marks);
}

Task<void> Driver::Announce(int64_t batch, std::vector<GraphRun::Mark> marks) {
  for (const GraphRun::Mark& mark : marks) {
    if (!mark.text.empty()) node_.Log(LogLevel::kWarning, mark.text);
    if (mark.step == &steps::kDriverGraphFinished) {
      co_await node_.Step(*mark.step, {{"batch", batch}, {"graph", mark.task.graph}});
    } else if (mark.step == &steps::kDriverStageFinished) {
      co_await node_.Step(*mark.step, {{"batch", batch}, {"stage", mark.task.stage}});
    } else {
      co_await node_.Step(*mark.step, {{"batch", batch},
                                       {"stage", mark.task.stage},
                                       {"partition", mark.task.partition},
                                       {"attempt", mark.task.attempt}});
    }
  }
}

Worker* Driver::Find(int64_t id) const {
  for (const auto& [connection, worker] : workers_) {
    if (worker->ref.id == id) return worker.get();
  }
  return nullptr;
}

}  // namespace

Task<absl::StatusOr<std::unique_ptr<Cluster>>> Cluster::Start(platform::Node& node,
                                                              ClusterOptions options) {
  WT_CO_RETURN_IF_ERROR(CheckSpeculation(options.speculation));
  auto driver = std::make_unique<Driver>(node, std::move(options));
  WT_CO_RETURN_IF_ERROR(co_await driver->Listen());
  co_return driver;
}

}  // namespace wavetank::runtime
