// Comparisons and three-valued logic.
#include <utility>

#include "platform/check.h"
#include "runtime/columnar/take.h"
#include "runtime/functions/groups.h"
#include "runtime/functions/kernels.h"

namespace wavetank::runtime {
namespace {

// Word `word` of a bitmap, of which a scalar has one bit for all rows.
uint64_t Word(const uint64_t* bits, bool scalar, size_t word) {
  return scalar ? (bits[0] & 1) != 0 ? ~uint64_t{0} : 0 : bits[word];
}

uint64_t ValidWord(const Operand& operand, size_t word) {
  const uint64_t* const validity = operand.column.validity();
  return validity == nullptr ? ~uint64_t{0} : Word(validity, operand.scalar, word);
}

template <typename Compare>
Buffer CompareOperands(const Operand& a, const Operand& b, int64_t rows, Compare compare) {
  const auto with = [&](auto values) {
    return PackBits(
        rows, [&, x = values(a), y = values(b)](int64_t row) { return compare(x(row), y(row)); });
  };
  const DataType& type = a.column.type();
  switch (type.layout()) {
    case Layout::kFixed:
      return WithValueType(type, [&]<typename T>(T) {
        return with([](const Operand& operand) {
          return [values = operand.column.values<T>(), stride = operand.stride()](int64_t row) {
            return values[row * stride];
          };
        });
      });
    case Layout::kBits:
      return with([](const Operand& operand) {
        return [bits = operand.column.bits(), stride = operand.stride()](int64_t row) {
          return BitAt(bits, row * stride);
        };
      });
    case Layout::kBytes:
      return with([](const Operand& operand) {
        return [&operand](int64_t row) { return TextAt(operand, row); };
      });
    case Layout::kList:
    case Layout::kStruct:
      break;
  }
  WT_CHECK(false, "a type without an order");
}

template <typename Compare>
Kernel CompareKernel(Compare compare) {
  return [compare](const KernelCall& call) {
    const Operand& a = call.operands[0];
    const Operand& b = call.operands[1];
    WT_CHECK(a.column.type() == b.column.type());
    return Column(DataType::kBool, call.rows, CompareOperands(a, b, call.rows, compare),
                  CombinedValidity(call.operands, call.rows));
  };
}

template <bool kAnd>
Column AndOrKernel(const KernelCall& call) {
  const Operand& a = call.operands[0];
  const Operand& b = call.operands[1];
  const auto words = static_cast<size_t>(BitWords(call.rows));
  BufferBuilder<uint64_t> values(words);
  BufferBuilder<uint64_t> validity(words);
  for (size_t word = 0; word < words; ++word) {
    const uint64_t valid_a = ValidWord(a, word);
    const uint64_t valid_b = ValidWord(b, word);
    const uint64_t true_a = Word(a.column.bits(), a.scalar, word) & valid_a;
    const uint64_t true_b = Word(b.column.bits(), b.scalar, word) & valid_b;
    const uint64_t false_a = valid_a & ~true_a;
    const uint64_t false_b = valid_b & ~true_b;
    const uint64_t is_true = kAnd ? true_a & true_b : true_a | true_b;
    const uint64_t is_false = kAnd ? false_a | false_b : false_a & false_b;
    values.Append(is_true);
    validity.Append(is_true | is_false);
  }
  return Column(DataType::kBool, call.rows, values.Finish(), validity.Finish());
}

Column NotKernel(const KernelCall& call) {
  const Operand& a = call.operands[0];
  const auto words = static_cast<size_t>(BitWords(call.rows));
  BufferBuilder<uint64_t> values(words);
  for (size_t word = 0; word < words; ++word) {
    values.Append(~Word(a.column.bits(), a.scalar, word));
  }
  return Column(DataType::kBool, call.rows, values.Finish(),
                CombinedValidity(call.operands, call.rows));
}

Column IsNullKernel(const KernelCall& call) {
  const auto words = static_cast<size_t>(BitWords(call.rows));
  BufferBuilder<uint64_t> values(words);
  for (size_t word = 0; word < words; ++word) values.Append(~ValidWord(call.operands[0], word));
  return Column(DataType::kBool, call.rows, values.Finish(), Buffer());
}

struct IsEqual {
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return TotalOrder::Equal(a, b);
  }
};

Column EqualNullSafeKernel(const KernelCall& call) {
  const Operand& a = call.operands[0];
  const Operand& b = call.operands[1];
  WT_CHECK(a.column.type() == b.column.type());
  const Buffer equal = CompareOperands(a, b, call.rows, IsEqual());
  const auto words = static_cast<size_t>(BitWords(call.rows));
  BufferBuilder<uint64_t> values(words);
  for (size_t word = 0; word < words; ++word) {
    const uint64_t valid_a = ValidWord(a, word);
    const uint64_t valid_b = ValidWord(b, word);
    values.Append((equal.data<uint64_t>()[word] & valid_a & valid_b) | ~(valid_a | valid_b));
  }
  return Column(DataType::kBool, call.rows, values.Finish(), Buffer());
}

// Candidate by candidate, each a column at a time.
Column InKernel(const KernelCall& call) {
  const Operand& value = call.operands[0];
  const auto words = static_cast<size_t>(BitWords(call.rows));
  BufferBuilder<uint64_t> is_equal(words);    // to one of those so far
  BufferBuilder<uint64_t> is_unknown(words);  // of one of those so far
  is_equal.AppendRepeated(words, 0);
  is_unknown.AppendRepeated(words, 0);
  for (const Operand& candidate : call.operands.subspan(1)) {
    WT_CHECK(candidate.column.type() == value.column.type());
    const Buffer equal = CompareOperands(value, candidate, call.rows, IsEqual());
    for (size_t word = 0; word < words; ++word) {
      const uint64_t valid = ValidWord(value, word) & ValidWord(candidate, word);
      is_equal[word] |= equal.data<uint64_t>()[word] & valid;
      is_unknown[word] |= ~valid;
    }
  }
  for (size_t word = 0; word < words; ++word) is_unknown[word] = is_equal[word] | ~is_unknown[word];
  return Column(DataType::kBool, call.rows, is_equal.Finish(), is_unknown.Finish());
}

Function Comparison(std::string sign, Kernel kernel, std::string help, const char* gives) {
  Function function;
  function.name = sign;
  function.parameters = {{"a", Accepts::kComparable, 'T'}, {"b", Accepts::kComparable, 'T'}};
  function.result = Gives(DataType::kBool);
  function.sign = std::move(sign);
  function.kernel = std::move(kernel);
  function.help = std::move(help);
  function.examples = {{.arguments = {2, 3}, .gives = gives}};
  return function;
}

Function Logic(std::string name, std::string sign, Kernel kernel, std::string help,
               const char* gives) {
  Function function;
  function.name = std::move(name);
  function.parameters = {{"a", Accepts::kBool}, {"b", Accepts::kBool}};
  function.result = Gives(DataType::kBool);
  function.nulls = Nulls::kOfArgumentsAtTimes;
  function.sign = std::move(sign);
  function.kernel = std::move(kernel);
  function.help = std::move(help);
  function.examples = {{.arguments = {true, false}, .gives = gives}};
  return function;
}

}  // namespace

Buffer CombinedValidity(std::span<const Operand> operands, int64_t rows) {
  bool nulls = false;
  for (const Operand& operand : operands) nulls |= operand.column.null_count() != 0;
  if (!nulls) return Buffer();
  const auto words = static_cast<size_t>(BitWords(rows));
  BufferBuilder<uint64_t> validity(words);
  for (size_t word = 0; word < words; ++word) {
    uint64_t valid = ~uint64_t{0};
    for (const Operand& operand : operands) valid &= ValidWord(operand, word);
    validity.Append(valid);
  }
  return validity.Finish();
}

Column Repeat(const Column& column, int64_t rows) {
  RowNumbers first;
  first.AppendRepeated(static_cast<size_t>(rows), 0);
  return Take(column, Numbers(first));
}

void AddLogicFunctions(std::vector<Function>& functions) {
  const auto less = [](const auto& a, const auto& b) { return TotalOrder::Less(a, b); };
  functions.push_back(Comparison("=", CompareKernel(IsEqual()), "whether both are equal", "false"));
  functions.push_back(
      Comparison("!=", CompareKernel([](const auto& a, const auto& b) { return !IsEqual()(a, b); }),
                 "whether they differ", "true"));
  functions.push_back(
      Comparison("<", CompareKernel(less), "whether a is below b; NaN is above all", "true"));
  functions.push_back(
      Comparison("<=", CompareKernel([=](const auto& a, const auto& b) { return !less(b, a); }),
                 "whether a is at most b", "true"));
  functions.push_back(
      Comparison(">", CompareKernel([=](const auto& a, const auto& b) { return less(b, a); }),
                 "whether a is above b", "false"));
  functions.push_back(
      Comparison(">=", CompareKernel([=](const auto& a, const auto& b) { return !less(a, b); }),
                 "whether a is at least b", "false"));
  functions.push_back(
      Comparison("<=>", EqualNullSafeKernel, "whether both are equal, or both null", "false"));
  functions.back().nulls = Nulls::kNever;
  functions.back().examples.push_back(
      {.arguments = {ExampleTerm::Null(DataType::kInt64), 3}, .gives = "false"});
  functions.push_back(
      {.name = "in",
       .parameters = {{"value", Accepts::kComparable, 'T'},
                      {"candidate", Accepts::kComparable, 'T'}},
       .optional = 1,
       .repeats = 1,
       .result = Gives(DataType::kBool),
       .nulls = Nulls::kOfArgumentsAtTimes,
       .kernel = InKernel,
       .help = "whether it equals a candidate; else null if it, or a candidate, is "
               "null; false without candidates",
       .examples = {{.arguments = {2, 1, 2}, .gives = "true"},
                    {.arguments = {2, 1, ExampleTerm::Null(DataType::kInt64)}, .gives = "null"}}});
  functions.push_back(Logic("and", "&&", AndOrKernel<true>,
                            "false if one is false, else null if one is null", "false"));
  functions.push_back(Logic("or", "||", AndOrKernel<false>,
                            "true if one is true, else null if one is null", "true"));
  functions.push_back({.name = "not",
                       .parameters = {{"condition", Accepts::kBool}},
                       .result = Gives(DataType::kBool),
                       .kernel = NotKernel,
                       .help = "true for false, false for true",
                       .examples = {{.arguments = {true}, .gives = "false"}}});
  functions.push_back({.name = "isnull",
                       .parameters = {{"value", Accepts::kAnything}},
                       .result = Gives(DataType::kBool),
                       .nulls = Nulls::kNever,
                       .kernel = IsNullKernel,
                       .help = "whether it is null",
                       .examples = {{.arguments = {"text"}, .gives = "false"}}});
}

}  // namespace wavetank::runtime
