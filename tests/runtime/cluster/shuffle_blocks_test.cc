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

TEST(ShuffleBlocks, OfWhatIsKeptTheOldestGoesWhenItIsTooMuch) {
  ShuffleBlocks blocks;
  blocks.SetMostKept(100);
  const auto task = [](int64_t graph, int stage) {
    return TaskId{.driver = "d", .graph = graph, .stage = stage, .partition = 0, .attempt = 0};
  };
  for (const int64_t graph : {4, 5, 6}) {
    for (const int stage : {0, 1}) {
      blocks.Put(task(graph, stage), {{0, std::make_shared<SizedBlock>(20)}, {3, nullptr}});
    }
    blocks.DropGraph("d", graph, graph == 5 ? std::set<int>{0} : std::set<int>{0, 1});
  }
  EXPECT_EQ(blocks.kept_bytes(), 100U);
  EXPECT_FALSE(blocks.Contains(task(5, 1)));
  blocks.Put(task(7, 2), {{0, std::make_shared<SizedBlock>(30)}});
  blocks.DropGraph("d", 7, {2});
  EXPECT_EQ(blocks.kept_bytes(), 90U);
  std::vector<TaskId> dropped = {task(4, 0), task(4, 1)};
  EXPECT_EQ(blocks.TakeDropped(), dropped);
  EXPECT_EQ(blocks.Find(task(4, 1), 0).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(blocks.Find(task(5, 0), 0).ok());
  blocks.DropStage("d", 6, 1);
  EXPECT_EQ(blocks.kept_bytes(), 70U);
  EXPECT_EQ(blocks.attempt_count(), 3U);
  // More than there is room for at all.
  blocks.Put(task(8, 0), {{0, std::make_shared<SizedBlock>(101)}});
  blocks.DropGraph("d", 8, {0});
  EXPECT_EQ(blocks.kept_bytes(), 0U);
  EXPECT_EQ(blocks.TakeDropped().size(), 4U);
  EXPECT_EQ(blocks.attempt_count(), 0U);
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
