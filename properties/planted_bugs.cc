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
    {"rescaled_from_one_partition", kSpecialCase,
     "A partition that a rescaling makes of several gets only what the first of them has."},
};

// --- state ---

constexpr PlantedBug kOfState[] = {
    {"cached_state_not_compared", kStale,
     "A worker goes on from the state that it has in memory, whichever version the driver names."},
    {"newest_state_file_not_loaded", kSpecialCase,
     "State that is loaded from the store lacks its newest file."},
    {"delta_without_removals", kForgotten, "A state file does not say which keys were removed."},
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
};

// --- the batches of a stream ---

constexpr PlantedBug kOfStreams[] = {
    {"output_before_input_is_logged", kTooEarly,
     "A DStream batch runs before its input is durable."},
    {"completion_before_output", kTooEarly,
     "A DStream batch is marked complete before its outputs have run."},
    {"rerun_leaves_out_the_last_file", kSpecialCase,
     "A batch that a new driver runs again leaves out the last of its files."},
};

// --- receivers and their blocks ---

constexpr PlantedBug kOfReceivers[] = {
    {"block_announced_before_stored", kTooEarly,
     "A receiver has the driver take a block over before the block is stored."},
    {"late_blocks_dropped", kCleanUp,
     "Blocks that come while a batch's input is being logged leave the queue with the batch's."},
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
    return all;
  }();
  return bugs;
}

}  // namespace wavetank::properties
