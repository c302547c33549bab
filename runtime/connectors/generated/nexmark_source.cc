#include "runtime/connectors/generated/nexmark_source.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "runtime/connectors/generated/event_stream.h"

namespace wavetank::runtime {
namespace {

constexpr int64_t kRound = 50;  // events: a person, then auctions, then bids
constexpr int64_t kAuctionsARound = 3;
constexpr int64_t kFirstId = 1'000;
constexpr int64_t kFirstCategory = 10;
constexpr int64_t kCategories = 5;
// Of so many neighbours one is popular.
constexpr int64_t kNeighbours = 100;
constexpr int64_t kActivePersons = 1'000;
constexpr int64_t kOpenAuctions = 100;
constexpr int64_t kStillToCome = 10;
constexpr int64_t kChannels = 10'000;

constexpr const char* kFirstNames[] = {"Ada",  "Alan",   "Barbara", "Edsger", "Grace", "John",
                                       "Kurt", "Leslie", "Niklaus", "Noor",   "Radia"};
constexpr const char* kLastNames[] = {"Berg",   "Castillo", "Dahl",   "Fischer", "Hassan",
                                      "Ivanov", "Moreau",   "Okafor", "Silva"};
struct City {
  const char* name;
  const char* state;
};
constexpr City kCities[] = {{"Phoenix", "AZ"}, {"Los Angeles", "CA"}, {"San Francisco", "CA"},
                            {"Boise", "ID"},   {"Portland", "OR"},    {"Bend", "OR"},
                            {"Redmond", "WA"}, {"Seattle", "WA"},     {"Kent", "WA"},
                            {"Cheyenne", "WY"}};
constexpr const char* kPopularChannels[] = {"Google", "Facebook", "Baidu", "Apple"};

// How many persons there have been once the event is, itself among them.
int64_t PersonsUntil(int64_t event) { return event / kRound + 1; }
// The same of auctions; none before the second event.
int64_t AuctionsUntil(int64_t event) {
  return event / kRound * kAuctionsARound + std::min(event % kRound, kAuctionsARound);
}

// A number of cents, 100 to 99,999,999.
int64_t Price(Draws& draws) {
  int64_t least = 100;
  for (int64_t decade = draws.Below(6); decade > 0; --decade) least *= 10;
  return least + draws.Below(9 * least);
}

// One of the last persons, or of the next ones.
int64_t SomePerson(int64_t event, Draws& draws) {
  const int64_t persons = PersonsUntil(event);
  const int64_t active = std::min(persons, kActivePersons);
  return kFirstId + persons - active + draws.Below(active + kStillToCome);
}

bool AddPerson(const EventModel& model, int64_t event, std::vector<ColumnBuilder>& columns) {
  if (event % kRound != 0) return false;
  Draws draws(model.seed, event);
  const int64_t time = model.TimeMicros(event, draws);
  const std::string first = draws.OneOf(kFirstNames);
  const std::string last = draws.OneOf(kLastNames);
  columns[0].Int64(kFirstId + event / kRound);
  columns[1].String(absl::StrCat(first, " ", last));
  const std::string host = draws.Letters(6);
  columns[2].String(absl::StrCat(first, ".", last, "@", host, ".example"));
  const int64_t left = draws.Below(100'000'000);
  const int64_t right = draws.Below(100'000'000);
  columns[3].String(absl::StrFormat("%04d %04d %04d %04d", left / 10'000, left % 10'000,
                                    right / 10'000, right % 10'000));
  const City& city = draws.OneOf(kCities);
  columns[4].String(city.name);
  columns[5].String(city.state);
  columns[6].Int64(time);
  columns[7].String(draws.Letters(draws.Below(100)));
  return true;
}

bool AddAuction(const EventModel& model, int64_t event, std::vector<ColumnBuilder>& columns) {
  const int64_t place = event % kRound;
  if (place == 0 || place > kAuctionsARound) return false;
  Draws draws(model.seed, event);
  const int64_t time = model.TimeMicros(event, draws);
  columns[0].Int64(kFirstId + AuctionsUntil(event) - 1);
  columns[1].String(draws.Letters(3 + draws.Below(17)));
  columns[2].String(draws.Letters(draws.Below(100)));
  const int64_t initial = Price(draws);
  columns[3].Int64(initial);
  columns[4].Int64(initial + Price(draws));
  columns[5].Int64(time);
  // Half of the longest on average, in which kOpenAuctions come.
  const int64_t longest = 2 * kOpenAuctions * kRound / kAuctionsARound;
  columns[6].Int64(time + model.interval_micros * (1 + draws.Below(longest)));
  const bool popular = draws.Below(4) > 0;
  columns[7].Int64(popular ? kFirstId + (PersonsUntil(event) - 1) / kNeighbours * kNeighbours
                           : SomePerson(event, draws));
  columns[8].Int64(kFirstCategory + draws.Below(kCategories));
  columns[9].String(draws.Letters(draws.Below(200)));
  return true;
}

bool AddBid(const EventModel& model, int64_t event, std::vector<ColumnBuilder>& columns) {
  if (event % kRound <= kAuctionsARound) return false;
  Draws draws(model.seed, event);
  const int64_t time = model.TimeMicros(event, draws);
  const int64_t auctions = AuctionsUntil(event);
  const int64_t open = std::min(auctions, kOpenAuctions);
  const bool popular = draws.Below(2) > 0;
  columns[0].Int64(kFirstId + (popular ? (auctions - 1) / kNeighbours * kNeighbours
                                       : auctions - open + draws.Below(open + kStillToCome)));
  const bool regular = draws.Below(4) > 0;
  // The second of its neighbours: sellers' is the first.
  columns[1].Int64(regular ? kFirstId + (PersonsUntil(event) - 1) / kNeighbours * kNeighbours + 1
                           : SomePerson(event, draws));
  columns[2].Int64(Price(draws));
  int64_t channel = -1;
  if (draws.Below(2) > 0) {
    columns[3].String(draws.OneOf(kPopularChannels));
  } else {
    channel = draws.Below(kChannels);
    columns[3].String(absl::StrCat("channel-", channel));
  }
  std::string url = absl::StrCat("https://auctions.example/", draws.Letters(5));
  absl::StrAppend(&url, "/", draws.Letters(5));
  absl::StrAppend(&url, "/", draws.Letters(5), "/item.htm?query=1");
  // Some say nothing of their channel.
  if (channel >= 0 && draws.Below(10) > 0) absl::StrAppend(&url, "&channel_id=", channel);
  columns[4].String(url);
  columns[5].Int64(time);
  columns[6].String(draws.Letters(draws.Below(64)));
  return true;
}

SchemaPtr SchemaOf(std::vector<Field> fields) {
  return std::make_shared<const Schema>(std::move(fields));
}

const std::vector<std::pair<std::string, EventTable>>& NexmarkTables() {
  constexpr auto kText = DataType::kString;
  constexpr auto kNumber = DataType::kInt64;
  constexpr auto kTime = DataType::kTimestamp;
  static const auto* const tables =
      new std::vector<std::pair<std::string, EventTable>>{{"person",
                                                           {SchemaOf({{"id", kNumber},
                                                                      {"name", kText},
                                                                      {"emailAddress", kText},
                                                                      {"creditCard", kText},
                                                                      {"city", kText},
                                                                      {"state", kText},
                                                                      {"dateTime", kTime},
                                                                      {"extra", kText}}),
                                                            AddPerson}},
                                                          {"auction",
                                                           {SchemaOf({{"id", kNumber},
                                                                      {"itemName", kText},
                                                                      {"description", kText},
                                                                      {"initialBid", kNumber},
                                                                      {"reserve", kNumber},
                                                                      {"dateTime", kTime},
                                                                      {"expires", kTime},
                                                                      {"seller", kNumber},
                                                                      {"category", kNumber},
                                                                      {"extra", kText}}),
                                                            AddAuction}},
                                                          {"bid",
                                                           {SchemaOf({{"auction", kNumber},
                                                                      {"bidder", kNumber},
                                                                      {"price", kNumber},
                                                                      {"channel", kText},
                                                                      {"url", kText},
                                                                      {"dateTime", kTime},
                                                                      {"extra", kText}}),
                                                            AddBid}}};
  return *tables;
}

absl::StatusOr<EventTable> NexmarkTable(const SourceDescription& source) {
  static const auto* const option = new ConnectorOption(NexmarkSource().options.front());
  const auto found = source.options.find(option->name);
  const std::string name = found == source.options.end() ? "" : found->second;
  std::vector<std::string> names;
  for (const auto& [known, table] : NexmarkTables()) {
    if (known == name) return table;
    names.push_back(known);
  }
  return WrongOption(*option, name, names);
}

}  // namespace

SourceFormat NexmarkSource() {
  return EventStreamSource(
      {.name = "nexmark",
       .meaning = "persons, auctions and bids of an online auction, as the Nexmark benchmark has "
                  "them",
       .options = {{.name = "table",
                    .takes = "person, auction or bid",
                    .default_value = "",
                    .meaning = "whose rows are read",
                    .required = true}},
       .table = NexmarkTable});
}

}  // namespace wavetank::runtime
