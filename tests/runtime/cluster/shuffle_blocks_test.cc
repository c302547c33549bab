#include "runtime/cluster/shuffle_blocks.h"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::runtime {
namespace {

struct TextBlock final : platform::Attachment {
  explicit TextBlock(std::string t) : text(std::move(t)) {}
  std::string Encode() const override { return text; }
  const std::string text;
};

TEST(ShuffleBlocks, KeepAttemptsApartAndDropThemWithTheirGraph) {
  ShuffleBlocks blocks;
  const TaskId first{.driver = "d", .graph = 4, .stage = 0, .partition = 1, .attempt = 0};
  TaskId second = first;
  second.attempt = 1;
  TaskId other_graph = first;
  other_graph.graph = 5;
  TaskId other_driver = first;
  other_driver.driver = "e";
  for (const TaskId& task : {first, second, other_graph, other_driver}) {
    blocks.Put(task, {{0, std::make_shared<TextBlock>(task.Unique())}});
  }
  EXPECT_EQ(blocks.Find(second, 0).value()->Encode(), "d-4-0-1-1");
  EXPECT_EQ(blocks.Find(second, 1).value(), nullptr);
  blocks.DropGraph("d", 4);
  EXPECT_EQ(blocks.attempt_count(), 2u);
  EXPECT_EQ(blocks.Find(first, 0).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(blocks.Find(other_graph, 0).value()->Encode(), "d-5-0-1-0");
  EXPECT_EQ(blocks.Find(other_driver, 0).value()->Encode(), "e-4-0-1-0");
}

TEST(ShuffleBlocks, WhatWasLetGoOfIsNotTakenForNothing) {
  ShuffleBlocks blocks;
  const TaskId task{.driver = "d", .graph = 4, .stage = 0, .partition = 1, .attempt = 0};
  blocks.Put(task, {{0, std::make_shared<TextBlock>("a")}, {1, std::make_shared<TextBlock>("b")}});
  blocks.LetGo(task, 0);
  blocks.LetGo(task, 2);
  EXPECT_EQ(blocks.Find(task, 0).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(blocks.Find(task, 1).value()->Encode(), "b");
  EXPECT_EQ(blocks.Find(task, 2).value(), nullptr);
}

struct SizedBlock final : platform::Attachment {
  explicit SizedBlock(size_t b) : bytes(b) {}
  std::string Encode() const override { return ""; }
  size_t MemoryBytes() const override { return bytes; }
  const size_t bytes;
};

TaskId OfGraph(int64_t graph, int stage) {
  return {.driver = "d", .graph = graph, .stage = stage, .partition = 0, .attempt = 0};
}

// What goes, in order, until nothing does.
std::vector<TaskId> EvictBeyond(ShuffleBlocks& blocks) {
  std::vector<TaskId> gone;
  while (const auto next = blocks.NextToGo()) {
    EXPECT_FALSE(next->to_disk);
    blocks.Evict(next->task);
    gone.push_back(next->task);
  }
  return gone;
}

TEST(ShuffleBlocks, OfWhatIsKeptTheOldestUsedGoesWhenItIsTooMuch) {
  ShuffleBlocks blocks;
  blocks.SetBound(100, false);
  for (const int64_t graph : {4, 5, 6}) {
    for (const int stage : {0, 1}) {
      blocks.Put(OfGraph(graph, stage), {{0, std::make_shared<SizedBlock>(20)}, {3, nullptr}});
    }
  }
  EXPECT_EQ(blocks.memory_bytes(), 120U);
  EXPECT_EQ(EvictBeyond(blocks).size(), 0U) << "their graphs run";
  for (const int64_t graph : {4, 5, 6}) {
    blocks.DropGraph("d", graph, graph == 5 ? std::set<int>{0} : std::set<int>{0, 1});
  }
  EXPECT_EQ(blocks.memory_bytes(), 100U);
  EXPECT_EQ(EvictBeyond(blocks).size(), 0U);
  EXPECT_FALSE(blocks.Contains(OfGraph(5, 1)));
  EXPECT_TRUE(blocks.Find(OfGraph(4, 0), 0).ok());
  blocks.Put(OfGraph(7, 2), {{0, std::make_shared<SizedBlock>(30)}});
  const std::vector<TaskId> oldest = {OfGraph(4, 1), OfGraph(5, 0)};
  EXPECT_EQ(EvictBeyond(blocks), oldest);
  EXPECT_EQ(blocks.TakeDropped(), oldest);
  EXPECT_EQ(blocks.memory_bytes(), 90U);
  EXPECT_EQ(blocks.Find(OfGraph(4, 1), 0).status().code(), absl::StatusCode::kNotFound);
  blocks.DropGraph("d", 7, {2});
  blocks.DropStage("d", 6, 1);
  EXPECT_EQ(blocks.memory_bytes(), 70U);
  EXPECT_EQ(blocks.attempt_count(), 3U);
  // More than there is room for at all.
  blocks.Put(OfGraph(8, 0), {{0, std::make_shared<SizedBlock>(101)}});
  blocks.DropGraph("d", 8, {0});
  EXPECT_EQ(EvictBeyond(blocks).size(), 4U);
  EXPECT_EQ(blocks.memory_bytes(), 0U);
  EXPECT_EQ(blocks.attempt_count(), 0U);
}

TEST(ShuffleBlocks, GoToFilesAsTheirLevelSays) {
  ShuffleBlocks blocks;
  blocks.SetBound(100, true);
  const auto put = [&blocks](int64_t graph, StorageLevel level) {
    blocks.Put(OfGraph(graph, 0),
               {{0, std::make_shared<SizedBlock>(60)}, {1, std::make_shared<SizedBlock>(1)}},
               {.level = level});
  };
  put(4, StorageLevel::kMemoryOnly);
  put(5, StorageLevel::kMemoryAndDisk);
  const auto next = blocks.NextToGo();
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->task, OfGraph(5, 0)) << "the other cannot go while its graph runs";
  EXPECT_TRUE(next->to_disk);
  EXPECT_EQ(blocks.InMemory(next->task).size(), 2U);
  EXPECT_TRUE(blocks.SetSpilled(
      next->task, "f", 9,
      {{0, {.file = "f", .bytes = 8}}, {1, {.file = "f", .offset = 8, .bytes = 1}}}));
  EXPECT_EQ(blocks.memory_bytes(), 61U);
  EXPECT_EQ(blocks.spilled_bytes(), 9U);
  EXPECT_FALSE(blocks.NextToGo().has_value());
  const auto found = blocks.Find(OfGraph(5, 0), 1);
  ASSERT_TRUE(found.ok());
  ASSERT_NE(AsSpilled(*found), nullptr);
  EXPECT_EQ(AsSpilled(*found)->place().offset, 8U);
  EXPECT_FALSE(blocks.OldestSpilled().has_value()) << "its graph runs";
  blocks.DropGraph("d", 5, {0});
  EXPECT_EQ(blocks.OldestSpilled(), OfGraph(5, 0));
  // What is on disk only goes at once.
  put(6, StorageLevel::kDiskOnly);
  EXPECT_EQ(blocks.NextToGo()->task, OfGraph(6, 0));
  // It cannot be written: it stays for as long as its graph runs, until it is tried again.
  EXPECT_EQ(blocks.SetUnwritten(OfGraph(6, 0)), ShuffleBlocks::Unwritten::kStays);
  EXPECT_FALSE(blocks.NextToGo().has_value());
  blocks.TryAgain();
  EXPECT_EQ(blocks.NextToGo()->task, OfGraph(6, 0));
  blocks.DropGraph("d", 6, {0});
  EXPECT_EQ(blocks.SetUnwritten(OfGraph(6, 0)), ShuffleBlocks::Unwritten::kGone);
  blocks.DropStage("d", 5, 0);
  EXPECT_EQ(blocks.TakeUnneededFiles(), std::vector<std::string>{"f"});
  EXPECT_EQ(blocks.spilled_bytes(), 0U);
  EXPECT_FALSE(blocks.SetSpilled(OfGraph(5, 0), "g", 9, {})) << "it was dropped meanwhile";
}

TEST(ShuffleBlocks, ReplicasMayGoAtAnyTime) {
  ShuffleBlocks blocks;
  blocks.SetBound(10, false);
  blocks.Put(OfGraph(4, 0), {{0, std::make_shared<SizedBlock>(60)}}, {.is_replica = true});
  EXPECT_EQ(EvictBeyond(blocks), std::vector<TaskId>{OfGraph(4, 0)});
  EXPECT_EQ(blocks.TakeDropped(), std::vector<TaskId>{OfGraph(4, 0)});
}

TEST(ShuffleBundle, OpensAlikeAsAnObjectAndFromItsEncoding) {
  platform::Message handed_over;
  handed_over.attachment = std::make_shared<ShuffleBundle>(
      std::vector<BlockPointer>{std::make_shared<TextBlock>("one"), nullptr});
  platform::Message encoded;
  encoded.attachment_bytes = handed_over.attachment->Encode();

  const auto objects = ShuffleBundle::Open(handed_over, 2);
  ASSERT_TRUE(objects.ok());
  ASSERT_EQ(objects->size(), 2u);
  EXPECT_EQ(objects->at(0).object->Encode(), "one");
  EXPECT_EQ(objects->at(1).object, nullptr);
  const auto bytes = ShuffleBundle::Open(encoded, 2);
  ASSERT_TRUE(bytes.ok());
  ASSERT_EQ(bytes->size(), 2u);
  EXPECT_EQ(bytes->at(0).bytes, "one");
  EXPECT_EQ(bytes->at(1).bytes, "");
}

TEST(ShuffleBundle, RefusesWhatIsNoBundle) {
  platform::Message message;
  message.attachment = std::make_shared<TextBlock>("one");
  EXPECT_EQ(ShuffleBundle::Open(message, 1).status().code(), absl::StatusCode::kDataLoss);
  message.attachment = nullptr;
  message.attachment_bytes = "\xff";
  EXPECT_EQ(ShuffleBundle::Open(message, 1).status().code(), absl::StatusCode::kDataLoss);
}

TEST(ShuffleBundle, HasAsManyBlocksAsWereAskedFor) {
  platform::Message handed_over;
  handed_over.attachment = std::make_shared<ShuffleBundle>(std::vector<BlockPointer>(1000));
  platform::Message encoded;
  encoded.attachment_bytes = handed_over.attachment->Encode();
  for (const platform::Message& message : {handed_over, encoded}) {
    EXPECT_TRUE(ShuffleBundle::Open(message, 1000).ok());
    for (const size_t asked_for : {size_t{0}, size_t{999}, size_t{1001}}) {
      const absl::Status refused = ShuffleBundle::Open(message, asked_for).status();
      EXPECT_TRUE(absl::IsDataLoss(refused)) << refused;
      EXPECT_THAT(std::string(refused.message()),
                  testing::EndsWith(absl::StrCat(asked_for, " were asked for")));
    }
  }
}

}  // namespace
}  // namespace wavetank::runtime
