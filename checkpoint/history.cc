// What a log that was taken over says, in the engines' terms.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/metadata.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::checkpoint {
namespace {

// A complaint about one record of a log.
class Complaint {
 public:
  Complaint(std::string_view log, size_t place, const MetadataRecord& record)
      : prefix_(
            absl::StrCat(platform::ToAbsl(log), ": record ", place, " (", Kind(record), "): ")) {}
  template <typename... Parts>
  absl::Status DataLoss(const Parts&... parts) const {
    return absl::DataLossError(absl::StrCat(prefix_, parts..., "; the log has lost records"));
  }
  absl::Status AnotherEngine(absl::string_view expected) const {
    return absl::FailedPreconditionError(
        absl::StrCat(prefix_, "does not belong in the log of ", expected,
                     "; is the checkpoint directory another job's?"));
  }

 private:
  static std::string Kind(const MetadataRecord& record) {
    const auto* field =
        MetadataRecord::descriptor()->FindFieldByNumber(static_cast<int>(record.kind_case()));
    return field == nullptr ? "nothing" : field->name();
  }
  std::string prefix_;
};

// The batch that a prepared or commit record is about: the newest, not committed yet.
absl::StatusOr<BatchHistory*> OpenBatch(const Complaint& complaint, QueryHistory& history,
                                        int64_t batch_id) {
  const auto newest = static_cast<int64_t>(history.batches.size()) - 1;
  if (batch_id != newest) {
    return complaint.DataLoss("is of batch ", batch_id, ", the newest definition is of ", newest);
  }
  BatchHistory& batch = history.batches.back();
  if (batch.commit.has_value()) return complaint.DataLoss("batch ", batch_id, " was committed");
  return &batch;
}

}  // namespace

absl::StatusOr<QueryHistory> ReadQueryHistory(std::string_view name,
                                              const std::vector<MetadataRecord>& records) {
  QueryHistory history;
  for (size_t i = 0; i < records.size(); ++i) {
    const MetadataRecord& record = records[i];
    const Complaint complaint(name, i, record);
    const bool of_a_batch = record.has_definition() || record.has_prepared() || record.has_commit();
    if (of_a_batch && !history.metadata.has_value()) {
      return complaint.DataLoss("the query's metadata is missing before it");
    }
    switch (record.kind_case()) {
      case MetadataRecord::kQuery:
        if (i != 0) return complaint.DataLoss("the query's metadata is not the first record");
        history.metadata = record.query();
        break;
      case MetadataRecord::kDefinition: {
        const BatchDefinition& definition = record.definition();
        const auto next = static_cast<int64_t>(history.batches.size());
        if (definition.batch_id() != next) {
          return complaint.DataLoss("defines batch ", definition.batch_id(), ", the next is ",
                                    next);
        }
        if (next > 0 && !history.batches.back().commit.has_value()) {
          return complaint.DataLoss("defines batch ", next, ", and batch ", next - 1,
                                    " is not committed");
        }
        if (definition.hash() != DefinitionHash(definition)) {
          return complaint.DataLoss("does not have the hash of its content");
        }
        history.batches.push_back({definition, std::nullopt, std::nullopt});
        break;
      }
      case MetadataRecord::kPrepared: {
        WT_ASSIGN_OR_RETURN(BatchHistory * batch,
                            OpenBatch(complaint, history, record.prepared().batch_id()));
        batch->prepared = record.prepared();
        break;
      }
      case MetadataRecord::kCommit: {
        const Commit& commit = record.commit();
        WT_ASSIGN_OR_RETURN(BatchHistory * batch, OpenBatch(complaint, history, commit.batch_id()));
        if (!batch->prepared.has_value() || batch->prepared->attempt_id() != commit.attempt_id()) {
          return complaint.DataLoss("attempt ", commit.attempt_id(), " of batch ",
                                    commit.batch_id(), " was not the one prepared last");
        }
        batch->commit = commit;
        break;
      }
      default:
        return complaint.AnotherEngine("a structured query");
    }
  }
  return history;
}

absl::StatusOr<GraphHistory> ReadGraphHistory(std::string_view name,
                                              const std::vector<MetadataRecord>& records) {
  GraphHistory history;
  std::set<std::pair<int32_t, std::string>> known_blocks;
  std::set<std::pair<int32_t, std::string>> allocated;
  for (size_t i = 0; i < records.size(); ++i) {
    const MetadataRecord& record = records[i];
    const Complaint complaint(name, i, record);
    switch (record.kind_case()) {
      case MetadataRecord::kGraph:
        if (i != 0) return complaint.DataLoss("the graph's metadata is not the first record");
        history.metadata = record.graph();
        continue;
      case MetadataRecord::kInput: {
        const int64_t time = record.input().batch_time_ms();
        if (!history.batches.empty() && time <= history.batches.rbegin()->first) {
          return complaint.DataLoss("batch ", time, " ms follows batch ",
                                    history.batches.rbegin()->first, " ms");
        }
        for (const StreamInput& stream : record.input().streams()) {
          for (const BlockAdded& block : stream.blocks()) {
            const auto id = std::pair(stream.stream(), block.block_id());
            if (!known_blocks.contains(id)) {
              return complaint.DataLoss("block ", block.block_id(), " was never added");
            }
            if (!allocated.insert(id).second) {
              return complaint.DataLoss("block ", block.block_id(), " is in two batches");
            }
          }
        }
        history.batches[time] = {record.input(), false};
        break;
      }
      case MetadataRecord::kCompleted: {
        const auto batch = history.batches.find(record.completed().batch_time_ms());
        if (batch == history.batches.end()) {
          return complaint.DataLoss("batch ", record.completed().batch_time_ms(),
                                    " ms completed, and its input was never logged");
        }
        batch->second.completed = true;
        break;
      }
      case MetadataRecord::kBlock:
        known_blocks.emplace(record.block().stream(), record.block().block_id());
        history.unallocated_blocks.push_back(record.block());
        break;
      default:
        return complaint.AnotherEngine("a DStream graph");
    }
    if (!history.metadata.has_value()) {
      return complaint.DataLoss("the graph's metadata is missing before it");
    }
  }
  std::erase_if(history.unallocated_blocks, [&](const BlockAdded& block) {
    return allocated.contains(std::pair(block.stream(), block.block_id()));
  });
  return history;
}

}  // namespace wavetank::checkpoint
