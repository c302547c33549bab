// A second opinion: SQLite's answer to the same question over the whole input. Where no row comes
// late, and all that is final has been shown, the interpreter's batches must add up to it.
#include <sqlite3.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "platform/random.h"
#include "tests/properties/interpreter/interpreted_run.h"

namespace wavetank::properties {
namespace {

using platform::Random;
using runtime::Col;
using runtime::DataFrame;
using runtime::Session;

constexpr int kDelaySeconds = 1000;
constexpr int kEndSeconds = 100'000;
constexpr char kEnd[] = "1970-01-02T03:46:40Z";

// A time in seconds, a key and a number, or null for each of these two.
struct Record {
  int time = 0;
  std::string key;  // "": null
  std::string n;    // likewise

  std::string Line() const { return absl::StrCat(time, ",", key, ",", n); }
  std::string Sql() const {
    return absl::StrCat("(", time, ",", key.empty() ? "NULL" : absl::StrCat("'", key, "'"), ",",
                        n.empty() ? "NULL" : n, ")");
  }
};

class Database {
 public:
  Database() { WT_CHECK(sqlite3_open(":memory:", &database_) == SQLITE_OK, "SQLite opens"); }
  Database(const Database&) = delete;
  ~Database() { sqlite3_close(database_); }

  // The rows, "a|b|c".
  Lines Run(const std::string& sql) {
    Lines rows;
    char* error = nullptr;
    sqlite3_exec(database_, sql.c_str(), AddRow, &rows, &error);
    WT_CHECK(error == nullptr, error == nullptr ? "" : absl::StrCat(sql, ": ", error));
    std::ranges::sort(rows);
    return rows;
  }

 private:
  static int AddRow(void* rows, int columns, char** values, char**) {
    std::string row;
    for (int i = 0; i < columns; ++i) {
      absl::StrAppend(&row, i == 0 ? "" : "|", values[i] == nullptr ? "\\N" : values[i]);
    }
    static_cast<Lines*>(rows)->push_back(row);
    return 0;
  }

  sqlite3* database_ = nullptr;
};

std::vector<Record> DrawRecords(Random& random) {
  std::vector<Record> records;
  for (int64_t left = random.Between(0, 40); left > 0; --left) {
    const std::vector<std::string> keys = {"a", "b", "c", ""};
    records.push_back({static_cast<int>(random.Between(0, 30)), keys[random.Below(4)],
                       random.OneIn(6) ? "" : absl::StrCat(random.Between(-3, 9))});
    if (random.OneIn(6)) records.push_back(records.back());
  }
  return records;
}

DataFrame Records(Session& session, const std::string& path) {
  const auto part = runtime::Split(Col("value"), ",");
  return session.ReadStream()
      .Format("text")
      .Load(path)
      .Select({part.At(0).Cast(runtime::DataType::kTimestamp).As("time"),
               runtime::If(part.At(1) == "", runtime::Null(), part.At(1)).As("key"),
               part.At(2).Cast(runtime::DataType::kInt64).As("n")})
      .WithWatermark("time", absl::Seconds(kDelaySeconds));
}

// All rows of `frame`, over the records in batches cut anywhere, but those of the ends that make
// everything before them final.
Lines Streamed(Random& random, const DataFrame& frame,
               const std::vector<std::vector<Record>>& sources) {
  InterpretedRun run(frame, "append");
  Lines rows;
  const auto add = [&](std::vector<Lines> lines) {
    for (std::string& row : run.Add(std::move(lines))) {
      if (row.find(kEnd) == std::string::npos) rows.push_back(std::move(row));
    }
    EXPECT_EQ(run.late, 0);
  };
  std::vector<size_t> next(sources.size(), 0);
  for (bool more = true; more;) {
    std::vector<Lines> batch(sources.size());
    more = false;
    for (size_t i = 0; i < sources.size(); ++i) {
      for (int64_t left = random.Between(0, 9); left > 0 && next[i] < sources[i].size(); --left) {
        batch[i].push_back(sources[i][next[i]++].Line());
      }
      more = more || next[i] < sources[i].size();
    }
    add(std::move(batch));
  }
  std::vector<Lines> ends;
  for (size_t i = 0; i < sources.size(); ++i) {
    ends.push_back({absl::StrCat(kEndSeconds, ",end", i, ",0")});
  }
  add(std::move(ends));
  std::ranges::sort(rows);
  return rows;
}

// One question, to both.
struct Question {
  const char* name;
  DataFrame (*frame)(Session& session);
  const char* sql;  // over the tables l and r of t, k and n
};

#define AT(time) "strftime('%Y-%m-%dT%H:%M:%SZ', " time ", 'unixepoch')"

const std::vector<Question>& Questions() {
  static const auto* const questions = new std::vector<Question>{
      {"Windows",
       [](Session& session) {
         return Records(session, "l")
             .GroupBy({runtime::Window(Col("time"), absl::Seconds(5)), Col("key")})
             .Agg({runtime::Count().As("rows"), runtime::Count(Col("n")).As("ns"),
                   runtime::Sum(Col("n")), runtime::Min(Col("n")), runtime::Max(Col("key"))});
       },
       "SELECT " AT("t - t % 5") ", " AT(
           "t - t % 5 + 5") ", k, count(*), count(n), sum(n), min(n), max(k) FROM l GROUP BY t - t "
                            "% 5, k"},
      {"Groups of groups",
       [](Session& session) {
         return Records(session, "l")
             .GroupBy({runtime::Window(Col("time"), absl::Seconds(5)), Col("key")})
             .Agg({runtime::Count().As("rows")})
             .GroupBy({Col("window.start")})
             .Agg({runtime::Count().As("keys"), runtime::Max(Col("rows"))});
       },
       "SELECT " AT("s") ", count(*), max(c) FROM (SELECT t - t % 5 AS s, count(*) AS c FROM l "
                         "GROUP BY t - t % 5, k) GROUP BY s"},
      {"A join by a range of time",
       [](Session& session) {
         const auto lt = Col("l.time");
         const auto rt = Col("r.time");
         return Records(session, "l")
             .Alias("l")
             .Join(Records(session, "r").Alias("r"), Col("l.key") == Col("r.key") &&
                                                         lt >= rt - absl::Seconds(3) &&
                                                         lt < rt + absl::Seconds(2))
             .Select({lt.As("lt"), Col("l.key").As("key"), rt.As("rt"),
                      (Col("l.n") + Col("r.n")).As("n")});
       },
       "SELECT " AT("l.t") ", l.k, " AT(
           "r.t") ", l.n + r.n FROM l JOIN r ON l.k = r.k AND l.t >= r.t - 3 AND l.t < r.t + 2"},
      {"Windows over a join",
       [](Session& session) {
         const auto lt = Col("l.time");
         const auto rt = Col("r.time");
         return Records(session, "l")
             .Alias("l")
             .Join(Records(session, "r").Alias("r"), Col("l.key") == Col("r.key") &&
                                                         lt >= rt - absl::Seconds(3) &&
                                                         lt <= rt + absl::Seconds(2))
             .Select({lt.As("time"), Col("r.n").As("n")})
             .GroupBy({runtime::Window(Col("time"), absl::Seconds(5))})
             .Agg({runtime::Count().As("pairs"), runtime::Sum(Col("n"))});
       },
       "SELECT " AT("l.t - l.t % 5") ", " AT(
           "l.t - l.t % 5 + 5") ", count(*), sum(r.n) FROM l JOIN r ON l.k = r.k AND l.t >= r.t - "
                                "3 AND l.t <= r.t + 2 "
                                "GROUP BY l.t - l.t % 5"},
      {"A union without duplicates",
       [](Session& session) {
         return Records(session, "l").Union(Records(session, "r")).DropDuplicates();
       },
       "SELECT " AT("t") ", k, n FROM l UNION SELECT " AT("t") ", k, n FROM r"},
  };
  return *questions;
}

#undef AT

TEST(InterpreterAgainstSqlite, FinishedInputsAreAnsweredAlike) {
  size_t rows = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    Random random(seed);
    const std::vector<std::vector<Record>> tables = {DrawRecords(random), DrawRecords(random)};
    Database database;
    for (size_t i = 0; i < tables.size(); ++i) {
      const std::string name = i == 0 ? "l" : "r";
      database.Run(absl::StrCat("CREATE TABLE ", name, " (t INTEGER, k TEXT, n INTEGER)"));
      for (const Record& record : tables[i]) {
        database.Run(absl::StrCat("INSERT INTO ", name, " VALUES ", record.Sql()));
      }
    }
    for (const Question& question : Questions()) {
      Session session;
      const DataFrame frame = question.frame(session);
      const bool two = std::string(question.sql).find("r.") != std::string::npos ||
                       std::string(question.sql).find("FROM r") != std::string::npos;
      const Lines streamed =
          Streamed(random, frame, two ? tables : std::vector<std::vector<Record>>{tables.front()});
      const Lines whole = database.Run(question.sql);
      ASSERT_EQ(streamed, whole) << question.name << ", seed " << seed;
      rows += whole.size();
    }
  }
  EXPECT_GT(rows, 5000u);
}

}  // namespace
}  // namespace wavetank::properties
