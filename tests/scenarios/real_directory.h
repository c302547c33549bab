// A directory of the host for one test, gone at its end.
#ifndef WAVETANK_TESTS_SCENARIOS_REAL_DIRECTORY_H_
#define WAVETANK_TESTS_SCENARIOS_REAL_DIRECTORY_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

#include "platform/check.h"

namespace wavetank::testing {

class RealDirectory {
 public:
  RealDirectory() {
    std::string path = ::testing::TempDir() + "/wavetank-connectors-XXXXXX";
    WT_CHECK(::mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  ~RealDirectory() { std::filesystem::remove_all(path_); }
  RealDirectory(const RealDirectory&) = delete;
  RealDirectory& operator=(const RealDirectory&) = delete;

  const std::string& path() const { return path_; }
  // Whole, as a file of an input directory must appear.
  void Put(const std::string& file, const std::string& content) const {
    const std::filesystem::path to = std::filesystem::path(path_) / file;
    std::filesystem::create_directories(to.parent_path());
    const std::filesystem::path aside = to.parent_path() / (".new-" + to.filename().string());
    std::ofstream(aside) << content;
    std::filesystem::rename(aside, to);
  }

 private:
  std::string path_;
};

}  // namespace wavetank::testing

#endif  // WAVETANK_TESTS_SCENARIOS_REAL_DIRECTORY_H_
