// The RunChecker of a structured query: exactly once.
#ifndef WAVETANK_SCENARIOS_STRUCTURED_CHECKER_H_
#define WAVETANK_SCENARIOS_STRUCTURED_CHECKER_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "properties/decode_query.h"
#include "properties/exactly_once.h"
#include "properties/listing_order.h"
#include "properties/plain_names.h"
#include "properties/remembered.h"
#include "scenarios/batch_notes.h"
#include "scenarios/run_checker.h"
#include "scenarios/shown_table.h"

namespace wavetank::scenarios {

class StructuredChecker final : public RunChecker {
 public:
  // `has_ids`: the last field but one of a row of output is a record's id where it looks like one.
  StructuredChecker(JobPaths paths, TableRule rule, bool has_ids,
                    std::vector<properties::BatchAnswers> answers);

  std::vector<std::string> Watches() const override {
    return {paths_.checkpoint + "/log/", paths_.checkpoint + "/state/", paths_.output + "/"};
  }
  void Arrives(const ArrivingFile& piece) override;
  std::vector<properties::Violation> Observe(int64_t now_ns,
                                             const properties::ObservedFiles& observed,
                                             int64_t failures) override;
  bool Done() const override;
  uint64_t Progress() const override;
  int64_t BatchesEnded() const override { return checker_.batches_committed(); }
  std::vector<properties::Violation> Finish(int64_t now_ns) override;
  std::vector<properties::Violation> JudgeListing(int64_t now_ns) override;
  properties::RecordCounts Counts() const override;
  int64_t LateDropped() const override { return checker_.late_dropped(); }
  std::vector<std::string> Rows() const override { return ToLines(table_.Sorted()); }
  std::vector<properties::NaiveRow> Table() const override { return table_.Sorted(); }
  void KeepHistory() override { notes_.emplace(paths_.checkpoint); }
  std::vector<BatchHistory> History() const override {
    return notes_.has_value() ? notes_->history() : std::vector<BatchHistory>();
  }
  std::vector<std::string> KeysInState() const override {
    return notes_.has_value() ? notes_->KeysInState() : std::vector<std::string>();
  }

 private:
  bool IsDone() const;
  // Of the newest attempt that is prepared, once: its files are durable and hold what they must.
  using Wrong = std::function<void(const char* kind, const std::string& what)>;
  void JudgeRescaled(const properties::RescaledState& rescaled,
                     const properties::DurableFiles& files, const Wrong& wrong);
  std::vector<properties::Violation> JudgeState(int64_t now_ns, const properties::QueryLogView& log,
                                                const properties::DurableFiles& files);
  // As often as they must.
  std::vector<std::string> IdsThatMustComeOut() const;
  std::vector<int64_t> FirstSeen(const std::vector<std::string>& ids) const;
  properties::NaiveFile Read(const std::string& path) const;
  struct Input {
    std::string directory;
    int64_t forget_after_ms = 0;
    InputPlan plan;  // as it has come
  };
  struct InputFile {
    const Input* input = nullptr;  // null: it is below no input directory
    std::string_view name;         // below that
  };
  InputFile Find(std::string_view file) const;

  const JobPaths paths_;
  std::vector<Input> inputs_;
  bool by_time_ = false;  // rows of one come by themselves
  ShownTable table_;
  const bool has_ids_;
  properties::Remembered<absl::StatusOr<const properties::QueryLogView*>> log_;
  properties::Remembered<absl::StatusOr<std::optional<properties::FileSinkView>>> sink_;
  properties::Remembered<absl::StatusOr<properties::PlainNamesView>> listing_;
  properties::ExactlyOnceChecker checker_;
  properties::PlainNamesView newest_listing_;
  properties::ListingOrder listing_order_;
  std::string state_judged_;  // of which attempt
  properties::RescaledState rescaled_judged_;
  std::set<std::string> unreadable_;  // reported
  std::optional<QueryNotes> notes_;
  bool sink_seen_ = false;            // there was something at an instant, readable or not
  bool changed_ = true;               // since what is durable was judged
  mutable std::optional<bool> done_;  // since the last observation
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_STRUCTURED_CHECKER_H_
