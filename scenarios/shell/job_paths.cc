#include "scenarios/shell/job_paths.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "platform/status_macros.h"

namespace wavetank::scenarios::shell {
namespace {

std::string FromRoot(const std::filesystem::path& absolute) {
  return checkpoint::NormalPath(absolute.relative_path().string());
}

std::string Linked(const std::filesystem::path& absolute) {
  std::error_code error;
  const std::filesystem::path resolved = std::filesystem::weakly_canonical(absolute, error);
  return FromRoot(error ? absolute : resolved);
}

absl::StatusOr<std::string> OfHost(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat(" is relative to the directory that this was started in, which cannot be "
                     "found: ",
                     error.message(), "; name it from / on"));
  }
  std::string said = FromRoot(absolute);
  // The ".." of a directory that is reached by a link is not where the link stands.
  std::string meant = Linked(absolute);
  if (Linked("/" + said) != meant) said = std::move(meant);
  if (said.empty()) {
    return absl::InvalidArgumentError(" is the root of the file system: name a directory below it");
  }
  return said;
}

absl::StatusOr<std::string> OfStore(const std::string& path) {
  if (path.starts_with('/')) {
    return absl::InvalidArgumentError(": with a store, paths are relative to its root");
  }
  const std::string normal = checkpoint::NormalPath(path);
  if (normal == ".." || normal.starts_with("../")) {
    return absl::InvalidArgumentError(
        " leads out of the store: paths are relative to its root, wherever this is started");
  }
  return path;
}

}  // namespace

std::string Resolved(const std::string& path) { return Linked(std::filesystem::path("/") / path); }

absl::StatusOr<std::map<std::string, std::string>> PlacePaths(
    const runtime::Job& job, std::map<std::string, std::string> given, PathsOf paths) {
  for (const runtime::JobParameter& parameter : runtime::AllParameters(job)) {
    if (parameter.kind != runtime::ParameterKind::kPath) continue;
    const bool is_given = given.contains(parameter.name);
    if (!is_given && !parameter.default_value.has_value()) continue;
    std::string& path = given[parameter.name];
    if (!is_given) path = *parameter.default_value;
    absl::StatusOr<std::string> placed = paths == PathsOf::kHost ? OfHost(path) : OfStore(path);
    if (!placed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", parameter.name, "=", path, placed.status().message()));
    }
    path = *std::move(placed);
  }
  return given;
}

absl::Status CheckPlaced(const runtime::JobInstance& instance,
                         const std::vector<runtime::JobDirectory>& directories) {
  std::vector<std::string> places;
  for (const runtime::JobParameter& parameter : runtime::AllParameters(*instance.job)) {
    if (parameter.kind != runtime::ParameterKind::kPath) continue;
    places.push_back(checkpoint::NormalPath(instance.arguments.Get(parameter.name)));
  }
  for (const runtime::JobDirectory& directory : directories) {
    const bool placed = std::ranges::any_of(
        places, [&](const std::string& place) { return directory.path.starts_with(place); });
    if (placed) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "job ", instance.job->name, ": ", runtime::NameOf(directory),
        " is of no parameter of the kind ParameterKind::kPath, so that nobody knows what it is "
        "relative to: make it one, with this as its default value"));
  }
  return absl::OkStatus();
}

}  // namespace wavetank::scenarios::shell
