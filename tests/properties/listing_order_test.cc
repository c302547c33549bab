#include "properties/listing_order.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::properties {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string PlainPart(int batch) { return "part-0000" + std::to_string(batch) + "-00000.csv"; }

PlainNamesView Listing(bool complete, const std::vector<int>& batches) {
  PlainNamesView view;
  view.has_entries = true;
  view.complete = complete;
  view.newest_has_parts = true;
  for (const int batch : batches) view.listed.push_back(PlainPart(batch));
  return view;
}

class ListingOrderTest : public testing::Test {
 protected:
  std::vector<std::string> Complete(const std::vector<int>& batches, bool power_was_lost = false) {
    return order_.Observe(Listing(true, batches), power_was_lost);
  }
  std::vector<std::string> Append(const std::vector<int>& batches, bool power_was_lost = false) {
    return order_.Observe(Listing(false, batches), power_was_lost);
  }
  ListingOrder order_;
};

TEST_F(ListingOrderTest, TablesThatReplaceOneAnotherAreInOrder) {
  EXPECT_THAT(Complete({}), IsEmpty());
  EXPECT_THAT(Complete({0}), IsEmpty());
  EXPECT_THAT(Complete({0, 1}), IsEmpty());
  EXPECT_THAT(Complete({1}), IsEmpty());
  EXPECT_THAT(Complete({1, 3}), IsEmpty()) << "one between was never filed";
  EXPECT_THAT(Complete({3}), IsEmpty());
}

TEST_F(ListingOrderTest, NoTableAppearsAfterALaterOne) {
  EXPECT_THAT(Complete({1}), IsEmpty());
  EXPECT_THAT(Complete({0, 1}),
              ElementsAre(HasSubstr("part-00000-00000.csv appears after part-00001")));
  EXPECT_THAT(Complete({0, 1}), IsEmpty()) << "it is said once";
}

TEST_F(ListingOrderTest, PartsOfOneTableComeInAnyOrder) {
  PlainNamesView view = Listing(true, {1});
  view.listed[0] = "part-00001-00001.csv";
  EXPECT_THAT(order_.Observe(view, false), IsEmpty());
  view.listed.insert(view.listed.begin(), PlainPart(1));
  EXPECT_THAT(order_.Observe(view, false), IsEmpty());
}

TEST_F(ListingOrderTest, NumbersMayHaveMoreDigits) {
  PlainNamesView view = Listing(true, {});
  view.listed = {"part-99999-00000.csv"};
  EXPECT_THAT(order_.Observe(view, false), IsEmpty());
  view.listed = {"part-100000-00000.csv", "part-99999-00000.csv"};
  EXPECT_THAT(order_.Observe(view, false), IsEmpty());
}

TEST_F(ListingOrderTest, NoneThatWasRemovedComesBack) {
  EXPECT_THAT(Complete({0, 1}), IsEmpty());
  EXPECT_THAT(Complete({1}), IsEmpty());
  EXPECT_THAT(Complete({0, 1}), ElementsAre(HasSubstr("part-00000-00000.csv comes back"),
                                            HasSubstr("part-00000-00000.csv appears after")));
}

TEST_F(ListingOrderTest, APowerLossMayUndoARemoval) {
  EXPECT_THAT(Complete({0, 1}), IsEmpty());
  EXPECT_THAT(Complete({1}), IsEmpty());
  EXPECT_THAT(Complete({0, 1}, true), IsEmpty());
  EXPECT_THAT(Complete({1}), IsEmpty());
  EXPECT_THAT(Complete({0, 1}), testing::SizeIs(2)) << "that power loss is long ago";
}

TEST_F(ListingOrderTest, OnceThereIsATableThereAlwaysIsOne) {
  EXPECT_THAT(Complete({0}), IsEmpty());
  EXPECT_THAT(Complete({}), ElementsAre(HasSubstr("no table is listed")));
}

TEST_F(ListingOrderTest, AnEmptyTableHasNoFile) {
  EXPECT_THAT(Complete({0}), IsEmpty());
  PlainNamesView view = Listing(true, {});
  view.newest_has_parts = false;
  EXPECT_THAT(order_.Observe(view, false), IsEmpty());
}

TEST_F(ListingOrderTest, WhatIsAppendedStays) {
  EXPECT_THAT(Append({1}), IsEmpty());
  EXPECT_THAT(Append({0, 1}), IsEmpty());
  EXPECT_THAT(Append({1}), ElementsAre("part-00000-00000.csv is gone"));
}

TEST_F(ListingOrderTest, AManifestWithoutAnAnswerSaysNothing) {
  EXPECT_THAT(Complete({0, 1}), IsEmpty());
  EXPECT_THAT(Complete({1}), IsEmpty());
  EXPECT_THAT(order_.Observe(PlainNamesView(), true), IsEmpty());
  EXPECT_THAT(Complete({0, 1}), IsEmpty()) << "the power loss counts still";
}

}  // namespace
}  // namespace wavetank::properties
