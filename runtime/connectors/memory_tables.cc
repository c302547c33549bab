#include "runtime/connectors/memory_tables.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/columnar/take.h"

namespace wavetank::runtime {
namespace {

uint64_t BytesOf(const RecordBatch& rows) { return rows.Encode().size(); }

absl::Status TooMuch(const std::string& query, uint64_t bytes, uint64_t most) {
  return absl::FailedPreconditionError(
      absl::StrCat("its table \"", query, "\" in memory would hold ", bytes, " bytes, of at most ",
                   most, ": write what is so much elsewhere, or give MemoryTables more"));
}

Task<absl::Status> ApplyTo(MemoryTables& tables, PreparedBatch& batch) {
  std::vector<RecordBatch> rows;
  uint64_t bytes = 0;
  while (true) {
    WT_CO_ASSIGN_OR_RETURN(std::optional<RecordBatch> next, co_await batch.Next());
    if (!next) break;
    if (next->num_rows() == 0) continue;
    bytes += BytesOf(*next);
    if (bytes > tables.max_bytes()) {
      co_return TooMuch(batch.query().name, bytes, tables.max_bytes());
    }
    rows.push_back(*std::move(next));
  }
  co_return tables.Apply(batch.query(), batch.id(), std::move(rows));
}

// Before anything is written: what was shown in a process that has ended cannot be shown again.
Task<absl::Status> CheckMayGoOn(const MemoryTables& tables, SinkCheck check) {
  const bool is_new = !check.has_committed;
  if (is_new || check.mode == QueryOutputMode::kComplete ||
      tables.IsOf(check.query, check.query_id)) {
    co_return absl::OkStatus();
  }
  co_return absl::FailedPreconditionError(
      absl::StrCat("query ", check.query,
                   " has a checkpoint of a process that has ended, with which its table in memory "
                   "is gone: only complete mode goes on from it; give it a new checkpoint"));
}

}  // namespace

std::optional<MemoryTable> MemoryTables::Read(const std::string& query) const {
  const auto found = tables_.find(query);
  if (found == tables_.end()) return std::nullopt;
  MemoryTable table{.last_batch = found->second.last_batch, .rows = found->second.rows};
  for (const auto& [key, row] : found->second.by_key) table.rows.push_back(row);
  return table;
}

bool MemoryTables::IsOf(const std::string& query, const std::string& id) const {
  const auto found = tables_.find(query);
  return found != tables_.end() && found->second.id == id;
}

void MemoryTables::PutByKey(const BatchQuery& query, const std::vector<RecordBatch>& rows,
                            Table& table) {
  for (const RecordBatch& batch : rows) {
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      const uint32_t number[] = {static_cast<uint32_t>(row)};
      RecordBatch one = Take(batch, number);
      std::vector<Column> keys;
      std::vector<Field> fields;
      for (const int key : query.keys) {
        keys.push_back(one.column(key));
        fields.push_back(one.schema().field(key));
      }
      std::string key_bytes;  // "": the one row of a query without keys
      if (!keys.empty()) {
        const auto schema = std::make_shared<const Schema>(std::move(fields));
        key_bytes = RecordBatch(schema, std::move(keys), 1).Encode();
      }
      const uint64_t bytes = BytesOf(one);
      const auto inserted = table.by_key.try_emplace(std::move(key_bytes), one);
      if (!inserted.second) {
        table.bytes -= BytesOf(inserted.first->second);
        inserted.first->second = std::move(one);
      }
      table.bytes += bytes;
    }
  }
}

absl::Status MemoryTables::Apply(const BatchQuery& query, int64_t batch,
                                 std::vector<RecordBatch> rows) {
  const bool complete = query.mode == QueryOutputMode::kComplete;
  const auto found = tables_.find(query.name);
  // Of another query of that name, which was before.
  Table table;
  if (found != tables_.end() && found->second.id == query.id) table = found->second;
  if (batch <= table.last_batch) return absl::OkStatus();
  if (batch != table.last_batch + 1 && !complete) {
    return absl::FailedPreconditionError(absl::StrCat(
        "its table \"", query.name, "\" in memory ends with batch ", table.last_batch,
        ", and this is batch ", batch, ": what was between is gone with the process that had it"));
  }
  table.id = query.id;
  table.last_batch = batch;
  if (query.mode == QueryOutputMode::kUpdate) {
    PutByKey(query, rows, table);
  } else {
    if (complete) {
      table.rows.clear();
      table.bytes = 0;
    }
    for (RecordBatch& more : rows) {
      table.bytes += BytesOf(more);
      table.rows.push_back(std::move(more));
    }
  }
  if (table.bytes > max_bytes_) return TooMuch(query.name, table.bytes, max_bytes_);
  tables_[query.name] = std::move(table);
  return absl::OkStatus();
}

SinkFormat MemorySink(MemoryTables& tables) {
  return {.name = "memory",
          .meaning = "a table by the query's name that the embedding program reads",
          .check = [&tables](SinkCheck check) { return CheckMayGoOn(tables, std::move(check)); },
          .apply = [&tables](PreparedBatch& batch) { return ApplyTo(tables, batch); }};
}

}  // namespace wavetank::runtime
