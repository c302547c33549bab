#include "runtime/dstream/driver.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "checkpoint/steps.h"
#include "checkpoint/unique.h"
#include "platform/check.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "platform/text.h"
#include "platform/timeout.h"
#include "runtime/connectors/check_apart_in_store.h"
#include "runtime/connectors/directory_uses.h"
#include "runtime/dstream/batch_log.h"
#include "runtime/dstream/batch_outputs.h"
#include "runtime/dstream/batch_schedule.h"
#include "runtime/dstream/batches_to_come.h"
#include "runtime/dstream/block_files.h"
#include "runtime/dstream/input_operators.h"
#include "runtime/dstream/output_owner.h"
#include "runtime/dstream/progress.h"
#include "runtime/dstream/receiver_tracker.h"
#include "runtime/dstream/stream_events.h"
#include "runtime/dstream/stream_inputs.h"
#include "runtime/dstream/stream_start.h"
#include "runtime/dstream/stream_state_files.h"
#include "runtime/dstream/stream_steps.h"
#include "runtime/dstream/text_output.h"
#include "runtime/dstream/wire.h"
#include "runtime/steps.h"

namespace wavetank::runtime {
namespace {

// For the blocks that a driver leaves, if its store answers.
constexpr absl::Duration kRemovalTime = absl::Seconds(5);
constexpr absl::Duration kTakeOverDelay = absl::Seconds(1);
constexpr absl::Duration kLeastStopTimeout = absl::Seconds(30);

// Of a driver that was asked to stop.
absl::Status LeftToTheNextStart(const absl::Status& why) {
  return absl::Status(
      why.code(), absl::StrCat(why.message(), "; what it has not finished, its next start does"));
}

// One ownership of the log, from taking it over until it is stopped, fenced or lost.
class DriverRun {
 public:
  // `began`: a run before it had, and this one goes on where that failed.
  DriverRun(platform::Node& node, checkpoint::Store& store, Cluster& cluster,
            const StreamingGraph& graph, const DStreamOptions& options,
            std::string blocks_directory, bool began)
      : began_(began),
        node_(node),
        store_(store),
        cluster_(cluster),
        graph_(graph),
        options_(options),
        directory_(graph.checkpoint_directory),
        blocks_directory_(std::move(blocks_directory)),
        rates_(graph, options.rates),
        events_(node, graph),
        sources_(node, store, graph, rates_),
        longest_ago_(graph.LongestAgo()),
        block_files_(node, store, blocks_directory_),
        receivers_(node.executor()),
        scope_(node.executor()) {}

  ~DriverRun() {
    if (tracker_ != nullptr) tracker_->Close();
  }

  bool began() const { return began_; }

  Task<absl::Status> Run() {
    scope_.Spawn("begin", Begin());
    if (options_.stop != nullptr) scope_.Spawn("stop watch", WatchStop());
    co_await ended_.Wait();
    co_return end_;
  }

 private:
  void End(absl::Status status) {
    if (ended_.is_set()) return;
    end_ = std::move(status);
    ended_.Set();
  }

  Task<void> Begin() {
    absl::Status status =
        co_await cluster_.WaitForWorkers(options_.min_workers, options_.worker_timeout);
    if (status.ok()) status = co_await TakeOver();
    if (!status.ok()) {
      End(std::move(status));
      co_return;
    }
    began_ = true;
    events_.Started(*clock_);
    tracker_ = ReceiverTracker::Create(node_, store_, log_, blocks_directory_,
                                       options_.unprocessed_bytes_max, events_);
    ReceiverTracker::Serve(tracker_, cluster_);
    co_await TellRates();
    for (const OperatorId input : graph_.inputs()) {
      if (const auto* received = dynamic_cast<const ReceiverInput*>(&graph_.at(input))) {
        receivers_.Spawn("receiver", RunReceiver(*received));
      }
    }
    scope_.Spawn("batches", RunBatches());
    scope_.Spawn("tracker watch", WatchTracker());
    taken_over_.Set();
  }

  Task<absl::Status> TakeOver() {
    WT_CO_RETURN_IF_ERROR(co_await CheckApartInStore(store_, graph_.Directories()));
    WT_CO_RETURN_IF_ERROR(co_await CheckUses(store_, graph_.Directories(), CheckpointOf::kStream));
    if (directory_.empty()) {
      log_ = BatchLog::None(node_);
    } else {
      // (A window that ends with the next batch reaches back to them.)
      const int64_t reach =
          platform::Planted(node_, "log_drops_what_windows_reach") ? 0 : longest_ago_;
      const BatchLogOptions log_options{
          .batches_retained = std::max(options_.batches_retained, reach),
          .reach = reach,
          .segment_bytes = options_.log_segment_bytes};
      WT_CO_RETURN_IF_ERROR(
          co_await CheckOutputsBeforeClaim(node_, store_, graph_, directory_, log_options));
      WT_CO_ASSIGN_OR_RETURN(
          log_, co_await BatchLog::TakeOver(node_, store_, graph_, directory_, log_options));
    }
    sources_.Open(*log_);
    const StreamAge age = log_->start() == nullptr ? StreamAge::kNew : StreamAge::kBegun;
    WT_CO_RETURN_IF_ERROR(co_await OwnOutputs(store_, graph_, directory_, age, *log_));
    if (age == StreamAge::kNew) {
      WT_CO_ASSIGN_OR_RETURN(StreamStart start, co_await FirstStart(node_, graph_, sources_));
      for (const OperatorId state : graph_.states()) {
        const auto& op = dynamic_cast<const ShuffleOperator&>(graph_.at(state));
        start.state_partitions[state] = op.partitions().value_or(options_.default_parallelism);
      }
      WT_CO_RETURN_IF_ERROR(co_await log_->LogStart(std::move(start)));
    } else {
      WT_CO_RETURN_IF_ERROR(co_await sources_.GoOn(log_->recovered()));
    }
    outputs_.emplace(node_, store_, cluster_, graph_, options_, log_->start()->state_partitions,
                     log_->driver_id(), log_->recovered().totals, events_);
    const RecoveredStream& recovered = log_->recovered();
    clock_.emplace(log_->start()->zero, graph_.batch_interval, recovered.last.next(),
                   node_.clock());
    for (const BatchInput& unfinished : recovered.unfinished) {
      WT_CO_RETURN_IF_ERROR(
          co_await CheckInput(node_, unfinished, sources_,
                              absl::StrCat("recover batch ", unfinished.batch.value(), " (",
                                           absl::ToUnixMillis(clock_->TimeOf(unfinished.batch)),
                                           " ms) from ", directory_)));
    }
    co_await DecideNext(node_, recovered);
    for (const BatchInput& unfinished : recovered.unfinished) {
      for (const OperatorId output : graph_.outputs()) {
        const TextFiles* const files = graph_.output(output).files();
        if (files == nullptr) continue;
        co_await TidyAttempts(store_, files->Directory(clock_->TimeOf(unfinished.batch)));
      }
    }
    for (const std::vector<BatchInput>* batches : {&recovered.completed, &recovered.unfinished}) {
      for (const BatchInput& input : *batches) inputs_[input.batch] = input;
    }
    for (const BatchInput& unfinished : recovered.unfinished) open_.insert(unfinished.batch);
    newest_ = recovered.last;
    states_ = recovered.states;
    WT_CO_RETURN_IF_ERROR(BatchesToCome(graph_, states_, open_, newest_, longest_ago_)
                              .CheckStateIsWhole(recovered.dropped_up_to, directory_));
    state_files_.emplace(node_, store_, directory_, *log_);
    co_await state_files_->RemoveAttempts(graph_, states_);
    co_await block_files_.FindLeftovers(
        recovered, [this](BatchNumber batch) { return clock_->TimeOf(batch); });
    co_await node_.Step(steps::kRecovered,
                        {{"unfinished", static_cast<int64_t>(recovered.unfinished.size())},
                         {"unallocated", static_cast<int64_t>(recovered.unallocated.size())},
                         {"next", recovered.last.next().value()}});
    co_return absl::OkStatus();
  }

  Task<void> RunBatches() {
    absl::Status status;
    for (const BatchInput& unfinished : log_->recovered().unfinished) {
      co_await node_.Step(steps::kBatchRerun, {{"batch", unfinished.batch.value()}});
      BatchInput input = unfinished;
      if (platform::Planted(node_, "rerun_leaves_out_the_last_file")) {
        for (StreamInput& stream : input.streams) {
          if (!stream.files.empty()) stream.files.pop_back();
        }
      }
      if (platform::Planted(node_, "rerun_takes_what_is_there_now")) {
        for (const OperatorId stream : graph_.inputs()) {
          (co_await sources_.Plan(stream, clock_->Due(input.batch), tracker_->queue(), input))
              .IgnoreError();
        }
      }
      status = co_await RunBatch(std::move(input));
      if (!status.ok()) break;
    }
    catching_up_ = false;
    for (BatchNumber batch = log_->recovered().last.next(); status.ok(); batch = batch.next()) {
      batch = LeaveOutOverdue(batch);
      co_await node_.clock().SleepUntil(clock_->Due(batch));
      status = co_await PlanAndRun(batch);
      if (status.ok() && drain_until_ && clock_->Due(batch) >= *drain_until_) {
        co_await node_.Step(steps::kStreamStopped, {{"batch", batch.value()}});
        break;
      }
    }
    End(std::move(status));
  }

  // The batch to go on with instead of `next`.
  BatchNumber LeaveOutOverdue(BatchNumber next) {
    const BatchNumber first =
        clock_->GoOnWith(next, options_.overdue_batches_max, node_.clock().Now());
    if (first == next) return next;
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat("batches ", next.value(), " to ", first.value() - 1,
                           " are left out: they are overdue, and batch ", first.value(), " (",
                           absl::ToUnixMillis(clock_->TimeOf(first)),
                           " ms) takes what came in meanwhile"));
    return first;
  }

  Task<absl::Status> PlanAndRun(BatchNumber batch) {
    BatchInput input{.batch = batch, .streams = {}};
    for (const OperatorId stream : graph_.inputs()) {
      WT_CO_RETURN_IF_ERROR(
          co_await sources_.Plan(stream, clock_->Due(batch), tracker_->queue(), input));
    }
    if (platform::Planted(node_, "output_before_input_is_logged")) {
      WT_CO_RETURN_IF_ERROR((co_await RunOutputs(input)).status());
    }
    WT_CO_RETURN_IF_ERROR(co_await log_->LogInput(input));
    sources_.Logged(input, tracker_->queue());
    if (platform::Planted(node_, "late_blocks_dropped")) {
      tracker_->queue().Remove(tracker_->queue().ArrivedBy(node_.clock().Now()));
    }
    for (const ForgottenPaths& gone : input.forgotten) {
      co_await node_.Step(steps::kInputFilesForgotten,
                          {{"files", static_cast<int64_t>(gone.paths.size())}});
    }
    co_await node_.Step(steps::kBatchInputLogged, {{"batch", batch.value()}});
    co_return co_await RunBatch(std::move(input));
  }

  Task<absl::StatusOr<BatchLeft>> RunOutputs(const BatchInput& input) {
    inputs_[input.batch] = input;
    open_.insert(input.batch);
    return outputs_->Run(input.batch, clock_->TimeOf(input.batch), inputs_, states_);
  }

  // An error ends this run of the driver.
  Task<absl::Status> RunBatch(BatchInput input) {
    const platform::MonotonicTime began = node_.clock().Now();
    events_.BatchSubmitted(input, catching_up_);
    if (platform::Planted(node_, "completion_before_output")) {
      WT_CO_RETURN_IF_ERROR(co_await log_->LogCompleted(input.batch, states_.Before(input.batch),
                                                        outputs_->totals()));
    }
    co_await tracker_->Processing(&input);
    absl::StatusOr<BatchLeft> left = co_await RunOutputs(input);
    co_await tracker_->Processing(nullptr);
    if (!left.ok()) {
      co_await node_.Step(steps::kBatchFailed, {{"batch", input.batch.value()}});
      events_.BatchFailed(left.status());
      if (!options_.on_batch_failed) co_return left.status();
      options_.on_batch_failed(left.status());
      co_return absl::OkStatus();
    }
    const absl::Time batch_time = clock_->TimeOf(input.batch);
    if (platform::Planted(node_, "blocks_removed_before_completion")) {
      block_files_.Consumed(input, batch_time);
      co_await block_files_.RemoveUpTo(batch_time, [](absl::Time) { return false; });
    }
    if (!platform::Planted(node_, "completion_before_output")) {
      WT_CO_RETURN_IF_ERROR(co_await log_->LogCompleted(input.batch, left->states, left->totals));
    }
    states_.Completed(input.batch, std::move(left->states));
    outputs_->Completed();
    events_.BatchCompleted();
    open_.erase(input.batch);
    const platform::MonotonicTime ended = node_.clock().Now();
    rates_.Completed(input, {.processing_end = absl::UnixEpoch() + (ended - BatchSchedule::kStart),
                             .processing_delay = ended - began,
                             .scheduling_delay = began - clock_->Due(input.batch)});
    co_await TellRates();
    co_await node_.Step(steps::kBatchCompleted, {{"batch", input.batch.value()}});
    if (std::ranges::any_of(input.streams, &StreamInput::has_rows)) {
      Report(ProgressOf(input, batch_time, ended - began));
    }
    block_files_.Consumed(input, batch_time);
    co_await LetGo(input.batch);
    co_return absl::OkStatus();
  }

  // Of what no batch needs any more that is to come: the next one, and those that have failed,
  // which another driver runs again. Each needs the state before it, the batches since, and what
  // their windows reach.
  Task<void> LetGo(BatchNumber batch) {
    newest_ = std::max(newest_, batch);
    const BatchesToCome to_come(graph_, states_, open_, newest_, longest_ago_);
    const auto is_needed = [&](BatchNumber had) { return to_come.Need(had); };
    std::erase_if(inputs_, [&](const auto& input) { return !is_needed(input.first); });
    states_.Keep(to_come.batches());
    // Not beside attempts that go on from an older state than the newest.
    if (!catching_up_) state_files_->Completed(graph_, states_);
    const BatchNumber oldest(newest_.next().value() - longest_ago_);
    const bool at_once = platform::Planted(node_, "blocks_removed_that_windows_reach");
    const absl::Time up_to = at_once ? clock_->TimeOf(newest_)
                                     : std::min(clock_->TimeOf(newest_) - graph_.remember,
                                                clock_->TimeOf(oldest) - graph_.batch_interval);
    co_await block_files_.RemoveUpTo(up_to, [&](absl::Time had) {
      return !at_once && had > absl::InfinitePast() && is_needed(clock_->NumberOf(had));
    });
  }

  // Receivers have theirs from the tracker; logs are asked for no more than that.
  Task<void> TellRates() {
    for (const OperatorId input : graph_.inputs()) {
      const int64_t rate = rates_.RateOf(input);
      if (!tracker_->SetRate(input, rate)) continue;
      co_await node_.Step(steps::kRateChanged, {{"stream", input.value()}, {"rate", rate}});
    }
  }

  void Report(const StreamProgress& progress) {
    if (options_.on_progress) {
      options_.on_progress(progress);
    } else {
      node_.Log(platform::LogLevel::kInfo, progress.ToText());
    }
  }

  Task<void> RunReceiver(const ReceiverInput& input) {
    ReceiverTask task{
        .stream = input.id().value(),
        .directory = blocks_directory_,
        .block_interval_ms = absl::ToInt64Milliseconds(options_.block_interval),
        .restart_delay_ms = absl::ToInt64Milliseconds(options_.receiver_restart_delay),
        .line_bytes_max = options_.line_bytes_max,
        .buffer_bytes_max = options_.buffer_bytes_max};
    while (true) {
      task.orders = tracker_->OrdersFor(task.stream);
      StageGraph graph{.name = absl::StrCat("receiver of ", input.Title()),
                       .batch = 0,
                       .stages = {{.kind = kReceiverTaskKind,
                                   .payloads = {EncodeToString(task)},
                                   .reads_shuffle_of = {},
                                   .long_running = true}}};
      const auto ended = co_await cluster_.Run(std::move(graph));
      const bool was_asked = tracker_->stopping() || StopRequested();
      events_.ReceiverStopped(input.id(), was_asked ? "" : std::string(ended.status().message()));
      if (was_asked) co_return;
      node_.Log(platform::LogLevel::kWarning,
                absl::StrCat("the receiver of ", input.Title(), " ended: ",
                             std::string(ended.status().message()), "; starting it again"));
      co_await node_.clock().Sleep(options_.receiver_restart_delay);
    }
  }

  Task<void> WatchTracker() {
    co_await tracker_->failed().Wait();
    End(tracker_->failure());
  }

  bool StopRequested() const {
    return options_.stop != nullptr && options_.stop->requested().is_set();
  }

  Task<void> WatchStop() {
    co_await options_.stop->requested().Wait();
    if (!options_.stop->graceful() || !began_) {
      End(absl::OkStatus());
      co_return;
    }
    const absl::Duration timeout = options_.graceful_stop_timeout > absl::ZeroDuration()
                                       ? options_.graceful_stop_timeout
                                       : std::max(kLeastStopTimeout, 10 * graph_.batch_interval);
    scope_.Spawn("drain", Drain());
    const bool drained = co_await ended_.WaitFor(node_.clock(), timeout);
    if (drained) co_return;
    End(absl::DeadlineExceededError(absl::StrCat(
        "stop: receivers or batches were still at work after ", absl::FormatDuration(timeout))));
  }

  Task<void> Drain() {
    co_await taken_over_.Wait();
    tracker_->StopReceivers();
    co_await receivers_.Join();
    co_await node_.Step(steps::kReceiversStopped);
    drain_until_ = node_.clock().Now();
  }

  bool began_;
  platform::Node& node_;
  checkpoint::Store& store_;
  Cluster& cluster_;
  const StreamingGraph& graph_;
  const DStreamOptions& options_;
  const std::string directory_;
  const std::string blocks_directory_;

  std::shared_ptr<BatchLog> log_;
  std::shared_ptr<ReceiverTracker> tracker_;
  StreamRates rates_;
  StreamEvents events_;
  StreamInputs sources_;
  std::optional<BatchSchedule> clock_;
  // How many batches the longest window reaches back, and what those had.
  const int64_t longest_ago_;
  BatchInputs inputs_;
  StateBook states_;
  std::set<BatchNumber> open_;  // with durable input, and not complete
  BatchNumber newest_;          // with durable input
  bool catching_up_ = true;     // batches are run again that the driver before had not completed
  std::optional<BatchOutputs> outputs_;
  std::optional<StreamStateFiles> state_files_;
  BlockFiles block_files_;
  // Set in a graceful stop: the first batch due then or later is the last.
  std::optional<platform::MonotonicTime> drain_until_;
  platform::Event taken_over_;
  platform::Event ended_;
  absl::Status end_;
  platform::TaskScope receivers_;
  platform::TaskScope scope_;
};

// Ownership after ownership, while one that ended may succeed later. All outlive the task.
Task<absl::Status> RunUntilEnded(platform::Node& node, checkpoint::Store& store, Cluster& cluster,
                                 const StreamingGraph& graph, const DStreamOptions& options,
                                 std::string blocks_directory) {
  platform::Event never;
  platform::Event& stop = options.stop != nullptr ? options.stop->requested() : never;
  bool began = false;
  while (true) {
    absl::Status ended;
    {
      DriverRun run(node, store, cluster, graph, options, blocks_directory, began);
      ended = co_await run.Run();
      began = run.began();
    }
    if (!IsTransient(ended)) co_return ended;
    if (stop.is_set()) co_return LeftToTheNextStart(ended);
    node.Log(platform::LogLevel::kWarning,
             absl::StrCat("driver: ", std::string(ended.message()), "; taking over again"));
    co_await node.Step(steps::kDStreamDriverFailed);
    const bool stopped = co_await stop.WaitFor(node.clock(), kTakeOverDelay);
    if (stopped) co_return LeftToTheNextStart(ended);
  }
}

}  // namespace

Task<absl::Status> RunDStreamDriver(platform::Node& node, checkpoint::Store& store,
                                    Cluster& cluster, const StreamingGraph& graph,
                                    DStreamOptions options) {
  WT_CO_RETURN_IF_ERROR(graph.Validate());
  WT_CO_RETURN_IF_ERROR(CheckDStreamOptions(options));
  // Without a log nothing tells whose blocks are whose: this driver has its own to itself.
  const bool alone = graph.checkpoint_directory.empty();
  const std::string scratch =
      alone ? checkpoint::JoinPath(options.scratch_directory, checkpoint::UniqueId(node)) : "";
  const std::string blocks =
      checkpoint::JoinPath(alone ? scratch : graph.checkpoint_directory, "blocks");
  const absl::Status ended = co_await RunUntilEnded(node, store, cluster, graph, options, blocks);
  if (!alone) co_return ended;
  const absl::Status removed = co_await platform::WithTimeout(
      node.executor(), node.clock(), kRemovalTime, absl::StrCat("remove the blocks in ", blocks),
      BlockFiles::RemoveAll(node, store, blocks));
  if (!removed.ok()) node.Log(platform::LogLevel::kWarning, std::string(removed.message()));
  co_return ended;
}

}  // namespace wavetank::runtime
