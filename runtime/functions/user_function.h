// UserFunction: a function of a job, made from a typed lambda:
//
//   session.RegisterFunction(UserFunction(
//       "clean", [](std::string_view word) -> std::string { return Stripped(word); },
//       {.version = 1, .deterministic = true}));
//   ... Call("clean", {Col("word")}) ...
//
// Arguments and result are bool, int8_t, int16_t, int32_t, int64_t, float, double,
// std::string_view, std::string, Binary, Date or absl::Time, or std::optional of one: an argument
// that takes nulls, a result that may be one. A null argument that is not optional makes the result
// null without a call.
//
// The lambda may be called on several threads at once, in any order, for rows that nobody needs
// (both branches of `if` are computed for every row), and again when a batch runs again.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_USER_FUNCTION_H_
#define WAVETANK_RUNTIME_FUNCTIONS_USER_FUNCTION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "runtime/functions/function.h"
#include "runtime/functions/kernels.h"
#include "runtime/functions/row_error.h"

namespace wavetank::runtime {

struct UserFunctionOptions {
  // At least 1. What is logged of a query is name and version: another version is another function,
  // and a program that has not this one does not go on with the query.
  int version = 1;
  // The same result for the same arguments, always and everywhere. Unsaid is no: then it is called
  // for each row, never twice for what is written once, and never moved by the optimiser.
  bool deterministic = false;
  std::vector<std::string> parameters = {};  // their names, for people; "argument1", ... by default
  std::string help = {};                     // one line, for people
};

// What stands behind UserFunction.
namespace user_function {

// How a C++ type is a column's.
template <typename T>
struct Typed {
  static constexpr bool kKnown = false;
};
template <typename T, Accepts accepts, DataType::Kind kind>
struct Known {
  static constexpr bool kKnown = true;
  static constexpr bool kOptional = false;
  static constexpr Accepts kAccepts = accepts;
  static constexpr DataType::Kind kKind = kind;
};
template <>
struct Typed<bool> : Known<bool, Accepts::kBool, DataType::kBool> {
  static bool Read(const Column& column, int64_t row) { return column.BoolAt(row); }
  static void Append(ColumnBuilder& to, bool value) { to.Bool(value); }
};
template <typename T, Accepts accepts, DataType::Kind kind>
struct Number : Known<T, accepts, kind> {
  static T Read(const Column& column, int64_t row) { return column.values<T>()[row]; }
  static void Append(ColumnBuilder& to, T value) { to.Fixed(value); }
};
template <>
struct Typed<int8_t> : Number<int8_t, Accepts::kInt8, DataType::kInt8> {};
template <>
struct Typed<int16_t> : Number<int16_t, Accepts::kInt16, DataType::kInt16> {};
template <>
struct Typed<int32_t> : Number<int32_t, Accepts::kInt32, DataType::kInt32> {};
template <>
struct Typed<int64_t> : Number<int64_t, Accepts::kInt64, DataType::kInt64> {};
template <>
struct Typed<float> : Number<float, Accepts::kFloat, DataType::kFloat> {};
template <>
struct Typed<double> : Number<double, Accepts::kDouble, DataType::kDouble> {};
template <>
struct Typed<std::string_view> : Known<std::string_view, Accepts::kString, DataType::kString> {
  static std::string_view Read(const Column& column, int64_t row) { return column.StringAt(row); }
  static void Append(ColumnBuilder& to, std::string_view value) { to.String(value); }
};
template <>
struct Typed<std::string> : Known<std::string, Accepts::kString, DataType::kString> {
  static std::string Read(const Column& column, int64_t row) {
    return std::string(column.StringAt(row));
  }
  static void Append(ColumnBuilder& to, const std::string& value) { to.String(value); }
};
template <>
struct Typed<Binary> : Known<Binary, Accepts::kBinary, DataType::kBinary> {
  static Binary Read(const Column& column, int64_t row) {
    return {std::string(column.StringAt(row))};
  }
  static void Append(ColumnBuilder& to, const Binary& value) { to.String(value.bytes); }
};
template <>
struct Typed<Date> : Known<Date, Accepts::kDate, DataType::kDate> {
  static Date Read(const Column& column, int64_t row) { return {column.Int32At(row)}; }
  static void Append(ColumnBuilder& to, Date value) { to.Fixed(value.days); }
};
template <>
struct Typed<absl::Time> : Known<absl::Time, Accepts::kTimestamp, DataType::kTimestamp> {
  static absl::Time Read(const Column& column, int64_t row) { return column.TimeAt(row); }
  static void Append(ColumnBuilder& to, absl::Time value) { to.Time(value); }
};
template <typename T>
struct Typed<std::optional<T>> : Typed<T> {
  static constexpr bool kOptional = true;
  static std::optional<T> Read(const Column& column, int64_t row) {
    if (column.IsNull(row)) return std::nullopt;
    return Typed<T>::Read(column, row);
  }
  static void Append(ColumnBuilder& to, const std::optional<T>& value) {
    if (value.has_value()) {
      Typed<T>::Append(to, *value);
    } else {
      to.Null();
    }
  }
};

template <typename T>
using TypedOf = Typed<std::remove_cv_t<std::remove_reference_t<T>>>;

template <typename F, typename Result, typename... Arguments, size_t... i>
Kernel MakeKernel(std::string name, F function, std::index_sequence<i...>) {
  return [name = std::move(name), function = std::move(function)](const KernelCall& call) {
    ColumnBuilder result(call.type);
    int64_t row = 0;
    try {
      for (; row < call.rows; ++row) {
        if (((!TypedOf<Arguments>::kOptional && IsNullAt(call.operands[i], row)) || ...)) {
          result.Null();
          continue;
        }
        TypedOf<Result>::Append(
            result, function(TypedOf<Arguments>::Read(call.operands[i].column,
                                                      row * call.operands[i].stride())...));
      }
    } catch (const std::exception& exception) {
      throw RowError(row, name + " threw: " + exception.what());
    } catch (...) {
      throw RowError(row, name + " threw something that is no std::exception");
    }
    return result.Finish();
  };
}

template <typename Result, typename... Arguments>
constexpr Nulls NullsOf() {
  constexpr bool all_optional = (TypedOf<Arguments>::kOptional && ...);
  constexpr bool some_optional = (TypedOf<Arguments>::kOptional || ...);
  if (TypedOf<Result>::kOptional) {
    return some_optional || sizeof...(Arguments) == 0 ? Nulls::kAnyTime : Nulls::kOfArgumentsToo;
  }
  return all_optional    ? Nulls::kNever
         : some_optional ? Nulls::kOfArgumentsAtTimes
                         : Nulls::kOfArguments;
}

template <typename F, typename Result, typename... Arguments>
Function Make(std::string name, F function, UserFunctionOptions options) {
  static_assert(TypedOf<Result>::kKnown && (TypedOf<Arguments>::kKnown && ...),
                "a user function takes and gives bool, int8_t, int16_t, int32_t, int64_t, float, "
                "double, std::string_view, std::string, Binary, Date or absl::Time, or "
                "std::optional of one");
  Function made;
  made.name = std::move(name);
  made.version = options.version;
  (made.parameters.push_back({"", TypedOf<Arguments>::kAccepts}), ...);
  for (size_t i = 0; i < made.parameters.size(); ++i) {
    made.parameters[i].name = i < options.parameters.size() ? std::move(options.parameters[i])
                                                            : "argument" + std::to_string(i + 1);
  }
  made.result = Gives(TypedOf<Result>::kKind);
  made.nulls = NullsOf<Result, Arguments...>();
  made.deterministic = options.deterministic;
  made.kernel = MakeKernel<F, Result, Arguments...>(made.name, std::move(function),
                                                    std::index_sequence_for<Arguments...>());
  made.help = std::move(options.help);
  made.no_example = "it is the job's own";
  return made;
}

// The signature of a function, or of what has one call operator that is const.
template <typename F>
struct Signature : Signature<decltype(&F::operator())> {};
template <typename Class, typename Result, typename... Arguments>
struct Signature<Result (Class::*)(Arguments...) const> {
  template <typename F>
  static Function Make(std::string name, F function, UserFunctionOptions options) {
    return user_function::Make<F, Result, Arguments...>(std::move(name), std::move(function),
                                                        std::move(options));
  }
};
template <typename Class, typename Result, typename... Arguments>
struct Signature<Result (Class::*)(Arguments...) const noexcept>
    : Signature<Result (Class::*)(Arguments...) const> {};
template <typename Class, typename Result, typename... Arguments>
struct Signature<Result (Class::*)(Arguments...)> {
  template <typename F>
  static Function Make(std::string, F, UserFunctionOptions) {
    static_assert(!std::is_same_v<F, F>,
                  "a user function is no mutable lambda: it is called on several threads at once, "
                  "and again when a batch runs again");
    return {};
  }
};
struct FunctionClass {};
template <typename Result, typename... Arguments>
struct Signature<Result (*)(Arguments...)>
    : Signature<Result (FunctionClass::*)(Arguments...) const> {};
template <typename Result, typename... Arguments>
struct Signature<Result (*)(Arguments...) noexcept>
    : Signature<Result (FunctionClass::*)(Arguments...) const> {};

}  // namespace user_function

// `function` is a lambda or a function; what it captures is the same on every node. Whether the
// name and the version can be used is said by Session::RegisterFunction.
template <typename F>
Function UserFunction(std::string name, F function, UserFunctionOptions options = {}) {
  return user_function::Signature<F>::Make(std::move(name), std::move(function),
                                           std::move(options));
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_USER_FUNCTION_H_
