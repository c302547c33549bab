#include "scenarios/log_jobs.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "runtime/structured/data_frame.h"

namespace wavetank::scenarios {
namespace {

using runtime::Col;
using runtime::Job;
using runtime::JobArguments;

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
}

}  // namespace wavetank::scenarios
