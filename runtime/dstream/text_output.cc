#include "runtime/dstream/text_output.h"

#include <utility>

#include "absl/container/btree_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

#include "checkpoint/paths.h"
#include "platform/status_macros.h"

namespace wavetank::runtime {
namespace {

// Whether some batch's directory is called so.
bool IsOfABatch(const TextFiles& files, absl::string_view path) {
  int64_t time_ms = 0;
  const bool ours = absl::ConsumePrefix(&path, files.prefix) && absl::ConsumePrefix(&path, "-") &&
                    (files.suffix.empty() ||
                     (absl::ConsumeSuffix(&path, files.suffix) && absl::ConsumeSuffix(&path, ".")));
  return ours && absl::SimpleAtoi(path, &time_ms);
}

std::string OwnerFile(const TextFiles& files) {
  const std::string name = absl::StrCat("_", checkpoint::NameInPath(files.prefix),
                                        files.suffix.empty() ? "" : ".", files.suffix, "-stream");
  return checkpoint::JoinPath(checkpoint::ParentPath(files.prefix), name);
}

Task<absl::Status> Own(checkpoint::Store& store, std::string owner_file, std::string title,
                       std::string checkpoint_directory) {
  const std::string mine = absl::StrCat(checkpoint_directory, "\n");
  const absl::Status owned = co_await store.CreateIfAbsent(owner_file, mine);
  if (!absl::IsAlreadyExists(owned)) co_return owned;
  WT_CO_ASSIGN_OR_RETURN(const std::string owner, co_await store.ReadAll(owner_file));
  if (owner == mine) co_return absl::OkStatus();
  co_return absl::FailedPreconditionError(absl::StrCat(
      "begin a stream with the empty checkpoint ", checkpoint_directory, ": the output of ", title,
      " belongs to the stream with the checkpoint ", absl::StripSuffix(owner, "\n"), ", says ",
      owner_file,
      ": give it a prefix of its own, or remove that file if the other stream is gone"));
}

}  // namespace

Task<absl::Status> MarkComplete(checkpoint::Store& store, std::string directory,
                                std::vector<std::string> parts) {
  const std::string path = checkpoint::JoinPath(directory, kSuccessMark);
  const std::string mark = SuccessMark(parts);
  const absl::Status marked = co_await store.CreateIfAbsent(path, mark);
  if (!absl::IsAlreadyExists(marked)) co_return marked;
  WT_CO_ASSIGN_OR_RETURN(const std::string there, co_await store.ReadAll(path));
  if (there == mark) co_return absl::OkStatus();  // this one's, whose first answer was lost
  co_return absl::FailedPreconditionError(
      absl::StrCat("mark an attempt complete: ", path,
                   " is there and names other parts: another stream writes to this output; give "
                   "each output a prefix of its own"));
}

Task<void> RemoveForeignParts(platform::Node& node, checkpoint::Store& store, std::string directory,
                              std::vector<std::string> counting) {
  const auto listed = co_await store.List(directory);
  if (!listed.ok()) co_return;
  const absl::btree_set<std::string> counts(counting.begin(), counting.end());
  for (const checkpoint::StoredFile& file : *listed) {
    if (!file.name.starts_with(kPartPrefix) || counts.contains(file.name)) continue;
    const absl::Status removed = co_await store.Remove(absl::StrCat(directory, "/", file.name));
    if (!removed.ok()) node.Log(platform::LogLevel::kWarning, std::string(removed.message()));
  }
}

Task<absl::Status> OwnOutputs(checkpoint::Store& store, const StreamingGraph& graph,
                              std::string checkpoint_directory) {
  if (checkpoint_directory.empty()) co_return absl::OkStatus();
  for (const OperatorId output : graph.outputs()) {
    const TextFiles* const files = graph.output(output).files();
    if (files == nullptr) continue;
    const std::string parent = checkpoint::ParentPath(files->prefix);
    WT_CO_ASSIGN_OR_RETURN(const std::vector<checkpoint::StoredFile> found,
                           co_await store.List(parent));
    for (const checkpoint::StoredFile& file : found) {
      if (!IsOfABatch(*files, checkpoint::JoinPath(parent, file.name))) continue;
      co_return absl::FailedPreconditionError(absl::StrCat(
          "begin a stream with the empty checkpoint ", checkpoint_directory, ": ",
          checkpoint::JoinPath(parent, file.name),
          " is there, the output of a batch that it does not know: the checkpoint was removed or "
          "is another's; restore it, or give the output of ",
          graph.at(output).Title(), " a prefix of its own"));
    }
    WT_CO_RETURN_IF_ERROR(
        co_await Own(store, OwnerFile(*files), graph.at(output).Title(), checkpoint_directory));
  }
  co_return absl::OkStatus();
}

}  // namespace wavetank::runtime
