// State in another number of partitions: which keys come where, in which order, and what is
// refused.
#include "checkpoint/state_partitions.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "checkpoint/paths.h"
#include "simulator/sim_world.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using testing::ElementsAre;
using testing::HasSubstr;

// Keys "<word><digit>": the digits are the ten hashes that there are.
std::optional<int> ByDigit(std::string_view key, int partitions) {
  if (key.empty() || key.back() < '0' || key.back() > '9') return std::nullopt;
  return (key.back() - '0') * partitions / 10;
}

std::string DirectoryOf(int partition) { return absl::StrCat("state/0/", partition); }

StateToRepartition Rescaled(std::vector<StateVersion> from, int partitions) {
  StateToRepartition state{.directory = DirectoryOf,
                           .options = {},
                           .from = std::move(from),
                           .partitions = partitions,
                           .partition_of = ByDigit};
  state.options.operator_fingerprint = "op";
  state.options.compression = StateCompression::kLz4;
  state.options.stores = {{"one", "1"}, {"two", "2"}};
  return state;
}

using Keys = std::vector<std::string>;

// By partition, the keys of a version of state, one file a version.
Task<std::vector<StateVersion>> Write(Node& node, Store& store, std::vector<Keys> partitions) {
  const StateStoreOptions options = Rescaled({}, 1).options;
  std::vector<StateVersion> versions;
  for (size_t i = 0; i < partitions.size(); ++i) {
    const std::string directory = DirectoryOf(static_cast<int>(i));
    auto state = co_await StateStore::Open(node, store, directory, {}, options);
    for (const std::string& key : partitions[i]) {
      (*state)->Put(key, "1");
      (*state)->table("two").Put(key, "2");
    }
    versions.push_back(*co_await (*state)->Commit());
  }
  co_return versions;
}

// The keys in either store, which are the same.
Task<std::vector<Keys>> Read(Node& node, Store& store, std::vector<StateVersion> versions) {
  std::vector<Keys> partitions;
  StateStoreOptions options = Rescaled({}, 1).options;
  options.compression = StateCompression::kNone;  // of what is written next
  for (size_t i = 0; i < versions.size(); ++i) {
    const std::string directory = DirectoryOf(static_cast<int>(i));
    const auto state = co_await StateStore::Open(node, store, directory, versions[i], options);
    EXPECT_TRUE(state.ok()) << state.status();
    Keys& keys = partitions.emplace_back();
    Keys of_two;
    (*state)->ForEach([&](std::string_view key, std::string_view) { keys.emplace_back(key); });
    (*state)->table("two").ForEach(
        [&](std::string_view key, std::string_view) { of_two.emplace_back(key); });
    EXPECT_EQ(keys, of_two);
  }
  co_return partitions;
}

void InAWorld(std::function<Task<void>(Node&, Store&)> run) {
  simulator::SimWorld world({.seed = 1});
  world.AddMachine("m");
  bool done = false;
  world.Start("m", {"p", {{"n", [&](Node& node) -> Task<void> {
                             LocalStore store(node, "root");
                             co_await run(node, store);
                             done = true;
                           }}}});
  EXPECT_EQ(world.RunUntil([&] { return done; }), simulator::RunEnd::kDone);
}

TEST(StatePartitions, KeysComeInTheOrderOfTheOldPartitionsAndOfTheirs) {
  InAWorld([](Node& node, Store& store) -> Task<void> {
    const std::vector<StateVersion> two =
        co_await Write(node, store, {{"b3", "a0", "c4"}, {"z9", "y5", "x5"}});
    const auto three = co_await Repartition(node, store, Rescaled(two, 3));
    EXPECT_TRUE(three.ok()) << three.status();
    EXPECT_THAT(
        co_await Read(node, store, *three),
        ElementsAre(ElementsAre("b3", "a0"), ElementsAre("c4", "y5", "x5"), ElementsAre("z9")));
    const auto one = co_await Repartition(node, store, Rescaled(*three, 1));
    EXPECT_TRUE(one.ok()) << one.status();
    EXPECT_THAT(co_await Read(node, store, *one),
                ElementsAre(ElementsAre("b3", "a0", "c4", "y5", "x5", "z9")));
    EXPECT_EQ(one->front().version, 1);
    EXPECT_EQ(one->front().files.size(), 1u);
  });
}

TEST(StatePartitions, OneWithoutKeysHasNoFileAndFilesAreCompressedAsTheOldOnes) {
  InAWorld([](Node& node, Store& store) -> Task<void> {
    const std::vector<StateVersion> one = co_await Write(node, store, {{"a0", "b1"}});
    StateToRepartition state = Rescaled(one, 4);
    state.options.compression = StateCompression::kNone;
    const auto four = co_await Repartition(node, store, std::move(state));
    EXPECT_TRUE(four.ok()) << four.status();
    for (const size_t empty : {1u, 2u, 3u}) {
      EXPECT_EQ((*four)[empty], (StateVersion{.version = 1, .files = {}})) << empty;
    }
    // Behind the operator's fingerprint stands how the file is compressed: 1, LZ4.
    const auto old_file = co_await store.ReadAll(one[0].files[0]);
    const auto new_file = co_await store.ReadAll((*four)[0].files[0]);
    EXPECT_TRUE(old_file.ok() && new_file.ok());
    const size_t old_at = old_file->find("op", 60);
    const size_t new_at = new_file->find("op", 60);
    EXPECT_EQ((*old_file)[old_at + 2], (*new_file)[new_at + 2]);
    EXPECT_EQ((*new_file)[new_at + 2], '\1');
  });
}

TEST(StatePartitions, KeysThatBelongElsewhereOrNowhereAreRefused) {
  InAWorld([](Node& node, Store& store) -> Task<void> {
    for (const char* const key : {"a7", "none"}) {
      const std::vector<StateVersion> two = co_await Write(node, store, {{"b3", key}, {"z9"}});
      const absl::Status refused = (co_await Repartition(node, store, Rescaled(two, 3))).status();
      EXPECT_TRUE(absl::IsDataLoss(refused)) << key << ": " << refused;
      EXPECT_THAT(refused.message(), HasSubstr("do not belong in partition 0 of 2"));
    }
  });
}

TEST(StatePartitions, AFileThatIsGoneIsNamed) {
  InAWorld([](Node& node, Store& store) -> Task<void> {
    const std::vector<StateVersion> two = co_await Write(node, store, {{"b3"}, {"z9"}});
    EXPECT_TRUE((co_await store.Remove(two[1].files[0])).ok());
    const absl::Status refused = (co_await Repartition(node, store, Rescaled(two, 3))).status();
    EXPECT_TRUE(absl::IsDataLoss(refused)) << refused;
    EXPECT_THAT(refused.message(), HasSubstr(two[1].files[0]));
    EXPECT_THAT(refused.message(), HasSubstr("put the checkpoint back whole"));
  });
}

}  // namespace
}  // namespace wavetank::checkpoint
