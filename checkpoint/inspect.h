// Inspect: a checkpoint as text, for people and scripts, with what is wrong with it.
//
// Prints every file below a directory of a store, each kind in its own terms: the epochs, seals and
// groups of fenced logs with their records, a line for each batch that a log knows (in a form that
// stays, for scripts), state files with their lineage, and everything else by name and size. What
// is wrong is named in its place, and the rest goes on. It changes nothing; the log's owner may be
// at work meanwhile, and what it is writing may then look unfinished.
//
// Damaged is what cannot be read as what it is, and what is missing: a file that a later record or
// seal names, the epoch of a segment, a log where there is state or a block, the end of a query's
// log where state goes on; and files of state that were not written one upon the other. Unfinished
// is what a crash may leave, without loss: a torn end, an epoch without a log, plain names behind
// their manifest. Unreferenced is what no record that counts names: of an attempt at work or given
// up, or not cleaned up yet; nobody reads it. What nothing names cannot be missed: a log that lost
// whole groups at its end looks like one that never had them. Unseen is what is named and stands
// outside of the directory: whether it is whole is not known.
#ifndef WAVETANK_CHECKPOINT_INSPECT_H_
#define WAVETANK_CHECKPOINT_INSPECT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "checkpoint/log_summary.h"
#include "checkpoint/store.h"

namespace wavetank::checkpoint {

struct InspectOptions {
  // Prints each key and value of state files too.
  bool show_state = false;
  // Prints the rows that stand in logs too.
  bool show_rows = false;
  // Kinds of logs besides the engines' own, such as a sink's.
  std::vector<LogKind> more_logs = {};
};

struct Inspection {
  std::string text;
  // A line for each thing that `text` names in its place.
  std::vector<std::string> damaged;
  std::vector<std::string> unfinished;
  std::vector<std::string> unreferenced;
  std::vector<std::string> unseen;
  int logs = 0;  // fenced ones
  int files = 0;

  bool whole() const { return damaged.empty() && unfinished.empty() && unseen.empty(); }
};

// `directory`: "" for the whole store. kNotFound if there is no fenced log, state or block in it.
Task<absl::StatusOr<Inspection>> Inspect(Store& store, std::string directory,
                                         InspectOptions options = {});

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_INSPECT_H_
