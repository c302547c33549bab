// Paths that a job has by itself: by default, or in its plan.
#include "scenarios/shell/job_paths.h"

#include <filesystem>
#include <map>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/structured/data_frame.h"

namespace wavetank::scenarios::shell {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Copies lines from where it is told, or from `in`, to `output`, which may be a directory's name in
// the plan.
runtime::Job CopyJob(const std::string& output) {
  runtime::Job job;
  job.name = "copy";
  job.meaning = "Copies lines.";
  job.parameters = {{"input", "directory of lines", "in", runtime::ParameterKind::kPath},
                    {"output", "directory of results", "out", runtime::ParameterKind::kPath}};
  job.structured = [output](runtime::Session& session, const runtime::JobArguments& arguments) {
    session.ReadStream()
        .Format("text")
        .Load(arguments.Get("input"))
        .WriteStream()
        .Format("file")
        .Option("path", output.empty() ? arguments.Get("output") + "/lines" : output)
        .Start();
  };
  return job;
}

std::string Here(const std::string& path) {
  return (std::filesystem::current_path() / path).relative_path().string();
}

absl::StatusOr<runtime::JobInstance> Placed(const runtime::Job& job) {
  auto given = PlacePaths(job, {{"checkpoint", "ck"}}, PathsOf::kHost);
  if (!given.ok()) return given.status();
  auto arguments = runtime::BindArguments(job, *given);
  if (!arguments.ok()) return arguments.status();
  return runtime::JobInstance{&job, *std::move(arguments)};
}

TEST(PlacePaths, PlacesWhatAJobHasByDefaultAsWhatIsGiven) {
  const runtime::Job job = CopyJob("");
  const auto host = PlacePaths(job, {{"checkpoint", "./ck/"}}, PathsOf::kHost);
  ASSERT_TRUE(host.ok()) << host.status();
  EXPECT_EQ(*host,
            (std::map<std::string, std::string>{
                {"checkpoint", Here("ck")}, {"input", Here("in")}, {"output", Here("out")}}));
  const auto store = PlacePaths(job, {{"checkpoint", "ck"}}, PathsOf::kStore);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(store->at("input"), "in");
}

TEST(CheckPlaced, RefusesAPathInThePlanThatNobodyCanPlace) {
  const runtime::Job placed = CopyJob("");
  const auto instance = Placed(placed);
  ASSERT_TRUE(instance.ok()) << instance.status();
  EXPECT_TRUE(CheckPlaced(*instance, runtime::DirectoriesOf(*instance)).ok());
  for (const std::string path : {"out", "/tmp/out"}) {
    const runtime::Job literal = CopyJob(path);
    const auto of_plan = Placed(literal);
    ASSERT_TRUE(of_plan.ok()) << of_plan.status();
    const absl::Status checked = CheckPlaced(*of_plan, runtime::DirectoriesOf(*of_plan));
    EXPECT_TRUE(absl::IsInvalidArgument(checked)) << checked;
    EXPECT_THAT(std::string(checked.message()),
                AllOf(HasSubstr("job copy: the output directory " + path + " is of no parameter"),
                      HasSubstr("ParameterKind::kPath")));
  }
}

// As the user knows them: an engine has paths of this host without their first "/".
TEST(SayFromRoot, SaysPathsFromTheRootOnAndNothingElse) {
  const std::vector<std::string> placed = {"tmp/job/in", "tmp/job/out", "data"};
  const auto said = [&placed](const std::string& text) { return SayFromRoot(placed, text); };
  EXPECT_EQ(said("source file tmp/job/in/a.csv: no"), "source file /tmp/job/in/a.csv: no");
  EXPECT_EQ(said("tmp/job/in and 'tmp/job/out': no"), "/tmp/job/in and '/tmp/job/out': no");
  EXPECT_EQ(said("there is none in tmp/job/in."), "there is none in /tmp/job/in.");
  EXPECT_EQ(said("/tmp/job/in is there"), "/tmp/job/in is there") << "said so already";
  EXPECT_EQ(said("tmp/job/in-2, a/tmp/job/in and tmp/job"),
            "tmp/job/in-2, a/tmp/job/in and tmp/job")
      << "others";
  EXPECT_EQ(said("no data in data/a"), "no data in /data/a") << "a word is no path";
}

}  // namespace
}  // namespace wavetank::scenarios::shell
