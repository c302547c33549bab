#include "runtime/columnar/line_splitter.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::runtime {
namespace {

// The lines of `bytes`, pushed in pieces of `piece` bytes.
std::vector<std::string> SplitInPieces(std::string_view bytes, size_t piece) {
  std::vector<std::string> lines;
  const auto keep = [&lines](std::string_view line) { lines.emplace_back(line); };
  LineSplitter splitter;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    splitter.Push(bytes.substr(0, piece), keep);
  }
  splitter.Finish(keep);
  return lines;
}

TEST(LineSplitter, EndsLinesAtAnyOfTheThreeEndsHoweverThePiecesAreCut) {
  constexpr std::string_view kBytes = "a\nbc\r\n\r\nd\re\r\rf\n\ng\xff\xfe";
  for (size_t piece = 1; piece <= kBytes.size(); ++piece) {
    EXPECT_THAT(SplitInPieces(kBytes, piece),
                testing::ElementsAre("a", "bc", "", "d", "e", "", "f", "", "g\xff\xfe"))
        << piece;
  }
}

TEST(LineSplitter, GivesNoLineAfterTheLastEnd) {
  EXPECT_THAT(SplitInPieces("a\n", 9), testing::ElementsAre("a"));
  EXPECT_THAT(SplitInPieces("a\r", 9), testing::ElementsAre("a"));
  EXPECT_THAT(SplitInPieces("", 9), testing::IsEmpty());
}

TEST(LineSplitter, WholeLinesNeverEndBetweenTheHalvesOfALinesEnd) {
  EXPECT_EQ(WholeLines("a\nb"), 2u);
  EXPECT_EQ(WholeLines("a\rb"), 2u);
  EXPECT_EQ(WholeLines("a\r\n"), 3u);
  EXPECT_EQ(WholeLines("a\rb\r"), 2u);
  EXPECT_EQ(WholeLines("a\r"), 0u);
  EXPECT_EQ(WholeLines("ab"), 0u);
  EXPECT_EQ(WholeLines(""), 0u);
}

TEST(LineSplitter, DropForgetsOnlyTheUnfinishedLine) {
  std::vector<std::string> lines;
  const auto keep = [&lines](std::string_view line) { lines.emplace_back(line); };
  LineSplitter splitter;
  splitter.Push("whole\nhal", keep);
  EXPECT_EQ(splitter.unfinished_bytes(), 3u);
  splitter.Drop();
  splitter.Push("next\n", keep);
  EXPECT_THAT(lines, testing::ElementsAre("whole", "next"));
}

}  // namespace
}  // namespace wavetank::runtime
