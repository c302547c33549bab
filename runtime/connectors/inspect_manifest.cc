#include "runtime/connectors/inspect_manifest.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

#include "checkpoint/paths.h"
#include "platform/status_macros.h"
#include "runtime/connectors/manifest_history.h"
#include "runtime/connectors/part_name.h"

namespace wavetank::runtime {
namespace {

using checkpoint::Count;
using checkpoint::LogSummary;
using checkpoint::NamedFile;

std::optional<ManifestRecord> Decode(std::string_view bytes) {
  ManifestRecord record;
  const bool parsed = record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  if (!parsed || record.kind_case() == ManifestRecord::KIND_NOT_SET) return std::nullopt;
  return record;
}

std::string Describe(std::string_view bytes, bool show_rows) {
  std::optional<ManifestRecord> record = Decode(bytes);
  if (!record) return "";
  if (record->has_entry() && !show_rows) {
    for (ManifestPart& part : *record->mutable_entry()->mutable_parts()) {
      if (IsInline(part)) part.set_text(absl::StrCat(part.text().size(), " bytes"));
    }
  }
  return record->ShortDebugString();
}

// Of the paths that StagedPath gives for the sink above the manifest's directory.
constexpr std::string_view kToManifest = "../_wavetank/";

// Of "../<part>", as the manifest's directory sees it.
int64_t BatchOfPlainPart(absl::string_view path) {
  return absl::ConsumePrefix(&path, "../") ? BatchOfPart(path) : -1;
}

// The sink's directory, of a plain part in it.
std::optional<std::string> SinkOf(const std::string& path) {
  if (BatchOfPart(checkpoint::NameInPath(path)) < 0) return std::nullopt;
  return checkpoint::ParentPath(path);
}

void AddEntry(const ManifestEntry& entry, bool shown, LogSummary& summary) {
  int64_t rows = 0;
  for (const ManifestPart& part : entry.parts()) {
    rows += part.rows();
    if (IsInline(part)) continue;
    NamedFile file{.path = StagedPath("..", part).substr(kToManifest.size()),
                   .named_by = absl::StrCat("batch ", entry.batch()),
                   .crc32c = part.crc32c(),
                   .offset = part.offset(),
                   .size_bytes = part.size_bytes(),
                   .read_bytes = BytesToRead(part),
                   .need = shown ? NamedFile::Need::kMust : NamedFile::Need::kMayGo};
    summary.files.push_back(file);
    // The plain names may lag behind.
    file.path = absl::StrCat("../", part.name());
    if (shown) file.need = NamedFile::Need::kHint;
    summary.files.push_back(std::move(file));
  }
  summary.lines.push_back(
      absl::StrCat("batch ", entry.batch(), shown ? ": shown, " : ": replaced, ",
                   Count(entry.parts_size(), "part"), ", ", Count(rows, "row")));
}

absl::StatusOr<std::optional<LogSummary>> Summarise(const std::string& log,
                                                    const std::vector<std::string>& records) {
  if (records.empty() || !Decode(records.front())) return std::nullopt;
  WT_ASSIGN_OR_RETURN(const ManifestHistory history, ParseManifest(log, records));
  LogSummary summary;
  // Parts of entries that were dropped since may still be there under their plain names.
  const int64_t first = history.entries().empty() ? 0 : history.entries().front().batch();
  summary.owns = [first](const std::string& path) {
    return absl::StartsWith(path, "staged/") || BatchOfPlainPart(path) >= first;
  };
  // Plain names come after the manifest.
  const int64_t last = history.entries().empty() ? -1 : history.entries().back().batch();
  summary.comes_after = [last](const std::string& path) { return BatchOfPlainPart(path) > last; };
  for (const ManifestEntry& entry : history.entries()) {
    const bool replaced =
        entry.mode() == MANIFEST_MODE_COMPLETE && &entry != &history.entries().back();
    AddEntry(entry, !replaced, summary);
  }
  return summary;
}

}  // namespace

checkpoint::LogKind ManifestLogs() {
  return {.describe = Describe, .summarise = Summarise, .log_of = SinkOf};
}

}  // namespace wavetank::runtime
