#include "runtime/connectors/simple_sinks.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"

namespace wavetank::runtime {
namespace {

// How much of a cell is shown, unless the job says that all is.
constexpr size_t kMostCellBytes = 20;

const std::vector<ConnectorOption>& ConsoleOptions() {
  static const auto* const options = new std::vector<ConnectorOption>{
      {.name = "numRows",
       .takes = "a whole number from 0 on",
       .default_value = "20",
       .meaning = "how many rows of a batch are printed at most"},
      {.name = "truncate",
       .takes = "true or false",
       .default_value = "true",
       .meaning = "whether a cell of more than 20 bytes is cut short"}};
  return *options;
}

struct ConsoleOptionValues {
  int64_t rows = 0;
  bool truncate = true;
};

absl::StatusOr<ConsoleOptionValues> ConsoleOptionsOf(const OptionMap& values) {
  ConsoleOptionValues options;
  WT_ASSIGN_OR_RETURN(options.rows, NumberOption(values, ConsoleOptions()[0], 0));
  const std::string truncate = OptionValue(values, "truncate");
  if (!truncate.empty() && truncate != "true" && truncate != "false") {
    return absl::InvalidArgumentError(
        absl::StrCat("its option truncate is '", truncate, "': give true or false"));
  }
  options.truncate = truncate != "false";
  return options;
}

using Cells = std::vector<std::string>;

Cells CellsOf(const RecordBatch& rows, int64_t row, bool truncate) {
  Cells cells;
  for (const Column& column : rows.columns()) {
    std::string& cell = cells.emplace_back(column.IsNull(row) ? "null" : column.CellText(row));
    if (truncate && cell.size() > kMostCellBytes) {
      cell.resize(kMostCellBytes - 3);
      cell += "...";
    }
  }
  return cells;
}

// Cells by columns, as wide as their widest.
std::string TableText(const std::vector<Cells>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const Cells& cells : rows) {
    for (size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
  }
  std::string rule = "+";
  for (const size_t width : widths) rule.append(width, '-').append("+");
  std::string text = rule;
  for (size_t row = 0; row < rows.size(); ++row) {
    text += "\n|";
    for (size_t i = 0; i < widths.size(); ++i) {
      text.append(widths[i] - rows[row][i].size(), ' ').append(rows[row][i]).append("|");
    }
    if (row == 0) text.append("\n").append(rule);
  }
  return text.append("\n").append(rule);
}

Task<absl::Status> Print(PreparedBatch& batch) {
  WT_CO_ASSIGN_OR_RETURN(const ConsoleOptionValues options, ConsoleOptionsOf(batch.options()));
  std::vector<Cells> table;
  int64_t rows = 0;
  while (true) {
    WT_CO_ASSIGN_OR_RETURN(const std::optional<RecordBatch> next, co_await batch.Next());
    if (!next) break;
    if (table.empty()) {
      Cells& names = table.emplace_back();
      for (const Field& field : next->schema().fields()) names.push_back(field.name);
    }
    for (int64_t row = 0; row < next->num_rows(); ++row) {
      if (rows + row >= options.rows) break;
      table.push_back(CellsOf(*next, row, options.truncate));
    }
    rows += next->num_rows();
  }
  std::string text = absl::StrCat("batch ", batch.id(), ": ", rows, rows == 1 ? " row" : " rows");
  if (rows > options.rows) absl::StrAppend(&text, ", of which the first ", options.rows);
  if (!table.empty()) absl::StrAppend(&text, "\n", TableText(table));
  batch.node().Log(platform::LogLevel::kInfo, std::move(text));
  co_return absl::OkStatus();
}

class NoopWriter final : public SinkWriter {
 public:
  Task<absl::Status> Write(RecordBatch) override { co_return absl::OkStatus(); }
  Task<absl::StatusOr<std::string>> Finish() override { co_return std::string(); }
};

class Noop final : public TransactionalSink {
 public:
  bool remembers() const override { return false; }
  Task<absl::StatusOr<std::optional<CommittedBatch>>> Fence(FencingToken) override {
    co_return std::nullopt;
  }
  Task<absl::StatusOr<std::string>> Prepare(SinkBatch) override { co_return std::string(); }
  Task<absl::Status> Commit(std::string) override { co_return absl::OkStatus(); }
  Task<absl::StatusOr<CommittableState>> Ask(std::string) override {
    co_return CommittableState::kPending;
  }
};

}  // namespace

SinkFormat ConsoleSink() {
  return {
      .name = "console",
      .meaning = "prints the first rows of each batch, at least once",
      .options = ConsoleOptions(),
      .check_options = [](const OptionMap& values) { return ConsoleOptionsOf(values).status(); },
      .apply = Print};
}

SinkFormat NoopSink() {
  return {.name = "noop",
          .meaning = "runs the query and keeps none of its rows",
          .open = [](SinkContext) -> absl::StatusOr<std::unique_ptr<TransactionalSink>> {
            return std::make_unique<Noop>();
          },
          .write = [](SinkWriterContext) -> absl::StatusOr<std::unique_ptr<SinkWriter>> {
            return std::make_unique<NoopWriter>();
          }};
}

}  // namespace wavetank::runtime
