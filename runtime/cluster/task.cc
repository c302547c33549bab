#include "runtime/cluster/task.h"

#include "absl/strings/str_cat.h"

namespace wavetank::runtime {

std::string TaskId::Unique() const {
  return absl::StrCat(driver, "-", graph, "-", stage, "-", partition, "-", attempt);
}

}  // namespace wavetank::runtime
