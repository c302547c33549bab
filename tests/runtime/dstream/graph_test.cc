#include "runtime/dstream/graph.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/dstream/streaming_context.h"

namespace wavetank::runtime {
namespace {

using testing::HasSubstr;

StreamingContext WordCountPlan() {
  StreamingContext ssc(absl::Seconds(1));
  ssc.TextFileStream("in")
      .FlatMap([](const std::string& line) { return std::vector<std::string>{line}; })
      .Map([](const std::string& word) { return std::pair(word, 1); })
      .ReduceByKey(std::plus<>())
      .Filter([](const std::pair<std::string, int>& count) { return count.second > 1; })
      .Print();
  return ssc;
}

TEST(StreamingGraph, CutsStagesAtShuffles) {
  const StreamingContext ssc = WordCountPlan();
  const auto stages = ssc.graph().StagesOf(ssc.graph().outputs());
  ASSERT_EQ(stages.size(), 2u);
  EXPECT_EQ(stages[0].head, OperatorId(0));
  EXPECT_THAT(stages[0].narrow, testing::ElementsAre(OperatorId(1), OperatorId(2)));
  EXPECT_EQ(stages[0].tail, OperatorId(3));
  EXPECT_EQ(stages[1].head, OperatorId(3));
  EXPECT_THAT(stages[1].narrow, testing::ElementsAre(OperatorId(4)));
  EXPECT_EQ(stages[1].tail, OperatorId(5));
}

std::string TextOf(const std::vector<StagePlan>& stages) {
  std::string text;
  for (const StagePlan& stage : stages) {
    absl::StrAppend(&text, stage.head.value());
    for (const OperatorId narrow : stage.narrow) absl::StrAppend(&text, " ", narrow.value());
    absl::StrAppend(&text, " > ", stage.tail.value());
    if (stage.side > 0) absl::StrAppend(&text, "/", stage.side);
    for (const BatchRead& read : stage.reads) {
      if (read.ago > 0) absl::StrAppend(&text, " -", read.ago);
      for (const std::vector<int>& side : read.sides) {
        absl::StrAppend(&text, " [", absl::StrJoin(side, ","), "]");
      }
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

TEST(StreamingGraph, PlansAStageForEachStreamThatAUnionJoinsAndOneForWhatSeveralRead) {
  StreamingContext ssc(absl::Seconds(1));
  using Pair = std::pair<int, int>;
  const auto queue = [&ssc] { return ssc.QueueStream<Pair>({{{1, 1}}}); };
  const DStream<Pair> both =
      queue().Union(queue().Filter([](const Pair&) { return true; }));  // 0 1 2 3
  const DStream<Pair> sums = both.ReduceByKey(std::plus<>());           // 4
  sums.Print();                                                         // 5
  sums.Join(queue()).Print();                                           // 6 7 8 9
  EXPECT_EQ(TextOf(ssc.graph().StagesOf(ssc.graph().outputs())),
            "0 > 4\n"
            "1 2 > 4\n"
            "4 > 5 [0,1]\n"
            "4 > 7 [0,1]\n"
            "6 > 7/1\n"
            "7 8 > 9 [3] [4]\n");
  EXPECT_THAT(ssc.graph().InputsOf(OperatorId(5)),
              testing::ElementsAre(OperatorId(0), OperatorId(1)));
  EXPECT_THAT(ssc.graph().InputsOf(OperatorId(9)),
              testing::ElementsAre(OperatorId(0), OperatorId(1), OperatorId(6)));
  EXPECT_THAT(ssc.graph().Describe(), HasSubstr("3 Union() of 0, 2 gives pair<i32,i32>\n"));
}

// What one side of a shuffle is written by, on several ways, is kept as long as the one that
// reaches back the furthest needs it.
// Where another one or an output takes them they are kept, once for all; Persist keeps them itself.
TEST(StreamingGraph, RowsOfAStateGoAtOnceWhereOneShuffleAloneTakesThem) {
  using Count = std::pair<std::string, int>;
  const auto counts = [](StreamingContext& ssc) {
    ssc.Checkpoint("checkpoint");
    const auto ones = ssc.TextFileStream("in").Map(  // 0 1
        [](const std::string& line) { return std::pair(line, 1); });
    const auto update = [](const std::vector<int>& ones, std::optional<int> count) {
      return std::optional(count.value_or(0) + static_cast<int>(ones.size()));
    };
    return ones.UpdateStateByKey<int>(update).Checkpoint(absl::Seconds(1));  // 2 3
  };
  const auto sum = [](const DStream<Count>& of) {
    return of.Map([](const Count& count) { return count.second; }).Reduce(std::plus<>());
  };
  const auto text = [](const StreamingContext& ssc) {
    return TextOf(ssc.graph().StagesOf(ssc.graph().outputs()));
  };
  {
    StreamingContext ssc(absl::Seconds(1));
    sum(counts(ssc)).Print();  // 4 5 6 7 8
    EXPECT_EQ(text(ssc),
              "0 1 > 2\n"
              "2 4 5 > 6 [0]\n"
              "6 7 > 8 [1]\n");
  }
  {
    StreamingContext ssc(absl::Seconds(1));
    const auto state = counts(ssc);
    sum(state).Print();
    state.Print();  // 9
    EXPECT_EQ(text(ssc),
              "0 1 > 2\n"
              "2 > 2 [0]\n"
              "2 4 5 > 6 [1]\n"
              "6 7 > 8 [2]\n"
              "2 > 9 [1]\n");
  }
  {
    StreamingContext ssc(absl::Seconds(1));
    sum(counts(ssc).Persist()).Print();
    EXPECT_EQ(text(ssc),
              "0 1 > 2\n"
              "2 > 3 [0]\n"
              "3 4 5 > 6 [1]\n"
              "6 7 > 8 [2]\n");
  }
}

TEST(StreamingGraph, ReachesAsFarBackAsTheLongestWayIntoASide) {
  for (const bool longest_first : {false, true}) {
    StreamingContext ssc(absl::Seconds(1));
    using Pair = std::pair<int, int>;
    const DStream<Pair> rows = ssc.QueueStream<Pair>({{{1, 1}}});  // 0
    const DStream<Pair> two = rows.Window(absl::Seconds(2));
    const DStream<Pair> four = rows.Window(absl::Seconds(4));
    const DStream<Pair> both = longest_first ? four.Union(two) : two.Union(four);
    const DStream<Pair> sums = both.ReduceByKey(std::plus<>());  // 4
    sums.Join(rows.Window(absl::Seconds(3))).Print();            // 5 6 ...
    std::map<WrittenSide, int64_t> sides = ssc.graph().Reaches();
    EXPECT_EQ((sides[{OperatorId(4), 0}]), 3) << longest_first;
    EXPECT_EQ((sides[{OperatorId(6), 1}]), 2) << longest_first;
    EXPECT_EQ(sides.size(), 2U) << "the sums themselves are of their own batch alone";
  }
}

TEST(StreamingGraph, RefusesMoreStagesThanAnyJobHas) {
  StreamingContext ssc(absl::Seconds(1));
  DStream<int> rows = ssc.QueueStream<int>({{1}});
  for (int i = 0; i < 40; ++i) rows = rows.Union(rows);
  rows.Print();
  EXPECT_THAT(ssc.graph().Validate().ToString(), HasSubstr("more than 10000 stages"));
}

TEST(StreamingGraph, RefusesStreamsOfTwoContextsAndPartitionsThatAreNone) {
  StreamingContext ssc(absl::Seconds(1));
  StreamingContext other(absl::Seconds(1));
  ssc.QueueStream<int>({{1}}).Union(other.QueueStream<int>({{1}})).Print();
  EXPECT_THAT(ssc.graph().Validate().ToString(),
              HasSubstr("Union of operator 0 (QueueStream): the other stream is of another"));
  other.QueueStream<int>({{1}}).CountByValue(0).Print();
  EXPECT_THAT(other.graph().Validate().ToString(), HasSubstr("give it 1 to 65536 partitions"));
}

TEST(StreamingGraph, FingerprintTellsPlansApartByStructureAndRowTypes) {
  const std::string fingerprint = WordCountPlan().graph().Fingerprint();
  EXPECT_EQ(WordCountPlan().graph().Fingerprint(), fingerprint);
  StreamingContext more = WordCountPlan();
  more.TextFileStream("in").Print();
  EXPECT_NE(more.graph().Fingerprint(), fingerprint);

  const auto of_type = [](auto row) {
    StreamingContext ssc(absl::Seconds(1));
    ssc.QueueStream<decltype(row)>({{row}}).Print();
    return ssc.graph().Fingerprint();
  };
  EXPECT_NE(of_type(int32_t{1}), of_type(int64_t{1}));
}

TEST(StreamingGraph, RefusesAPlanWithoutOutput) {
  StreamingContext ssc(absl::Seconds(1));
  ssc.TextFileStream("in");
  const absl::Status status = ssc.graph().Validate();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.ToString(), HasSubstr("no output operation"));
}

TEST(StreamingGraph, RefusesToCheckpointAQueue) {
  StreamingContext ssc(absl::Seconds(1));
  ssc.QueueStream<int>({{1}}).Print();
  EXPECT_TRUE(ssc.graph().Validate().ok());
  ssc.Checkpoint("checkpoint");
  const absl::Status status = ssc.graph().Validate();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.ToString(), HasSubstr("operator 0 (QueueStream)"));
}

TEST(StreamingGraph, RefusesTwoOutputsIntoTheSameDirectories) {
  StreamingContext ssc(absl::Seconds(1));
  const DStream<std::string> lines = ssc.TextFileStream("in");
  lines.SaveAsTextFiles("out/lines");
  lines.SaveAsTextFiles("out/lines", "txt");
  lines.SaveAsTextFiles("out/more");
  EXPECT_TRUE(ssc.graph().Validate().ok()) << ssc.graph().Validate();
  lines.SaveAsTextFiles("out/lines", "txt");
  const absl::Status status = ssc.graph().Validate();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(status.ToString(),
              testing::AllOf(HasSubstr("operator 2 (SaveAsTextFiles)"),
                             HasSubstr("operator 4 (SaveAsTextFiles)"), HasSubstr("out/lines")));
}

TEST(StreamingGraph, TakesThePrefixOfAnOutputInNormalForm) {
  for (const auto& [prefix, normal] :
       std::map<std::string, std::string>{{"lines", "lines"},
                                          {"out/lines", "out/lines"},
                                          {"out//lines", "out/lines"},
                                          {"./out/./lines", "out/lines"},
                                          {"x/../out/lines", "out/lines"},
                                          {"../lines", "../lines"},
                                          {"//data//lines", "/data/lines"},
                                          {"/lines", "/lines"},
                                          {"out//", "out/"},
                                          {"./", ""}}) {
    EXPECT_EQ(NormalPrefix(prefix), normal) << prefix;
  }
  StreamingContext ssc(absl::Seconds(1));
  const DStream<std::string> lines = ssc.TextFileStream("in");
  lines.SaveAsTextFiles("./out//lines");
  EXPECT_EQ(ssc.graph().output(ssc.graph().outputs().at(0)).files()->prefix, "out/lines");
  // A checkpoint of an older build has it as it was written.
  EXPECT_THAT(ssc.graph().Describe(), HasSubstr("(./out//lines-*.)"));
  EXPECT_TRUE(ssc.graph().Validate().ok()) << ssc.graph().Validate();
  lines.SaveAsTextFiles("out/lines");
  EXPECT_THAT(ssc.graph().Validate().ToString(), HasSubstr("save into the same directories"));
}

TEST(StreamingGraph, RefusesAnOutputInsideItsInputHoweverItIsWritten) {
  for (const std::string prefix : {"in/x", "./in/x", "in//x", "y/../in/x"}) {
    StreamingContext ssc(absl::Seconds(1));
    ssc.TextFileStream("in").SaveAsTextFiles(prefix);
    const absl::Status status = ssc.graph().Validate();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(status.ToString(), HasSubstr("overlap")) << prefix;
  }
}

TEST(StreamingGraph, NamesTheFirstThingThatTheJobDidWrong) {
  StreamingContext ssc(absl::Seconds(1));
  ssc.SocketTextStream("localhost", 70000).Print(-1);
  EXPECT_THAT(ssc.graph().Validate().ToString(), HasSubstr("SocketTextStream: port 70000"));
}

TEST(StreamingGraph, RefusesAnIntervalThatIsNotOfWholeMilliseconds) {
  for (const absl::Duration interval :
       {absl::ZeroDuration(), absl::Microseconds(1500), -absl::Seconds(1)}) {
    StreamingContext ssc(interval);
    ssc.TextFileStream("in").Print();
    EXPECT_TRUE(absl::IsInvalidArgument(ssc.graph().Validate())) << interval;
  }
}

}  // namespace
}  // namespace wavetank::runtime
