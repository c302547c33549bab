// The RunChecker of a stream: at least once.
#ifndef WAVETANK_SCENARIOS_DSTREAM_CHECKER_H_
#define WAVETANK_SCENARIOS_DSTREAM_CHECKER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "properties/at_least_once.h"
#include "properties/decode_dstream.h"
#include "properties/remembered.h"
#include "scenarios/accumulator_totals.h"
#include "scenarios/batch_notes.h"
#include "scenarios/dstream_pieces.h"
#include "scenarios/oracle.h"
#include "scenarios/run_checker.h"

namespace wavetank::scenarios {

class DStreamChecker final : public RunChecker {
 public:
  // `oracle` may be null; then records have no ids. `tokens` too; then rows carry none. `judge`: a
  // further one, besides the oracle and replay.
  DStreamChecker(JobPaths paths, StreamShape stream, int partitions,
                 std::map<int64_t, std::unique_ptr<DStreamPieces>> pieces,  // by stream
                 const DStreamOracle* oracle, std::optional<properties::OutputJudge> judge,
                 RowTokens tokens);

  std::vector<std::string> Watches() const override {
    return {paths_.checkpoint + "/", paths_.output + "/"};
  }
  std::vector<std::string> WatchesOutside() const override;
  void Arrives(const ArrivingFile& piece) override;
  std::vector<properties::Violation> Observe(int64_t now_ns,
                                             const properties::ObservedFiles& observed,
                                             int64_t failures) override;
  std::vector<properties::Violation> ObserveOutside(
      int64_t now_ns, const properties::ObservedFiles& observed) override;
  bool Done() const override;
  uint64_t Progress() const override { return static_cast<uint64_t>(checker_.advances()); }
  int64_t BatchesEnded() const override { return checker_.batches_completed(); }
  std::vector<properties::Violation> Finish(int64_t now_ns) override;
  // By output attempts, complete or not: a record that two attempts put out came out twice.
  properties::RecordCounts Counts() const override;
  int64_t BatchesAgain() const override;
  // Of one complete attempt of each batch: the sum of each key, or all lines where no oracle says
  // that they are pairs.
  std::vector<std::string> Rows() const override;
  std::string Unjudged() const override;
  void KeepHistory() override { notes_.emplace(); }
  std::vector<BatchHistory> History() const override {
    return notes_.has_value() ? notes_->history() : std::vector<BatchHistory>();
  }

 private:
  bool IsDone() const;
  std::vector<properties::Piece> Owed() const;
  std::vector<properties::Violation> ObservePieces(int64_t now_ns,
                                                   const properties::DurableFiles& files,
                                                   const properties::BatchLogView& log);
  // The text of lines of its pieces, by a batch's.
  std::vector<std::string> TextOf(const properties::PieceLines& pieces) const;
  void NoteOutputs(const std::set<std::string>& changed);
  // Those of `changed_outputs_`, which is empty then.
  std::vector<properties::Violation> ObserveOutputs(int64_t now_ns,
                                                    const properties::DurableFiles& files,
                                                    int64_t failures);

  std::vector<properties::OutputJudge> Judges(int partitions, const DStreamOracle* oracle,
                                              std::optional<properties::OutputJudge> judge) const;

  const JobPaths paths_;
  const StreamShape stream_;
  const properties::TextOutputName output_;
  const bool has_oracle_;
  const bool has_tokens_;
  // An attempt's rows as the oracle has them.
  const std::function<std::vector<properties::NaiveRow>(const std::vector<properties::NaiveRow>&)>
      read_;
  const std::map<int64_t, std::unique_ptr<DStreamPieces>> pieces_;
  properties::AtLeastOnceChecker checker_;
  std::optional<AccumulatorTotals> totals_;  // unset: it has none that anybody knows
  properties::Remembered<absl::StatusOr<std::optional<properties::BatchLogView>>> log_;
  std::optional<StreamNotes> notes_;
  bool log_changed_ = true;                                   // since it was judged
  bool pieces_changed_ = true;                                // or what is beside it
  std::map<std::string, properties::OutputAttempt> outputs_;  // by directory
  std::set<std::string> changed_outputs_;                     // their directories
  std::set<std::string> unreadable_;                          // reported
  mutable std::optional<bool> done_;                          // since the last observation
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_DSTREAM_CHECKER_H_
