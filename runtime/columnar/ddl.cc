#include "runtime/columnar/ddl.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::runtime {
namespace {

using platform::ToAbsl;

// Arrays of structs of arrays ...: columns are built, and walked, one level at a time.
constexpr int kMostLevels = 50;

struct TypeWord {
  std::string_view word;
  DataType::Kind kind;
};
constexpr TypeWord kTypeWords[] = {{"BOOLEAN", DataType::kBool},
                                   {"TINYINT", DataType::kInt8},
                                   {"BYTE", DataType::kInt8},
                                   {"SMALLINT", DataType::kInt16},
                                   {"SHORT", DataType::kInt16},
                                   {"INT", DataType::kInt32},
                                   {"INTEGER", DataType::kInt32},
                                   {"BIGINT", DataType::kInt64},
                                   {"LONG", DataType::kInt64},
                                   {"FLOAT", DataType::kFloat},
                                   {"REAL", DataType::kFloat},
                                   {"DOUBLE", DataType::kDouble},
                                   {"STRING", DataType::kString},
                                   {"BINARY", DataType::kBinary},
                                   {"DATE", DataType::kDate},
                                   {"TIMESTAMP", DataType::kTimestamp},
                                   {"TIMESTAMP_LTZ", DataType::kTimestamp}};

struct Missing {
  std::string_view word;
  std::string_view instead;
};
constexpr Missing kMissing[] = {
    {"DECIMAL", "read it as STRING or DOUBLE"},
    {"DEC", "read it as STRING or DOUBLE"},
    {"NUMERIC", "read it as STRING or DOUBLE"},
    {"MAP", "read it as STRING"},
    {"VARIANT", "read it as STRING"},
    {"CHAR", "use STRING"},
    {"CHARACTER", "use STRING"},
    {"VARCHAR", "use STRING"},
    {"TIMESTAMP_NTZ", "use TIMESTAMP, whose times without a zone are in UTC"},
    {"INTERVAL", "read it as STRING"},
    {"VOID", "a column has a type"},
};

bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }
bool IsWordCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return absl::ascii_isalnum(byte) || c == '_' || byte >= 0x80;
}

class Parser {
 public:
  Parser(std::string_view text, DdlError* error) : text_(text), error_(error) {}

  absl::StatusOr<std::vector<Field>> Columns() {
    WT_ASSIGN_OR_RETURN(std::vector<Field> fields, Fields(1));
    if (!AtEnd()) return Wrong("a comma is missing");
    return fields;
  }

 private:
  bool AtEnd() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
    return at_ == text_.size();
  }
  bool Skip(char c) {
    if (AtEnd() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // The word that stands here; "" if none does.
  std::string_view Word() {
    if (AtEnd()) return {};
    size_t end = at_;
    while (end < text_.size() && IsWordCharacter(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  bool SkipWord(std::string_view word) {
    const std::string_view found = Word();
    if (!absl::EqualsIgnoreCase(ToAbsl(found), ToAbsl(word))) return false;
    at_ += found.size();
    return true;
  }
  absl::Status Wrong(std::string_view why) const {
    constexpr size_t kMostShown = 20;
    *error_ = {.at = at_, .why = std::string(why)};
    const std::string_view rest = text_.substr(at_);
    const std::string place = rest.empty() ? std::string("at its end")
                                           : absl::StrCat("at character ", at_ + 1, ", '",
                                                          ToAbsl(rest.substr(0, kMostShown)), "'");
    return absl::InvalidArgumentError(
        absl::StrCat("schema '", ToAbsl(text_), "', ", place, ": ", ToAbsl(why)));
  }

  absl::StatusOr<std::vector<Field>> Fields(int depth) {
    std::vector<Field> fields;
    std::set<std::string> names;
    do {
      const size_t before = at_;
      WT_ASSIGN_OR_RETURN(std::string name, Name());
      if (!names.insert(name).second) {
        at_ = before;
        return Wrong(absl::StrCat("there are two columns ", name));
      }
      Skip(':');
      WT_ASSIGN_OR_RETURN(DataType type, Type(depth));
      WT_RETURN_IF_ERROR(Attributes());
      fields.push_back({std::move(name), std::move(type)});
    } while (Skip(','));
    return fields;
  }

  absl::StatusOr<std::string> Name() {
    if (Skip('`')) {
      std::string name;
      while (true) {
        const size_t end = text_.find('`', at_);
        if (end == std::string_view::npos) return Wrong("a back quote is not closed");
        name += text_.substr(at_, end - at_);
        at_ = end + 1;
        if (at_ == text_.size() || text_[at_] != '`') break;
        name += '`';
        ++at_;
      }
      if (name.empty()) return Wrong("a column needs a name");
      return name;
    }
    const std::string_view word = Word();
    if (word.empty()) return Wrong("a column's name is missing");
    at_ += word.size();
    return std::string(word);
  }

  absl::StatusOr<DataType> Type(int depth) {
    if (depth > kMostLevels) return Wrong("types are nested too deeply");
    const std::string_view word = Word();
    if (word.empty()) return Wrong("a type is missing");
    if (SkipWord("ARRAY")) {
      if (!Skip('<')) return Wrong("ARRAY needs its elements' type, as in ARRAY<INT>");
      WT_ASSIGN_OR_RETURN(DataType element, Type(depth + 1));
      if (!Skip('>')) return Wrong("a '>' is missing");
      return DataType::Array(std::move(element));
    }
    if (SkipWord("STRUCT")) {
      if (!Skip('<')) return Wrong("STRUCT needs fields, as in STRUCT<a: INT>");
      WT_ASSIGN_OR_RETURN(std::vector<Field> fields, Fields(depth + 1));
      if (!Skip('>')) return Wrong("a '>' is missing");
      std::vector<std::string> names;
      std::vector<DataType> types;
      for (Field& field : fields) {
        names.push_back(std::move(field.name));
        types.push_back(std::move(field.type));
      }
      return DataType::Struct(std::move(names), std::move(types));
    }
    for (const TypeWord& known : kTypeWords) {
      if (SkipWord(known.word)) return DataType(known.kind);
    }
    for (const Missing& missing : kMissing) {
      if (!absl::EqualsIgnoreCase(ToAbsl(word), ToAbsl(missing.word))) continue;
      return Wrong(absl::StrCat("there is no type ", ToAbsl(missing.word),
                                " here: ", ToAbsl(missing.instead)));
    }
    std::vector<std::string> words = {"ARRAY", "STRUCT"};
    for (const TypeWord& known : kTypeWords) words.emplace_back(known.word);
    return Wrong(absl::StrCat("there is no type \"", ToAbsl(word), "\"",
                              platform::Suggestion(absl::AsciiStrToUpper(ToAbsl(word)), words)));
  }

  absl::Status Attributes() {
    if (SkipWord("NOT") && !SkipWord("NULL")) return Wrong("NOT needs NULL behind it");
    if (SkipWord("COMMENT")) {
      if (AtEnd() || (text_[at_] != '\'' && text_[at_] != '"')) {
        return Wrong("COMMENT needs a text in quotes");
      }
      const char quote = text_[at_];
      size_t end = at_ + 1;
      while (end < text_.size()) {
        const bool doubled = text_.substr(end, 2) == std::string(2, quote);
        if (text_[end] == quote && !doubled) break;
        end += doubled || text_[end] == '\\' ? 2 : 1;
      }
      if (end >= text_.size()) return Wrong("a quote is not closed");
      at_ = end + 1;
    }
    for (const std::string_view word : {"DEFAULT", "GENERATED", "COLLATE"}) {
      if (absl::EqualsIgnoreCase(ToAbsl(Word()), ToAbsl(word))) {
        return Wrong(absl::StrCat(ToAbsl(word), " is not known here"));
      }
    }
    return absl::OkStatus();
  }

  const std::string_view text_;
  DdlError* const error_;
  size_t at_ = 0;
};

}  // namespace

absl::StatusOr<Schema> ParseDdl(std::string_view text) {
  DdlError error;
  return ParseDdl(text, &error);
}

absl::StatusOr<Schema> ParseDdl(std::string_view text, DdlError* error) {
  WT_ASSIGN_OR_RETURN(std::vector<Field> fields, Parser(text, error).Columns());
  return Schema(std::move(fields));
}

}  // namespace wavetank::runtime
