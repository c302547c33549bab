// RunChecker: the checker that goes with a job, fed with what is durable at each instant.
#ifndef WAVETANK_SCENARIOS_RUN_CHECKER_H_
#define WAVETANK_SCENARIOS_RUN_CHECKER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "properties/durable_files.h"
#include "properties/naive_query.h"
#include "properties/verdict.h"
#include "runtime/job/job.h"
#include "scenarios/fakes/line_server.h"
#include "scenarios/input.h"
#include "scenarios/job_shape.h"
#include "scenarios/oracle.h"
#include "scenarios/run_history.h"

namespace wavetank::scenarios {

class RunChecker {
 public:
  virtual ~RunChecker() = default;

  // The beginnings of the paths that it looks at.
  virtual std::vector<std::string> Watches() const = 0;
  // What is put into one of the job's inputs, as it comes.
  virtual void Arrives(const ArrivingFile& piece) = 0;
  // After every durable change of what it watches; what is new is complete below the paths that it
  // watches. `failures`: how many processes and tasks have failed, or were taken for failed, so
  // far. Gives what is newly wrong.
  virtual std::vector<properties::Violation> Observe(int64_t now_ns,
                                                     const properties::ObservedFiles& observed,
                                                     int64_t failures) = 0;
  // The same of what stands on the disk of the machine outside.
  virtual std::vector<std::string> WatchesOutside() const { return {}; }
  virtual std::vector<properties::Violation> ObserveOutside(
      int64_t /*now_ns*/, const properties::ObservedFiles& /*observed*/) {
    return {};
  }
  // Whether all of the input that has come is worked off, as far as was observed.
  virtual bool Done() const = 0;
  // Another value whenever the work has advanced.
  virtual uint64_t Progress() const = 0;
  // Batches whose end is durable.
  virtual int64_t BatchesEnded() const = 0;
  // After the last Observe.
  virtual std::vector<properties::Violation> Finish(int64_t now_ns) = 0;
  // Of a sink that is listed beside what it says itself: where the listing lags.
  virtual std::vector<properties::Violation> JudgeListing(int64_t /*now_ns*/) { return {}; }
  virtual properties::RecordCounts Counts() const = 0;
  // Where records are not told apart: how many batches have come out more than once.
  virtual int64_t BatchesAgain() const { return 0; }
  virtual int64_t LateDropped() const { return 0; }
  // What of the answers nobody can judge, and why: "" if all is.
  virtual std::string Unjudged() const { return ""; }
  // The final answer, a row a line, fields joined by commas, ordered.
  virtual std::vector<std::string> Rows() const = 0;
  // Of a query: the same, by columns.
  virtual std::vector<properties::NaiveRow> Table() const { return {}; }

  // From now on, what becomes of each batch is noted: before the first Observe.
  virtual void KeepHistory() {}
  virtual std::vector<BatchHistory> History() const { return {}; }

  // Of what keeps state: the keys that are in it, as the newest attempt left it, ordered. Only
  // where history is kept.
  virtual std::vector<std::string> KeysInState() const { return {}; }

  // That of the query or output of this name. REQUIRES: the job has it.
  virtual const RunChecker& Part(const std::string& /*name*/) const { return *this; }
  // The query of this name has stopped, as it should: it need not finish. REQUIRES: the job has it,
  // and others.
  virtual void Excuse(const std::string& /*name*/) {}
};

// Null where no checker knows the job's shape. A query is judged by replay, and by its oracle if it
// has one; a stream by its oracle, and by replay if it says that its functions are deterministic.
// `tokens`: of its rows, null if they carry none. `feeds` are those of the servers that the job
// reads from.
std::unique_ptr<RunChecker> MakeRunChecker(const JobOracle* oracle, RowTokens tokens,
                                           const JobShape& shape,
                                           const runtime::JobArguments& arguments,
                                           const fakes::LineFeeds& feeds);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_RUN_CHECKER_H_
