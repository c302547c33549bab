// The source tree as text, and findings in it: what the architecture tests have in common.
#ifndef WAVETANK_TESTS_ARCHITECTURE_SOURCE_TREE_H_
#define WAVETANK_TESTS_ARCHITECTURE_SOURCE_TREE_H_

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace wavetank::architecture {

struct SourceFile {
  std::string path;  // from the root of the tree, "platform/task.h"
  std::string text;
};

// Printed as "path:line: message"; the message says what to do instead.
struct Finding {
  std::string path;
  int line = 0;  // from 1; 0 where a finding concerns the file as a whole
  std::string message;

  friend std::ostream& operator<<(std::ostream& out, const Finding& finding);
};

// Every file that people write, ordered by path: not build/, nor what begins with "." (but .ci/).
// REQUIRES: the working directory is the root.
std::vector<SourceFile> ReadSourceTree();

// True for .h and .cc.
bool IsCpp(std::string_view path);

std::vector<std::string_view> Lines(std::string_view text);
int LineAt(std::string_view text, size_t offset);

// C++ with the content of comments, strings and character literals blanked out; lines stay.
std::string CodeOnly(std::string_view text);

// Offsets of `word` in `code` where no longer identifier contains it.
std::vector<size_t> FindWord(std::string_view code, std::string_view word);

}  // namespace wavetank::architecture

#endif  // WAVETANK_TESTS_ARCHITECTURE_SOURCE_TREE_H_
