#include "scenarios/log_jobs.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "properties/naive_query.h"
#include "runtime/dstream/streaming_context.h"
#include "runtime/structured/data_frame.h"
#include "scenarios/job_input.h"

namespace wavetank::scenarios {
namespace {

using runtime::Col;
using runtime::Job;
using runtime::JobArguments;
using runtime::StreamingContext;

// What is not skipped, as it is, with its key.
void CopyLog(runtime::Session& session, const JobArguments& arguments) {
  auto reader = session.ReadStream().Format("log");
  reader.Option("address", arguments.Get("log")).Option("topic", arguments.Get("from"));
  for (const auto& [option, parameter] :
       {std::pair<const char*, const char*>{"startingOffsets", "starting"},
        {"maxOffsetsPerTrigger", "max-offsets"},
        {"isolation", "isolation"},
        {"failOnDataLoss", "fail-on-data-loss"}}) {
    if (!arguments.Get(parameter).empty()) reader.Option(option, arguments.Get(parameter));
  }
  reader.Load()
      .Where(Col("value") != "skip")
      .Select({Col("key"), Col("value")})
      .WriteStream()
      .OutputMode("append")
      .Format("log")
      .Option("address", arguments.Get("log"))
      .Option("topic", arguments.Get("to"))
      .Option("delivery", arguments.Get("delivery"))
      .Option("transactionTimeout", arguments.Get("transaction-timeout"))
      .Start();
}

// What of a topic a stream reads.
runtime::LogStreamOptions StreamOf(StreamingContext& context, const JobArguments& arguments) {
  using runtime::LogStart;
  const std::string& starting = arguments.Get("starting");
  runtime::LogStreamOptions options{.address = arguments.Get("log"),
                                    .topic = arguments.Get("topic")};
  const auto wrong = [&](const char* parameter, const char* takes) {
    context.graph().AddError(absl::InvalidArgumentError(
        absl::StrCat(parameter, " is '", arguments.Get(parameter), "': give ", takes)));
  };
  const auto offsets = runtime::ParseLogOffsets(starting);
  if (starting == "earliest" || starting == "latest") {
    options.start = starting == "latest" ? LogStart::kLatest : LogStart::kEarliest;
  } else if (offsets.ok()) {
    options.start = LogStart::kGiven;
    options.offsets = *offsets;
  } else {
    wrong("starting", "earliest, latest or an offset of each partition (0:12,1:7)");
  }
  if (!absl::SimpleAtoi(arguments.Get("max-rate"), &options.max_rate_per_partition)) {
    wrong("max-rate", "a whole number");
  }
  options.read_committed = arguments.Get("isolation") != "read_uncommitted";
  if (options.read_committed && arguments.Get("isolation") != "read_committed") {
    wrong("isolation", "read_committed or read_uncommitted");
  }
  const std::string& fails = arguments.Get("fail-on-data-loss");
  if (fails == "false") {
    options.lost = runtime::LostRecords::kSkip;
  } else if (fails != "true") {
    wrong("fail-on-data-loss", "true or false");
  }
  return options;
}

void CountWordsOfLog(StreamingContext& context, const JobArguments& arguments) {
  context.LogTextStream(StreamOf(context, arguments))
      .FlatMap([](const std::string& line) {
        return std::vector<std::string>(absl::StrSplit(line, ' '));
      })
      .Map([](const std::string& word) { return std::pair<std::string, int64_t>(word, 1); })
      .ReduceByKey(std::plus<int64_t>())
      .SaveAsTextFiles(arguments.Get("output") + "/counts");
}

// Each record as it is; how many have come of each partition, in all and in the last batches.
void LogRecords(StreamingContext& context, const JobArguments& arguments) {
  const std::string output = arguments.Get("output");
  const absl::Duration batch = context.batch_interval();
  const runtime::DStream<runtime::LogRecord> records =
      context.LogStream(StreamOf(context, arguments));
  records.SaveAsTextFiles(output + "/records");
  const auto of_partition = records.Map([](const runtime::LogRecord& record) {
    return std::pair<int64_t, int64_t>(record.partition, 1);
  });
  const auto sum = [](const std::vector<int64_t>& ones, std::optional<int64_t> total) {
    return std::optional(total.value_or(0) + static_cast<int64_t>(ones.size()));
  };
  of_partition.UpdateStateByKey<int64_t>(sum).SaveAsTextFiles(output + "/totals");
  of_partition.ReduceByKeyAndWindow(std::plus<>(), 3 * batch, batch)
      .SaveAsTextFiles(output + "/lately");
}

std::vector<runtime::JobParameter> StreamParameters() {
  return {{"log", "HOST:PORT of the log", "outside:9092"},
          {"topic", "the topic that is read", "visits"},
          {"isolation", "read_committed or read_uncommitted", "read_committed"},
          {"starting", "earliest, latest or an offset of each partition", "earliest"},
          {"max-rate", "records a second of each partition, at most; 0: no limit", "0"},
          {"fail-on-data-loss", "true or false", "true"},
          OutputParameter()};
}

std::vector<properties::NaiveRow> CountOfOneBatch(const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  return properties::NaiveWordCount(properties::NaiveMode::kComplete)->Run({lines, 0, 0}).rows;
}

}  // namespace

void AddLogJobs(ScenarioJobs& jobs) {
  Job job;
  job.name = "log_copy";
  job.meaning =
      "structured: each record of a topic of a partitioned log that is not \"skip\", into another "
      "topic, exactly once";
  job.parameters = {
      {"log", "HOST:PORT of the log", "outside:9092"},
      {"from", "the topic that is read", "from"},
      {"to", "the topic that is written", "to"},
      {"delivery", "transactional, idempotent or plain", "transactional"},
      {"isolation", "read_committed or read_uncommitted", "read_committed"},
      {"starting", "earliest, latest or an offset of each partition", "earliest"},
      {"max-offsets", "of a batch, at most; nothing: as many as there are", ""},
      {"fail-on-data-loss", "true or false", "true"},
      {"transaction-timeout", "after how long the log gives up a transaction", "60s"}};
  job.structured = CopyLog;
  jobs.Add(std::move(job), LogOracle{.rows = [](const LogOracle::Row& record) {
             return record.second == "skip" || record.second == "\\N"
                        ? std::vector<LogOracle::Row>()
                        : std::vector<LogOracle::Row>{record};
           }});
  {
    Job words;
    words.name = "log_word_count";
    words.meaning =
        "DStream: how often each word came in each batch, from a topic of a partitioned log, at "
        "least once";
    words.parameters = StreamParameters();
    words.deterministic = true;
    words.dstream = CountWordsOfLog;
    jobs.Add(std::move(words), DStreamOracle{.answer = CountOfOneBatch});
  }
  Job records;
  records.name = "log_records_dstream";
  records.meaning =
      "DStream: the records of a topic of a partitioned log in each batch, and how many have come "
      "of each partition, in all and in the last three batches";
  records.parameters = StreamParameters();
  records.deterministic = true;
  records.dstream = LogRecords;
  jobs.Add(std::move(records));
}

}  // namespace wavetank::scenarios
