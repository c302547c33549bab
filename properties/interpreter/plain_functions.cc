// Functions of a row, by what docs/functions.md says of them.
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "properties/interpreter/plain_expression.h"
#include "runtime/plan/expression.pb.h"

namespace wavetank::properties {
namespace {

namespace plan = runtime::plan;

using Arguments = std::span<const PlainValue>;
using Simple = PlainValue (*)(Arguments arguments);

bool AnyNull(Arguments arguments) {
  return std::ranges::any_of(arguments, [](const PlainValue& value) { return value.is_null(); });
}

// One that is null if an argument is.
template <typename F>
PlainCall Strict(F compute) {
  return [compute](Arguments arguments, int64_t) {
    return AnyNull(arguments) ? PlainValue() : PlainValue(compute(arguments));
  };
}

// What an integer of a kind is after arithmetic without bounds, of which `bits` are the lowest.
int64_t Wrapped(uint64_t bits, PlainKind kind) {
  if (kind == PlainKind::kInt8) return static_cast<int8_t>(bits);
  if (kind == PlainKind::kInt16) return static_cast<int16_t>(bits);
  if (kind == PlainKind::kInt32) return static_cast<int32_t>(bits);
  return static_cast<int64_t>(bits);
}
double Rounded(double value, PlainKind kind) {
  return kind == PlainKind::kFloat ? static_cast<float>(value) : value;
}

PlainValue Arithmetic(char sign, const PlainValue& a, const PlainValue& b, PlainKind kind) {
  if (!IsInteger(kind)) {
    const double x = a.real();
    const double y = b.real();
    return Rounded(sign == '+' ? x + y : sign == '-' ? x - y : x * y, kind);
  }
  const auto x = static_cast<uint64_t>(a.number());
  const auto y = static_cast<uint64_t>(b.number());
  return Wrapped(sign == '+' ? x + y : sign == '-' ? x - y : x * y, kind);
}

PlainValue Remainder(const PlainValue& a, const PlainValue& b, PlainKind kind) {
  if (!IsInteger(kind)) {
    if (b.real() == 0) return {};
    return Rounded(std::fmod(a.real(), b.real()), kind);
  }
  if (b.number() == 0) return {};
  return b.number() == -1 ? int64_t{0} : a.number() % b.number();
}

PlainCall NumberFunction(const std::string& name, const plan::Expression& call) {
  const PlainKind kind = KindOf(call.type());
  const bool real = kind == PlainKind::kDouble || kind == PlainKind::kFloat;
  if (!real && !IsInteger(kind)) return nullptr;
  if (name == "+" || name == "-" || name == "*") {
    return Strict(
        [sign = name[0], kind](Arguments a) { return Arithmetic(sign, a[0], a[1], kind); });
  }
  if (name == "%") return Strict([kind](Arguments a) { return Remainder(a[0], a[1], kind); });
  if (name == "/") {
    return Strict([](Arguments a) {
      return a[1].real() == 0 ? PlainValue() : PlainValue(a[0].real() / a[1].real());
    });
  }
  const PlainValue zero = real ? PlainValue(0.0) : PlainValue(int64_t{0});
  if (name == "negate" && real) return Strict([](Arguments a) { return -a[0].real(); });
  if (name == "negate") {
    return Strict([=](Arguments a) { return Arithmetic('-', zero, a[0], kind); });
  }
  if (name == "abs" && real) return Strict([](Arguments a) { return std::fabs(a[0].real()); });
  if (name == "abs") {
    return Strict(
        [=](Arguments a) { return a[0].number() < 0 ? Arithmetic('-', zero, a[0], kind) : a[0]; });
  }
  return nullptr;
}

// Three values: a false one decides "and", a true one "or".
PlainValue Decided(Arguments arguments, bool by) {
  for (const PlainValue& argument : arguments) {
    if (!argument.is_null() && argument.truth() == by) return by;
  }
  return AnyNull(arguments) ? PlainValue() : PlainValue(!by);
}

PlainValue In(Arguments arguments) {
  for (const PlainValue& candidate : arguments.subspan(1)) {
    if (!arguments[0].is_null() && !candidate.is_null() && Compare(arguments[0], candidate) == 0) {
      return true;
    }
  }
  if (arguments.size() == 1) return false;
  return AnyNull(arguments) ? PlainValue() : PlainValue(false);
}

PlainValue If(Arguments arguments) {
  if (!arguments[0].is_null() && arguments[0].truth()) return arguments[1];
  return arguments.size() > 2 ? arguments[2] : PlainValue();
}

PlainValue Coalesce(Arguments arguments) {
  for (const PlainValue& value : arguments) {
    if (!value.is_null()) return value;
  }
  return {};
}

std::string InCase(std::string text, char first, char last, int by) {
  for (char& c : text) c = c >= first && c <= last ? static_cast<char>(c + by) : c;
  return text;
}

// The code points of UTF-8: a byte that begins one, and those that go on with it.
std::vector<std::string> CodePoints(const std::string& text) {
  std::vector<std::string> points;
  for (const char c : text) {
    if (points.empty() || (c & 0xc0) != 0x80) points.emplace_back();
    points.back() += c;
  }
  return points;
}

std::string WithoutEnds(const std::string& text, const std::string& points) {
  std::vector<std::string> left = CodePoints(text);
  const std::vector<std::string> ends = CodePoints(points);
  const auto goes = [&](const std::string& point) { return std::ranges::count(ends, point) > 0; };
  while (!left.empty() && goes(left.front())) left.erase(left.begin());
  while (!left.empty() && goes(left.back())) left.pop_back();
  std::string made;
  for (const std::string& point : left) made += point;
  return made;
}

PlainValue Split(const std::string& text, const std::string& separator) {
  PlainValue::Children parts;
  size_t begin = 0;
  for (size_t at; (at = text.find(separator, begin)) != std::string::npos;) {
    parts.emplace_back(text.substr(begin, at - begin));
    begin = at + separator.size();
  }
  parts.emplace_back(text.substr(begin));
  return PlainValue(std::move(parts));
}

PlainValue PartOf(const std::string& text, const std::string& separator, bool before) {
  const size_t at = text.find(separator);
  if (at == std::string::npos) return {};
  return before ? text.substr(0, at) : text.substr(at + separator.size());
}

std::string Joined(Arguments texts) {
  std::string all;
  for (const PlainValue& text : texts) all += text.text();
  return all;
}

// [start, start + size) since 1970; null where the start is no time.
PlainValue WindowStart(int64_t time, int64_t size) {
  const __int128 into = ((__int128{time} % size) + size) % size;
  const __int128 start = time - into;
  return start < INT64_MIN ? PlainValue() : PlainValue(static_cast<int64_t>(start));
}

// One whose every window is null where there is no time. The earliest first.
PlainValue WindowStarts(Arguments arguments) {
  if (arguments[0].is_null()) return PlainValue(PlainValue::Children{PlainValue()});
  const __int128 time = arguments[0].number();
  const int64_t size = arguments[1].number();
  const int64_t slide = arguments[2].number();
  PlainValue::Children starts;
  const __int128 into = (((time - arguments[3].number()) % slide) + slide) % slide;
  for (__int128 start = time - into; start + size > time; start -= slide) {
    if (start < INT64_MIN || start + size > INT64_MAX) continue;
    starts.insert(starts.begin(), PlainValue(static_cast<int64_t>(start)));
  }
  return PlainValue(std::move(starts));
}

// Nothing of a gap that is none, or beyond all times.
PlainValue SessionStart(const PlainValue& time, const PlainValue& gap) {
  const bool ends = __int128{time.number()} + gap.number() <= INT64_MAX;
  return gap.number() > 0 && ends ? time : PlainValue();
}

PlainValue WindowEnd(int64_t start, int64_t size) {
  const __int128 end = __int128{start} + size;
  return end > INT64_MAX ? INT64_MAX : static_cast<int64_t>(end);
}

// Null beyond the earliest and the latest time.
PlainValue Moved(int64_t time, int64_t by, int sign) {
  const __int128 moved = __int128{time} + sign * __int128{by};
  return moved > INT64_MAX || moved < INT64_MIN ? PlainValue()
                                                : PlainValue(static_cast<int64_t>(moved));
}

PlainValue Element(const PlainValue::Children& elements, int64_t index) {
  if (index < 0 || static_cast<size_t>(index) >= elements.size()) return {};
  return elements[static_cast<size_t>(index)];
}

// Of a struct's value by the field's place.
PlainCall GetField(const plan::Expression& call) {
  const plan::Type& type = call.operands(0).type();
  const std::string& name = call.operands(1).literal().string_value();
  const auto at = std::find(type.names().begin(), type.names().end(), name);
  if (at == type.names().end()) return nullptr;
  return [place = at - type.names().begin()](Arguments arguments, int64_t) {
    return arguments[0].is_null() ? PlainValue() : Element(arguments[0].children(), place);
  };
}

PlainValue Struct(Arguments arguments) {
  PlainValue::Children fields;
  for (size_t i = 1; i < arguments.size(); i += 2) fields.push_back(arguments[i]);
  return PlainValue(std::move(fields));
}

// Those that see nulls.
const std::map<std::string, Simple>& SeeNulls() {
  static const auto* const functions = new std::map<std::string, Simple>{
      {"and", [](Arguments a) { return Decided(a, false); }},
      {"or", [](Arguments a) { return Decided(a, true); }},
      {"isnull", [](Arguments a) { return PlainValue(a[0].is_null()); }},
      {"<=>", [](Arguments a) { return PlainValue(Compare(a[0], a[1]) == 0); }},
      {"in", In},
      {"if", If},
      {"coalesce", Coalesce},
      {"named_struct", Struct},
      {"window_starts", WindowStarts},
  };
  return *functions;
}

// Those that are null if an argument is.
const std::map<std::string, Simple>& OfValues() {
  static const auto* const functions = new std::map<std::string, Simple>{
      {"=", [](Arguments a) { return PlainValue(Compare(a[0], a[1]) == 0); }},
      {"!=", [](Arguments a) { return PlainValue(Compare(a[0], a[1]) != 0); }},
      {"<", [](Arguments a) { return PlainValue(Compare(a[0], a[1]) < 0); }},
      {"<=", [](Arguments a) { return PlainValue(Compare(a[0], a[1]) <= 0); }},
      {">", [](Arguments a) { return PlainValue(Compare(a[0], a[1]) > 0); }},
      {">=", [](Arguments a) { return PlainValue(Compare(a[0], a[1]) >= 0); }},
      {"not", [](Arguments a) { return PlainValue(!a[0].truth()); }},
      {"get", [](Arguments a) { return Element(a[0].children(), a[1].number()); }},
      {"lower", [](Arguments a) { return PlainValue(InCase(a[0].text(), 'A', 'Z', 32)); }},
      {"upper", [](Arguments a) { return PlainValue(InCase(a[0].text(), 'a', 'z', -32)); }},
      {"trim",
       [](Arguments a) {
         return PlainValue(WithoutEnds(a[0].text(), a.size() > 1 ? a[1].text() : " "));
       }},
      {"concat", [](Arguments a) { return PlainValue(Joined(a)); }},
      {"substring_before", [](Arguments a) { return PartOf(a[0].text(), a[1].text(), true); }},
      {"substring_after", [](Arguments a) { return PartOf(a[0].text(), a[1].text(), false); }},
      {"starts_with", [](Arguments a) { return PlainValue(a[0].text().starts_with(a[1].text())); }},
      {"ends_with", [](Arguments a) { return PlainValue(a[0].text().ends_with(a[1].text())); }},
      {"contains",
       [](Arguments a) { return PlainValue(a[0].text().find(a[1].text()) != std::string::npos); }},
      {"split", [](Arguments a) { return Split(a[0].text(), a[1].text()); }},
      {"window_start", [](Arguments a) { return WindowStart(a[0].number(), a[1].number()); }},
      {"add_interval", [](Arguments a) { return Moved(a[0].number(), a[1].number(), 1); }},
      {"subtract_interval", [](Arguments a) { return Moved(a[0].number(), a[1].number(), -1); }},
      {"window_of", [](Arguments a) { return a[0]; }},
      {"session_start", [](Arguments a) { return SessionStart(a[0], a[1]); }},
      {"session_end",
       [](Arguments a) {
         return SessionStart(a[0], a[1]).is_null() ? PlainValue()
                                                   : PlainValue(a[0].number() + a[1].number());
       }},
      {"window_end", [](Arguments a) { return WindowEnd(a[0].number(), a[1].number()); }},
  };
  return *functions;
}

}  // namespace

PlainCall OwnFunction(const plan::Expression& call) {
  if (call.call().version() != 0) return nullptr;  // a job's own
  const std::string& name = call.call().function();
  if (name == "current_timestamp") {
    return [](Arguments, int64_t timestamp_ms) { return PlainValue(timestamp_ms * 1000); };
  }
  if (name == "get_field") return GetField(call);
  if (const auto found = SeeNulls().find(name); found != SeeNulls().end()) {
    return [compute = found->second](Arguments arguments, int64_t) { return compute(arguments); };
  }
  if (const auto found = OfValues().find(name); found != OfValues().end()) {
    return Strict(found->second);
  }
  return NumberFunction(name, call);
}

}  // namespace wavetank::properties
