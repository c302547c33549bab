#include "runtime/connectors/directory_uses.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/first_record.h"
#include "checkpoint/metadata.h"
#include "checkpoint/paths.h"
#include "platform/status_macros.h"
#include "runtime/connectors/manifest.pb.h"
#include "runtime/connectors/part_name.h"

namespace wavetank::runtime {
namespace {

using checkpoint::Store;
using platform::Task;
using Use = JobDirectory::Use;

constexpr char kQueryLog[] = "log";
constexpr char kQueryState[] = "state";
constexpr char kStreamBlocks[] = "blocks";

std::string ManifestOf(const std::string& directory) {
  return checkpoint::JoinPath(directory, checkpoint::NameInPath(ManifestDirectory("")));
}

enum class Log { kNone, kQuery, kStream, kManifest };

bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status);
}

// Whose log stands in the directory. What cannot be read says nothing: who uses it meets that.
Task<absl::StatusOr<Log>> LogIn(Store& store, std::string directory) {
  const absl::StatusOr<std::string> first = co_await checkpoint::FirstRecord(store, directory);
  if (!first.ok() && MayPass(first.status())) co_return first.status();
  if (!first.ok() || first->empty()) co_return Log::kNone;
  const absl::StatusOr<checkpoint::MetadataRecord> metadata = checkpoint::DecodeMetadata(*first);
  if (metadata.ok() && metadata->has_query()) co_return Log::kQuery;
  if (metadata.ok() && metadata->has_graph()) co_return Log::kStream;
  ManifestRecord manifest;
  const bool parsed = !metadata.ok() && manifest.ParseFromString(*first) &&
                      manifest.kind_case() != ManifestRecord::KIND_NOT_SET;
  co_return parsed ? Log::kManifest : Log::kNone;
}

// What stands at a directory, by the logs of it and in it.
struct Found {
  Log itself = Log::kNone;
  Log of_query = Log::kNone;     // where a query's checkpoint has its log
  Log of_manifest = Log::kNone;  // where a sink has its manifest
};

Task<absl::StatusOr<Found>> Look(Store& store, std::string directory) {
  Found found;
  WT_CO_ASSIGN_OR_RETURN(found.itself, co_await LogIn(store, directory));
  WT_CO_ASSIGN_OR_RETURN(found.of_query,
                         co_await LogIn(store, checkpoint::JoinPath(directory, kQueryLog)));
  WT_CO_ASSIGN_OR_RETURN(found.of_manifest, co_await LogIn(store, ManifestOf(directory)));
  co_return found;
}

// Why what stands there is not for that use, "" if it is.
std::string Objection(Use use, CheckpointOf engine, const Found& found) {
  const bool of_query = use == Use::kCheckpoint && engine == CheckpointOf::kQuery;
  const bool of_stream = use == Use::kCheckpoint && engine == CheckpointOf::kStream;
  if (found.itself == Log::kQuery) return "is the log of a query's checkpoint";
  if (found.itself == Log::kManifest) return "is the manifest of a query's output";
  if (found.itself == Log::kStream && !of_stream) return "is the checkpoint of a DStream program";
  if (found.of_query == Log::kQuery && !of_query) return "is the checkpoint of a query";
  if (found.of_query != Log::kQuery && found.of_query != Log::kNone && of_query) {
    return absl::StrCat("has what is no query's log in ", kQueryLog);
  }
  if (found.of_manifest == Log::kManifest && use == Use::kCheckpoint) {
    return "is the output of a query";
  }
  if (found.of_manifest != Log::kManifest && found.of_manifest != Log::kNone &&
      use == Use::kOutput) {
    return absl::StrCat("has what is no manifest in ", ManifestOf(""));
  }
  return "";
}

// What `path` is a part of, if it is: "lies in ...".
Task<absl::StatusOr<std::string>> PartOf(Store& store, std::string path) {
  for (std::string inner = path; !inner.empty() && inner != "/";) {
    const std::string name = checkpoint::NameInPath(inner);
    const std::string outer = checkpoint::ParentPath(inner);
    const char* what = "";
    if (name == kQueryLog || name == kQueryState) {
      WT_CO_ASSIGN_OR_RETURN(const Log log,
                             co_await LogIn(store, checkpoint::JoinPath(outer, kQueryLog)));
      if (log == Log::kQuery) what = "the checkpoint of a query";
    } else if (name == kStreamBlocks) {
      WT_CO_ASSIGN_OR_RETURN(const Log log, co_await LogIn(store, outer));
      if (log == Log::kStream) what = "the checkpoint of a DStream program";
    } else if (inner == ManifestOf(outer)) {
      WT_CO_ASSIGN_OR_RETURN(const Log log, co_await LogIn(store, inner));
      if (log == Log::kManifest) what = "the output of a query";
    }
    if (*what != '\0') co_return absl::StrCat("lies in ", what, ", ", outer);
    inner = outer;
  }
  co_return std::string();
}

}  // namespace

Task<absl::Status> CheckUses(Store& store, std::vector<JobDirectory> directories,
                             CheckpointOf engine) {
  for (const JobDirectory& directory : directories) {
    const std::string path = directory.use == Use::kOutputPrefix
                                 ? checkpoint::ParentPath(directory.path)
                                 : directory.path;
    WT_CO_ASSIGN_OR_RETURN(const Found found, co_await Look(store, path));
    std::string objection = Objection(directory.use, engine, found);
    if (objection.empty()) {
      WT_CO_ASSIGN_OR_RETURN(objection, co_await PartOf(store, path));
    }
    if (objection.empty()) continue;
    co_return absl::FailedPreconditionError(absl::StrCat(
        NameOf(directory), " ", objection, ": give the job another directory for that"));
  }
  co_return absl::OkStatus();
}

}  // namespace wavetank::runtime
