#include "runtime/connectors/part_name.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

#include "checkpoint/paths.h"

namespace wavetank::runtime {

std::string ManifestDirectory(const std::string& directory) {
  return absl::StrCat(directory, "/_wavetank");
}

std::string StagedDirectory(const std::string& directory) {
  return absl::StrCat(ManifestDirectory(directory), "/staged");
}

std::string StagedPath(const std::string& directory, const ManifestPart& part) {
  const std::string name =
      part.file().empty() ? checkpoint::NameInPath(part.staged()) : part.file();
  return absl::StrCat(StagedDirectory(directory), "/", name);
}

bool HasInline(const ManifestEntry& entry) { return std::ranges::any_of(entry.parts(), IsInline); }

std::string_view ExtensionOf(PartDialect dialect) {
  switch (dialect) {
    case PART_DIALECT_JSON:
      return ".json";
    case PART_DIALECT_TEXT:
      return ".txt";
    default:
      return ".csv";
  }
}

std::string PartName(int64_t batch, size_t partition, PartDialect dialect) {
  return absl::StrFormat("part-%05d-%05d%s", batch, partition, ExtensionOf(dialect));
}

int64_t BatchOfPart(absl::string_view name) {
  constexpr size_t kLeastDigits = 5;
  int64_t batch = -1;
  int64_t partition = -1;
  const bool framed = absl::ConsumePrefix(&name, "part-") &&
                      (absl::ConsumeSuffix(&name, ".csv") || absl::ConsumeSuffix(&name, ".json") ||
                       absl::ConsumeSuffix(&name, ".txt"));
  const size_t dash = name.find('-');
  const bool is_part = framed && dash != absl::string_view::npos && dash >= kLeastDigits &&
                       name.size() - dash > kLeastDigits &&
                       absl::SimpleAtoi(name.substr(0, dash), &batch) &&
                       absl::SimpleAtoi(name.substr(dash + 1), &partition);
  return is_part ? batch : -1;
}

}  // namespace wavetank::runtime
