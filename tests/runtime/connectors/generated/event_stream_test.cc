#include "runtime/connectors/generated/event_stream.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/status_macros.h"
#include "runtime/connectors/connector_registry.h"
#include "tests/runtime/structured/query_jobs.h"

namespace wavetank::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

SourceDescription NexmarkOf(const std::string& table, OptionMap options = {}) {
  options["table"] = table;
  options.try_emplace("events", "1000");
  return {.format = "nexmark", .path = "nexmark." + table, .options = std::move(options)};
}

// As Begin and Define write it, of the first model of the options.
std::string EventOffsetText(int64_t event, int64_t seed = 1, int64_t disorder_micros = 0) {
  return absl::StrCat("0:", event, ":", seed, ":1436918400000000:1000:", disorder_micros);
}

checkpoint::SourceRange EventRange(const std::string& from, const std::string& to) {
  checkpoint::SourceRange range;
  range.set_start_offset(from);
  range.set_end_offset(to);
  return range;
}

std::string ShownRow(const RecordBatch& rows, int64_t row) {
  std::vector<std::string> cells;
  for (const Column& column : rows.columns()) cells.push_back(column.CellText(row));
  return absl::StrJoin(cells, "|");
}

platform::Task<absl::Status> ReadEvents(platform::Node& node, SourceDescription source,
                                        checkpoint::SourceRange range,
                                        std::vector<std::string>& shown) {
  checkpoint::LocalStore store(node, "store");
  WT_CO_ASSIGN_OR_RETURN(const SourceFormat* const format,
                         ConnectorRegistry::BuiltIn().Source(source.format));
  const std::set<std::string> skipped;
  std::optional<std::string> lost;
  for (const std::string& split : format->SplitsOf(source, range)) {
    WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<SplitReader> reader,
                           format->read(source, split, {node, store, 0, skipped, lost}));
    while (true) {
      WT_CO_ASSIGN_OR_RETURN(const std::optional<RecordBatch> rows, co_await reader->Next());
      if (!rows) break;
      for (int64_t row = 0; row < rows->num_rows(); ++row) {
        shown.push_back(ShownRow(*rows, row));
      }
    }
  }
  co_return absl::OkStatus();
}

// The rows of a range, or why there are none.
std::vector<std::string> EventRows(const SourceDescription& source,
                                   const checkpoint::SourceRange& range) {
  QueryWorld world(1, [](Session&) {});
  std::vector<std::string> shown;
  world.RunAside([&](platform::Node& node) -> platform::Task<void> {
    const absl::Status read = co_await ReadEvents(node, source, range, shown);
    if (!read.ok()) shown = {std::string(read.message())};
    node.Exit(0);
  });
  return shown;
}

TEST(EventStream, ARangeGivesTheSameRowsHoweverItIsCut) {
  for (const char* table : {"person", "auction", "bid"}) {
    const SourceDescription source = NexmarkOf(table);
    const auto whole = EventRows(source, EventRange(EventOffsetText(0), EventOffsetText(1000)));
    std::vector<std::string> pieces;
    int64_t from = 0;
    for (const int64_t to : {1, 2, 49, 50, 51, 333, 999, 1000}) {
      const SourceDescription cut = NexmarkOf(table, {{"numPartitions", absl::StrCat(1 + to % 4)}});
      for (std::string& row :
           EventRows(cut, EventRange(EventOffsetText(from), EventOffsetText(to)))) {
        pieces.push_back(std::move(row));
      }
      from = to;
    }
    EXPECT_EQ(pieces, whole) << table;
  }
}

TEST(EventStream, OfFiftyEventsOneIsAPersonThreeAreAuctionsAndTheOthersBids) {
  const auto rows = [](const char* table) {
    return EventRows(NexmarkOf(table), EventRange(EventOffsetText(0), EventOffsetText(1000)));
  };
  EXPECT_EQ(rows("person").size(), 20U);
  EXPECT_EQ(rows("auction").size(), 60U);
  EXPECT_EQ(rows("bid").size(), 920U);
}

// What a seed gives is what it gave: logs of queries that ran hold offsets alone.
TEST(EventStream, RowsAreThoseThatTheyWere) {
  const auto one = [](const SourceDescription& source, int64_t event) {
    const std::vector<std::string> rows = EventRows(
        source, EventRange(EventOffsetText(event), EventOffsetText(event + 1, 7, 4'000'000)));
    return absl::StrJoin(rows, "\n");
  };
  EXPECT_EQ(one(NexmarkOf("person"), 50),
            "1001|Kurt Okafor|Kurt.Okafor@uhhaik.example|6002 2138 1931 5603|Bend|OR|"
            "2015-07-14T23:59:59.867604Z|nzrbbvazxqlgavxrjuqkvkuewmivpskkrtahzgkmdyogpbedgolq");
  EXPECT_EQ(one(NexmarkOf("auction"), 53),
            "1005|vgujvkkphgusyachdm|yiytxcdfppmytavfvirjkdfyhaeuunwztlgqebhutnqrmjhtfkvziwwiai|"
            "3666|12431|2015-07-14T23:59:59.547212Z|2015-07-15T00:00:01.199212Z|1000|12|"
            "awwndbqozen");
  EXPECT_EQ(one(NexmarkOf("bid"), 59),
            "1011|1001|59120322|Facebook|https://auctions.example/oonan/vxzkl/kdoyf/"
            "item.htm?query=1|2015-07-14T23:59:56.073763Z|yjgmnbudcidbanrvwexrfnknyy");
  EXPECT_EQ(one({.format = "ad_events", .options = {{"events", "60"}}}, 59),
            "user-42288|page-947|ad-69|mail|purchase|2015-07-14T23:59:56.073763Z|10.35.196.65");
}

TEST(EventStream, AllOfARangeIsMadeAsItsEndSays) {
  // The options are others than when the range was logged.
  const auto rows = EventRows(NexmarkOf("bid", {{"seed", "9"}, {"outOfOrder", "1h"}}),
                              EventRange(EventOffsetText(0), EventOffsetText(200, /*seed=*/1)));
  EXPECT_EQ(rows,
            EventRows(NexmarkOf("bid"), EventRange(EventOffsetText(0), EventOffsetText(200, 1))));
  EXPECT_NE(rows,
            EventRows(NexmarkOf("bid"), EventRange(EventOffsetText(0), EventOffsetText(200, 9))));
}

TEST(EventStream, WhatIsNoOffsetIsSaid) {
  for (const char* offset : {"", "1", "0:1:1:0:0:0", "0:-1:1:0:1000:0", "0:x:1:0:1000:0",
                             "0:9223372036854775807:1:0:1000:0"}) {
    EXPECT_THAT(EventRows(NexmarkOf("bid"), EventRange(EventOffsetText(0), offset)),
                ElementsAre(HasSubstr("is no offset of a source of generated events")))
        << offset;
  }
}

TEST(EventStream, OptionsAreCheckedByName) {
  const auto refused = [](SourceDescription source) {
    return std::string(CheckSource(source, ConnectorRegistry::BuiltIn()).status().message());
  };
  EXPECT_EQ(refused(NexmarkOf("bid")), "");
  EXPECT_THAT(refused(NexmarkOf("bids")),
              HasSubstr("its option table is 'bids': give person, auction or bid"));
  EXPECT_THAT(refused({.format = "nexmark", .options = {{"events", "1"}}}), HasSubstr("table"));
  EXPECT_THAT(refused({.format = "ad_events"}),
              HasSubstr("events are due at once, and there is no end of them: give the option "
                        "events, eventsPerSecond, or both"));
  EXPECT_THAT(refused({.format = "ad_events", .path = "in", .options = {{"events", "1"}}}),
              HasSubstr("reads no path"));
  for (const auto& [option, value] :
       std::vector<std::pair<std::string, std::string>>{{"seed", "-1"},
                                                        {"events", "0"},
                                                        {"eventsPerSecond", "0"},
                                                        {"eventsPerSecond", "10000001"},
                                                        {"maxEventsPerTrigger", "-1"},
                                                        {"firstEventTime", "yesterday"},
                                                        {"firstEventTime", "1969-12-31"},
                                                        {"eventInterval", "0s"},
                                                        {"eventInterval", "1ns"},
                                                        {"eventInterval", "2h"},
                                                        {"outOfOrder", "-1s"},
                                                        {"outOfOrder", "25h"},
                                                        {"numPartitions", "1025"}}) {
    EXPECT_THAT(refused(NexmarkOf("bid", {{option, value}})),
                HasSubstr(absl::StrCat("its option ", option, " is '", value, "': give ")));
  }
  EXPECT_THAT(refused(NexmarkOf("bid", {{"events", "9000000000000000"}})),
              HasSubstr("the last of them is beyond the year 9999"));
  EXPECT_THAT(refused(NexmarkOf("bid", {{"event", "1"}})),
              HasSubstr("nothing reads the option \"event\": did you mean \"events\"?"));
}

QueryJob Bids(const OptionMap& options) {
  return [options](Session& session) {
    auto reader = session.ReadStream();
    reader.Format("nexmark").Option("table", "bid");
    for (const auto& [name, value] : options) reader.Option(name, value);
    reader.Load()
        .WriteStream()
        .QueryName("bids")
        .OutputMode("append")
        .Format("file")
        .Option("path", "out")
        .Option("checkpointLocation", "checkpoint")
        .Start();
  };
}

std::vector<std::string> BidsShown(QueryWorld& world) {
  const absl::StatusOr<SinkTable> table = world.Table();
  EXPECT_TRUE(table.ok()) << table.status();
  std::vector<std::string> rows;
  if (!table.ok()) return rows;
  for (const TextRow& row : table->rows) {
    std::vector<std::string> cells;
    for (const auto& cell : row) cells.push_back(cell.value_or("null"));
    rows.push_back(absl::StrJoin(cells, "|"));
  }
  return rows;
}

TEST(EventStream, EachEventIsReadOnceWhateverEndsWherever) {
  const OptionMap options = {{"events", "400"},
                             {"maxEventsPerTrigger", "90"},
                             {"numPartitions", "2"},
                             {"outOfOrder", "2s"}};
  QueryWorld whole(1, Bids(options), AvailableNow());
  ASSERT_EQ(whole.RunToTheEnd(), absl::OkStatus());
  const std::vector<std::string> expected = BidsShown(whole);
  ASSERT_EQ(expected.size(), 368U);
  for (uint64_t crash = 1; crash < 60; crash += 11) {
    QueryWorld world(crash, Bids(options), AvailableNow());
    world.SetFault(
        {.step = "", .process = "driver", .number = crash * 5, .power_loss = crash % 2 == 0});
    EXPECT_EQ(world.RunToTheEnd(), absl::OkStatus());
    EXPECT_EQ(BidsShown(world), expected) << crash;
  }
}

TEST(EventStream, EventsAreDueAsTheClockGoesOnUntilThereAreNoMore) {
  QueryWorld world(3, Bids({{"events", "130"}, {"eventsPerSecond", "25"}}));
  world.StartDriver();
  world.world().RunFor(absl::Seconds(3));
  const size_t some = BidsShown(world).size();
  EXPECT_GT(some, 0U);
  EXPECT_LT(some, 118U);
  world.world().RunFor(absl::Seconds(20));
  EXPECT_EQ(BidsShown(world).size(), 118U);  // 130 less 3 persons and 9 auctions
}

}  // namespace
}  // namespace wavetank::runtime
