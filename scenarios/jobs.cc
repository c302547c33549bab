#include "scenarios/jobs.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/check.h"
#include "properties/naive_query.h"
#include "runtime/dstream/streaming_context.h"
#include "runtime/structured/data_frame.h"
#include "scenarios/format_jobs.h"
#include "scenarios/job_input.h"
#include "scenarios/joined_jobs.h"
#include "scenarios/log_jobs.h"
#include "scenarios/program_job.h"
#include "scenarios/receiver_jobs.h"
#include "scenarios/record_jobs.h"
#include "scenarios/replayed_jobs.h"
#include "scenarios/sql_job.h"
#include "scenarios/stream_jobs.h"

namespace wavetank::scenarios {
namespace {

using properties::NaiveMode;
using runtime::Cast;
using runtime::Col;
using runtime::DataFrame;
using runtime::DataType;
using runtime::Explode;
using runtime::Job;
using runtime::JobArguments;
using runtime::ParameterKind;
using runtime::Split;
using runtime::SubstringAfter;
using runtime::SubstringBefore;
using runtime::Window;

int64_t Milliseconds(const std::string& text) {
  absl::Duration duration;
  WT_CHECK(absl::ParseDuration(text, &duration), "a bound duration is one");
  return absl::ToInt64Milliseconds(duration);
}

std::vector<std::string> Words(const std::string& line) {
  std::vector<std::string> words;
  size_t begin = 0;
  while (true) {
    const size_t end = line.find(' ', begin);
    words.push_back(line.substr(begin, end - begin));
    if (end == std::string::npos) return words;
    begin = end + 1;
  }
}

void CountWords(runtime::DStream<std::string> lines, const JobArguments& arguments) {
  lines.FlatMap(Words)
      .Map([](const std::string& word) { return std::pair<std::string, int64_t>(word, 1); })
      .ReduceByKey(std::plus<int64_t>())
      .SaveAsTextFiles(arguments.Get("output") + "/counts");
}

void WordCountDStream(runtime::StreamingContext& context, const JobArguments& arguments) {
  CountWords(TextInput(context, arguments, "input"), arguments);
}

// Each word with a number that depends on what this worker has seen before: not deterministic, as a
// function that draws at random, asks a clock or keeps something between calls.
void NumberedWordCountDStream(runtime::StreamingContext& context, const JobArguments& arguments) {
  TextInput(context, arguments, "input")
      .FlatMap(Words)
      .Map([seen = std::make_shared<int64_t>(0)](const std::string& word) {
        return std::pair<std::string, int64_t>(absl::StrCat(word, "~", ++*seen), 1);
      })
      .ReduceByKey(std::plus<int64_t>())
      .SaveAsTextFiles(arguments.Get("output") + "/counts");
}

void SocketWordCountDStream(runtime::StreamingContext& context, const JobArguments& arguments) {
  int port = 0;
  WT_CHECK(absl::SimpleAtoi(arguments.Get("port"), &port), "port is not a number");
  CountWords(context.SocketTextStream(arguments.Get("host"), port), arguments);
}

void WordCountStructured(runtime::Session& session, const JobArguments& arguments) {
  DataFrame words =
      TextInput(session, arguments, "input").Select({Explode(Split(Col("value"), " ")).As("word")});
  words.GroupBy({Col("word")})
      .Count()
      .WriteStream()
      .OutputMode(arguments.Get("mode"))
      .Format("file")
      .Option("path", arguments.Get("output"))
      .Start();
}

// Without an aggregate, so that no row ever replaces another, whatever the mode is called.
void WordsStructured(runtime::Session& session, const JobArguments& arguments) {
  TextInput(session, arguments, "input")
      .Select({Explode(Split(Col("value"), " ")).As("word")})
      .WithColumn("count", runtime::Expression(1))
      .WriteStream()
      .OutputMode(arguments.Get("mode"))
      .Format("file")
      .Option("path", arguments.Get("output"))
      .Start();
}

void LineCountStructured(runtime::Session& session, const JobArguments& arguments) {
  TextInput(session, arguments, "input")
      .GroupBy({})
      .Count()
      .WriteStream()
      .OutputMode("update")
      .Format("file")
      .Option("path", arguments.Get("output"))
      .Start();
}

void WindowedCountStructured(runtime::Session& session, const JobArguments& arguments) {
  absl::Duration window;
  absl::Duration delay;
  WT_CHECK(absl::ParseDuration(arguments.Get("window"), &window), "window is not a duration");
  WT_CHECK(absl::ParseDuration(arguments.Get("delay"), &delay), "delay is not a duration");
  DataFrame events =
      TextInput(session, arguments, "input")
          .Select({Cast(SubstringBefore(Col("value"), ","), DataType::kTimestamp).As("time"),
                   SubstringAfter(Col("value"), ",").As("word")})
          .WithWatermark("time", delay);
  events.GroupBy({Window(Col("time"), window), Col("word")})
      .Count()
      .WriteStream()
      .OutputMode("append")
      .Format("file")
      .Option("path", arguments.Get("output"))
      .Start();
}

// --- what they must answer ---

std::vector<properties::NaiveRow> CountOfOneBatch(const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  return properties::NaiveWordCount(NaiveMode::kComplete)->Run({lines, 0, 0}).rows;
}

// Without the numbers: however they were drawn, each word is there as often as it came.
std::vector<properties::NaiveRow> WithoutNumbers(std::vector<properties::NaiveRow> rows) {
  std::map<std::string, int64_t> counts;
  for (const properties::NaiveRow& row : rows) {
    int64_t count = 0;
    const size_t end = row.front().rfind('~');
    if (row.size() != 2 || end == std::string::npos || !absl::SimpleAtoi(row[1], &count)) {
      return rows;  // which are no answer
    }
    counts[row.front().substr(0, end)] += count;
  }
  std::vector<properties::NaiveRow> without;
  without.reserve(counts.size());
  for (const auto& [word, count] : counts) without.push_back({word, absl::StrCat(count)});
  return without;
}

StructuredOracle WordCountOracle() {
  const auto updates = [](const JobArguments& arguments) {
    return arguments.Get("mode") == "update";
  };
  return {.query =
              [updates](const JobArguments& arguments) {
                return properties::NaiveWordCount(updates(arguments) ? NaiveMode::kUpdate
                                                                     : NaiveMode::kComplete);
              },
          .fold =
              [updates](const JobArguments& arguments) {
                return updates(arguments) ? Fold::kByKey : Fold::kNewest;
              }};
}

StructuredOracle WindowedCountOracle() {
  return {.query =
              [](const JobArguments& arguments) {
                return properties::NaiveWindowedCount(Milliseconds(arguments.Get("window")),
                                                      Milliseconds(arguments.Get("delay")));
              },
          .fold = [](const JobArguments&) { return Fold::kUnion; }};
}

}  // namespace

void AddBuiltInJobs(ScenarioJobs& jobs) {
  {
    Job job;
    job.name = "words";
    job.meaning = "structured: each word as it comes, exactly once";
    job.parameters = WithSourceParameters(
        {InputParameter(), OutputParameter(), {"mode", "output mode: append or update", "append"}});
    job.structured = WordsStructured;
    jobs.Add(std::move(job),
             StructuredOracle{.query = [](const JobArguments&) { return properties::NaiveWords(); },
                              .fold = [](const JobArguments&) { return Fold::kUnion; }});
  }
  {
    Job job;
    job.name = "line_count";
    job.meaning = "structured: how many lines came, exactly once";
    job.parameters = WithSourceParameters({InputParameter(), OutputParameter()});
    job.structured = LineCountStructured;
    jobs.Add(
        std::move(job),
        StructuredOracle{.query = [](const JobArguments&) { return properties::NaiveLineCount(); },
                         .fold = [](const JobArguments&) { return Fold::kOneRow; }});
  }
  {
    Job job;
    job.name = "word_count";
    job.meaning = "structured: how often each word came, exactly once";
    job.parameters = WithSourceParameters({InputParameter(),
                                           OutputParameter(),
                                           {"mode", "output mode: update or complete", "update"}});
    job.structured = WordCountStructured;
    jobs.Add(std::move(job), WordCountOracle());
  }
  {
    Job job;
    job.name = "windowed_count";
    job.meaning =
        "structured: how often each word came in each window of event time; lines are "
        "\"<time>,<word>\", the time in seconds, milliseconds or microseconds since 1970 or as ISO "
        "8601; others are dropped and counted";
    job.parameters = WithSourceParameters(
        {InputParameter(),
         OutputParameter(),
         {"window", "size of a window", "10s", ParameterKind::kDuration},
         {"delay", "how late an event may be", "10s", ParameterKind::kDuration}});
    job.structured = WindowedCountStructured;
    jobs.Add(std::move(job), WindowedCountOracle());
  }
  {
    Job job;
    job.name = "word_count_dstream";
    job.meaning =
        "DStream: how often each word came in each batch, at least once; files that were there "
        "before it began are not input";
    job.parameters = WithFileParameters({InputParameter(), OutputParameter()});
    job.deterministic = true;
    job.dstream = WordCountDStream;
    jobs.Add(std::move(job), DStreamOracle{.answer = CountOfOneBatch});
  }
  {
    Job job;
    job.name = "numbered_word_count_dstream";
    job.meaning =
        "DStream: as word_count_dstream, each word with a number by a function that is not "
        "deterministic";
    job.parameters = WithFileParameters({InputParameter(), OutputParameter()});
    job.dstream = NumberedWordCountDStream;
    jobs.Add(std::move(job), DStreamOracle{.answer = CountOfOneBatch, .canonical = WithoutNumbers});
  }
  {
    Job job;
    job.name = "socket_word_count";
    job.meaning = "DStream: how often each word came in each batch, from a socket (lossy)";
    job.parameters = {{"host", "where to connect", "localhost"},
                      {"port", "where to connect", "9999", ParameterKind::kPort},
                      OutputParameter()};
    job.deterministic = true;
    job.dstream = SocketWordCountDStream;
    jobs.Add(std::move(job), DStreamOracle{.answer = CountOfOneBatch});
  }
  AddReplayedJobs(jobs);
  AddJoinedJobs(jobs);
  AddStreamJobs(jobs);
  AddReceiverJobs(jobs);
  AddRecordJobs(jobs);
  AddFormatJobs(jobs);
  AddLogJobs(jobs);
  AddSqlJob(jobs);
  AddProgramJob(jobs);
  jobs.MarkBuiltIn();
}

}  // namespace wavetank::scenarios
