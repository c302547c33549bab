// Sources whose rows nobody sends: events 0, 1, 2, ..., each made of a seed and its number. Several
// tables may be read of one stream of events, each a source by itself: of a query that reads two of
// them each goes on at its own pace, and which row belongs to which does not depend on that.
//
// An offset says all that the rows before it and behind it are made of, "<second>:<event>" and the
// EventModel: the event's number, the second of the driver's clock up to which events are due, then
// seed, time of the first event, time between two and disorder, in microseconds. So a range gives
// the same rows wherever and whenever it is read, also when options are changed at a restart: such
// a change counts from the next batch on.
#ifndef WAVETANK_RUNTIME_CONNECTORS_GENERATED_EVENT_STREAM_H_
#define WAVETANK_RUNTIME_CONNECTORS_GENERATED_EVENT_STREAM_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "runtime/columnar/column.h"
#include "runtime/columnar/schema.h"
#include "runtime/connectors/generated/draws.h"
#include "runtime/connectors/source_format.h"

namespace wavetank::runtime {

// What events are made of, besides their numbers. Times in microseconds.
struct EventModel {
  int64_t seed = 1;
  int64_t first_micros = 0;
  int64_t interval_micros = 1'000;
  int64_t disorder_micros = 0;

  // When the event is in order.
  int64_t DueMicros(int64_t event) const { return first_micros + event * interval_micros; }
  // Its event time: so much earlier that the stream is out of order. It takes the first draw.
  int64_t TimeMicros(int64_t event, Draws& draws) const {
    return DueMicros(event) - draws.Below(disorder_micros + 1);
  }
};

// One table of a stream of events.
struct EventTable {
  SchemaPtr schema;
  // Adds the event's row to the columns; false: it has none in this table.
  bool (*add)(const EventModel& model, int64_t event, std::vector<ColumnBuilder>& columns);
};

struct GeneratedStream {
  std::string name;
  std::string meaning;  // one line
  // Beside those of every stream of events.
  std::vector<ConnectorOption> options;
  // kInvalidArgument: an option of its own is wrong; it is named.
  std::function<absl::StatusOr<EventTable>(const SourceDescription&)> table;
};

// Its options are also seed, events, eventsPerSecond, maxEventsPerTrigger, firstEventTime,
// eventInterval, outOfOrder and numPartitions. Events are due at once, or, with eventsPerSecond, as
// the driver's clock goes on.
SourceFormat EventStreamSource(GeneratedStream stream);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_GENERATED_EVENT_STREAM_H_
