// House style as far as a machine can judge it.
#ifndef WAVETANK_TESTS_ARCHITECTURE_TIDY_H_
#define WAVETANK_TESTS_ARCHITECTURE_TIDY_H_

#include <vector>

#include "tests/architecture/source_tree.h"

namespace wavetank::architecture {

// Findings within one file each; each message says what to do instead.
std::vector<Finding> CheckStyle(const std::vector<SourceFile>& files);

// READMEs: each folder with sources has one of under 60 lines, or a section ("## real: ...") of the
// README above it; the root's has under 100 and shows a command by line 10.
std::vector<Finding> CheckReadmes(const std::vector<SourceFile>& files);

// What the Markdown has one `make` is a rule of the Makefile.
std::vector<Finding> CheckVerbs(const std::vector<SourceFile>& files);

// Each file of tests, "*_test.cc", is named by a CMakeLists.txt beside or above it: what nobody
// builds finds nothing.
std::vector<Finding> CheckTestsAreBuilt(const std::vector<SourceFile>& files);

}  // namespace wavetank::architecture

#endif  // WAVETANK_TESTS_ARCHITECTURE_TIDY_H_
