// LogPieces: what a stream of a partitioned log must have, by what the log holds and the batches
// have in the batch log. A piece is a range of offsets of a partition.
//
// Cuts: of each partition the ranges of the batches follow on one another, from where the stream
// begins, and each batch says of every partition; at the end they cover all that the log has for
// the stream's reader. Where it begins is said once.
#ifndef WAVETANK_SCENARIOS_LOG_PIECES_H_
#define WAVETANK_SCENARIOS_LOG_PIECES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/dstream/log_input.h"
#include "scenarios/dstream_pieces.h"
#include "scenarios/log_view.h"

namespace wavetank::scenarios {

class LogPieces final : public DStreamPieces {
 public:
  explicit LogPieces(runtime::LogStreamOptions options);

  std::vector<std::string> WatchesOutside() const override;
  std::vector<properties::Violation> ObserveOutside(
      int64_t now_ns, const properties::ObservedFiles& observed) override;
  void Arrives(const ArrivingFile& piece) override;
  std::vector<properties::Violation> Observe(int64_t now_ns, const properties::DurableFiles& files,
                                             const properties::BatchLogView& log) override;
  std::vector<std::string> Lines(const std::string& piece) const override;
  std::string TextOf(const std::string& line) const override;
  // Records that are in no range.
  std::vector<std::string> Owed() const override;
  bool Complete() const override;
  std::vector<std::string> Given(
      const std::function<int64_t(const std::string& piece)>& times) const override;
  // Of several partitions nothing says which record comes first.
  bool InOrder() const override { return next_.size() <= 1; }
  int64_t TimesInput(const std::string&) const override { return 1; }

 private:
  using Offsets = std::map<int64_t, int64_t>;  // by partition

  void Begin(const std::vector<properties::LoggedOffsets>& begins);
  void Take(const properties::LoggedOffsets& range);
  void EndBatch(int64_t time_ms, const std::set<int64_t>& named);
  void Wrong(const char* kind, std::string what);
  const std::vector<LogView::Partition>& Partitions() const;
  bool IsWanted(const LogView::Entry& entry) const;
  std::string Encoded(int64_t partition, int64_t offset, const LogView::Entry& entry) const;

  const runtime::LogStreamOptions options_;
  LogViewReader reader_;
  const LogView* view_ = nullptr;
  int64_t arrived_ = 0;
  std::optional<Offsets> begins_;  // once the log says it
  std::string log_id_;
  Offsets next_;                                             // behind the ranges so far
  int64_t judged_up_to_ms_ = INT64_MIN;                      // batches
  std::map<std::string, std::vector<std::string>> records_;  // by piece
  std::set<std::string> told_;
  std::vector<properties::Violation> found_;
  int64_t now_ns_ = 0;
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_LOG_PIECES_H_
