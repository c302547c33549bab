// Which changes of a query its checkpoint allows, and how the others are refused: a table.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/structured/query_identity.h"
#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

struct Query {
  DataFrame frame;
  std::string mode = "append";
};
using Make = Query (*)(QueryBuilder& builder);

// Lines "<seconds>,<id>,<n>".
DataFrame Numbered(QueryBuilder& builder, const std::string& source = "in",
                   absl::Duration delay = absl::Seconds(5)) {
  return builder.Source(source)
      .Select({Cast(SubstringBefore(Col("value"), ","), DataType::kTimestamp).As("time"),
               SubstringAfter(Col("value"), ",").As("rest")})
      .Select({Col("time"), SubstringBefore(Col("rest"), ",").As("id"),
               Cast(SubstringAfter(Col("rest"), ","), DataType::kInt64).As("n")})
      .WithWatermark("time", delay);
}

DataFrame Counts(const DataFrame& events) {
  return events.GroupBy({Window(Col("time"), absl::Seconds(10)), Col("id")})
      .Agg({Sum(Col("n")).As("sum")});
}

DataFrame Pairs(QueryBuilder& builder, const Expression& range, bool both_numbers = true) {
  const DataFrame joined =
      Numbered(builder, "a")
          .Alias("a")
          .Join(Numbered(builder, "b").Alias("b"), Col("a.id") == Col("b.id") && range);
  if (!both_numbers) return joined.Select({Col("a.n").As("one"), Col("a.time").As("time")});
  return joined.Select({Col("a.n").As("one"), Col("b.n").As("two"), Col("a.time").As("time")});
}
Expression Within(absl::Duration duration) {
  return Col("b.time") >= Col("a.time") && Col("b.time") <= Col("a.time") + duration;
}

Query Summed(QueryBuilder& builder) { return {Counts(Numbered(builder))}; }
Query Joined(QueryBuilder& builder) { return {Pairs(builder, Within(absl::Seconds(5)))}; }
Query Distinct(QueryBuilder& builder) { return {Numbered(builder).DropDuplicates({"id", "time"})}; }

struct Change {
  const char* what;
  Make before;
  Make after;
  const char* refusal;  // "": it is allowed
};

const std::vector<Change>& Changes() {
  static const std::vector<Change> changes = {
      {"a filter before an aggregate", Summed,
       [](QueryBuilder& builder) -> Query {
         return {Counts(Numbered(builder).Where(Col("n") > 3))};
       },
       ""},
      {"a projection behind it", Summed,
       [](QueryBuilder& builder) -> Query {
         return {Counts(Numbered(builder)).Select({Col("id"), Col("sum")})};
       },
       ""},
      {"the delay of a watermark", Summed,
       [](QueryBuilder& builder) -> Query {
         return {Counts(Numbered(builder, "in", absl::Seconds(50)))};
       },
       ""},
      {"the key of an aggregate", Summed,
       [](QueryBuilder& builder) -> Query {
         return {Numbered(builder)
                     .GroupBy({Window(Col("time"), absl::Seconds(10)), Col("n")})
                     .Agg({Sum(Col("n")).As("sum")})};
       },
       "its checkpoint was begun with aggregate 0 'by 2 of "},
      {"the size of its window", Summed,
       [](QueryBuilder& builder) -> Query {
         return {Numbered(builder)
                     .GroupBy({Window(Col("time"), absl::Seconds(20)), Col("id")})
                     .Agg({Sum(Col("n")).As("sum")})};
       },
       "its checkpoint was begun with aggregate 0 'by 2 of "},
      {"what is aggregated", Summed,
       [](QueryBuilder& builder) -> Query {
         return {Numbered(builder)
                     .GroupBy({Window(Col("time"), absl::Seconds(10)), Col("id")})
                     .Agg({Max(Col("n")).As("sum")})};
       },
       "its checkpoint was begun with aggregate 0 'by 2 of "},
      {"the output mode of an aggregate", Summed,
       [](QueryBuilder& builder) -> Query { return {Counts(Numbered(builder)), "update"}; },
       "its checkpoint was begun with output mode 'append', this job has 'update'"},
      {"an aggregate less", Summed,
       [](QueryBuilder& builder) -> Query { return {Numbered(builder)}; },
       "its checkpoint keeps state of aggregate 0 (by 2 of "},
      {"an operator more", Summed,
       [](QueryBuilder& builder) -> Query {
         return {Counts(Numbered(builder).DropDuplicates({"id", "time"}))};
       },
       "its checkpoint keeps no state of drop duplicates 1 (by id: string time: timestamp), which "
       "this job has"},
      {"another kind of operator", Summed, Distinct,
       "its checkpoint keeps state of aggregate 0 (by 2 of "},
      {"the columns of what drops duplicates", Distinct,
       [](QueryBuilder& builder) -> Query {
         return {Numbered(builder).DropDuplicates({"id", "n", "time"})};
       },
       "its checkpoint was begun with drop duplicates 0 'by id: string time: timestamp', this job "
       "has 'by id: string n: int64 time: timestamp'"},
      {"the other kind of it", Distinct,
       [](QueryBuilder& builder) -> Query {
         return {Numbered(builder).DropDuplicatesWithinWatermark({"id", "time"})};
       },
       "its checkpoint keeps state of drop duplicates 0 (by id: string time: timestamp), which "
       "this "
       "job has not"},
      {"the range of a join", Joined,
       [](QueryBuilder& builder) -> Query { return {Pairs(builder, Within(absl::Seconds(50)))}; },
       ""},
      {"a filter on one of its sides", Joined,
       [](QueryBuilder& builder) -> Query {
         return {Pairs(builder, Within(absl::Seconds(5)) && Col("a.n") > 0)};
       },
       ""},
      {"a watermark less", Joined,
       [](QueryBuilder& builder) -> Query {
         const DataFrame a =
             builder.Source("a").Select({Cast(Col("value"), DataType::kTimestamp).As("time"),
                                         Col("value").As("id"), Length(Col("value")).As("n")});
         return {
             a.Alias("a")
                 .Join(Numbered(builder, "b").Alias("b"),
                       Col("a.id") == Col("b.id") && Within(absl::Seconds(5)))
                 .Select({Col("a.n").As("one"), Col("b.n").As("two"), Col("a.time").As("time")})};
       },
       "its checkpoint keeps state of watermark 0 (of time over source 0), which this job has not"},
      {"the keys of a join", Joined,
       [](QueryBuilder& builder) -> Query {
         return {Pairs(builder, Within(absl::Seconds(5)) && Col("a.n") == Col("b.n"))};
       },
       "its checkpoint was begun with inner join 0 'where id = id: string; left "},
      {"which columns a join keeps", Joined,
       [](QueryBuilder& builder) -> Query {
         return {Pairs(builder, Within(absl::Seconds(5)), false)};
       },
       "its checkpoint was begun with inner join 0 'where id = id: string; left "},
  };
  return changes;
}

TEST(ChangedQuery, IsAllowedOrRefusedByTheTable) {
  for (const Change& change : Changes()) {
    SCOPED_TRACE(change.what);
    const auto fingerprint = [](Make make) {
      QueryBuilder builder;
      const Query query = make(builder);
      const auto compiled = CompileFrame(query.frame, query.mode);
      EXPECT_TRUE(compiled.ok()) << compiled.status();
      return compiled->plan->state_fingerprint;
    };
    QueryIdentity before;
    before.state_fingerprint = fingerprint(change.before);
    before.shuffle_partitions = 4;
    QueryIdentity after = before;
    after.state_fingerprint = fingerprint(change.after);
    const std::string refusal(
        CheckCompatible(NewQueryMetadata("id", before), nullptr, after).status().message());
    if (*change.refusal == '\0') {
      EXPECT_EQ(refusal, "");
    } else {
      EXPECT_THAT(refusal, testing::StartsWith(change.refusal));
      EXPECT_THAT(refusal, testing::HasSubstr("run the job as it was, or start with a new"));
    }
  }
}

TEST(ChangedQuery, SourcesAndThePolicyOfWatermarks) {
  QueryIdentity identity;
  identity.source_names = {"a", "b"};
  identity.shuffle_partitions = 4;
  identity.watermark_policy = WatermarkPolicy::kMax;
  const checkpoint::QueryMetadata metadata = NewQueryMetadata("id", identity);
  const auto refusal = [&](std::vector<std::string> paths) {
    identity.source_names = std::move(paths);
    return std::string(CheckCompatible(metadata, nullptr, identity).status().message());
  };
  EXPECT_EQ(refusal({"a", "b"}), "");
  EXPECT_THAT(refusal({"a", "c"}), testing::HasSubstr("source.1.path 'b', this job has 'c'"));
  EXPECT_THAT(refusal({"b", "a"}), testing::HasSubstr("source.path 'a', this job has 'b'"));
  EXPECT_THAT(refusal({"a"}), testing::HasSubstr("sources '2', this job has '1'"));
  EXPECT_THAT(refusal({"a", "b", "c"}), testing::HasSubstr("sources '2', this job has '3'"));
  // What the checkpoint began with stays.
  identity.source_names = {"a", "b"};
  identity.watermark_policy = WatermarkPolicy::kMin;
  const auto pinned = CheckCompatible(metadata, nullptr, identity);
  ASSERT_TRUE(pinned.ok()) << pinned.status();
  EXPECT_EQ(pinned->watermark_policy, WatermarkPolicy::kMax);
}

TEST(ChangedQuery, PartitionsAreThoseOfTheNewestLayoutAndOthersAreRefused) {
  QueryIdentity identity;
  identity.keeps_state = true;
  identity.shuffle_partitions = 4;
  const checkpoint::QueryMetadata metadata = NewQueryMetadata("id", identity);
  checkpoint::StateLayout layout;
  layout.set_partitions(7);
  const auto partitions = [&](std::optional<int> asked, const checkpoint::StateLayout* of) {
    identity.shuffle_partitions = asked;
    const auto pinned = CheckCompatible(metadata, of, identity);
    return pinned.ok() ? absl::StrCat(pinned->shuffle_partitions)
                       : std::string(pinned.status().message());
  };
  EXPECT_EQ(partitions(std::nullopt, nullptr), "4");
  EXPECT_EQ(partitions(4, nullptr), "4");
  EXPECT_EQ(partitions(std::nullopt, &layout), "7");
  EXPECT_EQ(partitions(7, &layout), "7");
  EXPECT_THAT(partitions(9, nullptr),
              testing::StartsWith("its checkpoint keeps state in partitions: 4, and this start "
                                  "asks for 9: leave partitions out to go on with 4"));
  EXPECT_THAT(partitions(4, &layout), testing::HasSubstr("wavetank rescale --partitions=4"));
  // A query without state has nothing in partitions.
  identity.keeps_state = false;
  EXPECT_EQ(partitions(9, nullptr), "4");
}

}  // namespace
}  // namespace wavetank::runtime
