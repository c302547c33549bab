#include "runtime/connectors/job_directories.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "platform/status_macros.h"
#include "runtime/connectors/check_apart_in_store.h"

namespace wavetank::runtime {
namespace {

using Use = JobDirectory::Use;

bool IsOutput(const JobDirectory& directory) {
  return directory.use == Use::kOutput || directory.use == Use::kOutputPrefix;
}

bool MayOverlap(const JobDirectory& a, const JobDirectory& b) {
  if (a.use == Use::kInput && b.use == Use::kInput) return true;
  // Directories of attempts below one prefix have names of their own.
  if (a.use == Use::kOutputPrefix && b.use == Use::kOutputPrefix) return true;
  const bool chained =
      (a.use == Use::kInput && IsOutput(b)) || (IsOutput(a) && b.use == Use::kInput);
  return chained && a.query != b.query;
}

// Whether `path` holds, or lies in, a directory that begins with `prefix` and "-".
bool OverlapsPrefix(const std::string& prefix, const std::string& path) {
  return path.starts_with(prefix + "-") ||
         (path.size() < prefix.size() && checkpoint::PathsOverlap(path, prefix));
}

bool Overlap(const JobDirectory& a, const JobDirectory& b) {
  if (a.use == Use::kOutputPrefix) return OverlapsPrefix(a.path, b.path);
  if (b.use == Use::kOutputPrefix) return OverlapsPrefix(b.path, a.path);
  return checkpoint::PathsOverlap(a.path, b.path);
}

std::string Name(const JobDirectory& directory, bool with_query) {
  return absl::StrCat(NameOf(directory),
                      with_query ? absl::StrCat(" of query \"", directory.query, "\"") : "");
}

absl::Status Refuse(const JobDirectory& a, const JobDirectory& b, const char* how) {
  const bool of_two = a.query != b.query;
  return absl::InvalidArgumentError(absl::StrCat(Name(a, of_two), " and ", Name(b, of_two), " ",
                                                 how,
                                                 ": give each a directory of its own, none of "
                                                 "them in another"));
}

}  // namespace

std::string NameOf(const JobDirectory& directory) {
  const char* use = directory.use == Use::kInput        ? "input"
                    : directory.use == Use::kCheckpoint ? "checkpoint"
                                                        : "output";
  return absl::StrCat("the ", use, " directory ", directory.path.empty() ? "." : directory.path,
                      directory.use == Use::kOutputPrefix ? "-*" : "");
}

absl::Status CheckApart(const std::vector<JobDirectory>& directories) {
  return CheckApart(directories, [](const std::string& path) { return path; });
}

absl::Status CheckApart(const std::vector<JobDirectory>& directories,
                        const std::function<std::string(const std::string&)>& resolve) {
  for (size_t i = 0; i < directories.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      JobDirectory a = directories[j];
      JobDirectory b = directories[i];
      if (MayOverlap(a, b)) continue;
      a.path = resolve(a.path);
      b.path = resolve(b.path);
      if (Overlap(a, b)) return Refuse(directories[j], directories[i], "overlap");
    }
  }
  return absl::OkStatus();
}

platform::Task<absl::Status> CheckApartInStore(checkpoint::Store& store,
                                               std::vector<JobDirectory> directories) {
  // What each is, and what it is below, the outermost last.
  std::vector<std::vector<std::string>> lineages;
  for (const JobDirectory& directory : directories) {
    std::vector<std::string>& lineage = lineages.emplace_back();
    const bool is_prefix = directory.use == Use::kOutputPrefix;
    std::string path = is_prefix ? checkpoint::ParentPath(directory.path) : directory.path;
    if (is_prefix) lineage.emplace_back();  // what it is itself has another name each time
    while (true) {
      auto identity = co_await store.Identify(path);
      if (!identity.ok() && !absl::IsNotFound(identity.status())) co_return identity.status();
      lineage.push_back(identity.ok() ? *std::move(identity) : "");
      if (path.empty() || path == "/") break;
      const bool absolute = path.starts_with('/');
      path = checkpoint::ParentPath(path);
      if (path.empty() && absolute) path = "/";
    }
  }
  const auto lies_in = [&](size_t inner, size_t outer) {
    const std::string& there = lineages[outer].front();
    return !there.empty() && std::ranges::find(lineages[inner], there) != lineages[inner].end();
  };
  for (size_t i = 0; i < directories.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (MayOverlap(directories[j], directories[i])) continue;
      if (!lies_in(i, j) && !lies_in(j, i)) continue;
      co_return Refuse(directories[j], directories[i],
                       "are one, or one lies in the other, by links");
    }
  }
  co_return absl::OkStatus();
}

}  // namespace wavetank::runtime
