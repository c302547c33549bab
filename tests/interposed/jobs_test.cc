// What a job does for real when its files are damaged, lost or unreadable: as docs/faults.md says.
// A kill stands in for the crash, and for the power loss where the outcome is the same.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/interposed/child.h"
#include "tests/interposed/real_faults.h"

namespace wavetank::interposed {

void PrintTo(const JobFault& fault, std::ostream* out) { *out << fault.name; }

namespace {

namespace fs = std::filesystem;

class JobsForReal : public testing::TestWithParam<JobFault> {
 protected:
  // The status with which it ends, and what it says.
  std::pair<int, std::string> Run(const std::string& kill_at, const std::string& rules) {
    WriteFile(folder_.In("faults"), rules);
    std::vector<std::string> command = {WAVETANK_COMMAND,
                                        "start",
                                        GetParam().job,
                                        "--workers=1",
                                        absl::StrCat("--input=", folder_.In("in")),
                                        absl::StrCat("--output=", folder_.In("out")),
                                        absl::StrCat("--checkpoint=", folder_.In("ck"))};
    if (GetParam().inspected && kill_at.empty()) {
      command = {WAVETANK_COMMAND, "inspect", "--verify", folder_.In("out")};
    }
    if (!kill_at.empty()) command.push_back(absl::StrCat("--kill-at=", kill_at));
    // The pauses before further ones are long.
    if (command[2] == "word_count") command.push_back("--restarts=2");
    // Faults are of files of parts, which small ones do not have before their commit.
    if (command[2] == "word_count") command.push_back("--inline-bytes=0");
    Child child(command, {{"WAVETANK_FAULTS", folder_.In("faults")}}, folder_.path());
    const int status = child.Wait();
    return {status, child.Output()};
  }

  // The lines of the parts that a listing shows.
  std::multiset<std::string> Rows() const {
    std::multiset<std::string> rows;
    for (const auto& entry : fs::directory_iterator(folder_.In("out"))) {
      std::ifstream in(entry.path());
      std::string row;
      while (entry.is_regular_file() && std::getline(in, row)) rows.insert(row);
    }
    return rows;
  }

  const Folder folder_;
};
INSTANTIATE_TEST_SUITE_P(, JobsForReal, testing::ValuesIn(JobFaults()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(JobsForReal, EndAsTheDocumentSays) {
  const JobFault& fault = GetParam();
  WriteFile(folder_.In("in/a"), "one two\ntwo three\n");
  // What is older than its first start a DStream leaves out.
  fs::last_write_time(folder_.In("in/a"), fs::file_time_type::clock::now() + std::chrono::hours(1));
  const auto [first, said_first] = Run(fault.first_ends_at, fault.first_rules);
  ASSERT_EQ(first, 128 + SIGKILL) << said_first;
  fault.between(folder_.path());
  const auto [second, said] = Run(fault.second_ends_at, fault.second_rules);
  for (const std::string& words : fault.error) EXPECT_THAT(said, testing::HasSubstr(words));
  EXPECT_EQ(second, fault.error.empty() ? 128 + SIGKILL : 1) << said;
  if (!fault.error.empty() || std::string(fault.job) != "word_count") return;
  EXPECT_EQ(Rows(), (std::multiset<std::string>{"one,1", "three,1", "two,2"}));
}

}  // namespace
}  // namespace wavetank::interposed
