#include "runtime/connectors/file_source.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/status_macros.h"
#include "runtime/columnar/ddl.h"
#include "runtime/columnar/text_lines.h"
#include "runtime/connectors/file_rows.h"
#include "runtime/connectors/file_splits.h"
#include "runtime/connectors/formats/compression.h"
#include "runtime/connectors/formats/format_option.h"
#include "runtime/connectors/line_begin.h"

namespace wavetank::runtime {
namespace {

using checkpoint::InputFile;
using checkpoint::SourceRange;

const ConnectorOption& MaxFilesPerTrigger() {
  static const ConnectorOption* const option =
      new ConnectorOption{.name = "maxFilesPerTrigger",
                          .takes = "a whole number above 0",
                          .default_value = "",
                          .meaning = "how many files a batch reads at most; all, if not given",
                          .no_limit = "9223372036854775807"};
  return *option;
}

const ConnectorOption& MaxBytesPerTrigger() {
  static const ConnectorOption* const option = new ConnectorOption{
      .name = "maxBytesPerTrigger",
      .takes = "a whole number of bytes above 0",
      .default_value = "",
      .meaning =
          "how many bytes of files a batch reads at most, but always one file; as the query "
          "says (268435456), if not given",
      .no_limit = "9223372036854775807"};
  return *option;
}

const ConnectorOption& SplitBytes() {
  static const ConnectorOption* const option = new ConnectorOption{
      .name = "splitBytes",
      .takes = "a whole number of bytes above 0",
      .default_value = "1048576",
      .meaning =
          "how many bytes a task reads at least, of one file or several; a batch has 32 "
          "such tasks at most"};
  return *option;
}

std::vector<ConnectorOption> FileOptions() {
  return {
      MaxFilesPerTrigger(),
      MaxBytesPerTrigger(),
      SplitBytes(),
      {.name = "ignoreNames",
       .takes = "names, joined by commas, where * stands for any characters",
       .default_value = "",
       .meaning = "further files that are not input, as *.bak,core"},
      {.name = "pathGlobFilter",
       .takes = "a pattern of names, where *, ?, [a-c] and {csv,json} stand for others",
       .default_value = "",
       .meaning = "files of other names are not input, as *.csv; all are, if it is not given"},
      {.name = "forgetAfter",
       .takes = "a duration above 0, as 10m",
       .default_value = "10m",
       .meaning = "how long a file is gone before another of its name is new"},
      {.name = "lostFiles",
       .takes = "stop or skip",
       .default_value = "stop",
       .meaning = "what a file does that is gone or changed before its batch was read"},
      {.name = "ignoreCorruptFiles",
       .takes = "true or false",
       .default_value = "false",
       .meaning = "whether a file that cannot be decompressed, being damaged, is left out whole; "
                  "else it stops the query"},
      {.name = "maxLineBytes",
       .takes = "a whole number of bytes above 0",
       .default_value = "134217728",
       .meaning = "a file with a longer line is refused, since a line is held in memory whole"}};
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
  FileRowsOptions options{
      .format = format, .schema = TextSchema(), .decoder = {}, .line_end = {}, .files = {}};
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
  options.line_end = OptionValue(options.decoder, "lineSep");
  WT_RETURN_IF_ERROR(MakeDecoder(options.format, options.schema, options.decoder).status());
  return options;
}

// REQUIRES: options that the format takes.
std::vector<std::string> SplitsOfFiles(const std::string& format, const SourceDescription& source,
                                       const SourceRange& range) {
  const absl::StatusOr<FileRowsOptions> rows = RowsOptionsOf(format, source);
  const absl::StatusOr<int64_t> split_bytes = NumberOption(source.options, SplitBytes(), 1);
  WT_CHECK(rows.ok() && split_bytes.ok(), "options that were checked");
  const FileSplitOptions options{
      .split_bytes = static_cast<uint64_t>(*split_bytes),
      .splittable = IsSplittable(format, rows->decoder) && LineBegin::IsSeparator(rows->line_end)};
  std::vector<std::string> splits;
  for (const FileSplit& split : SplitFiles(range, options)) {
    splits.push_back(split.SerializeAsString());
  }
  return splits;
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
    if (options.max_bytes_per_trigger == 0) options.max_bytes_per_trigger = context.batch_bytes;
    return std::make_unique<FileSource>(HostOf(context.node), context.store, context.seen,
                                        std::move(options));
  };
  source.splits = [format](const SourceDescription& described, const SourceRange& range) {
    return SplitsOfFiles(format, described, range);
  };
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
      ParseInputFileOptions({.ignored_names = OptionValue(given, "ignoreNames"),
                             .name_glob = OptionValue(given, "pathGlobFilter"),
                             .forget_after = OptionValue(given, "forgetAfter"),
                             .lost = OptionValue(given, "lostFiles"),
                             .ignore_corrupt = OptionValue(given, "ignoreCorruptFiles"),
                             .max_line_bytes = OptionValue(given, "maxLineBytes")});
  if (!files.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("its option ", files.status().message()));
  }
  options.files = *std::move(files);
  WT_ASSIGN_OR_RETURN(options.max_files_per_trigger, NumberOption(given, MaxFilesPerTrigger(), 1));
  if (!OptionValue(given, MaxBytesPerTrigger().name).empty()) {
    WT_ASSIGN_OR_RETURN(options.max_bytes_per_trigger,
                        NumberOption(given, MaxBytesPerTrigger(), 1));
  }
  WT_RETURN_IF_ERROR(NumberOption(given, SplitBytes(), 1).status());
  return options;
}

FileSource::FileSource(SourceHost host, checkpoint::Store& store, checkpoint::SeenPaths& seen,
                       FileSourceOptions options)
    : store_(store),
      seen_(seen),
      directory_(std::move(host), store, seen, std::move(options.directory),
                 std::move(options.files)),
      max_files_per_trigger_(options.max_files_per_trigger),
      max_bytes_per_trigger_(options.max_bytes_per_trigger) {
  WT_CHECK(max_files_per_trigger_ > 0 && max_bytes_per_trigger_ > 0);
}

Task<absl::StatusOr<std::string>> FileSource::Begin() { co_return "0"; }

Task<absl::StatusOr<std::string>> FileSource::Freeze() {
  WT_CO_ASSIGN_OR_RETURN(const FoundFiles found, co_await directory_.Find());
  if (directory_.root().empty()) directory_.SayNone();
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

Task<void> FileSource::Watch() {
  // Another directory may have come to stand there since.
  if (watch_ != nullptr && watched_root_ == directory_.root()) co_return;
  watched_root_ = directory_.root();
  auto watch = co_await store_.Watch(directory_.path());
  watch_ = watch.ok() ? *std::move(watch) : nullptr;
}

// What is available is input whether or not it is listed still: what has gone since is lost.
std::vector<FileSource::Candidate> FileSource::Candidates(FoundFiles& found) {
  std::vector<Candidate> candidates;
  if (!available_) {
    for (FoundFile& file : found.files) candidates.push_back({.file = std::move(file)});
    return candidates;
  }
  absl::erase_if(*available_, [this](const std::string& path) { return seen_.contains(path); });
  auto listed = found.files.begin();
  for (const std::string& path : *available_) {
    while (listed != found.files.end() && listed->path < path) ++listed;
    const bool there = listed != found.files.end() && listed->path == path;
    candidates.push_back(
        {.file = there ? std::move(*listed) : FoundFile{.path = path}, .gone = !there});
  }
  return candidates;
}

Task<absl::StatusOr<SourceInput>> FileSource::Define(std::string after) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(after, &number) || number < 0) {
    co_return absl::DataLossError(absl::StrCat("the newest batch ends at '", after,
                                               "' in its source ", directory_.path(),
                                               ", which is no number of files"));
  }
  if (!available_) co_await Watch();
  WT_CO_ASSIGN_OR_RETURN(FoundFiles found, co_await directory_.Find());
  SourceInput input{.range = {}, .forgotten = std::move(found.forgotten)};
  SourceRange& range = input.range;
  range.set_start_offset(std::move(after));
  uint64_t bytes = 0;
  for (auto& [file, gone] : Candidates(found)) {
    bytes += file.size_bytes;
    const bool full = range.files_size() == max_files_per_trigger_ ||
                      bytes > static_cast<uint64_t>(max_bytes_per_trigger_);
    if (full && range.files_size() > 0) break;
    if (gone) {
      input.away = co_await DirectoryIsAway(store_, file.path);
      if (input.away) break;
      constexpr char kHow[] = "vanished after it was listed";
      if (directory_.options().lost != LostFiles::kSkip) {
        co_return absl::DataLossError(
            absl::StrCat("source file ", file.path, " ", kHow, ": its records are lost"));
      }
      directory_.SayLost(file.path, kHow);
      available_->erase(file.path);
      continue;
    }
    // Before a batch is defined with it, so that it can be left out.
    WT_CO_RETURN_IF_ERROR(CheckCompressionName(file.path));
    InputFile& added = *range.add_files();
    added.set_path(std::move(file.path));
    added.set_size_bytes(file.size_bytes);
    added.set_modified_ns(absl::ToUnixNanos(file.modified));
  }
  range.set_end_offset(absl::StrCat(number + range.files_size()));
  if (range.files_size() > 0) range.set_root(std::move(found.root));
  co_return input;
}

}  // namespace wavetank::runtime
