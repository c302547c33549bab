// Recovery: what was found → what is done. Both engines ask here, after every take-over and
// whenever they are unsure; nothing else decides. Each table has exactly one row for each
// combination of what can be found, which a test enumerates; a row that refuses says why. A row's
// name is a stable interface: scenario files expect rows by name, and a test holds that each is
// reached by a scenario, or that there is a reason why it cannot be.
#ifndef WAVETANK_CHECKPOINT_RECOVERY_H_
#define WAVETANK_CHECKPOINT_RECOVERY_H_

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "checkpoint/query_history.h"

namespace wavetank::checkpoint {

// The values of one column that a row of a table matches; {} is any.
template <typename E>
class AnyOf {
 public:
  constexpr AnyOf() = default;
  constexpr AnyOf(std::initializer_list<E> values) {
    for (const E value : values) bits_ |= Bit(value);
  }
  constexpr bool Matches(E value) const { return bits_ == 0 || (bits_ & Bit(value)) != 0; }

 private:
  static constexpr uint32_t Bit(E value) { return uint32_t{1} << static_cast<uint32_t>(value); }
  uint32_t bits_ = 0;
};

// --- structured queries ---

// In the query's log, relative to batch N: the newest defined one, or 0 if none is.
enum class DefinitionFound : uint8_t { kNone, kNewest };
enum class PreparedFound : uint8_t { kNone, kNewest };
enum class CommitFound : uint8_t {
  kBehind,     // a batch before N - 1 is the last committed one: the log has a gap
  kAllBefore,  // N - 1 is (nothing, if N is 0)
  kNewest,     // N is
};
// What the sink, once fenced, says is the last batch it shows of this query.
enum class SinkShows : uint8_t {
  kNotFenced,
  kBehind,        // a batch before N - 1, or nothing
  kAllBefore,     // N - 1 (nothing, if N is 0)
  kNewest,        // N, made from the logged definition
  kOtherOfBatch,  // N, made from another definition or by another query
  kAhead,         // a batch after N
};
// What the sink, once fenced, says became of the newest prepared attempt.
enum class CommittableIs : uint8_t { kNotAsked, kPending, kVisible, kGone };

struct QueryFound {
  DefinitionFound definition = DefinitionFound::kNone;
  PreparedFound prepared = PreparedFound::kNone;
  CommitFound commit = CommitFound::kAllBefore;
  SinkShows sink = SinkShows::kNotFenced;
  CommittableIs committable = CommittableIs::kNotAsked;
};

// The log's part of it; the sink's is for its caller to fill in.
QueryFound WhatQueryLogSays(const QueryHistory& history);

enum class RecoveryDecision : uint8_t {
  kFenceSink,   // with a token above all used before; then decide again
  kDefineNext,  // batch N + 1 (0 if there is none)
  kRunBatch,    // an attempt at N, which supersedes any earlier one
  kAskSink,     // what became of the prepared attempt; then decide again
  kSendCommit,  // of the prepared attempt
  kLogCommit,   // of the prepared attempt
  kRefuse,      // stop, with the row's reason
};
std::string_view RecoveryDecisionName(RecoveryDecision decision);

struct QueryRow {
  std::string_view name;
  AnyOf<DefinitionFound> definition;
  AnyOf<PreparedFound> prepared;
  AnyOf<CommitFound> commit;
  AnyOf<SinkShows> sink;
  AnyOf<CommittableIs> committable;
  RecoveryDecision decision;
  std::string_view reason;

  bool Matches(const QueryFound& found) const;
};
std::span<const QueryRow> QueryRecoveryTable();

// The one row that matches.
const QueryRow& DecideQuery(const QueryFound& found);
// OK, or for a row that refuses: kDataLoss with its reason, naming the query and the batch.
absl::Status Refusal(const QueryRow& row, std::string_view query, int64_t batch);

// --- batches of a DStream graph ---

enum class InputFound : uint8_t { kNone, kDurable };
enum class CompletionFound : uint8_t { kNone, kDurable };
// Whether all that the logged input names can be read.
enum class DataFound : uint8_t { kWhole, kMissing };

struct GraphBatchFound {
  InputFound input = InputFound::kNone;
  CompletionFound completion = CompletionFound::kNone;
  DataFound data = DataFound::kWhole;
};

enum class GraphDecision : uint8_t {
  kPlan,    // it never began: plan it from what is there now
  kRerun,   // with the logged input
  kSkip,    // it ended
  kRefuse,  // stop, with the row's reason
};
std::string_view GraphDecisionName(GraphDecision decision);

struct GraphRow {
  std::string_view name;
  AnyOf<InputFound> input;
  AnyOf<CompletionFound> completion;
  AnyOf<DataFound> data;
  GraphDecision decision;
  std::string_view reason;

  bool Matches(const GraphBatchFound& found) const;
};
std::span<const GraphRow> GraphRecoveryTable();
const GraphRow& DecideGraphBatch(const GraphBatchFound& found);

// --- both tables: what the step recovery.decided tells of ---

std::vector<std::string_view> RecoveryRowNames();
// The row's place in those names. REQUIRES: a row of one of the tables.
int64_t RowNumber(const QueryRow& row);
int64_t RowNumber(const GraphRow& row);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_RECOVERY_H_
