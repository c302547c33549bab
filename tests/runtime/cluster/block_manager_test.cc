// A worker's blocks with little memory, on a simulated disk.
#include "runtime/cluster/block_manager.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/text.h"
#include "simulator/sim_world.h"

namespace wavetank::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// As many bytes in memory as in a file.
struct PlainBlock final : platform::Attachment {
  explicit PlainBlock(std::string t) : text(std::move(t)) {}
  std::string Encode() const override { return text; }
  size_t MemoryBytes() const override { return text.size(); }
  const std::string text;
};

TaskId OfPartition(int partition, int64_t graph = 4) {
  return {.driver = "d", .graph = graph, .stage = 0, .partition = partition, .attempt = 0};
}

std::map<int, BlockPointer> Texts(const std::vector<std::string>& texts) {
  std::map<int, BlockPointer> blocks;
  for (const std::string& text : texts) {
    blocks[static_cast<int>(blocks.size())] = std::make_shared<PlainBlock>(text);
  }
  return blocks;
}

constexpr ShuffleBlocks::PutOptions kOnDisk{.level = StorageLevel::kMemoryAndDisk};

using Body = std::function<Task<void>(platform::Node&, BlockManager&)>;

class BlockManagerTest : public testing::Test {
 protected:
  BlockManagerTest() { world_.AddMachine("m"); }

  // Runs the body to its end; the manager is there for as long.
  void Run(BlockBounds bounds, const Body& body) {
    bounds.scratch = "tmp/scratch";
    bool done = false;
    world_.Start(
        "m",
        {absl::StrCat("p", ++processes_),
         {{"worker", [&](platform::Node& node) { return RunNode(node, bounds, body, done); }}}});
    while (!done && world_.RunOne()) {
    }
    EXPECT_TRUE(done);
  }
  static Task<void> RunNode(platform::Node& node, BlockBounds bounds, Body body, bool& done) {
    {
      BlockManager manager(node, std::move(bounds), "m:8000");
      co_await manager.Start();
      co_await body(node, manager);
    }
    done = true;
    node.Exit(0);
  }
  std::vector<std::string> Files() {
    std::vector<std::string> files;
    for (int number = 1; number < 20; ++number) {
      for (int partition = 0; partition < 3; ++partition) {
        const std::string name = absl::StrCat(number, "-", OfPartition(partition).Unique());
        if (world_.machine("m").disk().Get("tmp/scratch/m_8000/" + name).ok()) {
          files.push_back(name);
        }
      }
    }
    return files;
  }
  static Task<std::string> TextOf(BlockManager& manager, TaskId task, int target) {
    absl::StatusOr<BlockPointer> block = manager.Find(task, target);
    if (block.ok() && AsSpilled(*block) != nullptr) {
      block = co_await manager.ReadBack(task, target, *block);
    }
    if (!block.ok()) co_return absl::StrCat("lost: ", block.status().message());
    co_return *block == nullptr ? "none" : (*block)->Encode();
  }

  simulator::SimWorld world_{{.seed = 7}};
  int processes_ = 0;
};

TEST_F(BlockManagerTest, WritesWhatHasNoRoomAndReadsItBack) {
  Run({.memory_bytes_max = 10}, [](platform::Node&, BlockManager& manager) -> Task<void> {
    manager.Put(OfPartition(0), Texts({"one", "", "three"}), kOnDisk);
    EXPECT_TRUE((co_await manager.MakeRoom("0")).ok());
    EXPECT_EQ(manager.blocks().spilled_bytes(), 0U);
    manager.Put(OfPartition(1), Texts({"four", "five"}), kOnDisk);
    EXPECT_TRUE((co_await manager.MakeRoom("1")).ok());
    EXPECT_EQ(manager.blocks().spilled_bytes(), 8U);
    EXPECT_EQ(manager.blocks().memory_bytes(), 8U);
    EXPECT_EQ(co_await TextOf(manager, OfPartition(0), 0), "one");
    EXPECT_EQ(co_await TextOf(manager, OfPartition(0), 1), "");
    EXPECT_EQ(co_await TextOf(manager, OfPartition(0), 2), "three");
    EXPECT_EQ(co_await TextOf(manager, OfPartition(0), 3), "none");
    EXPECT_EQ(co_await TextOf(manager, OfPartition(1), 1), "five");
  });
  EXPECT_EQ(Files(), std::vector<std::string>{"1-d-4-0-0-0"});
  // The next of the name begins with nothing.
  Run({}, [](platform::Node&, BlockManager&) -> Task<void> { co_return; });
  EXPECT_THAT(Files(), ElementsAre());
}

TEST_F(BlockManagerTest, RemovesFilesOfWhatIsLetGo) {
  Run({.memory_bytes_max = 0}, [this](platform::Node& node, BlockManager& manager) -> Task<void> {
    for (const int partition : {0, 1, 2}) {
      manager.Put(OfPartition(partition), Texts({"text"}), kOnDisk);
    }
    EXPECT_TRUE((co_await manager.MakeRoom("0")).ok());
    EXPECT_EQ(Files().size(), 3U);
    manager.Drop(OfPartition(1));
    co_await node.clock().Sleep(absl::Seconds(1));  // nobody waits for what is only removed
    EXPECT_EQ(Files().size(), 2U);
    manager.DropGraph("d", 4, {0});
    co_await node.clock().Sleep(absl::Seconds(1));
    EXPECT_EQ(Files().size(), 2U);
    manager.DropStage("d", 4, 0);
    co_await node.clock().Sleep(absl::Seconds(1));
    EXPECT_EQ(Files().size(), 0U);
  });
}

TEST_F(BlockManagerTest, FindsOutWhatIsNotWhatWasWritten) {
  Run({.memory_bytes_max = 0}, [this](platform::Node&, BlockManager& manager) -> Task<void> {
    for (const int partition : {0, 1, 2}) {
      manager.Put(OfPartition(partition), Texts({"text"}), kOnDisk);
    }
    EXPECT_TRUE((co_await manager.MakeRoom("0")).ok());
    const std::string directory = "tmp/scratch/m_8000/";
    simulator::SimDisk& disk = world_.machine("m").disk();
    const std::vector<std::string> files = Files();
    EXPECT_EQ(files.size(), 3U);
    disk.Put(directory + files[0], "texT");
    // The same bytes, but written for another: a checksum is of the task, too.
    disk.Put(directory + files[1], disk.Get(directory + files[2]).value());
    disk.LoseFile(directory + files[2]);
    EXPECT_THAT(co_await TextOf(manager, OfPartition(0), 0), HasSubstr("is damaged at 0"));
    EXPECT_EQ(co_await TextOf(manager, OfPartition(1), 0), "text");
    EXPECT_THAT(co_await TextOf(manager, OfPartition(2), 0), HasSubstr("lost: "));
    EXPECT_THAT(co_await TextOf(manager, OfPartition(2), 0), HasSubstr("lost: no blocks of"));
  });
}

TEST_F(BlockManagerTest, WhatNobodyNeedsMakesRoomOnDiskAndElseThereIsNone) {
  Run({.memory_bytes_max = 0, .spilled_bytes_max = 9},
      [](platform::Node&, BlockManager& manager) -> Task<void> {
        for (const int partition : {0, 1}) {
          manager.Put(OfPartition(partition), Texts({"text"}), kOnDisk);
        }
        EXPECT_TRUE((co_await manager.MakeRoom("0")).ok());
        manager.DropGraph("d", 4, {0});
        manager.Put(OfPartition(0, 5), Texts({"TEXT"}), kOnDisk);
        EXPECT_TRUE((co_await manager.MakeRoom("0")).ok());
        EXPECT_EQ(manager.TakeDropped(), std::vector<TaskId>{OfPartition(0)});
        manager.Put(OfPartition(1, 5), Texts({"more"}), kOnDisk);
        EXPECT_TRUE((co_await manager.MakeRoom("0")).ok());
        manager.Put(OfPartition(2, 5), Texts({"most"}), kOnDisk);
        const absl::Status full = co_await manager.MakeRoom("d-5-0-2-0");
        EXPECT_EQ(full.code(), absl::StatusCode::kOutOfRange);
        EXPECT_THAT(std::string(platform::ToStd(full.message())),
                    HasSubstr("no room for what task d-5-0-2-0 has put: worker m/p1/worker has 4 "
                              "bytes of blocks in memory and 8 in tmp/scratch, kept-bytes allows 0 "
                              "and spill-bytes 9"));
        // Nothing is left out before its task is: then there is room again.
        manager.Drop(OfPartition(2, 5));
        EXPECT_TRUE((co_await manager.MakeRoom("0")).ok());
        EXPECT_EQ(co_await TextOf(manager, OfPartition(1, 5), 0), "more");
      });
}

TEST_F(BlockManagerTest, WhatBodiesHoldTakesRoomFromBlocks) {
  Run({.memory_bytes_max = 10}, [](platform::Node&, BlockManager& manager) -> Task<void> {
    manager.Put(OfPartition(0), Texts({"text"}), kOnDisk);
    EXPECT_EQ(manager.Hold(6), 10U);
    EXPECT_TRUE((co_await manager.MakeRoom("0")).ok());
    EXPECT_EQ(manager.blocks().spilled_bytes(), 0U);
    EXPECT_EQ(manager.Hold(7), 10U);
    EXPECT_TRUE((co_await manager.MakeRoom("0")).ok());
    EXPECT_EQ(manager.blocks().spilled_bytes(), 4U);
    EXPECT_EQ(manager.Hold(70), 10U);
  });
}

TEST_F(BlockManagerTest, TakesReplicasOfItsOwnSessionAndOfGraphsThatRun) {
  Run({}, [](platform::Node&, BlockManager& manager) -> Task<void> {
    const auto level = StorageLevel::kMemoryOnly2;
    EXPECT_FALSE(manager.PutReplica(OfPartition(0), 3, Texts({"text"}), level).ok());
    manager.SetSession("d", 3);
    EXPECT_TRUE(manager.PutReplica(OfPartition(0), 3, Texts({"text"}), level).ok());
    EXPECT_TRUE(manager.PutReplica(OfPartition(0), 3, Texts({"text"}), level).ok()) << "again";
    TaskId later = OfPartition(0);
    later.attempt = 1;
    EXPECT_TRUE(manager.PutReplica(later, 3, Texts({"TEXT"}), level).ok());
    EXPECT_EQ(co_await TextOf(manager, OfPartition(0), 0), "text");
    EXPECT_EQ(co_await TextOf(manager, later, 0), "TEXT");
    EXPECT_FALSE(manager.PutReplica(OfPartition(1), 2, Texts({"text"}), level).ok());
    manager.DropGraph("d", 4, {0});
    EXPECT_EQ(co_await TextOf(manager, OfPartition(0), 0), "text");
    EXPECT_FALSE(manager.PutReplica(OfPartition(1), 3, Texts({"text"}), level).ok());
    EXPECT_TRUE(manager.PutReplica(OfPartition(1, 5), 3, Texts({"text"}), level).ok());
    manager.DropAll();
    EXPECT_FALSE(manager.PutReplica(OfPartition(1, 6), 3, Texts({"text"}), level).ok());
  });
}

// Two processes of one name, as two local runs on one machine are.
TEST_F(BlockManagerTest, SharesNoFilesWithAnotherOfItsName) {
  Run({.memory_bytes_max = 0}, [](platform::Node& node, BlockManager& manager) -> Task<void> {
    BlockManager other(node, {.memory_bytes_max = 0, .scratch = "tmp/scratch"}, "m:8000");
    co_await other.Start();
    for (BlockManager* each : {&manager, &other}) {
      each->Put(OfPartition(0), Texts({each == &other ? "other" : "first"}), kOnDisk);
      EXPECT_TRUE((co_await each->MakeRoom("0")).ok());
    }
    EXPECT_EQ(co_await TextOf(manager, OfPartition(0), 0), "first");
    EXPECT_EQ(co_await TextOf(other, OfPartition(0), 0), "other");
  });
}

}  // namespace
}  // namespace wavetank::runtime
