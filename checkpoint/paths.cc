#include "checkpoint/paths.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "platform/text.h"

namespace wavetank::checkpoint {

using platform::ToAbsl;

absl::Status CheckPath(std::string_view path) {
  std::string_view rest = path;
  while (true) {
    const size_t slash = rest.find('/');
    const std::string_view component = rest.substr(0, slash);
    if (component.empty() || component == "." || component == ".." || IsTemporary(component)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", ToAbsl(path),
                       "\" does not name a file in a store: components are not "
                       "empty, \".\", \"..\" or \".tmp-...\""));
    }
    if (slash == std::string_view::npos) return absl::OkStatus();
    rest.remove_prefix(slash + 1);
  }
}

std::string NormalPath(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool absolute = path.starts_with('/');
  for (const absl::string_view each : absl::StrSplit(ToAbsl(path), '/', absl::SkipEmpty())) {
    const std::string_view component = platform::ToStd(each);
    if (component == ".") continue;
    if (component != "..") {
      kept.push_back(component);
    } else if (!kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (!absolute) {  // above "/" there is only itself
      kept.push_back(component);
    }
  }
  std::string normal = absolute ? "/" : "";
  for (const std::string_view component : kept) {
    if (!normal.empty() && normal.back() != '/') normal += '/';
    normal += component;
  }
  return normal;
}

bool PathsOverlap(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (!b.starts_with(a)) return false;
  return a.empty() || a.size() == b.size() || a.ends_with('/') || b[a.size()] == '/';
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  if (directory.empty() || name.empty()) return std::string(directory.empty() ? name : directory);
  return absl::StrCat(ToAbsl(directory), "/", ToAbsl(name));
}

std::string ParentPath(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(path.substr(0, slash));
}

std::string NameInPath(std::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

bool IsTemporary(std::string_view name) { return name.substr(0, 5) == ".tmp-"; }

std::string TemporaryName(uint64_t number) {
  return absl::StrCat(".tmp-", absl::Hex(number, absl::kZeroPad16));
}

}  // namespace wavetank::checkpoint
