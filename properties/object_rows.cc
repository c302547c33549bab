#include "properties/object_rows.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "properties/cursor.h"
#include "properties/decode_log.h"

namespace wavetank::properties {
namespace {

// "map<string,vector<i64>>".
struct ObjectType {
  std::string name;
  std::vector<ObjectType> parts;
};

std::optional<ObjectType> ParseType(std::string_view& text) {
  ObjectType type;
  const size_t end = std::min(text.find_first_of("<,>"), text.size());
  type.name = std::string(text.substr(0, end));
  text.remove_prefix(end);
  if (type.name.empty()) return std::nullopt;
  if (!text.starts_with('<')) return type;
  do {
    text.remove_prefix(1);
    std::optional<ObjectType> part = ParseType(text);
    if (!part.has_value()) return std::nullopt;
    type.parts.push_back(*std::move(part));
  } while (text.starts_with(','));
  if (!text.starts_with('>')) return std::nullopt;
  text.remove_prefix(1);
  return type;
}

// Shows one value; false: the type is none that is known here, or the bytes are none of it.
class ValueReader {
 public:
  explicit ValueReader(Cursor& bytes) : bytes_(bytes) {}

  bool Show(const ObjectType& type, std::string& out) {
    if (type.parts.empty()) return ShowPlain(type.name, out);
    if (type.name == "pair" || type.name == "tuple" || type.name == "fields") {
      for (const ObjectType& part : type.parts) {
        out.push_back(&part == &type.parts.front() ? '(' : ',');
        if (!Show(part, out)) return false;
      }
      out.push_back(')');
      return true;
    }
    if (type.name == "vector" && type.parts.size() == 1) {
      return ShowSeveral("[", ",", "]", out, [&] { return Show(type.parts[0], out); });
    }
    if (type.name == "map" && type.parts.size() == 2) {
      return ShowSeveral("Map(", ", ", ")", out, [&] {
        if (!Show(type.parts[0], out)) return false;
        absl::StrAppend(&out, " -> ");
        return Show(type.parts[1], out);
      });
    }
    if (type.name != "optional" || type.parts.size() != 1) return false;
    uint64_t there = 0;
    if (!bytes_.Fixed(1, &there) || there > 1) return false;
    absl::StrAppend(&out, there == 1 ? "Some(" : "None");
    if (there == 0) return true;
    if (!Show(type.parts[0], out)) return false;
    out.push_back(')');
    return true;
  }

 private:
  template <typename ShowOne>
  bool ShowSeveral(const char* begin, const char* between, const char* end, std::string& out,
                   const ShowOne& show_one) {
    uint64_t count = 0;
    if (!bytes_.Varint(&count)) return false;
    absl::StrAppend(&out, begin);
    for (uint64_t i = 0; i < count; ++i) {
      if (i > 0) absl::StrAppend(&out, between);
      if (!show_one()) return false;
    }
    absl::StrAppend(&out, end);
    return true;
  }

  bool ShowPlain(const std::string& name, std::string& out) {
    if (name == "string") {
      std::string text;
      if (!bytes_.Text(&text)) return false;
      out += text;
      return true;
    }
    if (name == "bool") {
      uint64_t value = 0;
      if (!bytes_.Fixed(1, &value) || value > 1) return false;
      absl::StrAppend(&out, value == 1 ? "true" : "false");
      return true;
    }
    const std::string_view widths = std::string_view(name).substr(1);
    if (widths != "8" && widths != "16" && widths != "32" && widths != "64") return false;
    const int bits = widths == "8" ? 8 : widths == "16" ? 16 : widths == "32" ? 32 : 64;
    uint64_t value = 0;
    if (!bytes_.Fixed(static_cast<size_t>(bits / 8), &value)) return false;
    if (name.front() == 'u') {
      absl::StrAppend(&out, value);
    } else if (name.front() == 'i') {
      const uint64_t sign = uint64_t{1} << (bits - 1);
      absl::StrAppend(&out, static_cast<int64_t>((value ^ sign) - sign));
    } else if (name == "f64") {
      ShowReal(std::bit_cast<double>(value), out);
    } else if (name == "f32") {
      ShowReal(std::bit_cast<float>(static_cast<uint32_t>(value)), out);
    } else {
      return false;
    }
    return true;
  }

  template <typename Real>
  static void ShowReal(Real value, std::string& out) {
    if (std::isnan(value)) return void(out += "nan");
    char text[40];
    const char* const end = std::to_chars(text, text + sizeof text, value).ptr;
    const std::string shown(text, static_cast<size_t>(end - text));
    const bool is_whole = shown.find_first_not_of("-0123456789") == std::string::npos;
    absl::StrAppend(&out, shown, is_whole ? ".0" : "");
  }

  Cursor& bytes_;
};

std::string ShowObject(const std::optional<ObjectType>& type, const std::string& row) {
  std::string shown;
  Cursor bytes(row);
  if (type.has_value() && ValueReader(bytes).Show(*type, shown) && bytes.done()) return shown;
  return absl::BytesToHexString(row);
}

class ObjectFile {
 public:
  explicit ObjectFile(std::string_view file) : all_(file), left_(file) {}

  ObjectRows Read() {
    ObjectRows read;
    read.damage = Header();
    while (read.damage.empty() && !ended_) read.damage = Block(read.rows);
    if (read.damage.empty() && !left_.done()) read.damage = "bytes stand behind its end";
    if (!read.damage.empty()) read.rows.clear();
    return read;
  }

 private:
  size_t at() const { return all_.size() - left_.left(); }

  std::string Header() {
    uint64_t format = 0;
    uint64_t length = 0;
    uint64_t checksum = 0;
    std::string_view magic;
    std::string_view codec;
    if (!left_.Bytes(4, &magic) || magic != "WTOB") return "it is no file of objects";
    if (!left_.Fixed(4, &format) || format != 1) return "its format is not known";
    if (!left_.Fixed(4, &length) || !left_.Fixed(4, &checksum) || !left_.Bytes(length, &codec)) {
      return "it ends within its header";
    }
    if (PlainCrc32c(std::string(all_.substr(0, 12)) + std::string(codec)) != checksum) {
      return "its header has another checksum";
    }
    summed_ = std::string(all_.substr(0, at()));
    type_ = ParseType(codec);
    if (!codec.empty()) type_.reset();  // more than a type
    return "";
  }

  std::string Block(std::vector<std::string>& rows) {
    const size_t begin = at();
    uint64_t length = 0;
    uint64_t checksum = 0;
    std::string_view payload;
    if (!left_.Fixed(4, &length) || !left_.Fixed(4, &checksum) ||
        !left_.Bytes(length == 0 ? 8 : length, &payload)) {
      return absl::StrCat("it ends within the block at byte ", begin);
    }
    summed_ += std::string(all_.substr(begin, 4)) + std::string(payload);
    if (PlainCrc32c(summed_) != checksum) {
      return absl::StrCat("the block at byte ", begin, " has another checksum");
    }
    Cursor in(payload);
    if (length == 0) {
      uint64_t count = 0;
      ended_ = in.Fixed(8, &count) && count == rows.size();
      return ended_ ? "" : "it says that it has more or fewer rows than it has";
    }
    while (!in.done()) {
      std::string row;
      if (!in.Text(&row)) return absl::StrCat("a row does not end with the block at byte ", begin);
      rows.push_back(ShowObject(type_, row));
    }
    return "";
  }

  const std::string_view all_;
  Cursor left_;
  std::optional<ObjectType> type_;
  std::string summed_;  // the header, and of each block the length and the payload
  bool ended_ = false;
};

}  // namespace

ObjectRows DecodeObjectRows(std::string_view file) { return ObjectFile(file).Read(); }

}  // namespace wavetank::properties
