#include "scenarios/batch_notes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "properties/decode_state.h"

namespace wavetank::scenarios {
namespace {

// Who reads a picture reads no more; how many there were is said.
constexpr size_t kRowsMost = 500;
constexpr size_t kKeysMost = 200;

void PutRows(const std::vector<properties::NaiveRow>& rows, BatchDelivery& delivery) {
  delivery.rows.clear();
  for (const properties::NaiveRow& row : rows) {
    if (delivery.rows.size() == kRowsMost) break;
    delivery.rows.push_back(absl::StrJoin(row, ","));
  }
  delivery.rows_left_out = rows.size() - delivery.rows.size();
}

std::string Told(const properties::PreparedBatch& prepared) {
  std::vector<std::string> words;
  const auto count = [&words](int64_t number, absl::string_view what) {
    if (number > 0) words.push_back(absl::StrCat(number, " ", what));
  };
  count(prepared.rows_dropped_late, "late rows dropped");
  count(prepared.rows_without_time, "rows without a time");
  count(prepared.files_skipped, "files skipped");
  if (prepared.next_watermark_ms.has_value())
    words.push_back(absl::StrCat("next watermark ", *prepared.next_watermark_ms, " ms"));
  return absl::StrJoin(words, ", ");
}

}  // namespace

BatchHistory* QueryNotes::Newest(int64_t batch) {
  const auto found = newest_.find(batch);
  return found == newest_.end() ? nullptr : &history_[found->second];
}

void QueryNotes::Observe(int64_t now_ns, const properties::QueryLogView& log,
                         const std::vector<properties::ShownBatch>& sink,
                         const properties::DurableFiles& files) {
  for (const properties::LoggedBatch& definition : log.definitions) Note(now_ns, definition);
  for (const properties::PreparedBatch& prepared : log.prepared) Note(now_ns, prepared, files);
  for (const int64_t batch : log.commits) {
    BatchHistory* const history = Newest(batch);
    if (history != nullptr && committed_.insert(batch).second)
      history->committed_ns.push_back(now_ns);
  }
  for (const properties::ShownBatch& shown : sink) {
    BatchHistory* const history = Newest(shown.batch);
    if (history == nullptr || shown.rows == nullptr) continue;
    const auto [seen, fresh] = shown_.try_emplace(shown.batch, shown.entry_hash);
    if (!fresh && std::exchange(seen->second, shown.entry_hash) == shown.entry_hash) continue;
    // The same rows may come to stand elsewhere.
    const auto [before, is_first] = rows_.try_emplace(shown.batch, shown.rows);
    if (!is_first && *std::exchange(before->second, shown.rows) == *shown.rows) continue;
    BatchDelivery delivery{.at_ns = now_ns, .attempt = {}, .rows = {}};
    if (!history->attempts.empty()) delivery.attempt = history->attempts.back().name;
    PutRows(*shown.rows, delivery);
    history->deliveries.push_back(std::move(delivery));
  }
}

void QueryNotes::Note(int64_t now_ns, const properties::LoggedBatch& definition) {
  const auto [known, fresh] = definitions_.try_emplace(definition.batch, definition.hash);
  if (!fresh && std::exchange(known->second, definition.hash) == definition.hash) return;
  if (BatchHistory* const before = Newest(definition.batch); before != nullptr)
    before->superseded_ns = now_ns;
  committed_.erase(definition.batch);
  newest_[definition.batch] = history_.size();
  std::string words;
  std::vector<std::string> input;
  for (const properties::LoggedRange& range : definition.ranges) {
    absl::StrAppend(&words, words.empty() ? "" : ", ",
                    range.to.empty() ? absl::StrCat("files [", range.start, ", ", range.end, ")")
                                     : absl::StrCat(range.from, " to ", range.to),
                    definition.ranges.size() == 1 ? "" : absl::StrCat(" of ", range.source));
    input.insert(input.end(), range.files.begin(), range.files.end());
  }
  if (definition.watermark_ms.has_value())
    absl::StrAppend(&words, ", watermark ", *definition.watermark_ms, " ms");
  absl::StrAppend(&words, ", timestamp ", definition.timestamp_ms, " ms, hash ",
                  absl::Hex(definition.hash, absl::kZeroPad16));
  history_.push_back({.of = {},
                      .name = absl::StrCat(definition.batch),
                      .definition = std::move(words),
                      .input = std::move(input),
                      .defined_ns = now_ns});
}

void QueryNotes::Note(int64_t now_ns, const properties::PreparedBatch& prepared,
                      const properties::DurableFiles& files) {
  BatchHistory* const history = Newest(prepared.batch);
  if (history == nullptr || !attempts_.emplace(prepared.batch, prepared.attempt).second) return;
  BatchAttempt attempt{.name = prepared.attempt,
                       .seen_ns = now_ns,
                       .complete_ns = now_ns,
                       .tells = Told(prepared),
                       .state = {}};
  for (const properties::PreparedState& state : prepared.states) {
    attempt.state.push_back(
        {state.operator_id, state.partition, state.names, ChangedKeys(state, files)});
  }
  history->attempts.push_back(std::move(attempt));
}

std::vector<std::string> QueryNotes::ChangedKeys(const properties::PreparedState& state,
                                                 const properties::DurableFiles& files) {
  const std::string directory =
      absl::StrCat(checkpoint_, "/state/", state.operator_id, "/", state.partition);
  // What cannot be read is the checker's to report, and compressed state nobody's.
  const auto stores = properties::DecodeState(files, directory, state.names);
  if (!stores.ok()) return {};
  auto& known = state_[{state.operator_id, state.partition}];
  std::vector<std::string> changed;
  std::map<std::string, std::string> newest;
  for (const properties::StateEntries& entries : *stores) {
    for (const auto& [key, value] : entries) {
      const auto before = known.find(key);
      const bool same = before != known.end() && before->second == value;
      if (!same && changed.size() < kKeysMost) changed.push_back(key);
      newest.emplace(key, value);
    }
  }
  known = std::move(newest);
  return changed;
}

std::vector<std::string> QueryNotes::KeysInState() const {
  std::vector<std::string> keys;
  for (const auto& [place, entries] : state_) {
    for (const auto& [key, value] : entries) keys.push_back(key);
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

BatchHistory& StreamNotes::Of(int64_t time_ms) {
  const auto [entry, fresh] = index_.try_emplace(time_ms, history_.size());
  if (fresh) history_.push_back({.of = {}, .name = absl::StrCat(time_ms, " ms"), .definition = {}});
  return history_[entry->second];
}

void StreamNotes::ObserveLog(int64_t now_ns, const properties::BatchLogView& log) {
  for (const properties::LoggedInput& input : log.inputs) {
    BatchHistory& batch = Of(input.time_ms);
    if (batch.defined_ns != kNever) continue;
    batch.defined_ns = now_ns;
    for (const properties::Piece& piece : input.pieces) batch.input.push_back(piece.path);
    batch.definition = absl::StrCat("time ", input.time_ms, " ms");
  }
  for (const int64_t time_ms : log.completed_ms) {
    if (completed_.insert(time_ms).second) Of(time_ms).committed_ns.push_back(now_ns);
  }
}

void StreamNotes::ObserveOutput(int64_t now_ns, const properties::OutputAttempt& output) {
  BatchHistory& batch = Of(output.time_ms);
  auto attempt =
      std::find_if(batch.attempts.begin(), batch.attempts.end(),
                   [&output](const BatchAttempt& each) { return each.name == output.attempt; });
  if (attempt == batch.attempts.end()) {
    batch.attempts.push_back({.name = output.attempt, .seen_ns = now_ns, .tells = {}, .state = {}});
    attempt = std::prev(batch.attempts.end());
  }
  if (output.complete && attempt->complete_ns == kNever) attempt->complete_ns = now_ns;
  attempt->tells = output.damage;
  const auto known =
      std::find_if(batch.deliveries.begin(), batch.deliveries.end(),
                   [&output](const BatchDelivery& each) { return each.attempt == output.attempt; });
  if (known != batch.deliveries.end()) {
    PutRows(output.rows, *known);
    return;
  }
  if (output.rows.empty()) return;
  batch.deliveries.push_back({.at_ns = now_ns, .attempt = output.attempt, .rows = {}});
  PutRows(output.rows, batch.deliveries.back());
}

}  // namespace wavetank::scenarios
