#include "runtime/plan/output_mode.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "platform/nearest_name.h"
#include "platform/text.h"

namespace wavetank::runtime {
namespace {

constexpr QueryOutputMode kModes[] = {QueryOutputMode::kAppend, QueryOutputMode::kUpdate,
                                      QueryOutputMode::kComplete};

}  // namespace

std::string_view OutputModeName(QueryOutputMode mode) {
  switch (mode) {
    case QueryOutputMode::kAppend:
      return "append";
    case QueryOutputMode::kUpdate:
      return "update";
    case QueryOutputMode::kComplete:
      return "complete";
  }
  return "";
}

absl::StatusOr<QueryOutputMode> ParseOutputMode(std::string_view text) {
  std::vector<std::string> names;
  for (const QueryOutputMode mode : kModes) {
    if (OutputModeName(mode) == text) return mode;
    names.emplace_back(OutputModeName(mode));
  }
  return absl::InvalidArgumentError(absl::StrCat("OutputMode: there is no mode \"",
                                                 platform::ToAbsl(text), "\"",
                                                 platform::Suggestion(text, names)));
}

}  // namespace wavetank::runtime
