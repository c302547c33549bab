// The RunChecker of a query into a file sink whose answer nobody can work out, as its source is one
// that no check reads: it shows what the sink shows, and judges that a reader can read it.
#ifndef WAVETANK_SCENARIOS_SHOWN_ROWS_H_
#define WAVETANK_SCENARIOS_SHOWN_ROWS_H_

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "properties/decode_query.h"
#include "properties/remembered.h"
#include "scenarios/run_checker.h"
#include "scenarios/shown_table.h"

namespace wavetank::scenarios {

class ShownRows final : public RunChecker {
 public:
  // `unjudged`: why.
  ShownRows(JobPaths paths, TableRule rule, std::string unjudged);

  std::vector<std::string> Watches() const override { return {paths_.output + "/"}; }
  void Arrives(const ArrivingFile& /*piece*/) override {}
  std::vector<properties::Violation> Observe(int64_t now_ns,
                                             const properties::ObservedFiles& observed,
                                             int64_t failures) override;
  // Nobody can tell.
  bool Done() const override { return true; }
  uint64_t Progress() const override { return table_.batches().size(); }
  int64_t BatchesEnded() const override { return static_cast<int64_t>(table_.batches().size()); }
  std::vector<properties::Violation> Finish(int64_t /*now_ns*/) override { return {}; }
  properties::RecordCounts Counts() const override { return {.told_apart = false}; }
  std::string Unjudged() const override { return unjudged_; }
  std::vector<std::string> Rows() const override { return ToLines(table_.Sorted()); }
  std::vector<properties::NaiveRow> Table() const override { return table_.Sorted(); }

 private:
  const JobPaths paths_;
  const std::string unjudged_;
  ShownTable table_;
  properties::Remembered<absl::StatusOr<std::optional<properties::FileSinkView>>> sink_;
  std::set<std::string> unreadable_;  // reported
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_SHOWN_ROWS_H_
