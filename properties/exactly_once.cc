#include "properties/exactly_once.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace wavetank::properties {
namespace {

std::string TextOf(std::optional<int64_t> watermark_ms) {
  return watermark_ms ? absl::StrCat(*watermark_ms, " ms") : "none";
}

bool HasInput(const LoggedBatch& batch) {
  return std::ranges::any_of(batch.ranges, [](const auto& range) {
    return !range.files.empty() || range.from != range.to;
  });
}

NaiveInput Read(const LoggedRange& range,
                const std::function<NaiveFile(const std::string& file)>& read_file) {
  NaiveInput input{.lines = {}, .from = range.from, .to = range.to};
  for (const std::string& file : range.files) {
    const NaiveFile read = read_file(file);
    input.lines.insert(input.lines.end(), read.lines.begin(), read.lines.end());
    input.begins.insert(input.begins.end(), read.begins.begin(), read.begins.end());
    input.file_sizes.push_back(read.size_bytes);
    input.file_ends.push_back(input.lines.size());
  }
  return input;
}

}  // namespace

ExactlyOnceChecker::ExactlyOnceChecker(ExactlyOnceOptions options)
    : sources_(std::move(options.sources)),
      read_file_(std::move(options.read_file)),
      times_input_(std::move(options.times_input)),
      newest_batch_is_the_table_(options.newest_batch_is_the_table),
      answers_(std::move(options.answers)) {}

void ExactlyOnceChecker::Report(const char* kind, std::string what,
                                std::vector<std::string> records) {
  if (!reported_.insert(absl::StrCat(kind, " ", what)).second) return;
  constexpr size_t kMostRecords = 5;
  if (records.size() > kMostRecords) records.resize(kMostRecords);
  fresh_.push_back({kind, std::move(what), now_ns_, std::move(records), ""});
}

std::vector<Violation> ExactlyOnceChecker::Observe(int64_t now_ns, const QueryLogView& log,
                                                   const std::vector<ShownBatch>& sink) {
  now_ns_ = now_ns;
  CheckDropped(log);
  CheckDefinitions(log);
  CheckBegins(log);
  CheckPrepared(log);
  CheckCommits(log);
  CheckSink(sink);
  return std::exchange(fresh_, {});
}

// Only what is committed may be dropped, and it stays so.
void ExactlyOnceChecker::CheckDropped(const QueryLogView& log) {
  if (log.first_batch < dropped_) {
    Report(violation_kinds::kDefinition,
           absl::StrCat("the log had dropped the batches before ", dropped_, " and now begins at ",
                        log.first_batch));
  }
  if (log.first_batch > committed_) {
    Report(violation_kinds::kDefinition,
           absl::StrCat("the log has dropped the batches before ", log.first_batch, ", of which ",
                        committed_, " were committed"));
  }
  const int64_t known = std::min(log.first_batch, batches_logged());
  if (known > 0) {
    for (const LoggedRange& range : definitions_[static_cast<size_t>(known) - 1].ranges) {
      const auto offset = log.first_offsets.find(range.source);
      if (!range.to.empty() && offset != log.first_offsets.end() && offset->second == range.to) {
        continue;
      }
      const auto start = log.first_starts.find(range.source);
      if (start != log.first_starts.end() && start->second == range.end) continue;
      Report(violation_kinds::kDefinition,
             absl::StrCat("the log says that batch ", log.first_batch, " starts at ",
                          start == log.first_starts.end() ? 0 : start->second, " in ", range.source,
                          ", its predecessor ended at ", range.end));
    }
  }
  dropped_ = std::max(dropped_, log.first_batch);
}

// What came before the first batch was defined, and after the query had begun, is its input.
void ExactlyOnceChecker::CheckBegins(const QueryLogView& log) {
  if (log.first_batch > 0 || log.definitions.empty()) return;
  for (const LoggedRange& range : log.definitions.front().ranges) {
    const auto begin = log.begins.find(range.source);
    if (begin == log.begins.end()) continue;
    const std::string start = range.from.empty() ? absl::StrCat(range.start) : range.from;
    if (start == begin->second) continue;
    Report(violation_kinds::kDefinition,
           absl::StrCat("batch 0 starts at ", start, " in ", range.source,
                        ", and the log says that it begins at ", begin->second));
  }
}

void ExactlyOnceChecker::CheckDefinitions(const QueryLogView& log) {
  const auto first = static_cast<size_t>(log.first_batch);
  size_t known = definitions_.size();
  if (first + log.definitions.size() < known) {
    Report(violation_kinds::kDefinition,
           absl::StrCat("the log had ", known, " definitions and now has ",
                        first + log.definitions.size()));
    return;
  }
  if (first > known) return;  // reported by CheckDropped: nobody can tell what these follow
  for (size_t i = 0; i < log.definitions.size(); ++i) {
    if (first + i >= known) {
      CheckNewDefinition(log.definitions[i]);
    } else if (log.definitions[i] != definitions_[first + i]) {
      Report(violation_kinds::kDefinition,
             absl::StrCat("the definition of batch ", first + i, " has changed"));
      // What nobody has seen anything of is what it is now.
      if (static_cast<int64_t>(first + i) < std::max(batches_shown(), committed_)) continue;
      TakeBack(first + i);
      known = first + i;
      CheckNewDefinition(log.definitions[i]);
    } else if (log.definitions[i].plan_hash != definitions_[first + i].plan_hash) {
      TakeBack(first + i);
      known = first + i;
      CheckNewDefinition(log.definitions[i]);
    }
  }
}

// Forgets the definitions from this batch on.
void ExactlyOnceChecker::TakeBack(size_t batch) {
  std::vector<LoggedBatch> kept = std::exchange(definitions_, {});
  kept.resize(batch);
  files_.clear();
  for (BatchAnswers& answers : answers_) answers.StartAnew();
  for (const LoggedBatch& definition : kept) CheckNewDefinition(definition);
}

void ExactlyOnceChecker::CheckNewDefinition(const LoggedBatch& batch) {
  const auto expected_id = static_cast<int64_t>(definitions_.size());
  if (batch.batch != expected_id) {
    Report(violation_kinds::kDefinition,
           absl::StrCat("batch ", batch.batch, " is logged where batch ", expected_id, " is due"));
  }
  if (batch.own_hash.value_or(batch.hash) != batch.hash) {
    Report(violation_kinds::kDefinition,
           absl::StrCat("batch ", batch.batch, " is logged with the hash ", absl::Hex(batch.hash),
                        "; its definition gives ", absl::Hex(*batch.own_hash)));
  }
  CheckRanges(batch);
  // When something becomes final that another plan has left is not known: it may whenever the
  // watermark rises.
  const bool may_be_due = !definitions_.empty() &&
                          batch.plan_hash != definitions_.back().plan_hash &&
                          batch.watermark_ms > definitions_.back().watermark_ms;
  for (const BatchAnswers& answers : answers_) {
    if (HasInput(batch) || may_be_due || answers.another_is_due() != false) continue;
    Report(violation_kinds::kDefinition,
           absl::StrCat("batch ", batch.batch, " has no input, and nothing becomes final in it"));
  }
  for (const BatchAnswers& answers : answers_) {
    if (batch.watermark_ms == answers.watermark_ms() || !answers.known()) continue;
    Report(violation_kinds::kWatermark,
           absl::StrCat("batch ", batch.batch, " is logged with watermark ",
                        TextOf(batch.watermark_ms), "; the earlier batches' rows give ",
                        TextOf(answers.watermark_ms())));
  }

  NaiveBatch input;
  for (const LoggedRange& range : batch.ranges) {
    NaiveInput of_range = Read(range, read_file_);
    if (&range != &batch.ranges.front()) {
      input.other_inputs.push_back(std::move(of_range));
      continue;
    }
    input.lines = std::move(of_range.lines);
    input.file_ends = std::move(of_range.file_ends);
    input.begins = std::move(of_range.begins);
    input.file_sizes = std::move(of_range.file_sizes);
    input.from = range.from;
    input.to = range.to;
  }
  if (!sources_.empty()) input.other_inputs.resize(sources_.size() - 1);
  input.watermark_ms = batch.watermark_ms;
  if (!definitions_.empty()) input.late_watermark_ms = definitions_.back().watermark_ms;
  input.timestamp_ms = batch.timestamp_ms;
  input.shuffle_partitions = batch.shuffle_partitions;
  input.plan_hash = batch.plan_hash;
  for (BatchAnswers& answers : answers_) answers.Add(input);
  definitions_.push_back(batch);
}

// Each source goes on where the batch before it ended, and gives no file more often than it may.
void ExactlyOnceChecker::CheckRanges(const LoggedBatch& batch) {
  const auto sources_of = [](const LoggedBatch& of) {
    std::vector<std::string> sources;
    for (const LoggedRange& range : of.ranges) sources.push_back(range.source);
    return sources;
  };
  const std::vector<std::string> sources = sources_of(batch);
  if (!sources_.empty() && sources != sources_) {
    Report(violation_kinds::kDefinition,
           absl::StrCat("batch ", batch.batch, " reads ", absl::StrJoin(sources, ", "),
                        ", the query reads ", absl::StrJoin(sources_, ", ")));
  }
  if (!definitions_.empty() && sources != sources_of(definitions_.back())) {
    Report(violation_kinds::kDefinition,
           absl::StrCat("batch ", batch.batch, " reads other sources than its predecessor"));
    return;
  }
  for (size_t i = 0; i < batch.ranges.size(); ++i) {
    const LoggedRange& range = batch.ranges[i];
    const int64_t start = definitions_.empty() ? 0 : definitions_.back().ranges[i].end;
    if (range.start != start) {
      Report(violation_kinds::kDefinition,
             absl::StrCat("batch ", batch.batch, " starts at ", range.start, " in ", range.source,
                          ", its predecessor ended at ", start));
    }
    if (!definitions_.empty() && range.from != definitions_.back().ranges[i].to) {
      Report(violation_kinds::kDefinition,
             absl::StrCat("batch ", batch.batch, " starts at ", range.from, " in ", range.source,
                          ", its predecessor ended at ", definitions_.back().ranges[i].to));
    }
    for (const std::string& file : range.files) {
      const int64_t at_most = times_input_ ? times_input_(file) : 1;
      if (++files_[file] <= std::max<int64_t>(1, at_most)) continue;
      Report(violation_kinds::kDuplicated,
             absl::StrCat("file ", file, " is in batch ", batch.batch, " and in an earlier one"),
             {file});
    }
  }
}

// What was counted while a batch ran, and the watermark that follows from it.
void ExactlyOnceChecker::CheckPrepared(const QueryLogView& log) {
  for (const PreparedBatch& prepared : log.prepared) {
    // Of a batch that is not known, CheckDefinitions has said so; of lost files nobody knows which.
    if (prepared.batch >= batches_logged() || prepared.files_skipped > 0) continue;
    for (const BatchAnswers& answers : answers_) {
      const std::optional<std::string> wrong =
          answers.Compare(prepared.batch, prepared.rows_dropped_late, prepared.rows_without_time);
      if (wrong.has_value()) {
        Report(violation_kinds::kWrongAnswer,
               absl::StrCat("batch ", prepared.batch, " is prepared with ", *wrong));
      }
      CheckNextFinal(prepared, answers);
      const std::optional<int64_t> next = answers.watermark_after(prepared.batch);
      if (prepared.next_watermark_ms == next || !answers.knows(prepared.batch)) continue;
      Report(violation_kinds::kWatermark,
             absl::StrCat("batch ", prepared.batch, " is prepared with the next watermark ",
                          TextOf(prepared.next_watermark_ms), "; the rows so far give ",
                          TextOf(next)));
    }
  }
}

// By which it is known, also after a restart, whether a batch without input is due.
void ExactlyOnceChecker::CheckNextFinal(const PreparedBatch& prepared,
                                        const BatchAnswers& answers) {
  const std::optional<NaiveNextFinal> next = answers.next_final(prepared.batch);
  if (!next || next->watermark_ms == prepared.next_final_ms) return;
  Report(violation_kinds::kWatermark,
         absl::StrCat("batch ", prepared.batch, " is prepared with something to become final at ",
                      TextOf(prepared.next_final_ms), "; by what is kept it is ",
                      TextOf(next->watermark_ms)));
}

bool ExactlyOnceChecker::another_is_due() const {
  return std::ranges::any_of(
      answers_, [](const BatchAnswers& answers) { return answers.another_is_due() == true; });
}

void ExactlyOnceChecker::CheckCommits(const QueryLogView& log) {
  const int64_t commits = log.first_batch + static_cast<int64_t>(log.commits.size());
  if (commits < committed_) {
    Report(violation_kinds::kCommitOrder,
           absl::StrCat("the log had ", committed_, " commits and now has ", commits));
    return;
  }
  for (; committed_ < commits; ++committed_) {
    // One that was dropped before it was seen is reported by CheckDropped.
    if (committed_ < log.first_batch) continue;
    const int64_t batch = log.commits[static_cast<size_t>(committed_ - log.first_batch)];
    if (batch == committed_ && batch < batches_logged()) continue;
    Report(violation_kinds::kCommitOrder,
           absl::StrCat("batch ", batch, " is committed where batch ", committed_, " is due and ",
                        batches_logged(), " are defined"));
  }
}

void ExactlyOnceChecker::CheckSink(const std::vector<ShownBatch>& sink) {
  const int64_t first = sink.empty() ? 0 : sink.front().batch;
  const int64_t count = first + static_cast<int64_t>(sink.size());
  if (count < batches_shown() || first > batches_shown()) {
    Report(violation_kinds::kVisibility,
           absl::StrCat("the sink showed ", batches_shown(), " batches and now shows ", count,
                        " and begins at ", first));
    return;
  }
  if (first > 0 && !newest_batch_is_the_table_) {
    Report(violation_kinds::kVisibility, absl::StrCat("the sink shows no batch before ", first,
                                                      ", and the table is made of all of them"));
  }
  if (count < committed_) {
    Report(violation_kinds::kCommitOrder,
           absl::StrCat("batch ", committed_ - 1, " is committed in the log, but the sink shows ",
                        count, " batches"));
  }
  for (int64_t due = first; due < count; ++due) {
    const ShownBatch& shown = sink[static_cast<size_t>(due - first)];
    const Judged now{.definition_hash = shown.definition_hash, .entry_hash = shown.entry_hash};
    if (due == batches_shown()) {
      shown_.push_back(now);
    } else if (std::exchange(shown_[static_cast<size_t>(due)], now) == now) {
      continue;
    }
    CheckShown(due, shown);
  }
}

void ExactlyOnceChecker::CheckShown(int64_t due, const ShownBatch& shown) {
  if (shown.batch != due) {
    Report(violation_kinds::kVisibility,
           absl::StrCat("the sink shows batch ", shown.batch, " where batch ", due, " is due"));
  }
  if (due >= batches_logged()) {
    Report(violation_kinds::kVisibility,
           absl::StrCat("the sink shows batch ", shown.batch, ", whose definition is not logged"));
    return;
  }
  if (shown.definition_hash != definitions_[static_cast<size_t>(due)].hash) {
    Report(violation_kinds::kDefinition,
           absl::StrCat("the sink shows batch ", shown.batch, " made from another definition"));
  }
  if (shown.rows == nullptr) return;
  for (const BatchAnswers& answers : answers_) {
    const std::optional<BatchAnswers::Difference> wrong = answers.Compare(due, *shown.rows);
    if (!wrong.has_value()) continue;
    Report(violation_kinds::kWrongAnswer, absl::StrCat("batch ", shown.batch, " ", wrong->what),
           wrong->records);
  }
}

int64_t ExactlyOnceChecker::TimesInBatches(const std::string& file) const {
  const auto found = files_.find(file);
  return found == files_.end() ? 0 : found->second;
}

std::vector<Violation> ExactlyOnceChecker::Finish(int64_t now_ns,
                                                  const std::vector<std::string>& all_files) {
  now_ns_ = now_ns;
  for (const std::string& file : all_files) {
    if (files_.contains(file)) continue;
    Report(violation_kinds::kLost, absl::StrCat("file ", file, " is in no batch"), {file});
  }
  if (another_is_due()) {
    Report(violation_kinds::kLost,
           absl::StrCat("what the watermark after batch ", batches_logged() - 1,
                        " makes final is in no batch"));
  }
  if (batches_shown() < batches_logged()) {
    Report(violation_kinds::kLost,
           absl::StrCat(batches_logged(), " batches are logged, but the sink shows ",
                        batches_shown(), " after the work was done"));
  }
  return std::exchange(fresh_, {});
}

}  // namespace wavetank::properties
