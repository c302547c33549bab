#include "checkpoint/state_version.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/unique.h"
#include "platform/planted.h"
#include "platform/text.h"

namespace wavetank::checkpoint {
namespace {

constexpr std::string_view kDelta = ".delta";
constexpr std::string_view kSnapshot = ".snapshot";

}  // namespace

absl::Status LineageCheck::Next(const std::string& path, const StateFileHeader& header) {
  const bool follows =
      header.parent == last_ || (!header.parent.empty() && header.parent == last_stands_for_);
  if (!follows || header.version > version_) {
    return absl::DataLossError(absl::StrCat(path, " of version ", header.version, " follows \"",
                                            header.parent, "\" and was to be applied upon \"",
                                            last_, "\" for version ", version_,
                                            ": the record that names these files is wrong"));
  }
  last_ = header.name;
  last_stands_for_ = header.stands_for;
  return absl::OkStatus();
}

std::string NewStateFileName(platform::Node& node, int64_t version, StateFileKind kind) {
  const bool alike = platform::Planted(node, "state_file_named_by_its_version");
  std::string name = absl::StrCat(version, "-", alike ? "" : UniqueId(node));
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
