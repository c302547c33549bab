// The queries of the micro-batch tests, their input, and what they must answer.
#ifndef WAVETANK_TESTS_RUNTIME_STRUCTURED_QUERY_JOBS_H_
#define WAVETANK_TESTS_RUNTIME_STRUCTURED_QUERY_JOBS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "runtime/connectors/file_sink.h"
#include "tests/runtime/structured/query_world.h"

namespace wavetank::runtime {

inline QueryOptions AvailableNow() { return {.trigger = TriggerKind::kAvailableNow}; }
// All output is staged in files before it is prepared.
inline QueryOptions AvailableNowStaged() {
  return {.trigger = TriggerKind::kAvailableNow, .inline_output_bytes = 0};
}

inline QueryJob WordCountJob(const std::string& mode, const std::string& files_per_trigger = "1",
                             const std::string& sink = "out") {
  return [=](Session& session) {
    session.ReadStream()
        .Format("text")
        .Option("maxFilesPerTrigger", files_per_trigger)
        .Load("in")
        .Select({Explode(Split(Col("value"), " ")).As("word")})
        .GroupBy({Col("word")})
        .Count()
        .WriteStream()
        .QueryName("words")
        .OutputMode(mode)
        .Format("file")
        .Option("path", sink)
        .Option("checkpointLocation", "checkpoint")
        .Start();
  };
}

// The table of the sink, a text a row.
inline std::vector<std::string> TableRows(QueryWorld& world) {
  const auto table = world.Table();
  EXPECT_TRUE(table.ok()) << table.status();
  std::vector<std::string> rows;
  if (!table.ok()) return rows;
  for (const TextRow& row : table->rows) {
    std::vector<std::string> fields;
    for (const TextField& field : row) fields.push_back(field.value_or("null"));
    rows.push_back(absl::StrJoin(fields, "|"));
  }
  return rows;
}

// Of a query without state: lines as they are.
inline QueryJob LinesJob(absl::Duration interval) {
  return [interval](Session& session) {
    session.ReadStream()
        .Format("text")
        .Load("in")
        .Select({Col("value")})
        .WriteStream()
        .QueryName("lines")
        .OutputMode("append")
        .Format("file")
        .Option("path", "out")
        .Option("checkpointLocation", "checkpoint")
        .ProcessingTime(interval)
        .Start();
  };
}

// Lines are whole seconds: windows of 5 s, rows may be so late.
inline void WindowedJobWith(absl::Duration delay, Session& session) {
  session.ReadStream()
      .Format("text")
      .Option("maxFilesPerTrigger", "1")
      .Load("in")
      .Select({Col("value").Cast(DataType::kTimestamp).As("time")})
      .WithWatermark("time", delay)
      .GroupBy({Window(Col("time"), absl::Seconds(5))})
      .Count()
      .WriteStream()
      .QueryName("windows")
      .OutputMode("append")
      .Format("file")
      .Option("path", "out")
      .Option("checkpointLocation", "checkpoint")
      .Start();
}

inline void WindowedJob(Session& session) { WindowedJobWith(absl::Seconds(10), session); }

// Views and clicks, lines "<seconds>,<id>", rows may be 10 s late: clicks of up to 5 s after a
// view, by windows of 5 s in which the views were.
inline void JoinedJob(Session& session) {
  const auto events = [&session](const char* directory) {
    return session.ReadStream()
        .Format("text")
        .Option("maxFilesPerTrigger", "1")
        .Load(directory)
        .Select({Cast(SubstringBefore(Col("value"), ","), DataType::kTimestamp).As("time"),
                 SubstringAfter(Col("value"), ",").As("id")})
        .WithWatermark("time", absl::Seconds(10));
  };
  const DataFrame views = events("views").Alias("view");
  const DataFrame clicks = events("clicks").DropDuplicates().Alias("click");
  views
      .Join(clicks, Col("view.id") == Col("click.id") && Col("click.time") >= Col("view.time") &&
                        Col("click.time") <= Col("view.time") + absl::Seconds(5))
      .GroupBy({Window(Col("view.time"), absl::Seconds(5))})
      .Count()
      .WriteStream()
      .QueryName("clicks")
      .OutputMode("append")
      .Format("file")
      .Option("path", "out")
      .Option("checkpointLocation", "checkpoint")
      .Start();
}
// By batch, if they come one after the other.
inline std::vector<std::map<std::string, std::string>> JoinedBatches() {
  return {{{"views/1", "10,x\n11,y\n"}, {"clicks/1", "12,x\n14,y\n12,x\n"}},
          {{"views/2", "25,x\n"}, {"clicks/2", "26,x\n11,y\n14,y\n"}},
          {{"views/3", "60,z\n3,late\n"}, {"clicks/3", "60,z\n"}}};
}
inline void PutFiles(const std::map<std::string, std::string>& files, QueryWorld& world) {
  for (const auto& [path, content] : files) world.Overwrite(path, content);
}
inline void PutJoined(QueryWorld& world) {
  for (const auto& files : JoinedBatches()) PutFiles(files, world);
}
// By start of the window, in seconds.
inline std::vector<std::string> JoinedWindows() { return {"10 3", "25 1"}; }

inline const std::map<std::string, std::string>& WordFiles() {
  static const std::map<std::string, std::string> files = {
      {"a.txt", "to be or not to be\nthat is the question\n"},
      {"b.txt", "the rest is silence\nto die to sleep"},
      {"c.txt", "to sleep perchance to dream\n\nay there is the rub\n"},
  };
  return files;
}

inline std::map<std::string, int64_t> CountWords() {
  std::map<std::string, int64_t> counts;
  for (const auto& [name, text] : WordFiles()) {
    std::vector<std::string> lines = absl::StrSplit(text, '\n');
    if (lines.back().empty()) lines.pop_back();
    for (const std::string& line : lines) {
      for (const std::string& word : std::vector<std::string>(absl::StrSplit(line, ' '))) {
        ++counts[word];
      }
    }
  }
  return counts;
}

// The table as word -> count; a word that stands twice fails.
inline std::map<std::string, int64_t> WordsOf(const SinkTable& table) {
  std::map<std::string, int64_t> words;
  for (const TextRow& row : table.rows) {
    EXPECT_EQ(row.size(), 2u);
    const bool fresh = words.try_emplace(*row[0], std::stoll(*row[1])).second;
    EXPECT_TRUE(fresh) << *row[0];
  }
  return words;
}

// "start count" in seconds, for the windowed job.
inline std::vector<std::string> WindowsOf(const SinkTable& table) {
  std::vector<std::string> windows;
  for (const TextRow& row : table.rows) {
    absl::Time start;
    std::string error;
    EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, *row[0], &start, &error)) << *row[0];
    windows.push_back(absl::StrCat(absl::ToUnixSeconds(start), " ", *row.back()));
  }
  return windows;
}

inline void PutWords(QueryWorld& world) {
  for (const auto& [name, text] : WordFiles()) world.Put(name, text);
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_STRUCTURED_QUERY_JOBS_H_
