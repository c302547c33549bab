// Files that older builds wrote (tests/data/checkpoint), by path below their directory.
#ifndef WAVETANK_TESTS_CHECKPOINT_GOLDEN_FILES_H_
#define WAVETANK_TESTS_CHECKPOINT_GOLDEN_FILES_H_

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "gtest/gtest.h"

namespace wavetank::checkpoint {

using GoldenFiles = std::map<std::string, std::string>;

inline GoldenFiles ReadGoldenFiles(const std::filesystem::path& directory) {
  GoldenFiles files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    files[std::filesystem::relative(entry.path(), directory).string()] =
        std::string(std::istreambuf_iterator<char>(in), {});
  }
  return files;
}

inline void WriteGoldenFiles(const std::filesystem::path& directory, const GoldenFiles& files) {
  for (const auto& [path, content] : files) {
    std::filesystem::create_directories((directory / path).parent_path());
    std::ofstream(directory / path, std::ios::binary) << content;
  }
}

inline void ExpectSameFiles(const GoldenFiles& golden, const GoldenFiles& now) {
  ASSERT_FALSE(golden.empty());
  for (const auto& [path, content] : golden) {
    const auto written = now.find(path);
    ASSERT_NE(written, now.end()) << path;
    EXPECT_TRUE(written->second == content) << path << " is written otherwise now";
  }
  EXPECT_EQ(now.size(), golden.size());
}

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_TESTS_CHECKPOINT_GOLDEN_FILES_H_
