// Where the system has too little to give, a job ends in a sentence, or goes on with less: it is
// not aborted.
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/interposed/child.h"

namespace wavetank::interposed {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

class Limits : public testing::Test {
 protected:
  Limits() { WriteFile(folder_.In("in/a"), "one two\n"); }

  // A job under such a limit, to the end of its first batch, or until it complains of an error that
  // may pass. Whether it had enough.
  bool Run(const std::string& rule, const std::vector<Limit>& limits) {
    WriteFile(folder_.In("faults"), rule);
    // Each run begins anew: one that has nothing to do comes to no end.
    const std::string run = absl::StrCat("run-", ends_.size(), "/");
    Child child(
        {WAVETANK_COMMAND, "start", "word_count", "--workers=2", "--interval=10ms",
         absl::StrCat("--input=", folder_.In("in")),
         absl::StrCat("--output=", folder_.In(run + "out")),
         absl::StrCat("--checkpoint=", folder_.In(run + "ck")), "--kill-at=batch.committed"},
        rule.empty() ? Environment() : Environment{{"WAVETANK_FAULTS", folder_.In("faults")}},
        folder_.path(), limits);
    const bool complained = child.Prints(" warning ");
    child.Signal(SIGKILL);
    const int status = child.Wait();
    const std::string said = child.Output();
    // 127: the loader itself had no room for the libraries, and says so.
    EXPECT_THAT(status, AnyOf(1, 2, 127, 128 + SIGKILL)) << said;
    EXPECT_THAT(said, Not(HasSubstr("terminate called"))) << said;
    if (status < 127) EXPECT_THAT(said, HasSubstr(": ")) << "it ended without a word";
    ends_.push_back(status);
    return !complained && status == 128 + SIGKILL;
  }

  // From `most` on, by `step`, until more makes no difference; at most 30 of them.
  void RunUntilEnough(int resource, rlim_t most, rlim_t step) {
    int enough = 0;
    for (int run = 0; run < 30 && enough < 3; ++run, most += step) {
      SCOPED_TRACE(absl::StrCat("at most ", most));
      enough = Run("", {{resource, most}}) ? enough + 1 : 0;
    }
  }

  const Folder folder_;
  std::vector<int> ends_;
};

TEST_F(Limits, FewDescriptorsEndInASentence) {
  RunUntilEnough(RLIMIT_NOFILE, 4, 1);
  EXPECT_THAT(ends_, testing::Contains(2));
}

TEST_F(Limits, LittleMemoryEndsInASentence) {
  RunUntilEnough(RLIMIT_AS, rlim_t{40} << 20, rlim_t{20} << 20);
  EXPECT_THAT(ends_, testing::Contains(AnyOf(1, 2)));
}

TEST_F(Limits, RefusedThreadsEndInASentence) {
  for (int nth = 1; nth <= 14; ++nth) {
    SCOPED_TRACE(absl::StrCat("thread ", nth));
    Run(absl::StrCat("thread * ", nth, " 0 0 error:", EAGAIN, "\n"), {});
  }
  EXPECT_THAT(ends_, testing::Contains(1));
  EXPECT_THAT(ends_, testing::Contains(2));
}

}  // namespace
}  // namespace wavetank::interposed
