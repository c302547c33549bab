#include "runtime/connectors/log/log_options.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "platform/status_macros.h"

namespace wavetank::runtime {
namespace {

const ConnectorOption& Find(const std::vector<ConnectorOption>& table, const char* name) {
  for (const ConnectorOption& option : table) {
    if (option.name == name) return option;
  }
  return table.front();
}

constexpr char kReadCommitted[] = "read_committed";
constexpr char kReadUncommitted[] = "read_uncommitted";

ConnectorOption AddressOption() {
  return {.name = "address",
          .takes = "HOST:PORT",
          .default_value = "",
          .meaning = "where the log is served",
          .required = true,
          .of_place = true};
}

// What was given, or the default.
std::string TextOf(const OptionMap& values, const ConnectorOption& option) {
  const std::string given = OptionValue(values, option.name);
  return given.empty() ? option.default_value : given;
}

absl::StatusOr<std::string> AddressOf(const OptionMap& values, const ConnectorOption& option) {
  std::string address = TextOf(values, option);
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon != std::string::npos && colon > 0 &&
      absl::SimpleAtoi(address.substr(colon + 1), &port) && port > 0 && port < 65'536) {
    return address;
  }
  return WrongOption(option, address);
}

}  // namespace

const std::vector<ConnectorOption>& LogSourceOptionTable() {
  static const auto* const options = new std::vector<ConnectorOption>{
      AddressOption(),
      {.name = "topic",
       .takes = "the name of a topic",
       .default_value = "",
       .meaning = "what is read; with all of its partitions",
       .required = true,
       .of_place = true,
       .of_begin = true},
      {.name = "startingOffsets",
       .takes = "earliest, latest, or an offset of each partition (0:12,1:7)",
       .default_value = "earliest",
       .meaning =
           "where a query begins, fixed by its first start; a partition that is not named, at its "
           "first record",
       .of_begin = true},
      {.name = "maxOffsetsPerTrigger",
       .takes = "a whole number from 1 on",
       .default_value = "",
       .meaning = "how many offsets a batch has at most, of all partitions together",
       .no_limit = "9223372036854775807"},
      {.name = "maxBytesPerTrigger",
       .takes = "a whole number of bytes above 0",
       .default_value = "",
       .meaning = "how many bytes of records a batch has at most, of all partitions together, but "
                  "always one record; as the query says (268435456), if not given",
       .no_limit = "9223372036854775807"},
      {.name = "isolation",
       .takes = "read_committed or read_uncommitted",
       .default_value = "read_committed",
       .meaning = "whether records of open and of aborted transactions are left out"},
      {.name = "failOnDataLoss",
       .takes = "true or false",
       .default_value = "true",
       .meaning = "whether the query stops where records are gone that it has not read"}};
  return *options;
}

absl::StatusOr<LogSourceOptions> LogSourceOptionsOf(const OptionMap& values) {
  const std::vector<ConnectorOption>& table = LogSourceOptionTable();
  LogSourceOptions options;
  WT_ASSIGN_OR_RETURN(options.address, AddressOf(values, Find(table, "address")));
  options.topic = OptionValue(values, "topic");
  const ConnectorOption& starting = Find(table, "startingOffsets");
  const std::string start = TextOf(values, starting);
  if (start == "latest") {
    options.start = LogSourceOptions::Start::kLatest;
  } else if (start != "earliest") {
    options.start = LogSourceOptions::Start::kGiven;
    absl::StatusOr<LogOffsets> given = ParseLogOffsets(start);
    if (!given.ok()) return WrongOption(starting, start, {"earliest", "latest"});
    options.given = *std::move(given);
  }
  WT_ASSIGN_OR_RETURN(options.max_offsets,
                      NumberOption(values, Find(table, "maxOffsetsPerTrigger"), 1));
  if (values.contains("maxBytesPerTrigger")) {
    WT_ASSIGN_OR_RETURN(options.max_bytes,
                        NumberOption(values, Find(table, "maxBytesPerTrigger"), 1));
  }
  const ConnectorOption& isolation = Find(table, "isolation");
  const std::string isolated = TextOf(values, isolation);
  options.read_committed = isolated == kReadCommitted;
  if (!options.read_committed && isolated != kReadUncommitted) {
    return WrongOption(isolation, isolated, {kReadCommitted, kReadUncommitted});
  }
  const ConnectorOption& fails = Find(table, "failOnDataLoss");
  const std::string fail = TextOf(values, fails);
  options.fail_on_data_loss = fail == "true";
  if (!options.fail_on_data_loss && fail != "false") {
    return WrongOption(fails, fail, {"true", "false"});
  }
  return options;
}

const std::vector<ConnectorOption>& LogSinkOptionTable() {
  static const auto* const options = new std::vector<ConnectorOption>{
      AddressOption(),
      {.name = "topic",
       .takes = "the name of a topic",
       .default_value = "",
       .meaning = "where rows go; without it their column topic says it",
       .of_place = true},
      {.name = "delivery",
       .takes = "transactional, idempotent or plain",
       .default_value = "transactional",
       .meaning = "exactly once; or at least once, with or without copies by what is sent again"},
      {.name = "transactionTimeout",
       .takes = "a duration from 1s on",
       .default_value = "60s",
       .meaning = "after how long the log gives up a transaction, which is then begun again"}};
  return *options;
}

absl::StatusOr<LogSinkOptions> LogSinkOptionsOf(const OptionMap& values) {
  const std::vector<ConnectorOption>& table = LogSinkOptionTable();
  LogSinkOptions options;
  WT_ASSIGN_OR_RETURN(options.address, AddressOf(values, Find(table, "address")));
  options.topic = OptionValue(values, "topic");
  const ConnectorOption& deliveries = Find(table, "delivery");
  const std::string delivery = TextOf(values, deliveries);
  if (delivery == "idempotent") {
    options.delivery = LogSinkOptions::Delivery::kIdempotent;
  } else if (delivery == "plain") {
    options.delivery = LogSinkOptions::Delivery::kPlain;
  } else if (delivery != "transactional") {
    return WrongOption(deliveries, delivery, {"transactional", "idempotent", "plain"});
  }
  const ConnectorOption& timeouts = Find(table, "transactionTimeout");
  const std::string timeout = TextOf(values, timeouts);
  if (!absl::ParseDuration(timeout, &options.transaction_timeout) ||
      options.transaction_timeout < absl::Seconds(1)) {
    return WrongOption(timeouts, timeout);
  }
  return options;
}

}  // namespace wavetank::runtime
