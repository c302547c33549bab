#include "runtime/structured/query_sources.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/history_parts.h"
#include "platform/status_macros.h"

namespace wavetank::runtime {

absl::StatusOr<std::unique_ptr<QuerySources>> QuerySources::Open(
    platform::Node& node, checkpoint::Store& store, checkpoint::QueryHistory& history,
    const StreamingQueryPlan& plan, const ConnectorRegistry& connectors) {
  std::unique_ptr<QuerySources> sources(new QuerySources(node, history, plan));
  for (const StreamingQueryPlan::Source& source : plan.sources) {
    const SourceDescription& description = source.description;
    WT_ASSIGN_OR_RETURN(const SourceFormat* const format, connectors.Source(description.format));
    WT_ASSIGN_OR_RETURN(
        std::unique_ptr<Source> opened,
        format->open(description, SourceContext{node, store, history.seen(description.Name())}));
    sources->sources_.push_back(std::move(opened));
  }
  sources->begins_.resize(sources->sources_.size());
  return sources;
}

Task<absl::Status> QuerySources::FreezeAvailable(AvailableInput& available) {
  available.resize(sources_.size());
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (!available[i]) {
      absl::StatusOr<std::string> frozen = co_await sources_[i]->Freeze();
      if (!frozen.ok()) co_return Explain(i, frozen.status());
      available[i] = *std::move(frozen);
    }
    WT_CO_RETURN_IF_ERROR(sources_[i]->StopAt(*available[i]));
  }
  co_return absl::OkStatus();
}

bool QuerySources::Found::any() const { return std::ranges::any_of(sources, &SourceInput::any); }
bool QuerySources::Found::away() const { return std::ranges::any_of(sources, &SourceInput::away); }
int64_t QuerySources::Found::forgotten() const {
  int64_t paths = 0;
  for (const SourceInput& input : sources) paths += static_cast<int64_t>(input.forgotten.size());
  return paths;
}

Task<absl::StatusOr<QuerySources::Found>> QuerySources::Discover() {
  Found found;
  for (size_t i = 0; i < sources_.size(); ++i) {
    std::string after = OffsetOf(i);
    if (after.empty()) {
      absl::StatusOr<std::string> begin = co_await sources_[i]->Begin();
      if (!begin.ok()) co_return Explain(i, begin.status());
      after = begins_[i] = *std::move(begin);
    }
    absl::StatusOr<SourceInput> input = co_await sources_[i]->Define(after);
    if (!input.ok()) co_return Explain(i, input.status());
    input->range.set_start_offset(std::move(after));
    found.sources.push_back(*std::move(input));
  }
  co_return found;
}

std::vector<checkpoint::SourceRange> QuerySources::Ranges(Found found) const {
  std::vector<checkpoint::SourceRange> ranges;
  for (size_t i = 0; i < sources_.size(); ++i) {
    checkpoint::SourceRange& range = ranges.emplace_back();
    if (i < found.sources.size()) {
      range = std::move(found.sources[i].range);
    } else {  // of a batch without input
      range.set_start_offset(OffsetOf(i));
      range.set_end_offset(range.start_offset());
    }
    range.set_source(name(i));
  }
  return ranges;
}

void QuerySources::AddForgotten(const Found& found,
                                std::vector<checkpoint::MetadataRecord>& records) const {
  for (size_t i = 0; i < found.sources.size(); ++i) {
    checkpoint::ForgottenFiles forgotten;
    forgotten.set_source(name(i));
    checkpoint::AppendPaths(std::move(forgotten), found.sources[i].forgotten, records);
  }
}

Task<void> QuerySources::Committed(checkpoint::BatchDefinition batch) {
  for (const checkpoint::SourceRange& range : batch.sources()) {
    for (size_t i = 0; i < sources_.size(); ++i) {
      if (name(i) != range.source()) continue;
      const absl::Status told = co_await sources_[i]->Committed(range.end_offset());
      if (told.ok()) continue;
      node_.Log(platform::LogLevel::kWarning,
                absl::StrCat("batch ", batch.batch_id(), " is committed, and its source ", name(i),
                             " could not be told: ", told.message()));
    }
  }
}

std::string QuerySources::OffsetOf(size_t source) const {
  const std::string end = history_.EndOffset(name(source));
  return end.empty() ? begins_[source] : end;
}

absl::Status QuerySources::Explain(size_t source, const absl::Status& status) const {
  return absl::Status(status.code(), absl::StrCat("source ", name(source), " (",
                                                  plan_.sources[source].description.format,
                                                  "): ", status.message()));
}

int64_t QuerySources::offset() const {
  int64_t sum = 0;
  for (size_t i = 0; i < sources_.size(); ++i) {
    int64_t offset = 0;
    if (absl::SimpleAtoi(OffsetOf(i), &offset)) sum += offset;
  }
  return sum;
}

}  // namespace wavetank::runtime
