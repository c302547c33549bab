// What a format may be told, as tables that a registry can list: each option's name, type, unit,
// default and meaning; and its values, checked.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_FORMAT_OPTION_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_FORMAT_OPTION_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace wavetank::runtime {

struct FormatOption {
  enum class Type {
    kText,       // anything
    kBool,       // true or false
    kCharacter,  // one byte; "" stands for none where the option may be off
    kNumber,     // a whole number, -1 or above 0
    kChoice,     // one of those that `unit` lists, between "|"
  };
  std::string_view name;
  Type type = Type::kText;
  std::string_view unit;  // "" has none
  std::string_view default_value;
  std::string_view meaning;
};
// "text", "bool", "character", "number", "choice".
std::string_view FormatOptionTypeName(FormatOption::Type type);

// "csv", "json", "text".
std::vector<std::string> FormatNames();
// Empty: there is no such format.
std::span<const FormatOption> FormatOptions(std::string_view format);

// Values of a format's options, all of them, defaults where nothing was said.
class OptionValues {
 public:
  // kInvalidArgument names the option and says what it takes. Names are compared without case, as
  // in Spark; those that are given twice so are refused.
  static absl::StatusOr<OptionValues> Check(std::string_view format,
                                            const std::map<std::string, std::string>& given);

  // REQUIRES of all: the format has the option, and it is of that type.
  const std::string& Text(std::string_view name) const;
  bool Bool(std::string_view name) const { return Text(name) == "true"; }
  // '\0': none.
  char Character(std::string_view name) const;
  int64_t Number(std::string_view name) const;
  // Whether somebody said it.
  bool IsGiven(std::string_view name) const;

 private:
  struct Value {
    std::string text;
    bool given = false;
  };
  const Value& Of(std::string_view name) const;

  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_FORMAT_OPTION_H_
