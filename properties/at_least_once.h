// AtLeastOnceChecker: the promise for DStreams, checked at every instant at which
// the batch log or an output changed, on what is durable.
#ifndef WAVETANK_PROPERTIES_AT_LEAST_ONCE_H_
#define WAVETANK_PROPERTIES_AT_LEAST_ONCE_H_

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "properties/naive_query.h"
#include "properties/verdict.h"

namespace wavetank::properties {

// A file, a block or a range of a log's offsets that one of a graph's streams has given.
struct Piece {
  Piece(std::string where) : path(std::move(where)) {}  // NOLINT: of a graph with one stream
  Piece(const char* where) : path(where) {}             // NOLINT: likewise
  Piece(int64_t of_stream, std::string where) : stream(of_stream), path(std::move(where)) {}

  int64_t stream = 0;
  std::string path;

  friend auto operator<=>(const Piece&, const Piece&) = default;
};

// A batch whose input is durable in the batch log.
struct LoggedInput {
  int64_t time_ms = 0;
  std::vector<Piece> pieces;  // in the order of reading

  friend bool operator==(const LoggedInput&, const LoggedInput&) = default;
};

// A block of received data, as its BlockAdded record names it.
struct LoggedBlock {
  std::string path;
  int64_t records = 0;
  uint64_t size_bytes = 0;
  uint32_t crc32c = 0;
};

// A run of a stream's receiver, as its ReceiverStarted record names it.
struct LoggedReceiver {
  int64_t stream = 0;
  std::string run;
};

// A range of offsets of a partition of a log's topic, as a batch names it; it may be of nothing.
struct LoggedOffsets {
  int64_t stream = 0;
  int64_t time_ms = 0;  // of the batch
  std::string log_id;
  int64_t partition = 0;
  int64_t begin = 0;
  int64_t end = 0;  // not included
};
// What it is called as a piece, if it is not of nothing.
std::string NameOf(const LoggedOffsets& range);

struct BatchLogView {
  std::vector<LoggedInput> inputs;         // in log order
  std::vector<int64_t> completed_ms = {};  // batch times, in log order
  // What was there when the streams first started, which is not input by the source's rule.
  std::vector<std::string> old_files = {};
  std::vector<LoggedBlock> blocks = {};  // that receivers handed over, acknowledged or not
  // That have not ended, in log order: the last of a stream is at work, and replaces the others.
  std::vector<LoggedReceiver> receivers = {};
  // Where the streams of logs begin, and what the batches have of them, in log order.
  std::vector<LoggedOffsets> log_begins = {};
  std::vector<LoggedOffsets> offsets = {};
  int64_t zero_ms = 0;  // when the stream began
  // What the last record that says so has of each accumulator, as the job's codec makes it.
  std::map<std::string, std::string> totals = {};
  // Some of the batches up to this time, all of them completed, were dropped from the log.
  int64_t dropped_up_to_ms = INT64_MIN;
};

// What one run of a batch has put out.
struct OutputAttempt {
  int64_t time_ms = 0;
  std::string attempt;  // unique
  bool complete = false;
  std::vector<NaiveRow> rows = {};  // each a field: the line
  std::string damage = {};          // why a complete one cannot be read; empty: it can
  uint64_t content_hash = 0;        // of the bytes that count: other ones, other rows
};

// A batch's pieces, by stream, each with its lines; of a log, its records, as LogFeed takes them.
using PieceLines = std::map<int64_t, std::vector<std::vector<std::string>>>;

// A batch, and what it and those before it have taken in.
struct JudgedBatch {
  int64_t time_ms = 0;
  int64_t zero_ms = 0;         // when the stream began
  std::vector<int64_t> times;  // of the batches so far; this is the last
  // None: there was no batch at that time.
  std::function<PieceLines(int64_t time_ms)> pieces_at;

  PieceLines pieces() const { return pieces_at(time_ms); }
};

// One way to tell what a batch must put out.
struct OutputJudge {
  // In any order.
  std::function<std::vector<NaiveRow>(const JudgedBatch& batch)> answer;
  // What to compare that with, of an attempt's rows. Unset: the rows.
  std::function<std::vector<NaiveRow>(const std::vector<NaiveRow>& rows)> read = nullptr;
  // What it judges and by what, for people: "of … by …".
  std::string name = {};
};

struct AtLeastOnceOptions {
  // None: what is put out is not known.
  std::vector<OutputJudge> judges;
  // The tokens of attempts that a row carries (attempt_tokens.h). Unset: rows carry none.
  std::function<std::vector<std::string>(const NaiveRow& row)> tokens = nullptr;
  // Its lines.
  std::function<std::vector<std::string>(const Piece& piece)> read_piece;
  // How often a piece of this path may be input, by the source's rule. Unset: once.
  std::function<int64_t(const Piece& piece)> times_input = nullptr;
};

class AtLeastOnceChecker {
 public:
  explicit AtLeastOnceChecker(AtLeastOnceOptions options) : options_(std::move(options)) {}

  // At each change of the log, and of an output, in this order when both have changed. `failures`:
  // how many drivers, workers and tasks have failed or been taken for failed so far. An output that
  // is complete stays so, and is judged again whenever its content is another one; one whose files
  // are gone is one that is not complete.
  // REQUIRES: time and failures do not fall. Gives what is newly wrong; each thing once.
  std::vector<Violation> ObserveLog(int64_t now_ns, const BatchLogView& log, int64_t failures);
  std::vector<Violation> ObserveOutput(int64_t now_ns, const OutputAttempt& output,
                                       int64_t failures);
  // At the end, when the work is done: every piece that was acknowledged, or selectable under the
  // source's rule, is in a batch, and every batch is complete.
  std::vector<Violation> Finish(int64_t now_ns, const std::vector<Piece>& all_pieces);

  int64_t batches_logged() const { return static_cast<int64_t>(inputs_.size()); }
  // Of those logged, with those that were dropped without it, which is reported.
  int64_t batches_completed() const { return completed_inputs_; }
  // How many batches have a piece; at least 1 if any ever had.
  int64_t TimesInBatches(const Piece& piece) const;
  // How often the work has come nearer to its end, until something was wrong. A stream makes empty
  // batches for ever: they count only while they catch up, being overdue.
  int64_t advances() const { return advances_; }
  // Batch times that were put out by more than one attempt.
  std::vector<int64_t> repeated_batches() const;

 private:
  struct Attempts {
    std::set<std::string> names;
    std::map<std::string, uint64_t> complete;  // with the content that was judged last
  };
  void CheckWhatWasLogged(const BatchLogView& log);
  void CheckDropped(const BatchLogView& log);
  void TakeInput(const LoggedInput& input);
  PieceLines LinesOf(const LoggedInput& input) const;
  void CheckLog(const BatchLogView& log, int64_t failures);
  void Advance();
  bool CatchesUp(const LoggedInput& input) const;
  void CheckOutput(const OutputAttempt& output, int64_t failures);
  void CheckRows(const OutputAttempt& output);
  void CheckTokens(const OutputAttempt& output);
  bool MustPutOut(int64_t time_ms) const;
  void Report(const char* kind, std::string what, std::vector<std::string> records = {});

  const AtLeastOnceOptions options_;
  int64_t now_ns_ = 0;
  int64_t newest_input_ns_ = 0;  // when it was seen
  int64_t advances_ = 0;
  std::vector<LoggedInput> inputs_;
  size_t kept_from_ = 0;  // of them: those before are completed and dropped
  int64_t dropped_up_to_ms_ = INT64_MIN;
  int64_t zero_ms_ = 0;
  std::map<int64_t, std::vector<std::vector<NaiveRow>>> answers_;  // by batch time, of each judge
  std::map<int64_t, int64_t> failures_at_input_;  // how many there were when it was logged
  std::map<int64_t, int64_t> failures_at_completion_;
  std::map<Piece, int64_t> pieces_;  // that were input, and how many batches have each
  std::set<int64_t> completed_;
  std::set<int64_t> given_up_;  // batches that were dropped before their completion was seen
  int64_t completed_inputs_ = 0;
  std::map<int64_t, Attempts> attempts_;
  // By batch time and attempt: outputs as last seen whose input was not there to judge them by.
  std::map<int64_t, std::map<std::string, OutputAttempt>> early_;
  std::set<std::string> reported_;
  std::vector<Violation> fresh_;
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_AT_LEAST_ONCE_H_
