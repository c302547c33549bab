// Queries from text to output, through map, shuffle and reduce.
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "platform/random.h"
#include "tests/checkpoint/colliding_keys.h"
#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

DataFrame WordCount(QueryBuilder& builder) {
  return builder.Source()
      .Select({Explode(Split(Col("value"), " ")).As("word")})
      .Where(Col("word") != "")
      .GroupBy({Col("word")})
      .Count();
}

TEST(WordCount, InUpdateModeShowsTheWordsOfTheBatchInTheOrderTheyCame) {
  QueryBuilder builder;
  QueryRun run(WordCount(builder), "update", {.shuffle_partitions = 1});
  EXPECT_EQ(run.RunBatch({"to be or", " not to  be"}, 1),
            (Lines{"to\t2", "be\t2", "or\t1", "not\t1"}));
  EXPECT_EQ(run.RunBatch({"or so", "to"}, 2), (Lines{"or\t2", "so\t1", "to\t3"}));
  EXPECT_EQ(run.RunBatch({}, 0), Lines{});
}

TEST(WordCount, InCompleteModeShowsAllWordsAlsoWithoutInput) {
  QueryBuilder builder;
  QueryRun run(WordCount(builder), "complete");
  run.Add({"a b a"});
  EXPECT_EQ(run.Add({"c"}), (Lines{"a\t2", "b\t1", "c\t1"}));
  EXPECT_EQ(run.Add({}), (Lines{"a\t2", "b\t1", "c\t1"}));
}

// Two words of printable characters and of equal hash.
std::pair<std::string, std::string> WordsOfEqualHash() {
  for (int i = 10'000;; ++i) {
    std::string word = absl::StrCat(i);
    std::string twin = checkpoint::KeyOfHash(checkpoint::Xxh3(word));
    const bool printable = std::ranges::all_of(twin, [](char c) { return c > ' ' && c <= '~'; });
    if (printable) return {std::move(word), std::move(twin)};
  }
}

TEST(WordCount, CountsWordsOfEqualHashApart) {
  const auto [word, twin] = WordsOfEqualHash();
  ASSERT_EQ(checkpoint::Xxh3(word), checkpoint::Xxh3(twin));
  for (const int partitions : {1, 4}) {
    QueryBuilder builder;
    QueryRun run(WordCount(builder), "complete", {.shuffle_partitions = partitions});
    run.Add({absl::StrCat(word, " ", twin, " ", word), twin, twin}, /*map_tasks=*/2);
    Lines expected = {word + "\t3", twin + "\t3"};
    std::ranges::sort(expected);
    EXPECT_EQ(run.Add({word}), expected);
  }
}

// Folding update mode's change sets by key gives complete mode's table, whatever the partitions.
RC_GTEST_PROP(WordCount, ChangeSetsFoldToTheTableThatANaiveLoopCounts, (uint64_t seed)) {
  platform::Random random(seed);
  QueryBuilder builder;
  const CompileOptions options{.shuffle_partitions = static_cast<int>(random.Between(1, 4))};
  QueryRun update(WordCount(builder), "update", options);
  QueryRun complete(WordCount(builder), "complete", options);
  std::map<std::string, int64_t> counts;
  std::map<std::string, std::string> folded;
  for (int batch = 0; batch < 4; ++batch) {
    Lines lines;
    for (int64_t line = random.Between(0, 30); line > 0; --line) {
      lines.emplace_back();
      for (int64_t word = random.Between(0, 9); word > 0; --word) {
        const std::string text(random.Below(20), static_cast<char>('a' + random.Below(3)));
        lines.back() += text + " ";
        if (!text.empty()) ++counts[text];
      }
    }
    const int map_tasks = static_cast<int>(random.Between(1, 3));
    for (const std::string& row : update.RunBatch(lines, map_tasks)) {
      const size_t tab = row.find('\t');
      folded[row.substr(0, tab)] = row.substr(tab + 1);
    }
    Lines expected;
    for (const auto& [word, count] : counts) {
      expected.push_back(word + "\t" + std::to_string(count));
      RC_ASSERT(folded[word] == std::to_string(count));
    }
    RC_ASSERT(folded.size() == counts.size());
    std::ranges::sort(expected);
    RC_ASSERT(complete.Add(lines, map_tasks) == expected);
  }
}

TEST(GroupedAggregates, SumMinMaxAndCountLeaveNullsOut) {
  QueryBuilder builder;
  QueryRun run(builder.Source()
                   .Select({Substring(Col("value"), 1, 1).As("key"),
                            Cast(Substring(Col("value"), 2, 9), DataType::kInt64).As("n")})
                   .GroupBy({Col("key")})
                   .Agg({Count(), Count(Col("n")), Sum(Col("n")), Min(Col("n")),
                         Max(Cast(Col("n"), DataType::kDouble)).As("max")}),
               "update");
  EXPECT_EQ(run.plan().output_schema->ToText(),
            "key: string, count(1): int64, count(n): int64, sum(n): int64, min(n): int64, max: "
            "double");
  EXPECT_EQ(run.Add({"a1", "b", "a-7", "a"}, 2),
            (Lines{"a\t3\t2\t-6\t-7\t1", "b\t1\t0\tnull\tnull\tnull"}));
  EXPECT_EQ(run.Add({"b4", "a3"}), (Lines{"a\t4\t3\t-3\t-7\t3", "b\t2\t1\t4\t4\t4"}));
}

TEST(GroupedAggregates, OfSeveralKeysKeepNullApartFromText) {
  QueryBuilder builder;
  QueryRun run(builder.Source()
                   .Select({Col("value"), Cast(Col("value"), DataType::kInt64).As("n")})
                   .GroupBy({Col("n"), Col("value") == "x"})
                   .Count(),
               "update");
  EXPECT_EQ(run.Add({"1", "x", "1", "y", "x"}),
            (Lines{"1\tfalse\t2", "null\tfalse\t1", "null\ttrue\t2"}));
}

TEST(GlobalAggregate, HasItsRowBeforeAnyInput) {
  QueryBuilder builder;
  QueryRun run(builder.Source().GroupBy({}).Agg({Count(), Max(Length(Col("value")))}), "update");
  EXPECT_EQ(run.Add({}), Lines{"0\tnull"});
  EXPECT_EQ(run.Add({"abc", "d"}, 2), Lines{"2\t3"});
  EXPECT_EQ(run.Add({}), Lines{"2\t3"});
}

TEST(QueryWithoutAggregate, GivesItsRowsInOrder) {
  QueryBuilder builder;
  QueryRun run(builder.Source()
                   .WithColumn("word", Explode(Split(Col("value"), ",")))
                   .Where(Col("word") != Col("value")),
               "append");
  EXPECT_EQ(run.RunBatch({"a,b", "c", "d,"}, 1), (Lines{"a,b\ta", "a,b\tb", "d,\td", "d,\t"}));
  EXPECT_FALSE(run.plan().stateful());
}

TEST(QueryWithoutAggregate, TakesManyRowsAtOnce) {
  QueryBuilder builder;
  QueryRun run(builder.Source(), "append");
  Lines lines;
  for (int i = 0; i < 5000; ++i) lines.push_back(std::to_string(i));
  EXPECT_EQ(run.RunBatch(lines, 1), lines);
}

TEST(CurrentTimestamp, IsThatOfTheBatchesDefinition) {
  QueryBuilder builder;
  QueryRun run(builder.Source().Select({CurrentTimestamp().As("now")}), "append");
  run.SetTimestamp(absl::FromUnixSeconds(10));
  EXPECT_EQ(run.Add({"x", "y"}), (Lines{"1970-01-01T00:00:10Z", "1970-01-01T00:00:10Z"}));
}

}  // namespace
}  // namespace wavetank::runtime
