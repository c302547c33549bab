#include "runtime/dstream/output_owner.h"

#include <cstdint>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "checkpoint/paths.h"
#include "platform/status_macros.h"

namespace wavetank::runtime {
namespace {

using platform::Task;

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

std::string OwnerText(const std::string& checkpoint_directory) {
  return absl::StrCat(checkpoint_directory, "\n");
}

std::string Attempted(const std::string& checkpoint_directory, StreamAge age) {
  return absl::StrCat(age == StreamAge::kNew ? "begin a stream with the empty checkpoint "
                                             : "go on with the stream of the checkpoint ",
                      checkpoint_directory);
}

absl::Status OfAnother(std::string attempted, const std::string& title, absl::string_view owner,
                       const std::string& owner_file) {
  return absl::FailedPreconditionError(absl::StrCat(
      attempted, ": the output of ", title, " belongs to the stream with the checkpoint ",
      absl::StripSuffix(owner, "\n"), ", says ", owner_file,
      ": give it a prefix of its own, or remove that file if the other stream is "
      "gone, or is this one, whose checkpoint was moved"));
}

Task<absl::Status> CheckNoBatch(checkpoint::Store& store, TextFiles files, std::string title,
                                std::string checkpoint_directory) {
  const std::string parent = checkpoint::ParentPath(files.prefix);
  WT_CO_ASSIGN_OR_RETURN(const std::vector<checkpoint::StoredFile> found,
                         co_await store.List(parent));
  for (const checkpoint::StoredFile& file : found) {
    if (!IsOfABatch(files, checkpoint::JoinPath(parent, file.name))) continue;
    co_return absl::FailedPreconditionError(absl::StrCat(
        Attempted(checkpoint_directory, StreamAge::kNew), ": ",
        checkpoint::JoinPath(parent, file.name),
        " is there, the output of a batch that it does not know: the checkpoint was removed or is "
        "another's; restore it, or give the output of ",
        title, " a prefix of its own"));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> CheckOwner(checkpoint::Store& store, std::string owner_file, std::string title,
                              std::string checkpoint_directory, StreamAge age) {
  const absl::StatusOr<std::string> owner = co_await store.ReadAll(owner_file);
  if (absl::IsNotFound(owner.status())) co_return absl::OkStatus();
  WT_CO_RETURN_IF_ERROR(owner.status());
  if (*owner == OwnerText(checkpoint_directory)) co_return absl::OkStatus();
  co_return OfAnother(Attempted(checkpoint_directory, age), title, *owner, owner_file);
}

Task<absl::Status> CheckOutputs(checkpoint::Store& store, const StreamingGraph& graph,
                                std::string checkpoint_directory, StreamAge age) {
  if (checkpoint_directory.empty()) co_return absl::OkStatus();
  for (const OperatorId output : graph.outputs()) {
    const TextFiles* const files = graph.output(output).files();
    if (files == nullptr) continue;
    const std::string title = graph.at(output).Title();
    if (age == StreamAge::kNew) {
      WT_CO_RETURN_IF_ERROR(co_await CheckNoBatch(store, *files, title, checkpoint_directory));
    }
    WT_CO_RETURN_IF_ERROR(
        co_await CheckOwner(store, OwnerFile(*files), title, checkpoint_directory, age));
  }
  co_return absl::OkStatus();
}

}  // namespace

Task<absl::Status> CheckOutputsBeforeClaim(platform::Node& node, checkpoint::Store& store,
                                           const StreamingGraph& graph,
                                           std::string checkpoint_directory,
                                           BatchLogOptions options) {
  WT_CO_ASSIGN_OR_RETURN(
      const StreamAge age,
      co_await BatchLog::Compare(node, store, graph, checkpoint_directory, options));
  const absl::Status checked = co_await CheckOutputs(store, graph, checkpoint_directory, age);
  if (checked.ok()) co_return checked;
  // Somebody may have begun it meanwhile: it is looked at again once it is this one's.
  WT_CO_ASSIGN_OR_RETURN(
      const StreamAge now,
      co_await BatchLog::Compare(node, store, graph, checkpoint_directory, options));
  co_return now == age ? checked : absl::OkStatus();
}

Task<absl::Status> OwnOutputs(checkpoint::Store& store, const StreamingGraph& graph,
                              std::string checkpoint_directory, StreamAge age, BatchLog& log) {
  const absl::Status checked = co_await CheckOutputs(store, graph, checkpoint_directory, age);
  if (!checked.ok()) {
    // What is there may be of a newer owner's batches.
    WT_CO_RETURN_IF_ERROR(co_await log.Look());
    co_return checked;
  }
  if (checkpoint_directory.empty()) co_return absl::OkStatus();
  for (const OperatorId output : graph.outputs()) {
    const TextFiles* const files = graph.output(output).files();
    if (files == nullptr) continue;
    const absl::Status owned =
        co_await store.CreateIfAbsent(OwnerFile(*files), OwnerText(checkpoint_directory));
    if (owned.ok()) continue;
    if (!absl::IsAlreadyExists(owned)) co_return owned;
    // This one's of before, or another's that came first just now.
    WT_CO_RETURN_IF_ERROR(co_await CheckOwner(store, OwnerFile(*files), graph.at(output).Title(),
                                              checkpoint_directory, age));
  }
  co_return absl::OkStatus();
}

}  // namespace wavetank::runtime
