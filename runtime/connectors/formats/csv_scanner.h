// CsvScanner: the fields of one record of CSV, and where a record ends, by the rules of the parser
// that Spark has (univocity's, with unescaped quotes up to the next separator):
//
// - A field that begins with a quote ends at the next quote that is not escaped, behind which, past
//   white space, a separator or the end of the record comes. Anything else there, and the quote was
//   none: the field reaches to the next separator, quotes and all. One that is never closed reaches
//   to the end.
// - In a quoted field the escape makes a quote, or an escape, of the one behind it; before anything
//   else it is itself. An escape that is the quote is one of two quotes.
// - In a field that does not begin with one, a quote is a byte like others.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_CSV_SCANNER_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_CSV_SCANNER_H_

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/connectors/formats/find_byte.h"

namespace wavetank::runtime {

struct CsvDialect {
  std::string separator = ",";
  char quote = '"';    // '\0': none
  char escape = '\\';  // likewise
  bool trim_leading = false;
  bool trim_trailing = false;
};

class CsvScanner {
 public:
  explicit CsvScanner(CsvDialect dialect) : dialect_(std::move(dialect)) {}

  // Calls field(std::string_view text, bool quoted) for each field of the record, from the first;
  // the text is valid until the call returns.
  template <typename Field>
  void Fields(std::string_view record, const Field& field) {
    const char* at = record.data();
    const char* const end = at + record.size();
    const auto separator_size = static_cast<std::ptrdiff_t>(dialect_.separator.size());
    while (true) {
      if (dialect_.trim_leading) at = SkipBlanks(at, end);
      if (at != end && *at == dialect_.quote && dialect_.quote != '\0') {
        bool quoted = true;
        at = Quoted(at + 1, end, &quoted);
        field(quoted_text_, quoted);
      } else {
        const char* const last = FindSeparator(at, end);
        field(Plain(at, last), false);
        at = last;
      }
      if (at == end) return;
      at += separator_size;
    }
  }

  // Of bytes that begin with a record, in which quoted fields may have ends of lines: where the end
  // of the line is that ends it. Null: the bytes do not tell yet. `is_last`: no more come, and the
  // record may end with them.
  const char* RecordEnd(const char* at, const char* end, bool is_last) const;

 private:
  bool IsSeparator(const char* at, const char* end) const {
    if (at == end || *at != dialect_.separator.front()) return false;
    const size_t size = dialect_.separator.size();
    return size == 1 || (static_cast<size_t>(end - at) >= size &&
                         std::memcmp(at, dialect_.separator.data(), size) == 0);
  }
  const char* FindSeparator(const char* at, const char* end) const {
    if (dialect_.separator.size() == 1) return FindByte(at, end, dialect_.separator.front());
    const size_t found =
        std::string_view(at, static_cast<size_t>(end - at)).find(dialect_.separator);
    return found == std::string_view::npos ? end : at + found;
  }
  // Past white space that is no separator.
  const char* SkipBlanks(const char* at, const char* end) const {
    while (at != end && IsBlank(*at) && !IsSeparator(at, end)) ++at;
    return at;
  }
  static bool IsBlank(char c) { return static_cast<unsigned char>(c) <= ' '; }
  static bool IsLineEnd(char c) { return c == '\n' || c == '\r'; }
  std::string_view Plain(const char* at, const char* last) const {
    if (dialect_.trim_trailing) {
      while (last != at && IsBlank(last[-1])) --last;
    }
    return {at, static_cast<size_t>(last - at)};
  }

  // Sets quoted_text_ to the field whose opening quote stands before `at`; gives the separator
  // behind it, or the end.
  const char* Quoted(const char* at, const char* end, bool* quoted);
  // From within a quoted field, the quote that ends it, or `end`. Its text goes to `text`, if that
  // is not null.
  const char* ClosingQuote(const char* at, const char* end, std::string* text) const;

  const CsvDialect dialect_;
  std::string_view quoted_text_;
  std::string scratch_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_CSV_SCANNER_H_
