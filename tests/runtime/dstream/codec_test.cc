#include "runtime/dstream/codec.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/random.h"
#include "runtime/dstream/stable_hash.h"

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

enum class Colour : uint8_t { kRed, kBlue = 7 };

struct Visit {
  std::string page;
  std::optional<int64_t> milliseconds;
  Colour colour = Colour::kRed;
  static constexpr auto Fields() {
    return std::tuple(&Visit::page, &Visit::milliseconds, &Visit::colour);
  }
  friend bool operator==(const Visit&, const Visit&) = default;
};

TEST(Codec, OfAStructIsOfItsFields) {
  const Visit visit{"home", 12, Colour::kBlue};
  ExpectRoundTrip(visit);
  ExpectRoundTrip(Visit{});
  EXPECT_EQ(Codec<Visit>::Name(), "fields<string,optional<i64>,u8>");
  EXPECT_EQ(Shown(visit), "(home,Some(12),7)");
  EXPECT_EQ(Shown(Visit{"x", {}, Colour::kRed}), "(x,None,0)");
  EXPECT_EQ(HashKey(std::pair(std::string("a"), Colour::kBlue)),
            HashKey(std::pair(std::string("a"), uint8_t{7})));
}

struct Place {
  double east = 0;
  std::string name;
  static constexpr auto Fields() { return std::tuple(&Place::east, &Place::name); }
};

TEST(Codec, AStructMayBeAKey) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(SameKey(Place{nan, "a"}, Place{-nan, "a"}));
  EXPECT_FALSE(SameKey(Place{1, "a"}, Place{1, "b"}));
  EXPECT_EQ(HashKey(Place{0.0, "a"}), HashKey(Place{-0.0, "a"}));
}

TEST(Codec, OfTimesAndMaps) {
  for (const absl::Duration duration :
       {absl::ZeroDuration(), absl::Nanoseconds(1) / 4, -absl::Nanoseconds(1) / 4,
        -absl::Seconds(1.5), absl::Seconds(INT64_MAX), absl::Seconds(INT64_MIN),
        absl::InfiniteDuration(), -absl::InfiniteDuration()}) {
    ExpectRoundTrip(duration);
    ExpectRoundTrip(absl::UnixEpoch() + duration);
  }
  ExpectRoundTrip(std::map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}});
  EXPECT_EQ(Shown(absl::Milliseconds(1500)), "1.5s");
  EXPECT_EQ(Shown(absl::FromUnixSeconds(0)), "1970-01-01T00:00:00+00:00");
  EXPECT_EQ(Shown(std::map<int, bool>{{1, true}, {2, false}}), "Map(1 -> true, 2 -> false)");
  EXPECT_EQ(Shown(std::map<int, bool>()), "Map()");
  EXPECT_EQ((Codec<std::map<int, bool>>::Name()), "map<i32,bool>");
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
