#include "runtime/dstream/graph.h"

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

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
  const auto stages = ssc.graph().StagesOf(ssc.graph().outputs().front());
  ASSERT_EQ(stages.size(), 2u);
  EXPECT_EQ(stages[0].head, OperatorId(0));
  EXPECT_THAT(stages[0].narrow, testing::ElementsAre(OperatorId(1), OperatorId(2)));
  EXPECT_EQ(stages[0].tail, OperatorId(3));
  EXPECT_EQ(stages[1].head, OperatorId(3));
  EXPECT_THAT(stages[1].narrow, testing::ElementsAre(OperatorId(4)));
  EXPECT_EQ(stages[1].tail, OperatorId(5));
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
