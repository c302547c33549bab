// QuerySources: the driver's side of all sources of a query, by their numbers in the plan. What is
// new in each is found, and where each stands; nothing is taken by looking.
#ifndef WAVETANK_RUNTIME_STRUCTURED_QUERY_SOURCES_H_
#define WAVETANK_RUNTIME_STRUCTURED_QUERY_SOURCES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/metadata.h"
#include "checkpoint/query_history.h"
#include "checkpoint/store.h"
#include "runtime/connectors/file_source.h"
#include "runtime/fragment/query_plan.h"
#include "runtime/structured/batch_definition.h"

namespace wavetank::runtime {

// Of each source, by number; unset before it is fixed.
using AvailableInput = std::vector<std::optional<AvailableFiles>>;

class QuerySources {
 public:
  // All outlive it; the history keeps up with the log. kInvalidArgument: an option is wrong.
  static absl::StatusOr<std::unique_ptr<QuerySources>> Open(SourceHost host,
                                                            checkpoint::Store& store,
                                                            checkpoint::QueryHistory& history,
                                                            const StreamingQueryPlan& plan);

  // FileSource::FreezeAvailable, of each.
  Task<absl::Status> FreezeAvailable(AvailableInput& available);

  struct Found {
    std::vector<DiscoveredFiles> sources;  // by number
    bool any() const;
    bool directory_away() const;  // of one at least
  };
  // FileSource::Discover, of each. The first error is all there is.
  Task<absl::StatusOr<Found>> Discover();

  // The ranges of a batch of these files; what is forgotten before it, for the log.
  std::vector<NewBatch::Range> Ranges(Found found) const;
  void AddForgotten(const Found& found, std::vector<checkpoint::MetadataRecord>& records) const;

  // How many files all definitions so far name, of all sources.
  int64_t offset() const;

 private:
  QuerySources(checkpoint::QueryHistory& history, const StreamingQueryPlan& plan)
      : history_(history), plan_(plan) {}
  const std::string& path(size_t source) const { return plan_.sources[source].description.path; }
  int64_t OffsetOf(size_t source) const;

  checkpoint::QueryHistory& history_;
  const StreamingQueryPlan& plan_;
  std::vector<std::unique_ptr<FileSource>> sources_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_QUERY_SOURCES_H_
