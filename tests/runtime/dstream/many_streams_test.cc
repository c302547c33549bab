// What operators of several streams mean, and those that take a partition, a key's values or all
// rows of a batch: Spark's examples and edges.
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/collect.h"

namespace wavetank::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

using Pair = std::pair<int, std::string>;

DStream<Pair> Left(StreamingContext& ssc) {
  return ssc.QueueStream<Pair>({{{1, "a"}, {2, "b"}, {1, "c"}}, {{3, "d"}}});
}
DStream<Pair> Right(StreamingContext& ssc) {
  return ssc.QueueStream<Pair>({{{1, "x"}, {1, "y"}, {4, "z"}}, {}, {{3, "w"}}});
}

TEST(DStreamsTogether, AUnionHasTheRowsOfTheOneAndThenOfTheOther) {
  const auto rows = Collect<int>(2, [](StreamingContext& ssc) {
    const auto odd = ssc.QueueStream<int>({{1, 3}, {5}});
    const auto even = ssc.QueueStream<int>({{2, 4}});
    return ssc.Union<int>({odd, even, odd.Map([](int row) { return -row; })});
  });
  EXPECT_THAT(rows.batches, ElementsAre(ElementsAre(1, 3, 2, 4, -1, -3), ElementsAre(5, -5)));
}

TEST(DStreamsTogether, AJoinHasARowForEachPairOfValuesOfABatch) {
  using Row = std::pair<int, std::pair<std::string, std::string>>;
  const auto rows =
      Collect<Row>(3, [](StreamingContext& ssc) { return Left(ssc).Join(Right(ssc)); });
  EXPECT_THAT(rows.batches[0], UnorderedElementsAre(Row(1, {"a", "x"}), Row(1, {"a", "y"}),
                                                    Row(1, {"c", "x"}), Row(1, {"c", "y"})));
  EXPECT_THAT(rows.batches[1], IsEmpty());
  EXPECT_THAT(rows.batches[2], IsEmpty());
}

TEST(DStreamsTogether, OuterJoinsKeepWhatHasNoPair) {
  using Maybe = std::optional<std::string>;
  using LeftRow = std::pair<int, std::pair<std::string, Maybe>>;
  const auto left = Collect<LeftRow>(
      2, [](StreamingContext& ssc) { return Left(ssc).LeftOuterJoin(Right(ssc), 1); });
  EXPECT_THAT(left.batches[0],
              ElementsAre(LeftRow(1, {"a", "x"}), LeftRow(1, {"a", "y"}), LeftRow(1, {"c", "x"}),
                          LeftRow(1, {"c", "y"}), LeftRow(2, {"b", std::nullopt})));
  EXPECT_THAT(left.batches[1], ElementsAre(LeftRow(3, {"d", std::nullopt})));
  using RightRow = std::pair<int, std::pair<Maybe, std::string>>;
  const auto right = Collect<RightRow>(
      3, [](StreamingContext& ssc) { return Left(ssc).RightOuterJoin(Right(ssc), 1); });
  EXPECT_THAT(right.batches[0], testing::Contains(RightRow(4, {std::nullopt, "z"})));
  EXPECT_EQ(right.batches[0].size(), 5U);
  EXPECT_THAT(right.batches[2], ElementsAre(RightRow(3, {std::nullopt, "w"})));
  using FullRow = std::pair<int, std::pair<Maybe, Maybe>>;
  const auto full = Collect<FullRow>(
      1, [](StreamingContext& ssc) { return Left(ssc).FullOuterJoin(Right(ssc)); });
  EXPECT_EQ(full.batches[0].size(), 6U);
  EXPECT_THAT(full.batches[0], testing::IsSupersetOf({FullRow(2, {"b", std::nullopt}),
                                                      FullRow(4, {std::nullopt, "z"})}));
}

TEST(DStreamsTogether, ACogroupHasARowForEachKeyOfEither) {
  using Row = std::pair<int, std::pair<std::vector<std::string>, std::vector<std::string>>>;
  const auto rows =
      Collect<Row>(1, [](StreamingContext& ssc) { return Left(ssc).Cogroup(Right(ssc), 1); });
  EXPECT_THAT(rows.batches[0], ElementsAre(Row(1, {{"a", "c"}, {"x", "y"}}), Row(2, {{"b"}, {}}),
                                           Row(4, {{}, {"z"}})));
}

TEST(DStreamsTogether, AStreamMayMeetItself) {
  using Row = std::pair<int, std::pair<std::string, std::string>>;
  const auto rows = Collect<Row>(1, [](StreamingContext& ssc) {
    const auto left = Left(ssc);
    return left.Join(left, 1);
  });
  EXPECT_THAT(rows.batches[0],
              ElementsAre(Row(1, {"a", "a"}), Row(1, {"a", "c"}), Row(1, {"c", "a"}),
                          Row(1, {"c", "c"}), Row(2, {"b", "b"})));
}

TEST(DStreamOfPairs, GroupsAndCombinesTheValuesOfAKeyInOrder) {
  using Groups = std::pair<int, std::vector<std::string>>;
  const auto groups =
      Collect<Groups>(1, [](StreamingContext& ssc) { return Left(ssc).GroupByKey(1); });
  EXPECT_THAT(groups.batches[0], ElementsAre(Groups(1, {"a", "c"}), Groups(2, {"b"})));
  using Text = std::pair<int, std::string>;
  const auto combined = Collect<Text>(1, [](StreamingContext& ssc) {
    return ssc.QueueStream<std::pair<int, int>>({{{1, 5}, {1, 6}}, {{1, 7}}}, false)
        .CombineByKey([](int value) { return absl::StrCat("<", value); },
                      [](std::string text, int value) { return absl::StrCat(text, " ", value); },
                      [](std::string a, std::string b) { return absl::StrCat(a, ">", b); }, 1);
  });
  EXPECT_THAT(combined.batches[0], ElementsAre(Text(1, "<5 6><7")));
}

TEST(DStreamOfPairs, MapsItsValuesAlone) {
  using Row = std::pair<int, size_t>;
  const auto sizes = Collect<Row>(1, [](StreamingContext& ssc) {
    return Left(ssc)
        .FlatMapValues([](const std::string& text) { return std::vector{text, text + text}; })
        .MapValues([](const std::string& text) { return text.size(); });
  });
  EXPECT_THAT(sizes.batches[0],
              ElementsAre(Row(1, 1), Row(1, 2), Row(2, 1), Row(2, 2), Row(1, 1), Row(1, 2)));
}

TEST(DStreamOperators, CountIsOfEachBatchAlsoOfOneWithoutRows) {
  const auto counts = Collect<int64_t>(
      3, [](StreamingContext& ssc) { return ssc.QueueStream<int>({{7, 8, 9}, {}, {1}}).Count(); });
  EXPECT_THAT(counts.batches, ElementsAre(ElementsAre(3), ElementsAre(0), ElementsAre(1)));
}

TEST(DStreamOperators, ReduceAndCountByValueHaveNoRowForABatchWithoutRows) {
  const auto sums = Collect<int>(2, [](StreamingContext& ssc) {
    return ssc.QueueStream<int>({{7, 8, 9}}).Reduce(std::plus<>());
  });
  EXPECT_THAT(sums.batches, ElementsAre(ElementsAre(24), IsEmpty()));
  using Row = std::pair<std::string, int64_t>;
  const auto counts = Collect<Row>(2, [](StreamingContext& ssc) {
    return ssc.QueueStream<std::string>({{"a", "b", "a"}}).CountByValue();
  });
  EXPECT_THAT(counts.batches[0], UnorderedElementsAre(Row("a", 2), Row("b", 1)));
  EXPECT_THAT(counts.batches[1], IsEmpty());
}

TEST(DStreamOperators, GlomAndMapPartitionsTakeAPartitionAlsoAnEmptyOne) {
  using Rows = std::vector<int>;
  const auto whole = Collect<Rows>(
      2, [](StreamingContext& ssc) { return ssc.QueueStream<int>({{1, 2}, {3}}, false).Glom(); });
  EXPECT_THAT(whole.batches, ElementsAre(ElementsAre(Rows{1, 2}, Rows{3}), IsEmpty()));
  const auto sizes = Collect<size_t>(2, [](StreamingContext& ssc) {
    return ssc.QueueStream<int>({{5, 6, 7}})
        .Repartition(4)
        .MapPartitions(
            [](const std::vector<int>& rows) { return std::vector<size_t>{rows.size()}; });
  });
  EXPECT_THAT(sizes.batches[0], UnorderedElementsAre(1, 1, 1, 0));
  EXPECT_THAT(sizes.batches[1], ElementsAre(0, 0, 0, 0)) << "as many partitions without rows";
}

TEST(DStreamOperators, APartitionerSaysWhereKeysGo) {
  using Rows = std::vector<std::pair<int, int>>;
  const auto by_parity = [](const int& key) { return key % 2; };
  const auto parts = Collect<Rows>(1, [&](StreamingContext& ssc) {
    return ssc.QueueStream<std::pair<int, int>>({{{1, 1}, {2, 2}, {3, 3}, {1, 4}}})
        .ReduceByKey(std::plus<>(), {2, by_parity, "parity"})
        .Glom();
  });
  EXPECT_THAT(parts.batches[0], ElementsAre(Rows{{2, 2}}, Rows{{1, 5}, {3, 3}}));
  SimJob job({.seed = 1}, [](StreamingContext& ssc) {
    ssc.QueueStream<std::pair<int, int>>({{{1, 1}, {7, 2}}})
        .PartitionBy({2, [](const int& key) { return key; }, "itself"})
        .Print();
  });
  job.Start();
  job.RunFor(absl::Seconds(5));
  ASSERT_EQ(job.ended().size(), 1U);
  EXPECT_THAT(
      job.ended()[0].ToString(),
      testing::AllOf(HasSubstr("operator 1 (PartitionBy), record 1"),
                     HasSubstr("its partitioner 'itself' says partition 7 of 2 for the key 7"),
                     HasSubstr("batch ")));
}

TEST(DStreamOperators, APartitionerByRangeKeepsKeysTogetherThatLieBetweenItsBounds) {
  using Rows = std::vector<std::pair<std::string, int>>;
  using ByRange = Partitioner<std::string>;
  const auto parts = Collect<Rows>(1, [&](StreamingContext& ssc) {
    return ssc
        .QueueStream<std::pair<std::string, int>>(
            {{{"pear", 1}, {"fig", 2}, {"apple", 3}, {"g", 4}, {"zebra", 5}, {"fig", 6}}})
        .ReduceByKey(std::plus<>(), ByRange::ByRange({"g", "p"}))
        .Glom();
  });
  EXPECT_THAT(parts.batches[0], ElementsAre(Rows{{"fig", 8}, {"apple", 3}}, Rows{{"g", 4}},
                                            Rows{{"pear", 1}, {"zebra", 5}}));
  EXPECT_THAT(ByRange::ByRange({"g", "p"}).detail(),
              testing::StartsWith("3 by ranges from g, p ("));
  // They read alike.
  EXPECT_NE(ByRange::ByRange({"a, b", "c"}).detail(), ByRange::ByRange({"a", "b, c"}).detail());
  EXPECT_FALSE(ByRange::ByRange({"p", "g"}).valid()) << "its bounds do not ascend";
}

TEST(DStreamOperators, AConstantStreamIsThereInEachBatch) {
  using Row = std::pair<int, std::pair<std::string, int>>;
  const auto rows = Collect<Row>(2, [](StreamingContext& ssc) {
    return Left(ssc).Join(ssc.ConstantStream<std::pair<int, int>>({{1, 10}, {3, 30}}), 1);
  });
  EXPECT_THAT(rows.batches, ElementsAre(ElementsAre(Row(1, {"a", 10}), Row(1, {"c", 10})),
                                        ElementsAre(Row(3, {"d", 30}))));
}

// Several outputs are one graph of tasks: what they share runs once.
TEST(DStreamOutputs, WhatTheyShareRunsOnceABatch) {
  int calls = 0;
  int shown = 0;
  SimJob job({.seed = 1}, [&](StreamingContext& ssc) {
    const auto sums = ssc.QueueStream<std::pair<int, int>>({{{1, 1}, {2, 2}}})
                          .Map([&calls](std::pair<int, int> row) {
                            ++calls;
                            return row;
                          })
                          .ReduceByKey(std::plus<>());
    for (int i = 0; i < 3; ++i) {
      sums.ForeachRDD([&shown](const Rdd<std::pair<int, int>>& rdd) {
        shown += static_cast<int>(rdd.Count());
      });
    }
  });
  job.Start();
  job.RunFor(absl::Seconds(5));
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(shown, 6);
}

TEST(DStreamOutputs, OneThatFailsHoldsUpNoOther) {
  std::vector<int> seen;
  std::vector<std::string> failures;
  SimJob job({.seed = 1}, [&](StreamingContext& ssc) {
    const auto rows = ssc.QueueStream<int>({{1, 2}, {3}});
    rows.Map([](int row) {
          if (row == 2) throw std::runtime_error("two is right out");
          return row;
        })
        .Print();
    rows.ForeachRDD([&seen](const Rdd<int>& rdd) {
      for (const int row : rdd.Collect()) seen.push_back(row);
    });
  });
  job.driver_options().on_batch_failed = [&](const absl::Status& failed) {
    failures.emplace_back(failed.message());
  };
  job.Start();
  job.RunFor(absl::Seconds(6));
  EXPECT_THAT(seen, ElementsAre(1, 2, 3));
  EXPECT_THAT(failures, ElementsAre(testing::AllOf(HasSubstr("operator 2 (Print)"),
                                                   HasSubstr("two is right out"))));
}

}  // namespace
}  // namespace wavetank::runtime
