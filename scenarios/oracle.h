// What a job must answer, worked out as simply as can be, so that scenarios can judge it; and the
// jobs that scenarios may run.
//
//   ScenarioJobs jobs;
//   jobs.Add(my_job, DStreamOracle{.answer = [](const std::vector<std::string>& lines) { … }});
//
// A job needs none: what its batches must put out is worked out by replay, from the plan it builds
// (of a DStream, if the job says that its functions are deterministic). An oracle is a second
// opinion, which shares no code with the job nor with the engine; and records of such a job that
// carry an id, a word "r<number>", let the checkers count what came out once, twice or never
// (input.h).
#ifndef WAVETANK_SCENARIOS_ORACLE_H_
#define WAVETANK_SCENARIOS_ORACLE_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "platform/check.h"
#include "properties/at_least_once.h"
#include "properties/naive_query.h"
#include "runtime/dstream/graph.h"
#include "runtime/job/job.h"

namespace wavetank::scenarios {

// How the batches' rows make up a query's answer.
enum class Fold {
  kUnion,   // append: all rows
  kByKey,   // update: the last row of each key; the last field is not part of the key
  kNewest,  // complete: the newest batch's rows
  kOneRow,  // update, of a global aggregate: the last row, which carries no ids
};

// Of a job with one structured query, from a directory into a file sink.
struct StructuredOracle {
  // A fresh evaluator of the query.
  std::function<std::unique_ptr<properties::NaiveQuery>(const runtime::JobArguments&)> query;
  std::function<Fold(const runtime::JobArguments&)> fold;
};

// Of a job with one SaveAsTextFiles, from a directory or a socket.
struct DStreamOracle {
  // What one batch of these lines must put out, in any order: keys and values.
  std::function<std::vector<properties::NaiveRow>(const std::vector<std::string>& lines)> answer;
  // Of a job whose functions are not deterministic: the rows of one attempt without what differs
  // from run to run. Null: they are what `answer` says.
  std::function<std::vector<properties::NaiveRow>(std::vector<properties::NaiveRow> rows)>
      canonical = nullptr;
  // Of a job with accumulators of int64_t that are sums: what the lines of one batch add to each.
  // Null: it has none, or nobody knows.
  std::function<std::map<std::string, int64_t>(const std::vector<std::string>& lines)> totals =
      nullptr;
};

// Of a job with one structured query without state, from a topic of a partitioned log into another.
struct LogOracle {
  // What a record, its key and value, must become; a null is "\\N".
  using Row = std::pair<std::string, std::string>;
  std::function<std::vector<Row>(const Row& record)> rows;
};

// Of a stream with any inputs and outputs.
struct StreamOracle {
  // What one of the outputs of the job's graph must give.
  std::function<properties::OutputJudge(const runtime::JobArguments&,
                                        const runtime::StreamingGraph& graph,
                                        runtime::OperatorId output)>
      judge;
};

using JobOracle = std::variant<StructuredOracle, DStreamOracle, LogOracle, StreamOracle>;

inline bool IsOfStream(const JobOracle& oracle) {
  return std::holds_alternative<DStreamOracle>(oracle) ||
         std::holds_alternative<StreamOracle>(oracle);
}

// Of a stream whose rows carry tokens of the attempts that made them (MapWithAttempt of
// runtime/dstream/map_with_attempt.h): those of one line of its text files.
using RowTokens = std::function<std::vector<std::string>(const std::string& line)>;

class ScenarioJobs {
 public:
  // REQUIRES: as JobCatalogue::Add; an oracle is of the job's engine, tokens of a stream.
  void Add(runtime::Job job, std::optional<JobOracle> oracle = std::nullopt,
           RowTokens tokens = nullptr) {
    WT_CHECK(!oracle.has_value() || IsOfStream(*oracle) == (job.dstream != nullptr));
    WT_CHECK(tokens == nullptr || job.dstream != nullptr);
    if (oracle.has_value()) oracles_.emplace(job.name, *std::move(oracle));
    if (tokens != nullptr) tokens_.emplace(job.name, std::move(tokens));
    catalogue_.Add(std::move(job));
  }
  // From here on those that are there are the ones that the command brings along.
  void MarkBuiltIn() {
    for (const std::string& name : catalogue_.names()) built_in_.insert(name);
  }
  bool IsBuiltIn(const std::string& job) const { return built_in_.contains(job); }
  const runtime::JobCatalogue& catalogue() const { return catalogue_; }
  // Null when the job has none.
  const JobOracle* OracleOf(const std::string& job) const {
    const auto found = oracles_.find(job);
    return found == oracles_.end() ? nullptr : &found->second;
  }
  // Null when its rows carry none.
  RowTokens TokensOf(const std::string& job) const {
    const auto found = tokens_.find(job);
    return found == tokens_.end() ? nullptr : found->second;
  }

 private:
  runtime::JobCatalogue catalogue_;
  std::map<std::string, JobOracle> oracles_;
  std::map<std::string, RowTokens> tokens_;
  std::set<std::string> built_in_;
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_ORACLE_H_
