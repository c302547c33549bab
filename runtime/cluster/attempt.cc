#include "runtime/cluster/attempt.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

Task<cluster::TaskReport> Attempt::Run() {
  absl::StatusOr<std::string> result = absl::UnknownError("");
  std::string thrown;
  try {
    result = co_await RunBody();
  } catch (const std::exception& exception) {
    thrown = absl::StrCat("it threw: ", exception.what());
  } catch (...) {
    thrown = "it threw something that is no std::exception";
  }
  if (!thrown.empty()) result = absl::InternalError(thrown);
  // A body that made up for a missing block must not count: its result lacks data.
  if (!fetch_error_.ok()) result = fetch_error_;

  cluster::TaskReport report;
  *report.mutable_task() = run_.task();
  report.mutable_unreachable()->Assign(unreachable_.begin(), unreachable_.end());
  report.mutable_missing()->Assign(missing_.begin(), missing_.end());
  if (result.ok()) {
    report.set_result(*std::move(result));
  } else {
    report.set_error_code(static_cast<int>(result.status().code()));
    report.set_error(std::string(platform::ToStd(result.status().message())));
  }
  co_return report;
}

Task<absl::StatusOr<std::string>> Attempt::RunBody() {
  const auto body = worker_.registry.find(run_.kind());
  if (body == worker_.registry.end()) {
    return [](std::string kind) -> Task<absl::StatusOr<std::string>> {
      co_return absl::FailedPreconditionError(
          absl::StrCat("this worker's program has no tasks of kind ", kind));
    }(run_.kind());
  }
  return body->second->Run(*this, std::move(*run_.mutable_payload()));
}

platform::StepAwaiter Attempt::Step(const platform::StepName& step) {
  return worker_.node.Step(step, {{"batch", run_.batch()},
                                  {"stage", id_.stage},
                                  {"partition", id_.partition},
                                  {"attempt", id_.attempt},
                                  {"task", run_.kind()}});
}

Task<absl::StatusOr<std::vector<ShuffleBlock>>> Attempt::FetchShuffle(int stage) {
  const auto input = std::ranges::find(run_.inputs(), stage, &cluster::Input::stage);
  if (input == run_.inputs().end()) {
    co_return absl::InvalidArgumentError(absl::StrCat("stage ", id_.stage, " (", run_.kind(),
                                                      ") does not name stage ", stage,
                                                      " in reads_shuffle_of"));
  }
  std::vector<BlockExchange::Source> sources;
  sources.reserve(input->sources().size());
  for (int i = 0; i < input->sources_size(); ++i) {
    const cluster::Source& source = input->sources(i);
    WT_CO_RETURN_IF_ERROR(
        AddSource(SourceOf(*input, i), source.address(), source.replica(), sources));
  }
  co_return co_await Fetch(stage, id_.partition, std::move(sources));
}

Task<absl::StatusOr<std::vector<ShuffleBlock>>> Attempt::FetchOutputs() {
  std::vector<BlockExchange::Source> sources;
  sources.reserve(run_.outputs().size());
  for (const cluster::Output& output : run_.outputs()) {
    WT_CO_RETURN_IF_ERROR(
        AddSource(FromName(output.task()), output.address(), output.replica(), sources));
  }
  co_return co_await Fetch(-1, 0, std::move(sources));
}

absl::Status Attempt::AddSource(TaskId id, int address, int replica,
                                std::vector<BlockExchange::Source>& sources) const {
  if (address < 0 || address >= std::ssize(addresses_) || replica < 0 ||
      replica > std::ssize(addresses_)) {
    return absl::InvalidArgumentError(
        absl::StrCat("task ", id_.Unique(), " is to read ", id.Unique(), " at address ", address,
                     " of ", addresses_.size(), ": its driver has given it no such"));
  }
  sources.push_back({.id = std::move(id), .address = addresses_[static_cast<size_t>(address)]});
  if (replica > 0) sources.back().replica = addresses_[static_cast<size_t>(replica) - 1];
  return absl::OkStatus();
}

// The attempt whose blocks it reads of that source partition.
TaskId Attempt::SourceOf(const cluster::Input& input, int partition) const {
  const bool kept = input.kept_graph() != 0;
  return {.driver = id_.driver,
          .graph = kept ? input.kept_graph() : id_.graph,
          .stage = kept ? input.kept_stage() : input.stage(),
          .partition = partition,
          .attempt = input.sources(partition).attempt()};
}

Task<absl::StatusOr<std::vector<ShuffleBlock>>> Attempt::Fetch(
    int from, int target, std::vector<BlockExchange::Source> sources) {
  BlockExchange::Fetched fetched =
      co_await worker_.exchange.Fetch(id_, run_.batch(), target, sources);
  co_await worker_.node.Step(
      fetched.status.ok() ? steps::kShuffleFetched : steps::kShuffleFetchFailed,
      {{"batch", run_.batch()},
       {"stage", id_.stage},
       {"partition", id_.partition},
       {"attempt", id_.attempt},
       {"from", from}});
  if (!fetched.status.ok() && fetched.unreachable.empty() &&
      platform::Planted(worker_.node, "missing_blocks_read_as_none")) {
    co_return std::vector<ShuffleBlock>(sources.size());
  }
  if (!fetched.status.ok()) {
    fetch_error_ = fetched.status;
    unreachable_.insert(unreachable_.end(), fetched.unreachable.begin(), fetched.unreachable.end());
    missing_.insert(missing_.end(), fetched.missing.begin(), fetched.missing.end());
    co_return fetched.status;
  }
  co_return std::move(fetched.blocks);
}

void Attempt::LetGoOfShuffle(int stage, int source_partition) {
  const auto input = std::ranges::find(run_.inputs(), stage, &cluster::Input::stage);
  WT_CHECK(input != run_.inputs().end() && source_partition < input->sources_size());
  if (input->stays()) return;
  // What came from another worker was a copy.
  const auto address = static_cast<size_t>(input->sources(source_partition).address());
  if (addresses_[address] != worker_.exchange.address()) return;
  worker_.exchange.blocks().LetGo(SourceOf(*input, source_partition), id_.partition);
}

void Attempt::PutShuffle(int target_partition, std::shared_ptr<const platform::Attachment> block) {
  const bool inserted = blocks_.emplace(target_partition, std::move(block)).second;
  WT_CHECK(inserted, absl::StrCat("task ", id_.Unique(), " puts two blocks for partition ",
                                  target_partition));
}

Task<absl::StatusOr<std::string>> Attempt::CallDriver(std::string method, std::string request,
                                                      absl::Duration timeout) {
  cluster::CallRequest call;
  *call.mutable_task() = run_.task();
  call.set_method(std::move(method));
  call.set_request(std::move(request));
  platform::RpcPayload payload;
  payload.body = call.SerializeAsString();
  absl::StatusOr<platform::RpcPayload> reply =
      co_await worker_.driver.Call("call", std::move(payload), timeout);
  if (!reply.ok()) co_return reply.status();
  co_return std::move(reply->body);
}

}  // namespace wavetank::runtime
