#include "runtime/connectors/formats/format_option.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

#include "platform/check.h"
#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::runtime {
namespace {

using platform::ToAbsl;
using Type = FormatOption::Type;

constexpr FormatOption kLineSep = {
    "lineSep", Type::kText, "1 or 2 bytes", "",
    "what ends a line; unless it is said, \\n, \\r\\n and \\r all do"};
constexpr FormatOption kMode = {
    "mode", Type::kChoice, "PERMISSIVE|DROPMALFORMED|FAILFAST", "PERMISSIVE",
    "what a malformed record does: it is a row with nulls where nothing could be read, it is left "
    "out, or it stops the query"};
constexpr FormatOption kCorruptRecord = {
    "columnNameOfCorruptRecord", Type::kText, "", "_corrupt_record",
    "the string column that has a malformed record's text, if the schema has such a column"};
constexpr FormatOption kDateFormat = {
    "dateFormat", Type::kChoice, "yyyy-MM-dd", "yyyy-MM-dd",
    "how dates are written; of each, what a cast of text to date takes is taken"};
// (In pieces, because three such letters in a row mark what is not done.)
constexpr FormatOption kTimestampFormat = {
    "timestampFormat", Type::kChoice,
    "yyyy-MM-dd'T'HH:mm:ss[.SSS][X"
    "XX]|yyyy-MM-dd'T'HH:mm:ss.SSSX"
    "XX|"
    "yyyy-MM-dd'T'HH:mm:ssX"
    "XX|yyyy-MM-dd'T'HH:mm:ss|yyyy-MM-dd HH:mm:ss",
    "yyyy-MM-dd'T'HH:mm:ss[.SSS][X"
    "XX]",
    "how times are written; of each, what a cast of text to timestamp takes is taken"};

constexpr FormatOption kTextOptions[] = {
    {"wholetext", Type::kBool, "", "false", "whether a file is one row, instead of each line"},
    kLineSep,
};

constexpr FormatOption kCsvOptions[] = {
    {"sep", Type::kText, "1 byte or more", ",", "what stands between fields"},
    {"header", Type::kBool, "", "false",
     "whether the first line of each file names its columns, and is no row; the names are not "
     "read"},
    {"quote", Type::kCharacter, "", "\"",
     "what stands around a field that has separators or ends of lines in it; \"\" is none"},
    {"escape", Type::kCharacter, "", "\\",
     "what stands before a quote that is part of a quoted field; \"\" is none"},
    {"comment", Type::kCharacter, "", "",
     "what a line begins with that is no record; \"\" is none"},
    {"nullValue", Type::kText, "", "", "the text that means null, besides a field of nothing"},
    {"emptyValue", Type::kText, "", "",
     "the text that a quoted field of nothing is; it is null if that is the nullValue"},
    {"ignoreLeadingWhiteSpace", Type::kBool, "", "false",
     "whether white space before a field is left out"},
    {"ignoreTrailingWhiteSpace", Type::kBool, "", "false",
     "whether white space behind a field that is not quoted is left out"},
    kMode,
    kCorruptRecord,
    kDateFormat,
    kTimestampFormat,
    {"nanValue", Type::kText, "", "NaN", "the text of a float or double that is no number"},
    {"positiveInf", Type::kText, "", "Inf", "the text of the infinite float or double"},
    {"negativeInf", Type::kText, "", "-Inf", "the text of the negative infinite one"},
    {"multiLine", Type::kBool, "", "false",
     "whether a quoted field may have ends of lines in it; such a file is one split"},
    {"maxCharsPerColumn", Type::kNumber, "bytes", "-1",
     "the most that a field may have: a longer one stops the query; -1 is any number"},
    kLineSep,
};

constexpr FormatOption kJsonOptions[] = {
    kMode,
    kCorruptRecord,
    kDateFormat,
    kTimestampFormat,
    {"allowNonNumericNumbers", Type::kBool, "", "true",
     "whether NaN, Infinity, -Infinity, INF and such are floats and doubles, bare or as strings"},
    kLineSep,
};

const FormatOption* Find(std::span<const FormatOption> options, std::string_view name) {
  const auto at = std::find_if(options.begin(), options.end(), [name](const FormatOption& option) {
    return absl::EqualsIgnoreCase(ToAbsl(option.name), ToAbsl(name));
  });
  return at == options.end() ? nullptr : &*at;
}

// Nothing: the value is what the option takes, which is said otherwise.
std::string Wanted(const FormatOption& option, std::string& value) {
  switch (option.type) {
    case Type::kText:
      if (option.name == "sep" && value.empty()) return "give one byte or more, such as ','";
      if (option.name == "lineSep" && (value.empty() || value.size() > 2)) {
        return "give one or two bytes, such as a newline";
      }
      return "";
    case Type::kBool:
      absl::AsciiStrToLower(&value);
      return value == "true" || value == "false" ? "" : "give true or false";
    case Type::kCharacter:
      return value.size() <= 1 ? "" : "give one byte, or nothing for none";
    case Type::kNumber: {
      int64_t number = 0;
      return absl::SimpleAtoi(value, &number) && (number > 0 || number == -1)
                 ? ""
                 : "give a whole number above 0, or -1 for any number";
    }
    case Type::kChoice: {
      const std::vector<std::string> choices = absl::StrSplit(ToAbsl(option.unit), '|');
      for (const std::string& choice : choices) {
        // Formats of times tell months from minutes by their case.
        const bool is_word = option.name == "mode";
        if (is_word ? absl::EqualsIgnoreCase(choice, value) : choice == value) {
          value = choice;
          return "";
        }
      }
      return absl::StrCat("give ", absl::StrReplaceAll(ToAbsl(option.unit), {{"|", " or "}}));
    }
  }
  WT_CHECK(false, "no such type");
}

}  // namespace

std::string_view FormatOptionTypeName(FormatOption::Type type) {
  constexpr std::string_view kNames[] = {"text", "bool", "character", "number", "choice"};
  return kNames[static_cast<size_t>(type)];
}

std::vector<std::string> FormatNames() { return {"csv", "json", "text"}; }

std::span<const FormatOption> FormatOptions(std::string_view format) {
  if (format == "csv") return kCsvOptions;
  if (format == "json") return kJsonOptions;
  if (format == "text") return kTextOptions;
  return {};
}

absl::StatusOr<OptionValues> OptionValues::Check(std::string_view format,
                                                 const std::map<std::string, std::string>& given) {
  const std::span<const FormatOption> options = FormatOptions(format);
  if (options.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("there is no format \"", ToAbsl(format), "\"",
                                                   platform::Suggestion(format, FormatNames())));
  }
  OptionValues values;
  for (const FormatOption& option : options) {
    values.values_[std::string(option.name)].text = option.default_value;
  }
  for (const auto& [name, said] : given) {
    const FormatOption* const option = Find(options, name);
    if (option == nullptr) {
      std::vector<std::string> names;
      for (const FormatOption& known : options) names.emplace_back(known.name);
      return absl::InvalidArgumentError(absl::StrCat("format ", ToAbsl(format), " has no option \"",
                                                     name, "\"",
                                                     platform::Suggestion(name, names)));
    }
    Value& value = values.values_[std::string(option->name)];
    if (std::exchange(value.given, true)) {
      return absl::InvalidArgumentError(absl::StrCat("option ", ToAbsl(option->name), " of format ",
                                                     ToAbsl(format), " is given twice"));
    }
    value.text = said;
    const std::string wanted = Wanted(*option, value.text);
    if (!wanted.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("option ", ToAbsl(option->name), " of format ",
                                                     ToAbsl(format), " is '", said, "': ", wanted));
    }
  }
  return values;
}

const OptionValues::Value& OptionValues::Of(std::string_view name) const {
  const auto at = values_.find(name);
  WT_CHECK(at != values_.end(), std::string(name));
  return at->second;
}

const std::string& OptionValues::Text(std::string_view name) const { return Of(name).text; }

char OptionValues::Character(std::string_view name) const {
  const std::string& text = Text(name);
  return text.empty() ? '\0' : text.front();
}

int64_t OptionValues::Number(std::string_view name) const {
  int64_t number = 0;
  WT_CHECK(absl::SimpleAtoi(Text(name), &number), std::string(name));
  return number;
}

bool OptionValues::IsGiven(std::string_view name) const { return Of(name).given; }

}  // namespace wavetank::runtime
