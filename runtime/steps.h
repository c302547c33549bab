// The catalogue of this layer's steps (platform/step.h). Names are a stable interface: a rename
// keeps the old name as an alias. A new step stands in its part's section, once as a constant and
// once in the list below it.
//
// Attributes that recur: `batch` and `graph` (StageGraph), `stage`, `partition`, `attempt`
// (TaskId); as text, `task`, the kind of a task, `query`, the query's name, and `sink`, its
// directory.
#ifndef WAVETANK_RUNTIME_STEPS_H_
#define WAVETANK_RUNTIME_STEPS_H_

#include <string_view>
#include <vector>

#include "platform/step.h"

namespace wavetank::runtime::steps {

using platform::StepName;

// --- cluster: on the worker ---

inline constexpr StepName kWorkerRegistered{
    "worker.registered", "", "The driver has accepted this worker; it has no tasks and no blocks."};
inline constexpr StepName kWorkerDriverLost{
    "worker.driver_lost", "",
    "The connection to the driver broke: tasks are cancelled and blocks dropped."};
inline constexpr StepName kTaskStarted{"task.started",
                                       "batch, stage, partition, attempt, task:text",
                                       "The worker has the task; its body has not begun."};
inline constexpr StepName kTaskFinished{
    "task.finished", "batch, stage, partition, attempt, task:text",
    "The body has returned its result; the driver has not been told."};
inline constexpr StepName kTaskFailed{
    "task.failed", "batch, stage, partition, attempt, task:text",
    "The body threw or returned an error; the driver has not been told."};
inline constexpr StepName kShuffleWritten{
    "shuffle.written", "batch, stage, partition, attempt, task:text",
    "The task's shuffle blocks are in this worker's memory; the driver has not been told."};
inline constexpr StepName kShuffleServed{
    "shuffle.served", "batch, stage, partition",
    "Blocks for this reading task were found; the reply to its worker has not been sent."};
inline constexpr StepName kShuffleFetched{
    "shuffle.fetched", "batch, stage, partition, attempt, from",
    "The reading task has all its blocks of the stage `from`; -1: of single tasks, that it names."};
inline constexpr StepName kShuffleFetchFailed{"shuffle.fetch_failed",
                                              "batch, stage, partition, attempt, from",
                                              "Some block of the stage `from` could not be had."};

// --- cluster: on the driver ---

inline constexpr StepName kDriverWorkerRegistered{
    "driver.worker_registered", "workers", "A worker has come; `workers` are registered now."};
inline constexpr StepName kDriverWorkerLost{"driver.worker_lost", "workers",
                                            "A worker's connection broke; `workers` are left."};
inline constexpr StepName kDriverTaskRetried{
    "driver.task_retried", "batch, stage, partition, attempt",
    "This attempt failed and the task will be tried again."};
inline constexpr StepName kDriverTaskMoved{
    "driver.task_moved", "batch, stage, partition, attempt",
    "This attempt ended through no fault of its own (its worker was lost, or its input): the task "
    "will run again."};
inline constexpr StepName kDriverOutputLost{
    "driver.output_lost", "batch, stage, partition, attempt",
    "This finished attempt's shuffle output is gone while it is needed: the task will run again."};
inline constexpr StepName kDriverTaskSpeculated{
    "driver.task_speculated", "batch, stage, partition, attempt",
    "A task takes long: this attempt of it is begun on another worker, beside the one at work."};
inline constexpr StepName kDriverSpeculationWon{
    "driver.speculation_won", "batch, stage, partition, attempt",
    "This attempt was begun beside another and has ended first: it counts, the other is stopped."};
inline constexpr StepName kDriverLeftToOther{
    "driver.left_to_other", "batch, stage, partition, attempt",
    "This attempt has failed or is lost, and another of its task is at work: that one goes on."};
inline constexpr StepName kDriverReportIgnored{
    "driver.report_ignored", "batch, stage, partition, attempt",
    "A worker reported an attempt that does not count any more."};
inline constexpr StepName kDriverStageFinished{
    "driver.stage_finished", "batch, stage",
    "Every task of the stage has finished; the next stage has not begun."};
inline constexpr StepName kDriverGraphFinished{
    "driver.graph_finished", "batch, graph",
    "Every stage has finished; the results have not been handed to the engine."};

inline constexpr const StepName* kClusterSteps[] = {
    &kWorkerRegistered,    &kWorkerDriverLost,       &kTaskStarted,          &kTaskFinished,
    &kTaskFailed,          &kShuffleWritten,         &kShuffleServed,        &kShuffleFetched,
    &kShuffleFetchFailed,  &kDriverWorkerRegistered, &kDriverWorkerLost,     &kDriverTaskRetried,
    &kDriverTaskMoved,     &kDriverOutputLost,       &kDriverReportIgnored,  &kDriverStageFinished,
    &kDriverGraphFinished, &kDriverTaskSpeculated,   &kDriverSpeculationWon, &kDriverLeftToOther,
};

// --- jobs: a driver that stands by (job/driver_lease.h) ---

inline constexpr StepName kDriverStandsBy{
    "driver.stands_by", "", "This driver does nothing but look whether another one is at work."};
inline constexpr StepName kDriverFoundSilent{
    "driver.found_silent", "term",
    "The driver at work, the `term`-th, has said nothing for the time agreed, or that it leaves: "
    "this one will take over. Nothing of it is done."};
inline constexpr StepName kDriverLeaseTaken{
    "driver.lease_taken", "term",
    "This driver has said that it is the `term`-th at work; it owns nothing yet."};

inline constexpr const StepName* kJobSteps[] = {&kDriverStandsBy, &kDriverFoundSilent,
                                                &kDriverLeaseTaken};

// --- structured queries: on the driver, in the order of a batch's life ---

inline constexpr StepName kQueryTakenOver{
    "query.taken_over", "epoch, batch, query:text",
    "The query's log is this driver's; `batch` is the newest defined one, -1 for none."};
inline constexpr StepName kQueryRescaled{
    "query.rescaled", "epoch, batch, partitions",
    "The log says that state after `batch` is in so many partitions; no job has seen it yet."};
inline constexpr StepName kQueryRecovered{
    "query.recovered", "batch, decision, query:text",
    "After a take-over, or when in doubt, it is known what to do about `batch`: `decision` is a "
    "checkpoint::RecoveryDecision. Nothing of it is done."};
inline constexpr StepName kSinkFenced{
    "sink.fenced", "batch, sink:text",
    "The sink refuses all older drivers; `batch` is the last it has committed, -1 for none."};
inline constexpr StepName kBatchPlanned{
    "batch.planned", "batch, files, query:text",
    "The batch's definition is made; nothing of it is durable."};
inline constexpr StepName kBatchDefined{"batch.defined", "batch, files, query:text",
                                        "The definition is logged; no task has started."};
inline constexpr StepName kBatchRun{
    "batch.run", "batch, query:text",
    "Every task has finished: state files and sink parts are durable, or here, and none counts."};
inline constexpr StepName kBatchPrepared{
    "batch.prepared", "batch, query:text",
    "The attempt that counts is logged; the sink has not been asked to commit it."};
inline constexpr StepName kSinkManifestWritten{
    "sink.manifest_written", "batch, sink:text",
    "A file sink's manifest names the batch; its plain names are not linked."};
inline constexpr StepName kSinkFileStaged{
    "sink.file_staged", "batch, sink:text",
    "A file sink's publisher has staged, durably, what stands in the batch's entry; the manifest "
    "does not name the file."};
inline constexpr StepName kSinkFiled{"sink.filed", "batch, sink:text",
                                     "A file sink's manifest names the files of a batch whose "
                                     "output stood in the entry; their plain "
                                     "names are not linked."};
inline constexpr StepName kSinkLinked{
    "sink.linked", "batch, sink:text",
    "The batch's plain names are there; of complete tables those that it replaces are, too."};
inline constexpr StepName kSinkUnstaged{
    "sink.unstaged", "batch, sink:text",
    "The staged names of a complete table that was replaced are gone; its plain names are there."};
inline constexpr StepName kSinkPublished{
    "sink.published", "batch, sink:text",
    "A file sink's plain names have caught up with its manifest."};
inline constexpr StepName kSinkUnsure{
    "sink.unsure", "batch, query:text",
    "The sink's commit failed with its outcome unknown: it will be fenced, then asked."};
inline constexpr StepName kSinkAsked{
    "sink.asked", "batch, state, query:text",
    "The fenced sink has said what became of the prepared attempt: `state` is a "
    "CommittableState."};
inline constexpr StepName kSinkCommitted{"sink.committed", "batch, query:text",
                                         "The sink shows the batch; the commit is not logged."};
inline constexpr StepName kBatchCommitted{
    "batch.committed", "batch, next_defined, query:text",
    "The commit is logged; with `next_defined` = 1 the next definition shared its sync."};
inline constexpr StepName kQueryStopped{"query.stopped", "batch, query:text",
                                        "The query ended in good order; `batch` is its last."};

// --- structured queries: in a task ---

inline constexpr StepName kStateLoaded{
    "state.loaded", "batch, partition, cached, query:text",
    "The task holds the state that its batch starts from, from memory if `cached`."};
inline constexpr StepName kStateCommitted{
    "state.committed", "batch, partition, query:text",
    "The task's new state version is durable; no record names it."};
inline constexpr StepName kPartStaged{
    "part.staged", "batch, partition, query:text",
    "The task's part of the output is whole: durable under its own name, or, a small one of a file "
    "sink, about to go with the task's result. Nobody can see it."};
inline constexpr StepName kBatchApplied{
    "batch.applied", "batch, query:text",
    "The sink's batch function has taken all of the batch; the driver has not been told."};

inline constexpr const StepName* kStructuredSteps[] = {
    &kQueryTakenOver, &kQueryRescaled, &kQueryRecovered, &kSinkFenced,          &kBatchPlanned,
    &kBatchDefined,   &kBatchRun,      &kBatchPrepared,  &kSinkManifestWritten, &kSinkFileStaged,
    &kSinkFiled,      &kSinkLinked,    &kSinkUnstaged,   &kSinkPublished,       &kSinkUnsure,
    &kSinkAsked,      &kSinkCommitted, &kBatchCommitted, &kQueryStopped,        &kStateLoaded,
    &kStateCommitted, &kPartStaged,    &kBatchApplied,
};

// --- files as input: of either engine ---

inline constexpr StepName kInputFilesForgotten{
    "input.files_forgotten", "files",
    "On the driver: it is logged that so many files that were read are gone; others of their names "
    "are new."};
inline constexpr StepName kInputFileSkipped{"input.file_skipped", "",
                                            "On a worker: a file of the batch is lost, and the "
                                            "task goes on without it, as it was told to."};

inline constexpr const StepName* kInputSteps[] = {&kInputFilesForgotten, &kInputFileSkipped};

// --- dstream: on the driver ---

inline constexpr StepName kRecovered{
    "dstream.recovered", "unfinished, unallocated, next",
    "A driver owns the log: it will run `unfinished` batches again, in order, then plan batch "
    "`next`, which takes `unallocated` blocks."};
inline constexpr StepName kBatchRerun{
    "dstream.batch_rerun", "batch",
    "The recovery's decision on a batch with durable input and no completion: it runs again."};
inline constexpr StepName kBatchInputLogged{
    "dstream.batch_input_logged", "batch",
    "The batch's whole input is durable, and taken from its sources; nothing of it has run."};
inline constexpr StepName kOutputDone{"dstream.output_done", "batch, output, prefix:text",
                                      "One output operation of the batch has ended."};
inline constexpr StepName kBatchFailed{
    "dstream.batch_failed", "batch",
    "An output operation of the batch failed; it keeps no completion mark."};
inline constexpr StepName kDStreamDriverFailed{
    "dstream.driver_failed", "",
    "An error that may pass ended this driver's run; it will take the log over again."};
inline constexpr StepName kBatchCompleted{"dstream.batch_completed", "batch",
                                          "The batch's completion is durable."};
inline constexpr StepName kBlockLogged{
    "dstream.block_logged", "stream, records",
    "A receiver's block is logged and queued; the receiver has not been told."};
inline constexpr StepName kReceiversStopped{
    "dstream.receivers_stopped", "",
    "In a graceful stop: every receiver has handed over its last block."};

// --- dstream: on the worker ---

inline constexpr StepName kReceiverConnected{"receiver.connected", "stream",
                                             "The receiver has a connection to its server."};
inline constexpr StepName kBlockStored{
    "receiver.block_stored", "stream, records",
    "A block is durable in the store; the driver has not been told."};
inline constexpr StepName kBlockAdded{"receiver.block_added", "stream, records",
                                      "The driver has said that it has the block."};

inline constexpr const StepName* kDStreamSteps[] = {
    &kRecovered,        &kBatchRerun,          &kBatchInputLogged, &kOutputDone,
    &kBatchFailed,      &kDStreamDriverFailed, &kBatchCompleted,   &kBlockLogged,
    &kReceiversStopped, &kReceiverConnected,   &kBlockStored,      &kBlockAdded,
};

// --- all of them ---

// In the order of the sections.
std::vector<const StepName*> All();
// By name or by alias; null when there is none.
const StepName* Find(std::string_view name);

}  // namespace wavetank::runtime::steps

#endif  // WAVETANK_RUNTIME_STEPS_H_
