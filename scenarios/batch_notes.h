// QueryNotes and StreamNotes: what becomes of each batch, noted from what a checker's decoders read
// at each instant at which something durable changed.
#ifndef WAVETANK_SCENARIOS_BATCH_NOTES_H_
#define WAVETANK_SCENARIOS_BATCH_NOTES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "properties/at_least_once.h"
#include "properties/durable_files.h"
#include "properties/exactly_once.h"
#include "scenarios/run_history.h"

namespace wavetank::scenarios {

// Of a structured query, by its log, its sink and its state.
class QueryNotes {
 public:
  explicit QueryNotes(std::string checkpoint) : checkpoint_(std::move(checkpoint)) {}

  // REQUIRES: time does not fall.
  void Observe(int64_t now_ns, const properties::QueryLogView& log,
               const std::vector<properties::ShownBatch>& sink,
               const properties::DurableFiles& files);
  const std::vector<BatchHistory>& history() const { return history_; }
  // In the state of all operators and partitions, as the newest attempt left it, ordered.
  std::vector<std::string> KeysInState() const;

 private:
  BatchHistory* Newest(int64_t batch);
  void Note(int64_t now_ns, const properties::LoggedBatch& definition);
  void Note(int64_t now_ns, const properties::PreparedBatch& prepared,
            const properties::DurableFiles& files);
  std::vector<std::string> ChangedKeys(const properties::PreparedState& state,
                                       const properties::DurableFiles& files);

  const std::string checkpoint_;
  std::vector<BatchHistory> history_;
  std::map<int64_t, size_t> newest_;         // by batch: the index of its newest definition
  std::map<int64_t, uint64_t> definitions_;  // by batch: its hash
  std::set<std::pair<int64_t, std::string>> attempts_;
  std::set<int64_t> committed_;
  std::map<int64_t, uint64_t> shown_;  // by batch: of its entry
  std::map<int64_t, std::shared_ptr<const std::vector<properties::NaiveRow>>> rows_;  // of the same
  std::map<std::pair<int64_t, int64_t>, std::map<std::string, std::string>> state_;
};

// Of one output of a DStream job, by the batch log and the output's directories.
class StreamNotes {
 public:
  // REQUIRES: time does not fall.
  void ObserveLog(int64_t now_ns, const properties::BatchLogView& log);
  void ObserveOutput(int64_t now_ns, const properties::OutputAttempt& output);
  const std::vector<BatchHistory>& history() const { return history_; }

 private:
  BatchHistory& Of(int64_t time_ms);

  std::vector<BatchHistory> history_;
  std::map<int64_t, size_t> index_;  // by batch time
  std::set<int64_t> completed_;
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_BATCH_NOTES_H_
