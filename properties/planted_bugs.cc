#include "properties/planted_bugs.h"

#include <iterator>
#include <vector>

namespace wavetank::properties {
namespace {

using enum BugKind;

// What a bug may need of a job that shows it.
constexpr std::string_view kJoins[] = {"clicked_views", "clicks_by_window"};
constexpr std::string_view kSeveralSources[] = {"clicked_views", "clicks_by_window",
                                                "clicks_of_two_sites"};
constexpr std::string_view kSeveralOperators[] = {"clicks_by_window", "distinct_visits",
                                                  "busy_windows"};
constexpr std::string_view kSockets[] = {"socket_word_count", "readings_and_alarms_dstream"};
constexpr std::string_view kLogs[] = {"log_copy"};
constexpr std::string_view kUnions[] = {"clicks_of_two_sites"};
// They keep state, and their plan may change between two starts.
constexpr std::string_view kJoinedJobs[] = {"clicked_views",   "clicks_by_window",
                                            "distinct_visits", "first_visits",
                                            "busy_windows",    "clicks_of_two_sites"};

// --- a query's batches: log, sink, watermark ---

constexpr PlantedBug kOfBatches[] = {
    {"commit_before_sink", kTooEarly, "A batch's commit is logged before its sink has committed."},
    {"sink_committed_before_prepared", kTooEarly,
     "A sink commits an attempt before the log says which attempt was prepared."},
    {"sink_not_asked_after_take_over", kForgotten,
     "A new driver sends a prepared attempt to the sink without asking what became of it."},
    {"prepared_attempt_forgotten", kForgotten,
     "A new driver runs a batch again whose prepared attempt the sink may show."},
    {"watermark_goes_back", kRecomputed,
     "The watermark follows the newest batch's rows alone, also when they are older."},
    {"late_rows_judged_a_batch_early", kSpecialCase,
     "Rows are late by their own batch's watermark instead of that of the batch before."},
    {"empty_batch_keeps_older_state", kSpecialCase,
     "A batch without input records the state that it began with, not the one it has left."},
    {"empty_batch_for_any_watermark", kSpecialCase,
     "A batch without input runs whenever the watermark has moved, also if nothing becomes final."},
    {"new_driver_awaits_nothing_final", kForgotten,
     "A new driver does not learn from the log at which watermark something becomes final."},
    {"state_of_the_neighbour", kOfAnother,
     "In a new driver's first batch each partition gets the state of the next one."},
    {"final_rows_wait_for_input", kSpecialCase,
     "What becomes final waits for the next batch that has input."},
    {"new_driver_takes_late_rows", kForgotten, "In a new driver's first batch no row is late."},
    {"changed_plan_not_logged", kStale, "The log keeps the plan of a query's first start.",
     kJoinedJobs},
};

// --- several sources, and the watermarks of several ---

constexpr PlantedBug kOfSources[] = {
    {"only_the_first_source_is_awaited", kSpecialCase,
     "New files of a source behind the first wait until the first has some.", kSeveralSources},
    {"waiting_source_left_out", kSpecialCase,
     "A batch's definition has no range of a source that has no new files.", kSeveralSources},
    {"ranges_read_by_position", kOfAnother,
     "Where a source has no new files, those of the next one are read in its place.",
     kSeveralSources},
    {"exchange_read_of_one_writer", kForgotten,
     "Of an exchange that several stages write the first one's rows are read alone.", kUnions},
    {"watermarks_of_operators_forgotten", kForgotten,
     "A new driver remembers the query's watermark, and not those it is made of.", kSeveralSources},
    {"watermarks_read_by_position", kOfAnother,
     "The logged watermark of one operator is taken for that of another that has none yet.",
     kSeveralSources},
    {"watermark_forgotten_with_the_plan", kForgotten,
     "The watermark begins anew after a start with another plan.", kJoinedJobs},
    {"watermark_of_the_furthest_source", kOfAnother,
     "The query's watermark is the latest of its operators', where it is to be the earliest.",
     kSeveralSources},
    {"source_without_rows_holds_nothing_back", kSpecialCase,
     "The query's watermark does not wait for an operator that has seen no row yet.",
     kSeveralSources},
};

// --- the tasks of a batch ---

constexpr PlantedBug kOfTasks[] = {
    {"partition_without_rows_forgets_nothing", kSpecialCase,
     "What becomes final in a partition without input is left for a later batch."},
    {"final_of_the_first_partition_alone", kForgotten,
     "What the partitions behind the first await does not count for when something is final."},
    {"final_of_the_last_operator_alone", kForgotten,
     "What operators before the last one await does not count for when something is final.",
     kSeveralOperators},
    {"final_rows_late_for_the_next_operator", kOfAnother,
     "What one operator gives as it becomes final is late for the next one.", kSeveralOperators},
    {"late_rows_of_the_last_operator_counted", kForgotten,
     "Late rows are counted where the last operator drops them, and nowhere else.",
     kSeveralOperators},
    {"quiet_operator_keeps_its_state", kSpecialCase,
     "An operator that gives no rows is taken not to have changed its state.", kJoins},
    {"failed_attempt_leaves_its_changes", kNotIdempotent,
     "A task's next attempt finds what the failed one has done to the state in memory."},
};

// --- state ---

constexpr PlantedBug kOfState[] = {
    {"cached_state_not_compared", kStale,
     "A worker goes on from the state that it has in memory, whichever version the driver names."},
    {"newest_state_file_not_loaded", kSpecialCase,
     "State that is loaded from the store lacks its newest file."},
    {"state_file_named_by_its_version", kNameReused,
     "Two attempts at a batch write one file of state: what is there already is taken for one's "
     "own.",
     kJoinedJobs},
    {"delta_without_removals", kForgotten, "A state file does not say which keys were removed."},
    {"second_store_not_written", kForgotten,
     "A state file has the changes of the first of an operator's stores alone.", kJoins},
    {"second_store_not_in_snapshots", kForgotten,
     "A snapshot in the background has the first of an operator's stores alone.", kJoins},
    {"second_store_not_taken_back", kNotIdempotent,
     "What a failed attempt has done to the stores behind the first stays in memory.", kJoins},
};

// --- state in another number of partitions ---

constexpr PlantedBug kOfRescaling[] = {
    {"rescaled_from_one_partition", kSpecialCase,
     "A partition that a rescaling makes of several gets only what the first of them has."},
    {"rescaled_without_the_second_store", kForgotten,
     "A rescaling moves the first of an operator's stores alone.", kJoins},
    {"last_operator_rescaled_alone", kForgotten,
     "A rescaling leaves all operators but the last one with no state.", kSeveralOperators},
    {"rescaled_from_the_batch_before", kStale,
     "A rescaling lays out the state from which the newest batch began."},
};

// --- fenced logs ---

constexpr PlantedBug kOfLogs[] = {
    {"append_not_synced", kNotDurable,
     "An append to a log, a batch's definition say, is acknowledged before it is synced."},
    {"higher_epoch_not_looked_for", kNotFenced,
     "An owner acts on what it has appended without looking for a newer owner."},
    {"removes_what_its_seal_refers_to", kCleanUp,
     "An owner removes older segments of a log that its own seal refers to."},
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
    {"late_owner_not_refused", kNotFenced,
     "The store does what an owner asks of it after there is a newer one."},
    {"newest_epoch_remembered_for_good", kStale,
     "The store does not look again for the newest epoch after one was created."},
    {"unanswered_change_taken_for_done", kOutcomeUnknown,
     "A change that the store has not answered in time is taken for done."},
};

// --- the file sink ---

constexpr PlantedBug kOfSinks[] = {
    {"parts_shown_before_committed", kTooEarly,
     "A batch's parts get their plain names before the manifest has the batch."},
    {"parts_of_committed_batches_removed", kCleanUp,
     "A new driver removes the staged files of batches that are committed."},
    {"filed_before_it_is_staged", kNotDurable,
     "The manifest says that a batch's output stands in a file before the file is durable."},
    {"plain_name_before_it_is_filed", kTooEarly,
     "What stands in the manifest gets its plain name before the manifest names its file."},
    {"entries_compared_by_bytes", kOutcomeUnknown,
     "Whether an attempt is committed is told by the bytes of its entry, which is filed since."},
    {"inline_output_is_gone", kOutcomeUnknown,
     "A prepared attempt that holds its own output is given up, as if that could be lost."},
    {"refused_publisher_links", kNotFenced,
     "A publisher whose record was refused links the file all the same."},
    {"unfiled_text_is_dropped", kCleanUp,
     "A manifest that goes on in another file leaves out text that no file stands for."},
};

// --- the partitioned log, as source and as sink ---

constexpr PlantedBug kOfPartitionedLogs[] = {
    {"log_is_not_asked_what_it_has", kForgotten,
     "A batch is written to a log without a look whether it is there.", kLogs},
    {"log_is_asked_before_it_is_fenced", kNotFenced,
     "A log is asked what it has before the producers are fenced that may still change it.", kLogs},
    {"log_producer_is_kept", kNotFenced,
     "A transaction goes on under the producer and the epoch of the one before, whose end may "
     "still come.",
     kLogs},
    {"log_append_is_sent_again_as_another", kNotIdempotent,
     "An append to a log that was not answered in time is sent again with sequences of its own.",
     kLogs},
    {"log_appends_are_not_numbered", kNotIdempotent,
     "Appends to a log have no sequences by which one that comes twice is known.", kLogs},
    {"log_slow_append_is_taken_for_done", kOutcomeUnknown,
     "An append to a log that was not answered in time is taken for done.", kLogs},
    {"log_expired_transaction_is_committed", kOutcomeUnknown,
     "A transaction that the log has given up is taken for committed.", kLogs},
    {"log_busy_is_the_end", kOutcomeUnknown,
     "A log that refuses a request is taken to have no more records of the batch.", kLogs},
    {"begin_is_not_kept", kForgotten,
     "Where a query begins is in its log only once its first batch is defined.", kLogs},
};

// --- the batches of a stream ---

constexpr std::string_view kFileStreams[] = {"word_count_dstream", "customer_totals"};
constexpr std::string_view kStampedLines[] = {"stamped_lines_dstream"};
constexpr std::string_view kPrograms[] = {"stream_program"};
constexpr std::string_view kWindows[] = {"customer_totals", "stream_program"};
constexpr std::string_view kSocketWindows[] = {"recent_socket_lines"};

constexpr PlantedBug kOfStreams[] = {
    {"output_before_input_is_logged", kTooEarly,
     "A DStream batch runs before its input is durable."},
    {"completion_before_output", kTooEarly,
     "A DStream batch is marked complete before its outputs have run."},
    {"rerun_leaves_out_the_last_file", kSpecialCase,
     "A batch that a new driver runs again leaves out the last of its files."},
    {"rerun_takes_what_is_there_now", kRecomputed,
     "A batch that a new driver runs again also takes the files that have come since."},
    {"newest_files_forgotten", kForgotten,
     "A new driver forgets which files the newest complete batch had.", kFileStreams},
    {"output_mark_leaves_out_a_part", kSpecialCase,
     "The mark of an output, of several parts, leaves out the last.", kFileStreams},
    {"part_named_by_its_partition", kNameReused,
     "A part is named by its partition alone: what is there already is taken for one's own.",
     kStampedLines},
    {"shuffle_read_of_one_stage", kSpecialCase,
     "Of a shuffle that several stages write the first one's rows are read alone.", kPrograms},
};

// --- windows, and what is kept for them ---

constexpr PlantedBug kOfWindows[] = {
    {"nothing_leaves_a_window", kSpecialCase,
     "What has left a window that has an inverse is not taken out.", kWindows},
    {"windows_made_again_of_the_newest_batch", kForgotten,
     "A window of which workers have lost something is made again of the newest batch alone.",
     kWindows},
    {"log_drops_what_windows_reach", kCleanUp,
     "A log that is begun anew has no batches that ended, though windows reach them.", kWindows},
    {"blocks_removed_that_windows_reach", kCleanUp,
     "A receiver's blocks are removed with their batch, though windows reach it.", kSocketWindows},
};

// --- a stream of a partitioned log ---

constexpr std::string_view kLogStreams[] = {"log_word_count", "log_records_dstream"};

constexpr PlantedBug kOfLogStreams[] = {
    {"log_stream_asks_for_latest_again", kRecomputed,
     "A driver that finds a stream without a batch asks the log anew where it begins.",
     kLogStreams},
    {"log_stream_leaves_out_quiet_partitions", kForgotten,
     "A batch says nothing of the partitions of a log that have nothing new.", kLogStreams},
    {"log_stream_reads_to_the_end", kRecomputed,
     "A task reads a partition of a log as far as it goes by then.", kLogStreams},
    {"log_rate_takes_the_newest", kSpecialCase,
     "Where a rate bounds a batch of a log, it has the newest records, and the others none.",
     kLogStreams},
};

// --- state of a DStream ---

constexpr std::string_view kKeptStates[] = {"customer_totals"};

constexpr PlantedBug kOfKeptStates[] = {
    {"stream_state_not_compared", kStale,
     "A worker goes on from the state that it holds, whatever version the batch goes on from.",
     kKeptStates},
    {"state_of_before_is_marked", kStale,
     "The mark of a batch names, of the last partition, the state before the batch.", kKeptStates},
    {"state_made_again_of_the_last_batch", kForgotten,
     "State that a worker has lost is made again without the batches since it was kept, but for "
     "the last.",
     kKeptStates},
    {"batches_taken_in_twice", kNotIdempotent,
     "A worker that holds the newest state takes in all batches since it was kept, again.",
     kKeptStates},
    {"state_marked_that_is_not_kept", kTooEarly,
     "The mark of a batch names, as that batch's, the state that was kept before it.", kKeptStates},
    {"blocks_kept_for_the_next_batch", kOfAnother,
     "What a batch has written for windows is kept as the next batch's.", kKeptStates},
    {"missing_blocks_read_as_none", kSpecialCase,
     "Blocks that a worker has no more are read as if there were no rows.", kKeptStates},
    {"states_marked_out_of_order", kOfAnother,
     "The mark of a batch names the states of the partitions the other way round.", kKeptStates},
    {"state_made_again_at_the_newest_time", kRecomputed,
     "State that a worker has lost is made again as if all batches since were of the newest's "
     "time.",
     kKeptStates},
    {"initial_states_given_again", kSpecialCase,
     "State that a worker has lost begins with the initial states again.", kPrograms},
    {"state_clean_up_keeps_the_newest_file", kCleanUp,
     "The clean-up of state keeps of each version its newest file alone.", kKeptStates},
};

// --- what workers keep: in memory, in files, with a second one ---

constexpr std::string_view kLevels[] = {"lines_at_a_level"};

constexpr PlantedBug kOfKeptBlocks[] = {
    {"evicted_blocks_read_as_none", kForgotten,
     "Blocks for which a worker has no room are gone, and it says that there were no rows.",
     kLevels},
    {"spilled_bytes_of_another_task", kOfAnother,
     "A file of blocks begins with those of the task that was written before, which are read.",
     kPrograms},
    {"spilled_targets_shifted", kOfAnother,
     "A file of blocks has for each partition those of the next.", kPrograms},
    {"spill_forgets_the_last_target", kForgotten,
     "A file of blocks has none for the last partition, which is read as no rows.", kPrograms},
    {"lost_spill_read_as_none", kSpecialCase,
     "Blocks whose file is gone, or cannot be read, are read as if there were no rows.", kLevels},
    {"replica_read_for_another_partition", kOfAnother,
     "Of a second worker the blocks for the next partition are read.", kLevels},
};

// --- receivers and their blocks ---

constexpr std::string_view kKeptLines[] = {"reliable_word_count"};
constexpr std::string_view kOwnReliable[] = {"own_reliable_word_count"};

constexpr PlantedBug kOfReceivers[] = {
    {"block_announced_before_stored", kTooEarly,
     "A receiver has the driver take a block over before the block is stored.", kSockets},
    {"unstored_block_announced", kOutcomeUnknown,
     "A block whose storing has failed is announced all the same.", kSockets},
    {"lines_acknowledged_when_received", kTooEarly,
     "A server that keeps its lines is told that they are safe as soon as they have come.",
     kKeptLines},
    {"store_returns_before_the_block_is_logged", kTooEarly,
     "A receiver of the job's own is told that rows are input as soon as it has stored them.",
     kOwnReliable},
    {"logged_blocks_forgotten", kForgotten,
     "A new driver takes all blocks of a receiver that has ended for such as nobody has logged.",
     kSockets},
    {"logged_records_forgotten", kForgotten,
     "A new driver does not know how many lines of a server's are in blocks.", kKeptLines},
    {"stored_blocks_removed", kCleanUp,
     "A new driver removes blocks that are stored and that nobody has logged yet.", kSockets},
    {"blocks_removed_before_completion", kCleanUp,
     "A batch's blocks are removed before the batch is marked complete.", kSockets},
    {"late_blocks_dropped", kCleanUp,
     "Blocks that come while a batch's input is being logged leave the queue with the batch's.",
     kSockets},
};

// --- records, objects and accumulators of a stream ---

constexpr std::string_view kRecords[] = {"record_count_dstream"};
constexpr std::string_view kCutSockets[] = {"cut_socket_word_count"};
constexpr std::string_view kCounted[] = {"counted_words_dstream"};

constexpr PlantedBug kOfRows[] = {
    {"parts_of_files_begin_with_the_file", kNotIdempotent,
     "Each task that reads a part of a file reads what is before it, too.", kRecords},
    {"last_part_of_a_file_left_out", kSpecialCase,
     "Of a file that several tasks read, the last part is read by none.", kRecords},
    {"bytes_behind_a_row_dropped", kForgotten,
     "What stands behind a row that a stream's function cut, in one read, is dropped.",
     kCutSockets},
    {"rows_go_on_over_connections", kOfAnother,
     "The bytes of a connection that is lost stand before those of the next one.", kCutSockets},
    {"accumulators_begin_anew", kForgotten,
     "A new driver does not go on from what the accumulators had come to.", kCounted},
    {"accumulators_marked_without_the_batch", kStale,
     "The mark of a batch has what the accumulators had come to before it.", kCounted},
};

// --- drivers that stand by, and tasks that are at work twice ---

constexpr std::string_view kStreams[] = {"word_count_dstream", "numbered_word_count_dstream"};

constexpr PlantedBug kOfTakeOvers[] = {
    {"standby_takes_over_at_once", kTooEarly,
     "A driver that stands by takes over as soon as it sees that another one is at work.",
     kStreams},
    {"lease_says_nothing_new", kForgotten,
     "A driver says once that it is at work, and never again.", kStreams},
    {"result_of_both_attempts", kNotIdempotent,
     "A task that was at work twice gives its result twice."},
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
    case kNameReused:
      return "name reused";
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
    Add(kOfSources, all);
    Add(kOfTasks, all);
    Add(kOfState, all);
    Add(kOfRescaling, all);
    Add(kOfLogs, all);
    Add(kOfStores, all);
    Add(kOfSinks, all);
    Add(kOfPartitionedLogs, all);
    Add(kOfStreams, all);
    Add(kOfWindows, all);
    Add(kOfLogStreams, all);
    Add(kOfKeptStates, all);
    Add(kOfKeptBlocks, all);
    Add(kOfReceivers, all);
    Add(kOfRows, all);
    Add(kOfTakeOvers, all);
    return all;
  }();
  return bugs;
}

}  // namespace wavetank::properties
