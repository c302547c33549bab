#include "checkpoint/recovery.h"

#include <iterator>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/text.h"

namespace wavetank::checkpoint {
namespace {

using enum RecoveryDecision;
using Definition = DefinitionFound;
using Preparation = PreparedFound;
using Logged = CommitFound;
using Sink = SinkShows;
using Attempt = CommittableIs;

constexpr QueryRow kQueryTable[] = {
    // A log that is not whole. The sink is not asked.
    {"gap_in_the_log",
     {},
     {},
     {Logged::kBehind},
     {},
     {},
     kRefuse,
     "an earlier batch is not committed in the log, though a later one is defined"},
    {"commit_without_definition",
     {Definition::kNone},
     {},
     {Logged::kNewest},
     {},
     {},
     kRefuse,
     "the log commits a batch that it does not define"},
    {"prepared_without_definition",
     {Definition::kNone},
     {Preparation::kNewest},
     {Logged::kAllBefore},
     {},
     {},
     kRefuse,
     "the log prepares a batch that it does not define"},
    {"commit_without_prepared",
     {Definition::kNewest},
     {Preparation::kNone},
     {Logged::kNewest},
     {},
     {},
     kRefuse,
     "the log commits a batch that it does not prepare"},

    // A new query.
    {"new_not_fenced",
     {Definition::kNone},
     {Preparation::kNone},
     {Logged::kAllBefore},
     {Sink::kNotFenced},
     {},
     kFenceSink,
     "no batch is defined yet"},
    {"new",
     {Definition::kNone},
     {Preparation::kNone},
     {Logged::kAllBefore},
     {Sink::kAllBefore, Sink::kBehind},
     {},
     kDefineNext,
     "no batch is defined, none is shown"},
    {"new_over_an_old_sink",
     {Definition::kNone},
     {Preparation::kNone},
     {Logged::kAllBefore},
     {Sink::kNewest, Sink::kOtherOfBatch, Sink::kAhead},
     {},
     kRefuse,
     "the sink already shows batches, and the log defines none: a new checkpoint over an old sink"},

    // The newest batch is committed.
    {"committed_not_fenced",
     {Definition::kNewest},
     {Preparation::kNewest},
     {Logged::kNewest},
     {Sink::kNotFenced},
     {},
     kFenceSink,
     "the newest batch is committed"},
    {"committed",
     {Definition::kNewest},
     {Preparation::kNewest},
     {Logged::kNewest},
     {Sink::kNewest},
     {},
     kDefineNext,
     "the newest batch is committed, and the sink shows it"},
    {"committed_and_lost_by_the_sink",
     {Definition::kNewest},
     {Preparation::kNewest},
     {Logged::kNewest},
     {Sink::kBehind, Sink::kAllBefore},
     {},
     kRefuse,
     "the sink has lost a batch that is committed in the log"},

    // Defined, and no attempt that counts: whatever ran has left nothing visible.
    {"defined_not_fenced",
     {Definition::kNewest},
     {Preparation::kNone},
     {Logged::kAllBefore},
     {Sink::kNotFenced},
     {},
     kFenceSink,
     "the newest batch is defined, not prepared"},
    {"defined",
     {Definition::kNewest},
     {Preparation::kNone},
     {Logged::kAllBefore},
     {Sink::kAllBefore},
     {},
     kRunBatch,
     "the newest batch is defined, not prepared"},
    {"defined_and_shown",
     {Definition::kNewest},
     {Preparation::kNone},
     {Logged::kAllBefore},
     {Sink::kNewest},
     {},
     kRefuse,
     "the sink shows a batch of which the log has no prepared attempt"},

    // Prepared: output and state of that attempt, unless the sink can never show it.
    {"prepared_not_fenced",
     {Definition::kNewest},
     {Preparation::kNewest},
     {Logged::kAllBefore},
     {Sink::kNotFenced},
     {},
     kFenceSink,
     "the newest batch is prepared, not committed"},
    {"prepared_not_asked",
     {Definition::kNewest},
     {Preparation::kNewest},
     {Logged::kAllBefore},
     {Sink::kAllBefore, Sink::kNewest},
     {Attempt::kNotAsked},
     kAskSink,
     "what became of the prepared attempt is not known"},
    {"prepared_pending",
     {Definition::kNewest},
     {Preparation::kNewest},
     {Logged::kAllBefore},
     {Sink::kAllBefore},
     {Attempt::kPending},
     kSendCommit,
     "the prepared attempt can still be committed"},
    {"prepared_gone",
     {Definition::kNewest},
     {Preparation::kNewest},
     {Logged::kAllBefore},
     {Sink::kAllBefore},
     {Attempt::kGone},
     kRunBatch,
     "the prepared attempt is gone for good"},
    {"prepared_visible",
     {Definition::kNewest},
     {Preparation::kNewest},
     {Logged::kAllBefore},
     {Sink::kNewest},
     {Attempt::kVisible},
     kLogCommit,
     "the sink shows the prepared attempt"},
    {"prepared_visible_and_not_shown",
     {Definition::kNewest},
     {Preparation::kNewest},
     {Logged::kAllBefore},
     {Sink::kAllBefore},
     {Attempt::kVisible},
     kRefuse,
     "the sink calls the prepared attempt visible, and does not show its batch"},
    {"prepared_and_another_shown",
     {Definition::kNewest},
     {Preparation::kNewest},
     {Logged::kAllBefore},
     {Sink::kNewest},
     {Attempt::kPending, Attempt::kGone},
     kRefuse,
     "the sink shows another attempt than the one prepared last"},

    // A sink that is not this query's, or not the one this log was written with.
    {"committed_and_sink_of_another",
     {Definition::kNewest},
     {Preparation::kNewest},
     {Logged::kNewest},
     {Sink::kOtherOfBatch, Sink::kAhead},
     {},
     kRefuse,
     "the sink shows the batch from another definition, or a batch that the log does not define"},
    {"open_and_sink_of_another",
     {Definition::kNewest},
     {},
     {Logged::kAllBefore},
     {Sink::kOtherOfBatch, Sink::kAhead},
     {},
     kRefuse,
     "the sink shows the batch from another definition, or a batch that the log does not define"},
    {"open_and_lost_by_the_sink",
     {Definition::kNewest},
     {},
     {Logged::kAllBefore},
     {Sink::kBehind},
     {},
     kRefuse,
     "the sink has lost a batch that is committed in the log"},
};

constexpr GraphRow kGraphTable[] = {
    {"batch_unknown",
     {InputFound::kNone},
     {CompletionFound::kNone},
     {},
     GraphDecision::kPlan,
     "its input was never logged"},
    {"batch_completed_without_input",
     {InputFound::kNone},
     {CompletionFound::kDurable},
     {},
     GraphDecision::kRefuse,
     "the log completes a batch whose input it does not hold"},
    {"batch_completed",
     {InputFound::kDurable},
     {CompletionFound::kDurable},
     {},
     GraphDecision::kSkip,
     "it is completed"},
    {"batch_unfinished",
     {InputFound::kDurable},
     {CompletionFound::kNone},
     {DataFound::kWhole},
     GraphDecision::kRerun,
     "its input is logged, and it is not completed"},
    {"batch_input_missing",
     {InputFound::kDurable},
     {CompletionFound::kNone},
     {DataFound::kMissing},
     GraphDecision::kRefuse,
     "its input is logged, and cannot be read any more"},
};

template <typename Row, typename Found>
const Row& TheRow(std::span<const Row> table, const Found& found) {
  for (const Row& row : table) {
    if (row.Matches(found)) return row;
  }
  platform::CheckFailed(__FILE__, __LINE__, "a row matches", "the recovery table has a hole");
}

}  // namespace

QueryFound WhatQueryLogSays(const QueryHistory& history) {
  QueryFound found;
  if (history.batches().empty()) return found;
  const BatchHistory& newest = history.batches().back();
  found.definition = DefinitionFound::kNewest;
  if (newest.prepared.has_value()) found.prepared = PreparedFound::kNewest;
  if (newest.commit.has_value()) {
    found.commit = CommitFound::kNewest;
  } else if (history.batches().size() > 1 && !history.batches().end()[-2].commit.has_value()) {
    found.commit = CommitFound::kBehind;
  }
  return found;
}

std::string_view RecoveryDecisionName(RecoveryDecision decision) {
  switch (decision) {
    case kFenceSink:
      return "fence the sink";
    case kDefineNext:
      return "define the next batch";
    case kRunBatch:
      return "run the batch";
    case kAskSink:
      return "ask the sink";
    case kSendCommit:
      return "send the commit";
    case kLogCommit:
      return "log the commit";
    case kRefuse:
      return "refuse";
  }
  return "unknown";
}

bool QueryRow::Matches(const QueryFound& found) const {
  return definition.Matches(found.definition) && prepared.Matches(found.prepared) &&
         commit.Matches(found.commit) && sink.Matches(found.sink) &&
         committable.Matches(found.committable);
}

std::vector<std::string_view> RecoveryRowNames() {
  std::vector<std::string_view> names;
  for (const QueryRow& row : kQueryTable) names.push_back(row.name);
  for (const GraphRow& row : kGraphTable) names.push_back(row.name);
  return names;
}

int64_t RowNumber(const QueryRow& row) { return &row - std::begin(kQueryTable); }

int64_t RowNumber(const GraphRow& row) {
  return std::ssize(kQueryTable) + (&row - std::begin(kGraphTable));
}

std::span<const QueryRow> QueryRecoveryTable() { return kQueryTable; }

const QueryRow& DecideQuery(const QueryFound& found) { return TheRow(QueryRecoveryTable(), found); }

absl::Status Refusal(const QueryRow& row, std::string_view query, int64_t batch) {
  if (row.decision != kRefuse) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("query ", platform::ToAbsl(query), ", batch ", batch,
                                          ": ", platform::ToAbsl(row.reason),
                                          "; it cannot go on without losing or repeating output"));
}

std::string_view GraphDecisionName(GraphDecision decision) {
  switch (decision) {
    case GraphDecision::kPlan:
      return "plan it";
    case GraphDecision::kRerun:
      return "run it again";
    case GraphDecision::kSkip:
      return "skip it";
    case GraphDecision::kRefuse:
      return "refuse";
  }
  return "unknown";
}

bool GraphRow::Matches(const GraphBatchFound& found) const {
  return input.Matches(found.input) && completion.Matches(found.completion) &&
         data.Matches(found.data);
}

std::span<const GraphRow> GraphRecoveryTable() { return kGraphTable; }

const GraphRow& DecideGraphBatch(const GraphBatchFound& found) {
  return TheRow(GraphRecoveryTable(), found);
}

}  // namespace wavetank::checkpoint
