// Metadata: the records of the engines (metadata.proto) in fenced logs, and what a log that was
// taken over says in their terms. Everything out of order is refused by name; nothing is guessed.
#ifndef WAVETANK_CHECKPOINT_METADATA_H_
#define WAVETANK_CHECKPOINT_METADATA_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/fenced_log.h"
#include "checkpoint/metadata.pb.h"
#include "checkpoint/store.h"
#include "platform/node.h"

namespace wavetank::checkpoint {

// The newest format_version that this build reads, and the one it writes.
inline constexpr uint32_t kMetadataFormat = 1;

std::string EncodeMetadata(const MetadataRecord& record);
// kFailedPrecondition: written by a newer version, which is named. kDataLoss: not a record.
absl::StatusOr<MetadataRecord> DecodeMetadata(std::string_view bytes);

// One for each message that may stand in a record.
MetadataRecord Record(QueryMetadata query);
MetadataRecord Record(BatchDefinition definition);
MetadataRecord Record(Prepared prepared);
MetadataRecord Record(Commit commit);
MetadataRecord Record(GraphMetadata graph);
MetadataRecord Record(BatchInput input);
MetadataRecord Record(BatchCompleted completed);
MetadataRecord Record(BlockAdded block);

// What identifies a definition to a sink: a hash of every field but `hash`, the same in every
// process and build.
uint64_t DefinitionHash(const BatchDefinition& definition);

// A fenced log of such records.
class MetadataLog {
 public:
  // As FencedLog::TakeOver; errors of decoding name the record by its place.
  static Task<absl::StatusOr<std::unique_ptr<MetadataLog>>> TakeOver(platform::Node& node,
                                                                     Store& store,
                                                                     std::string directory);

  Epoch epoch() const { return log_->epoch(); }
  const std::string& directory() const { return directory_; }
  // What counted when the log was taken over.
  const std::vector<MetadataRecord>& recovered() const { return recovered_; }
  // As FencedLog::Append: together or not at all.
  Task<absl::Status> Append(std::vector<MetadataRecord> records);
  Task<absl::Status> Append(MetadataRecord record);

 private:
  MetadataLog(std::string directory, std::unique_ptr<FencedLog> log,
              std::vector<MetadataRecord> recovered)
      : directory_(std::move(directory)), log_(std::move(log)), recovered_(std::move(recovered)) {}

  const std::string directory_;
  const std::unique_ptr<FencedLog> log_;
  const std::vector<MetadataRecord> recovered_;
};

// As ReadFencedLog.
Task<absl::StatusOr<std::vector<MetadataRecord>>> ReadMetadataLog(platform::Node& node,
                                                                  Store& store,
                                                                  std::string directory,
                                                                  absl::Duration timeout);

// A structured query's log, in order of its batches, which are 0, 1, ... without a gap.
struct BatchHistory {
  BatchDefinition definition;
  std::optional<Prepared> prepared;  // the newest: it supersedes the earlier ones
  std::optional<Commit> commit;
};
struct QueryHistory {
  std::optional<QueryMetadata> metadata;  // absent only when the log is empty
  std::vector<BatchHistory> batches;      // all but the last are committed
};
// `name` is the log's, for messages. kDataLoss: a record is missing, twice there, or out of order.
// kFailedPrecondition: the log is another engine's.
absl::StatusOr<QueryHistory> ReadQueryHistory(std::string_view name,
                                              const std::vector<MetadataRecord>& records);

// A DStream graph's log.
struct GraphHistory {
  std::optional<GraphMetadata> metadata;  // absent only when the log is empty
  struct Batch {
    BatchInput input;
    bool completed = false;
  };
  std::map<int64_t, Batch> batches;            // by batch time in ms
  std::vector<BlockAdded> unallocated_blocks;  // in no batch's input, in order of arrival
};
absl::StatusOr<GraphHistory> ReadGraphHistory(std::string_view name,
                                              const std::vector<MetadataRecord>& records);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_METADATA_H_
