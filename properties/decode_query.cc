#include "properties/decode_query.h"

#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "checkpoint/metadata.pb.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "properties/definition_hash.h"
#include "runtime/connectors/manifest.pb.h"

namespace wavetank::properties {
namespace {

using checkpoint::BatchDefinition;
using checkpoint::MetadataRecord;
using runtime::ManifestEntry;
using runtime::ManifestRecord;

absl::StatusOr<LoggedBatch> ToLoggedBatch(const BatchDefinition& definition) {
  LoggedBatch batch;
  batch.batch = definition.batch_id();
  if (definition.has_watermark_ms()) batch.watermark_ms = definition.watermark_ms();
  batch.timestamp_ms = definition.timestamp_ms();
  batch.hash = definition.hash();
  batch.own_hash = HashOfDefinition(definition);
  if (definition.sources_size() != 1) {
    return absl::DataLossError(
        absl::StrCat("batch ", batch.batch, " has ", definition.sources_size(), " sources, not 1"));
  }
  const checkpoint::SourceRange& range = definition.sources(0);
  if (!absl::SimpleAtoi(range.start_offset(), &batch.start) ||
      !absl::SimpleAtoi(range.end_offset(), &batch.end) ||
      batch.end - batch.start != range.files_size()) {
    return absl::DataLossError(absl::StrCat("batch ", batch.batch, " goes from \"",
                                            range.start_offset(), "\" to \"", range.end_offset(),
                                            "\" with ", range.files_size(), " files"));
  }
  for (const checkpoint::InputFile& file : range.files()) batch.files.push_back(file.path());
  return batch;
}

std::vector<PreparedState> StatesOf(const checkpoint::Prepared& prepared) {
  std::vector<PreparedState> states;
  for (const checkpoint::OperatorState& state : prepared.states()) {
    PreparedState& named = states.emplace_back();
    named.operator_id = state.operator_id();
    named.partition = state.partition();
    named.names.assign(state.names().begin(), state.names().end());
    // Of older writers: paths, of which the last component counts.
    for (const std::string& file : state.files()) {
      named.names.push_back(file.substr(file.rfind('/') + 1));
    }
  }
  return states;
}

// Those that count, one after the other from 0 or from what was dropped on.
absl::StatusOr<std::optional<std::vector<ManifestEntry>>> ManifestEntries(
    const DurableFiles& files, const std::string& directory) {
  WT_ASSIGN_OR_RETURN(const auto records, DecodeFencedLog(files, directory + "/_wavetank"));
  if (!records.has_value()) return std::nullopt;
  std::vector<ManifestEntry> entries;
  int64_t first = 0;
  for (const std::string& bytes : *records) {
    ManifestRecord record;
    if (!record.ParseFromString(bytes)) {
      return absl::DataLossError(directory + ": a manifest record is no ManifestRecord");
    }
    if (record.has_entry()) entries.push_back(record.entry());
    if (!record.has_dropped()) continue;
    first = record.dropped().first_batch();
    std::erase_if(entries, [first](const ManifestEntry& entry) { return entry.batch() < first; });
  }
  if (!entries.empty() && entries.front().batch() != first) {
    return absl::DataLossError(absl::StrCat(directory, ": the manifest's entries begin with batch ",
                                            entries.front().batch(),
                                            ", by what was dropped they begin with ", first));
  }
  return entries;
}

std::string PathOfPart(const std::string& directory, const runtime::ManifestPart& part) {
  const std::string& named = part.file().empty() ? part.staged() : part.file();
  return directory + "/_wavetank/staged/" + named.substr(named.rfind('/') + 1);
}

absl::StatusOr<std::vector<NaiveRow>> PartRows(const DurableFiles& files,
                                               const std::string& directory,
                                               const ManifestEntry& entry) {
  std::vector<NaiveRow> rows;
  for (const runtime::ManifestPart& part : entry.parts()) {
    const std::string path = PathOfPart(directory, part);
    const auto file = files.find(path);
    if (file == files.end()) {
      return absl::DataLossError(
          absl::StrCat("batch ", entry.batch(), ": ", path, " is in the manifest and not durable"));
    }
    const std::string_view bytes = file->second;
    if (bytes.size() != part.size_bytes() || PlainCrc32c(bytes) != part.crc32c()) {
      return absl::DataLossError(
          absl::StrCat("batch ", entry.batch(), ": ", path, " is not what the manifest says"));
    }
    if (part.dialect() == runtime::PART_DIALECT_RFC4180) {
      WT_ASSIGN_OR_RETURN(const std::vector<NaiveRow> more, ParseCsv(bytes));
      rows.insert(rows.end(), more.begin(), more.end());
      continue;
    }
    std::vector<std::string> lines = absl::StrSplit(platform::ToAbsl(bytes), '\n');
    lines.pop_back();  // after the last line's end
    for (const std::string& line : lines) rows.push_back(ParsePartLine(line));
  }
  return rows;
}

// "part-<batch>-<partition>.csv": entries that were dropped from the manifest had such parts.
bool IsOfBatchBefore(int64_t first, absl::string_view name) {
  int64_t batch = 0;
  return absl::ConsumePrefix(&name, "part-") &&
         absl::SimpleAtoi(name.substr(0, name.find('-')), &batch) && batch < first;
}

std::vector<std::string> UncommittedParts(const DurableFiles& files,
                                          const std::vector<ManifestEntry>& entries,
                                          const std::string& directory) {
  const int64_t first = entries.empty() ? 0 : entries.front().batch();
  std::set<std::string> committed;
  for (const ManifestEntry& entry : entries) {
    for (const runtime::ManifestPart& part : entry.parts()) committed.insert(part.name());
  }
  std::vector<std::string> uncommitted;
  const std::string prefix = directory + "/";
  for (auto file = files.lower_bound(prefix);
       file != files.end() && file->first.compare(0, prefix.size(), prefix) == 0; ++file) {
    const std::string name = file->first.substr(prefix.size());
    const bool plain = name.find('/') == std::string::npos && name[0] != '.' && name[0] != '_';
    if (plain && !committed.contains(name) && !IsOfBatchBefore(first, name)) {
      uncommitted.push_back(name);
    }
  }
  return uncommitted;
}

}  // namespace

// A table of three states, a character at a time.
absl::StatusOr<std::vector<NaiveRow>> ParseCsv(std::string_view text) {
  enum { kPlain, kQuoted, kQuoteInQuoted } state = kPlain;
  std::vector<NaiveRow> rows;
  NaiveRow row(1);
  bool quoted = false;  // the field
  const auto end_field = [&] {
    if (row.back().empty() && !quoted) row.back() = "\\N";
    quoted = false;
  };
  for (const char c : text) {
    if (state == kQuoted) {
      if (c == '"') {
        state = kQuoteInQuoted;
      } else {
        row.back() += c;
      }
    } else if (state == kQuoteInQuoted && c == '"') {
      row.back() += '"';
      state = kQuoted;
    } else if (c == ',') {
      end_field();
      row.emplace_back();
      state = kPlain;
    } else if (c == '\n') {
      end_field();
      rows.push_back(std::move(row));
      row.assign(1, "");
      state = kPlain;
    } else if (c == '"' && row.back().empty() && !quoted) {
      quoted = true;
      state = kQuoted;
    } else if (quoted || c == '"' || c == '\r') {
      return absl::DataLossError("a part is no CSV: a quote or a return where none may be");
    } else {
      row.back() += c;
    }
  }
  if (state != kPlain || row != NaiveRow(1)) {
    return absl::DataLossError("a part is no CSV: its last row has no end");
  }
  return rows;
}

NaiveRow ParsePartLine(std::string_view line) {
  NaiveRow row(1);
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == ',') {
      row.emplace_back();
    } else if (line[i] == '\\' && i + 1 < line.size()) {
      const char escaped = line[++i];
      if (escaped == 'N') row.back() += '\\';
      row.back() += escaped == 'n' ? '\n' : escaped == 'r' ? '\r' : escaped;
    } else {
      row.back() += line[i];
    }
  }
  return row;
}

absl::StatusOr<std::optional<QueryLogView>> DecodeQueryLog(const DurableFiles& files,
                                                           const std::string& directory) {
  WT_ASSIGN_OR_RETURN(const auto records, DecodeFencedLog(files, directory));
  if (!records.has_value()) return std::nullopt;
  QueryLogView view;
  std::string plan_hash;  // of the newest plan; empty before there is one
  for (const std::string& bytes : *records) {
    MetadataRecord record;
    if (!record.ParseFromString(bytes)) {
      return absl::DataLossError(directory + ": a record is no MetadataRecord");
    }
    if (record.has_dropped()) {
      view.first_batch = record.dropped().first_batch();
      if (record.dropped().starts_size() != 1 ||
          !absl::SimpleAtoi(record.dropped().starts(0).offset(), &view.first_start)) {
        return absl::DataLossError(directory + ": what was dropped does not say where it ended");
      }
    } else if (record.has_query()) {
      for (const checkpoint::Setting& setting : record.query().pinned()) {
        if (setting.name() == "shuffle_partitions" &&
            !absl::SimpleAtoi(setting.value(), &view.shuffle_partitions)) {
          return absl::DataLossError(
              absl::StrCat(directory, ": shuffle_partitions is pinned to ", setting.value()));
        }
      }
    } else if (record.has_definition()) {
      WT_ASSIGN_OR_RETURN(LoggedBatch batch, ToLoggedBatch(record.definition()));
      view.definitions.push_back(std::move(batch));
    } else if (record.has_plan()) {
      plan_hash = record.plan().hash();
    } else if (record.has_prepared()) {
      const checkpoint::Prepared& prepared = record.prepared();
      if (!plan_hash.empty() && prepared.plan_hash() != plan_hash) {
        return absl::DataLossError(absl::StrCat(
            directory, ": batch ", prepared.batch_id(), " was prepared under plan \"",
            prepared.plan_hash(), "\", the newest one before it is \"", plan_hash, "\""));
      }
      PreparedBatch batch{.batch = prepared.batch_id(),
                          .attempt = prepared.attempt_id(),
                          .states = StatesOf(prepared),
                          .rows_dropped_late = prepared.dropped_rows(),
                          .rows_without_time = prepared.rows_without_time(),
                          .files_skipped = prepared.files_skipped()};
      if (prepared.has_next_watermark_ms()) batch.next_watermark_ms = prepared.next_watermark_ms();
      view.prepared.push_back(batch);
    } else if (record.has_commit()) {
      view.commits.push_back(record.commit().batch_id());
    }
  }
  return view;
}

absl::StatusOr<std::optional<FileSinkView>> DecodeFileSink(const DurableFiles& files,
                                                           const std::string& directory) {
  WT_ASSIGN_OR_RETURN(const auto entries, ManifestEntries(files, directory));
  if (!entries.has_value()) return std::nullopt;
  FileSinkView view;
  if (!entries->empty()) {
    const ManifestEntry& newest = entries->back();
    view.table = newest.mode() == runtime::MANIFEST_MODE_APPEND   ? TableIs::kAllRows
                 : newest.mode() == runtime::MANIFEST_MODE_UPDATE ? TableIs::kLastRowOfEachKey
                                                                  : TableIs::kNewestRows;
    for (const runtime::ManifestColumn& column : newest.columns()) {
      view.key_columns.push_back(column.key());
    }
  }
  for (const ManifestEntry& entry : *entries) {
    ShownBatch batch;
    batch.batch = entry.batch();
    batch.definition_hash = entry.definition_hash();
    batch.entry_hash = platform::StableHash(entry.SerializeAsString());
    // In complete mode older entries' parts are removed: only the newest one is the table.
    const bool superseded =
        entry.mode() == runtime::MANIFEST_MODE_COMPLETE && &entry != &entries->back();
    if (!superseded) {
      WT_ASSIGN_OR_RETURN(std::vector<NaiveRow> rows, PartRows(files, directory, entry));
      batch.rows = std::move(rows);
    }
    view.batches.push_back(std::move(batch));
  }
  view.uncommitted = UncommittedParts(files, *entries, directory);
  return view;
}

}  // namespace wavetank::properties
