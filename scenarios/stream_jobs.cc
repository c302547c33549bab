#include "scenarios/stream_jobs.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"

#include "platform/check.h"
#include "runtime/dstream/streaming_context.h"
#include "scenarios/job_input.h"

namespace wavetank::scenarios {
namespace {

using runtime::DStream;
using runtime::Job;
using runtime::JobArguments;
using runtime::ParameterKind;
using runtime::StreamingContext;
using Amount = std::pair<std::string, int64_t>;

// Of lines "<customer>,<amount>"; any other line is a customer's who owes 1.
DStream<Amount> Amounts(const DStream<std::string>& lines) {
  return lines.Map([](const std::string& line) {
    const size_t comma = line.find(',');
    int64_t amount = 1;
    const bool has_amount =
        comma != std::string::npos && absl::SimpleAtoi(line.substr(comma + 1), &amount);
    return Amount(has_amount ? line.substr(0, comma) : line, amount);
  });
}

// What each customer has ordered and paid, how many lines there were of both, and what was paid
// lately.
void OrdersAndPayments(StreamingContext& context, const JobArguments& arguments) {
  const DStream<Amount> orders = Amounts(TextInput(context, arguments, "orders"));
  const DStream<Amount> payments = Amounts(TextInput(context, arguments, "payments"));
  orders.ReduceByKey(std::plus<>(), 3)
      .FullOuterJoin(payments.ReduceByKey(std::plus<>()))
      .SaveAsTextFiles(arguments.Get("output") + "/balance");
  orders.Union(payments).Count().SaveAsTextFiles(arguments.Get("output") + "/lines");
  const absl::Duration batch = context.batch_interval();
  payments.ReduceByKeyAndWindow(std::plus<>(), 3 * batch, 2 * batch)
      .SaveAsTextFiles(arguments.Get("output") + "/lately");
}

// How often each line came in the last batches.
void RecentLines(StreamingContext& context, const JobArguments& arguments) {
  int port = 0;
  WT_CHECK(absl::SimpleAtoi(arguments.Get("port"), &port), "a bound port is a number");
  const absl::Duration batch = context.batch_interval();
  context.SocketTextStream(arguments.Get("host"), port)
      .CountByValueAndWindow(3 * batch, batch)
      .SaveAsTextFiles(arguments.Get("output") + "/recent");
}

}  // namespace

void AddStreamJobs(ScenarioJobs& jobs) {
  {
    Job job;
    job.name = "recent_socket_lines";
    job.meaning =
        "dstream: of each batch how often each line of a TCP server came in it and the two before";
    job.parameters = {{"host", "of the server", "localhost"},
                      {"port", "of the server", "9999", ParameterKind::kPort},
                      OutputParameter()};
    job.dstream = RecentLines;
    job.deterministic = true;
    jobs.Add(std::move(job));
  }
  Job job;
  job.name = "orders_and_payments";
  job.meaning =
      "dstream: of each batch what each customer has ordered and paid, how many lines there were, "
      "and every other batch what was paid in the last three; lines are \"<customer>,<amount>\"";
  job.parameters =
      WithFileParameters({{"orders", "directory of orders", std::nullopt, ParameterKind::kPath},
                          {"payments", "directory of payments", std::nullopt, ParameterKind::kPath},
                          OutputParameter()});
  job.dstream = OrdersAndPayments;
  job.deterministic = true;
  jobs.Add(std::move(job));
}

}  // namespace wavetank::scenarios
