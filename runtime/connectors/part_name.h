// The plain name of a part that a file sink shows: "part-<batch>-<partition>.csv", both numbers of
// five digits or more.
#ifndef WAVETANK_RUNTIME_CONNECTORS_PART_NAME_H_
#define WAVETANK_RUNTIME_CONNECTORS_PART_NAME_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace wavetank::runtime {

std::string PartName(int64_t batch, size_t partition);
// -1: `name` is no such name.
int64_t BatchOfPart(absl::string_view name);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_PART_NAME_H_
