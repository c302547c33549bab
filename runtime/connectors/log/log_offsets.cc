#include "runtime/connectors/log/log_offsets.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "platform/status_macros.h"

namespace wavetank::runtime {
namespace {

constexpr char kLogId[] = ",log:";

}  // namespace

std::string ToText(const LogOffsets& offsets) {
  std::string text;
  for (const auto& [partition, offset] : offsets) {
    absl::StrAppend(&text, text.empty() ? "" : ",", partition, ":", offset);
  }
  return text;
}

std::string ToText(const LogPosition& position) {
  if (position.log_id.empty()) return ToText(position.offsets);
  return absl::StrCat(ToText(position.offsets), kLogId, position.log_id,
                      position.topic.empty() ? "" : "/", position.topic);
}

absl::StatusOr<LogPosition> ParseLogPosition(const std::string& text) {
  const size_t id = text.find(kLogId);  // of offsets none has it
  const std::string offsets = text.substr(0, id);
  LogPosition position;
  if (id != std::string::npos) {
    const std::pair<std::string, std::string> sides =
        absl::StrSplit(text.substr(id + sizeof(kLogId) - 1), absl::MaxSplits('/', 1));
    std::tie(position.log_id, position.topic) = sides;
  }
  WT_ASSIGN_OR_RETURN(position.offsets, ParseLogOffsets(offsets));
  return position;
}

absl::StatusOr<LogOffsets> ParseLogOffsets(const std::string& text) {
  LogOffsets offsets;
  for (const absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> sides = absl::StrSplit(part, absl::MaxSplits(':', 1));
    int32_t partition = 0;
    int64_t offset = 0;
    const bool is_one = absl::SimpleAtoi(sides.first, &partition) && partition >= 0 &&
                        absl::SimpleAtoi(sides.second, &offset) && offset >= 0;
    if (!is_one || !offsets.emplace(partition, offset).second) {
      return absl::DataLossError(
          absl::StrCat("'", text, "' is no offset of a source of format log"));
    }
  }
  return offsets;
}

int64_t OffsetOf(const LogOffsets& offsets, int32_t partition) {
  const auto found = offsets.find(partition);
  return found == offsets.end() ? 0 : found->second;
}

LogOffsets Advance(const LogOffsets& from, const LogOffsets& to, int64_t most) {
  int64_t all = 0;
  for (const auto& [partition, end] : to) all += end - OffsetOf(from, partition);
  if (all <= most) return to;
  LogOffsets reached;
  int64_t given = 0;
  int64_t seen = 0;
  for (const auto& [partition, end] : to) {
    const int64_t begin = OffsetOf(from, partition);
    seen += end - begin;
    // As much as is due to all up to here, less what those before have: it adds up to `most`.
    const auto due = static_cast<int64_t>(static_cast<double>(most) * static_cast<double>(seen) /
                                          static_cast<double>(all));
    const int64_t part = std::clamp<int64_t>(due - given, 0, end - begin);
    given += part;
    reached[partition] = begin + part;
  }
  return reached;
}

}  // namespace wavetank::runtime
