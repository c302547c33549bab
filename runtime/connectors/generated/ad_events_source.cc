#include "runtime/connectors/generated/ad_events_source.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "runtime/connectors/generated/event_stream.h"

namespace wavetank::runtime {
namespace {

constexpr int64_t kUsers = 100'000;
constexpr int64_t kPages = 1'000;
constexpr int64_t kAds = 100;

constexpr const char* kAdTypes[] = {"banner", "modal", "sponsored-search", "mail", "mobile"};
constexpr const char* kAdEventTypes[] = {"view", "click", "purchase"};

bool AddAdEvent(const EventModel& model, int64_t event, std::vector<ColumnBuilder>& columns) {
  Draws draws(model.seed, event);
  const int64_t time = model.TimeMicros(event, draws);
  columns[0].String(absl::StrCat("user-", draws.Below(kUsers)));
  columns[1].String(absl::StrCat("page-", draws.Below(kPages)));
  columns[2].String(absl::StrFormat("ad-%02d", draws.Below(kAds)));
  columns[3].String(draws.OneOf(kAdTypes));
  columns[4].String(draws.OneOf(kAdEventTypes));
  columns[5].Int64(time);
  const int64_t address = draws.Below(int64_t{1} << 24);
  columns[6].String(
      absl::StrCat("10.", address >> 16, ".", address >> 8 & 255, ".", address & 255));
  return true;
}

absl::StatusOr<EventTable> AdEventsTable(const SourceDescription&) {
  static const auto* const schema = new SchemaPtr(
      std::make_shared<const Schema>(std::vector<Field>{{"user_id", DataType::kString},
                                                        {"page_id", DataType::kString},
                                                        {"ad_id", DataType::kString},
                                                        {"ad_type", DataType::kString},
                                                        {"event_type", DataType::kString},
                                                        {"event_time", DataType::kTimestamp},
                                                        {"ip_address", DataType::kString}}));
  return EventTable{.schema = *schema, .add = AddAdEvent};
}

}  // namespace

SourceFormat AdEventsSource() {
  return EventStreamSource(
      {.name = "ad_events",
       .meaning = "advertisements seen, clicked and bought from, as the Yahoo streaming benchmark "
                  "counts them",
       .options = {},
       .table = AdEventsTable});
}

}  // namespace wavetank::runtime
