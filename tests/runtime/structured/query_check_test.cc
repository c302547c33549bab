#include "runtime/structured/query_check.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace wavetank::runtime {
namespace {

// What CheckDefinition says to a query that copies text, with one thing changed.
std::string Refusal(const std::function<void(StreamingQueryDefinition&)>& change,
                    const std::function<void(DataStreamReader&)>& read = nullptr) {
  Session session;
  DataStreamReader reader = session.ReadStream().Format("text");
  if (read) read(reader);
  reader.Load("in")
      .WriteStream()
      .QueryName("copy")
      .Format("file")
      .Option("path", "out")
      .Option("checkpointLocation", "ck")
      .Start();
  StreamingQueryDefinition definition = session.queries().front();
  if (change) change(definition);
  const absl::Status status = CheckDefinition(definition);
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

TEST(CheckDefinition, AcceptsWhatIsThere) {
  EXPECT_EQ(Refusal(
                [](auto& query) {
                  query.options["stateCompression"] = "zstd";
                  query.trigger_interval = absl::Seconds(10);
                },
                [](auto& reader) { reader.Option("maxFilesPerTrigger", "12"); }),
            "");
}

TEST(CheckDefinition, RefusesASinkThatIsNotThere) {
  const auto sink = [](const char* format) {
    return Refusal([format](auto& query) { query.sink_format = format; });
  };
  const std::string there = "there are console, csv, file, json, log, memory, noop, text";
  EXPECT_EQ(sink("kafka"),
            "query \"copy\": WriteStream: there is no sink format \"kafka\"; " + there);
  EXPECT_EQ(
      sink("flie"),
      "query \"copy\": WriteStream: there is no sink format \"flie\": did you mean \"file\"?");
  EXPECT_EQ(sink(""), "query \"copy\": WriteStream: there is no sink format \"\"; " + there);
}

TEST(CheckDefinition, AQueryHasOneTrigger) {
  EXPECT_THAT(Refusal([](auto& query) { query.once = query.available_now = true; }),
              ::testing::HasSubstr("Once() and AvailableNow() are both asked for"));
  EXPECT_THAT(Refusal([](auto& query) {
                query.once = true;
                query.trigger_interval = absl::Seconds(2);
              }),
              ::testing::HasSubstr("Once() and ProcessingTime(2s) are both asked for"));
  EXPECT_EQ(Refusal([](auto& query) { query.once = true; }), "");
}

TEST(CheckDefinition, RefusesOptionsThatNothingReads) {
  EXPECT_EQ(Refusal([](auto& query) { query.options["checkpointlocation"] = "ck"; }),
            "query \"copy\": WriteStream: nothing reads the option \"checkpointlocation\": did you "
            "mean \"checkpointLocation\"?");
  EXPECT_EQ(Refusal(nullptr, [](auto& reader) { reader.Option("maxFilePerTrigger", "1"); }),
            "query \"copy\": ReadStream: nothing reads the option \"maxFilePerTrigger\": did you "
            "mean \"maxFilesPerTrigger\"?");
}

TEST(CheckDefinition, RefusesValuesThatMeanNothing) {
  for (const char* files : {"", "0", "-1", "many", "1.5", "99999999999999999999"}) {
    EXPECT_EQ(Refusal(nullptr, [&](auto& reader) { reader.Option("maxFilesPerTrigger", files); }),
              std::string("query \"copy\": ReadStream: its option maxFilesPerTrigger is '") +
                  files + "': give a whole number above 0");
  }
  EXPECT_EQ(Refusal([](auto& query) { query.options["stateCompression"] = "gzip"; }),
            "query \"copy\": WriteStream: its option stateCompression is 'gzip': give none, lz4 or "
            "zstd");
  for (const absl::Duration interval :
       {-absl::Seconds(1), absl::InfiniteDuration(), absl::Hours(24 * 400)}) {
    EXPECT_EQ(Refusal([=](auto& query) { query.trigger_interval = interval; }),
              "query \"copy\": ProcessingTime(" + absl::FormatDuration(interval) +
                  "): give an interval from 0s, which is as soon as there is data, to 8784h");
  }
}

TEST(CheckDefinition, RefusesANameThatNamesNoDirectory) {
  for (const char* name : {"", "a/b", "..", "."}) {
    EXPECT_NE(Refusal([=](auto& query) { query.name = name; }), "") << name;
  }
}

std::vector<StreamingQueryDefinition> Two() {
  std::vector<StreamingQueryDefinition> queries(2);
  queries[0].name = "a";
  queries[1].name = "b";
  return queries;
}

TEST(CheckNames, AcceptsTwo) { EXPECT_TRUE(CheckNames(Two()).ok()); }

TEST(CheckNames, RefusesTwoOfOneName) {
  std::vector<StreamingQueryDefinition> queries = Two();
  queries[1].name = "a";
  EXPECT_EQ(CheckNames(queries).message(),
            "two queries of this job are called \"a\": give each a QueryName(...) of its own");
}

}  // namespace
}  // namespace wavetank::runtime
