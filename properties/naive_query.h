// NaiveQuery: what a structured query must answer, worked out as simply as can be: one row at a
// time, ordered maps, no columns, no state files. The oracle of the exactly-once checker; it shares
// no code with the engine.
#ifndef WAVETANK_PROPERTIES_NAIVE_QUERY_H_
#define WAVETANK_PROPERTIES_NAIVE_QUERY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace wavetank::properties {

// A row, field by field, as text. (No query here gives nulls.)
using NaiveRow = std::vector<std::string>;

// Keys and values of a store, in its order.
using StateEntries = std::vector<std::pair<std::string, std::string>>;

// The stores of one operator in one partition, in the operator's order.
struct OperatorEntries {
  int64_t operator_id = 0;
  int64_t partition = 0;
  std::vector<StateEntries> stores;
};

// A file of lines, and where it has them.
struct NaiveFile {
  NaiveFile() = default;
  // Each line ends with "\n".
  NaiveFile(std::vector<std::string> lines_of_it) : lines(std::move(lines_of_it)) {
    for (const std::string& line : lines) {
      begins.push_back(size_bytes);
      size_bytes += line.size() + 1;
    }
  }

  std::vector<std::string> lines;
  std::vector<uint64_t> begins;  // of each line
  uint64_t size_bytes = 0;
};

// What one source gives to a batch.
struct NaiveInput {
  std::vector<std::string> lines;
  // How many of the lines came before the end of each file, in the order of the files.
  std::vector<size_t> file_ends = {};
  // Where each line begins in its file, and how large each file is.
  std::vector<uint64_t> begins = {};
  std::vector<uint64_t> file_sizes = {};
  // Of a source without files, instead: from where to where, in its own terms.
  std::string from = {};
  std::string to = {};
};

struct NaiveBatch {
  // Of the query's source; of its first one in the order of the plan, where it has several.
  std::vector<std::string> lines;
  // In milliseconds of event time; unset before any is known. Rows whose window ends at or before
  // the first are late; groups whose window ends at or before the second are final.
  std::optional<int64_t> late_watermark_ms = {};
  std::optional<int64_t> watermark_ms = {};
  // As of NaiveInput.
  std::vector<size_t> file_ends = {};
  std::vector<uint64_t> begins = {};
  std::vector<uint64_t> file_sizes = {};
  std::string from = {};  // as of NaiveInput
  std::string to = {};
  int64_t timestamp_ms = 0;  // of the batch's definition
  // That the query's checkpoint has pinned; 0: none is known.
  int shuffle_partitions = 0;
  // By which the log knows the plan that it is run under; "": none is known.
  std::string plan_hash = {};
  std::vector<NaiveInput> other_inputs = {};  // of the second source on
};

// The event times that passed one watermark operator in one batch, late rows' ones too.
struct NaiveSeenTimes {
  int operator_id = 0;
  int64_t delay_micros = 0;
  std::optional<int64_t> max_micros;  // unset: none passed
};

// Rows that one stateful operator dropped in one batch since they were late.
struct NaiveLateRows {
  int operator_id = 0;
  int64_t rows = 0;
};

// The least watermark of the query, in whole milliseconds, at which something that it keeps becomes
// final: is shown, or forgotten; unset: nothing ever does.
struct NaiveNextFinal {
  std::optional<int64_t> watermark_ms;

  friend bool operator==(const NaiveNextFinal&, const NaiveNextFinal&) = default;
};

struct NaiveAnswer {
  std::vector<NaiveRow> rows;
  bool ordered = false;      // whether the rows must come in this order
  int64_t dropped = 0;       // raw rows that were late
  int64_t without_time = 0;  // lines that are none
  // The latest event time among the batch's rows, late ones too.
  std::optional<int64_t> max_event_ms;
  // The same of each watermark operator, in the order of the plan, instead: all of them, in every
  // batch. Empty: the evaluator gives max_event_ms alone.
  std::vector<NaiveSeenTimes> seen;
  // Of what was `dropped`, by each operator that can; empty: not told apart.
  std::vector<NaiveLateRows> late_rows;
  // Of what is kept after the batch; unset: not known.
  std::optional<NaiveNextFinal> next_final;
  // Why there is no answer, of this batch and those after it; "": there is one.
  std::string unknown = {};
  // Of all operators and partitions, after the batch; empty: the evaluator keeps its state in a
  // form of its own.
  std::vector<OperatorEntries> state;
};

class NaiveQuery {
 public:
  virtual ~NaiveQuery() = default;
  // The output of the next batch, given all before it.
  virtual NaiveAnswer Run(const NaiveBatch& batch) = 0;
  virtual int64_t watermark_delay_ms() const { return 0; }
};

enum class NaiveMode { kAppend, kUpdate, kComplete };

// Words are what single spaces separate (so two spaces make an empty word, as in Spark's split).
// Rows: word, count.
std::unique_ptr<NaiveQuery> NaiveWordCount(NaiveMode mode);

// Each word, and 1.
std::unique_ptr<NaiveQuery> NaiveWords();

// How many lines there were so far; one row, of each batch.
std::unique_ptr<NaiveQuery> NaiveLineCount();

// Lines are "<time>,<word>", where the time is a whole number since 1970, with a sign or without,
// of seconds (below 10^11), milliseconds (below 10^14) or microseconds (to the year 9999), or as
// ISO 8601, with an offset or "Z" or in UTC; others are dropped. Rows: window start and end (RFC
// 3339, UTC), word, count; in append mode, each once its window is final.
std::unique_ptr<NaiveQuery> NaiveWindowedCount(int64_t window_ms, int64_t watermark_delay_ms);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_NAIVE_QUERY_H_
