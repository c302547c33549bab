#include "runtime/operators/values_in_place.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "platform/random.h"
#include "runtime/columnar/row_key.h"
#include "runtime/functions/registry.h"

namespace wavetank::runtime {
namespace {

AggregateCall CallOf(const char* name, std::vector<DataType> arguments) {
  return {FunctionRegistry::BuiltIn().Find(name), std::move(arguments)};
}

const std::vector<AggregateCall>& EveryIntegerCall() {
  static const std::vector<AggregateCall> calls = {
      CallOf("count", {}),
      CallOf("min", {DataType::kInt8}),
      CallOf("max", {DataType::kInt16}),
      CallOf("sum", {DataType::kInt64}),
      CallOf("max", {DataType::kDate}),
      CallOf("min", {DataType::kInt32}),
      CallOf("max", {DataType::kTimestamp}),
      CallOf("min", {DataType::kInt64}),
      CallOf("bit_and", {DataType::kInt64}),
      CallOf("bit_or", {DataType::kInt64}),
      CallOf("bit_xor", {DataType::kInt64}),
      CallOf("count_if", {DataType::kBool}),
  };
  return calls;
}

Column WithoutNulls(platform::Random& random, const DataType& type, int64_t rows) {
  ColumnBuilder builder(type);
  for (int64_t row = 0; row < rows; ++row) {
    // Also the furthest values that there are.
    const uint64_t bits = random.OneIn(4) ? uint64_t{0} - random.Below(2) : random.Next();
    const uint64_t value = random.OneIn(4) ? bits ^ (uint64_t{1} << (8 * type.width() - 1)) : bits;
    builder.Bytes({reinterpret_cast<const char*>(&value), static_cast<size_t>(type.width())});
  }
  return builder.Finish();
}

// Groups that come once or again, from nothing and from what was there.
TEST(ValuesInPlace, AreAsThoseThatAreMergedElsewhere) {
  constexpr uint32_t kGroups = 7;
  const std::optional<ValuesInPlace> in_place = ValuesInPlace::Of(EveryIntegerCall());
  ASSERT_TRUE(in_place.has_value());
  for (uint64_t seed = 0; seed < 100; ++seed) {
    platform::Random random(seed);
    std::vector<std::string> values(kGroups, std::string(in_place->first()));
    RunningAggregates elsewhere(EveryIntegerCall());
    elsewhere.Resize(kGroups);
    std::vector<uint32_t> all(kGroups);
    for (int batch = 0; batch < 3; ++batch) {
      std::vector<uint32_t> groups;
      for (uint32_t group = 0; batch == 0 && group < kGroups; ++group) groups.push_back(group);
      for (int i = 0; i < 9; ++i) groups.push_back(static_cast<uint32_t>(random.Below(kGroups)));
      std::vector<Column> partials;
      for (const AggregateCall& call : EveryIntegerCall()) {
        partials.push_back(
            WithoutNulls(random, call.intermediate()[0], static_cast<int64_t>(groups.size())));
      }
      ASSERT_TRUE(ValuesInPlace::CanMerge(partials));
      std::vector<char*> places;
      for (const uint32_t group : groups) places.push_back(values[group].data());
      ASSERT_TRUE(in_place->Merge(partials, places));
      elsewhere.Merge(partials, groups);
    }
    for (uint32_t group = 0; group < kGroups; ++group) all[group] = group;
    const Column expected = EncodeRowKeys(elsewhere.Intermediate(all), kGroups);
    for (uint32_t group = 0; group < kGroups; ++group) {
      ASSERT_EQ(values[group], expected.StringAt(group)) << "seed " << seed;
    }
  }
}

TEST(ValuesInPlace, AreNoneOfAggregatesWhoseOrderOrNumberMatters) {
  EXPECT_TRUE(ValuesInPlace::Of({CallOf("count", {})}));
  for (const AggregateCall& call :
       {CallOf("sum", {DataType::kDouble}), CallOf("min", {DataType::kFloat}),
        CallOf("max", {DataType::kString}), CallOf("avg", {DataType::kDouble}),
        CallOf("max_by", {DataType::kInt64, DataType::kInt64})}) {
    EXPECT_FALSE(ValuesInPlace::Of({CallOf("count", {}), call})) << call.function->name;
  }
}

TEST(ValuesInPlace, OfAnotherFormAreRefusedAndLeftAsTheyAre) {
  const std::optional<ValuesInPlace> in_place = ValuesInPlace::Of({CallOf("count", {})});
  ASSERT_TRUE(in_place.has_value());
  std::string good(in_place->first());
  std::string bad = good;
  bad[0] = 2;
  const std::vector<Column> partials = {ColumnBuilder(DataType::kInt64).Int64(3).Int64(4).Finish()};
  const std::vector<char*> places = {good.data(), bad.data()};
  EXPECT_FALSE(in_place->Merge(partials, places));
  EXPECT_EQ(good, in_place->first());
  EXPECT_FALSE(ValuesInPlace::CanMerge(
      std::vector<Column>{ColumnBuilder(DataType::kInt64).Int64(3).Null().Finish()}));
}

}  // namespace
}  // namespace wavetank::runtime
