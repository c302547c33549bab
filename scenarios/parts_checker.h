// PartsChecker: the RunChecker of a job with several queries or outputs, of which each has its own.
#ifndef WAVETANK_SCENARIOS_PARTS_CHECKER_H_
#define WAVETANK_SCENARIOS_PARTS_CHECKER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/run_checker.h"

namespace wavetank::scenarios {

struct PartChecker {
  std::string name;
  std::unique_ptr<RunChecker> checker;
  bool excused = false;  // it has stopped, and need not finish
};

class PartsChecker final : public RunChecker {
 public:
  // `unjudged`: outputs that leave nothing durable.
  PartsChecker(std::vector<PartChecker> parts, std::vector<std::string> unjudged)
      : parts_(std::move(parts)), unjudged_(std::move(unjudged)) {}

  std::vector<std::string> Watches() const override;
  void Arrives(const ArrivingFile& piece) override;
  std::vector<properties::Violation> Observe(int64_t now_ns,
                                             const properties::ObservedFiles& observed,
                                             int64_t failures) override;
  std::vector<std::string> WatchesOutside() const override;
  std::vector<properties::Violation> ObserveOutside(
      int64_t now_ns, const properties::ObservedFiles& observed) override;
  bool Done() const override;
  uint64_t Progress() const override;
  int64_t BatchesEnded() const override;
  std::vector<properties::Violation> Finish(int64_t now_ns) override;
  std::vector<properties::Violation> JudgeListing(int64_t now_ns) override;
  // Each part puts out each record.
  properties::RecordCounts Counts() const override;
  int64_t BatchesAgain() const override;
  int64_t LateDropped() const override;
  // Each begins with its part's name and ": ".
  std::vector<std::string> Rows() const override;
  std::string Unjudged() const override;
  void KeepHistory() override;
  std::vector<BatchHistory> History() const override;
  const RunChecker& Part(const std::string& name) const override;
  void Excuse(const std::string& name) override;

 private:
  // What `ask` finds of each part, with its name.
  template <typename Ask>
  std::vector<properties::Violation> OfAll(const Ask& ask) const;

  std::vector<PartChecker> parts_;
  const std::vector<std::string> unjudged_;
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_PARTS_CHECKER_H_
