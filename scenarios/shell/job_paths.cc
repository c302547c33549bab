#include "scenarios/shell/job_paths.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
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

std::string SayFromRoot(const std::vector<std::string>& placed, std::string text) {
  const auto in_path = [&text](size_t at) {
    const char c = text[at];
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '/' || c == '.' || c == '_' ||
           c == '-' || static_cast<unsigned char>(c) >= 0x80;
  };
  const auto begins_path = [&](size_t at, const std::string& path) {
    if (path.empty() || text.compare(at, path.size(), path) != 0) return false;
    const size_t end = at + path.size();
    if (path.find('/') == std::string::npos) return end < text.size() && text[end] == '/';
    const bool full_stop =
        end < text.size() && text[end] == '.' && (end + 1 == text.size() || !in_path(end + 1));
    return end == text.size() || text[end] == '/' || full_stop || !in_path(end);
  };
  std::string said;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool may_begin = at == 0 || !in_path(at - 1);
    if (may_begin && std::ranges::any_of(
                         placed, [&](const std::string& path) { return begins_path(at, path); })) {
      said += '/';
    }
    said += text[at];
  }
  return said;
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
