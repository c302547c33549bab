#include "runtime/local/query_manager.h"

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "platform/status_macros.h"
#include "runtime/connectors/job_directories.h"
#include "runtime/local/listener_bus.h"
#include "runtime/local/local_process.h"
#include "runtime/local/running_query.h"
#include "runtime/structured/compiled_queries.h"
#include "runtime/structured/query_check.h"
#include "runtime/structured/query_places.h"

namespace wavetank::runtime {

namespace {

// For a query to take its checkpoint over; it goes on trying after that.
constexpr absl::Duration kStartTimeout = absl::Seconds(60);

struct CheckedQuery {
  StreamingQueryDefinition definition;
  std::string fingerprint;
  std::vector<JobDirectory> directories;
};

}  // namespace

// What was started, and has not been forgotten. Queries are let go outside its lock: that may take
// until they have ended.
class StreamingQueryManager::Shared {
 public:
  struct Started {
    std::shared_ptr<StreamingQuery> query;
    std::vector<JobDirectory> directories;
    bool reset = false;  // its end was told, or need not be
  };

  explicit Shared(LocalConfig configuration) : config(std::move(configuration)) {}

  const LocalConfig config;
  ListenerBus bus;

  // Of those that were there, as they are active or not.
  std::vector<Started> All() const {
    const std::lock_guard lock(mutex_);
    return started_;
  }
  std::vector<Started> Active() const {
    std::vector<Started> active = All();
    std::erase_if(active, [](const Started& one) { return !one.query->is_active(); });
    return active;
  }
  // All of them, unless one has a name that is taken: the name of that one.
  std::optional<std::string> Add(const std::vector<Started>& queries) {
    std::vector<Started> forgotten;
    const std::lock_guard lock(mutex_);
    for (const Started& query : queries) {
      for (const Started& other : started_) {
        if (other.query->is_active() && other.query->name() == query.query->name()) {
          return query.query->name();
        }
      }
    }
    forgotten = started_;
    std::erase_if(started_,
                  [](const Started& one) { return one.reset && !one.query->is_active(); });
    started_.insert(started_.end(), queries.begin(), queries.end());
    return std::nullopt;
  }
  void Remove(const std::vector<Started>& queries) {
    const std::lock_guard lock(mutex_);
    std::erase_if(started_, [&queries](const Started& one) {
      return std::ranges::find(queries, one.query, &Started::query) != queries.end();
    });
  }
  // The handles that others have keep their queries.
  void LetGo() {
    std::vector<Started> forgotten;
    const std::lock_guard lock(mutex_);
    forgotten.swap(started_);
  }

  void Ended() {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  void ResetTerminated() {
    const std::lock_guard lock(mutex_);
    for (Started& one : started_) one.reset = one.reset || !one.query->is_active();
  }
  // What one has ended with, an error before an end in good order.
  std::optional<absl::Status> Terminated() const {
    std::optional<absl::Status> ended;
    for (const Started& one : All()) {
      if (one.reset || one.query->is_active()) continue;
      if (!ended || ended->ok()) ended = one.query->exception();
    }
    return ended;
  }
  absl::Status AwaitAnyTermination(absl::Duration timeout) {
    if (LocalProcess::IsSomeonesThread()) {
      return absl::FailedPreconditionError(
          "AwaitAnyTermination in a function that a query calls: it would wait for itself");
    }
    const absl::Time until = absl::Now() + timeout;
    while (true) {
      if (const std::optional<absl::Status> ended = Terminated()) return *ended;
      if (Active().empty()) {
        return absl::FailedPreconditionError(
            "await a query's end: none is active, and none has ended");
      }
      const absl::Duration left = until - absl::Now();
      if (left <= absl::ZeroDuration()) {
        return absl::DeadlineExceededError(
            absl::StrCat("every query was still active after ", absl::FormatDuration(timeout)));
      }
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, absl::ToChronoMilliseconds(std::min(left, kLookAgain)));
    }
  }

 private:
  // Its end may come between a look and the wait.
  static constexpr absl::Duration kLookAgain = absl::Milliseconds(100);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Started> started_;
};

namespace {

absl::StatusOr<std::vector<CheckedQuery>> Checked(const Session& session,
                                                  const LocalConfig& config) {
  WT_RETURN_IF_ERROR(session.error());
  if (session.queries().empty()) {
    return absl::FailedPreconditionError(
        "start the session's queries: it has none; end a plan with WriteStream()...Start(), or use "
        "INSERT INTO");
  }
  std::vector<CheckedQuery> queries;
  WT_RETURN_IF_ERROR(CheckNames(session.queries()));
  for (StreamingQueryDefinition definition : session.queries()) {
    if (!config.checkpoint.empty()) {
      definition.options.try_emplace("checkpointLocation",
                                     checkpoint::JoinPath(config.checkpoint, definition.name));
    }
    WT_RETURN_IF_ERROR(CheckDefinition(definition));
    if (!definition.options.contains("checkpointLocation")) {
      return absl::InvalidArgumentError(absl::StrCat(
          "query ", definition.name,
          " has nowhere to keep how far it is: give it the option checkpointLocation, or "
          "LocalConfig::checkpoint"));
    }
    WT_ASSIGN_OR_RETURN(const RecordedQueryPtr compiled,
                        CompileAndRecord(definition, config.shuffle_partitions.value_or(2),
                                         /*compiled=*/nullptr));
    const StreamingQueryPlan& plan = *compiled->query.plan;
    WT_RETURN_IF_ERROR(CheckFeedsNotItself(definition, plan));
    std::vector<JobDirectory> directories = DirectoriesOf(definition, plan);
    WT_RETURN_IF_ERROR(CheckOrigin(directories, config.directory));
    queries.push_back({std::move(definition), compiled->record.hash(), std::move(directories)});
  }
  return queries;
}

}  // namespace

StreamingQueryManager::StreamingQueryManager(LocalConfig config)
    : shared_(std::make_shared<Shared>(std::move(config))) {}
StreamingQueryManager::~StreamingQueryManager() { shared_->LetGo(); }

absl::StatusOr<std::vector<std::shared_ptr<StreamingQuery>>> StreamingQueryManager::Start(
    const Session& session) {
  const LocalConfig& config = shared_->config;
  WT_ASSIGN_OR_RETURN(const int workers, LocalWorkers(config.master));
  WT_ASSIGN_OR_RETURN(const std::string directory, OnHostInFull(config.directory));
  WT_ASSIGN_OR_RETURN(const std::vector<CheckedQuery> checked, Checked(session, config));
  std::vector<JobDirectory> directories;
  for (const Shared::Started& active : shared_->Active()) {
    directories.insert(directories.end(), active.directories.begin(), active.directories.end());
  }
  const auto tell = [shared = shared_](std::function<void(StreamingQueryListener&)> call) {
    shared->bus.Post(std::move(call));
  };
  const auto ended = [shared = shared_] { shared->Ended(); };
  std::vector<Shared::Started> started;
  for (const CheckedQuery& query : checked) {
    directories.insert(directories.end(), query.directories.begin(), query.directories.end());
    auto running =
        std::make_unique<StreamingQuery::Running>(query.definition, config, directory, tell, ended);
    started.push_back(
        {.query = std::shared_ptr<StreamingQuery>(new StreamingQuery(std::move(running))),
         .directories = query.directories});
  }
  if (const std::optional<std::string> taken = shared_->Add(started)) {
    return absl::AlreadyExistsError(absl::StrCat(
        "query ", *taken, " is active: stop it first, or give this one another QueryName"));
  }
  absl::Status status = CheckApartOnHost(directories, config.directory);
  for (size_t i = 0; status.ok() && i < started.size(); ++i) {
    status = started[i].query->running_->Start(workers, checked[i].fingerprint);
  }
  for (size_t i = 0; status.ok() && i < started.size(); ++i) {
    StreamingQuery& query = *started[i].query;
    query.running_->AwaitStart(kStartTimeout);
    if (query.id().empty()) status = query.exception();
  }
  if (!status.ok()) {
    shared_->Remove(started);
    return status;
  }
  std::vector<std::shared_ptr<StreamingQuery>> queries;
  for (const Shared::Started& one : started) queries.push_back(one.query);
  return queries;
}

std::vector<std::shared_ptr<StreamingQuery>> StreamingQueryManager::Active() const {
  std::vector<std::shared_ptr<StreamingQuery>> active;
  for (const Shared::Started& one : shared_->Active()) active.push_back(one.query);
  return active;
}

std::shared_ptr<StreamingQuery> StreamingQueryManager::Get(std::string_view name_or_id) const {
  for (std::shared_ptr<StreamingQuery>& query : Active()) {
    if (query->name() == name_or_id || query->id() == name_or_id) return query;
  }
  return nullptr;
}

absl::Status StreamingQueryManager::AwaitAnyTermination(absl::Duration timeout) {
  return shared_->AwaitAnyTermination(timeout);
}
void StreamingQueryManager::ResetTerminated() { shared_->ResetTerminated(); }

void StreamingQueryManager::AddListener(std::shared_ptr<StreamingQueryListener> listener) {
  shared_->bus.Add(std::move(listener));
}
void StreamingQueryManager::RemoveListener(
    const std::shared_ptr<StreamingQueryListener>& listener) {
  shared_->bus.Remove(listener);
}

}  // namespace wavetank::runtime
