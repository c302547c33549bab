// Options of sources and sinks, as tables: what a format takes is what it lists, and anything else
// is refused with the nearest name.
#ifndef WAVETANK_RUNTIME_CONNECTORS_CONNECTOR_OPTION_H_
#define WAVETANK_RUNTIME_CONNECTORS_CONNECTOR_OPTION_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace wavetank::runtime {

using OptionMap = std::map<std::string, std::string>;

struct ConnectorOption {
  std::string name;
  std::string takes;          // "a whole number above 0", "stop or skip", with the unit
  std::string default_value;  // as one would write it; "": none
  std::string meaning;        // one line
  bool required = false;
  // Of a limit on what a batch has: the value that is none, which Trigger.Once gives it. "": it is
  // no limit.
  std::string no_limit = {};
  // One of those that say, together, what of another system is read or written. Of source and sink
  // of one format they have the same names.
  bool of_place = false;
  // Of a source: where a query begins depends on it. Until it has a batch, it begins anew where one
  // of these is another than at its first start; all else may change.
  bool of_begin = false;
};

// kInvalidArgument: one of `values` is none of `options`, or one that is required is missing.
// `call` names who was given them: "ReadStream".
absl::Status CheckOptionNames(const std::string& call, const OptionMap& values,
                              const std::vector<ConnectorOption>& options);

// kInvalidArgument names the option, what it was given and what it takes; `choices`: words that it
// takes, of which one may be meant.
absl::Status WrongOption(const ConnectorOption& option, const std::string& value,
                         const std::vector<std::string>& choices = {});

// "": it was not given.
std::string OptionValue(const OptionMap& values, const std::string& name);

// The option's value, or its default. kInvalidArgument names the option, what it was given and what
// it takes: a whole number from `least` on. Without a default: as much as there is.
absl::StatusOr<int64_t> NumberOption(const OptionMap& values, const ConnectorOption& option,
                                     int64_t least);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_CONNECTOR_OPTION_H_
