#include "checkpoint/metadata.h"

#include <xxhash.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::checkpoint {
namespace {

// Gives a history the records of a fenced log.
class DecodingFold final : public LogFold {
 public:
  DecodingFold(std::string directory, MetadataFold& history)
      : directory_(std::move(directory)), history_(history) {}

  void Clear() override {
    place_ = 0;
    history_.Clear();
  }
  absl::Status Add(std::string_view bytes) override {
    const uint64_t place = place_++;
    const absl::StatusOr<MetadataRecord> record = DecodeMetadata(bytes);
    if (!record.ok()) {
      return absl::Status(record.status().code(), absl::StrCat(directory_, ": record ", place, ": ",
                                                               record.status().message()));
    }
    const absl::Status added = history_.Add(*record);
    return added.ok() ? added : NamingTheRecord(added, directory_, place, *record);
  }
  std::optional<platform::Generator<std::string>> Base() const override { return Encoded(); }

 private:
  platform::Generator<std::string> Encoded() const {
    platform::Generator<MetadataRecord> base = history_.Base();
    while (std::optional<MetadataRecord> record = base.Next()) co_yield EncodeMetadata(*record);
  }

  const std::string directory_;
  MetadataFold& history_;
  uint64_t place_ = 0;
};

}  // namespace

std::string EncodeMetadata(const MetadataRecord& record) { return record.SerializeAsString(); }

absl::StatusOr<MetadataRecord> DecodeMetadata(std::string_view bytes) {
  MetadataRecord record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      record.format_version() == 0) {
    return absl::DataLossError("not a metadata record");
  }
  if (record.format_version() > kMetadataFormat) {
    return absl::FailedPreconditionError(
        absl::StrCat("format version ", record.format_version(), " is newer than ", kMetadataFormat,
                     ", the newest this build reads; use a newer build"));
  }
  if (record.kind_case() == MetadataRecord::KIND_NOT_SET) {
    return absl::FailedPreconditionError("a kind of record this build does not know");
  }
  return record;
}

#define WT_RECORD_OF(Type, field)                 \
  MetadataRecord Record(Type field) {             \
    MetadataRecord record;                        \
    record.set_format_version(kMetadataFormat);   \
    *record.mutable_##field() = std::move(field); \
    return record;                                \
  }
WT_RECORD_OF(QueryMetadata, query)
WT_RECORD_OF(QueryPlan, plan)
WT_RECORD_OF(StateLayout, layout)
WT_RECORD_OF(SourceBegins, begins)
WT_RECORD_OF(BatchDefinition, definition)
WT_RECORD_OF(Prepared, prepared)
WT_RECORD_OF(Commit, commit)
WT_RECORD_OF(GraphMetadata, graph)
WT_RECORD_OF(BatchInput, input)
WT_RECORD_OF(BatchCompleted, completed)
WT_RECORD_OF(BlockAdded, block)
WT_RECORD_OF(Dropped, dropped)
WT_RECORD_OF(SeenFiles, seen)
WT_RECORD_OF(ReceiverStarted, receiver_started)
WT_RECORD_OF(ReceiverEnded, receiver_ended)
WT_RECORD_OF(AccumulatorTotals, accumulators)
WT_RECORD_OF(ForgottenFiles, forgotten)
#undef WT_RECORD_OF

absl::Status NamingTheRecord(const absl::Status& refused, absl::string_view log, uint64_t place,
                             const MetadataRecord& record) {
  const auto* field =
      MetadataRecord::descriptor()->FindFieldByNumber(static_cast<int>(record.kind_case()));
  return absl::Status(refused.code(), absl::StrCat(log, ": record ", place, " (",
                                                   field == nullptr ? "nothing" : field->name(),
                                                   "): ", refused.message()));
}

uint64_t DefinitionHash(const BatchDefinition& definition) {
  // Fields are written in the order of their numbers and there is no map, so equal messages give
  // equal bytes, in every process.
  BatchDefinition hashed = definition;
  hashed.clear_hash();
  const std::string bytes = hashed.SerializeAsString();
  return XXH3_64bits(bytes.data(), bytes.size());
}

Task<absl::StatusOr<std::unique_ptr<MetadataLog>>> MetadataLog::TakeOver(platform::Node& node,
                                                                         Store& store,
                                                                         std::string directory,
                                                                         MetadataFold& history,
                                                                         FencedLogOptions options) {
  std::unique_ptr<MetadataLog> log(new MetadataLog(directory));
  log->fold_ = std::make_unique<DecodingFold>(directory, history);
  WT_CO_ASSIGN_OR_RETURN(
      log->log_, co_await FencedLog::TakeOver(node, store, directory, *log->fold_, options));
  co_return log;
}

Task<absl::Status> MetadataLog::Append(std::vector<MetadataRecord> records) {
  std::vector<std::string> encoded;
  encoded.reserve(records.size());
  for (const MetadataRecord& record : records) encoded.push_back(EncodeMetadata(record));
  return log_->Append(std::move(encoded));
}

Task<absl::Status> MetadataLog::Append(MetadataRecord record) {
  std::vector<MetadataRecord> records;
  records.push_back(std::move(record));
  return Append(std::move(records));
}

Task<absl::Status> ReadMetadataLog(platform::Node& node, Store& store, std::string directory,
                                   absl::Duration timeout, MetadataFold& history) {
  DecodingFold fold(directory, history);
  co_return co_await ReadFencedLog(node, store, directory, timeout, fold);
}

}  // namespace wavetank::checkpoint
