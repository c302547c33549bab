#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "checkpoint/store_identity.h"
#include "platform/check.h"
#include "platform/event.h"
#include "platform/rpc.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "platform/text.h"
#include "platform/wait_notice.h"
#include "runtime/cluster/attempt.h"
#include "runtime/cluster/block_exchange.h"
#include "runtime/cluster/block_steps.h"
#include "runtime/cluster/cluster.h"
#include "runtime/cluster/messages.h"
#include "runtime/steps.h"

namespace wavetank::runtime {
namespace {

using platform::LogLevel;
using platform::RpcPayload;

constexpr absl::Duration kRegisterTimeout = absl::Seconds(10);
// For a driver that is there and busy: one that is gone breaks its connection long before.
constexpr absl::Duration kCallTimeout = absl::Minutes(10);
constexpr absl::Duration kShortestBackoff = absl::Milliseconds(50);
constexpr absl::Duration kLongestBackoff = absl::Seconds(2);
// How long an address may still belong to the process that this one replaces.
constexpr absl::Duration kListenPatience = absl::Seconds(3);
constexpr int kRefused = 2;  // exit status: nothing was begun

// Doubling pauses, each drawn between half and the whole, so that workers which lost the same
// driver do not come back all at once.
class Backoff {
 public:
  explicit Backoff(platform::Random random) : random_(random) {}
  absl::Duration Next() {
    const int64_t longest = absl::ToInt64Nanoseconds(next_);
    next_ = std::min(2 * next_, kLongestBackoff);
    return absl::Nanoseconds(random_.Between(longest / 2, longest));
  }
  void Reset() { next_ = kShortestBackoff; }

 private:
  platform::Random random_;
  absl::Duration next_ = kShortestBackoff;
};

// One registration with one driver, until the connection breaks. Destroying it cancels its tasks.
class DriverSession {
 public:
  DriverSession(platform::Node& node, checkpoint::Store& store, const TaskRegistry& registry,
                BlockExchange& exchange, std::unique_ptr<platform::RpcClient> driver)
      : driver_(std::move(driver)),
        context_{node, store, registry, exchange, *driver_},
        scope_(node.executor()) {}

  // Registers, then does what the driver says. Returns why it is over.
  Task<absl::Status> Serve(cluster::RegisterRequest request);
  bool registered() const { return registered_; }

 private:
  // An attempt on its way, from the command on. `over` is set when it has ended or is to be given
  // up.
  struct Current {
    Current(DriverSession& s, const TaskId& i) : session(s), id(i) {
      WT_CHECK(session.current_.emplace(id.Unique(), this).second, "attempts start once");
    }
    ~Current() { session.current_.erase(id.Unique()); }
    DriverSession& session;
    const TaskId id;
    platform::Event over;
    bool cancelled = false;
  };

  Task<void> Obey();
  Task<void> Perform(std::unique_ptr<Current> current, cluster::RunTask run);
  // Keeps what it has put, and has another keep it, too; whether that has it.
  Task<absl::StatusOr<bool>> KeepBlocks(TaskId id, Attempt& attempt);
  Task<absl::Status> Report(cluster::TaskReport report);
  static Task<void> RunInto(Attempt& attempt, std::optional<cluster::TaskReport>& report,
                            platform::Event& over);
  void Cancel(const TaskId& id);
  void EndGraph(const cluster::EndGraph& graph);
  void End(absl::Status why);

  std::unique_ptr<platform::RpcClient> driver_;
  const WorkerContext context_;
  bool registered_ = false;
  std::map<std::string, Current*> current_;  // by TaskId::Unique
  platform::Event ended_;
  absl::Status why_;
  platform::TaskScope scope_;
};

Task<absl::Status> DriverSession::Serve(cluster::RegisterRequest request) {
  RpcPayload payload;
  payload.body = request.SerializeAsString();
  const absl::StatusOr<RpcPayload> reply =
      co_await driver_->Call("register", std::move(payload), kRegisterTimeout);
  if (!reply.ok()) co_return reply.status();
  registered_ = true;
  cluster::RegisterReply registered;
  if (!registered.ParseFromString(reply->body)) {
    co_return absl::DataLossError("the driver's answer does not parse");
  }
  context_.exchange.blocks().SetSession(registered.driver(), registered.worker());
  co_await context_.node.Step(steps::kWorkerRegistered);
  scope_.Spawn("obey", Obey());
  co_await ended_.Wait();
  co_return why_;
}

Task<void> DriverSession::Obey() {
  while (true) {
    cluster::NextRequest request;
    for (const TaskId& dropped : context_.exchange.blocks().TakeDropped()) {
      *request.add_dropped() = ToName(dropped);
    }
    RpcPayload payload;
    payload.body = request.SerializeAsString();
    const absl::StatusOr<RpcPayload> reply =
        co_await driver_->Call("next", std::move(payload), kCallTimeout);
    cluster::NextReply next;
    if (!reply.ok() || !next.ParseFromString(reply->body)) {
      End(reply.ok() ? absl::DataLossError("the driver's commands do not parse") : reply.status());
      co_return;
    }
    for (cluster::Command& command : *next.mutable_commands()) {
      switch (command.what_case()) {
        case cluster::Command::kRun: {
          const TaskId id = FromName(command.run().task());
          if (current_.contains(id.Unique()) || context_.exchange.blocks().Contains(id)) {
            End(absl::DataLossError(
                absl::StrCat("the driver has begun the attempt ", id.Unique(), " twice")));
            co_return;
          }
          // Known at once: the next command may end it before its task has its first turn.
          auto current = std::make_unique<Current>(*this, id);
          scope_.Spawn("task", Perform(std::move(current), std::move(*command.mutable_run())));
          break;
        }
        case cluster::Command::kCancel:
          Cancel(FromName(command.cancel()));
          break;
        case cluster::Command::kEndGraph:
          EndGraph(command.end_graph());
          break;
        case cluster::Command::kLetGo:
          context_.exchange.blocks().DropStage(command.let_go().driver(), command.let_go().graph(),
                                               command.let_go().stage());
          break;
        case cluster::Command::WHAT_NOT_SET:
          break;
      }
    }
  }
}

Task<void> DriverSession::Perform(std::unique_ptr<Current> current, cluster::RunTask run) {
  if (current->cancelled) co_return;
  Attempt attempt(context_, std::move(run));
  co_await attempt.Step(steps::kTaskStarted);
  std::optional<cluster::TaskReport> report;
  {
    platform::TaskScope scope(context_.node.executor());
    scope.Spawn("body", RunInto(attempt, report, current->over));
    co_await current->over.Wait();
  }
  if (current->cancelled) co_return;
  if (report->error_code() == 0) {
    const absl::StatusOr<bool> kept = co_await KeepBlocks(current->id, attempt);
    report->set_has_replica(kept.ok() && *kept);
    if (!kept.ok()) {
      report->clear_result();
      report->set_error_code(static_cast<int>(kept.status().code()));
      report->set_error(std::string(platform::ToStd(kept.status().message())));
    }
  }
  if (current->cancelled) {
    context_.exchange.blocks().Drop(current->id);  // nobody is told that they are there
    co_return;
  }
  if (report->error_code() == 0) {
    co_await attempt.Step(steps::kShuffleWritten);
    co_await attempt.Step(steps::kTaskFinished);
  } else {
    co_await attempt.Step(steps::kTaskFailed);
  }
  const absl::Status told = co_await Report(*std::move(report));
  // The driver must learn how every attempt ended: without this one's end it is lost as a whole.
  if (!told.ok()) End(told);
}

Task<absl::StatusOr<bool>> DriverSession::KeepBlocks(TaskId id, Attempt& attempt) {
  BlockManager& manager = context_.exchange.blocks();
  std::map<int, BlockPointer> blocks = attempt.TakeBlocks();
  const bool replicates = !attempt.replica_address().empty();
  std::map<int, BlockPointer> sent;
  if (replicates) sent = blocks;
  manager.Put(id, std::move(blocks), {.level = attempt.level()});
  const absl::Status room = co_await manager.MakeRoom(id.Unique());
  if (!room.ok()) manager.Drop(id);
  WT_CO_RETURN_IF_ERROR(room);
  if (!replicates) co_return false;
  const absl::Status replicated = co_await context_.exchange.Replicate(
      id, std::move(sent), attempt.level(), attempt.replica_address(), attempt.replica_worker());
  co_await context_.node.Step(
      replicated.ok() ? steps::kBlocksReplicated : steps::kReplicaFailed,
      {{"graph", id.graph}, {"stage", id.stage}, {"partition", id.partition}});
  if (!replicated.ok()) {
    context_.node.Log(LogLevel::kWarning,
                      absl::StrCat("what task ", id.Unique(), " has put has no replica at ",
                                   attempt.replica_address(), ": ", replicated.message()));
  }
  co_return replicated.ok();
}

Task<absl::Status> DriverSession::Report(cluster::TaskReport report) {
  RpcPayload payload;
  payload.body = report.SerializeAsString();
  const absl::StatusOr<RpcPayload> reply =
      co_await driver_->Call("report", std::move(payload), kCallTimeout);
  co_return reply.status();
}

Task<void> DriverSession::RunInto(Attempt& attempt, std::optional<cluster::TaskReport>& report,
                                  platform::Event& over) {
  report.emplace(co_await attempt.Run());
  over.Set();
}

void DriverSession::Cancel(const TaskId& id) {
  const auto found = current_.find(id.Unique());
  if (found == current_.end()) return;
  found->second->cancelled = true;
  found->second->over.Set();
}

void DriverSession::EndGraph(const cluster::EndGraph& graph) {
  for (const auto& [name, current] : current_) {
    if (current->id.driver != graph.driver() || current->id.graph != graph.graph()) continue;
    current->cancelled = true;
    current->over.Set();
  }
  context_.exchange.blocks().DropGraph(
      graph.driver(), graph.graph(),
      std::set<int>(graph.kept_stages().begin(), graph.kept_stages().end()));
}

void DriverSession::End(absl::Status why) {
  if (ended_.is_set()) return;
  why_ = std::move(why);
  ended_.Set();
}

}  // namespace

Task<void> RunWorker(platform::Node& node, checkpoint::Store& store, const TaskRegistry& registry,
                     WorkerOptions options) {
  WT_CHECK(!options.driver_addresses.empty() && options.slots >= 1);
  Backoff backoff(node.random().Fork("worker.backoff"));
  std::unique_ptr<BlockExchange> exchange;
  const platform::MonotonicTime patient_until = node.clock().Now() + kListenPatience;
  while (exchange == nullptr) {
    absl::StatusOr<std::unique_ptr<BlockExchange>> started =
        co_await BlockExchange::Start(node, options.address,
                                      {.memory_bytes_max = options.kept_bytes_max,
                                       .spilled_bytes_max = options.spilled_bytes_max,
                                       .scratch = options.scratch});
    if (started.ok()) {
      exchange = *std::move(started);
      continue;
    }
    const bool may_pass =
        absl::IsAlreadyExists(started.status()) || absl::IsUnavailable(started.status());
    if (!may_pass || node.clock().Now() >= patient_until) {
      node.Log(LogLevel::kError,
               absl::StrCat("the worker cannot be reached by others: ", started.status().message(),
                            "; give it an --address of this machine that is free"));
      node.Exit(kRefused);
      co_return;
    }
    co_await node.clock().Sleep(backoff.Next());
  }
  cluster::RegisterRequest request;
  request.set_name(node.id());
  request.set_address(exchange->address());
  request.set_slots(options.slots);
  request.set_plan_fingerprint(options.plan_fingerprint);

  std::string last_refusal;
  const absl::btree_set<std::string> addresses(options.driver_addresses.begin(),
                                               options.driver_addresses.end());
  absl::btree_set<std::string> no_drivers;
  platform::WaitNotice notice(node.clock().Now());
  for (size_t turn = 0;; ++turn) {
    const std::string& address = options.driver_addresses[turn % options.driver_addresses.size()];
    absl::Status over;
    bool registered = false;
    {
      absl::StatusOr<std::unique_ptr<platform::RpcClient>> driver =
          co_await platform::RpcClient::Connect(node, address);
      over = driver.status();
      if (driver.ok()) {
        // Asked each time: another store may serve at its address by now.
        const absl::StatusOr<std::string> identity = co_await checkpoint::IdentityOf(store);
        over = identity.status();
        if (identity.ok()) request.set_store_identity(*identity);
      }
      if (over.ok()) {
        DriverSession session(node, store, registry, *exchange, *std::move(driver));
        over = co_await session.Serve(request);
        registered = session.registered();
      }
    }
    if (registered) {
      exchange->Reset();
      backoff.Reset();
      notice = platform::WaitNotice(node.clock().Now());
      co_await node.Step(steps::kWorkerDriverLost);
    }
    // A driver that is not there yet may come; one that refuses this worker will go on doing so.
    const bool refused = absl::IsFailedPrecondition(over) || absl::IsInvalidArgument(over);
    std::string refusal = refused ? absl::StrCat(address, ": ", over.message()) : "";
    if (!refusal.empty() && refusal != last_refusal) {
      node.Log(LogLevel::kError, absl::StrCat("the driver refuses this worker: ", refusal));
    } else if (notice.Due(node.clock().Now())) {
      node.Log(
          LogLevel::kWarning,
          absl::StrCat("waiting for a driver at ", absl::StrJoin(options.driver_addresses, " or "),
                       " for ", notice.Waited(node.clock().Now()), ": ", over.message()));
    }
    last_refusal = std::move(refusal);
    // Who does not know how to register workers, is no driver, and will not become one.
    if (absl::IsUnimplemented(over) && no_drivers.insert(address).second) {
      node.Log(LogLevel::kError, absl::StrCat("no driver is at ", address, ": ", over.message(),
                                              "; give each --driver the address of one"));
    }
    if (no_drivers.size() == addresses.size()) {
      node.Exit(kRefused);
      co_return;
    }
    co_await node.clock().Sleep(backoff.Next());
  }
}

}  // namespace wavetank::runtime
