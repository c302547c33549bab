// The layers of docs/architecture.md as a table: which folder may include which, which folder may
// use which library, and that CMake targets say the same.
#ifndef WAVETANK_TESTS_ARCHITECTURE_LAYERS_H_
#define WAVETANK_TESTS_ARCHITECTURE_LAYERS_H_

#include <vector>

#include "tests/architecture/source_tree.h"

namespace wavetank::architecture {

// Includes of our own headers and of libraries that the table does not allow.
std::vector<Finding> CheckIncludes(const std::vector<SourceFile>& files);

// CMake targets that link a layer which theirs may not include, and layers that are included
// without standing among the target's dependencies.
std::vector<Finding> CheckTargets(const std::vector<SourceFile>& files);

}  // namespace wavetank::architecture

#endif  // WAVETANK_TESTS_ARCHITECTURE_LAYERS_H_
