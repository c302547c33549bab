#include "runtime/functions/reference.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "platform/check.h"
#include "platform/text.h"
#include "runtime/functions/bound_expression.h"
#include "runtime/functions/registry.h"

namespace wavetank::runtime {
namespace {

constexpr char kIntroduction[] =
    R"(# Functions

What expressions are made of: `Call("name", {...})` calls any of these, and most have a function of
C++ of their own (`runtime/plan/expression.h`). A job adds its own
(`runtime/functions/user_function.h`).

Types are bool, int8, int16, int32, int64, float, double, string, binary, date, timestamp, array
and struct; null is that of a bare NULL, which becomes of the type that it meets. A whole number
that is written in C++ is an int64, whatever its type there (in Spark it is an int32), and one with
a point a double; for other types, cast it.

Functions are Spark SQL's without ANSI mode. Where numbers of several types meet, all become the one
that comes last of int8, int16, int32, int64, float and double (so int64 beside float is float); a
date beside a timestamp is its midnight in UTC; an argument is widened to the type that a function
wants; and nothing else is converted unless `Cast` says so. Arithmetic of integers wraps around;
what cannot be computed is null. Text is UTF-8, compared by its bytes; letters other than ASCII's
have no other case. Of floats and doubles, NaN equals itself and is above all else. Arrays and
structs exist only within a query: they are no keys, and not written; a struct's field is
`Col("struct.field")`. Binary values are keys, and are written once they are cast to string.

Besides these, `Cast(value, type)` converts, `Explode(array)` gives one row an element, and
`Window(time, size)` groups by windows of time. Cast to string, numbers and times are as Spark
writes them (1.0, 1.0E7, 2026-01-31 00:00:00); a file sink writes them as it always has
(docs/file_sink.md). A string is a timestamp as ISO 8601, in UTC if it
names no zone, or as a whole number since 1970: seconds below 10^11, milliseconds below 10^14,
microseconds from there to the end of the year 9999, either side of 0; of any other, nanoseconds
included, `Cast` makes null.

This page is made from the functions' registry; its examples are tests.
)";

std::string TermText(const ExampleTerm& term);

std::string CallText(const Function& function, const std::vector<ExampleTerm>& arguments) {
  std::vector<std::string> texts;
  for (const ExampleTerm& argument : arguments) texts.push_back(TermText(argument));
  if (!function.sign.empty() && texts.size() == 2) {
    return absl::StrCat(texts[0], " ", function.sign, " ", texts[1]);
  }
  return absl::StrCat(function.name, "(", absl::StrJoin(texts, ", "), ")");
}

std::string TermText(const ExampleTerm& term) {
  if (!term.function.empty()) {
    const FunctionPtr function = FunctionRegistry::BuiltIn().Find(term.function);
    WT_CHECK(function != nullptr, term.function);
    return CallText(*function, term.operands);
  }
  if (std::holds_alternative<std::monostate>(term.value)) return "null";
  // As people write it: no type behind a double, no escapes.
  if (const auto* const text = std::get_if<std::string>(&term.value)) {
    return absl::StrCat("'", *text, "'");
  }
  if (std::holds_alternative<double>(term.value)) {
    return LiteralColumn(term.value, DataType::kDouble).CellText(0);
  }
  return ToText(term.value, TypeOf(term.value));
}

// "avg(number) of 4, null, 5"; "max_by(value, order) of (a, 10), (b, 50)"; "percentile(number, 0.5)
// of 1, 2".
std::string AggregateText(const Function& function, const Example& example) {
  std::vector<std::string> names;
  for (size_t i = 0; i < example.rows[0].size(); ++i) names.push_back(function.parameter(i).name);
  for (const ExampleTerm& literal : example.arguments) names.push_back(TermText(literal));
  std::vector<std::string> rows;
  for (const std::vector<ExampleTerm>& row : example.rows) {
    std::vector<std::string> values;
    for (const ExampleTerm& value : row) values.push_back(TermText(value));
    const std::string text = absl::StrJoin(values, ", ");
    rows.push_back(values.size() == 1 ? text : absl::StrCat("(", text, ")"));
  }
  return absl::StrCat(function.name, "(", absl::StrJoin(names, ", "), ") of ",
                      absl::StrJoin(rows, ", "));
}

std::string ResultText(const Function& function) {
  if (!function.result.text.empty()) return function.result.text;
  return absl::StrCat("that of `", function.parameter(function.result.as).name, "`");
}

// "`a` and `b` are of one type. `pattern` is a literal. "
std::string ConstraintsText(const Function& function) {
  std::string alike, text;
  for (const Parameter& parameter : function.parameters) {
    if (parameter.same == '\0') continue;
    absl::StrAppend(&alike, alike.empty() ? "" : " and ", "`", parameter.name, "`");
  }
  const bool several = absl::StrContains(alike, " and ");
  if (several) absl::StrAppend(&text, " ", alike, " are of one type.");
  if (!alike.empty() && !several) absl::StrAppend(&text, " All are of one type.");
  for (const Parameter& parameter : function.parameters) {
    if (parameter.literal) absl::StrAppend(&text, " `", parameter.name, "` is a literal.");
  }
  return text;
}

}  // namespace

std::string NullsText(Nulls nulls) {
  switch (nulls) {
    case Nulls::kOfArguments:
      return "null if an argument is, and only then";
    case Nulls::kOfArgumentsToo:
      return "null if an argument is, and for other reasons";
    case Nulls::kOfArgumentsAtTimes:
      return "null only if an argument is, and not always then";
    case Nulls::kNever:
      return "never null";
    case Nulls::kIfAllArguments:
      return "null if all arguments are, and only then";
    case Nulls::kAnyTime:
      return "may be null";
  }
  WT_CHECK(false, "no such rule");
}

std::string DescribeFunction(const Function& function) {
  std::string text = absl::StrCat("### `", function.name, "`\n\n`", function.SignatureText(), "`");
  if (!function.sign.empty()) {
    absl::StrAppend(&text, ", written `", function.parameters[0].name, " ", function.sign, " ",
                    function.parameters[1].name, "`");
  }
  absl::StrAppend(&text, "\n\nThe result: ", function.help, ". Its type: ", ResultText(function),
                  "; ", NullsText(function.nulls), ".", ConstraintsText(function),
                  function.deterministic ? "" : " Not deterministic.", "\n");
  if (!function.no_example.empty()) {
    absl::StrAppend(&text, "\nNo example: ", function.no_example, ".\n");
  }
  if (function.examples.empty()) return text;
  text += "\n```\n";
  for (const Example& example : function.examples) {
    const std::string call = function.is_aggregate() ? AggregateText(function, example)
                                                     : CallText(function, example.arguments);
    absl::StrAppend(&text, call, " → ", example.gives.empty() ? "(empty)" : example.gives, "\n");
  }
  return text + "```\n";
}

std::string FunctionReference() {
  std::string text = kIntroduction;
  for (const FunctionGroup& group : FunctionGroups()) {
    absl::StrAppend(&text, "\n## ", platform::ToAbsl(group.title), "\n");
    std::vector<Function> functions;
    group.add(functions);
    for (const Function& function : functions) {
      absl::StrAppend(&text, "\n", DescribeFunction(function));
    }
  }
  return text;
}

}  // namespace wavetank::runtime
