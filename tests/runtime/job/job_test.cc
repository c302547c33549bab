#include "runtime/job/job.h"

#include "gtest/gtest.h"

namespace wavetank::runtime {
namespace {

Job WordCountJob() {
  Job job;
  job.name = "words";
  job.parameters = {{"input", "directory of text files", std::nullopt}};
  job.dstream = [](StreamingContext&, const JobArguments&) {};
  return job;
}

TEST(BindArguments, GivesDefaultsToWhatIsNotGiven) {
  const auto arguments = BindArguments(WordCountJob(), {{"input", "in"}, {"checkpoint", "ck"}});
  ASSERT_TRUE(arguments.ok()) << arguments.status();
  EXPECT_EQ(arguments->Get("input"), "in");
  EXPECT_EQ(arguments->Get("interval"), "1s");
  EXPECT_EQ(arguments->Get("partitions"), "2");
}

TEST(BindArguments, NamesWhatIsMissingUnknownOrMalformed) {
  const auto error = [](std::map<std::string, std::string> given) {
    return std::string(BindArguments(WordCountJob(), std::move(given)).status().message());
  };
  EXPECT_EQ(error({{"checkpoint", "ck"}}),
            "job words needs the parameter input: directory of text files");
  EXPECT_EQ(error({{"input", "in"}, {"checkpoint", "ck"}, {"inptu", "x"}}),
            "job words has no parameter inptu; it has input, checkpoint, interval, partitions");
  EXPECT_EQ(error({{"input", "in"}, {"checkpoint", "ck"}, {"interval", "soon"}}),
            "job words: interval \"soon\" is not a duration such as 500ms or 2s");
  EXPECT_EQ(error({{"input", "in"}, {"checkpoint", "ck"}, {"partitions", "0"}}),
            "job words: partitions \"0\" is not a number from 1 to 1024");
}

}  // namespace
}  // namespace wavetank::runtime
