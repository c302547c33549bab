#include "runtime/connectors/generated/event_stream.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

#include "platform/clock.h"
#include "platform/status_macros.h"
#include "runtime/types/timestamp.h"

namespace wavetank::runtime {
namespace {

using checkpoint::SourceRange;

constexpr int64_t kEventsLookedAtOnce = 16'384;
constexpr int64_t kMostEventsPerSecond = 10'000'000;
constexpr int64_t kMostEventPartitions = 1024;
constexpr absl::Duration kMostEventInterval = absl::Hours(1);
constexpr absl::Duration kMostDisorder = absl::Hours(24);
// 9999-12-31T23:59:59.999999Z: the last time that is written.
constexpr int64_t kLastMicros = 253'402'300'799'999'999;

const std::vector<ConnectorOption>& EventOptions() {
  static const auto* const options = new std::vector<ConnectorOption>{
      {.name = "seed",
       .takes = "a whole number from 0",
       .default_value = "1",
       .meaning = "what events are made of, with their numbers"},
      {.name = "events",
       .takes = "a whole number from 1",
       .default_value = "",
       .meaning = "how many there are; without it the stream has no end"},
      {.name = "eventsPerSecond",
       .takes = "a whole number from 1 to 10000000",
       .default_value = "",
       .meaning = "how many are due in a second of the driver's clock; without it all are at once"},
      {.name = "maxEventsPerTrigger",
       .takes = "a whole number from 0, which is no limit",
       .default_value = "100000",
       .meaning = "of how many a batch is at most; of a second's events that are due together, "
                  "all are",
       .no_limit = "0"},
      {.name = "firstEventTime",
       .takes = "a timestamp from 1970-01-01T00:00:00Z on",
       .default_value = "2015-07-15T00:00:00Z",
       .meaning = "the event time of the first"},
      {.name = "eventInterval",
       .takes = "a duration from 1us to 1h, in whole microseconds",
       .default_value = "1ms",
       .meaning = "the event time between two that follow one another"},
      {.name = "outOfOrder",
       .takes = "a duration from 0s to 24h, in whole microseconds",
       .default_value = "0s",
       .meaning = "how much earlier than its turn an event's time is at most"},
      {.name = "numPartitions",
       .takes = "a whole number from 1 to 1024",
       .default_value = "1",
       .meaning = "among how many tasks a batch's events are divided"}};
  return *options;
}

struct EventOptionValues {
  EventModel model;
  int64_t events = 0;  // that there are, up to the last time that is written
  std::optional<int64_t> per_second;
  int64_t most = 0;  // of a batch; 0: no limit
  int64_t partitions = 1;
};

const ConnectorOption& EventOption(const std::string& name) {
  return *std::ranges::find(EventOptions(), name, &ConnectorOption::name);
}

absl::StatusOr<int64_t> NumberUpTo(const OptionMap& values, const std::string& name, int64_t least,
                                   int64_t most) {
  WT_ASSIGN_OR_RETURN(const int64_t value, NumberOption(values, EventOption(name), least));
  if (value > most) return WrongOption(EventOption(name), absl::StrCat(value));
  return value;
}

std::string TextOf(const OptionMap& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? EventOption(name).default_value : found->second;
}

absl::StatusOr<int64_t> MicrosOption(const OptionMap& values, const std::string& name,
                                     absl::Duration least, absl::Duration most) {
  const std::string text = TextOf(values, name);
  absl::Duration value;
  const bool is_one = absl::ParseDuration(text, &value) && value >= least && value <= most &&
                      value == absl::Trunc(value, absl::Microseconds(1));
  if (!is_one) return WrongOption(EventOption(name), text);
  return absl::ToInt64Microseconds(value);
}

absl::StatusOr<EventOptionValues> OptionsOf(const OptionMap& values) {
  constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
  EventOptionValues options;
  EventModel& model = options.model;
  WT_ASSIGN_OR_RETURN(model.seed, NumberUpTo(values, "seed", 0, kAny));
  const std::string first = TextOf(values, "firstEventTime");
  const std::optional<int64_t> first_micros = ParseTimestamp(first);
  if (!first_micros || *first_micros < 0) {
    return WrongOption(EventOption("firstEventTime"), first);
  }
  model.first_micros = *first_micros;
  WT_ASSIGN_OR_RETURN(
      model.interval_micros,
      MicrosOption(values, "eventInterval", absl::Microseconds(1), kMostEventInterval));
  WT_ASSIGN_OR_RETURN(model.disorder_micros,
                      MicrosOption(values, "outOfOrder", absl::ZeroDuration(), kMostDisorder));
  const int64_t possible = (kLastMicros - model.first_micros) / model.interval_micros;
  WT_ASSIGN_OR_RETURN(const int64_t events, NumberUpTo(values, "events", 1, kAny));
  if (values.count("events") > 0 && events > possible) {
    return absl::InvalidArgumentError(absl::StrCat("its option events is '", events,
                                                   "', and the last of them is beyond the ",
                                                   "year 9999: ", possible, " are not"));
  }
  options.events = std::min(events, possible);
  if (values.count("eventsPerSecond") > 0) {
    WT_ASSIGN_OR_RETURN(options.per_second,
                        NumberUpTo(values, "eventsPerSecond", 1, kMostEventsPerSecond));
  } else if (values.count("events") == 0) {
    return absl::InvalidArgumentError(
        "events are due at once, and there is no end of them: give the option events, "
        "eventsPerSecond, or both");
  }
  WT_ASSIGN_OR_RETURN(options.most, NumberUpTo(values, "maxEventsPerTrigger", 0, kAny));
  WT_ASSIGN_OR_RETURN(options.partitions,
                      NumberUpTo(values, "numPartitions", 1, kMostEventPartitions));
  return options;
}

struct EventOffset {
  int64_t second = 0;
  int64_t event = 0;
  EventModel model;

  std::string ToText() const {
    return absl::StrCat(second, ":", event, ":", model.seed, ":", model.first_micros, ":",
                        model.interval_micros, ":", model.disorder_micros);
  }
};

absl::StatusOr<EventOffset> ParseEventOffset(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  std::array<int64_t, 6> numbers = {};
  bool is_one = parts.size() == numbers.size();
  for (size_t i = 0; is_one && i < numbers.size(); ++i) {
    is_one = absl::SimpleAtoi(parts[i], &numbers[i]) && numbers[i] >= 0;
  }
  const auto [second, event, seed, first, interval, disorder] = numbers;
  // Of one that is not this format's own no event is made: its time might be none.
  if (!is_one || interval == 0 || first > kLastMicros || disorder > kLastMicros ||
      event > (kLastMicros - first) / interval) {
    return absl::DataLossError(
        absl::StrCat("'", text, "' is no offset of a source of generated events"));
  }
  return EventOffset{.second = second,
                     .event = event,
                     .model = {.seed = seed,
                               .first_micros = first,
                               .interval_micros = interval,
                               .disorder_micros = disorder}};
}

class Events final : public Source {
 public:
  Events(platform::Node& node, const EventOptionValues& options)
      : node_(node), options_(options), stop_event_(options.events) {}

  Task<absl::StatusOr<std::string>> Begin() override {
    co_return EventOffset{.second = Now(), .event = 0, .model = options_.model}.ToText();
  }

  Task<absl::StatusOr<SourceInput>> Define(std::string after) override {
    WT_CO_ASSIGN_OR_RETURN(const EventOffset begin, ParseEventOffset(after));
    const EventOffset end = EndAfter(begin);
    SourceInput input;
    input.range.set_end_offset(end.event > begin.event ? end.ToText() : after);
    input.range.set_start_offset(std::move(after));
    co_return input;
  }

  Task<absl::StatusOr<std::string>> Freeze() override {
    co_return absl::StrCat(Now(), ":", options_.events);
  }

  absl::Status StopAt(const std::string& frozen) override {
    const std::vector<std::string> parts = absl::StrSplit(frozen, ':');
    if (parts.size() == 2 && absl::SimpleAtoi(parts[0], &stop_second_) &&
        absl::SimpleAtoi(parts[1], &stop_event_)) {
      return absl::OkStatus();
    }
    return absl::InternalError("what was frozen is not of a source of generated events");
  }

 private:
  int64_t Now() const { return absl::ToUnixSeconds(node_.clock().WallNow()); }

  EventOffset EndAfter(const EventOffset& begin) const {
    EventOffset end{.second = begin.second, .event = begin.event, .model = options_.model};
    const int64_t left = std::min(options_.events, stop_event_) - begin.event;
    if (left <= 0) return end;
    if (!options_.per_second) {
      end.event += options_.most == 0 ? left : std::min(left, options_.most);
      return end;
    }
    const int64_t each = *options_.per_second;
    // A clock that was put back gives nothing until it is there again.
    int64_t seconds = std::max<int64_t>(0, std::min(Now(), stop_second_) - begin.second);
    if (options_.most > 0) {
      seconds = std::min(seconds, std::max<int64_t>(1, options_.most / each));
    }
    end.second += seconds;
    end.event += seconds > left / each ? left : std::min(left, seconds * each);
    return end;
  }

  platform::Node& node_;
  const EventOptionValues options_;
  int64_t stop_second_ = std::numeric_limits<int64_t>::max();
  int64_t stop_event_;
};

// Runs of neighbours.
std::vector<std::string> EventSplits(const SourceDescription& source, const SourceRange& range) {
  const auto begin = ParseEventOffset(range.start_offset());
  const auto end = ParseEventOffset(range.end_offset());
  const auto options = OptionsOf(source.options);
  // The task that reads the range says what is wrong with it.
  if (!begin.ok() || !end.ok() || !options.ok() || begin->event >= end->event) {
    return {range.SerializeAsString()};
  }
  const int64_t events = end->event - begin->event;
  const int64_t tasks = std::min(events, options->partitions);
  const auto offset_of = [&](int64_t task) {
    // What is left over goes to the first ones.
    EventOffset offset = *end;
    offset.event = begin->event + events / tasks * task + std::min(events % tasks, task);
    return offset.ToText();
  };
  std::vector<std::string> splits;
  for (int64_t i = 0; i < tasks; ++i) {
    SourceRange split;
    split.set_start_offset(offset_of(i));
    split.set_end_offset(offset_of(i + 1));
    splits.push_back(split.SerializeAsString());
  }
  return splits;
}

class EventReader final : public SplitReader {
 public:
  // All is made as the end of the range says.
  EventReader(EventTable table, int64_t begin, const EventOffset& end)
      : table_(std::move(table)), next_(begin), end_(end) {}

  Task<absl::StatusOr<std::optional<RecordBatch>>> Next() override {
    if (next_ >= end_.event) co_return std::nullopt;
    std::vector<ColumnBuilder> columns;
    for (const Field& field : table_.schema->fields()) columns.emplace_back(field.type);
    const int64_t until = next_ + std::min(kEventsLookedAtOnce, end_.event - next_);
    int64_t rows = 0;
    for (; next_ < until; ++next_) {
      if (table_.add(end_.model, next_, columns)) ++rows;
    }
    std::vector<Column> finished;
    for (ColumnBuilder& column : columns) finished.push_back(column.Finish());
    co_return RecordBatch(table_.schema, std::move(finished), rows);
  }

 private:
  const EventTable table_;
  int64_t next_;
  const EventOffset end_;
};

}  // namespace

SourceFormat EventStreamSource(GeneratedStream stream) {
  std::vector<ConnectorOption> options = stream.options;
  options.insert(options.end(), EventOptions().begin(), EventOptions().end());
  const auto table = stream.table;
  return {.name = std::move(stream.name),
          .meaning = std::move(stream.meaning),
          .options = std::move(options),
          .nullable = false,
          .schema = [table](const SourceDescription& source) -> absl::StatusOr<SchemaPtr> {
            WT_RETURN_IF_ERROR(OptionsOf(source.options).status());
            WT_ASSIGN_OR_RETURN(EventTable made, table(source));
            return std::move(made.schema);
          },
          .open = [](const SourceDescription& source,
                     SourceContext context) -> absl::StatusOr<std::unique_ptr<Source>> {
            WT_ASSIGN_OR_RETURN(const EventOptionValues values, OptionsOf(source.options));
            return std::make_unique<Events>(context.node, values);
          },
          .splits = EventSplits,
          .read = [table](const SourceDescription& source, const std::string& split,
                          SplitContext) -> absl::StatusOr<std::unique_ptr<SplitReader>> {
            SourceRange range;
            if (!range.ParseFromString(split)) {
              return absl::DataLossError("no split of a source of generated events");
            }
            WT_ASSIGN_OR_RETURN(EventTable made, table(source));
            WT_ASSIGN_OR_RETURN(const EventOffset begin, ParseEventOffset(range.start_offset()));
            WT_ASSIGN_OR_RETURN(const EventOffset end, ParseEventOffset(range.end_offset()));
            return std::make_unique<EventReader>(std::move(made), begin.event, end);
          }};
}

}  // namespace wavetank::runtime
