// More of text: padding, searching, replacing, writing bytes as text.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "platform/text.h"
#include "runtime/functions/code_points.h"
#include "runtime/functions/groups.h"
#include "runtime/functions/row_kernels.h"

namespace wavetank::runtime {
namespace {

const ExampleTerm kNoText = ExampleTerm::Null(DataType::kString);

std::vector<std::string_view> PointsOf(std::string_view text) {
  std::vector<std::string_view> points;
  size_t begin = 0;
  for (size_t i = 1; i <= text.size(); ++i) {
    if (i < text.size() && !StartsCodePoint(text[i])) continue;
    points.push_back(text.substr(begin, i - begin));
    begin = i;
  }
  return points;
}

// How many code points stand before this byte.
int64_t PointsBefore(std::string_view text, size_t byte) {
  return std::ranges::count_if(text.substr(0, byte), StartsCodePoint);
}

// The place of `part` from code point `from` on, both from 1; 0: it is not there.
int64_t PlaceOf(std::string_view text, std::string_view part, int64_t from) {
  if (from < 1) return 0;
  const std::vector<std::string_view> points = PointsOf(text);
  if (from > static_cast<int64_t>(points.size()) + 1) return 0;
  size_t begin = 0;
  for (int64_t i = 0; i + 1 < from; ++i) begin += points[static_cast<size_t>(i)].size();
  const size_t at = text.find(part, begin);
  return at == std::string_view::npos ? 0 : PointsBefore(text, at) + 1;
}

// Of the code points that are taken off: a space, if it is not said.
std::string_view Trimmed(const RowArguments& a) { return a.size() > 1 ? a.text(1) : " "; }

bool TrimLeft(const RowArguments& a, std::string* made) {
  *made = WithoutAtBegin(a.text(0), Trimmed(a));
  return true;
}

bool TrimRight(const RowArguments& a, std::string* made) {
  *made = WithoutAtEnd(a.text(0), Trimmed(a));
  return true;
}

// To `length` code points, cut off at the end where there are more.
bool Pad(const RowArguments& a, bool left, std::string* made) {
  const int64_t length = std::max<int64_t>(a.int64(1), 0);
  if (length > kMostTextMade) return false;
  const std::vector<std::string_view> points = PointsOf(a.text(0));
  const std::vector<std::string_view> pad =
      a.size() > 2 ? PointsOf(a.text(2)) : std::vector<std::string_view>{" "};
  const auto has = static_cast<int64_t>(points.size());
  std::string padding;
  for (int64_t i = has; i < length && !pad.empty(); ++i) {
    padding += pad[static_cast<size_t>(i - has) % pad.size()];
  }
  if (left) *made = padding;
  for (int64_t i = 0; i < std::min(has, length); ++i) *made += points[static_cast<size_t>(i)];
  if (!left) *made += padding;
  return true;
}

bool RepeatText(const RowArguments& a, std::string* made) {
  const int64_t times = std::max<int64_t>(a.int64(1), 0);
  const auto size = static_cast<int64_t>(a.text(0).size());
  if (size > 0 && times > kMostTextMade / size) return false;
  for (int64_t i = 0; size > 0 && i < times; ++i) *made += a.text(0);
  return true;
}

bool ReverseText(const RowArguments& a, std::string* made) {
  std::vector<std::string_view> points = PointsOf(a.text(0));
  std::ranges::reverse(points);
  for (const std::string_view point : points) *made += point;
  return true;
}

// Every place of `search`, which is not looked for in what was put there; an empty one is nowhere.
bool Replace(const RowArguments& a, std::string* made) {
  const std::string_view text = a.text(0);
  const std::string_view search = a.text(1);
  const std::string_view with = a.size() > 2 ? a.text(2) : std::string_view();
  size_t begin = 0;
  while (!search.empty()) {
    const size_t at = text.find(search, begin);
    if (at == std::string_view::npos) break;
    *made += text.substr(begin, at - begin);
    *made += with;
    begin = at + search.size();
  }
  *made += text.substr(begin);
  return static_cast<int64_t>(made->size()) <= kMostTextMade + static_cast<int64_t>(text.size());
}

// Of a code point that stands twice, the first place counts.
bool Translate(const RowArguments& a, std::string* made) {
  const std::vector<std::string_view> from = PointsOf(a.text(1));
  const std::vector<std::string_view> to = PointsOf(a.text(2));
  for (const std::string_view point : PointsOf(a.text(0))) {
    const auto found = static_cast<size_t>(std::ranges::find(from, point) - from.begin());
    if (found == from.size()) *made += point;
    if (found < from.size() && found < to.size()) *made += to[found];
  }
  return true;
}

bool CapitalInitials(const RowArguments& a, std::string* made) {
  bool first = true;
  for (char c : a.text(0)) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool upper = c >= 'A' && c <= 'Z';
    if ((first && lower) || (!first && upper)) c = static_cast<char>(c ^ 0x20);
    first = c == ' ';
    *made += c;
  }
  return true;
}

bool LeftOf(const RowArguments& a, std::string* made) {
  const std::vector<std::string_view> points = PointsOf(a.text(0));
  const auto size = static_cast<int64_t>(points.size());
  for (int64_t i = 0; i < std::min(a.int64(1), size); ++i) *made += points[static_cast<size_t>(i)];
  return true;
}

bool RightOf(const RowArguments& a, std::string* made) {
  const std::vector<std::string_view> points = PointsOf(a.text(0));
  const auto size = static_cast<int64_t>(points.size());
  const int64_t wanted = std::clamp<int64_t>(a.int64(1), 0, size);
  for (int64_t i = size - wanted; i < size; ++i) *made += points[static_cast<size_t>(i)];
  return true;
}

// The part of this number, from 1, or from the end when negative; empty where there is none.
bool PartOfSplit(const RowArguments& a, std::string* made) {
  const int64_t number = a.int64(2);
  if (number == 0) return false;
  std::vector<std::string_view> parts;
  std::string_view rest = a.text(0);
  while (!a.text(1).empty() && rest.find(a.text(1)) != std::string_view::npos) {
    parts.push_back(rest.substr(0, rest.find(a.text(1))));
    rest.remove_prefix(parts.back().size() + a.text(1).size());
  }
  parts.push_back(rest);
  const auto size = static_cast<int64_t>(parts.size());
  if (number > size || number < -size) return true;
  *made = parts[static_cast<size_t>(number > 0 ? number - 1 : size + number)];
  return true;
}

// Up to this many delimiters, from the left, or from the right when negative.
bool UpToDelimiter(const RowArguments& a, std::string* made) {
  const std::string_view text = a.text(0);
  const std::string_view mark = a.text(1);
  int64_t left = a.int64(2);
  if (left == 0 || mark.empty()) return true;
  size_t at = left > 0 ? 0 : text.size();
  while (left > 0) {
    const size_t found = text.find(mark, at);
    if (found == std::string_view::npos) return made->assign(text), true;
    if (--left == 0) return made->assign(text.substr(0, found)), true;
    at = found + mark.size();
  }
  while (left < 0) {
    const size_t found = at == 0 ? std::string_view::npos : text.rfind(mark, at - 1);
    if (found == std::string_view::npos) return made->assign(text), true;
    if (++left == 0) return made->assign(text.substr(found + mark.size())), true;
    at = found;
  }
  return true;
}

// Bytes that are no UTF-8 count as themselves.
int64_t FirstPoint(std::string_view text) {
  if (text.empty()) return 0;
  const std::string_view point = PointsOf(text).front().substr(0, 4);
  const auto lead = static_cast<unsigned char>(point[0]);
  int64_t value = point.size() == 1 ? lead : lead & (0x7F >> point.size());
  for (size_t i = 1; i < point.size(); ++i) {
    value = value << 6 | (static_cast<unsigned char>(point[i]) & 0x3F);
  }
  return value;
}

// Of a number modulo 256, as in Spark; below 0 none.
bool CharacterOf(const RowArguments& a, std::string* made) {
  if (a.int64(0) < 0) return true;
  const int64_t value = a.int64(0) % 256;
  if (value < 0x80) {
    *made = static_cast<char>(value);
  } else {
    *made = {static_cast<char>(0xC0 | value >> 6), static_cast<char>(0x80 | (value & 0x3F))};
  }
  return true;
}

Column ConcatWithKernel(const KernelCall& call) {
  ColumnBuilder builder(call.type);
  std::string made;
  for (int64_t row = 0; row < call.rows; ++row) {
    if (IsNullAt(call.operands[0], row)) {
      builder.Null();
      continue;
    }
    made.clear();
    bool first = true;
    for (size_t i = 1; i < call.operands.size(); ++i) {
      if (IsNullAt(call.operands[i], row)) continue;
      if (!first) made += TextAt(call.operands[0], row);
      first = false;
      made += TextAt(call.operands[i], row);
    }
    builder.String(made);
  }
  return builder.Finish();
}

bool HexOf(const RowArguments& a, std::string* made) {
  for (const char c : a.text(0)) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    *made += kDigits[static_cast<unsigned char>(c) >> 4];
    *made += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return true;
}

bool OfHex(const RowArguments& a, std::string* made) {
  std::string digits(a.text(0));
  if (digits.size() % 2 != 0) digits.insert(digits.begin(), '0');
  for (const char c : digits) {
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!digit) return false;
  }
  *made = platform::ToStd(absl::HexStringToBytes(platform::ToAbsl(std::string_view(digits))));
  return true;
}

bool Base64Of(const RowArguments& a, std::string* made) {
  *made = absl::Base64Escape(platform::ToAbsl(a.text(0)));
  return true;
}

bool OfBase64(const RowArguments& a, std::string* made) {
  return absl::Base64Unescape(platform::ToAbsl(a.text(0)), made);
}

int64_t Crc32(std::string_view bytes) {
  uint32_t crc = ~uint32_t{0};
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320U : 0);
  }
  return ~crc;
}

int64_t Distance(std::string_view left, std::string_view right) {
  const std::vector<std::string_view> a = PointsOf(left);
  const std::vector<std::string_view> b = PointsOf(right);
  std::vector<int64_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int64_t>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    int64_t before = row[0];
    row[0] = static_cast<int64_t>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int64_t replaced = before + (a[i - 1] == b[j - 1] ? 0 : 1);
      before = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

Entry Text(const char* name, std::vector<Parameter> more,
           bool (*make)(const RowArguments&, std::string*), const char* help,
           std::vector<Example> examples, bool always = true, int optional = 0) {
  std::vector<Parameter> parameters = {{"text", Accepts::kString}};
  parameters.insert(parameters.end(), more.begin(), more.end());
  return {.name = name,
          .parameters = std::move(parameters),
          .result = Gives(DataType::kString),
          .kernel = TextKernel(make),
          .help = help,
          .examples = std::move(examples),
          .always = always,
          .optional = optional};
}

template <typename F>
Entry Number(const char* name, std::vector<Parameter> parameters, F compute, const char* help,
             std::vector<Example> examples, int optional = 0) {
  return {.name = name,
          .parameters = std::move(parameters),
          .result = Gives(DataType::kInt64),
          .kernel = RowKernel<int64_t>([compute](const RowArguments& a, int64_t* result) {
            *result = compute(a);
            return true;
          }),
          .help = help,
          .examples = std::move(examples),
          .always = true,
          .optional = optional};
}

bool PadLeft(const RowArguments& a, std::string* made) { return Pad(a, true, made); }
bool PadRight(const RowArguments& a, std::string* made) { return Pad(a, false, made); }
bool Spaces(const RowArguments& a, std::string* made) {
  if (a.int64(0) > kMostTextMade) return false;
  made->assign(static_cast<size_t>(std::max<int64_t>(a.int64(0), 0)), ' ');
  return true;
}

}  // namespace

void AddStringFunctions(std::vector<Function>& functions) {
  const Parameter text = {"text", Accepts::kString};
  const Parameter part = {"part", Accepts::kString};
  AddAll(
      {Text(
           "ltrim", {{"points", Accepts::kString}}, TrimLeft,
           "without spaces, or the code points of `points`, at the beginning; in SQL, as in Spark, "
           "ltrim(points, text)",
           {{.arguments = {"  a b"}, .gives = "a b"},
            {.arguments = {"  "}, .gives = ""},
            {.arguments = {"xyax", "yx"}, .gives = "ax"}},
           false, 1),
       Text("rtrim", {{"points", Accepts::kString}}, TrimRight,
            "without spaces, or the code points of `points`, at the end; in SQL, as in Spark, "
            "rtrim(points, text)",
            {{.arguments = {" a  "}, .gives = " a"},
             {.arguments = {kNoText}, .gives = "null"},
             {.arguments = {"a\u00f6\u00e4", "\u00e4\u00f6"}, .gives = "a"}},
            false, 1),
       Text("lpad", {{"length", Accepts::kInt64}, {"pad", Accepts::kString}}, PadLeft,
            "padded at the beginning to so many code points, or cut off; null beyond 1 Mi of them",
            {{.arguments = {"hi", 5, "ab"}, .gives = "abahi"},
             {.arguments = {"hello", 2, "a"}, .gives = "he"},
             {.arguments = {"hi", 5, ""}, .gives = "hi"}},
            false, 1),
       Text("rpad", {{"length", Accepts::kInt64}, {"pad", Accepts::kString}}, PadRight,
            "padded at the end to so many code points, or cut off; null beyond 1 Mi of them",
            {{.arguments = {"hi", 5, "ab"}, .gives = "hiaba"},
             {.arguments = {"hi", -1}, .gives = ""}},
            false, 1),
       Text("repeat", {{"times", Accepts::kInt64}}, RepeatText,
            "it so many times; null beyond 1 MiB",
            {{.arguments = {"ab", 3}, .gives = "ababab"},
             {.arguments = {"ab", -1}, .gives = ""},
             {.arguments = {"ab", 1'000'000'000}, .gives = "null"}},
            false),
       Text("reverse", {}, ReverseText, "its code points from the last to the first",
            {{.arguments = {"h\u00f6he"}, .gives = "eh\u00f6h"}, {.arguments = {""}, .gives = ""}}),
       Text("replace", {{"search", Accepts::kString}, {"with", Accepts::kString}}, Replace,
            "with something else, or nothing, in each place of `search`; null where that makes it "
            "longer by more than 1 MiB",
            {{.arguments = {"aXbX", "X", "-"}, .gives = "a-b-"},
             {.arguments = {"aXbX", "X"}, .gives = "ab"},
             {.arguments = {"ab", "", "-"}, .gives = "ab"}},
            false, 1),
       Text("translate", {{"from", Accepts::kString}, {"to", Accepts::kString}}, Translate,
            "each code point of `from` as that of `to` in the same place; without one it goes",
            {{.arguments = {"AaBbCc", "abc", "12"}, .gives = "A1B2C"}}),
       Text("initcap", {}, CapitalInitials,
            "ASCII letters: the first of each word a capital, the others not",
            {{.arguments = {"sPark sql"}, .gives = "Spark Sql"}}),
       Text(
           "left", {{"length", Accepts::kInt64}}, LeftOf, "its first code points",
           {{.arguments = {"Spark", 2}, .gives = "Sp"}, {.arguments = {"Spark", -1}, .gives = ""}}),
       Text("right", {{"length", Accepts::kInt64}}, RightOf, "its last code points",
            {{.arguments = {"Spark", 2}, .gives = "rk"},
             {.arguments = {"Spark", 9}, .gives = "Spark"}}),
       Text("split_part", {{"separator", Accepts::kString}, {"number", Accepts::kInt64}},
            PartOfSplit,
            "the part of this number between separators, from 1, or from the end when negative; "
            "empty where there is none, null for 0",
            {{.arguments = {"a,b,c", ",", 2}, .gives = "b"},
             {.arguments = {"a,b,c", ",", -1}, .gives = "c"},
             {.arguments = {"a,b,c", ",", 4}, .gives = ""},
             {.arguments = {"a,b,c", ",", 0}, .gives = "null"}},
            false),
       Text("substring_index", {{"delimiter", Accepts::kString}, {"count", Accepts::kInt64}},
            UpToDelimiter,
            "what stands before the delimiter of this number, or behind it, counted from the end, "
            "when negative",
            {{.arguments = {"www.apache.org", ".", 2}, .gives = "www.apache"},
             {.arguments = {"www.apache.org", ".", -1}, .gives = "org"},
             {.arguments = {"www", ".", 1}, .gives = "www"}}),
       Number("instr", {text, part},
              [](const RowArguments& a) { return PlaceOf(a.text(0), a.text(1), 1); },
              "where the part first is, in code points from 1; 0: nowhere",
              {{.arguments = {"Spark", "ar"}, .gives = "3"},
               {.arguments = {"Spark", "x"}, .gives = "0"}}),
       Number(
           "locate", {part, text, {"from", Accepts::kInt64}},
           [](const RowArguments& a) {
             return PlaceOf(a.text(1), a.text(0), a.size() > 2 ? a.int64(2) : 1);
           },
           "where the part first is from a code point on, both from 1; 0: nowhere",
           {{.arguments = {"a", "banana", 3}, .gives = "4"},
            {.arguments = {"a", "banana", 0}, .gives = "0"}},
           1),
       Number("ascii", {text}, [](const RowArguments& a) { return FirstPoint(a.text(0)); },
              "the number of its first code point; 0 of empty text",
              {{.arguments = {"Spark"}, .gives = "83"}, {.arguments = {""}, .gives = "0"}}),
       Number("octet_length", {text},
              [](const RowArguments& a) { return static_cast<int64_t>(a.text(0).size()); },
              "its bytes", {{.arguments = {"h\u00f6he"}, .gives = "5"}}),
       Number("bit_length", {text},
              [](const RowArguments& a) { return static_cast<int64_t>(a.text(0).size()) * 8; },
              "its bits", {{.arguments = {"h\u00f6he"}, .gives = "40"}}),
       Number("levenshtein", {text, {"other", Accepts::kString}},
              [](const RowArguments& a) { return Distance(a.text(0), a.text(1)); },
              "how many code points must be put in, taken out or replaced to make it the other",
              {{.arguments = {"kitten", "sitting"}, .gives = "3"},
               {.arguments = {"", "ab"}, .gives = "2"}}),
       Number("crc32", {text}, [](const RowArguments& a) { return Crc32(a.text(0)); },
              "the cyclic redundancy check of its bytes",
              {{.arguments = {"Spark"}, .gives = "1557323817"}}),
       {.name = "chr",
        .parameters = {{"number", Accepts::kInt64}},
        .result = Gives(DataType::kString),
        .kernel = TextKernel(CharacterOf),
        .help = "the code point of this number, modulo 256; empty below 0",
        .examples = {{.arguments = {65}, .gives = "A"}, {.arguments = {-1}, .gives = ""}},
        .always = true},
       {.name = "space",
        .parameters = {{"length", Accepts::kInt64}},
        .result = Gives(DataType::kString),
        .kernel = TextKernel(Spaces),
        .help = "so many spaces; null beyond 1 Mi of them",
        .examples = {{.arguments = {0}, .gives = ""}, {.arguments = {-1}, .gives = ""}}},
       Text("hex", {}, HexOf, "its bytes, two digits each",
            {{.arguments = {"Spark"}, .gives = "537061726B"}, {.arguments = {""}, .gives = ""}}),
       Text("base64", {}, Base64Of, "its bytes in base 64",
            {{.arguments = {"Spark"}, .gives = "U3Bhcms="}}),
       {.name = "unhex",
        .parameters = {text},
        .result = Gives(DataType::kBinary),
        .kernel = TextKernel(OfHex),
        .help = "the bytes that digits are of; null where they are none",
        .examples = {{.arguments = {"5370"}, .gives = "X'5370'"},
                     {.arguments = {"5g"}, .gives = "null"}}},
       {.name = "unbase64",
        .parameters = {text},
        .result = Gives(DataType::kBinary),
        .kernel = TextKernel(OfBase64),
        .help = "the bytes that text in base 64 is of; null where it is none",
        .examples = {{.arguments = {"U3A="}, .gives = "X'5370'"},
                     {.arguments = {"*"}, .gives = "null"}}}},
      functions);
  functions.push_back({.name = "concat_ws",
                       .parameters = {{"separator", Accepts::kString}, {"text", Accepts::kString}},
                       .repeats = 1,
                       .result = Gives(DataType::kString),
                       .nulls = Nulls::kOfArgumentsAtTimes,
                       .kernel = ConcatWithKernel,
                       .help = "texts that are not null, with the separator between them; null if "
                               "that is",
                       .examples = {{.arguments = {"-", "a", kNoText, "b"}, .gives = "a-b"},
                                    {.arguments = {kNoText, "a"}, .gives = "null"}}});
}

}  // namespace wavetank::runtime
