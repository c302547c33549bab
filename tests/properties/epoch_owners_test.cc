#include "properties/epoch_owners.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

#include "checkpoint/epoch_log.h"

namespace wavetank::properties {
namespace {

TEST(EpochOwners, AreOfOneEpochEach) {
  EpochOwners owners;
  DurableFiles files;
  const auto observe = [&](const std::string& path) {
    const std::set<std::string> changed = {path};
    return owners.Observe({files, changed});
  };
  files["a/epoch-1"] = checkpoint::EncodeEpochFile("first");
  EXPECT_EQ(observe("a/epoch-1"), "");
  EXPECT_EQ(observe("a/epoch-1"), "");
  files["a/epoch-2"] = checkpoint::EncodeEpochFile("second");
  EXPECT_EQ(observe("a/epoch-2"), "");
  files["b/epoch-1"] = checkpoint::EncodeEpochFile("second");
  EXPECT_EQ(observe("b/epoch-1"),
            "b/epoch-1 is second's, as a/epoch-2 was: each epoch has an owner of its own");
}

TEST(EpochOwners, LeaveWhatIsNoWholeEpochFileToOthers) {
  EpochOwners owners;
  const std::string whole = checkpoint::EncodeEpochFile("one");
  const DurableFiles files = {
      {"a/epoch-1", whole}, {"a/epoch-2", whole.substr(0, whole.size() - 1)}, {"a/log-1", whole}};
  const std::set<std::string> changed = {"a/epoch-1", "a/epoch-2", "a/epoch-3", "a/log-1"};
  EXPECT_EQ(owners.Observe({files, changed}), "");
}

}  // namespace
}  // namespace wavetank::properties
