// Transform of several streams, and TransformWith.
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/collect.h"

namespace wavetank::runtime::transforms {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Sides = std::pair<int, std::pair<std::string, std::string>>;

DStream<std::pair<int, std::string>> Side(StreamingContext& ssc, std::string text) {
  return ssc.QueueStream<std::pair<int, std::string>>({{{1, text}}, {{2, text}}});
}

TEST(StreamingContextTransform, CallsAFunctionOfStreamsOnceWhileThePlanIsBuilt) {
  int calls = 0;
  const auto rows = Collect<Sides>(2, [&calls](StreamingContext& ssc) {
    return ssc.Transform(Side(ssc, "a"), Side(ssc, "b"),
                         [&calls](const auto& left, const auto& right) {
                           ++calls;
                           return left.Join(right);
                         });
  });
  EXPECT_THAT(rows.batches,
              ElementsAre(ElementsAre(Sides(1, {"a", "b"})), ElementsAre(Sides(2, {"a", "b"}))));
  EXPECT_EQ(calls, 3) << "by the driver and two workers";
}

TEST(StreamingContextTransform, TakesAVectorOfStreams) {
  const auto rows = Collect<int>(1, [](StreamingContext& ssc) {
    const std::vector<DStream<int>> streams = {ssc.QueueStream<int>({{1}}),
                                               ssc.QueueStream<int>({{2}})};
    return ssc.Transform(streams, [&ssc](const auto& all) { return ssc.Union(all); });
  });
  EXPECT_THAT(rows.batches, ElementsAre(ElementsAre(1, 2)));
}

TEST(DStreamTransformWith, CallsAFunctionOfBothStreams) {
  const auto rows = Collect<Sides>(1, [](StreamingContext& ssc) {
    return Side(ssc, "a").TransformWith(
        Side(ssc, "b"), [](const auto& left, const auto& right) { return left.Join(right); });
  });
  EXPECT_THAT(rows.batches, ElementsAre(ElementsAre(Sides(1, {"a", "b"}))));
}

TEST(DStreamTransformWith, AndTransformRefuseStreamsOfAnotherContext) {
  StreamingContext other(absl::Seconds(1));
  const auto error = [&other](const auto& plan) {
    StreamingContext ssc(absl::Seconds(1));
    plan(ssc, ssc.QueueStream<int>({{1}}), other.QueueStream<int>({{1}})).Print();
    return ssc.graph().Validate().ToString();
  };
  const auto first = [](const auto& one, const auto&) { return one; };
  EXPECT_THAT(error([&](StreamingContext&, const auto& one, const auto& two) {
                return one.TransformWith(two, first);
              }),
              HasSubstr("TransformWith of operator 0 (QueueStream): the other stream is of another "
                        "context"));
  EXPECT_THAT(error([&](StreamingContext& ssc, const auto& one, const auto& two) {
                return ssc.Transform(one, two, first);
              }),
              HasSubstr("Transform: one of the streams is of another context"));
  EXPECT_THAT(error([&](StreamingContext& ssc, const auto& one, const auto& two) {
                return ssc.Transform(std::vector{one, two},
                                     [](const auto& all) { return all.front(); });
              }),
              HasSubstr("Transform: one of the streams is of another context"));
}

}  // namespace
}  // namespace wavetank::runtime::transforms
