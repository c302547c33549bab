#include "properties/plain_json.h"

#include <cctype>
#include <cstdint>
#include <utility>

namespace wavetank::properties {
namespace {

constexpr int kDeepest = 500;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<PlainJson> Document() {
    PlainJson json;
    if (!Value(json, 0)) return std::nullopt;
    Blanks();
    if (at_ != text_.size()) return std::nullopt;
    return json;
  }

 private:
  bool More() const { return at_ < text_.size(); }
  bool Take(char c) {
    if (!More() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    const size_t after = at_ + word.size();
    if (after < text_.size() && std::isalnum(static_cast<unsigned char>(text_[after])) != 0) {
      return false;
    }
    at_ = after;
    return true;
  }
  void Blanks() {
    while (More() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }

  bool Value(PlainJson& json, int depth) {
    Blanks();
    if (!More() || depth > kDeepest) return false;
    if (text_[at_] == '{') return Object(json, depth);
    if (text_[at_] == '[') return Array(json, depth);
    if (text_[at_] == '"') {
      json.kind = PlainJson::Kind::kString;
      return String(json.text);
    }
    if (TakeWord("null")) return true;
    for (const char* word : {"true", "false"}) {
      if (!TakeWord(word)) continue;
      json.kind = PlainJson::Kind::kBool;
      json.text = word;
      return true;
    }
    json.kind = PlainJson::Kind::kNumber;
    for (const char* word : {"NaN", "Infinity", "+Infinity", "-Infinity", "INF", "+INF", "-INF"}) {
      if (!TakeWord(word)) continue;
      json.text = word;
      return true;
    }
    return Number(json.text);
  }

  bool Digits(std::string& number) {
    const size_t begin = at_;
    while (More() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    number += text_.substr(begin, at_ - begin);
    return at_ > begin;
  }

  bool Number(std::string& number) {
    if (Take('-')) number += '-';
    if (Take('0')) {
      number += '0';
    } else if (!Digits(number)) {
      return false;
    }
    if (Take('.')) {
      number += '.';
      if (!Digits(number)) return false;
    }
    if (!More() || (text_[at_] != 'e' && text_[at_] != 'E')) return AtEnd();
    number += text_[at_++];
    if (More() && (text_[at_] == '+' || text_[at_] == '-')) number += text_[at_++];
    return Digits(number) && AtEnd();
  }

  // Whether a number may end here.
  bool AtEnd() const {
    return !More() || std::string_view(",]} \t\r\n").find(text_[at_]) != std::string_view::npos;
  }

  bool Array(PlainJson& json, int depth) {
    json.kind = PlainJson::Kind::kArray;
    Take('[');
    Blanks();
    if (Take(']')) return true;
    while (true) {
      if (!Value(json.children.emplace_back(), depth + 1)) return false;
      Blanks();
      if (Take(']')) return true;
      if (!Take(',')) return false;
    }
  }

  bool Object(PlainJson& json, int depth) {
    json.kind = PlainJson::Kind::kObject;
    Take('{');
    Blanks();
    if (Take('}')) return true;
    while (true) {
      Blanks();
      if (!More() || text_[at_] != '"' || !String(json.names.emplace_back())) return false;
      Blanks();
      if (!Take(':') || !Value(json.children.emplace_back(), depth + 1)) return false;
      Blanks();
      if (Take('}')) return true;
      if (!Take(',')) return false;
    }
  }

  bool Unit(uint32_t& unit) {
    unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (!More() || std::isxdigit(static_cast<unsigned char>(text_[at_])) == 0) return false;
      const char c = static_cast<char>(std::tolower(static_cast<unsigned char>(text_[at_])));
      unit = unit * 16 + static_cast<uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return true;
  }

  bool Escape(std::string& string) {
    if (!More()) return false;
    const char c = text_[at_++];
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMean = "\"\\/\b\f\n\r\t";
    const size_t named = kNames.find(c);
    if (named != std::string_view::npos) {
      string += kMean[named];
      return true;
    }
    uint32_t point = 0;
    if (c != 'u' || !Unit(point)) return false;
    if (point >= 0xDC00 && point < 0xE000) return false;
    if (point >= 0xD800 && point < 0xDC00) {
      uint32_t low = 0;
      if (!Take('\\') || !Take('u') || !Unit(low) || low < 0xDC00 || low >= 0xE000) return false;
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    const auto byte = [&](uint32_t value) { string += static_cast<char>(value); };
    if (point < 0x80) {
      byte(point);
      return true;
    }
    if (point < 0x800) {
      byte(0xC0 | point >> 6);
    } else {
      if (point < 0x10000) {
        byte(0xE0 | point >> 12);
      } else {
        byte(0xF0 | point >> 18);
        byte(0x80 | (point >> 12 & 63));
      }
      byte(0x80 | (point >> 6 & 63));
    }
    byte(0x80 | (point & 63));
    return true;
  }

  bool String(std::string& string) {
    Take('"');
    while (More()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        string += c;
      } else if (!Escape(string)) {
        return false;
      }
    }
    return false;
  }

  const std::string_view text_;
  size_t at_ = 0;
};

void AppendQuoted(const std::string& text, std::string& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  out += '"';
  for (const char c : text) {
    constexpr std::string_view kNamed = "\"\\\b\f\n\r\t";
    const size_t named = kNamed.find(c);
    if (named != std::string_view::npos) {
      out += '\\';
      out += "\"\\bfnrt"[named];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void AppendCompact(const PlainJson& json, std::string& out) {
  switch (json.kind) {
    case PlainJson::Kind::kNull:
      out += "null";
      return;
    case PlainJson::Kind::kBool:
    case PlainJson::Kind::kNumber:
      out += json.text;
      return;
    case PlainJson::Kind::kString:
      return AppendQuoted(json.text, out);
    case PlainJson::Kind::kArray:
    case PlainJson::Kind::kObject: {
      const bool object = json.kind == PlainJson::Kind::kObject;
      out += object ? '{' : '[';
      for (size_t i = 0; i < json.children.size(); ++i) {
        if (i > 0) out += ',';
        if (object) {
          AppendQuoted(json.names[i], out);
          out += ':';
        }
        AppendCompact(json.children[i], out);
      }
      out += object ? '}' : ']';
    }
  }
}

}  // namespace

const PlainJson* PlainJson::Find(std::string_view name) const {
  for (size_t i = names.size(); i-- > 0;) {
    if (names[i] == name) return &children[i];
  }
  return nullptr;
}

std::string PlainJson::Compact() const {
  std::string out;
  AppendCompact(*this, out);
  return out;
}

std::optional<PlainJson> ParsePlainJson(std::string_view text) { return Reader(text).Document(); }

}  // namespace wavetank::properties
