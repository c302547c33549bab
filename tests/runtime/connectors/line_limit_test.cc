#include "runtime/connectors/line_limit.h"

#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace wavetank::runtime {
namespace {

// Of `text` in pieces of so many bytes: "fits", or where the line begins that does not.
std::string Outcome(std::string_view text, size_t piece, uint64_t most) {
  LineLimit lines(most);
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    if (!lines.Add(text.substr(0, piece))) return std::to_string(lines.begin());
  }
  return "fits";
}

TEST(LineLimit, TellsTheFirstLineThatIsLongerHoweverTheTextIsCut) {
  for (size_t piece = 1; piece < 20; ++piece) {
    SCOPED_TRACE(piece);
    EXPECT_EQ(Outcome("", piece, 3), "fits");
    EXPECT_EQ(Outcome("abc", piece, 3), "fits");
    EXPECT_EQ(Outcome("abcd", piece, 3), "0");
    EXPECT_EQ(Outcome("abc\nabc\rabc\r\nabc", piece, 3), "fits");
    EXPECT_EQ(Outcome("abc\nabc\rabc\r\nabcd\n", piece, 3), "13");
    EXPECT_EQ(Outcome("\n\n\nab\nabcd", piece, 3), "6");
    EXPECT_EQ(Outcome("a\nabcde\nb", piece, 4), "2");
    EXPECT_EQ(Outcome("abcd", piece, UINT64_MAX), "fits");
  }
}

}  // namespace
}  // namespace wavetank::runtime
