#include "properties/planted_bugs.h"

#include <iterator>
#include <vector>

namespace wavetank::properties {
namespace {

using enum BugKind;

// --- a query's batches: log, sink, watermark ---

constexpr PlantedBug kOfBatches[] = {
    {"commit_before_sink", kTooEarly, "A batch's commit is logged before its sink has committed."},
    {"sink_committed_before_prepared", kTooEarly,
     "A sink commits an attempt before the log says which attempt was prepared."},
    {"unsure_commit_taken_for_done", kOutcomeUnknown,
     "A sink's commit of which nobody knows whether it came about is taken for done."},
    {"sink_not_asked_after_take_over", kForgotten,
     "A new driver sends a prepared attempt to the sink without asking what became of it."},
    {"prepared_attempt_forgotten", kForgotten,
     "A new driver runs a batch again whose prepared attempt the sink may show."},
    {"watermark_lost_by_restart", kForgotten,
     "The first batch that a new driver defines has no watermark."},
    {"watermark_goes_back", kRecomputed,
     "The watermark follows the newest batch's rows alone, also when they are older."},
    {"late_rows_judged_a_batch_early", kSpecialCase,
     "Rows are late by their own batch's watermark instead of that of the batch before."},
    {"restart_forgets_the_final_batch", kForgotten,
     "A new driver does not run the batch without input that shows what the watermark has passed."},
    {"empty_batch_keeps_older_state", kSpecialCase,
     "A batch without input records the state that it began with, not the one it has left."},
    {"state_of_the_neighbour", kOfAnother,
     "In a new driver's first batch each partition gets the state of the next one."},
    {"partitions_of_the_command", kRecomputed,
     "A restart takes the number of partitions from the command, not from the checkpoint."},
    {"read_files_forgotten_with_their_batch", kForgotten,
     "A new driver of a query knows only those files as read whose batches the log still has."},
    {"input_away_taken_for_empty", kOutcomeUnknown,
     "An input file whose directory is away for a while is read as an empty one."},
};

// --- state ---

constexpr PlantedBug kOfState[] = {
    {"cached_state_not_compared", kStale,
     "A worker goes on from the state that it has in memory, whichever version the driver names."},
    {"failed_attempt_leaves_its_state", kNotIdempotent,
     "State whose commit failed stays in memory, changes and all, for the next attempt."},
    {"failed_state_write_accepted", kOutcomeUnknown,
     "A state version counts though its file could not be written."},
    {"newest_state_file_not_loaded", kSpecialCase,
     "State that is loaded from the store lacks its newest file."},
    {"delta_without_removals", kForgotten, "A state file does not say which keys were removed."},
    {"snapshot_adopted_before_durable", kNotDurable,
     "A state version names a snapshot that is still being written."},
    {"adoption_drops_a_delta", kSpecialCase,
     "A snapshot takes the place of one state file more than it stands for."},
};

// --- fenced logs ---

constexpr PlantedBug kOfLogs[] = {
    {"append_not_synced", kNotDurable,
     "An append to a log, a batch's definition say, is acknowledged before it is synced."},
    {"higher_epoch_not_looked_for", kNotFenced,
     "An owner acts on what it has appended without looking for a newer owner."},
    {"owner_removes_without_looking", kNotFenced,
     "An owner removes older files of its log without looking for a newer owner."},
    {"removes_what_its_seal_refers_to", kCleanUp,
     "An owner removes older segments of a log that its own seal refers to."},
    {"segment_forgets_its_only_group", kSpecialCase,
     "A new segment leaves out the one before when that has a single group."},
    {"unsealed_epoch_waited_for", kStale,
     "A new owner waits for a seal that the owner of the newest epoch may have died before."},
    {"goes_on_from_the_first_segment", kStale,
     "A new owner goes on from the first segment of the owner before, not from its newest."},
    {"seal_leaves_out_the_newest_record", kSpecialCase,
     "A new owner's seal leaves out the newest of the records that it copies."},
};

// --- stores ---

constexpr PlantedBug kOfStores[] = {
    {"acknowledged_before_stored", kNotDurable,
     "The store acknowledges a new file before its name is durable."},
    {"file_named_before_synced", kNotDurable,
     "A new file gets its name before its bytes are "
     "durable."},
    {"directory_not_synced", kNotDurable,
     "The store writes into a new directory whose own name is not durable."},
    {"read_before_durable", kNotDurable, "A read shows bytes that a power loss can take back."},
    {"name_shown_before_durable", kNotDurable,
     "A read or a listing shows a file whose name a power loss can take back."},
    {"listed_before_durable", kNotDurable,
     "A listing shows a file with a length that a power loss can take back."},
    {"removal_not_synced", kNotDurable, "The store acknowledges a removal that is not durable."},
    {"failed_sync_tried_again", kOutcomeUnknown,
     "A sync that failed is tried again, and believed, though what was written may be lost."},
    {"append_lost_with_a_failed_sync", kOutcomeUnknown,
     "After a sync that failed, nobody looks whether the bytes appended are still there."},
    {"append_written_again", kNotIdempotent,
     "A repeated append is written once more, behind the first."},
    {"living_temporary_removed", kCleanUp,
     "A store removes the unfinished file that another one is writing."},
    {"late_owner_not_refused", kNotFenced,
     "The store does what an owner asks of it after there is a newer one."},
    {"newest_epoch_remembered_for_good", kStale,
     "The store does not look again for the newest epoch after one was created."},
    {"repeat_answered_early", kTooEarly,
     "The store answers a repeated request before the first of it is done."},
    {"unanswered_change_taken_for_done", kOutcomeUnknown,
     "A change that the store has not answered in time is taken for done."},
};

// --- the file sink ---

constexpr PlantedBug kOfSinks[] = {
    {"parts_shown_before_committed", kTooEarly,
     "A batch's parts get their plain names before the manifest has the batch."},
    {"committed_parts_not_shown_after_take_over", kForgotten,
     "A new driver does not give committed parts the plain names that the one before owed."},
    {"plain_name_not_tried_again", kOutcomeUnknown,
     "A plain name that could not be given is given up."},
    {"parts_of_committed_batches_removed", kCleanUp,
     "A new driver removes the staged files of batches that are committed."},
    {"replaced_table_removed_early", kCleanUp,
     "The table before is removed as soon as a newer one is committed, under whoever reads it."},
};

// --- the batches of a stream ---

constexpr PlantedBug kOfStreams[] = {
    {"output_before_input_is_logged", kTooEarly,
     "A DStream batch runs before its input is durable."},
    {"completion_before_output", kTooEarly,
     "A DStream batch is marked complete before its outputs have run."},
    {"completed_though_an_output_failed", kOutcomeUnknown,
     "A DStream batch is marked complete though one of its outputs has failed."},
    {"unfinished_batch_not_run_again", kForgotten,
     "A new driver marks the batch complete that the one before was running."},
    {"rerun_leaves_out_the_last_file", kSpecialCase,
     "A batch that a new driver runs again leaves out the last of its files."},
    {"rerun_shares_its_directory", kNotIdempotent,
     "A batch that runs again writes where the attempt before has written."},
    {"batch_times_begin_anew", kRecomputed,
     "A new driver counts batch times from its own start, not from the stream's."},
    {"downtime_files_taken_for_old", kRecomputed,
     "Files that came while no driver was up are taken for older than the stream."},
    {"stream_forgets_files_with_their_batch", kForgotten,
     "A new driver of a stream knows only those files as read whose batches the log still has."},
    {"gone_file_taken_for_ended", kOutcomeUnknown,
     "An input file that cannot be found is read as one that has ended."},
};

// --- receivers and their blocks ---

constexpr PlantedBug kOfReceivers[] = {
    {"block_announced_before_stored", kTooEarly,
     "A receiver has the driver take a block over before the block is stored."},
    {"block_queued_before_logged", kTooEarly,
     "A batch can take a block before the log knows of the block."},
    {"repeated_report_taken_again", kNotIdempotent,
     "A receiver's repeated report of a block is taken for another block."},
    {"late_blocks_dropped", kCleanUp,
     "Blocks that come while a batch's input is being logged leave the queue with the batch's."},
    {"blocks_given_to_another_stream", kOfAnother,
     "A batch gives the blocks of one receiver to the streams of others, too."},
    {"blocks_removed_before_completion", kCleanUp,
     "A batch's blocks are removed before it is durable that the batch is complete."},
    {"unallocated_blocks_forgotten", kForgotten,
     "A new driver forgets the blocks that no batch has taken."},
    {"taken_blocks_found_again", kForgotten,
     "A new driver takes the blocks once more that a receiver at work had reported."},
    {"first_unreported_block_passed_over", kSpecialCase,
     "Of the blocks that a dead receiver had stored and not reported the first is passed over."},
    {"found_blocks_not_logged", kNotDurable,
     "Blocks that a dead receiver had stored are queued, and not logged."},
    {"awaited_blocks_removed", kCleanUp,
     "A new driver removes blocks that were stored and not yet reported."},
    {"receiver_run_named_as_the_one_before", kStale,
     "A new receiver names itself and its blocks as the one before did."},
    {"half_line_goes_on", kStale,
     "The half of a line that a broken connection has left begins the next connection's first."},
};

// --- tasks and workers ---

constexpr PlantedBug kOfTasks[] = {
    {"readers_keep_replaced_input", kStale,
     "Tasks keep what they have read of an output that is made again."},
    {"missing_blocks_taken_for_empty", kOutcomeUnknown,
     "A worker that does not know an attempt's blocks answers that there are none."},
    {"worker_back_keeps_its_tasks", kStale,
     "A worker that comes back is taken to be still at the tasks that it had before."},
    {"one_graph_loses_the_worker", kSpecialCase,
     "When a worker is lost, only the first graph that runs learns of it."},
};

template <size_t kSize>
void Add(const PlantedBug (&bugs)[kSize], std::vector<PlantedBug>& all) {
  all.insert(all.end(), std::begin(bugs), std::end(bugs));
}

}  // namespace

std::string_view BugKindName(BugKind kind) {
  switch (kind) {
    case kTooEarly:
      return "too early";
    case kNotDurable:
      return "not durable";
    case kNotFenced:
      return "not fenced";
    case kNotIdempotent:
      return "not idempotent";
    case kRecomputed:
      return "recomputed";
    case kForgotten:
      return "forgotten";
    case kOutcomeUnknown:
      return "outcome unknown";
    case kCleanUp:
      return "clean-up";
    case kStale:
      return "stale";
    case kOfAnother:
      return "of another";
    case kSpecialCase:
      return "special case";
  }
  return "";
}

std::span<const PlantedBug> PlantedBugs() {
  static const std::vector<PlantedBug> bugs = [] {
    std::vector<PlantedBug> all;
    Add(kOfBatches, all);
    Add(kOfState, all);
    Add(kOfLogs, all);
    Add(kOfStores, all);
    Add(kOfSinks, all);
    Add(kOfStreams, all);
    Add(kOfReceivers, all);
    Add(kOfTasks, all);
    return all;
  }();
  return bugs;
}

}  // namespace wavetank::properties
