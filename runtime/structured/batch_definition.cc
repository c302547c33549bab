#include "runtime/structured/batch_definition.h"

#include <algorithm>

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

Watermarks WatermarksBefore(const StreamingQueryPlan& plan, const BatchDefinition& definition,
                            const checkpoint::BatchHistory* before) {
  Watermarks watermarks{.of_query = WatermarkOf(definition)};
  // An only one is the query's.
  const bool only_one = plan.watermarks.size() == 1;
  watermarks.of_operators.assign(plan.watermarks.size(),
                                 only_one ? watermarks.of_query : absl::InfinitePast());
  if (only_one || before == nullptr) return watermarks;
  for (const checkpoint::OperatorWatermark& logged : before->prepared->next_watermarks()) {
    for (size_t i = 0; i < plan.watermarks.size(); ++i) {
      if (plan.watermarks[i].operator_id != logged.operator_id()) continue;
      watermarks.of_operators[i] = absl::FromUnixMillis(logged.watermark_ms());
    }
  }
  return watermarks;
}

void SetNextWatermarks(const StreamingQueryPlan& plan, const Watermarks& next,
                       checkpoint::Prepared& prepared) {
  if (const auto ms = ToWatermarkMs(next.of_query)) prepared.set_next_watermark_ms(*ms);
  if (plan.watermarks.size() < 2) return;
  for (size_t i = 0; i < plan.watermarks.size(); ++i) {
    const std::optional<int64_t> ms = ToWatermarkMs(next.of_operators[i]);
    if (!ms) continue;
    checkpoint::OperatorWatermark& logged = *prepared.add_next_watermarks();
    logged.set_operator_id(plan.watermarks[i].operator_id);
    logged.set_watermark_ms(*ms);
  }
}

void SetNextFinal(const StreamingQueryPlan& plan, absl::Time next_final,
                  checkpoint::Prepared& prepared) {
  if (!plan.acts_on_watermark()) return;
  checkpoint::NextFinal& logged = *prepared.mutable_next_final();
  if (next_final == absl::InfiniteFuture()) return;
  const int64_t below_ms = absl::ToUnixMillis(next_final);
  const bool whole = absl::FromUnixMillis(below_ms) >= next_final;
  logged.set_watermark_ms(whole ? below_ms : below_ms + 1);
}

std::optional<absl::Time> NextFinalOf(const checkpoint::Prepared& prepared,
                                      const std::string& plan_hash) {
  if (!prepared.has_next_final() || prepared.plan_hash() != plan_hash) return std::nullopt;
  return prepared.next_final().has_watermark_ms()
             ? absl::FromUnixMillis(prepared.next_final().watermark_ms())
             : absl::InfiniteFuture();
}

BatchDefinition DefineBatch(const NewBatch& batch) {
  BatchDefinition definition;
  definition.set_batch_id(batch.batch);
  for (const checkpoint::SourceRange& range : batch.ranges) *definition.add_sources() = range;
  if (batch.watermark_ms) definition.set_watermark_ms(*batch.watermark_ms);
  definition.set_timestamp_ms(absl::ToUnixMillis(batch.timestamp));
  definition.set_hash(checkpoint::DefinitionHash(definition));
  return definition;
}

const checkpoint::SourceRange* RangeOf(const BatchDefinition& definition,
                                       const std::string& source) {
  const auto found = std::ranges::find_if(
      definition.sources(), [&](const auto& range) { return range.source() == source; });
  return found == definition.sources().end() ? nullptr : &*found;
}

bool HasInput(const BatchDefinition& definition) {
  return std::ranges::any_of(definition.sources(), [](const checkpoint::SourceRange& range) {
    return range.start_offset() != range.end_offset();
  });
}

int64_t FileCount(const BatchDefinition& definition) {
  int64_t files = 0;
  for (const checkpoint::SourceRange& range : definition.sources()) files += range.files_size();
  return files;
}

}  // namespace wavetank::runtime
