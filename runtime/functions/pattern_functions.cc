// Text by patterns. A pattern is a literal: it is compiled once for each call in a plan.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "re2/re2.h"

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
}

}  // namespace wavetank::runtime
