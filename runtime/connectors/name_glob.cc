#include "runtime/connectors/name_glob.h"

#include <optional>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"

namespace wavetank::runtime {
namespace {

// Braces multiply.
constexpr size_t kMostPatterns = 1'000;

// Where the class that begins at `at` ends ("]"); npos: it does not.
size_t EndOfClass(std::string_view pattern, size_t at) {
  size_t end = at + 1;
  if (end < pattern.size() && (pattern[end] == '^' || pattern[end] == '!')) ++end;
  if (end < pattern.size() && pattern[end] == ']') ++end;  // itself, as the first
  for (; end < pattern.size() && pattern[end] != ']'; ++end) {
    if (pattern[end] == '\\') ++end;
  }
  return end < pattern.size() ? end : std::string_view::npos;
}

bool InClass(std::string_view members, char c) {
  const bool otherwise = members.starts_with('^') || members.starts_with('!');
  if (otherwise) members.remove_prefix(1);
  const auto byte = [](char of) { return static_cast<unsigned char>(of); };
  bool in = false;
  for (size_t i = 0; i < members.size(); ++i) {
    if (members[i] == '\\' && i + 1 < members.size()) ++i;
    if (i + 2 < members.size() && members[i + 1] == '-') {
      in = in || (byte(members[i]) <= byte(c) && byte(c) <= byte(members[i + 2]));
      i += 2;
    } else {
      in = in || members[i] == c;
    }
  }
  return in != otherwise;
}

// How much of the pattern the one character at its beginning stands for, if it may be `c`.
std::optional<size_t> MatchOne(std::string_view pattern, char c) {
  if (pattern[0] == '?') return 1;
  if (pattern[0] == '[') {
    const size_t end = EndOfClass(pattern, 0);
    if (InClass(pattern.substr(1, end - 1), c)) return end + 1;
    return std::nullopt;
  }
  const size_t escaped = pattern[0] == '\\' ? 1 : 0;
  if (pattern[escaped] == c) return escaped + 1;
  return std::nullopt;
}

absl::Status Expand(const std::string& pattern, std::vector<std::string>& patterns) {
  size_t open = std::string::npos;
  size_t depth = 0;
  std::vector<size_t> cuts;  // of the outermost braces: where their parts begin
  for (size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if (c == '\\') {
      if (++at == pattern.size()) return absl::InvalidArgumentError("it ends with a \\");
    } else if (c == '[') {
      at = EndOfClass(pattern, at);
      if (at == std::string::npos) return absl::InvalidArgumentError("a [ in it has no ]");
    } else if (c == '{') {
      if (depth++ > 0) continue;
      open = at;
      cuts = {at + 1};
    } else if (c == ',' && depth == 1) {
      cuts.push_back(at + 1);
    } else if (c == '}' && depth > 0 && --depth == 0) {
      cuts.push_back(at + 1);
      for (size_t part = 0; part + 1 < cuts.size(); ++part) {
        WT_RETURN_IF_ERROR(
            Expand(absl::StrCat(pattern.substr(0, open),
                                pattern.substr(cuts[part], cuts[part + 1] - cuts[part] - 1),
                                pattern.substr(at + 1)),
                   patterns));
      }
      return absl::OkStatus();
    }
  }
  if (depth > 0) return absl::InvalidArgumentError("a { in it has no }");
  if (patterns.size() == kMostPatterns) {
    return absl::InvalidArgumentError(
        absl::StrCat("its braces stand for more than ", kMostPatterns, " patterns"));
  }
  patterns.push_back(pattern);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ExpandGlob(const std::string& pattern) {
  std::vector<std::string> patterns;
  WT_RETURN_IF_ERROR(Expand(pattern, patterns));
  return patterns;
}

bool MatchesGlob(std::string_view pattern, std::string_view name) {
  size_t at = 0;
  size_t in = 0;
  size_t star = std::string_view::npos;
  size_t from = 0;  // where the text that the last star stands for would end
  while (in < name.size()) {
    std::optional<size_t> length;
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      from = in;
      continue;
    }
    if (at < pattern.size()) length = MatchOne(pattern.substr(at), name[in]);
    if (length) {
      at += *length;
      ++in;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in = ++from;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace wavetank::runtime
