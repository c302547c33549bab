#include "runtime/functions/registry.h"

#include <string>

#include "gtest/gtest.h"

#include "runtime/functions/user_function.h"
#include "runtime/plan/expression.h"

namespace wavetank::runtime {
namespace {

Function Named(std::string name, int version = 1) {
  return UserFunction(std::move(name), [](int64_t a) { return a; }, {.version = version});
}

std::string Refusal(Function function) {
  FunctionRegistry functions;
  const absl::Status status = functions.Add(std::move(function));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

TEST(FunctionRegistry, RefusesWhatCannotBeCalled) {
  EXPECT_NE(Refusal(Named("")).find("give it a name"), std::string::npos);
  EXPECT_NE(Refusal(Named("a b")).find("give it a name"), std::string::npos);
  EXPECT_NE(Refusal(Named("1st")).find("give it a name"), std::string::npos);
  EXPECT_NE(Refusal(Named(kExplodeCall)).find("another one"), std::string::npos);
  EXPECT_NE(Refusal(Named(kWindowCall)).find("another one"), std::string::npos);
  EXPECT_NE(Refusal(Named("f", 0)).find("from 1 on"), std::string::npos);
  Function no_kernel = Named("f");
  no_kernel.kernel = nullptr;
  EXPECT_NE(Refusal(no_kernel).find("needs a kernel"), std::string::npos);
  Function no_result = Named("f");
  no_result.result = {};
  EXPECT_NE(Refusal(no_result).find("what it gives"), std::string::npos);
  Function optional = Named("f");
  optional.optional = 2;
  EXPECT_NE(Refusal(optional).find("left out"), std::string::npos);
  Function repeats = Named("f");
  repeats.parameters.clear();
  repeats.repeats = 1;
  EXPECT_NE(Refusal(repeats).find("repeats more parameters than there are"), std::string::npos);
}

TEST(FunctionRegistry, KeepsTheBuiltInOnes) {
  FunctionRegistry functions;
  const absl::Status taken = functions.Add(Named("lower"));
  EXPECT_EQ(taken.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(taken.message(), "there is a function \"lower\" already: give it another name");
  EXPECT_TRUE(functions.Add(Named("own")).ok());
  EXPECT_NE(functions.Find("own"), nullptr);
  EXPECT_EQ(FunctionRegistry::BuiltIn().Find("own"), nullptr);
  EXPECT_EQ(functions.All().size(), FunctionRegistry::BuiltIn().All().size() + 1);
}

TEST(FunctionRegistry, NamesTheNearestFunction) {
  const auto found = FunctionRegistry::BuiltIn().Get("regex_extract");
  EXPECT_EQ(found.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(std::string(found.status().message()).find("\"regexp_extract\""), std::string::npos)
      << found.status();
}

}  // namespace
}  // namespace wavetank::runtime
