// What operators mean, on a driver and two workers.
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/collect.h"
#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

using Lines = std::vector<std::vector<std::string>>;

std::vector<std::string_view> WordsIn(const std::string& line) {
  std::vector<std::string_view> words;
  for (size_t begin = 0; begin < line.size();) {
    const size_t end = std::min(line.find(' ', begin), line.size());
    if (end > begin) words.push_back(std::string_view(line).substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

TEST(DStreamOperators, CountWordsOfEachBatchByItself) {
  using Count = std::pair<std::string, int>;
  const auto counts = Collect<Count>(3, [](StreamingContext& ssc) {
    return ssc.QueueStream<std::string>(Lines{{"a b a", "", " b  c"}, {"a"}})
        .FlatMap(WordsIn)
        .Map([](std::string word) { return std::pair(std::move(word), 1); })
        .ReduceByKey(std::plus<>());
  });
  EXPECT_THAT(counts.batches[0], UnorderedElementsAre(Count("a", 2), Count("b", 2), Count("c", 1)));
  EXPECT_THAT(counts.batches[1], ElementsAre(Count("a", 1)));
  EXPECT_THAT(counts.batches[2], IsEmpty());
}

TEST(DStreamOperators, BatchTimesAreMultiplesOfTheIntervalWithoutAGap) {
  const auto rows =
      Collect<int>(4, [](StreamingContext& ssc) { return ssc.QueueStream<int>({{1}, {2}, {3}}); });
  for (size_t i = 0; i < rows.times.size(); ++i) {
    EXPECT_EQ(absl::ToUnixMillis(rows.times[i]) % 1000, 0);
    EXPECT_EQ(rows.times[i], rows.times[0] + absl::Seconds(i));
  }
  EXPECT_THAT(rows.batches, ElementsAre(ElementsAre(1), ElementsAre(2), ElementsAre(3), IsEmpty()));
}

TEST(DStreamOperators, ValuesOfAKeyAreCombinedInTheOrderOfTheirRows) {
  using Row = std::pair<int, std::string>;
  std::vector<Row> rows;
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    rows.emplace_back(i % 3, absl::StrCat(i, " "));
    if (i % 3 == 1) absl::StrAppend(&expected, i, " ");
  }
  for (const uint64_t seed : {1, 2, 3}) {
    const auto joined = Collect<Row>(
        1,
        [&](StreamingContext& ssc) {
          // Two partitions, of which the first comes first.
          const std::vector<Row> first(rows.begin(), rows.begin() + 1500);
          const std::vector<Row> second(rows.begin() + 1500, rows.end());
          return ssc.QueueStream<Row>({first, second}, /*one_at_a_time=*/false)
              .ReduceByKey([](std::string a, const std::string& b) { return std::move(a) + b; });
        },
        seed);
    EXPECT_THAT(joined.batches[0], testing::Contains(Row(1, expected)));
    EXPECT_EQ(joined.batches[0].size(), 3u);
  }
}

TEST(DStreamOperators, OneShuffleMayFollowAnother) {
  using Row = std::pair<int, int>;
  const auto histogram = Collect<Row>(1, [](StreamingContext& ssc) {
    return ssc.QueueStream<int>({{5, 6, 5, 7, 6, 5, 8}})
        .Map([](int value) { return std::pair(value, 1); })
        .ReduceByKey(std::plus<>())
        .Map([](const Row& row) { return std::pair(row.second, 1); })
        .ReduceByKey(std::plus<>());
  });
  EXPECT_THAT(histogram.batches[0], UnorderedElementsAre(Row(3, 1), Row(2, 1), Row(1, 2)));
}

TEST(DStreamOperators, FlatMapMayGiveManyRowsOrNone) {
  const auto rows = Collect<int>(1, [](StreamingContext& ssc) {
    return ssc.QueueStream<int>({{0, 5000, 0, 2}})
        .FlatMap([](int count) { return std::vector<int>(static_cast<size_t>(count), count); })
        .Filter([](int value) { return value != 2; });
  });
  EXPECT_THAT(rows.batches[0], testing::AllOf(testing::SizeIs(5000), testing::Each(5000)));
}

TEST(DStreamOperators, PrintShowsTheFirstRowsUnderTheBatchTime) {
  SimJob job({.seed = 1}, [](StreamingContext& ssc) {
    ssc.QueueStream<std::pair<std::string, int>>({{{"a", 1}, {"b", 2}, {"c", 3}}, {{"d", 4}}})
        .Print(2);
  });
  job.Start();
  job.RunFor(absl::Seconds(3.5));
  const std::string rule(43, '-');
  EXPECT_THAT(job.printed(),
              testing::ContainsRegex(absl::StrCat(
                  rule, "\nTime: [0-9]+000 ms\n", rule, "\n\\(a,1\\)\n\\(b,2\\)\n\\.\\.\\.\n\n",
                  rule, "\nTime: [0-9]+000 ms\n", rule, "\n\\(d,4\\)\n\n", rule)));
}

TEST(DStreamOperators, AFunctionThatThrowsFailsTheBatchNamingBatchOperatorPartitionAndRecord) {
  SimJob job({.seed = 1}, [](StreamingContext& ssc) {
    ssc.QueueStream<int>({{1}, {1, 2, 3, 4}})
        .Map([](int value) {
          if (value == 3) throw std::runtime_error("three is right out");
          return value;
        })
        .Print();
  });
  job.Start();
  job.RunFor(absl::Seconds(10));
  ASSERT_EQ(job.ended().size(), 1u);
  EXPECT_THAT(job.ended()[0].ToString(),
              testing::AllOf(HasSubstr("batch 2 ("), HasSubstr("operator 1 (Map), record 2"),
                             HasSubstr("partition 0"), HasSubstr("three is right out")));
}

TEST(DStreamOperators, AFailedBatchIsReportedAndTheNextOnesGoOn) {
  std::vector<absl::Status> failures;
  std::vector<int> seen;
  SimJob job({.seed = 1}, [&](StreamingContext& ssc) {
    ssc.QueueStream<int>({{1}, {2}, {3}}).ForeachRDD([&](const Rdd<int>& rdd) {
      for (const int value : rdd.Collect()) {
        if (value == 2) throw 2;
        seen.push_back(value);
      }
    });
  });
  job.driver_options().on_batch_failed = [&](const absl::Status& failed) {
    failures.push_back(failed);
  };
  job.Start();
  job.RunFor(absl::Seconds(6));
  EXPECT_THAT(seen, ElementsAre(1, 3));
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_THAT(failures[0].ToString(), HasSubstr("operator 1 (ForeachRDD)"));
  EXPECT_THAT(job.ended(), IsEmpty());
}

}  // namespace
}  // namespace wavetank::runtime
