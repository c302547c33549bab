#include "runtime/structured/sql_text.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/structured/compile_query.h"
#include "runtime/structured/explain.h"

namespace wavetank::runtime {
namespace {

// Two columns, the first as wide as its widest.
std::string Aligned(const std::vector<std::pair<std::string, std::string>>& lines) {
  size_t width = 0;
  for (const auto& [name, value] : lines) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, value] : lines) {
    absl::StrAppend(&text, name, std::string(width - name.size() + 2, ' '), value, "\n");
  }
  return text;
}

std::string TermText(const ExampleTerm& term) {
  if (term.function.empty()) {
    return std::holds_alternative<std::monostate>(term.value)
               ? "NULL"
               : ToText(term.value, TypeOf(term.value));
  }
  std::string text = absl::StrCat(term.function, "(");
  for (const ExampleTerm& operand : term.operands) {
    absl::StrAppend(&text, text.ends_with('(') ? "" : ", ", TermText(operand));
  }
  return text + ")";
}

// What stands between the stars, as far to the left as can be.
bool Matches(const std::string& pattern, const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(pattern, '*');
  if (parts.size() == 1) return pattern == name;
  size_t at = parts.front().size();
  if (!name.starts_with(parts.front()) || !name.ends_with(parts.back())) return false;
  for (size_t i = 1; i + 1 < parts.size(); ++i) {
    at = name.find(parts[i], at);
    if (at == std::string::npos) return false;
    at += parts[i].size();
  }
  return at + parts.back().size() <= name.size();
}

}  // namespace

std::string NamesOf(const std::vector<Attribute>& columns) {
  std::string text;
  for (const Attribute& column : columns) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", column.name);
  }
  return text;
}

std::string ColumnsText(const std::vector<Attribute>& columns) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const Attribute& column : columns) {
    lines.emplace_back(column.name, DataTypeName(column.type));
  }
  return Aligned(lines);
}

std::string TableText(const sql::CreateTable& table) {
  std::vector<std::pair<std::string, std::string>> lines = {{"USING", table.format}};
  if (table.watermark) {
    lines.emplace_back("WATERMARK FOR", absl::StrCat(table.watermark->column, ", late by up to ",
                                                     absl::FormatDuration(table.watermark->delay)));
  }
  for (const sql::TableOption& option : table.options) lines.emplace_back(option.key, option.value);
  return "\n" + Aligned(lines);
}

std::string FunctionNames(const FunctionRegistry& functions, std::string_view like) {
  std::vector<std::string> names = {kExplodeCall, kWindowCall, kSessionWindowCall};
  for (const FunctionPtr& function : functions.All()) names.push_back(function->name);
  std::ranges::sort(names);
  std::string text;
  for (const std::string& name : names) {
    if (MatchesStars(like, name)) absl::StrAppend(&text, name, "\n");
  }
  return text;
}

absl::StatusOr<std::string> FunctionText(const FunctionRegistry& functions,
                                         const std::string& name) {
  const std::string lower = absl::AsciiStrToLower(name);
  if (lower == kExplodeCall)
    return "explode(array): a row for each element, in a SELECT's columns\n";
  if (lower == kWindowCall) {
    return "window(time: timestamp, size: interval[, slide: interval[, start: interval]]): the "
           "windows [start, end) that the time lies in, in GROUP BY\n";
  }
  if (lower == kSessionWindowCall) {
    return "session_window(time: timestamp, gap: interval): the session [start, end) of the rows "
           "that come within the gap of one another, in GROUP BY\n";
  }
  FunctionPtr function = functions.Find(name);
  if (function == nullptr) {
    WT_ASSIGN_OR_RETURN(function, functions.Get(lower));
  }
  std::string text = absl::StrCat(function->SignatureText(), "\n", function->help, "\n");
  for (const Example& example : function->examples) {
    if (!example.rows.empty()) continue;
    ExampleTerm call(function->name, example.arguments);
    absl::StrAppend(&text, "  ", TermText(call), " is ", example.gives, "\n");
  }
  return text;
}

absl::StatusOr<std::string> ExplainText(const StreamingQueryDefinition& definition,
                                        bool formatted) {
  WT_ASSIGN_OR_RETURN(std::string text, ExplainQuery(definition, kDefaultShufflePartitions));
  if (formatted) return text;
  const size_t physical = text.find("as workers run it\n");
  return physical == std::string::npos ? text : text.substr(physical);
}

bool MatchesStars(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return true;
  const std::string lower = absl::AsciiStrToLower(platform::ToAbsl(name));
  for (const absl::string_view each : absl::StrSplit(platform::ToAbsl(pattern), '|')) {
    if (Matches(absl::AsciiStrToLower(each), lower)) return true;
  }
  return false;
}

}  // namespace wavetank::runtime
