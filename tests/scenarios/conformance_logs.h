// The partitioned log, as the kit tests it: its source, and its sink by each of its deliveries.
#ifndef WAVETANK_TESTS_SCENARIOS_CONFORMANCE_LOGS_H_
#define WAVETANK_TESTS_SCENARIOS_CONFORMANCE_LOGS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/connectors/log/log_client.h"
#include "runtime/connectors/log/log_sink.h"
#include "runtime/connectors/log/log_source.h"
#include "scenarios/fakes/log_server.h"
#include "scenarios/testing/sink_conformance.h"
#include "scenarios/testing/source_conformance.h"

namespace wavetank::testing {

inline constexpr char kLogAddress[] = "log:9092";

inline SourceUnderTest LogSourceUnderTest() {
  using scenarios::fakes::LogFeed;
  const auto feed = std::make_shared<std::shared_ptr<LogFeed>>();
  return {.format = runtime::LogSource(),
          .description = {.format = "log",
                          .path = "",
                          .options = {{"address", kLogAddress}, {"topic", "from"}}},
          .add =
              [feed](ConformanceWorld& world, int64_t number) {
                scenarios::fakes::LogWrite write{.topic = "from", .partition = 0};
                std::vector<std::string> rows;
                for (int64_t i = 0; i < 2; ++i) {
                  const std::string value = absl::StrCat("record ", i, " of ", number);
                  write.values.push_back(value);
                  rows.push_back(absl::StrCat("null\t", value, "\tfrom\t0\t", 2 * number + i,
                                              "\t1970-01-01T00:00:00Z"));
                }
                (*feed)->Write(std::move(write));
                world.sim().RunFor(absl::Milliseconds(100));  // it is there then
                return rows;
              },
          .set_up =
              [feed](ConformanceWorld& world) {
                *feed = std::make_shared<LogFeed>();
                world.Serve("log", scenarios::fakes::LogServerMain(kLogAddress, *feed));
              }};
}

inline platform::Task<absl::StatusOr<std::vector<std::string>>> ReadLogOnce(
    runtime::LogClient& client) {
  WT_CO_ASSIGN_OR_RETURN(const runtime::logs::OffsetsReply offsets, co_await client.Offsets("to"));
  std::vector<std::string> rows;
  for (int32_t partition = 0; partition < offsets.partitions_size(); ++partition) {
    runtime::logs::FetchRequest request;
    request.set_topic("to");
    request.set_partition(partition);
    request.set_max_bytes(1 << 20);
    while (request.offset() < offsets.partitions(partition).last_stable()) {
      WT_CO_ASSIGN_OR_RETURN(const runtime::logs::FetchReply fetched,
                             co_await client.Fetch(request));
      for (const auto& each : fetched.records()) rows.push_back(each.record().value());
      request.set_offset(fetched.next_offset());
    }
  }
  co_return rows;
}

inline platform::Task<absl::StatusOr<std::vector<std::string>>> ReadLog(platform::Node& node,
                                                                        checkpoint::Store&) {
  runtime::LogClient client(node, kLogAddress);
  absl::StatusOr<std::vector<std::string>> rows = absl::UnavailableError("not asked");
  for (int i = 0; i < 100 && !rows.ok(); ++i) {
    rows = co_await ReadLogOnce(client);
    if (!rows.ok()) co_await node.clock().Sleep(absl::Milliseconds(50));
  }
  co_return rows;
}

inline SinkUnderTest LogSinkUnderTest(const std::string& delivery, int64_t one_call_of = 1) {
  return {.format = runtime::LogSink(),
          .options = {{"address", kLogAddress}, {"topic", "to"}, {"delivery", delivery}},
          .read = ReadLog,
          .set_up =
              [](ConformanceWorld& world) {
                world.Serve("log", scenarios::fakes::LogServerMain(
                                       kLogAddress, std::make_shared<scenarios::fakes::LogFeed>()));
              },
          .calls_struck = {one_call_of}};
}

}  // namespace wavetank::testing

#endif  // WAVETANK_TESTS_SCENARIOS_CONFORMANCE_LOGS_H_
