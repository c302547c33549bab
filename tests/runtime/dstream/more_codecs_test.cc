// Codecs that a program includes if it needs them.
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "checkpoint/metadata.pb.h"
#include "runtime/dstream/chrono_codec.h"
#include "runtime/dstream/protobuf_codec.h"
#include "runtime/dstream/streaming_context.h"
#include "tests/runtime/dstream/collect.h"

namespace wavetank::runtime {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::system_clock;
template <typename Unit>
using At = std::chrono::time_point<system_clock, Unit>;

template <typename T>
std::string ShownBack(const T& value) {
  T decoded{};
  const absl::Status status = DecodeFromString(EncodeToString(value), decoded);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(decoded, value);
  std::string shown;
  Codec<T>::Show(decoded, shown);
  return shown;
}

TEST(ChronoCodec, DurationsAreTheirCountAndUnit) {
  EXPECT_EQ(ShownBack(milliseconds(-15)), "-15ms");
  EXPECT_EQ(ShownBack(seconds(INT64_MAX)), "9223372036854775807s");
  EXPECT_EQ(ShownBack(duration<int32_t, std::ratio<60>>(2)), "2min");
  EXPECT_EQ(ShownBack(duration<int64_t, std::ratio<2, 3>>(7)), "7[2/3]s");
  EXPECT_EQ(ShownBack(duration<double>(0.5)), "0.5s");
  EXPECT_EQ(Codec<milliseconds>::Name(), "duration<i64,ms>");
  EXPECT_NE(Codec<milliseconds>::Name(), Codec<nanoseconds>::Name());
}

TEST(ChronoCodec, TimesAreShownInUtc) {
  EXPECT_EQ(ShownBack(At<seconds>(seconds(0))), "1970-01-01T00:00:00+00:00");
  EXPECT_EQ(ShownBack(At<milliseconds>(milliseconds(-1))), "1969-12-31T23:59:59.999+00:00");
  EXPECT_EQ(ShownBack(At<nanoseconds>(nanoseconds(1'500'000'000))), "1970-01-01T00:00:01.5+00:00");
  EXPECT_EQ(ShownBack(At<duration<double>>(duration<double>(2.5))), "2.5s");
}

checkpoint::QueryMetadata Message(const std::string& id) {
  checkpoint::QueryMetadata message;
  message.set_query_id(id);
  return message;
}

TEST(ProtobufCodec, MessagesAreRows) {
  using Message = checkpoint::QueryMetadata;
  const Message one = runtime::Message("one");
  Message decoded;
  ASSERT_TRUE(DecodeFromString(EncodeToString(one), decoded).ok());
  EXPECT_EQ(decoded.query_id(), "one");
  EXPECT_FALSE(DecodeFromString("\x02\xff\xff", decoded).ok());
  EXPECT_EQ(Codec<Message>::Name(), "protobuf<wavetank.checkpoint.QueryMetadata>");
  std::string shown;
  Codec<Message>::Show(one, shown);
  EXPECT_NE(shown.find("one"), std::string::npos) << shown;
}

TEST(ProtobufCodec, MessagesCrossWorkers) {
  using Row = std::pair<int, std::vector<checkpoint::QueryMetadata>>;
  const auto groups = Collect<Row>(1, [](StreamingContext& ssc) {
    return ssc.QueueStream<std::string>({{"a", "b", "a"}})
        .Map([](const std::string& id) { return std::pair(1, Message(id)); })
        .GroupByKey();
  });
  ASSERT_EQ(groups.batches[0].size(), 1U);
  std::string ids;
  for (const auto& message : groups.batches[0][0].second) ids += message.query_id();
  EXPECT_EQ(ids, "aba");
}

}  // namespace
}  // namespace wavetank::runtime
