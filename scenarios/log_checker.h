// The RunChecker of a query from a topic of a partitioned log into another: exactly once, at every
// instant, to a reader that is read_committed; or at least once, where the sink promises no more.
//
// It looks at the query's log on the disk of the store, and at the journal of the log's server on
// that of the world outside, both decoded by code of its own; what a record must become, the job's
// oracle says.
#ifndef WAVETANK_SCENARIOS_LOG_CHECKER_H_
#define WAVETANK_SCENARIOS_LOG_CHECKER_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checkpoint/metadata.pb.h"
#include "properties/decode_log.h"
#include "scenarios/log_view.h"
#include "scenarios/oracle.h"
#include "scenarios/run_checker.h"

namespace wavetank::scenarios {

class LogChecker final : public RunChecker {
 public:
  // `oracle` null: nobody can tell what rows it must give.
  LogChecker(JobPaths paths, LogShape shape, const LogOracle* oracle);

  std::vector<std::string> Watches() const override { return {paths_.checkpoint + "/log/"}; }
  std::vector<std::string> WatchesOutside() const override;
  void Arrives(const ArrivingFile& piece) override;
  std::vector<properties::Violation> Observe(int64_t now_ns,
                                             const properties::ObservedFiles& observed,
                                             int64_t failures) override;
  std::vector<properties::Violation> ObserveOutside(
      int64_t now_ns, const properties::ObservedFiles& observed) override;
  bool Done() const override;
  uint64_t Progress() const override;
  int64_t BatchesEnded() const override { return static_cast<int64_t>(commits_.size()); }
  std::vector<properties::Violation> Finish(int64_t now_ns) override;
  properties::RecordCounts Counts() const override;
  std::string Unjudged() const override;
  std::vector<std::string> Rows() const override;

 private:
  using Offsets = std::map<int, int64_t>;  // by partition
  struct Batch {
    uint64_t hash = 0;
    std::string start;
    std::string end;
  };
  // How often a row must come, and may.
  struct Times {
    int64_t must = 0;
    int64_t may = 0;
  };
  using Expected = std::map<LogRow, Times>;

  std::vector<properties::Violation> Judge(int64_t now_ns);
  void Wrong(const char* kind, std::string what);
  void ReadLog(const properties::DurableFiles& files);
  void ReadDefinition(const std::string& record);
  void AddExpected(const Batch& batch, Expected& expected);
  void JudgeTransactions();
  void JudgeBatch(const LogView::Transaction& transaction);
  void JudgeRows(const std::string& whose, const Expected& expected,
                 const std::vector<LogRow>& rows, bool once);
  void JudgeCommits();
  // What a reader sees of the topic, in any order.
  std::vector<LogRow> Shown() const;
  static Offsets ParseOffsets(const std::string& text);

  const JobPaths paths_;
  const LogShape shape_;
  const LogOracle* const oracle_;
  properties::FencedLogReader log_;
  LogViewReader reader_;
  const LogView* view_ = nullptr;
  std::optional<checkpoint::SourceBegin> begin_;  // where the query begins, once its log says that
  std::map<int64_t, Batch> batches_;              // that are defined
  std::set<int64_t> commits_;
  int64_t arrived_ = 0;
  size_t judged_ = 0;         // of the transactions that are committed
  int64_t shown_ = 0;         // batches
  int64_t commits_seen_ = 0;  // that were judged
  std::set<std::string> told_;
  std::vector<properties::Violation> found_;
  int64_t now_ns_ = 0;
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_LOG_CHECKER_H_
