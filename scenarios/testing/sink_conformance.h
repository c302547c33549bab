// SinkConformance: says what a sink is, by taking it through every place at which its driver, its
// writers and what it writes to can be struck.
//
//   const testing::Conformance found = testing::SinkConformance(
//       {.format = LedgerSink(), .read = ReadLedger});
//   EXPECT_TRUE(found.ok()) << found.ToText();
//   EXPECT_TRUE(found.Is("exactly once")) << found.ToText();
//
// The sink is driven as the engine drives it (sink_driver.h): three batches, by writers on a worker
// and a committer on a driver; then again, once for each place of the first two and each way to
// strike it, in a simulated world of its own:
//
//   a driver dies, or its worker        the next driver recovers, at once or a day later, when
//                                       whatever could expire has expired
//   a driver stands still, or what it   the next driver fences the sink; then the older one goes
//   has sent does                       on: at once, a batch later, when all is done
//   the connection breaks               the request or its reply is lost, or comes twice, late
//   what it writes to loses power       and what was not synced there
//
// Readers look whenever something was struck, and after all is done; and after that all that
// serves loses power, and they look again.
//
//   idempotent      Commit again, by the same driver or the next one, changes nothing
//   fenced          nothing that an older driver does has an effect after a newer one's Fence
//   atomic          nobody sees a part of a batch
//   remembers       it says what it has; one that does not is told by the query's log
//   exactly once    each row that counts is seen once, at least once: never less, may lose rows
//
// A failure is what no sink may do: rows lost that it has acknowledged, rows of an attempt that
// does not count, a batch before the log names it, a recovery that never ends.
#ifndef WAVETANK_SCENARIOS_TESTING_SINK_CONFORMANCE_H_
#define WAVETANK_SCENARIOS_TESTING_SINK_CONFORMANCE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "checkpoint/store.h"
#include "platform/node.h"
#include "platform/task.h"
#include "runtime/columnar/text_lines.h"
#include "runtime/connectors/sink_format.h"
#include "runtime/plan/output_mode.h"
#include "scenarios/testing/conformance.h"
#include "scenarios/testing/conformance_world.h"

namespace wavetank::testing {

// What an outsider sees at this instant: of each row the text of its first string column.
// kUnavailable: nothing can be seen now.
using SinkReader = std::function<platform::Task<absl::StatusOr<std::vector<std::string>>>(
    platform::Node& node, checkpoint::Store& store)>;

struct SinkUnderTest {
  runtime::SinkFormat format;
  // As a query would give them; "path" with a format that has one.
  runtime::OptionMap options = {};
  SinkReader read;
  // Makes what stands outside anew, in each world: servers, files.
  std::function<void(ConformanceWorld&)> set_up = nullptr;
  // Append, or complete or update: then a batch takes the place of the one before; in update mode
  // row by row, by the columns of type int64, of which the schema has one then.
  runtime::QueryOutputMode mode = runtime::QueryOutputMode::kAppend;
  // With a string column: its texts tell rows apart. Int64 columns have the row's number in its
  // batch, others are null.
  runtime::SchemaPtr schema = runtime::TextSchema();
  CallsStruck calls_struck = {};
};

Conformance SinkConformance(const SinkUnderTest& sink);

}  // namespace wavetank::testing

#endif  // WAVETANK_SCENARIOS_TESTING_SINK_CONFORMANCE_H_
