#include "checkpoint/metadata.h"

#include <xxhash.h>

#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::checkpoint {
namespace {

absl::StatusOr<std::vector<MetadataRecord>> DecodeAll(const std::string& directory,
                                                      const std::vector<std::string>& records) {
  std::vector<MetadataRecord> decoded;
  decoded.reserve(records.size());
  for (size_t i = 0; i < records.size(); ++i) {
    absl::StatusOr<MetadataRecord> record = DecodeMetadata(records[i]);
    if (!record.ok()) {
      return absl::Status(record.status().code(),
                          absl::StrCat(directory, ": record ", i, ": ", record.status().message()));
    }
    decoded.push_back(*std::move(record));
  }
  return decoded;
}

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
WT_RECORD_OF(BatchDefinition, definition)
WT_RECORD_OF(Prepared, prepared)
WT_RECORD_OF(Commit, commit)
WT_RECORD_OF(GraphMetadata, graph)
WT_RECORD_OF(BatchInput, input)
WT_RECORD_OF(BatchCompleted, completed)
WT_RECORD_OF(BlockAdded, block)
#undef WT_RECORD_OF

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
                                                                         std::string directory) {
  WT_CO_ASSIGN_OR_RETURN(std::unique_ptr<FencedLog> log,
                         co_await FencedLog::TakeOver(node, store, directory));
  WT_CO_ASSIGN_OR_RETURN(std::vector<MetadataRecord> records,
                         DecodeAll(directory, log->recovered()));
  co_return std::unique_ptr<MetadataLog>(
      new MetadataLog(std::move(directory), std::move(log), std::move(records)));
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

Task<absl::StatusOr<std::vector<MetadataRecord>>> ReadMetadataLog(platform::Node& node,
                                                                  Store& store,
                                                                  std::string directory,
                                                                  absl::Duration timeout) {
  WT_CO_ASSIGN_OR_RETURN(const std::vector<std::string> records,
                         co_await ReadFencedLog(node, store, directory, timeout));
  co_return DecodeAll(directory, records);
}

}  // namespace wavetank::checkpoint
