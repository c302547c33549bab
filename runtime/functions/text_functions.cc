// Text, as UTF-8.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "platform/check.h"
#include "runtime/columnar/split.h"
#include "runtime/functions/code_points.h"
#include "runtime/functions/groups.h"
#include "runtime/functions/kernels.h"

namespace wavetank::runtime {
namespace {

int64_t CodePoints(std::string_view text) { return std::ranges::count_if(text, StartsCodePoint); }

// The bytes from code point `begin` up to, not including, `end`. REQUIRES: 0 <= begin <= end.
std::string_view CodePointRange(std::string_view text, int64_t begin, int64_t end) {
  int64_t point = -1;
  size_t from = text.size();
  size_t to = text.size();
  for (size_t i = 0; i < text.size(); ++i) {
    if (!StartsCodePoint(text[i])) continue;
    ++point;
    if (point == begin) from = i;
    if (point == end) {
      to = i;
      break;
    }
  }
  return from < to ? text.substr(from, to - from) : std::string_view();
}

// Letters from `first` to its 25th successor, in the other case.
Kernel CaseKernel(char first) {
  return [first](const KernelCall& call) {
    constexpr char kCaseBit = 'a' ^ 'A';
    std::string turned;
    return Texts(call, [&](int64_t row) -> std::string_view {
      turned = TextAt(call.operands[0], row);
      for (char& c : turned) {
        if (c >= first && c < first + 26) c = static_cast<char>(c ^ kCaseBit);
      }
      return turned;
    });
  };
}

Column TrimKernel(const KernelCall& call) {
  return Texts(call, [&](int64_t row) {
    const std::string_view points =
        call.operands.size() > 1 ? TextAt(call.operands[1], row) : std::string_view(" ");
    return WithoutAtEnd(WithoutAtBegin(TextAt(call.operands[0], row), points), points);
  });
}

Column LengthKernel(const KernelCall& call) {
  Buffer lengths = Values<int64_t>(
      call.rows, [&](int64_t row) { return CodePoints(TextAt(call.operands[0], row)); });
  return Column(call.type, call.rows, std::move(lengths),
                CombinedValidity(call.operands, call.rows));
}

// Position 1 is the first code point, 0 means the same, -1 the last; positions before the text
// count towards the length, as in Spark.
Column SubstringKernel(const KernelCall& call) {
  return Texts(call, [&](int64_t row) -> std::string_view {
    const std::string_view value = TextAt(call.operands[0], row);
    const int64_t size = CodePoints(value);
    const int64_t at = Int64At(call.operands[1], row);
    const int64_t wanted = call.operands.size() > 2 ? Int64At(call.operands[2], row)
                                                    : std::numeric_limits<int64_t>::max();
    if (wanted <= 0 || at > size) return {};
    const int64_t begin = at > 0 ? at - 1 : at < 0 ? at + size : 0;
    const int64_t end = begin < 0 ? begin + wanted : begin + std::min(wanted, size - begin);
    if (end <= 0) return {};
    return CodePointRange(value, std::max<int64_t>(begin, 0), end);
  });
}

// Where the first separator begins, in each row that has a text with one: the others become null.
template <typename F>
Column AtSeparator(const KernelCall& call, const F& part) {
  const Operand& text = call.operands[0];
  const Operand& separator = call.operands[1];
  ColumnBuilder builder(DataType::kString);
  for (int64_t row = 0; row < call.rows; ++row) {
    const bool is_null = IsNullAt(text, row) || IsNullAt(separator, row);
    const std::string_view value = is_null ? std::string_view() : TextAt(text, row);
    const std::string_view mark = is_null ? std::string_view() : TextAt(separator, row);
    const size_t at = is_null ? std::string_view::npos : value.find(mark);
    if (at == std::string_view::npos) {
      builder.Null();
    } else {
      builder.String(part(value, at, mark.size()));
    }
  }
  return builder.Finish();
}

Column SubstringBeforeKernel(const KernelCall& call) {
  return AtSeparator(call,
                     [](std::string_view value, size_t at, size_t) { return value.substr(0, at); });
}

Column SubstringAfterKernel(const KernelCall& call) {
  return AtSeparator(
      call, [](std::string_view value, size_t at, size_t size) { return value.substr(at + size); });
}

Column ConcatKernel(const KernelCall& call) {
  const int64_t rows = call.rows;
  Buffer validity = CombinedValidity(call.operands, rows);
  const uint64_t* const valid = validity.empty() ? nullptr : validity.data<uint64_t>();
  BufferBuilder<int64_t> offsets(static_cast<size_t>(rows) + 1);
  BufferBuilder<char> bytes;
  offsets.Append(0);
  for (int64_t row = 0; row < rows; ++row) {
    for (const Operand& operand : call.operands) {
      if (valid != nullptr && !BitAt(valid, row)) break;
      const std::string_view text = TextAt(operand, row);
      bytes.Append(text.data(), text.size());
    }
    offsets.Append(static_cast<int64_t>(bytes.size()));
  }
  return Column(rows, offsets.Finish(), bytes.Finish(), std::move(validity));
}

// `holds(text, part)` for each row.
template <typename Holds>
Kernel PartKernel(Holds holds) {
  return [holds](const KernelCall& call) {
    Buffer values = PackBits(call.rows, [&](int64_t row) {
      return holds(TextAt(call.operands[0], row), TextAt(call.operands[1], row));
    });
    return Column(DataType::kBool, call.rows, std::move(values),
                  CombinedValidity(call.operands, call.rows));
  };
}

Column SplitKernel(const KernelCall& call) {
  const Operand& text = call.operands[0];
  Column parts = Split(text.column, call.operands[1].column.StringAt(0));
  return text.scalar ? Repeat(parts, call.rows) : parts;
}

Function OfText(std::string name, DataType result, Kernel kernel, std::string help) {
  Function function;
  function.name = std::move(name);
  function.parameters = {{"text", Accepts::kString}};
  function.result = Gives(std::move(result));
  function.kernel = std::move(kernel);
  function.help = std::move(help);
  return function;
}

}  // namespace

void AddTextFunctions(std::vector<Function>& functions) {
  functions.push_back(
      OfText("lower", DataType::kString, CaseKernel('A'), "ASCII letters in lower case"));
  functions.back().examples = {{.arguments = {"Spark"}, .gives = "spark"}};
  functions.push_back(
      OfText("upper", DataType::kString, CaseKernel('a'), "ASCII letters in upper case"));
  functions.back().examples = {{.arguments = {"Spark"}, .gives = "SPARK"}};
  functions.push_back(OfText("trim", DataType::kString, TrimKernel,
                             "without spaces, or the code points of `points`, at both ends"));
  functions.back().parameters.push_back({"points", Accepts::kString});
  functions.back().optional = 1;
  functions.back().examples = {{.arguments = {" a b "}, .gives = "a b"},
                               {.arguments = {"--a-", "-"}, .gives = "a"}};
  functions.push_back(OfText("length", DataType::kInt64, LengthKernel, "its code points"));
  functions.back().examples = {{.arguments = {"h\u00f6he"}, .gives = "4"}};
  functions.push_back(OfText("substring", DataType::kString, SubstringKernel,
                             "`length` code points, or all, from `position` on, which counts "
                             "from 1, or from the end when negative"));
  functions.back().parameters.push_back({"position", Accepts::kInt64});
  functions.back().parameters.push_back({"length", Accepts::kInt64});
  functions.back().optional = 1;
  functions.back().examples = {{.arguments = {"Spark", 2, 3}, .gives = "par"},
                               {.arguments = {"Spark", 3}, .gives = "ark"},
                               {.arguments = {"Spark", -2, 5}, .gives = "rk"}};
  functions.push_back(OfText("substring_before", DataType::kString, SubstringBeforeKernel,
                             "what stands before the first separator; null without one"));
  functions.back().parameters.push_back({"separator", Accepts::kString});
  functions.back().nulls = Nulls::kOfArgumentsToo;
  functions.back().examples = {{.arguments = {"a=b=c", "="}, .gives = "a"}};
  functions.push_back(OfText("substring_after", DataType::kString, SubstringAfterKernel,
                             "what stands after the first separator; null without one"));
  functions.back().parameters.push_back({"separator", Accepts::kString});
  functions.back().nulls = Nulls::kOfArgumentsToo;
  functions.back().examples = {{.arguments = {"a=b=c", "="}, .gives = "b=c"}};
  functions.push_back(OfText("concat", DataType::kString, ConcatKernel, "one after the other"));
  functions.back().repeats = 1;
  functions.back().examples = {{.arguments = {"Spark", "-", "SQL"}, .gives = "Spark-SQL"}};
  functions.push_back(OfText("starts_with", DataType::kBool, PartKernel([](auto text, auto part) {
                               return text.starts_with(part);
                             }),
                             "whether it begins with the other"));
  functions.back().parameters.push_back({"start", Accepts::kString});
  functions.back().examples = {{.arguments = {"Spark", "Sp"}, .gives = "true"}};
  functions.push_back(OfText("ends_with", DataType::kBool,
                             PartKernel([](auto text, auto part) { return text.ends_with(part); }),
                             "whether it ends with the other"));
  functions.back().parameters.push_back({"end", Accepts::kString});
  functions.back().examples = {{.arguments = {"Spark", "rk"}, .gives = "true"}};
  functions.push_back(OfText("contains", DataType::kBool, PartKernel([](auto text, auto part) {
                               return text.find(part) != std::string_view::npos;
                             }),
                             "whether the other is part of it"));
  functions.back().parameters.push_back({"part", Accepts::kString});
  functions.back().examples = {{.arguments = {"Spark", "par"}, .gives = "true"}};
  functions.push_back(OfText("split", DataType::Array(DataType::kString), SplitKernel,
                             "the parts between separators, empty ones too; the separator is text, "
                             "no pattern, and not empty"));
  functions.back().parameters.push_back({"separator", Accepts::kString, '\0', true});
  functions.back().refuses = [](const CallArguments& arguments) {
    const auto* const separator = std::get_if<std::string>(&arguments.literals[1]);
    return separator == nullptr || separator->empty() ? "the separator is empty" : "";
  };
  functions.back().examples = {{.arguments = {"a,b,", ","}, .gives = "[a, b, ]"}};
}

}  // namespace wavetank::runtime
