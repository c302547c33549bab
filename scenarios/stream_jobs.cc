#include "scenarios/stream_jobs.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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
using runtime::State;
using runtime::StateSpec;
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

// What each customer has ordered since the stream began, in the last batches, and in one visit: a
// customer who orders nothing for two batches has left.
void CustomerTotals(StreamingContext& context, const JobArguments& arguments) {
  const std::string output = arguments.Get("output");
  const absl::Duration batch = context.batch_interval();
  const DStream<Amount> orders = Amounts(TextInput(context, arguments, "input"));
  const auto sum = [](const std::vector<int64_t>& amounts, std::optional<int64_t> total) {
    for (const int64_t amount : amounts) total = total.value_or(0) + amount;
    return total;
  };
  orders.UpdateStateByKey<int64_t>(sum).Checkpoint(batch).SaveAsTextFiles(output + "/totals");
  const auto some = [](const Amount& row) { return row.second != 0; };
  orders.ReduceByKeyAndWindow(std::plus<>(), std::minus<>(), 3 * batch, batch, some)
      .Checkpoint(3 * batch)
      .SaveAsTextFiles(output + "/lately");
  const auto visit = [](const std::string& customer, std::optional<int64_t> amount,
                        State<int64_t>& spent) {
    if (spent.IsTimingOut()) return Amount(customer + " left", spent.Get());
    spent.Update(spent.GetOption().value_or(0) + amount.value_or(0));
    return Amount(customer, spent.Get());
  };
  const auto visits = orders.MapWithState(
      StateSpec<std::string, int64_t>::Function(visit).NumPartitions(3).Timeout(2 * batch));
  visits.Checkpoint(2 * batch);
  visits.Union(visits.StateSnapshots()).SaveAsTextFiles(output + "/visits");
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

// How often each word came in all, of a server that keeps its lines.
void ReliableWords(StreamingContext& context, const JobArguments& arguments) {
  int port = 0;
  WT_CHECK(absl::SimpleAtoi(arguments.Get("port"), &port), "a bound port is a number");
  context.ReliableTextStream(arguments.Get("host"), port)
      .FlatMap([](std::string_view line) { return runtime::Split(line, ' '); })
      .Map([](std::string word) { return std::pair(std::move(word), int64_t{1}); })
      .UpdateStateByKey<int64_t>([](const std::vector<int64_t>& ones, std::optional<int64_t> sum) {
        return std::optional(sum.value_or(0) + std::ssize(ones));
      })
      .SaveAsTextFiles(arguments.Get("output") + "/counts");
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
  {
    Job job;
    job.name = "customer_totals";
    job.meaning =
        "dstream: of each batch what each customer has ordered in all, in the last three batches, "
        "and in this visit; lines are \"<customer>,<amount>\"";
    job.parameters = WithFileParameters(
        {{"input", "directory of orders", std::nullopt, ParameterKind::kPath}, OutputParameter()});
    job.dstream = CustomerTotals;
    job.deterministic = true;
    jobs.Add(std::move(job));
  }
  {
    Job job;
    job.name = "reliable_word_count";
    job.meaning =
        "dstream: how often each word has come since the stream began, of a server that keeps its "
        "lines until they are input (wavetank lines serve): each line counts once";
    job.parameters = {{"host", "of the server", "localhost"},
                      {"port", "of the server", "9998", ParameterKind::kPort},
                      OutputParameter()};
    job.dstream = ReliableWords;
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
