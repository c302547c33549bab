#include "runtime/connectors/file_sink_format.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "platform/status_macros.h"
#include "runtime/connectors/delimited_text.h"
#include "runtime/connectors/file_part.h"
#include "runtime/connectors/file_sink.h"
#include "runtime/connectors/formats/encode_rows.h"

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

const ConnectorOption& HeaderOption() {
  static const auto* const option =
      new ConnectorOption{.name = "header",
                          .takes = "true or false",
                          .default_value = "false",
                          .meaning = "whether each file begins with a line of the columns' names"};
  return *option;
}

const ConnectorOption& NullFieldsOption() {
  static const auto* const option =
      new ConnectorOption{.name = "ignoreNullFields",
                          .takes = "true or false",
                          .default_value = "true",
                          .meaning = "whether a field that is null is left out, instead of null"};
  return *option;
}

// What a format's writer does.
struct Writes {
  PartDialect dialect = PART_DIALECT_RFC4180;
  const ConnectorOption* option = nullptr;  // that it may be given
};

absl::StatusOr<bool> IsSet(const OptionMap& values, const ConnectorOption& option) {
  const std::string given = OptionValue(values, option.name);
  const std::string& value = given.empty() ? option.default_value : given;
  if (value == "true" || value == "false") return value == "true";
  return absl::InvalidArgumentError(
      absl::StrCat("its option ", option.name, " is '", given, "': give ", option.takes));
}

class PartWriter final : public SinkWriter {
 public:
  // `set`: whether the option of that format is.
  PartWriter(const SinkWriterContext& context, PartDialect dialect, bool set)
      : dialect_(dialect),
        set_(set),
        part_(context.store, DirectoryOf(context.options), context.batch, context.unique, dialect,
              context.inline_bytes) {}

  Task<absl::Status> Write(RecordBatch rows) override {
    part_.AddRows(Encode(rows, part_.text()));
    return part_.Flush();
  }
  Task<absl::StatusOr<std::string>> Finish() override { return part_.Finish(); }

 private:
  // Gives how many rows it has added.
  int64_t Encode(const RecordBatch& rows, std::string& text) {
    switch (dialect_) {
      case PART_DIALECT_JSON:
        EncodeJson(rows, text, set_ ? JsonNulls::kLeftOut : JsonNulls::kWritten);
        return rows.num_rows();
      case PART_DIALECT_TEXT: {
        const size_t before = text.size();
        EncodeText(rows, text);
        return std::count(text.begin() + static_cast<ptrdiff_t>(before), text.end(), '\n');
      }
      default:
        if (set_ && !part_.has_header()) AddHeader(rows.schema(), text);
        EncodeCsv(rows, text);
        return rows.num_rows();
    }
  }

  void AddHeader(const Schema& schema, std::string& text) {
    for (const Field& field : schema.fields()) {
      if (!text.empty()) text += ',';
      AppendField(field.name, text);
    }
    text += '\n';
    part_.EndHeader();
  }

  const PartDialect dialect_;
  const bool set_;
  FilePartWriter part_;
};

SinkFormat Make(std::string name, std::string meaning, Writes writes) {
  // As the decoder of such files is called.
  const std::string encoding = name == "file" ? "csv" : name;
  const auto option_of = [writes](const OptionMap& values) -> absl::StatusOr<bool> {
    if (writes.option == nullptr) return false;
    return IsSet(values, *writes.option);
  };
  SinkFormat format;
  format.name = std::move(name);
  format.meaning = std::move(meaning);
  format.path = PathUse::kDirectory;
  if (writes.option != nullptr) format.options = {*writes.option};
  format.check_options = [option_of](const OptionMap& values) {
    return option_of(values).status();
  };
  format.check_rows = [encoding](const Schema& schema) { return CheckEncodable(encoding, schema); };
  format.open =
      [writes](SinkContext context) -> absl::StatusOr<std::unique_ptr<TransactionalSink>> {
    FileSinkOptions options{.directory = DirectoryOf(context.options),
                            .query_id = context.query_id,
                            .mode = ToManifestMode(context.mode),
                            .columns = ManifestColumns(context),
                            .dialect = writes.dialect,
                            .log_segment_bytes = context.log_segment_bytes,
                            .inline_bytes = context.inline_bytes};
    return std::make_unique<FileSink>(context.node, context.store, std::move(options));
  };
  format.write = [writes, option_of](
                     SinkWriterContext context) -> absl::StatusOr<std::unique_ptr<SinkWriter>> {
    WT_ASSIGN_OR_RETURN(const bool set, option_of(context.options));
    return std::make_unique<PartWriter>(context, writes.dialect, set);
  };
  format.check = [](SinkCheck check) {
    return CheckSinkIsOf(check.store, DirectoryOf(check.options), std::move(check.query_id));
  };
  return format;
}

}  // namespace

SinkFormat FileSinkFormat() {
  return Make("file", "as csv, without a header: what csv was called first", {});
}

SinkFormat CsvSinkFormat() {
  return Make("csv",
              "a directory of CSV files (RFC 4180: read them with escape \" and multiLine) that a "
              "manifest makes visible batch by batch",
              {.option = &HeaderOption()});
}

SinkFormat JsonSinkFormat() {
  return Make("json",
              "a directory of files of JSON lines that a manifest makes visible batch by batch",
              {.dialect = PART_DIALECT_JSON, .option = &NullFieldsOption()});
}

SinkFormat TextSinkFormat() {
  return Make("text",
              "a directory of text files, of one string column a row a line, that a manifest makes "
              "visible batch by batch",
              {.dialect = PART_DIALECT_TEXT});
}

}  // namespace wavetank::runtime
