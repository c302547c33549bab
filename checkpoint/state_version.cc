#include "checkpoint/state_version.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/unique.h"
#include "platform/text.h"

namespace wavetank::checkpoint {
namespace {

constexpr std::string_view kDelta = ".delta";
constexpr std::string_view kSnapshot = ".snapshot";

}  // namespace

std::string NewStateFileName(platform::Node& node, int64_t version, StateFileKind kind) {
  std::string name = absl::StrCat(version, "-", UniqueId(node));
  name += kind == StateFileKind::kSnapshot ? kSnapshot : kDelta;
  return name;
}

int64_t VersionInStateFileName(std::string_view name) {
  const size_t dash = name.find('-');
  int64_t version = 0;
  const bool is_one = dash != std::string_view::npos &&
                      (name.ends_with(kDelta) || name.ends_with(kSnapshot)) &&
                      absl::SimpleAtoi(platform::ToAbsl(name.substr(0, dash)), &version);
  return is_one && version > 0 ? version : -1;
}

}  // namespace wavetank::checkpoint
