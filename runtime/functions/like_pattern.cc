#include "runtime/functions/like_pattern.h"

#include <utility>

#include "runtime/functions/code_points.h"

namespace wavetank::runtime {
namespace {

constexpr size_t kNone = std::string_view::npos;

bool IsSpecial(char c) { return c == '%' || c == '_' || c == '\\'; }

}  // namespace

std::string LikePattern::Refuses(std::string_view pattern) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '\\') continue;
    if (++i == pattern.size()) return "the pattern ends with \\: write \\\\ for one that is itself";
    if (!IsSpecial(pattern[i])) {
      return "a \\ in the pattern stands before none of %, _ and \\: write \\\\ for one that is "
             "itself";
    }
  }
  return "";
}

LikePattern::LikePattern(std::string_view pattern) {
  std::vector<Segment> segments(1);
  bool open = false;  // whether the last token is text that goes on
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '%') {
      segments.emplace_back();
      open = false;
    } else if (c == '_') {
      segments.back().emplace_back();
      open = false;
    } else {
      if (!open) segments.back().emplace_back();
      segments.back().back() += c == '\\' ? pattern[++i] : c;
      open = true;
    }
  }
  for (size_t i = 0; i < segments.size(); ++i) {
    const bool outer = i == 0 || i + 1 == segments.size();
    if (outer || !segments[i].empty()) segments_.push_back(std::move(segments[i]));
  }
}

// Where a match that begins here ends.
size_t LikePattern::MatchFrom(const Segment& segment, std::string_view text, size_t begin) {
  size_t at = begin;
  for (const Token& token : segment) {
    if (!token.empty()) {
      if (!text.substr(at).starts_with(token)) return kNone;
      at += token.size();
      continue;
    }
    if (at == text.size() || !IsBoundary(text, at)) return kNone;
    do ++at;
    while (!IsBoundary(text, at));
  }
  return at;
}

// Where a match that ends here begins.
size_t LikePattern::MatchUpTo(const Segment& segment, std::string_view text, size_t end) {
  size_t at = end;
  for (auto token = segment.rbegin(); token != segment.rend(); ++token) {
    if (!token->empty()) {
      if (!text.substr(0, at).ends_with(*token)) return kNone;
      at -= token->size();
      continue;
    }
    if (at == 0 || !IsBoundary(text, at)) return kNone;
    do --at;
    while (!IsBoundary(text, at));
  }
  return at;
}

bool LikePattern::Matches(std::string_view text) const {
  size_t at = MatchFrom(segments_.front(), text, 0);
  if (segments_.size() == 1) return at == text.size();
  const size_t end = MatchUpTo(segments_.back(), text, text.size());
  if (at == kNone || end == kNone || at > end) return false;
  // The earliest match of each leaves the most for the next.
  for (size_t i = 1; i + 1 < segments_.size(); ++i) {
    const Segment& segment = segments_[i];
    size_t found = kNone;
    for (; found == kNone && at < end; ++at) {
      if (!segment[0].empty()) at = text.find(segment[0], at);
      if (at == kNone) return false;
      found = MatchFrom(segment, text, at);
    }
    if (found == kNone || found > end) return false;
    at = found;
  }
  return true;
}

}  // namespace wavetank::runtime
