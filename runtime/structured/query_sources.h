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
#include "runtime/connectors/connector_registry.h"
#include "runtime/connectors/source.h"
#include "runtime/fragment/query_plan.h"

namespace wavetank::runtime {

// Of each source, by number, where what there was ends (Source::Freeze); unset before it is fixed.
using AvailableInput = std::vector<std::optional<std::string>>;

class QuerySources {
 public:
  // All outlive it; the history keeps up with the log. kInvalidArgument: an option is wrong.
  static absl::StatusOr<std::unique_ptr<QuerySources>> Open(platform::Node& node,
                                                            checkpoint::Store& store,
                                                            checkpoint::QueryHistory& history,
                                                            const StreamingQueryPlan& plan,
                                                            const ConnectorRegistry& connectors);

  // From now on only what is there now, or was when it was fixed, is found.
  Task<absl::Status> FreezeAvailable(AvailableInput& available);

  struct Found {
    std::vector<SourceInput> sources;  // by number
    bool any() const;
    bool away() const;  // of one at least
    int64_t forgotten() const;
  };
  // Source::Define, of each. The first error is all there is.
  Task<absl::StatusOr<Found>> Discover();

  // The ranges of a batch of that input; what is forgotten before it, for the log.
  std::vector<checkpoint::SourceRange> Ranges(Found found) const;
  void AddForgotten(const Found& found, std::vector<checkpoint::MetadataRecord>& records) const;

  // Tells each source that the batch is committed. An error is said, and holds nothing up.
  Task<void> Committed(checkpoint::BatchDefinition batch);

  // The sum of where the sources stand, of those whose offsets are numbers: of sources of files,
  // how many files all definitions so far name.
  int64_t offset() const;

 private:
  QuerySources(platform::Node& node, checkpoint::QueryHistory& history,
               const StreamingQueryPlan& plan)
      : node_(node), history_(history), plan_(plan) {}
  const std::string& name(size_t source) const { return plan_.sources[source].description.Name(); }
  std::string OffsetOf(size_t source) const;
  absl::Status Explain(size_t source, const absl::Status& status) const;

  platform::Node& node_;
  checkpoint::QueryHistory& history_;
  const StreamingQueryPlan& plan_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<std::string> begins_;  // of those that had no batch yet
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_QUERY_SOURCES_H_
