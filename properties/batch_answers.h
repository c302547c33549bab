// BatchAnswers: what each batch of a structured query must show, by one evaluator of it, and the
// watermarks that its rows demand.
#ifndef WAVETANK_PROPERTIES_BATCH_ANSWERS_H_
#define WAVETANK_PROPERTIES_BATCH_ANSWERS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "properties/event_time_watermarks.h"
#include "properties/naive_query.h"

namespace wavetank::properties {

class BatchAnswers {
 public:
  // `make` gives a fresh evaluator.
  explicit BatchAnswers(std::function<std::unique_ptr<NaiveQuery>()> make,
                        WatermarkPolicy policy = WatermarkPolicy::kMin)
      : make_(std::move(make)), query_(make_()), policy_(policy), event_times_(policy) {}

  // As if no batch had been added.
  void StartAnew() { *this = BatchAnswers(make_, policy_); }

  // Works out the next batch's answer.
  void Add(const NaiveBatch& batch);
  // Of the next batch, by the rows of those before it.
  std::optional<int64_t> watermark_ms() const {
    return watermarks_ms_.empty() ? std::nullopt : watermarks_ms_.back();
  }
  std::optional<int64_t> watermark_after(int64_t batch) const {
    return watermarks_ms_[static_cast<size_t>(batch)];
  }
  // Late rows that the watermarks demand to be dropped, of all batches.
  int64_t late_dropped() const { return late_dropped_; }
  const std::vector<NaiveRow>& rows(int64_t batch) const { return at(batch).rows; }
  // Whether it has answered all batches: one that could not answer one says nothing any more.
  bool known() const { return answers_.empty() || answers_.back().unknown.empty(); }
  bool knows(int64_t batch) const { return at(batch).unknown.empty(); }

  // What a batch leaves; unset: not known.
  std::optional<NaiveNextFinal> next_final(int64_t batch) const { return at(batch).next_final; }

  // Whether a batch must come next although there is no input for it, since the watermark that it
  // has is another one, and makes something final; unset: not known.
  std::optional<bool> another_is_due() const;
  // After the newest batch; empty: not known.
  const std::vector<OperatorEntries>& state() const { return state_; }

  struct Difference {
    std::string what;  // after "batch 3 "
    std::vector<std::string> records;
  };
  // Between what a batch must show and what it shows; nullopt: none.
  std::optional<Difference> Compare(int64_t batch, const std::vector<NaiveRow>& shown) const;
  // The same of the rows that were dropped.
  std::optional<std::string> Compare(int64_t batch, int64_t dropped_late,
                                     int64_t without_time) const;

 private:
  const NaiveAnswer& at(int64_t batch) const { return answers_[static_cast<size_t>(batch)]; }

  std::function<std::unique_ptr<NaiveQuery>()> make_;
  std::unique_ptr<NaiveQuery> query_;
  WatermarkPolicy policy_;
  EventTimeWatermarks event_times_;                    // of evaluators that tell of each operator
  std::vector<NaiveAnswer> answers_;                   // by batch
  std::vector<std::optional<int64_t>> watermarks_ms_;  // by batch: what follows from it
  std::optional<int64_t> newest_ran_under_ms_;
  int64_t late_dropped_ = 0;
  std::vector<OperatorEntries> state_;
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_BATCH_ANSWERS_H_
