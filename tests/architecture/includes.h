// Whether headers include what they name of other libraries. The compiler does not say it in a
// build whose sources find those libraries' headers precompiled (cmake/precompiled.cmake).
#ifndef WAVETANK_TESTS_ARCHITECTURE_INCLUDES_H_
#define WAVETANK_TESTS_ARCHITECTURE_INCLUDES_H_

#include <vector>

#include "tests/architecture/source_tree.h"

namespace wavetank::architecture {

// Names in headers whose own header is included neither there nor in what is included there of this
// tree.
std::vector<Finding> CheckNamesAreIncluded(const std::vector<SourceFile>& files);

}  // namespace wavetank::architecture

#endif  // WAVETANK_TESTS_ARCHITECTURE_INCLUDES_H_
