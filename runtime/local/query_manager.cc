#include "runtime/local/query_manager.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "platform/status_macros.h"
#include "runtime/connectors/job_directories.h"
#include "runtime/local/local_process.h"
#include "runtime/local/running_query.h"
#include "runtime/structured/compiled_queries.h"
#include "runtime/structured/query_check.h"
#include "runtime/structured/query_places.h"

namespace wavetank::runtime {

namespace {

// For a query to take its checkpoint over; it goes on trying after that.
constexpr absl::Duration kStartTimeout = absl::Seconds(60);

void CallGuarded(const std::function<void()>& call) {
  const auto say = [](const char* what) {
    std::fprintf(stderr, "wavetank: a StreamingQueryListener threw: %s\n", what);
  };
  try {
    call();
  } catch (const std::exception& error) {
    say(error.what());
  } catch (...) {
    say("what is no std::exception");
  }
}

struct CheckedQuery {
  StreamingQueryDefinition definition;
  std::string fingerprint;
  std::vector<JobDirectory> directories;
};

}  // namespace

// Locks: `mutex_` for what is here, `telling_` so that listeners are called one at a time.
class StreamingQueryManager::Shared {
 public:
  explicit Shared(LocalConfig configuration) : config(std::move(configuration)) {}

  const LocalConfig config;

  void Tell(const std::function<void(StreamingQueryListener&)>& call) {
    std::vector<std::shared_ptr<StreamingQueryListener>> listeners;
    {
      const std::lock_guard lock(mutex_);
      listeners = listeners_;
    }
    const std::lock_guard telling(telling_);
    for (const auto& listener : listeners) CallGuarded([&] { call(*listener); });
  }

  struct Started {
    std::weak_ptr<StreamingQuery> query;
    std::vector<JobDirectory> directories;
  };
  void Add(Started started) {
    const std::lock_guard lock(mutex_);
    std::erase_if(started_, [](const Started& before) { return before.query.expired(); });
    started_.push_back(std::move(started));
  }
  // With where they read and write.
  std::vector<std::pair<std::shared_ptr<StreamingQuery>, std::vector<JobDirectory>>> Active()
      const {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<std::shared_ptr<StreamingQuery>, std::vector<JobDirectory>>> active;
    for (const Started& started : started_) {
      std::shared_ptr<StreamingQuery> query = started.query.lock();
      if (query != nullptr && query->is_active()) active.emplace_back(query, started.directories);
    }
    return active;
  }

  void Terminated(const absl::Status& status) {
    const std::lock_guard lock(mutex_);
    if (!terminated_) terminated_ = status;
    changed_.notify_all();
  }
  void ResetTerminated() {
    const std::lock_guard lock(mutex_);
    terminated_.reset();
  }
  absl::Status AwaitAnyTermination(absl::Duration timeout) {
    const bool none = Active().empty();
    std::unique_lock lock(mutex_);
    if (none && !terminated_) {
      return absl::FailedPreconditionError(
          "await a query's end: none is active, and none has ended");
    }
    const auto over = [this] { return terminated_.has_value(); };
    if (timeout == absl::InfiniteDuration()) {
      changed_.wait(lock, over);
    } else if (!changed_.wait_for(lock, absl::ToChronoNanoseconds(timeout), over)) {
      return absl::DeadlineExceededError(
          absl::StrCat("every query was still active after ", absl::FormatDuration(timeout)));
    }
    return *terminated_;
  }

  void AddListener(std::shared_ptr<StreamingQueryListener> listener) {
    const std::lock_guard lock(mutex_);
    listeners_.push_back(std::move(listener));
  }
  void RemoveListener(const std::shared_ptr<StreamingQueryListener>& listener) {
    const std::lock_guard lock(mutex_);
    std::erase(listeners_, listener);
  }

 private:
  mutable std::mutex mutex_;
  std::mutex telling_;
  std::condition_variable changed_;
  std::vector<Started> started_;
  std::vector<std::shared_ptr<StreamingQueryListener>> listeners_;
  std::optional<absl::Status> terminated_;
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
    queries.push_back({std::move(definition), compiled->record.hash(), std::move(directories)});
  }
  return queries;
}

}  // namespace

StreamingQueryManager::StreamingQueryManager(LocalConfig config)
    : shared_(std::make_shared<Shared>(std::move(config))) {}
StreamingQueryManager::~StreamingQueryManager() = default;

absl::StatusOr<std::vector<std::shared_ptr<StreamingQuery>>> StreamingQueryManager::Start(
    const Session& session) {
  const LocalConfig& config = shared_->config;
  WT_ASSIGN_OR_RETURN(const int workers, LocalWorkers(config.master));
  WT_ASSIGN_OR_RETURN(const std::string directory, OnHostInFull(config.directory));
  WT_ASSIGN_OR_RETURN(const std::vector<CheckedQuery> checked, Checked(session, config));
  std::vector<JobDirectory> directories;
  for (const auto& [query, of_query] : shared_->Active()) {
    directories.insert(directories.end(), of_query.begin(), of_query.end());
  }
  for (const CheckedQuery& query : checked) {
    if (Get(query.definition.name) != nullptr) {
      return absl::AlreadyExistsError(
          absl::StrCat("query ", query.definition.name,
                       " is active: stop it first, or give this one another QueryName"));
    }
    directories.insert(directories.end(), query.directories.begin(), query.directories.end());
  }
  WT_RETURN_IF_ERROR(CheckLocalDirectories(directories, config.directory));

  const auto tell = [shared = shared_](const std::function<void(StreamingQueryListener&)>& call) {
    shared->Tell(call);
  };
  const auto ended = [shared = shared_](const absl::Status& status) { shared->Terminated(status); };
  std::vector<std::shared_ptr<StreamingQuery>> queries;
  for (const CheckedQuery& query : checked) {
    auto running =
        std::make_unique<StreamingQuery::Running>(query.definition, config, directory, tell, ended);
    WT_RETURN_IF_ERROR(running->Start(workers, query.fingerprint));
    queries.push_back(std::shared_ptr<StreamingQuery>(new StreamingQuery(std::move(running))));
  }
  for (const std::shared_ptr<StreamingQuery>& query : queries) {
    query->running_->AwaitStart(kStartTimeout);
    // Of one that is refused nothing was begun, and the others are ended with it.
    if (query->id().empty() && !query->exception().ok()) return query->exception();
  }
  for (size_t i = 0; i < queries.size(); ++i) {
    shared_->Add({.query = queries[i], .directories = checked[i].directories});
  }
  return queries;
}

std::vector<std::shared_ptr<StreamingQuery>> StreamingQueryManager::Active() const {
  std::vector<std::shared_ptr<StreamingQuery>> active;
  for (auto& [query, directories] : shared_->Active()) active.push_back(query);
  return active;
}

std::shared_ptr<StreamingQuery> StreamingQueryManager::Get(std::string_view name_or_id) const {
  for (const std::shared_ptr<StreamingQuery>& query : Active()) {
    if (query->name() == name_or_id || query->id() == name_or_id) return query;
  }
  return nullptr;
}

absl::Status StreamingQueryManager::AwaitAnyTermination(absl::Duration timeout) {
  return shared_->AwaitAnyTermination(timeout);
}
void StreamingQueryManager::ResetTerminated() { shared_->ResetTerminated(); }

void StreamingQueryManager::AddListener(std::shared_ptr<StreamingQueryListener> listener) {
  shared_->AddListener(std::move(listener));
}
void StreamingQueryManager::RemoveListener(
    const std::shared_ptr<StreamingQueryListener>& listener) {
  shared_->RemoveListener(listener);
}

}  // namespace wavetank::runtime
