#include "runtime/structured/query_sources.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"

#include "checkpoint/history_parts.h"
#include "platform/check.h"
#include "platform/status_macros.h"
#include "runtime/structured/query_check.h"

namespace wavetank::runtime {

absl::StatusOr<std::unique_ptr<QuerySources>> QuerySources::Open(SourceHost host,
                                                                 checkpoint::Store& store,
                                                                 checkpoint::QueryHistory& history,
                                                                 const StreamingQueryPlan& plan) {
  std::unique_ptr<QuerySources> sources(new QuerySources(history, plan));
  for (const StreamingQueryPlan::Source& source : plan.sources) {
    WT_ASSIGN_OR_RETURN(FileSourceOptions options, SourceOptions(source.description));
    sources->sources_.push_back(std::make_unique<FileSource>(
        host, store, history.seen(source.description.path), std::move(options)));
  }
  return sources;
}

Task<absl::Status> QuerySources::FreezeAvailable(AvailableInput& available) {
  available.resize(sources_.size());
  for (size_t i = 0; i < sources_.size(); ++i) {
    WT_CO_RETURN_IF_ERROR(co_await sources_[i]->FreezeAvailable(available[i]));
  }
  co_return absl::OkStatus();
}

bool QuerySources::Found::any() const {
  return std::ranges::any_of(sources, [](const DiscoveredFiles& of) { return !of.files.empty(); });
}
bool QuerySources::Found::directory_away() const {
  return std::ranges::any_of(sources, &DiscoveredFiles::directory_away);
}

Task<absl::StatusOr<QuerySources::Found>> QuerySources::Discover() {
  Found found;
  for (const std::unique_ptr<FileSource>& source : sources_) {
    WT_CO_ASSIGN_OR_RETURN(DiscoveredFiles of_source, co_await source->Discover());
    found.sources.push_back(std::move(of_source));
  }
  co_return found;
}

std::vector<NewBatch::Range> QuerySources::Ranges(Found found) const {
  // Of a batch without input nothing is found.
  found.sources.resize(sources_.size());
  std::vector<NewBatch::Range> ranges;
  for (size_t i = 0; i < sources_.size(); ++i) {
    ranges.push_back({.source = path(i),
                      .root = std::move(found.sources[i].root),
                      .start_offset = OffsetOf(i),
                      .files = std::move(found.sources[i].files)});
  }
  return ranges;
}

void QuerySources::AddForgotten(const Found& found,
                                std::vector<checkpoint::MetadataRecord>& records) const {
  for (size_t i = 0; i < found.sources.size(); ++i) {
    checkpoint::ForgottenFiles forgotten;
    forgotten.set_source(path(i));
    checkpoint::AppendPaths(std::move(forgotten), found.sources[i].forgotten, records);
  }
}

int64_t QuerySources::OffsetOf(size_t source) const {
  int64_t offset = 0;
  const std::string end = history_.EndOffset(path(source));
  WT_CHECK(end.empty() || absl::SimpleAtoi(end, &offset), "offsets of files are numbers");
  return offset;
}

int64_t QuerySources::offset() const {
  int64_t offset = 0;
  for (size_t i = 0; i < sources_.size(); ++i) offset += OffsetOf(i);
  return offset;
}

}  // namespace wavetank::runtime
