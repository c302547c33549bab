#include "runtime/connectors/part_name.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace wavetank::runtime {

std::string PartName(int64_t batch, size_t partition) {
  return absl::StrFormat("part-%05d-%05d.csv", batch, partition);
}

int64_t BatchOfPart(absl::string_view name) {
  constexpr size_t kLeastDigits = 5;
  int64_t batch = -1;
  int64_t partition = -1;
  const bool framed = absl::ConsumePrefix(&name, "part-") && absl::ConsumeSuffix(&name, ".csv");
  const size_t dash = name.find('-');
  const bool is_part = framed && dash != absl::string_view::npos && dash >= kLeastDigits &&
                       name.size() - dash > kLeastDigits &&
                       absl::SimpleAtoi(name.substr(0, dash), &batch) &&
                       absl::SimpleAtoi(name.substr(dash + 1), &partition);
  return is_part ? batch : -1;
}

}  // namespace wavetank::runtime
