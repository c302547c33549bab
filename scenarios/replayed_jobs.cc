#include "scenarios/replayed_jobs.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

#include "platform/check.h"
#include "runtime/dstream/map_with_attempt.h"
#include "runtime/dstream/streaming_context.h"
#include "runtime/structured/data_frame.h"
#include "scenarios/job_input.h"

namespace wavetank::scenarios {
namespace {

using runtime::Cast;
using runtime::Col;
using runtime::DataFrame;
using runtime::DataType;
using runtime::Expression;
using runtime::Job;
using runtime::JobArguments;
using runtime::ParameterKind;
using runtime::Session;
using runtime::StreamingContext;
using runtime::SubstringAfter;
using runtime::SubstringBefore;

// What stands before and after a line's first comma.
Expression First(const char* column) { return SubstringBefore(Col(column), ","); }
Expression Rest(const char* column) { return SubstringAfter(Col(column), ","); }

void WriteTo(const DataFrame& rows, const std::string& name, const std::string& mode,
             const std::string& directory) {
  auto writer = rows.WriteStream();
  if (!name.empty()) writer.QueryName(name);
  writer.OutputMode(mode).Format("file").Option("path", directory).Start();
}

// Lines "<customer>,<amount>".
DataFrame Spent(const DataFrame& lines) {
  return lines
      .Select({First("value").As("customer"), Cast(Rest("value"), DataType::kDouble).As("amount")})
      .GroupBy({Col("customer")})
      .Agg({runtime::Count().As("orders"), runtime::Sum(Col("amount")).As("spent"),
            runtime::Max(Col("amount")).As("largest")});
}

void SpendByCustomer(Session& session, const JobArguments& arguments) {
  WriteTo(Spent(TextInput(session, arguments, "input")), "", arguments.Get("mode"),
          arguments.Get("output"));
}

void SpendByWindow(Session& session, const JobArguments& arguments) {
  absl::Duration window;
  absl::Duration delay;
  WT_CHECK(absl::ParseDuration(arguments.Get("window"), &window), "window is not a duration");
  WT_CHECK(absl::ParseDuration(arguments.Get("delay"), &delay), "delay is not a duration");
  const DataFrame orders =
      TextInput(session, arguments, "input")
          .Select({Cast(First("value"), DataType::kTimestamp).As("time"), Rest("value").As("rest")})
          .Select({Col("time"), First("rest").As("customer"),
                   Cast(Rest("rest"), DataType::kDouble).As("amount")})
          .WithWatermark("time", delay);
  WriteTo(orders.GroupBy({runtime::Window(Col("time"), window), Col("customer")})
              .Agg({runtime::Count().As("orders"), runtime::Sum(Col("amount")).As("spent"),
                    runtime::Max(Col("time")).As("newest")}),
          "", "append", arguments.Get("output"));
}

// Two queries, each from a directory of its own.
void OrdersAndVisits(Session& session, const JobArguments& arguments) {
  WriteTo(Spent(TextInput(session, arguments, "orders")), "spent", "update",
          arguments.Get("spent"));
  WriteTo(TextInput(session, arguments, "visits")
              .Where(Col("value") != "")
              .GroupBy({First("value").As("page")})
              .Count(),
          "seen", "complete", arguments.Get("seen"));
}

// Of a line "<sensor>,<reading>".
std::pair<std::string, int64_t> ReadingOf(const std::string& line) {
  const size_t comma = line.find(',');
  int64_t reading = 0;
  const bool is_number =
      comma != std::string::npos && absl::SimpleAtoi(line.substr(comma + 1), &reading);
  return {is_number ? line.substr(0, comma) : "unread", is_number ? reading : 1};
}

// Two outputs of one stream: rows that are no pairs, and sums.
void Readings(StreamingContext& context, const JobArguments& arguments) {
  const auto lines = TextInput(context, arguments, "input").Filter([](const std::string& line) {
    return !line.empty();
  });
  lines.Map([](const std::string& line) { return static_cast<int64_t>(line.size()); })
      .SaveAsTextFiles(arguments.Get("output") + "/sizes");
  lines.Map(ReadingOf)
      .ReduceByKey(std::plus<int64_t>())
      .SaveAsTextFiles(arguments.Get("output") + "/totals", "txt");
}

int PortOf(const JobArguments& arguments, const char* parameter) {
  int port = 0;
  WT_CHECK(absl::SimpleAtoi(arguments.Get(parameter), &port), "a bound port is a number");
  return port;
}

// Two streams, each from a server of its own: sums, and rows that are no pairs.
void ReadingsAndAlarms(StreamingContext& context, const JobArguments& arguments) {
  const std::string& host = arguments.Get("host");
  context.SocketTextStream(host, PortOf(arguments, "readings"))
      .Map(ReadingOf)
      .ReduceByKey(std::plus<int64_t>())
      .SaveAsTextFiles(arguments.Get("output") + "/totals", "txt");
  context.SocketTextStream(host, PortOf(arguments, "alarms"))
      .Map([](const std::string& line) { return absl::StrCat(line.size(), " bytes: ", line); })
      .SaveAsTextFiles(arguments.Get("output") + "/alarms");
}

// Rows that say which attempts made them: of lines as they come, and of lines by their first field,
// where each group also says which attempt put it together.
void Stamped(StreamingContext& context, const JobArguments& arguments) {
  const auto lines = TextInput(context, arguments, "input");
  const auto stamped = runtime::MapWithAttempt(
      context, lines, [](const std::string& line, const std::string& attempt) {
        return std::pair<std::string, std::string>(line.substr(0, line.find(',')), attempt);
      });
  stamped.SaveAsTextFiles(arguments.Get("output") + "/lines");
  const auto grouped =
      stamped.ReduceByKey([](const std::string& a, const std::string& b) { return a + " " + b; });
  runtime::MapWithAttempt(context, grouped,
                          [](std::pair<std::string, std::string> row, const std::string& attempt) {
                            row.second += " " + attempt;
                            return row;
                          })
      .SaveAsTextFiles(arguments.Get("output") + "/groups");
}

// Lines as they are kept, and those of the last three batches.
void LinesAtALevel(StreamingContext& context, const JobArguments& arguments) {
  const auto level = runtime::ParseStorageLevel(arguments.Get("level"));
  if (!level.ok()) context.graph().AddError(level.status());
  const auto lines =
      TextInput(context, arguments, "input").Map([](const std::string& line) { return line; });
  lines.Persist(level.value_or(runtime::StorageLevel::kMemoryOnly));
  lines.SaveAsTextFiles(arguments.Get("output") + "/lines");
  lines.Window(3 * context.batch_interval()).SaveAsTextFiles(arguments.Get("output") + "/lately");
}

// Of a line "(<field>,<token> <token> ...)".
std::vector<std::string> TokensOf(const std::string& line) {
  absl::string_view tokens = line;
  tokens.remove_prefix(tokens.rfind(',') + 1);
  absl::ConsumeSuffix(&tokens, ")");
  return absl::StrSplit(tokens, ' ');
}

}  // namespace

void AddReplayedJobs(ScenarioJobs& jobs) {
  {
    Job job;
    job.name = "spend_by_customer";
    job.meaning =
        "structured: orders, spending and largest order of each customer; lines are "
        "\"<customer>,<amount>\"";
    job.parameters = WithSourceParameters({InputParameter(),
                                           OutputParameter(),
                                           {"mode", "output mode: update or complete", "update"}});
    job.structured = SpendByCustomer;
    jobs.Add(std::move(job));
  }
  {
    Job job;
    job.name = "spend_by_window";
    job.meaning =
        "structured: the same in each window of event time; lines are "
        "\"<time>,<customer>,<amount>\"; those without a time are dropped and counted";
    job.parameters = WithSourceParameters(
        {InputParameter(),
         OutputParameter(),
         {"window", "size of a window", "10s", ParameterKind::kDuration},
         {"delay", "how late an event may be", "10s", ParameterKind::kDuration}});
    job.structured = SpendByWindow;
    jobs.Add(std::move(job));
  }
  {
    Job job;
    job.name = "orders_and_visits";
    job.meaning =
        "structured: two queries, `spent` over orders as spend_by_customer, and `seen`, how often "
        "each page was visited; lines of visits begin with \"<page>,\"";
    job.parameters = WithSourceParameters(
        {{"orders", "directory of orders", std::nullopt, ParameterKind::kPath},
         {"visits", "directory of visits", std::nullopt, ParameterKind::kPath},
         {"spent", "directory of the query `spent`", std::nullopt, ParameterKind::kPath},
         {"seen", "directory of the query `seen`", std::nullopt, ParameterKind::kPath}});
    job.structured = OrdersAndVisits;
    jobs.Add(std::move(job));
  }
  {
    Job job;
    job.name = "readings_dstream";
    job.meaning =
        "DStream: the size of each line, and the sum of each sensor's readings; lines are "
        "\"<sensor>,<reading>\"";
    job.parameters = WithFileParameters({InputParameter(), OutputParameter()});
    job.deterministic = true;
    job.dstream = Readings;
    jobs.Add(std::move(job));
  }
  {
    Job job;
    job.name = "readings_and_alarms_dstream";
    job.meaning =
        "DStream: the sum of each sensor's readings, lines \"<sensor>,<reading>\" from one socket, "
        "and each alarm, a line from another, with its size (lossy)";
    job.parameters = {{"host", "where to connect", "localhost"},
                      {"readings", "port of the readings", "9998", ParameterKind::kPort},
                      {"alarms", "port of the alarms", "9999", ParameterKind::kPort},
                      OutputParameter()};
    job.deterministic = true;
    job.dstream = ReadingsAndAlarms;
    jobs.Add(std::move(job));
  }
  {
    Job job;
    job.name = "lines_at_a_level";
    job.meaning =
        "DStream: each line, and each with those of the last three batches, which are kept";
    runtime::JobParameter level{"level", "where workers keep them: a storage level", "MEMORY_ONLY"};
    level.tried = {"MEMORY_ONLY",   "MEMORY_AND_DISK",   "DISK_ONLY",
                   "MEMORY_ONLY_2", "MEMORY_AND_DISK_2", "DISK_ONLY_2"};
    job.parameters = WithFileParameters({InputParameter(), OutputParameter(), std::move(level)});
    job.dstream = LinesAtALevel;
    job.deterministic = true;
    jobs.Add(std::move(job));
  }
  {
    Job job;
    job.name = "stamped_lines_dstream";
    job.meaning =
        "DStream: each line's first field, and each such field once a batch, with the attempts of "
        "the tasks that they are of: not deterministic";
    job.parameters = WithFileParameters({InputParameter(), OutputParameter()});
    job.dstream = Stamped;
    jobs.Add(std::move(job), std::nullopt, TokensOf);
  }
}

}  // namespace wavetank::scenarios
