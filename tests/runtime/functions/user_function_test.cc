#include "runtime/functions/user_function.h"

#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "runtime/structured/data_frame.h"
#include "tests/runtime/functions/calls.h"

namespace wavetank::runtime {
namespace {

std::string Twice(std::string_view text) { return std::string(text) + std::string(text); }

FunctionRegistry With(Function function) {
  FunctionRegistry functions;
  const absl::Status added = functions.Add(std::move(function));
  EXPECT_TRUE(added.ok()) << added;
  return functions;
}

TEST(UserFunction, TakesAndGivesWhatItsSignatureSays) {
  EXPECT_EQ(Result(Call("f", {"ab"}), With(UserFunction("f", Twice))), "abab");
  EXPECT_EQ(Result(Call("f", {7, 0.5}),
                   With(UserFunction("f", [](int64_t a, double b) { return double(a) * b; }))),
            "3.5");
  EXPECT_EQ(Result(Call("f", {3}), With(UserFunction("f", [](int64_t a) { return a % 2 == 1; }))),
            "true");
  EXPECT_EQ(
      Result(Call("f", {true, "x"}),
             With(UserFunction("f", [](bool a, const std::string& b) { return a ? b + "!" : b; }))),
      "x!");
  EXPECT_EQ(Result(Call("f", {absl::FromUnixSeconds(5)}),
                   With(UserFunction("f", [](absl::Time t) { return t + absl::Seconds(1); }))),
            "1970-01-01T00:00:06Z");
  EXPECT_EQ(Result(Call("f", {}), With(UserFunction("f", [] { return int64_t{4}; }))), "4");
  EXPECT_EQ(Result(Call("f", {Cast(-3, DataType::kInt8), Cast(0.5, DataType::kFloat)}),
                   With(UserFunction("f", [](int32_t a, float b) { return float(a) * b; }))),
            "-1.5");
  EXPECT_EQ(Result(Call("f", {Date{-1}}),
                   With(UserFunction("f", [](Date d) { return Date{d.days + 1}; }))),
            "1970-01-01");
  EXPECT_EQ(Result(Call("f", {Binary{"\x01\xff"}}),
                   With(UserFunction("f", [](const Binary& b) { return Binary{b.bytes + "z"}; }))),
            "X'01FF7A'");
  // What views its argument is copied at once.
  EXPECT_EQ(Result(Call("f", {"abc"}),
                   With(UserFunction("f", [](std::string_view text) { return text.substr(1); }))),
            "bc");
}

TEST(UserFunction, RefusesOtherArgumentsWhenAnalysed) {
  const FunctionRegistry functions =
      With(UserFunction("f", [](int64_t a) { return a; }, {.parameters = {"length"}}));
  EXPECT_EQ(Result(Call("f", {"x"}), functions),
            "Select: f@1('x'): 'x' is string, not int64: cast it");
  EXPECT_EQ(Result(Call("f", {1, 2}), functions),
            "Select: f@1(1, 2): f takes 1 argument: f(length: int64)");
}

TEST(UserFunction, IsNotCalledForNullsUnlessItTakesThem) {
  auto calls = std::make_shared<int>(0);
  const FunctionRegistry functions = With(UserFunction("f", [calls](int64_t a) {
    ++*calls;
    return a;
  }));
  const RecordBatch batch =
      BatchOf({ColumnBuilder(DataType::kInt64).Null().Int64(5).Null().Finish()});
  const Column result = Compute(Call("f", {Col("c0")}), batch, functions).value();
  EXPECT_EQ(result, batch.column(0));
  EXPECT_EQ(*calls, 1);
  const auto or_zero = [](std::optional<int64_t> a) { return a.value_or(0); };
  EXPECT_EQ(Result(Call("f", {Null(DataType::kInt64)}), With(UserFunction("f", or_zero))), "0");
}

TEST(UserFunction, GivesNullWhereItGivesNothing) {
  const auto positive = [](int64_t a) { return a > 0 ? std::optional(a) : std::nullopt; };
  const FunctionRegistry functions = With(UserFunction("f", positive));
  EXPECT_EQ(Result(Call("f", {4}), functions), "4");
  EXPECT_EQ(Result(Call("f", {-4}), functions), "null");
}

TEST(UserFunction, DeclaresWhenItIsNull) {
  using Maybe = std::optional<int64_t>;
  EXPECT_EQ(UserFunction("f", [](int64_t a) { return a; }).nulls, Nulls::kOfArguments);
  EXPECT_EQ(UserFunction("f", [](int64_t a) { return Maybe(a); }).nulls, Nulls::kOfArgumentsToo);
  EXPECT_EQ(UserFunction("f", [](Maybe a) { return a.value_or(0); }).nulls, Nulls::kNever);
  EXPECT_EQ(UserFunction("f", [] { return 1.5; }).nulls, Nulls::kNever);
  EXPECT_EQ(UserFunction("f", [] { return Maybe(); }).nulls, Nulls::kAnyTime);
  EXPECT_EQ(UserFunction("f", [](Maybe a) { return a; }).nulls, Nulls::kAnyTime);
  EXPECT_EQ(UserFunction("f", [](Maybe, int64_t b) { return b; }).nulls,
            Nulls::kOfArgumentsAtTimes);
  EXPECT_EQ(UserFunction("f", [](Maybe a, int64_t) { return a; }).nulls, Nulls::kAnyTime);
}

TEST(UserFunction, IsNotDeterministicUnlessItSaysSo) {
  auto calls = std::make_shared<int64_t>(0);
  const auto count = [calls] { return ++*calls; };
  EXPECT_FALSE(UserFunction("f", count).deterministic);
  const RecordBatch batch =
      BatchOf({ColumnBuilder(DataType::kInt64).Int64(0).Int64(0).Int64(0).Finish()});
  // A row each, though no argument says so.
  const Column each = Compute(Call("f", {}), batch, With(UserFunction("f", count))).value();
  EXPECT_EQ(each, ColumnBuilder(DataType::kInt64).Int64(1).Int64(2).Int64(3).Finish());
  const Column once =
      Compute(Call("f", {}), batch, With(UserFunction("f", count, {.deterministic = true})))
          .value();
  EXPECT_EQ(once, ColumnBuilder(DataType::kInt64).Int64(4).Int64(4).Int64(4).Finish());
}

TEST(UserFunction, IsOfASession) {
  Session session;
  EXPECT_TRUE(session.RegisterFunction(UserFunction("clean", Twice, {.version = 2})).ok());
  const absl::Status again = session.RegisterFunction(UserFunction("clean", Twice));
  EXPECT_EQ(again.code(), absl::StatusCode::kAlreadyExists);
  session.ReadStream().Format("text").Load("in").WriteStream().Format("file").Start();
  const auto& functions = session.queries().at(0).functions;
  ASSERT_NE(functions, nullptr);
  ASSERT_NE(functions->Find("clean"), nullptr);
  EXPECT_EQ(functions->Find("clean")->version, 2);
}

TEST(UserFunction, IsOfTheQueriesThatWereStartedBeforeItToo) {
  Session session;
  session.ReadStream().Format("text").Load("in").WriteStream().Format("file").Start();
  EXPECT_EQ(session.queries().at(0).functions, nullptr);
  EXPECT_TRUE(session.RegisterFunction(UserFunction("clean", Twice)).ok());
  const auto& functions = session.queries().at(0).functions;
  ASSERT_NE(functions, nullptr);
  EXPECT_NE(functions->Find("clean"), nullptr);
}

}  // namespace
}  // namespace wavetank::runtime
