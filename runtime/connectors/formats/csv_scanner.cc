#include "runtime/connectors/formats/csv_scanner.h"

namespace wavetank::runtime {

const char* CsvScanner::ClosingQuote(const char* at, const char* end, std::string* text) const {
  const char quote = dialect_.quote;
  const char escape = dialect_.escape;
  const bool doubled = escape == quote;
  while (true) {
    const char* stop = FindByte(at, end, quote);
    if (!doubled && escape != '\0') stop = FindByte(at, stop, escape);
    if (text != nullptr) text->append(at, stop);
    if (stop == end) return end;
    const bool more = stop + 1 != end;
    if (*stop == quote && !(doubled && more && stop[1] == quote)) return stop;
    // An escape, or two quotes.
    const bool escapes = more && (stop[1] == quote || stop[1] == escape);
    if (text != nullptr) text->push_back(escapes ? stop[1] : *stop);
    at = stop + (escapes ? 2 : 1);
  }
}

const char* CsvScanner::Quoted(const char* at, const char* end, bool* quoted) {
  // Nearly every field has no escape in it.
  const char* close = FindByte(at, end, dialect_.quote);
  const bool plain = dialect_.escape == dialect_.quote
                         ? close == end || close + 1 == end || close[1] != dialect_.quote
                         : dialect_.escape == '\0' || FindByte(at, close, dialect_.escape) == close;
  if (plain) {
    quoted_text_ = {at, static_cast<size_t>(close - at)};
  } else {
    scratch_.clear();
    close = ClosingQuote(at, end, &scratch_);
    quoted_text_ = scratch_;
  }
  if (close == end) return end;
  const char* const after = SkipBlanks(close + 1, end);
  if (after == end || IsSeparator(after, end)) return after;
  // It was no quoted field.
  *quoted = false;
  const char* const last = FindSeparator(close, end);
  std::string field(1, dialect_.quote);
  field.append(quoted_text_).append(Plain(close, last));
  scratch_ = std::move(field);
  quoted_text_ = scratch_;
  return last;
}

const char* CsvScanner::RecordEnd(const char* at, const char* end, bool is_last) const {
  const char* const unknown = is_last ? end : nullptr;
  const size_t separator_size = dialect_.separator.size();
  // Past white space that ends no line.
  const auto skip = [&](const char* from) {
    while (from != end && IsBlank(*from) && !IsLineEnd(*from) && !IsSeparator(from, end)) ++from;
    return from;
  };
  while (true) {
    if (dialect_.trim_leading) at = skip(at);
    if (at == end) return unknown;
    if (*at == dialect_.quote && dialect_.quote != '\0') {
      const char* const close = ClosingQuote(at + 1, end, nullptr);
      if (close == end) return unknown;
      const char* const after = skip(close + 1);
      if (!is_last && static_cast<size_t>(end - after) < separator_size) return unknown;
      at = after == end || IsLineEnd(*after) || IsSeparator(after, end) ? after : close;
    }
    while (at != end && !IsLineEnd(*at) && !IsSeparator(at, end)) ++at;
    if (at == end) return unknown;
    if (IsLineEnd(*at)) return at;
    at += separator_size;
  }
}

}  // namespace wavetank::runtime
