// Text by patterns. A pattern is a literal: it is compiled once for each call in a plan.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "re2/re2.h"

#include "runtime/functions/code_points.h"
#include "runtime/functions/groups.h"
#include "runtime/functions/kernels.h"
#include "runtime/functions/like_pattern.h"

namespace wavetank::runtime {
namespace {

std::string RefuseLike(const CallArguments& arguments) {
  const auto* const pattern = std::get_if<std::string>(&arguments.literals[1]);
  return pattern == nullptr ? "the pattern is null" : LikePattern::Refuses(*pattern);
}

Kernel PrepareLike(const CallArguments& arguments) {
  const LikePattern pattern(std::get<std::string>(arguments.literals[1]));
  return [pattern](const KernelCall& call) {
    const Operand& text = call.operands[0];
    Buffer values =
        PackBits(call.rows, [&](int64_t row) { return pattern.Matches(TextAt(text, row)); });
    return Column(DataType::kBool, call.rows, std::move(values),
                  CombinedValidity(call.operands, call.rows));
  };
}

// Of ASCII letters, as `lower` has it.
Kernel PrepareIlike(const CallArguments& arguments) {
  std::string lower = std::get<std::string>(arguments.literals[1]);
  absl::AsciiStrToLower(&lower);
  const LikePattern pattern(lower);
  return [pattern](const KernelCall& call) {
    const Operand& text = call.operands[0];
    std::string lower_text;
    Buffer values = PackBits(call.rows, [&](int64_t row) {
      lower_text = TextAt(text, row);
      absl::AsciiStrToLower(&lower_text);
      return pattern.Matches(lower_text);
    });
    return Column(DataType::kBool, call.rows, std::move(values),
                  CombinedValidity(call.operands, call.rows));
  };
}

// Nothing is written to stderr.
std::shared_ptr<const re2::RE2> Compile(const std::string& pattern) {
  return std::make_shared<const re2::RE2>(pattern, re2::RE2::Quiet);
}

int64_t GroupOf(const CallArguments& arguments) {
  return arguments.literals.size() < 3 ? 1 : std::get<int64_t>(arguments.literals[2]);
}

std::string RefuseRegexp(const CallArguments& arguments) {
  const auto* const pattern = std::get_if<std::string>(&arguments.literals[1]);
  if (pattern == nullptr) return "the pattern is null";
  const std::span<const Value> literals = arguments.literals;
  if (literals.size() > 2 && !std::holds_alternative<int64_t>(literals[2])) {
    return "the group is null";
  }
  const std::shared_ptr<const re2::RE2> regexp = Compile(*pattern);
  if (!regexp->ok()) {
    return absl::StrCat("the pattern is no regular expression of RE2: ", regexp->error());
  }
  const int groups = regexp->NumberOfCapturingGroups();
  const int64_t group = GroupOf(arguments);
  if (group >= 0 && group <= groups) return "";
  return absl::StrCat("the pattern has no group ", group, ", but ", groups,
                      ": 0 means all that it matches");
}

Kernel PrepareRegexp(const CallArguments& arguments) {
  const std::shared_ptr<const re2::RE2> regexp =
      Compile(std::get<std::string>(arguments.literals[1]));
  const auto group = static_cast<size_t>(GroupOf(arguments));
  return [regexp, group](const KernelCall& call) {
    std::vector<re2::StringPiece> matched(group + 1);
    return Texts(call, [&](int64_t row) -> std::string_view {
      const std::string_view text = TextAt(call.operands[0], row);
      const bool found =
          regexp->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                        re2::RE2::UNANCHORED, matched.data(), static_cast<int>(matched.size()));
      if (!found || matched[group].data() == nullptr) return {};
      return {matched[group].data(), matched[group].size()};
    });
  };
}

std::string RefusePattern(const CallArguments& arguments) {
  const auto* const pattern = std::get_if<std::string>(&arguments.literals[1]);
  if (pattern == nullptr) return "the pattern is null";
  const std::shared_ptr<const re2::RE2> regexp = Compile(*pattern);
  if (regexp->ok()) return "";
  return absl::StrCat("the pattern is no regular expression of RE2: ", regexp->error());
}

re2::StringPiece PieceOf(std::string_view text) { return {text.data(), text.size()}; }

Kernel PrepareRlike(const CallArguments& arguments) {
  const auto regexp = Compile(std::get<std::string>(arguments.literals[1]));
  return [regexp](const KernelCall& call) {
    Buffer values = PackBits(call.rows, [&](int64_t row) {
      return re2::RE2::PartialMatch(PieceOf(TextAt(call.operands[0], row)), *regexp);
    });
    return Column(DataType::kBool, call.rows, std::move(values),
                  CombinedValidity(call.operands, call.rows));
  };
}

// $1 is a group, as in Spark; a backslash makes what is behind it itself.
std::string AsRewrite(std::string_view with) {
  std::string rewrite;
  for (size_t i = 0; i < with.size(); ++i) {
    const bool quoted = with[i] == '\\' && i + 1 < with.size();
    const bool group =
        with[i] == '$' && i + 1 < with.size() && with[i + 1] >= '0' && with[i + 1] <= '9';
    if (quoted) ++i;
    if (group && !quoted) {
      rewrite += '\\';
      continue;
    }
    if (with[i] == '\\') rewrite += '\\';
    rewrite += with[i];
  }
  return rewrite;
}

std::string RefuseReplacement(const CallArguments& arguments) {
  const std::string wrong = RefusePattern(arguments);
  if (!wrong.empty()) return wrong;
  const auto* const with = std::get_if<std::string>(&arguments.literals[2]);
  if (with == nullptr) return "what stands instead is null";
  std::string error;
  const auto regexp = Compile(std::get<std::string>(arguments.literals[1]));
  return regexp->CheckRewriteString(AsRewrite(*with), &error) ? "" : error;
}

Kernel PrepareReplace(const CallArguments& arguments) {
  const auto regexp = Compile(std::get<std::string>(arguments.literals[1]));
  const std::string rewrite = AsRewrite(std::get<std::string>(arguments.literals[2]));
  return [regexp, rewrite](const KernelCall& call) {
    std::string made;
    return Texts(call, [&](int64_t row) -> std::string_view {
      made = TextAt(call.operands[0], row);
      re2::RE2::GlobalReplace(&made, *regexp, rewrite);
      return made;
    });
  };
}

// `of(regexp, text)` of each row, which gives an int64.
template <typename F>
std::function<Kernel(const CallArguments&)> PrepareNumber(F of) {
  return [of](const CallArguments& arguments) -> Kernel {
    const auto regexp = Compile(std::get<std::string>(arguments.literals[1]));
    return [of, regexp](const KernelCall& call) {
      Buffer values = Values<int64_t>(
          call.rows, [&](int64_t row) { return of(*regexp, TextAt(call.operands[0], row)); });
      return Column(DataType::kInt64, call.rows, std::move(values),
                    CombinedValidity(call.operands, call.rows));
    };
  };
}

int64_t CountMatches(const re2::RE2& regexp, std::string_view text) {
  int64_t count = 0;
  re2::StringPiece match;
  for (size_t at = 0; at <= text.size();) {
    if (!regexp.Match(PieceOf(text), at, text.size(), re2::RE2::UNANCHORED, &match, 1)) break;
    ++count;
    const auto begin = static_cast<size_t>(match.data() - text.data());
    at = begin + std::max<size_t>(match.size(), 1);
  }
  return count;
}

int64_t PlaceOfMatch(const re2::RE2& regexp, std::string_view text) {
  re2::StringPiece match;
  if (!regexp.Match(PieceOf(text), 0, text.size(), re2::RE2::UNANCHORED, &match, 1)) return 0;
  const std::string_view before = text.substr(0, static_cast<size_t>(match.data() - text.data()));
  return std::ranges::count_if(before, StartsCodePoint) + 1;
}

}  // namespace

void AddPatternFunctions(std::vector<Function>& functions) {
  functions.push_back(
      {.name = "like",
       .parameters = {{"text", Accepts::kString}, {"pattern", Accepts::kString, '\0', true}},
       .result = Gives(DataType::kBool),
       .refuses = RefuseLike,
       .prepare = PrepareLike,
       .help = "whether the pattern is of all of it: % is any text, _ one code "
               "point, \\ makes a %, _ or \\ behind it itself",
       .examples = {{.arguments = {"Spark", "_par%"}, .gives = "true"},
                    {.arguments = {"100%", "1%\\%"}, .gives = "true"}}});
  functions.push_back(
      {.name = "ilike",
       .parameters = {{"text", Accepts::kString}, {"pattern", Accepts::kString, '\0', true}},
       .result = Gives(DataType::kBool),
       .refuses = RefuseLike,
       .prepare = PrepareIlike,
       .help = "like, where ASCII letters are the same in upper and lower case",
       .examples = {{.arguments = {"Spark", "_PAR%"}, .gives = "true"}}});
  functions.push_back(
      {.name = "regexp_extract",
       .parameters = {{"text", Accepts::kString},
                      {"pattern", Accepts::kString, '\0', true},
                      {"group", Accepts::kInt64, '\0', true}},
       .optional = 1,
       .result = Gives(DataType::kString),
       .refuses = RefuseRegexp,
       .prepare = PrepareRegexp,
       .help = "what the pattern's group (1 unless given; 0: all of the pattern) matched first, "
               "empty if nothing did; RE2's syntax: no backreferences, no lookaround",
       .examples = {{.arguments = {"100-200", "(\\d+)-(\\d+)", 2}, .gives = "200"},
                    {.arguments = {"foo", "(\\d+)"}, .gives = ""}}});
  const std::vector<Parameter> matched = {{"text", Accepts::kString},
                                          {"pattern", Accepts::kString, '\0', true}};
  functions.push_back(
      {.name = "rlike",
       .parameters = matched,
       .result = Gives(DataType::kBool),
       .refuses = RefusePattern,
       .prepare = PrepareRlike,
       .help = "whether the pattern matches a part of it; RE2's syntax",
       .examples = {{.arguments = {"Spark", "p.r"}, .gives = "true"},
                    {.arguments = {"Spark", "^p"}, .gives = "false"},
                    {.arguments = {ExampleTerm::Null(DataType::kString), "p"}, .gives = "null"}}});
  functions.push_back(
      {.name = "regexp_replace",
       .parameters = {matched[0], matched[1], {"with", Accepts::kString, '\0', true}},
       .result = Gives(DataType::kString),
       .refuses = RefuseReplacement,
       .prepare = PrepareReplace,
       .help = "with something else in each place that the pattern matches; $1 is "
               "what its first group matched",
       .examples = {{.arguments = {"100-200", "(\\d+)-(\\d+)", "$2-$1"}, .gives = "200-100"},
                    {.arguments = {"", "a", "b"}, .gives = ""}}});
  functions.push_back({.name = "regexp_count",
                       .parameters = matched,
                       .result = Gives(DataType::kInt64),
                       .refuses = RefusePattern,
                       .prepare = PrepareNumber(CountMatches),
                       .help = "how often the pattern matches, place after place",
                       .examples = {{.arguments = {"banana", "an"}, .gives = "2"},
                                    {.arguments = {"banana", "x"}, .gives = "0"}}});
  functions.push_back({.name = "regexp_instr",
                       .parameters = matched,
                       .result = Gives(DataType::kInt64),
                       .refuses = RefusePattern,
                       .prepare = PrepareNumber(PlaceOfMatch),
                       .help = "where the pattern first matches, in code points from 1; 0: nowhere",
                       .examples = {{.arguments = {"banana", "n."}, .gives = "3"},
                                    {.arguments = {"banana", "x"}, .gives = "0"}}});
}

}  // namespace wavetank::runtime
