// A stream that is refused leaves things as they were: it claims nothing, and the one that runs
// goes on.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

JobPlan SaveLinesOf(const std::string& input) {
  return [input](StreamingContext& ssc) {
    ssc.Checkpoint("checkpoint");
    ssc.TextFileStream(input).SaveAsTextFiles("out/lines");
  };
}

class RefusedStream : public testing::Test {
 protected:
  RefusedStream() : job_({.seed = 41}, SaveLinesOf("in")) {
    job_.Start();
    job_.RunFor(absl::Seconds(3));
  }

  // A driver beside the one that runs, with a worker of its own.
  std::string Refusal() {
    job_.StartWorker(7, {"m:7005"});
    job_.StartDriver("other", 7005);
    job_.RunFor(absl::Seconds(4));
    EXPECT_THAT(job_.ended(), SizeIs(1));
    if (job_.ended().size() != 1) return "";
    EXPECT_TRUE(absl::IsFailedPrecondition(job_.ended()[0])) << job_.ended()[0];
    return job_.ended()[0].ToString();
  }
  void ExpectTheOtherGoesOn() {
    job_.machine().disk().Put("in/a", "a line\n");
    job_.RunFor(absl::Seconds(3));
    EXPECT_THAT(job_.ended(), SizeIs(1));
    EXPECT_THAT(job_.SavedLines("out"), ElementsAre("a line"));
    EXPECT_THAT(job_.NamesIn("checkpoint"), AllOf(Contains("epoch-1"), Not(Contains("epoch-2"))));
  }

  SimJob job_;
};

TEST_F(RefusedStream, OfAnotherIntervalSaysSoAndTheOneThatRunsGoesOn) {
  job_.SetInterval(absl::Seconds(2));
  EXPECT_THAT(Refusal(), HasSubstr("its batch interval was 1s, and is 2s"));
  ExpectTheOtherGoesOn();
}

TEST_F(RefusedStream, OfAnotherInputSaysSoAndTheOneThatRunsGoesOn) {
  job_.SetJob(SaveLinesOf("elsewhere"));
  EXPECT_THAT(Refusal(), HasSubstr("the directories that they read and write"));
  ExpectTheOtherGoesOn();
}

}  // namespace
}  // namespace wavetank::runtime
