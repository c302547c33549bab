#include "runtime/structured/batch_definition.h"

#include "absl/strings/str_cat.h"

#include "platform/check.h"

namespace wavetank::runtime {

using checkpoint::BatchDefinition;

absl::Time WatermarkOf(const BatchDefinition& definition) {
  return definition.has_watermark_ms() ? absl::FromUnixMillis(definition.watermark_ms())
                                       : absl::InfinitePast();
}

absl::Time NextWatermarkOf(const checkpoint::BatchHistory& batch) {
  WT_CHECK(batch.prepared.has_value());
  return batch.prepared->has_next_watermark_ms()
             ? absl::FromUnixMillis(batch.prepared->next_watermark_ms())
             : absl::InfinitePast();
}

std::optional<int64_t> ToWatermarkMs(absl::Time watermark) {
  if (watermark == absl::InfinitePast()) return std::nullopt;
  return absl::ToUnixMillis(watermark);  // towards the past, also before 1970
}

BatchDefinition DefineBatch(const NewBatch& batch) {
  BatchDefinition definition;
  definition.set_batch_id(batch.batch);
  checkpoint::SourceRange& range = *definition.add_sources();
  range.set_source(batch.source);
  range.set_start_offset(absl::StrCat(batch.start_offset));
  range.set_end_offset(absl::StrCat(batch.start_offset + static_cast<int64_t>(batch.files.size())));
  for (const SourceFile& file : batch.files) {
    checkpoint::InputFile& input = *range.add_files();
    input.set_path(file.path);
    input.set_size_bytes(file.size_bytes);
    input.set_crc32c(file.crc32c);
  }
  if (!batch.files.empty()) range.set_root(batch.root);
  if (batch.watermark_ms) definition.set_watermark_ms(*batch.watermark_ms);
  definition.set_timestamp_ms(absl::ToUnixMillis(batch.timestamp));
  definition.set_hash(checkpoint::DefinitionHash(definition));
  return definition;
}

std::vector<SourceFile> FilesOf(const BatchDefinition& definition) {
  std::vector<SourceFile> files;
  for (const checkpoint::SourceRange& range : definition.sources()) {
    for (const checkpoint::InputFile& file : range.files()) {
      files.push_back({file.path(), file.size_bytes(), file.crc32c()});
    }
  }
  return files;
}

int64_t FileCount(const BatchDefinition& definition) {
  int64_t files = 0;
  for (const checkpoint::SourceRange& range : definition.sources()) files += range.files_size();
  return files;
}

}  // namespace wavetank::runtime
