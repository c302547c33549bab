#include "runtime/structured/explain.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

using testing::HasSubstr;

std::string Explained(Session& session) {
  return ExplainQuery(session.queries().back(), 3).value();
}

// The lines without the columns at their ends, and with what is longest cut short.
std::string WithoutColumns(const std::string& text) {
  std::string lines;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    absl::StrAppend(&lines, line.substr(0, line.find("  [")), "\n");
  }
  return absl::StrReplaceAll(lines, {{"max(length(word#2)) as m#5", "M"}, {"key 0 + 10s", "W"}});
}

TEST(ExplainQuery, ShowsTheFormsOfAPlan) {
  QueryBuilder builder;
  builder.Source()
      .WithColumn("time", Cast(SubstringBefore(Col("value"), ","), DataType::kTimestamp))
      .WithWatermark("time", absl::Seconds(2))
      .WithColumn("word", SubstringAfter(Col("value"), ","))
      .Where(Col("word") != "")
      .GroupBy({Window(Col("time"), absl::Seconds(10)), Col("word")})
      .Agg({Count().As("n"), Max(Length(Col("word"))).As("m")})
      .WriteStream()
      .QueryName("words")
      .OutputMode("append")
      .Start();
  EXPECT_EQ(WithoutColumns(Explained(builder.session)), R"(query words, output mode append
as it was written
  aggregate 0 by window(time, 10s), word give count(1) as n, max(length(word)) as m
  filter (word != '')
  with column substring_after(value, ',') as word
  watermark 0 time delay 2s
  with column cast(substring_before(value, ',') as timestamp) as time
  source text
analysed
  project window.start#3, window_end(window.start#3, 10s) as window.end#6, word#2, n#4, m#5
  aggregate 0 by window_start(time#1, 10s) as window.start#3, word#2 give count(1) as n#4, M
  filter (word#2 != '')
  project value#0, time#1, substring_after(value#0, ',') as word#2
  watermark 0 time#1 delay 2s
  project value#0, cast(substring_before(value#0, ',') as timestamp) as time#1
  source text
optimised
  project window.start#3, window_end(window.start#3, 10s) as window.end#6, word#2, n#4, m#5
  aggregate 0 by window_start(time#1, 10s) as window.start#3, word#2 give count(1) as n#4, M
  project time#1, $7#7 as word#2
  filter ($7#7 != '')
  project time#1, substring_after(value#0, ',') as $7#7
  watermark 0 time#1 delay 2s
  project value#0, cast(substring_before(value#0, ',') as timestamp) as time#1
  source text
as workers run it
  fragment 0
    read text from in
    project value, cast(substring_before(value, ',') as timestamp)
    watch event time time, watermark 0 is 2s behind
    project time, substring_after(value, ',')
    filter ($7 != '')
    project time, $7
    partial aggregate by window_start(time, 10s), word of count(), max(length(word)); final by W
    write to 3 partitions of exchange 0 by the first 2 columns
  fragment 1
    read exchange 0
    final aggregate, state of operator 0 by window.start, word of count(), max(); final by W
    project window.start, window_end(window.start, 10s), word, n, m
    write to the sink
)");
}

// They are analysed and shown, and say that they cannot be run.
TEST(ExplainQuery, ShowsPlansThatCannotBeRunYet) {
  QueryBuilder builder;
  const DataFrame lines = builder.Source();
  const DataFrame ids = lines.Select({SubstringBefore(Col("value"), ",").As("id")});
  const DataFrame once = ids.DropDuplicates();
  once.Union(once).WriteStream().QueryName("pairs").Start();
  const std::string text = Explained(builder.session);
  EXPECT_THAT(text, HasSubstr("(1) drop duplicates 0"));
  EXPECT_THAT(text,
              HasSubstr("not run yet\n  query \"pairs\": what DropDuplicates gives is read in "
                        "two places, which cannot be run yet"));
}

TEST(ExplainQuery, RefusesWhatCompilingRefuses) {
  QueryBuilder builder;
  builder.Source().Select({Col("x")}).WriteStream().QueryName("q").Start();
  EXPECT_EQ(ExplainQuery(builder.session.queries()[0], 3).status().message(),
            "query \"q\": Select: there is no column \"x\"; there are value");
}

}  // namespace
}  // namespace wavetank::runtime
