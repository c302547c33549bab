#include "scenarios/record_jobs.h"

#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

#include "platform/check.h"
#include "runtime/dstream/streaming_context.h"
#include "scenarios/job_input.h"

namespace wavetank::scenarios {
namespace {

using properties::NaiveRow;
using runtime::Job;
using runtime::JobArguments;
using runtime::StreamingContext;

int64_t Number(const std::string& text, int64_t of_none) {
  int64_t number = of_none;
  WT_CHECK(text.empty() || absl::SimpleAtoi(text, &number), text);
  return number;
}

// What is shown of a record: a line.
std::string ShownRecord(std::string_view record) {
  std::string shown(record);
  std::erase_if(shown, [](char c) { return c == '\n' || c == '\r'; });
  return shown;
}

void CountRecords(StreamingContext& context, const JobArguments& arguments) {
  runtime::BinaryRecordsOptions options;
  auto files = FilesOptions(arguments);
  if (files.ok()) {
    options.files = *std::move(files);
  } else {
    context.graph().AddError(files.status());
  }
  options.split_bytes = Number(arguments.Get("split-bytes"), options.split_bytes);
  context
      .BinaryRecordsStream(arguments.Get("input"), Number(arguments.Get("record-bytes"), 1),
                           std::move(options))
      .Map([](std::string_view record) { return std::pair(ShownRecord(record), int64_t{1}); })
      .Filter([](const std::pair<std::string, int64_t>& row) { return !row.first.empty(); })
      .ReduceByKey(std::plus<>())
      .SaveAsTextFiles(arguments.Get("output") + "/counts");
}

// By a reader of its own: the bytes of each file, cut.
std::vector<NaiveRow> CountOfRecords(const properties::JudgedBatch& batch, size_t record_bytes) {
  std::map<std::string, int64_t> counts;
  for (const auto& [stream, files] : batch.pieces()) {
    for (const std::vector<std::string>& lines : files) {
      std::string bytes;
      for (const std::string& line : lines) absl::StrAppend(&bytes, line, "\n");
      for (size_t begin = 0; begin < bytes.size(); begin += record_bytes) {
        ++counts[absl::StrReplaceAll(bytes.substr(begin, record_bytes), {{"\n", ""}, {"\r", ""}})];
      }
    }
  }
  counts.erase("");
  std::vector<NaiveRow> rows;
  for (const auto& [record, count] : counts) {
    rows.push_back({absl::StrCat("(", record, ",", count, ")")});
  }
  return rows;
}

properties::OutputJudge JudgeOfRecords(const JobArguments& arguments,
                                       const runtime::StreamingGraph&, runtime::OperatorId) {
  const auto record_bytes = static_cast<size_t>(Number(arguments.Get("record-bytes"), 1));
  return {.answer =
              [record_bytes](const properties::JudgedBatch& batch) {
                return CountOfRecords(batch, record_bytes);
              },
          .read = nullptr,
          .name = "of how often each record came by a reader of bytes"};
}

// A line of what has come, whatever ends it.
size_t CutLine(std::string_view bytes, bool at_end, std::vector<std::string>& rows) {
  const size_t end = bytes.find_first_of("\r\n");
  if (end == std::string_view::npos) {
    if (!at_end) return 0;
    rows.emplace_back(bytes);
    return bytes.size();
  }
  const bool is_return = bytes[end] == '\r';
  if (is_return && end + 1 == bytes.size() && !at_end) return 0;  // "\n" may follow
  rows.emplace_back(bytes.substr(0, end));
  return is_return && bytes.substr(end + 1).starts_with('\n') ? end + 2 : end + 1;
}

runtime::DStream<std::pair<std::string, int64_t>> WordCounts(
    const runtime::DStream<std::string>& lines) {
  return lines.FlatMap([](std::string_view line) { return runtime::Split(line, ' '); })
      .Map([](std::string_view word) { return std::pair(std::string(word), int64_t{1}); })
      .ReduceByKey(std::plus<>());
}

void CountCutWords(StreamingContext& context, const JobArguments& arguments) {
  const auto port = static_cast<int>(Number(arguments.Get("port"), 0));
  WordCounts(context.SocketStream<std::string>(arguments.Get("host"), port, CutLine))
      .SaveAsTextFiles(arguments.Get("output") + "/counts");
}

void SaveObjects(StreamingContext& context, const JobArguments& arguments) {
  WordCounts(TextInput(context, arguments, "input"))
      .SaveAsObjectFiles(arguments.Get("output") + "/counts");
}

void CountBesides(StreamingContext& context, const JobArguments& arguments) {
  const auto lines = context.Accumulator<int64_t>("lines");
  const auto words = context.Accumulator<int64_t>("words");
  const auto noted = TextInput(context, arguments, "input").Map([lines](std::string_view line) {
    lines.Add(1);
    return std::string(line);
  });
  WordCounts(noted)
      .Map([words](const std::pair<std::string, int64_t>& row) {
        words.Add(row.second);
        return row;
      })
      .SaveAsTextFiles(arguments.Get("output") + "/counts");
}

// --- what they must answer ---

// As Split has words: what ends a line with spaces is none.
std::vector<std::string> WordsOf(const std::string& line) {
  std::vector<std::string> words = absl::StrSplit(line, ' ');
  while (!words.empty() && words.back().empty()) words.pop_back();
  return words;
}

std::vector<NaiveRow> CountOfWords(const std::vector<std::string>& lines) {
  std::map<std::string, int64_t> counts;
  for (const std::string& line : lines) {
    for (const std::string& word : WordsOf(line)) ++counts[word];
  }
  std::vector<NaiveRow> rows;
  for (const auto& [word, count] : counts) rows.push_back({word, absl::StrCat(count)});
  return rows;
}

std::map<std::string, int64_t> TotalsOf(const std::vector<std::string>& lines) {
  std::map<std::string, int64_t> totals = {{"lines", std::ssize(lines)}, {"words", 0}};
  for (const std::string& line : lines) totals["words"] += std::ssize(WordsOf(line));
  return totals;
}

}  // namespace

void AddRecordJobs(ScenarioJobs& jobs) {
  {
    Job job;
    job.name = "cut_socket_word_count";
    job.meaning =
        "DStream: how often each word came in each batch, from the bytes of a socket, which a "
        "function of the job's own cuts (lossy)";
    job.parameters = {{"host", "where to connect", "localhost"},
                      {"port", "where to connect", "9995", runtime::ParameterKind::kPort},
                      OutputParameter()};
    job.dstream = CountCutWords;
    job.deterministic = true;
    jobs.Add(std::move(job), DStreamOracle{.answer = CountOfWords});
  }
  {
    Job job;
    job.name = "object_word_count_dstream";
    job.meaning = "DStream: how often each word came in each batch, into files of objects";
    job.parameters = WithFileParameters({InputParameter(), OutputParameter()});
    job.dstream = SaveObjects;
    job.deterministic = true;
    jobs.Add(std::move(job), DStreamOracle{.answer = CountOfWords});
  }
  {
    Job job;
    job.name = "counted_words_dstream";
    job.meaning =
        "DStream: how often each word came in each batch, and in accumulators how many lines and "
        "words in all";
    job.parameters = WithFileParameters({InputParameter(), OutputParameter()});
    job.dstream = CountBesides;
    job.deterministic = true;
    jobs.Add(std::move(job), DStreamOracle{.answer = CountOfWords, .totals = TotalsOf});
  }
  Job job;
  job.name = "record_count_dstream";
  job.meaning =
      "DStream: how often each record of so many bytes came in each batch, at least once; the ends "
      "of lines in it are left out";
  job.parameters = WithDirectoryParameters(
      {{"input", "directory into which files of records are renamed", std::nullopt,
        runtime::ParameterKind::kPath},
       OutputParameter(),
       {"record-bytes", "how long a record is", "1"},
       {.name = "split-bytes",
        .meaning = "how many bytes of a file a task reads; 33554432 if it is not said",
        .default_value = "",
        .tried = {"", "24"}}});
  job.dstream = CountRecords;
  job.deterministic = true;
  jobs.Add(std::move(job), StreamOracle{.judge = JudgeOfRecords});
}

}  // namespace wavetank::scenarios
