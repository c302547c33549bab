#include "runtime/cluster/storage_level.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"

#include "platform/text.h"

namespace wavetank::runtime {

namespace {

struct LevelRow {
  StorageLevel level;
  std::string_view name;
  std::string_view instead = {};  // of one that is refused: what does what it is for
};
constexpr LevelRow kLevels[] = {
    {StorageLevel::kMemoryOnly, "MEMORY_ONLY"},
    {StorageLevel::kMemoryAndDisk, "MEMORY_AND_DISK"},
    {StorageLevel::kDiskOnly, "DISK_ONLY"},
    {StorageLevel::kMemoryOnly2, "MEMORY_ONLY_2"},
    {StorageLevel::kMemoryAndDisk2, "MEMORY_AND_DISK_2"},
    {StorageLevel::kDiskOnly2, "DISK_ONLY_2"},
    {StorageLevel::kMemoryOnlySer, "MEMORY_ONLY_SER", "MEMORY_ONLY"},
    {StorageLevel::kMemoryAndDiskSer, "MEMORY_AND_DISK_SER", "MEMORY_AND_DISK"},
    {StorageLevel::kMemoryOnlySer2, "MEMORY_ONLY_SER_2", "MEMORY_ONLY_2"},
    {StorageLevel::kMemoryAndDiskSer2, "MEMORY_AND_DISK_SER_2", "MEMORY_AND_DISK_2"},
};

absl::string_view Text(std::string_view text) { return platform::ToAbsl(text); }

const LevelRow* RowOf(StorageLevel level) {
  const auto* const found = std::ranges::find(kLevels, level, &LevelRow::level);
  return found == std::end(kLevels) ? nullptr : found;
}

}  // namespace

std::string_view NameOf(StorageLevel level) {
  const LevelRow* const row = RowOf(level);
  return row == nullptr ? std::string_view("?") : row->name;
}

absl::StatusOr<StorageLevel> ParseStorageLevel(std::string_view name) {
  std::string names;
  for (const LevelRow& row : kLevels) {
    if (row.name == name) return row.level;
    if (row.instead.empty()) {
      absl::StrAppend(&names, names.empty() ? "" : ", ", Text(row.name));
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no storage level \"", Text(name), "\": there are ", names));
}

absl::Status CheckLevel(StorageLevel level) {
  const LevelRow* const row = RowOf(level);
  if (row == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no storage level ", static_cast<int>(level)));
  }
  if (row->instead.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("storage level ", Text(row->name),
                   " would do nothing: in memory rows are kept as objects, "
                   "never encoded, and on disk always encoded; use ",
                   Text(row->instead)));
}

}  // namespace wavetank::runtime
