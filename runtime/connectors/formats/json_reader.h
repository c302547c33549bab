// JsonReader: values of JSON into columns, over the tokens that JsonIndex found. It judges every
// byte: what is no JSON is malformed wherever it stands, also in fields that nobody asked for.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_JSON_READER_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_JSON_READER_H_

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "runtime/columnar/schema.h"
#include "runtime/connectors/formats/column_writer.h"
#include "runtime/connectors/formats/json_index.h"
#include "runtime/types/data_type.h"

namespace wavetank::runtime {

// The fields of an object, or the elements of an array, that are wanted, and those within them.
class JsonShape {
 public:
  explicit JsonShape(const DataType& type);
  JsonShape(std::vector<std::string> names, const std::vector<DataType>& types);

  DataType::Kind kind() const { return kind_; }
  size_t size() const { return children_.size(); }
  JsonShape& child(size_t i) { return children_[i]; }

  // The name that stood at this place of the last object, in its quotes and with the colon, and
  // which field it is (-1: it is not wanted). Objects mostly have the fields of the one before, in
  // the same order. Null: none did, or it had an escape.
  struct Place {
    std::string name;
    int field = -1;
  };
  const Place* Last(size_t ordinal) const {
    return ordinal < places_.size() && !places_[ordinal].name.empty() ? &places_[ordinal] : nullptr;
  }
  // The field with this name. `is_plain`: it was written without escapes; it is the last one at its
  // place from now on.
  int Find(std::string_view name, size_t ordinal, bool is_plain);

 private:
  void SetNames(std::vector<std::string> names);

  DataType::Kind kind_;
  std::vector<JsonShape> children_;
  std::unique_ptr<const std::vector<std::string>> names_;
  absl::flat_hash_map<std::string_view, int> by_name_;
  std::vector<Place> places_;
};

class JsonReader {
 public:
  struct Options {
    bool non_numeric = true;  // NaN, Infinity, ... are floats and doubles
  };
  enum class Result {
    kRead,
    kPartial,    // it has null for a value within that its column cannot have
    kBad,        // it is itself such a value: the column has null for it
    kMalformed,  // it is no JSON; what was written of the value is for the caller to take back
  };

  JsonReader(JsonIndex& index, Options options) : index_(index), options_(options) {}

  // Goes to the beginning of a text whose tokens these are.
  void Begin(std::string_view text, const uint32_t* tokens) {
    text_ = text.data();
    has_escapes_ = text.find('\\') != std::string_view::npos;
    token_ = tokens;
  }
  // To the tokens before `end`, from where it is; and past all before `begin`.
  void SetLine(uint32_t begin, uint32_t end) {
    while (*token_ < begin) ++token_;
    end_ = end;
  }

  // The byte that the next token begins with; '\0': there is none before the line's end.
  char Peek() const { return *token_ < end_ ? text_[*token_] : '\0'; }
  // Whether no token is left in the line.
  bool AtEnd() const { return *token_ >= end_; }
  bool Skip(char c) {
    if (Peek() != c) return false;
    ++token_;
    return true;
  }

  // Reads an object into column(i), each of which has `row` values: then one more. What else it has
  // is skipped; what it has not is null; of equal names the last one counts.
  // kPartial: `wrong` says why, of the first such value. Never kBad.
  template <typename ColumnOf>
  Result ReadObject(JsonShape& shape, int64_t row, const ColumnOf& column);

  // Of the first value since ClearWrong that was bad: where it was, and what.
  const std::string& wrong() const { return wrong_; }
  void ClearWrong() { wrong_.clear(); }

 private:
  Result ReadValue(JsonShape& shape, ColumnWriter& column);
  Result ReadBool(ColumnWriter& column);
  template <typename T>
  Result ReadWhole(ColumnWriter& column);
  template <typename T>
  Result ReadReal(ColumnWriter& column);
  Result ReadText(ColumnWriter& column);
  Result ReadTimestamp(ColumnWriter& column);
  Result ReadDate(ColumnWriter& column);
  Result ReadBinary(ColumnWriter& column);
  Result ReadArray(JsonShape& shape, ColumnWriter& column);
  Result ReadStruct(JsonShape& shape, ColumnWriter& column);
  // Passes over a value that the column cannot have, and gives it null.
  Result Bad(ColumnWriter& column);
  // The same when the token is passed already.
  Result BadPassed(std::string_view text, ColumnWriter& column);
  // Passes over a value. False: it is none.
  bool SkipValue(int depth);
  bool SkipObject(int depth);
  bool SkipArray(int depth);

  // All of the next token. REQUIRES: there is one.
  std::string_view Token() const { return TokenAt(token_); }
  std::string_view TokenAt(const uint32_t* token) const;
  // Passes over a string, and gives what it means, until the next one is taken. REQUIRES: Peek()
  // is its quote.
  bool TakeString(std::string_view* text);
  // The same of a name and its colon.
  bool TakeName(JsonShape& shape, size_t ordinal, int* field) {
    const JsonShape::Place* const last = shape.Last(ordinal);
    if (last != nullptr && *token_ < end_ && end_ - *token_ >= last->name.size() &&
        AreSameBytes(text_ + *token_, last->name.data(), last->name.size())) {
      token_ += 2;
      *field = last->field;
      return true;
    }
    return TakeOtherName(shape, ordinal, field);
  }
  bool TakeOtherName(JsonShape& shape, size_t ordinal, int* field);
  // For short ones. REQUIRES: size >= 4.
  static bool AreSameBytes(const char* a, const char* b, size_t size) {
    const auto differ = [&]<typename Word>(size_t at, Word word) {
      Word other;
      std::memcpy(&word, a + at, sizeof word);
      std::memcpy(&other, b + at, sizeof other);
      return word != other;
    };
    if (size < 8) return !differ(0, uint32_t{}) && !differ(size - 4, uint32_t{});
    for (size_t at = 0; at + 8 < size; at += 8) {
      if (differ(at, uint64_t{})) return false;
    }
    return !differ(size - 8, uint64_t{});
  }
  bool IsScalar(std::string_view token) const;

  JsonIndex& index_;
  const Options options_;
  const char* text_ = nullptr;
  bool has_escapes_ = false;  // the text has a backslash
  const uint32_t* token_ = nullptr;
  uint32_t end_ = 0;
  std::string unescaped_;
  std::string wrong_;
};

template <typename ColumnOf>
JsonReader::Result JsonReader::ReadObject(JsonShape& shape, int64_t row, const ColumnOf& column) {
  if (!Skip('{')) return Result::kMalformed;
  Result result = Result::kRead;
  size_t filled = 0;
  if (!Skip('}')) {
    for (size_t ordinal = 0;; ++ordinal) {
      int field = -1;
      if (!TakeName(shape, ordinal, &field)) return Result::kMalformed;
      if (field < 0) {
        if (!SkipValue(1)) return Result::kMalformed;
      } else {
        const auto number = static_cast<size_t>(field);
        ColumnWriter& values = column(number);
        if (values.size() > row) {
          values.Truncate(row);
        } else {
          ++filled;
        }
        const Result read = ReadValue(shape.child(number), values);
        if (read == Result::kMalformed) return read;
        if (read != Result::kRead) result = Result::kPartial;
      }
      const char next = Peek();
      if (next == '\0') return Result::kMalformed;
      ++token_;
      if (next == '}') break;
      if (next != ',') return Result::kMalformed;
    }
  }
  for (size_t i = 0; i < shape.size() && filled < shape.size(); ++i) {
    if (column(i).size() == row) column(i).Null();
  }
  return result;
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_JSON_READER_H_
