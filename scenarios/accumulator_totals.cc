#include "scenarios/accumulator_totals.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace wavetank::scenarios {
namespace {

// Eight bytes, the least first.
std::string EncodedTotal(int64_t total) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) {
    bytes.push_back(static_cast<char>(static_cast<uint64_t>(total) >> (8 * i) & 0xff));
  }
  return bytes;
}

}  // namespace

std::vector<properties::Violation> AccumulatorTotals::ObserveLog(
    int64_t now_ns, const properties::BatchLogView& log) {
  for (const properties::LoggedInput& input : log.inputs) {
    if (!batches_.contains(input.time_ms)) batches_.emplace(input.time_ms, adds_(input));
  }
  // What was dropped had ended; a mark that damage takes out of the log is none any more.
  completed_.erase(completed_.upper_bound(log.dropped_up_to_ms), completed_.end());
  completed_.insert(log.completed_ms.begin(), log.completed_ms.end());
  if (completed_.empty()) return {};
  Totals expected = adds_(properties::LoggedInput());  // of nothing: the names
  for (const int64_t time_ms : completed_) {
    const auto batch = batches_.find(time_ms);
    if (batch == batches_.end()) continue;  // which others report
    for (const auto& [name, added] : batch->second) expected[name] += added;
  }
  std::vector<properties::Violation> found;
  for (const auto& [name, total] : expected) {
    const auto is = log.totals.find(name);
    if (is != log.totals.end() && is->second == EncodedTotal(total)) continue;
    const std::string text =
        absl::StrCat("accumulator '", name, "' has come to ",
                     is == log.totals.end() ? "nothing" : absl::BytesToHexString(is->second),
                     " after ", completed_.size(), " complete batches, which add ", total, ": ",
                     absl::BytesToHexString(EncodedTotal(total)));
    if (!reported_.insert(text).second) continue;
    found.push_back({properties::violation_kinds::kWrongAnswer, text, now_ns, {}, ""});
  }
  return found;
}

}  // namespace wavetank::scenarios
