#include "runtime/connectors/file_source.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/crc32c.h"
#include "platform/check.h"
#include "platform/status_macros.h"
#include "runtime/columnar/ddl.h"
#include "runtime/columnar/text_lines.h"
#include "runtime/connectors/file_rows.h"
#include "runtime/connectors/formats/format_option.h"
#include "runtime/connectors/line_limit.h"

namespace wavetank::runtime {
namespace {

using checkpoint::InputFile;
using checkpoint::SourceRange;

constexpr uint64_t kChecksumChunkBytes = 1 << 20;

const ConnectorOption& MaxFilesPerTrigger() {
  static const ConnectorOption* const option =
      new ConnectorOption{.name = "maxFilesPerTrigger",
                          .takes = "a whole number above 0",
                          .default_value = "",
                          .meaning = "how many files a batch reads at most; all, if not given",
                          .no_limit = "9223372036854775807"};
  return *option;
}

std::vector<ConnectorOption> FileOptions() {
  return {
      MaxFilesPerTrigger(),
      {.name = "ignoreNames",
       .takes = "names, joined by commas, where * stands for any characters",
       .default_value = "",
       .meaning = "further files that are not input, as *.bak,core"},
      {.name = "forgetAfter",
       .takes = "a duration above 0, as 10m",
       .default_value = "10m",
       .meaning = "how long a file is gone before another of its name is new"},
      {.name = "lostFiles",
       .takes = "stop or skip",
       .default_value = "stop",
       .meaning = "what a file does that is gone or changed before its batch was read"},
      {.name = "maxLineBytes",
       .takes = "a whole number of bytes above 0",
       .default_value = "134217728",
       .meaning = "a file with a longer line is refused, since a line is held in memory whole"}};
}

Task<absl::StatusOr<InputFile>> Measure(checkpoint::Store& store, std::string path,
                                        const InputFileOptions& options) {
  uint64_t size_bytes = 0;
  uint32_t crc32c = 0;
  bool compressed = false;
  LineLimit lines(options.max_line_bytes);
  while (true) {
    WT_CO_ASSIGN_OR_RETURN(const std::string chunk,
                           co_await store.Read(path, size_bytes, kChecksumChunkBytes));
    if (size_bytes == 0) {
      WT_CO_ASSIGN_OR_RETURN(
          const CompressionCodec codec,
          CompressionOf(path, std::string_view(chunk).substr(0, kCompressionMarkBytes)));
      compressed = codec != CompressionCodec::kNone;
    }
    if (!compressed && !lines.Add(chunk)) {
      co_return LineTooLong(path, lines.begin(), lines.length(), options);
    }
    size_bytes += chunk.size();
    crc32c = checkpoint::Crc32c(chunk, crc32c);
    if (chunk.size() < kChecksumChunkBytes) break;
  }
  InputFile file;
  file.set_path(std::move(path));
  file.set_size_bytes(size_bytes);
  file.set_crc32c(crc32c);
  co_return file;
}

std::vector<std::string> FileSplits(const SourceDescription&, const SourceRange& range) {
  std::vector<std::string> splits;
  for (const auto& [begin, end] : SourceTasks(static_cast<size_t>(range.files_size()))) {
    FileSplit split;
    for (size_t i = begin; i < end; ++i) {
      const InputFile& file = range.files(static_cast<int>(i));
      FilePiece& piece = *split.add_pieces();
      piece.set_path(file.path());
      piece.set_size_bytes(file.size_bytes());
      piece.set_crc32c(file.crc32c());
    }
    splits.push_back(split.SerializeAsString());
  }
  return splits;
}

constexpr char kSchema[] = "schema";

ConnectorOption ToConnectorOption(const FormatOption& option) {
  std::string takes;
  switch (option.type) {
    case FormatOption::Type::kBool:
      takes = "true or false";
      break;
    case FormatOption::Type::kCharacter:
      takes = "one byte";
      break;
    case FormatOption::Type::kNumber:
    case FormatOption::Type::kText:
    case FormatOption::Type::kChoice:
      takes = option.unit.empty() ? "any text" : std::string(option.unit);
      break;
  }
  return {.name = std::string(option.name),
          .takes = std::move(takes),
          .default_value = std::string(option.default_value),
          .meaning = std::string(option.meaning)};
}

// kInvalidArgument: an option says what means nothing.
absl::StatusOr<FileRowsOptions> RowsOptionsOf(const std::string& format,
                                              const SourceDescription& source) {
  FileRowsOptions options{.format = format, .schema = TextSchema(), .decoder = {}, .files = {}};
  WT_ASSIGN_OR_RETURN(const FileSourceOptions files, FileSourceOptionsOf(source));
  options.files = files.files;
  const std::string ddl = OptionValue(source.options, kSchema);
  if (!ddl.empty()) {
    absl::StatusOr<Schema> schema = ParseDdl(ddl);
    if (!schema.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("its schema \"", ddl, "\": ", schema.status().message()));
    }
    options.schema = std::make_shared<const Schema>(*std::move(schema));
  }
  for (const FormatOption& option : FormatOptions(format)) {
    const auto given = source.options.find(std::string(option.name));
    if (given != source.options.end()) options.decoder.insert(*given);
  }
  WT_RETURN_IF_ERROR(MakeDecoder(options.format, options.schema, options.decoder).status());
  return options;
}

SourceFormat FilesOf(const std::string& format, std::string meaning) {
  SourceFormat source{.name = format, .meaning = std::move(meaning), .path = PathUse::kDirectory};
  source.options = FileOptions();
  source.nullable = format != "text";
  if (format != "text") {
    source.options.push_back({.name = kSchema,
                              .takes = "columns as in SQL, as \"id BIGINT, name STRING\"",
                              .default_value = "",
                              .meaning = "the columns of its rows (Schema)",
                              .required = true});
  }
  for (const FormatOption& option : FormatOptions(format)) {
    source.options.push_back(ToConnectorOption(option));
  }
  source.schema = [format](const SourceDescription& described) -> absl::StatusOr<SchemaPtr> {
    WT_ASSIGN_OR_RETURN(const FileRowsOptions options, RowsOptionsOf(format, described));
    return options.schema;
  };
  source.open = [](const SourceDescription& described,
                   SourceContext context) -> absl::StatusOr<std::unique_ptr<Source>> {
    WT_ASSIGN_OR_RETURN(FileSourceOptions options, FileSourceOptionsOf(described));
    return std::make_unique<FileSource>(HostOf(context.node), context.store, context.seen,
                                        std::move(options));
  };
  source.splits = FileSplits;
  source.read = [format](const SourceDescription& described, const std::string& bytes,
                         SplitContext context) -> absl::StatusOr<std::unique_ptr<SplitReader>> {
    WT_ASSIGN_OR_RETURN(FileRowsOptions options, RowsOptionsOf(format, described));
    FileSplit split;
    if (!split.ParseFromString(bytes)) return absl::DataLossError("no split of a source of files");
    return std::make_unique<FileRows>(context, std::move(split), std::move(options));
  };
  return source;
}

}  // namespace

SourceFormat TextFileSource() {
  return FilesOf("text", "the lines of the files of a directory, each file once");
}
SourceFormat CsvFileSource() {
  return FilesOf("csv", "the records of CSV files of a directory, each file once");
}
SourceFormat JsonFileSource() {
  return FilesOf("json", "the objects of files of a directory, one a line, each file once");
}

absl::StatusOr<FileSourceOptions> FileSourceOptionsOf(const SourceDescription& source) {
  const OptionMap& given = source.options;
  FileSourceOptions options{.directory = source.path};
  absl::StatusOr<InputFileOptions> files =
      ParseInputFileOptions(OptionValue(given, "ignoreNames"), OptionValue(given, "forgetAfter"),
                            OptionValue(given, "lostFiles"), OptionValue(given, "maxLineBytes"));
  if (!files.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("its option ", files.status().message()));
  }
  options.files = *std::move(files);
  WT_ASSIGN_OR_RETURN(options.max_files_per_trigger, NumberOption(given, MaxFilesPerTrigger(), 1));
  return options;
}

std::vector<std::pair<size_t, size_t>> SourceTasks(size_t files) {
  const size_t tasks = std::min<size_t>(files, kMaxSourceTasks);
  std::vector<std::pair<size_t, size_t>> splits;
  for (size_t i = 0; i < tasks; ++i) {
    splits.emplace_back(files * i / tasks, files * (i + 1) / tasks);
  }
  return splits;
}

FileSource::FileSource(SourceHost host, checkpoint::Store& store, checkpoint::SeenPaths& seen,
                       FileSourceOptions options)
    : store_(store),
      seen_(seen),
      directory_(std::move(host), store, seen, std::move(options.directory),
                 std::move(options.files)),
      max_files_per_trigger_(options.max_files_per_trigger) {
  WT_CHECK(max_files_per_trigger_ > 0);
}

Task<absl::StatusOr<std::string>> FileSource::Begin() { co_return "0"; }

Task<absl::StatusOr<std::string>> FileSource::Freeze() {
  WT_CO_ASSIGN_OR_RETURN(const FoundFiles found, co_await directory_.Find());
  checkpoint::SeenFiles available;
  for (const FoundFile& file : found.files) available.add_paths(file.path);
  co_return available.SerializeAsString();
}

absl::Status FileSource::StopAt(const std::string& frozen) {
  checkpoint::SeenFiles available;
  if (!available.ParseFromString(frozen)) {
    return absl::InternalError("what was frozen is not of a source of files");
  }
  available_.emplace(available.paths().begin(), available.paths().end());
  return absl::OkStatus();
}

// What is available is input whether or not it is listed still: what has gone since is lost.
std::vector<std::string> FileSource::Candidates(const FoundFiles& found) {
  std::vector<std::string> paths;
  if (!available_) {
    for (const FoundFile& file : found.files) paths.push_back(file.path);
    return paths;
  }
  absl::erase_if(*available_, [this](const std::string& path) { return seen_.contains(path); });
  paths.assign(available_->begin(), available_->end());
  return paths;
}

Task<absl::StatusOr<SourceInput>> FileSource::Define(std::string after) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(after, &number) || number < 0) {
    co_return absl::DataLossError(absl::StrCat("the newest batch ends at '", after,
                                               "' in its source ", directory_.path(),
                                               ", which is no number of files"));
  }
  WT_CO_ASSIGN_OR_RETURN(FoundFiles found, co_await directory_.Find());
  SourceInput input{.range = {}, .forgotten = std::move(found.forgotten)};
  SourceRange& range = input.range;
  range.set_start_offset(std::move(after));
  for (const std::string& path : Candidates(found)) {
    if (range.files_size() == max_files_per_trigger_) break;
    auto file = co_await Measure(store_, path, directory_.options());
    // A file that was listed is input, so one that has gone since is lost input.
    const bool gone = absl::IsNotFound(file.status());
    if (gone) {
      input.away = co_await DirectoryIsAway(store_, path);
      if (input.away) break;
    }
    if (gone && directory_.options().lost == LostFiles::kSkip) {
      directory_.SayLost(path, "vanished after it was listed");
      if (available_) available_->erase(path);
      continue;
    }
    if (!file.ok()) {
      co_return absl::Status(
          gone ? absl::StatusCode::kDataLoss : file.status().code(),
          absl::StrCat("source file ", path, gone ? " vanished after it was listed: " : ": ",
                       file.status().message()));
    }
    *range.add_files() = *std::move(file);
  }
  range.set_end_offset(absl::StrCat(number + range.files_size()));
  if (range.files_size() > 0) range.set_root(std::move(found.root));
  co_return input;
}

}  // namespace wavetank::runtime
