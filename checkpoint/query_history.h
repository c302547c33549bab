// QueryHistory: what the log of a structured query says, in the query's terms.
//
// The log's order: QueryMetadata first; then per batch 0, 1, ... its definition, its prepared
// attempts, of which the newest counts, and the commit of that one. A layout of state stands before
// the first batch under it. Of the batches that are committed only the newest are kept: of what was
// before, only where it ended, which files it has read and how its state was laid out.
#ifndef WAVETANK_CHECKPOINT_QUERY_HISTORY_H_
#define WAVETANK_CHECKPOINT_QUERY_HISTORY_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/metadata.h"
#include "checkpoint/seen_paths.h"

namespace wavetank::checkpoint {

struct BatchHistory {
  BatchDefinition definition;
  std::optional<Prepared> prepared;  // the newest: it supersedes the earlier ones
  std::optional<Commit> commit;
};

class QueryHistory final : public MetadataFold {
 public:
  static constexpr int64_t kAll = INT64_MAX;
  // `retained`: how many batches are kept, besides one that is under way. At least 2: what a batch
  // starts from is in the one before.
  explicit QueryHistory(int64_t retained = kAll);

  void Clear() override;
  absl::Status Add(const MetadataRecord& record) override;
  platform::Generator<MetadataRecord> Base() const override;

  // Unset only when the log is empty.
  const std::optional<QueryMetadata>& metadata() const { return metadata_; }
  // Whether there is, or was, a batch: until then the metadata may be replaced.
  bool bound() const { return first_batch_ > 0 || !batches_.empty(); }
  // The newest; unset in logs of older builds.
  const std::optional<QueryPlan>& plan() const { return plan_; }
  // Of the batches that are kept and the next one, in order; none in logs of older builds.
  const std::deque<StateLayout>& layouts() const { return layouts_; }
  // The newest; null: there is none.
  const StateLayout* layout() const { return layouts_.empty() ? nullptr : &layouts_.back(); }
  // What the batch after `before`, which is kept and prepared, starts from.
  const google::protobuf::RepeatedPtrField<OperatorState>& StatesAfter(
      const BatchHistory& before) const;
  // In order; all but the last are committed. The first is batch `first_batch`.
  const std::deque<BatchHistory>& batches() const { return batches_; }
  int64_t first_batch() const { return first_batch_; }
  // -1: none is defined.
  int64_t newest_batch() const { return first_batch_ + static_cast<int64_t>(batches_.size()) - 1; }
  // Where the next batch starts in `source`; "": nothing says it.
  std::string EndOffset(const std::string& source) const;
  // By source, where batch 0 starts, said before it was defined; none in logs of older builds.
  const absl::btree_map<std::string, SourceBegin>& begins() const { return begins_; }
  // Stays where it is for the life of the history, unless that is cleared.
  SeenPaths& seen(const std::string& source) { return seen_[source]; }

 private:
  absl::Status AddDefinition(const BatchDefinition& definition);
  absl::Status AddDropped(const Dropped& dropped);
  absl::Status AddLayout(const StateLayout& layout);
  absl::Status AddBegins(const SourceBegins& begins);
  void DropOldLayouts();
  // The batch that a prepared or commit record is about: the newest, not committed yet.
  absl::StatusOr<BatchHistory*> OpenBatch(int64_t batch_id);
  void DropOldBatches();

  int64_t retained_;
  bool begun_ = false;  // there is a record
  std::optional<QueryMetadata> metadata_;
  std::optional<QueryPlan> plan_;
  std::deque<StateLayout> layouts_;
  int64_t first_batch_ = 0;
  absl::btree_map<std::string, std::string> starts_;  // of first_batch_, by source
  absl::btree_map<std::string, SourceBegin> begins_;
  std::deque<BatchHistory> batches_;
  std::map<std::string, SeenPaths> seen_;  // by source
};

// Of a log named `name` in messages.
absl::StatusOr<QueryHistory> ReadQueryHistory(std::string_view name,
                                              const std::vector<MetadataRecord>& records);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_QUERY_HISTORY_H_
