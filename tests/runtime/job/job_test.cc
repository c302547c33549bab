#include "runtime/job/job.h"

#include "absl/strings/str_cat.h"
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
            "job words has no parameter \"inptu\": did you mean \"input\"?");
  EXPECT_EQ(
      error({{"input", "in"}, {"checkpoint", "ck"}, {"colour", "x"}}),
      "job words has no parameter \"colour\"; there are input, checkpoint, interval, "
      "partitions, kept-bytes, spill-bytes, receiver-rate, min-rate, unprocessed-bytes, retain, "
      "log-bytes, stop-timeout, ...");
  for (const char* interval : {"soon", "0s", "-1s", "10ns", "inf", "9000h"}) {
    EXPECT_EQ(error({{"input", "in"}, {"checkpoint", "ck"}, {"interval", interval}}),
              absl::StrCat("job words: interval \"", interval,
                           "\" is not a duration such as 500ms or 2s, from a millisecond to a "
                           "year"));
  }
  for (const char* timeout : {"soon", "-1s", "inf"}) {
    EXPECT_EQ(error({{"input", "in"}, {"checkpoint", "ck"}, {"stop-timeout", timeout}}),
              absl::StrCat("job words: stop-timeout \"", timeout,
                           "\" is not a duration such as 500ms or 2s, a year at most"));
  }
  EXPECT_EQ(error({{"input", "in"}, {"checkpoint", "ck"}, {"partitions", "0"}}),
            "job words: partitions \"0\" is not a number from 1 to 1024");
  EXPECT_EQ(error({{"input", "in"}, {"checkpoint", "ck"}, {"retain", "1"}}),
            "job words: retain \"1\" is not a number from 2 to 1000000");
  Job query{.name = "query", .structured = [](Session&, const JobArguments&) {}};
  EXPECT_EQ(
      BindArguments(query, {{"checkpoint", "ck"}, {"source-timeout", "0s"}}).status().message(),
      "job query: source-timeout \"0s\" is not a duration above 0s, such as 500ms or 2s");
  Job job = WordCountJob();
  job.parameters = {{"port", "", "99", ParameterKind::kPort},
                    {"wait", "", "1s", ParameterKind::kDuration}};
  for (const char* port : {"", "0", "65536", "http"}) {
    EXPECT_EQ(BindArguments(job, {{"checkpoint", "ck"}, {"port", port}}).status().message(),
              absl::StrCat("job words: port \"", port, "\" is not a number from 1 to 65535"));
  }
  for (const char* wait : {"", "7", "-1s", "inf"}) {
    EXPECT_EQ(BindArguments(job, {{"checkpoint", "ck"}, {"wait", wait}}).status().message(),
              absl::StrCat("job words: wait \"", wait,
                           "\" is not a duration such as 500ms or 2s, a year "
                           "at most"));
  }
  EXPECT_TRUE(BindArguments(job, {{"checkpoint", "ck"}}).ok());
}

}  // namespace
}  // namespace wavetank::runtime
