#include "runtime/structured/batch_reads.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/crc32c.h"

namespace wavetank::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Files "in/a" of "one\n" and "in/b" of "two\n", in source "in".
checkpoint::BatchDefinition Definition() {
  checkpoint::BatchDefinition definition;
  checkpoint::SourceRange& range = *definition.add_sources();
  range.set_source("in");
  for (const char* path : {"in/a", "in/b"}) {
    checkpoint::InputFile& file = *range.add_files();
    file.set_path(path);
    file.set_size_bytes(4);
  }
  return definition;
}

FileRead Piece(uint32_t file, uint64_t begin, const std::string& bytes) {
  return {.file = file,
          .begin = begin,
          .end = begin + bytes.size(),
          .crc32c = checkpoint::Crc32c(bytes)};
}

FragmentReads Whole() { return {"in", {Piece(0, 0, "one\n"), Piece(1, 0, "two\n")}}; }

checkpoint::Prepared Prepared(const std::map<int, FragmentReads>& reads) {
  checkpoint::Prepared prepared;
  const std::vector<checkpoint::SourceRead> of_batch = BatchReads(Definition(), reads).value();
  for (const checkpoint::SourceRead& read : of_batch) *prepared.add_reads() = read;
  return prepared;
}

TEST(BatchReads, PiecesInAnyOrderAreAWhole) {
  const FragmentReads pieces{
      "in", {Piece(1, 0, "two\n"), Piece(0, 3, "\n"), Piece(0, 0, "one"), Piece(0, 3, "")}};
  const auto reads = BatchReads(Definition(), {{0, pieces}});
  ASSERT_TRUE(reads.ok()) << reads.status();
  ASSERT_EQ(reads->size(), 1U);
  EXPECT_EQ(reads->front().source(), "in");
  EXPECT_THAT(reads->front().crc32c(),
              ElementsAre(checkpoint::Crc32c("one\n"), checkpoint::Crc32c("two\n")));
  EXPECT_THAT(reads->front().skipped(), IsEmpty());
}

TEST(BatchReads, WhatIsSkippedIsSaid) {
  FragmentReads skipped = Whole();
  skipped.pieces[0] = {.file = 0, .skipped = true};
  const auto reads = BatchReads(Definition(), {{0, skipped}});
  ASSERT_TRUE(reads.ok()) << reads.status();
  EXPECT_THAT(reads->front().skipped(), ElementsAre(0));
}

// A source of one's own may say nothing, and nothing is said of it.
TEST(BatchReads, OfASourceThatDoesNotSayThereIsNothing) {
  const auto reads = BatchReads(Definition(), {{0, {"in", {}}}});
  ASSERT_TRUE(reads.ok()) << reads.status();
  EXPECT_THAT(*reads, IsEmpty());
}

// The file vanished, or changed, between one task and the other.
TEST(BatchReads, AFileThatIsReadInPartMakesNoBatch) {
  const auto refused = [](const std::map<int, FragmentReads>& reads) {
    const absl::Status status = BatchReads(Definition(), reads).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    return std::string(status.message());
  };
  const FileRead skipped{.file = 0, .skipped = true};
  FragmentReads part{"in", {Piece(0, 0, "one"), skipped, Piece(1, 0, "two\n")}};
  EXPECT_THAT(refused({{0, part}}), HasSubstr("in/a"));
  FragmentReads hole{"in", {Piece(0, 0, "on"), Piece(0, 3, "\n"), Piece(1, 0, "two\n")}};
  EXPECT_THAT(refused({{0, hole}}), HasSubstr("in/a"));
  FragmentReads none{"in", {Piece(0, 0, "one\n")}};
  EXPECT_THAT(refused({{0, none}}), HasSubstr("in/b"));
  FragmentReads other = Whole();
  other.pieces[1] = Piece(1, 0, "twa\n");
  EXPECT_THAT(refused({{0, Whole()}, {1, other}}), HasSubstr("in/b"));
  other.pieces[1] = {.file = 1, .skipped = true};
  EXPECT_THAT(refused({{0, Whole()}, {1, other}}), HasSubstr("in/b"));
}

TEST(BatchReads, AnotherAttemptReadsTheSameBytesOrIsNamed) {
  const checkpoint::Prepared before = Prepared({{0, Whole()}});
  EXPECT_TRUE(CheckReadsAgain(Definition(), before, before).ok());
  FragmentReads changed = Whole();
  changed.pieces[1] = Piece(1, 0, "twa\n");
  const absl::Status status = CheckReadsAgain(Definition(), before, Prepared({{0, changed}}));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("source file in/b has other bytes"));
  // What is lost by now may be left out, if the source was told so; older records say nothing.
  changed.pieces[1] = {.file = 1, .skipped = true};
  EXPECT_TRUE(CheckReadsAgain(Definition(), before, Prepared({{0, changed}})).ok());
  EXPECT_TRUE(CheckReadsAgain(Definition(), {}, before).ok());
}

}  // namespace
}  // namespace wavetank::runtime
