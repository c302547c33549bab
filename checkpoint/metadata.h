// Metadata: the records of the engines (metadata.proto) in fenced logs. What they amount to is for
// a history to say.
#ifndef WAVETANK_CHECKPOINT_METADATA_H_
#define WAVETANK_CHECKPOINT_METADATA_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/fenced_log.h"
#include "checkpoint/metadata.pb.h"
#include "checkpoint/store.h"
#include "platform/generator.h"
#include "platform/node.h"

namespace wavetank::checkpoint {

// The newest format_version that this build reads, and the one it writes.
inline constexpr uint32_t kMetadataFormat = 1;

std::string EncodeMetadata(const MetadataRecord& record);
// kFailedPrecondition: written by a newer version, which is named. kDataLoss: not a record.
absl::StatusOr<MetadataRecord> DecodeMetadata(std::string_view bytes);

// One for each message that may stand in a record.
MetadataRecord Record(QueryMetadata query);
MetadataRecord Record(QueryPlan plan);
MetadataRecord Record(StateLayout layout);
MetadataRecord Record(SourceBegins begins);
MetadataRecord Record(BatchDefinition definition);
MetadataRecord Record(Prepared prepared);
MetadataRecord Record(Commit commit);
MetadataRecord Record(GraphMetadata graph);
MetadataRecord Record(BatchInput input);
MetadataRecord Record(BatchCompleted completed);
MetadataRecord Record(BlockAdded block);
MetadataRecord Record(Dropped dropped);
MetadataRecord Record(SeenFiles seen);
MetadataRecord Record(ReceiverStarted started);
MetadataRecord Record(ReceiverEnded ended);
MetadataRecord Record(AccumulatorTotals totals);
MetadataRecord Record(ForgottenFiles forgotten);

// The status of a record that was refused, with the log, the record's place and its kind before it.
absl::Status NamingTheRecord(const absl::Status& refused, absl::string_view log, uint64_t place,
                             const MetadataRecord& record);

// What identifies a definition to a sink: a hash of every field but `hash`, the same in every
// process and build.
uint64_t DefinitionHash(const BatchDefinition& definition);

// What the records of a log amount to (query_history.h, graph_history.h).
class MetadataFold {
 public:
  virtual ~MetadataFold() = default;
  virtual void Clear() = 0;
  // Everything out of order is refused by name; nothing is guessed. kDataLoss: a record is missing,
  // twice there, or out of order. kFailedPrecondition: the log is another engine's.
  virtual absl::Status Add(const MetadataRecord& record) = 0;
  // Fewer records that stand for all that were added, made as they are asked for.
  virtual platform::Generator<MetadataRecord> Base() const = 0;
};

// A fenced log of such records.
class MetadataLog {
 public:
  // As FencedLog::TakeOver; errors of decoding name the record by its place.
  static Task<absl::StatusOr<std::unique_ptr<MetadataLog>>> TakeOver(platform::Node& node,
                                                                     Store& store,
                                                                     std::string directory,
                                                                     MetadataFold& history,
                                                                     FencedLogOptions options = {});

  Epoch epoch() const { return log_->epoch(); }
  const std::string& directory() const { return directory_; }
  // As FencedLog::Append: together or not at all. The history has them when it is OK.
  Task<absl::Status> Append(std::vector<MetadataRecord> records);
  Task<absl::Status> Append(MetadataRecord record);
  // As FencedLog::Look.
  Task<absl::Status> Look() { return log_->Look(); }

 private:
  explicit MetadataLog(std::string directory) : directory_(std::move(directory)) {}

  const std::string directory_;
  std::unique_ptr<LogFold> fold_;
  std::unique_ptr<FencedLog> log_;
};

// As ReadFencedLog.
Task<absl::Status> ReadMetadataLog(platform::Node& node, Store& store, std::string directory,
                                   absl::Duration timeout, MetadataFold& history);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_METADATA_H_
