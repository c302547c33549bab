#include "scenarios/shell/rescale_command.h"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/inspect.h"
#include "checkpoint/local_store.h"
#include "checkpoint/paths.h"
#include "platform/real/real_process.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/structured/rescale.h"

namespace wavetank::scenarios::shell {
namespace {

using platform::Task;
using runtime::Rescaled;

constexpr int kFailed = 1;
constexpr int kRefused = 2;

// Of a query, by what is in it; also of one that has lost its log.
bool IsCheckpoint(const std::vector<checkpoint::StoredFile>& files) {
  return std::ranges::any_of(files, [](const checkpoint::StoredFile& file) {
    return file.kind == platform::FileKind::kDirectory &&
           (file.name == "log" || file.name == "state");
  });
}

// Checkpoints of queries in a directory, which is the store's root: itself, or those in it.
Task<absl::StatusOr<std::vector<std::string>>> FindCheckpoints(checkpoint::Store& store) {
  std::vector<std::string> found;
  WT_CO_ASSIGN_OR_RETURN(const std::vector<checkpoint::StoredFile> files, co_await store.List(""));
  if (IsCheckpoint(files)) co_return std::vector<std::string>{""};
  for (const checkpoint::StoredFile& file : files) {
    if (file.kind != platform::FileKind::kDirectory) continue;
    WT_CO_ASSIGN_OR_RETURN(const std::vector<checkpoint::StoredFile> in,
                           co_await store.List(file.name));
    if (IsCheckpoint(in)) found.push_back(file.name);
  }
  const bool of_a_stream = std::ranges::any_of(
      files, [](const auto& file) { return absl::StartsWith(file.name, "epoch-"); });
  if (found.empty() && of_a_stream) {
    co_return absl::NotFoundError(
        "it is the checkpoint of a DStream, which keeps nothing in partitions: its job is started "
        "with as many as it is to have");
  }
  if (found.empty()) {
    co_return absl::NotFoundError(
        "no checkpoint is there: give what the job had as --checkpoint, or a folder of a query in "
        "it");
  }
  co_return found;
}

void Print(const std::string& path, const Rescaled& rescaled) {
  if (rescaled.before == rescaled.after) {
    std::printf("%s: state is in %s already\n", path.c_str(),
                checkpoint::Count(rescaled.after, "partition").c_str());
    return;
  }
  std::printf(
      "%s: state of %s, after %s, is in %s now; before in %d\n", path.c_str(),
      checkpoint::Count(rescaled.operators, "operator").c_str(),
      rescaled.batches == 1 ? "1 batch" : absl::StrCat(rescaled.batches, " batches").c_str(),
      checkpoint::Count(rescaled.after, "partition").c_str(), rescaled.before);
}

// All are looked at before the first is changed.
Task<void> RescaleAll(platform::Node& node, RescaleCommand command, int& status) {
  checkpoint::LocalStore store(node, "");
  const auto fail = [&](int how, const std::string& path, const absl::Status& why) {
    std::fprintf(stderr, "wavetank rescale %s: %s\n", path.c_str(),
                 std::string(platform::ToStd(why.message())).c_str());
    status = how;
  };
  const auto found = co_await FindCheckpoints(store);
  if (!found.ok()) co_return fail(kRefused, command.directory, found.status());
  for (const std::string& checkpoint : *found) {
    const auto would = co_await runtime::CheckRescale(node, store, checkpoint, command.partitions);
    if (!would.ok() && !absl::IsUnavailable(would.status())) {
      co_return fail(kRefused, checkpoint::JoinPath(command.directory, checkpoint), would.status());
    }
  }
  for (const std::string& checkpoint : *found) {
    const std::string path = checkpoint::JoinPath(command.directory, checkpoint);
    const auto rescaled =
        co_await runtime::RescaleCheckpoint(node, store, checkpoint, command.partitions);
    if (!rescaled.ok()) co_return fail(kFailed, path, rescaled.status());
    Print(path, *rescaled);
  }
}

}  // namespace

int Execute(const RescaleCommand& command) {
  int status = 0;
  const absl::StatusOr<int> ran =
      platform::RunNode([&](platform::Node& node) { return RescaleAll(node, command, status); },
                        {.disk_root = command.directory, .log_level = platform::LogLevel::kError});
  if (ran.ok()) return status;
  std::fprintf(stderr, "wavetank rescale %s: %s\n", command.directory.c_str(),
               std::string(platform::ToStd(ran.status().message())).c_str());
  return kFailed;
}

}  // namespace wavetank::scenarios::shell
