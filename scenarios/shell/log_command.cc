#include "scenarios/shell/log_command.h"

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"

#include "platform/event.h"
#include "platform/node.h"
#include "platform/real/last_words.h"
#include "platform/real/loopback.h"
#include "platform/real/real_process.h"
#include "platform/real/secret_file.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "platform/text.h"
#include "runtime/connectors/log/log_client.h"
#include "scenarios/fakes/log_server.h"

namespace wavetank::scenarios::shell {
namespace {

namespace logs = runtime::logs;
using platform::Task;
using runtime::LogClient;

constexpr int kFailed = 1;
constexpr int kRefused = 2;
// What a server holds locked while it serves.
constexpr char kServing[] = "serving";
// What is worth a request; a longer line is one by itself.
constexpr size_t kLinesAtOnce = 1'000;
constexpr size_t kBytesAtOnce = size_t{1} << 20;

int Refuse(const absl::Status& why) {
  std::fprintf(stderr, "wavetank log: %s\n", std::string(platform::ToStd(why.message())).c_str());
  return kRefused;
}

// Without one nothing may leave this machine.
absl::StatusOr<std::string> Secret(const LogCommand& command) {
  if (!command.secret_file.empty()) return platform::ReadSecretFile(command.secret_file);
  WT_ASSIGN_OR_RETURN(const bool stays, platform::StaysOnThisMachine(command.address));
  if (stays) return std::string();
  return absl::InvalidArgumentError(
      absl::StrCat(command.address, " reaches beyond this machine: give --secret-file=FILE"));
}

Task<void> ExitAt(platform::Node& node, std::shared_ptr<platform::Event> stop) {
  co_await stop->Wait();
  node.Exit(0);
}

// A second server would take the journal over from the first, and who uses that would be in two
// minds.
Task<void> ServeAlone(platform::Node& node, platform::NodeMain serve, std::string root,
                      std::shared_ptr<platform::Event> stop) {
  platform::TaskScope scope(node.executor());
  scope.Spawn("the signal to stop", ExitAt(node, std::move(stop)));
  const absl::StatusOr<std::unique_ptr<platform::FileLock>> alone =
      co_await node.disk().Lock(kServing);
  if (!alone.ok()) {
    const bool held = absl::IsFailedPrecondition(alone.status());
    node.Log(platform::LogLevel::kError,
             absl::StrCat(
                 "--root=", root, ": ",
                 held ? "another process serves the log that is there" : alone.status().message()));
    co_return node.Exit(kRefused);
  }
  co_await serve(node);
}

// Whether a server has kept its log there, or was about to.
bool IsOfALog(const std::string& root) {
  const std::filesystem::path directory = root;
  return std::filesystem::exists(directory / kServing) ||
         std::filesystem::exists(directory / fakes::LogServerOptions().directory /
                                 fakes::kJournalDirectory);
}

int Serve(const LogCommand& command, std::string secret) {
  platform::InstallLastWords("wavetank log serve");
  std::error_code error;
  std::filesystem::create_directories(command.root, error);
  if (error) {
    return Refuse(
        absl::InvalidArgumentError(absl::StrCat("--root=", command.root, ": ", error.message())));
  }
  if (!std::filesystem::is_empty(command.root, error) && !IsOfALog(command.root)) {
    return Refuse(absl::InvalidArgumentError(absl::StrCat(
        "--root=", command.root,
        ": it holds other things than a log, as a checkpoint: give a directory of its own")));
  }
  platform::RealProcessOptions options;
  options.secret = std::move(secret);
  options.disk_root = command.root;
  constexpr char kNode[] = "log-server";
  const auto stop = std::make_shared<platform::Event>();
  options.stop_signals = platform::StopSignals::kCatch;
  options.stop_events[kNode] = stop;
  const platform::NodeMain serve =
      fakes::LogServerMain(command.address, std::make_shared<fakes::LogFeed>(),
                           {.partitions = command.partitions,
                            .epoch_per_transaction = command.epoch_per_transaction,
                            .begins_anew = false});
  platform::ProcessSpec spec{kNode,
                             {{kNode, [serve, root = command.root, stop](platform::Node& node) {
                                 return ServeAlone(node, serve, root, stop);
                               }}}};
  auto process = platform::RealProcess::Create(std::move(spec), options);
  if (!process.ok()) return Refuse(process.status());
  return (*process)->Run();
}

Task<absl::Status> AppendLines(LogClient& client, logs::AppendRequest request, int partition,
                               int& sequence) {
  request.set_partition(partition);
  request.set_first_sequence(sequence);
  sequence += request.records_size();
  co_return (co_await client.Append(std::move(request))).status();
}

absl::Status CheckPartition(const LogCommand& command, const logs::OffsetsReply& offsets) {
  if (command.partition.value_or(0) < offsets.partitions_size()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--partition=", *command.partition, ": topic ",
                                                 command.topic, " has partitions 0 to ",
                                                 offsets.partitions_size() - 1));
}

// What stands on standard input, a record a line, in runs to one partition after the other.
Task<absl::Status> Produce(platform::Node& node, LogCommand command) {
  LogClient client(node, command.address);
  WT_CO_ASSIGN_OR_RETURN(const logs::OffsetsReply offsets,
                         co_await client.MakeTopic(command.topic));
  WT_CO_ASSIGN_OR_RETURN(const logs::InitReply producer,
                         co_await client.Init("", absl::Minutes(1)));
  std::vector<int> sequences(static_cast<size_t>(offsets.partitions_size()));
  WT_CO_RETURN_IF_ERROR(CheckPartition(command, offsets));
  logs::AppendRequest empty;
  empty.set_topic(command.topic);
  empty.set_producer_id(producer.producer_id());
  empty.set_epoch(producer.epoch());
  logs::AppendRequest request = empty;
  size_t bytes = 0;
  std::string line;
  int64_t acknowledged = 0;
  for (size_t run = 0; std::cin;) {
    if (std::getline(std::cin, line)) {
      logs::LogRecord& record = *request.add_records();
      if (command.key) record.set_key(*command.key);
      record.set_value(line);
      bytes += line.size();
      record.set_timestamp_ms(absl::ToUnixMillis(node.clock().WallNow()));
    }
    const bool full =
        static_cast<size_t>(request.records_size()) >= kLinesAtOnce || bytes >= kBytesAtOnce;
    if (request.records().empty() || (std::cin && !full)) continue;
    bytes = 0;
    const size_t partition =
        command.partition ? static_cast<size_t>(*command.partition) : run++ % sequences.size();
    const int64_t lines = request.records_size();
    const absl::Status appended = co_await AppendLines(
        client, std::exchange(request, empty), static_cast<int>(partition), sequences[partition]);
    if (!appended.ok()) {
      const bool may_be = absl::IsUnavailable(appended) || absl::IsDeadlineExceeded(appended);
      co_return absl::Status(
          appended.code(),
          absl::StrCat(
              appended.message(), "; the first ", acknowledged, " lines are in topic ",
              command.topic,
              may_be ? absl::StrCat(", the ", lines, " behind them may be, and none after those")
                     : ", and none behind them"));
    }
    acknowledged += lines;
  }
  co_return absl::OkStatus();
}

// A line a record: partition, offset, key, value, between tabs.
Task<absl::Status> Read(platform::Node& node, LogCommand command) {
  LogClient client(node, command.address);
  WT_CO_ASSIGN_OR_RETURN(const logs::OffsetsReply offsets, co_await client.Offsets(command.topic));
  if (offsets.partitions().empty()) {
    co_return absl::NotFoundError(
        absl::StrCat("the log at ", command.address, " has no topic ", command.topic));
  }
  WT_CO_RETURN_IF_ERROR(CheckPartition(command, offsets));
  for (int partition = 0; partition < offsets.partitions_size(); ++partition) {
    if (command.partition.value_or(partition) != partition) continue;
    const logs::PartitionOffsets& of = offsets.partitions(partition);
    logs::FetchRequest request;
    request.set_topic(command.topic);
    request.set_partition(partition);
    request.set_offset(of.start());
    request.set_read_uncommitted(command.uncommitted);
    request.set_max_bytes(int64_t{1} << 20);
    const int64_t end = command.uncommitted ? of.end() : of.last_stable();
    while (request.offset() < end) {
      WT_CO_ASSIGN_OR_RETURN(const logs::FetchReply fetched, co_await client.Fetch(request));
      for (const logs::FetchedRecord& each : fetched.records()) {
        const logs::LogRecord& record = each.record();
        // (Values may have bytes of any kind.)
        std::cout << partition << '\t' << each.offset() << '\t'
                  << (record.has_key() ? record.key() : "null") << '\t'
                  << (record.has_value() ? record.value() : "null") << '\n';
      }
      request.set_offset(fetched.next_offset());
    }
  }
  if (!std::cout.flush()) co_return absl::UnavailableError("standard output cannot be written");
  co_return absl::OkStatus();
}

Task<void> RunClient(platform::Node& node, LogCommand command, absl::Status& ended) {
  if (command.verb == LogCommand::Verb::kProduce) {
    ended = co_await Produce(node, command);
  } else {
    ended = co_await Read(node, command);
  }
}

}  // namespace

int Execute(const LogCommand& command) {
  absl::StatusOr<std::string> secret = Secret(command);
  if (!secret.ok()) return Refuse(secret.status());
  if (command.verb == LogCommand::Verb::kServe) return Serve(command, *std::move(secret));
  platform::RealProcessOptions options;
  options.secret = *std::move(secret);
  options.log_level = platform::LogLevel::kError;
  absl::Status ended;
  const absl::StatusOr<int> ran = platform::RunNode(
      [&](platform::Node& node) { return RunClient(node, command, ended); }, options);
  const absl::Status& status = ran.ok() ? ended : ran.status();
  if (status.ok()) return 0;
  std::fprintf(stderr, "wavetank log: %s\n",
               std::string(platform::ToStd(status.message())).c_str());
  return absl::IsInvalidArgument(status) ? kRefused : kFailed;
}

CLI::App& LogArguments::Verb(const char* name, const char* meaning) {
  CLI::App& verb = *app_.add_subcommand(name, meaning);
  verb.add_option("--address", command_.address, "Where it is served: HOST:PORT")->required();
  verb.add_option("--secret-file", command_.secret_file,
                  "What all who use it share; without it nothing leaves this machine");
  return verb;
}

LogArguments::LogArguments(CLI::App& app)
    : app_(*app.add_subcommand("log", "Serve a partitioned log, write to it, read from it")),
      serve_(Verb("serve", "Serve a log until a signal comes")),
      produce_(Verb("produce", "Append the lines of standard input, a record each")),
      read_(Verb("read", "Print the records of a topic")) {
  app_.require_subcommand(1);
  app_.footer(
      "A log with partitions, offsets and transactions, which stands in for Kafka: what it has\n"
      "acknowledged is on its disk. Sources and sinks of format log use it:\n\n"
      "  wavetank log serve --address=localhost:9092 --root=log\n"
      "  seq 100 | wavetank log produce --address=localhost:9092 numbers\n"
      "  wavetank start log_copy --log=localhost:9092 --from=numbers --to=copies --checkpoint=cp\n"
      "  wavetank log read --address=localhost:9092 copies\n\n"
      "Records stay in its memory. `read` prints partition, offset, key and value, between "
      "tabs.\n\n"
      "Exit status: 0; 1 it failed; 2 bad usage, or it was refused.");
  serve_.add_option("--root", command_.root, "The directory of this host where it keeps them")
      ->capture_default_str();
  serve_.add_option("--partitions", command_.partitions, "How many a new topic has")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  serve_.add_flag("--epoch-per-transaction", command_.epoch_per_transaction,
                  "An end that comes late ends no other transaction (KIP-890)");
  for (CLI::App* verb : {&produce_, &read_}) {
    verb->add_option("TOPIC", command_.topic, "The topic")->required();
    verb->add_option("--partition", command_.partition, "Of its partitions this one alone")
        ->check(CLI::Range(0, 1023));
  }
  produce_.add_option("--key", command_.key, "The key of each record");
  read_.add_flag("--uncommitted", command_.uncommitted,
                 "Records of open and aborted transactions, too");
}

bool LogArguments::wanted() const { return app_.parsed(); }

int LogArguments::Execute() {
  if (produce_.parsed()) command_.verb = LogCommand::Verb::kProduce;
  if (read_.parsed()) command_.verb = LogCommand::Verb::kRead;
  return shell::Execute(command_);
}

}  // namespace wavetank::scenarios::shell
