#include "checkpoint/paths.h"

#include "absl/strings/str_cat.h"

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
