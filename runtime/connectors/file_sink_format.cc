#include "runtime/connectors/file_sink_format.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/paths.h"
#include "runtime/connectors/delimited_text.h"
#include "runtime/connectors/file_sink.h"

namespace wavetank::runtime {
namespace {

constexpr char kPath[] = "path";

std::string DirectoryOf(const OptionMap& options) {
  return checkpoint::NormalPath(OptionValue(options, kPath));
}

ManifestMode ToManifestMode(QueryOutputMode mode) {
  switch (mode) {
    case QueryOutputMode::kAppend:
      return MANIFEST_MODE_APPEND;
    case QueryOutputMode::kUpdate:
      return MANIFEST_MODE_UPDATE;
    case QueryOutputMode::kComplete:
      return MANIFEST_MODE_COMPLETE;
  }
  return MANIFEST_MODE_UNSPECIFIED;
}

std::vector<ManifestColumn> ManifestColumns(const SinkContext& context) {
  std::vector<ManifestColumn> columns;
  for (const Field& field : context.schema->fields()) {
    ManifestColumn& column = columns.emplace_back();
    column.set_name(field.name);
    column.set_type(std::string(DataTypeName(field.type)));
  }
  for (const int key : context.keys) columns[static_cast<size_t>(key)].set_key(true);
  return columns;
}

// Rows as text by RFC 4180.
class PartWriter final : public SinkWriter {
 public:
  explicit PartWriter(const SinkWriterContext& context)
      : store_(context.store),
        directory_(DirectoryOf(context.options)),
        batch_(context.batch),
        unique_(context.unique) {}

  Task<absl::Status> Write(RecordBatch rows) override {
    for (int64_t row = 0; row < rows.num_rows(); ++row) AppendRow(rows, row);
    rows_ += rows.num_rows();
    co_return absl::OkStatus();
  }

  Task<absl::StatusOr<std::string>> Finish() override {
    return StageFilePart(store_, directory_, batch_, unique_, std::move(text_), rows_);
  }

 private:
  void AppendRow(const RecordBatch& rows, int64_t row) {
    for (int i = 0; i < rows.schema().size(); ++i) {
      if (i > 0) text_ += ',';
      const Column& column = rows.column(i);
      if (column.IsNull(row)) {
        AppendField(std::nullopt, text_);
      } else if (column.type() == DataType::kString) {
        AppendField(column.StringAt(row), text_);
      } else {
        text_ += column.CellText(row);
      }
    }
    text_ += '\n';
  }

  checkpoint::Store& store_;
  const std::string directory_;
  const int64_t batch_;
  const std::string unique_;
  std::string text_;
  int64_t rows_ = 0;
};

}  // namespace

SinkFormat FileSinkFormat() {
  return {.name = "file",
          .meaning = "a directory of CSV files that a manifest makes visible batch by batch",
          .path = PathUse::kDirectory,
          .open = [](SinkContext context) -> absl::StatusOr<std::unique_ptr<TransactionalSink>> {
            FileSinkOptions options{.directory = DirectoryOf(context.options),
                                    .query_id = context.query_id,
                                    .mode = ToManifestMode(context.mode),
                                    .columns = ManifestColumns(context),
                                    .log_segment_bytes = context.log_segment_bytes};
            return std::make_unique<FileSink>(context.node, context.store, std::move(options));
          },
          .write = [](SinkWriterContext context) -> absl::StatusOr<std::unique_ptr<SinkWriter>> {
            return std::make_unique<PartWriter>(context);
          },
          .check =
              [](checkpoint::Store& store, OptionMap options, std::string query_id) {
                return CheckSinkIsOf(store, DirectoryOf(options), std::move(query_id));
              }};
}

}  // namespace wavetank::runtime
