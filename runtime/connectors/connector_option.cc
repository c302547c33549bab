#include "runtime/connectors/connector_option.h"

#include <algorithm>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "platform/nearest_name.h"

namespace wavetank::runtime {

absl::Status CheckOptionNames(const std::string& call, const OptionMap& values,
                              const std::vector<ConnectorOption>& options) {
  std::vector<std::string> known;
  for (const ConnectorOption& option : options) known.push_back(option.name);
  for (const auto& [name, value] : values) {
    if (std::ranges::find(known, name) != known.end()) continue;
    return absl::InvalidArgumentError(absl::StrCat(call, ": nothing reads the option \"", name,
                                                   "\"", platform::Suggestion(name, known)));
  }
  for (const ConnectorOption& option : options) {
    if (!option.required || !OptionValue(values, option.name).empty()) continue;
    return absl::InvalidArgumentError(absl::StrCat(call, ": it needs the option ", option.name,
                                                   ", ", option.takes, ": ", option.meaning));
  }
  return absl::OkStatus();
}

absl::Status WrongOption(const ConnectorOption& option, const std::string& value,
                         const std::vector<std::string>& choices) {
  const std::string nearest = platform::NearestName(value, choices);
  return absl::InvalidArgumentError(absl::StrCat(
      "its option ", option.name, " is '", value, "': give ", option.takes,
      nearest.empty() ? "" : ": did you mean \"", nearest, nearest.empty() ? "" : "\"?"));
}

std::string OptionValue(const OptionMap& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string() : found->second;
}

absl::StatusOr<int64_t> NumberOption(const OptionMap& values, const ConnectorOption& option,
                                     int64_t least) {
  const auto found = values.find(option.name);
  const std::string& text = found == values.end() ? option.default_value : found->second;
  if (found == values.end() && text.empty()) return std::numeric_limits<int64_t>::max();
  int64_t number = 0;
  if (absl::SimpleAtoi(text, &number) && number >= least) return number;
  return WrongOption(option, text);
}

}  // namespace wavetank::runtime
