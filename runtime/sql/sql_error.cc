#include "runtime/sql/sql_error.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

#include "platform/text.h"

namespace wavetank::runtime::sql {
namespace {

// Of a line that is longer, what is near the place is shown.
constexpr size_t kMostShownBefore = 60;
constexpr size_t kMostShown = 90;

bool ContinuesCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

size_t CodePoints(std::string_view text) {
  return text.size() -
         static_cast<size_t>(std::count_if(text.begin(), text.end(), ContinuesCodePoint));
}

// On a terminal everything in it is as wide as a space or a letter.
std::string Shown(std::string_view line) {
  std::string shown(line);
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return shown;
}

std::string TextOf(std::string_view text, size_t offset, std::string_view what) {
  offset = std::min(offset, text.size());
  const size_t before = text.substr(0, offset).rfind('\n');
  const size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const size_t end = std::min(text.find('\n', offset), text.size());
  const auto line =
      1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(begin), '\n');
  const size_t column = 1 + CodePoints(text.substr(begin, offset - begin));
  size_t from = offset - begin > kMostShownBefore ? offset - kMostShownBefore : begin;
  while (from < offset && ContinuesCodePoint(text[from])) ++from;
  size_t to = std::min(end, from + kMostShown);
  while (to < end && ContinuesCodePoint(text[to])) ++to;
  const std::string indent = from == begin ? "  " : "  ...";
  return absl::StrCat(
      line, ":", column, ": ", platform::ToAbsl(what), "\n", indent,
      Shown(text.substr(from, to - from)), to == end ? "" : "...", "\n",
      std::string(indent.size() + CodePoints(text.substr(from, offset - from)), ' '), "^");
}

}  // namespace

absl::Status ErrorAt(std::string_view text, size_t offset, std::string_view what) {
  return absl::InvalidArgumentError(TextOf(text, offset, what));
}

absl::Status NotYetAt(std::string_view text, size_t offset, std::string_view what) {
  return absl::UnimplementedError(TextOf(text, offset, what));
}

}  // namespace wavetank::runtime::sql
