// QuerySources: the driver's side of all sources of a query, by their numbers in the plan. What is
// new in each is found, and where each stands; nothing is taken by looking.
#ifndef WAVETANK_RUNTIME_STRUCTURED_QUERY_SOURCES_H_
#define WAVETANK_RUNTIME_STRUCTURED_QUERY_SOURCES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/metadata.h"
#include "checkpoint/query_history.h"
#include "checkpoint/store.h"
#include "platform/clock.h"
#include "platform/event.h"
#include "platform/task_scope.h"
#include "platform/wait_notice.h"
#include "runtime/connectors/connector_registry.h"
#include "runtime/connectors/source.h"
#include "runtime/fragment/query_plan.h"

namespace wavetank::runtime {

// What a query that ends by itself has to read, fixed by the first execution that gets so far.
struct AvailableInput {
  // Of each source, by number, where what there was ends (Source::Freeze); unset: not fixed yet.
  std::vector<std::optional<std::string>> ends = {};
  // Of a query of one batch (Trigger.Once), its number.
  std::optional<int64_t> only_batch = {};
};

struct QuerySourcesOptions {
  // How long each may take to answer.
  absl::Duration timeout = absl::Seconds(30);
  // Limits on what a batch has do not count.
  bool unlimited = false;
  std::string checkpoint = {};  // the query's directory
  int64_t batch_bytes = kDefaultBatchBytes;
};

// What a source keeps in the query's checkpoint.
std::string SourceDirectoryOf(const std::string& checkpoint, const std::string& source);

class QuerySources {
 public:
  // All outlive it; the history keeps up with the log. kInvalidArgument: an option is wrong.
  static absl::StatusOr<std::unique_ptr<QuerySources>> Open(platform::Node& node,
                                                            checkpoint::Store& store,
                                                            checkpoint::QueryHistory& history,
                                                            const StreamingQueryPlan& plan,
                                                            const ConnectorRegistry& connectors,
                                                            QuerySourcesOptions options);

  // Where each begins that no batch has read yet, for the log; empty: that says it of all. Asked of
  // a source once, and again where it has been told something else since.
  Task<absl::StatusOr<checkpoint::SourceBegins>> Begin();
  // From now on only what is there now, or was when it was fixed, is found.
  Task<absl::Status> FreezeAvailable(AvailableInput& available);

  struct Found {
    std::vector<SourceInput> sources;  // by number
    int64_t question = 0;              // Discover's; the oldest that an answer is of
    bool any() const;
    bool away() const;  // of one at least
    int64_t forgotten() const;
  };
  // Source::Define, of each, side by side. The first error is all there is. A source that does not
  // answer in time ends where it starts, and is away: it is said, its answer is awaited by no
  // further call, and counts when it comes. What never comes is asked for anew.
  // REQUIRES: the log says where each begins. `question`: a number that grows, of who asks.
  Task<absl::StatusOr<Found>> Discover(int64_t question = 0);

  // Whether all of them tell of what comes (Source::tells_news); then this returns once one does.
  bool tell_news() const;
  Task<void> AwaitNews();

  // The ranges of a batch of that input; what is forgotten before it, for the log.
  std::vector<checkpoint::SourceRange> Ranges(Found found) const;
  void AddForgotten(const Found& found, std::vector<checkpoint::MetadataRecord>& records) const;

  // Tells each source that the batch is committed. An error is said, and holds nothing up; nor does
  // one that does not answer: it is told again, of a later batch, once as much time has passed.
  Task<void> Committed(checkpoint::BatchDefinition batch);

  // The sum of where the sources stand, of those whose offsets are numbers: of sources of files,
  // how many files all definitions so far name.
  int64_t offset() const;

 private:
  // What one was asked for, and has not given to a batch yet.
  struct Asked {
    std::string after;
    platform::MonotonicTime at = {};
    int64_t question = 0;
    std::optional<absl::StatusOr<SourceInput>> answer = {};
    std::unique_ptr<platform::TaskScope> task = nullptr;
  };
  struct Asking {
    std::optional<Asked> asked = {};
    std::optional<platform::WaitNotice> late = {};  // since it was asked what it has not answered
    std::optional<platform::MonotonicTime> tell_from = {};  // it did not hear of a commit before
  };

  QuerySources(platform::Node& node, checkpoint::QueryHistory& history,
               std::vector<SourceDescription> descriptions, QuerySourcesOptions options)
      : node_(node), history_(history), descriptions_(std::move(descriptions)), options_(options) {}
  void Ask(size_t source, int64_t question);
  Task<void> Answer(size_t source, std::string after);
  Task<absl::StatusOr<SourceInput>> Define(size_t source, std::string after);
  Task<void> AwaitAnswers();
  bool IsAwaited(size_t source) const;
  absl::StatusOr<SourceInput> TakeAnswer(size_t source);
  const std::string& name(size_t source) const { return descriptions_[source].Name(); }
  // What one answered in time, or why not.
  template <typename T>
  Task<absl::StatusOr<T>> InTime(size_t source, std::string to_do, Task<absl::StatusOr<T>> asked);
  std::string OffsetOf(size_t source) const;
  absl::Status Explain(size_t source, const absl::Status& status) const;

  platform::Node& node_;
  checkpoint::QueryHistory& history_;
  const std::vector<SourceDescription> descriptions_;
  std::vector<uint64_t> hashes_;  // of what says where each begins
  const QuerySourcesOptions options_;
  std::vector<std::unique_ptr<Source>> sources_;
  platform::Event answered_;
  std::vector<Asking> asking_;  // by source; last: its tasks use all of the above
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_QUERY_SOURCES_H_
