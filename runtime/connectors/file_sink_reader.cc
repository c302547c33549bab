// ReadFileSink: the table as a reader of the manifest sees it.
#include <algorithm>
#include <deque>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/crc32c.h"
#include "platform/status_macros.h"
#include "runtime/connectors/file_sink.h"
#include "runtime/connectors/part_name.h"

namespace wavetank::runtime {
namespace {

using checkpoint::Store;

absl::Status AppendRows(const std::string& path, const ManifestPart& part, std::string_view text,
                        std::vector<TextRow>& rows) {
  if (!PartDialect_IsValid(part.dialect())) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": its rows are in dialect ", part.dialect(),
                     ", which this build does not know; use a newer build"));
  }
  const auto take = part.dialect() == PART_DIALECT_ESCAPED ? TakeEscapedRow : TakeRow;
  int64_t count = 0;
  while (!text.empty()) {
    auto row = take(text);
    if (!row.ok()) {
      return absl::DataLossError(absl::StrCat(path, ": ", row.status().message()));
    }
    rows.push_back(*std::move(row));
    ++count;
  }
  if (count != part.rows()) {
    return absl::DataLossError(
        absl::StrCat(path, ": ", count, " rows, the manifest says ", part.rows()));
  }
  return absl::OkStatus();
}

Task<absl::Status> ReadParts(Store& store, std::string directory, ManifestEntry entry,
                             std::vector<TextRow>& rows) {
  for (const ManifestPart& part : entry.parts()) {
    const std::string path = StagedPath(directory, part);
    WT_CO_ASSIGN_OR_RETURN(const std::string text, co_await store.ReadAll(path));
    if (text.size() != part.size_bytes() || checkpoint::Crc32c(text) != part.crc32c()) {
      co_return absl::DataLossError(absl::StrCat(path, " (batch ", entry.batch(),
                                                 ") is not what the manifest names: damaged"));
    }
    WT_CO_RETURN_IF_ERROR(AppendRows(path, part, text, rows));
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
