// What stands behind the plain names of a file sink, not only that they are there.
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "properties/plain_names.h"
#include "tests/properties/sink_files.h"

namespace wavetank::properties {
namespace {

using runtime::MANIFEST_MODE_APPEND;
using runtime::MANIFEST_MODE_COMPLETE;
using testing::ElementsAre;
using testing::IsEmpty;

PlainNamesView ListingOf(const SinkFiles& sink) {
  const auto view = DecodePlainNames(sink.Durable(), "out");
  EXPECT_TRUE(view.ok()) << view.status();
  return view.ok() ? *view : PlainNamesView();
}

TEST(PlainNamesContent, IsThatOfTheCommittedParts) {
  SinkFiles sink;
  sink.Commit(sink.Stage(0, MANIFEST_MODE_APPEND, "a,1\n"));
  sink[SinkFiles::PartName(0)] = "a,1\n";
  EXPECT_THAT(ListingOf(sink).wrong, IsEmpty());
}

TEST(PlainNamesContent, OfAnotherAttemptIsWrong) {
  SinkFiles sink;
  sink.Stage(0, MANIFEST_MODE_APPEND, "a,2\n", "late");
  sink.Commit(sink.Stage(0, MANIFEST_MODE_APPEND, "a,1\n", "committed"));
  sink[SinkFiles::PartName(0)] = "a,2\n";
  EXPECT_THAT(ListingOf(sink).wrong, ElementsAre(SinkFiles::PartName(0)));
  EXPECT_THAT(ListingOf(sink).missing, IsEmpty());
}

TEST(PlainNamesContent, OfATableWhoseStagedPartsAreRemovedIsJudgedByItsChecksum) {
  SinkFiles sink;
  sink.Commit(sink.Stage(0, MANIFEST_MODE_COMPLETE, "a,1\n"));
  sink.Commit(sink.Stage(1, MANIFEST_MODE_COMPLETE, "a,2\n"));
  sink.Remove("_wavetank/staged/a-0");
  sink[SinkFiles::PartName(0)] = "a,1\n";
  sink[SinkFiles::PartName(1)] = "a,2\n";
  EXPECT_THAT(ListingOf(sink).wrong, IsEmpty());
  sink[SinkFiles::PartName(0)] = "a,7\n";
  EXPECT_THAT(ListingOf(sink).wrong, ElementsAre(SinkFiles::PartName(0)));
}

}  // namespace
}  // namespace wavetank::properties
