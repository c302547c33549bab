// ReadFileSink: the table as a reader of the manifest sees it.
#include <algorithm>
#include <deque>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/crc32c.h"
#include "platform/status_macros.h"
#include "runtime/connectors/file_sink.h"
#include "runtime/connectors/formats/row_decoder.h"
#include "runtime/connectors/part_name.h"

namespace wavetank::runtime {
namespace {

using checkpoint::Store;

// A name that no column has: nothing is malformed.
constexpr char kNoColumn[] = "\x01";

using RowsOrError = absl::StatusOr<std::vector<TextRow>>;

RowsOrError CsvRows(PartDialect dialect, std::string_view text) {
  const auto take = dialect == PART_DIALECT_ESCAPED ? TakeEscapedRow : TakeRow;
  std::vector<TextRow> rows;
  while (!text.empty()) {
    WT_ASSIGN_OR_RETURN(TextRow row, take(text));
    rows.push_back(std::move(row));
  }
  return rows;
}

// Strings as they are, and other values as the JSON that they are.
RowsOrError JsonRows(const ManifestEntry& entry, std::string_view text) {
  std::vector<Field> fields;
  for (const ManifestColumn& column : entry.columns()) {
    fields.push_back({column.name(), DataType::kString});
  }
  WT_ASSIGN_OR_RETURN(
      const std::unique_ptr<RowDecoder> decoder,
      MakeDecoder("json", std::make_shared<const Schema>(std::move(fields)),
                  {{"mode", "FAILFAST"}, {"columnNameOfCorruptRecord", kNoColumn}}));
  std::vector<TextRow> rows;
  const auto take = [&](const absl::StatusOr<RecordBatch>& batch) {
    if (!batch.ok()) return batch.status();
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      TextRow& made = rows.emplace_back();
      for (const Column& column : batch->columns()) {
        made.push_back(column.IsNull(row) ? TextField() : TextField(column.StringAt(row)));
      }
    }
    return absl::OkStatus();
  };
  WT_RETURN_IF_ERROR(take(decoder->Decode(text)));
  WT_RETURN_IF_ERROR(take(decoder->Finish()));
  return rows;
}

std::vector<TextRow> TextRows(std::string_view text) {
  std::vector<TextRow> rows;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    rows.push_back({std::string(text.substr(0, end))});
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return rows;
}

RowsOrError RowsOf(const ManifestEntry& entry, const ManifestPart& part, std::string_view text) {
  text.remove_prefix(std::min<size_t>(part.header_bytes(), text.size()));
  switch (part.dialect()) {
    case PART_DIALECT_JSON:
      return JsonRows(entry, text);
    case PART_DIALECT_TEXT:
      return TextRows(text);
    default:
      return CsvRows(part.dialect(), text);
  }
}

absl::Status AppendRows(const std::string& path, const ManifestEntry& entry,
                        const ManifestPart& part, std::string_view text,
                        std::vector<TextRow>& rows) {
  if (!PartDialect_IsValid(part.dialect())) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": its rows are in dialect ", part.dialect(),
                     ", which this build does not know; use a newer build"));
  }
  RowsOrError more = RowsOf(entry, part, text);
  if (!more.ok()) return absl::DataLossError(absl::StrCat(path, ": ", more.status().message()));
  if (static_cast<int64_t>(more->size()) != part.rows()) {
    return absl::DataLossError(
        absl::StrCat(path, ": ", more->size(), " rows, the manifest says ", part.rows()));
  }
  rows.insert(rows.end(), std::make_move_iterator(more->begin()),
              std::make_move_iterator(more->end()));
  return absl::OkStatus();
}

Task<absl::Status> ReadParts(Store& store, std::string directory, ManifestEntry entry,
                             std::vector<TextRow>& rows) {
  for (const ManifestPart& part : entry.parts()) {
    std::string path = absl::StrCat("the entry of batch ", entry.batch());
    std::string text = part.text();
    if (!IsInline(part)) {
      path = StagedPath(directory, part);
      WT_CO_ASSIGN_OR_RETURN(text, co_await store.Read(path, part.offset(), BytesToRead(part)));
    }
    if (text.size() != part.size_bytes() || checkpoint::Crc32c(text) != part.crc32c()) {
      co_return absl::DataLossError(absl::StrCat(path, " (batch ", entry.batch(),
                                                 ") is not what the manifest names: damaged"));
    }
    WT_CO_RETURN_IF_ERROR(AppendRows(path, entry, part, text, rows));
  }
  co_return absl::OkStatus();
}

// Of update mode without key columns. Written today it is the one row of a global aggregate, and no
// batch has more; older writers also left the keys out where no row replaces another.
bool EachRowIsOfItsOwn(const std::deque<ManifestEntry>& entries) {
  for (const ManifestColumn& column : entries.back().columns()) {
    if (column.key()) return false;
  }
  return std::ranges::any_of(entries, [](const ManifestEntry& entry) {
    int64_t rows = 0;
    for (const ManifestPart& part : entry.parts()) rows += part.rows();
    return rows > 1;
  });
}

// The last row of each key, at the place of its first.
std::vector<TextRow> FoldByKey(const ManifestEntry& header, std::vector<TextRow> changes) {
  std::vector<TextRow> table;
  absl::btree_map<std::string, size_t> places;
  for (TextRow& row : changes) {
    std::string key;
    for (int i = 0; i < header.columns_size(); ++i) {
      if (!header.columns(i).key() || static_cast<size_t>(i) >= row.size()) continue;
      AppendField(row[i], key);
      key += ',';
    }
    const auto inserted = places.emplace(std::move(key), table.size());
    if (inserted.second) {
      table.push_back(std::move(row));
    } else {
      table[inserted.first->second] = std::move(row);
    }
  }
  return table;
}

}  // namespace

Task<absl::StatusOr<SinkTable>> ReadFileSink(platform::Node& node, Store& store,
                                             std::string directory, absl::Duration timeout) {
  int64_t read_at = -1;
  while (true) {
    ManifestHistory history(directory);
    WT_CO_RETURN_IF_ERROR(co_await checkpoint::ReadFencedLog(
        node, store, ManifestDirectory(directory), timeout, history));
    const std::deque<ManifestEntry>& entries = history.entries();
    SinkTable table;
    if (entries.empty()) co_return table;
    const ManifestEntry& newest = entries.back();
    table.mode = newest.mode();
    table.last_batch = newest.batch();
    for (const ManifestColumn& column : newest.columns()) table.columns.push_back(column.name());

    absl::Status status;
    const bool complete = table.mode == MANIFEST_MODE_COMPLETE;
    for (size_t i = complete ? entries.size() - 1 : 0; i < entries.size(); ++i) {
      status = co_await ReadParts(store, directory, entries[i], table.rows);
      if (!status.ok()) break;
    }
    if (absl::IsNotFound(status)) {
      // A newer table may have replaced the one we were reading.
      if (complete && newest.batch() > read_at) {
        read_at = newest.batch();
        continue;
      }
      co_return absl::DataLossError(
          absl::StrCat("sink ", directory, ": a committed part is gone: ", status.message()));
    }
    WT_CO_RETURN_IF_ERROR(status);
    if (table.mode == MANIFEST_MODE_UPDATE && !EachRowIsOfItsOwn(entries)) {
      table.rows = FoldByKey(newest, std::move(table.rows));
    }
    co_return table;
  }
}

}  // namespace wavetank::runtime
