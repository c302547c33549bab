#include "scenarios/record_jobs.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

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

}  // namespace

void AddRecordJobs(ScenarioJobs& jobs) {
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
