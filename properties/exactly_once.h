// ExactlyOnceChecker: the promise for structured queries, checked at every instant
// at which the query's log or its sink changed. It sees only what is durable, decoded by decoders
// of its own (decode_log.h, decode_manifest.h), and works the answers out with NaiveQueries.
#ifndef WAVETANK_PROPERTIES_EXACTLY_ONCE_H_
#define WAVETANK_PROPERTIES_EXACTLY_ONCE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "properties/batch_answers.h"
#include "properties/naive_query.h"
#include "properties/verdict.h"

namespace wavetank::properties {

// What a batch reads of one source.
struct LoggedRange {
  std::string source;              // its path
  std::vector<std::string> files;  // in the order of reading
  int64_t start = 0;               // how many files of it the batches before have read
  int64_t end = 0;
  // Of a source that has no files: from where to where, in its own terms; of others "".
  std::string from = {};
  std::string to = {};

  friend bool operator==(const LoggedRange&, const LoggedRange&) = default;
};

// A batch definition that counts in the query's log.
struct LoggedBatch {
  int64_t batch = 0;
  std::vector<LoggedRange> ranges;           // in the order of the plan
  std::optional<int64_t> watermark_ms = {};  // unset: there is none yet
  int64_t timestamp_ms = 0;
  uint64_t hash = 0;  // as it is logged
  // As the definition's fields give it. Unset: nobody has worked it out.
  std::optional<uint64_t> own_hash = {};
  int shuffle_partitions = 0;  // of the state that it starts from; 0: the log does not say
  // By which the plan is known that it was prepared under, or is to be; "": the log does not say.
  // No part of the definition: until something is prepared, a changed job may change it.
  std::string plan_hash = {};

  friend bool operator==(const LoggedBatch& a, const LoggedBatch& b) {
    const auto fixed = [](const LoggedBatch& of) {
      return std::tie(of.batch, of.ranges, of.watermark_ms, of.timestamp_ms, of.hash, of.own_hash,
                      of.shuffle_partitions);
    };
    return fixed(a) == fixed(b);
  }
};

// What the log says of the attempt at a batch that counts.
struct PreparedState {
  int64_t operator_id = 0;
  int64_t partition = 0;
  std::vector<std::string> names;  // of its files, in the order in which they are applied

  friend bool operator==(const PreparedState&, const PreparedState&) = default;
};
struct PreparedBatch {
  int64_t batch = 0;
  std::string attempt = {};
  bool holds_output = false;  // all of it: no file of it can be lost
  std::vector<PreparedState> states = {};
  int64_t rows_dropped_late = 0;
  int64_t rows_without_time = 0;
  int64_t files_skipped = 0;
  std::optional<int64_t> next_watermark_ms = {};
  // The watermark at which something becomes final; unset: it says none.
  std::optional<int64_t> next_final_ms = {};

  friend bool operator==(const PreparedBatch&, const PreparedBatch&) = default;
};

// State that was laid out in another number of partitions.
struct RescaledState {
  int64_t after_batch = -1;
  std::vector<PreparedState> states = {};

  friend bool operator==(const RescaledState&, const RescaledState&) = default;
};

struct QueryLogView {
  std::vector<LoggedBatch> definitions;  // in log order
  std::vector<int64_t> commits;          // batches, in log order
  // Batches before this one, all committed, were dropped from the log, which had read so many files
  // of each source by then.
  int64_t first_batch = 0;
  std::map<std::string, int64_t> first_starts = {};
  std::map<std::string, std::string> first_offsets = {};  // likewise, of sources without files
  // Where batch 0 is to start in each source; older logs do not say it.
  std::map<std::string, std::string> begins = {};
  std::vector<PreparedBatch> prepared = {};    // in log order; a batch may have several
  std::optional<RescaledState> rescaled = {};  // the newest
  // As pinned by the query's first record, or by its newest layout of state; 0: nothing says it.
  int shuffle_partitions = 0;
};

// A batch that the sink shows, as a reader of its manifest sees it.
struct ShownBatch {
  int64_t batch = 0;
  uint64_t definition_hash = 0;
  // Null: superseded by a newer batch of a complete table, so that no reader sees them.
  std::shared_ptr<const std::vector<NaiveRow>> rows;
  // Of all that the manifest says of it, its parts' checksums among that: another one, other rows.
  uint64_t entry_hash = 0;
};

struct ExactlyOnceOptions {
  // What each batch must show, by each of them. REQUIRES: there is one at least.
  std::vector<BatchAnswers> answers;
  // The query's sources, in the order of its plan. None: not known, one.
  std::vector<std::string> sources = {};
  // A source file.
  std::function<NaiveFile(const std::string& file)> read_file;
  // How often a file of this path may be input, by the source's rule. Unset: once.
  std::function<int64_t(const std::string& file)> times_input = nullptr;
  // Whether the table is the newest batch alone: of any other the sink may drop no batch.
  bool newest_batch_is_the_table = false;
};

class ExactlyOnceChecker {
 public:
  explicit ExactlyOnceChecker(ExactlyOnceOptions options);

  // `sink`: what it shows, without batches that were dropped from its manifest. A batch is judged
  // when it is first seen, and again whenever its entry is another one. REQUIRES: time does not
  // fall. Gives what is newly wrong; each thing once.
  std::vector<Violation> Observe(int64_t now_ns, const QueryLogView& log,
                                 const std::vector<ShownBatch>& sink);
  // At the end, when the work is done: every file is in some batch, and the sink shows them all.
  std::vector<Violation> Finish(int64_t now_ns, const std::vector<std::string>& all_files);

  int64_t batches_logged() const { return static_cast<int64_t>(definitions_.size()); }
  int64_t batches_committed() const { return committed_; }
  int64_t batches_shown() const { return static_cast<int64_t>(shown_.size()); }
  // What a batch must show. REQUIRES: batch < batches_logged().
  const std::vector<NaiveRow>& answer(int64_t batch) const { return answers_.front().rows(batch); }
  // How many batches have the file.
  int64_t TimesInBatches(const std::string& file) const;
  // Whether a batch without input must still come.
  bool another_is_due() const;
  // What state must be after the newest batch that is logged; empty: not known.
  const std::vector<OperatorEntries>& state() const { return answers_.back().state(); }
  // Late rows that the logged watermarks demand to be dropped.
  int64_t late_dropped() const { return answers_.front().late_dropped(); }

 private:
  void CheckDropped(const QueryLogView& log);
  void CheckDefinitions(const QueryLogView& log);
  void CheckBegins(const QueryLogView& log);
  void CheckNewDefinition(const LoggedBatch& batch);
  void CheckRanges(const LoggedBatch& batch);
  void TakeBack(size_t batch);
  void CheckPrepared(const QueryLogView& log);
  void CheckNextFinal(const PreparedBatch& prepared, const BatchAnswers& answers);
  void CheckCommits(const QueryLogView& log);
  void CheckSink(const std::vector<ShownBatch>& sink);
  void CheckShown(int64_t due, const ShownBatch& shown);
  void Report(const char* kind, std::string what, std::vector<std::string> records = {});

  const std::vector<std::string> sources_;
  const std::function<NaiveFile(const std::string& file)> read_file_;
  const std::function<int64_t(const std::string& file)> times_input_;
  const bool newest_batch_is_the_table_;
  int64_t now_ns_ = 0;
  std::vector<LoggedBatch> definitions_;
  std::vector<BatchAnswers> answers_;
  int64_t dropped_ = 0;                   // of them, from the log
  std::map<std::string, int64_t> files_;  // how many definitions have each
  int64_t committed_ = 0;
  // By batch that the sink has shown: what was judged of it last.
  struct Judged {
    uint64_t definition_hash = 0;
    uint64_t entry_hash = 0;
    friend bool operator==(const Judged&, const Judged&) = default;
  };
  std::vector<Judged> shown_;
  std::set<std::string> reported_;
  std::vector<Violation> fresh_;
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_EXACTLY_ONCE_H_
