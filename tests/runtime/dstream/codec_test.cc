#include "runtime/dstream/codec.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/random.h"

namespace wavetank::runtime {
namespace {

template <typename T>
std::string Shown(const T& value) {
  std::string text;
  Codec<T>::Show(value, text);
  return text;
}

template <typename T>
void ExpectRoundTrip(const T& value) {
  T decoded{};
  const absl::Status status = DecodeFromString(EncodeToString(value), decoded);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(decoded, value);
}

using Nested = std::vector<std::pair<std::string, std::tuple<int64_t, double, std::vector<bool>>>>;

Nested Sample() {
  return {{"wave", {std::numeric_limits<int64_t>::min(), -0.5, {true, false}}},
          {std::string("\0\xff\n", 3), {7, 1e300, {}}}};
}

TEST(Codec, GivesBackWhatWasEncoded) {
  ExpectRoundTrip(int8_t{-128});
  ExpectRoundTrip(std::numeric_limits<uint64_t>::max());
  ExpectRoundTrip(-7);
  ExpectRoundTrip(true);
  ExpectRoundTrip(0.1f);
  ExpectRoundTrip(std::string(1000, 'x'));
  ExpectRoundTrip(std::vector<std::string>{"", "a"});
  ExpectRoundTrip(Sample());
}

TEST(Codec, NamesTypesByWhatIsStored) {
  EXPECT_EQ(Codec<long>::Name(), Codec<long long>::Name());
  EXPECT_EQ(Codec<Nested>::Name(), "vector<pair<string,tuple<i64,f64,vector<bool>>>>");
}

TEST(Codec, ShowsRowsAsSparkPrintsThem) {
  EXPECT_EQ(Shown(std::pair<std::string, int>("wave", 2)), "(wave,2)");
  EXPECT_EQ(Shown(std::tuple<double, bool, uint8_t>(2, true, 65)), "(2.0,true,65)");
  EXPECT_EQ(Shown(std::vector<double>{0.1, 1e30}), "[0.1,1e+30]");
  EXPECT_EQ(Shown(std::pair<double, float>(NAN, -NAN)), "(nan,nan)");
}

TEST(Codec, RefusesEveryTruncationAsDataLoss) {
  const std::string bytes = EncodeToString(Sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    Nested decoded;
    EXPECT_TRUE(absl::IsDataLoss(DecodeFromString(bytes.substr(0, size), decoded))) << size;
  }
  Nested decoded;
  EXPECT_TRUE(absl::IsDataLoss(DecodeFromString(bytes + "x", decoded)));
}

TEST(Codec, SurvivesAnyBytes) {
  const std::string good = EncodeToString(Sample());
  platform::Random random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = good;
    for (int flips = 0; flips < 3; ++flips) {
      const size_t at = random.Below(bytes.size());
      bytes[at] = static_cast<char>(random.Below(256));
    }
    Nested decoded;
    const absl::Status status = DecodeFromString(bytes, decoded);
    if (!status.ok()) {
      EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    }
  }
}

TEST(Codec, RefusesACountBeyondWhatFollowsWithoutAllocatingIt) {
  std::string bytes;
  AppendVarint(uint64_t{1} << 62, bytes);
  std::vector<std::string> decoded;
  EXPECT_TRUE(absl::IsDataLoss(DecodeFromString(bytes, decoded)));
  std::string text;
  EXPECT_TRUE(absl::IsDataLoss(DecodeFromString(bytes, text)));
}

TEST(Codec, RefusesABooleanThatIsNeither) {
  bool value = false;
  EXPECT_TRUE(absl::IsDataLoss(DecodeFromString("\x02", value)));
}

}  // namespace
}  // namespace wavetank::runtime
