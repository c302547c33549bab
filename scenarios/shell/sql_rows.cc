#include "scenarios/shell/sql_rows.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/real/real_process.h"
#include "platform/status_macros.h"
#include "runtime/job/deployment.h"
#include "runtime/structured/finished_query.h"

namespace wavetank::scenarios::shell {
namespace {

using runtime::FinishedRows;
using runtime::RecordBatch;
using Cells = std::vector<std::string>;

platform::Task<void> Ask(platform::Node& node, runtime::StreamingQueryDefinition query,
                         int64_t max_bytes, absl::StatusOr<FinishedRows>& answer) {
  const std::unique_ptr<checkpoint::Store> store = runtime::OpenStore(node, {});
  answer = co_await runtime::RunFinished(node, *store, std::move(query), max_bytes);
}

Cells CellsOf(const RecordBatch& rows, int64_t row) {
  Cells cells;
  for (const runtime::Column& column : rows.columns()) {
    cells.push_back(column.IsNull(row) ? "NULL" : column.CellText(row));
  }
  return cells;
}

// A code point is as wide as any other.
size_t Width(const std::string& cell) {
  return static_cast<size_t>(std::ranges::count_if(
      cell, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void PrintTable(const std::vector<Cells>& table) {
  std::vector<size_t> widths(table.front().size());
  for (const Cells& cells : table) {
    for (size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], Width(cells[i]));
  }
  for (size_t row = 0; row < table.size(); ++row) {
    std::string line;
    for (size_t i = 0; i < widths.size(); ++i) {
      absl::StrAppend(&line, i == 0 ? "" : "  ", table[row][i]);
      line.append(widths[i] - Width(table[row][i]), ' ');
    }
    std::printf("%s\n", line.c_str());
    if (row > 0) continue;
    std::string rule;
    for (const size_t width : widths) absl::StrAppend(&rule, std::string(width, '-'), "  ");
    std::printf("%s\n", rule.c_str());
  }
  std::printf("(%zu %s)\n", table.size() - 1, table.size() == 2 ? "row" : "rows");
}

void PrintLine(const Cells& cells) {
  for (size_t i = 0; i < cells.size(); ++i) {
    std::printf("%s%s", i == 0 ? "" : "\t", cells[i].c_str());
  }
  std::printf("\n");
}

platform::Task<absl::Status> PrintBatch(runtime::PreparedBatch& batch) {
  while (true) {
    WT_CO_ASSIGN_OR_RETURN(const std::optional<RecordBatch> rows, co_await batch.Next());
    if (!rows) break;
    for (int64_t row = 0; row < rows->num_rows(); ++row) PrintLine(CellsOf(*rows, row));
  }
  std::fflush(stdout);
  co_return absl::OkStatus();
}

}  // namespace

runtime::SinkFormat RowsSink() {
  return {.name = "rows",
          .meaning = "prints the rows of each batch, at least once",
          .check_rows = [](const runtime::Schema&) { return absl::OkStatus(); },
          .apply = PrintBatch};
}

absl::Status PrintRows(const runtime::StreamingQueryDefinition& query, int64_t max_bytes) {
  absl::StatusOr<FinishedRows> answer = absl::CancelledError("it was stopped");
  platform::RealProcessOptions options;
  options.log_level = platform::LogLevel::kWarning;
  const absl::StatusOr<int> status = platform::RunNode(
      [&](platform::Node& node) { return Ask(node, query, max_bytes, answer); }, options);
  WT_RETURN_IF_ERROR(status.status());
  WT_RETURN_IF_ERROR(answer.status());
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  std::vector<Cells> table(1);
  for (const runtime::Field& field : answer->schema->fields()) table[0].push_back(field.name);
  for (const RecordBatch& rows : answer->rows) {
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      Cells cells = CellsOf(rows, row);
      if (terminal) {
        table.push_back(std::move(cells));
        continue;
      }
      PrintLine(cells);
    }
  }
  if (terminal) PrintTable(table);
  std::fflush(stdout);
  return absl::OkStatus();
}

}  // namespace wavetank::scenarios::shell
