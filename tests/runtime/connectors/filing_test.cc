#include "runtime/connectors/filing.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/crc32c.h"
#include "runtime/connectors/part_name.h"

namespace wavetank::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ManifestPart TextPart(int64_t batch, size_t place, const std::string& text,
                      const std::string& header = "") {
  ManifestPart part;
  part.set_name(PartName(batch, place));
  part.set_dialect(PART_DIALECT_RFC4180);
  part.set_rows(1);
  part.set_header_bytes(header.size());
  part.set_text(header + text);
  part.set_size_bytes(part.text().size());
  part.set_crc32c(checkpoint::Crc32c(part.text()));
  return part;
}

ManifestPart StagedPart(int64_t batch, size_t place) {
  ManifestPart part = TextPart(batch, place, "in a file");
  part.clear_text();
  part.set_file(absl::StrCat("batch-", batch));
  return part;
}

ManifestEntry EntryOf(int64_t batch, const std::vector<ManifestPart>& parts) {
  ManifestEntry entry;
  entry.set_batch(batch);
  entry.mutable_parts()->Assign(parts.begin(), parts.end());
  return entry;
}

EntriesToFile Pointers(const std::vector<ManifestEntry>& entries) {
  EntriesToFile pointers;
  for (const ManifestEntry& entry : entries) pointers.push_back(&entry);
  return pointers;
}

size_t CountOf(const std::vector<ManifestEntry>& entries) {
  return CountForOneFile(Pointers(entries));
}

Filing FileAll(const std::vector<ManifestEntry>& entries) {
  return FileEntries(Pointers(entries),
                     [](const ManifestPart& part) { return "filed-" + part.name(); });
}

// What a reader of the manifest has of a part.
std::string ReadOf(const Filing& filing, const ManifestPart& part) {
  for (const Filing::File& file : filing.files) {
    if (file.name != part.file()) continue;
    EXPECT_EQ(FileBytes(part), file.text.size());
    const uint64_t bytes = BytesToRead(part);
    std::string text = file.text.substr(part.offset(), bytes);
    EXPECT_EQ(text.size(), part.size_bytes());
    EXPECT_EQ(checkpoint::Crc32c(text), part.crc32c());
    return text;
  }
  return "no such file";
}

TEST(Filing, OneFileHoldsWhatIsTextThroughoutAndAlike) {
  const ManifestEntry text = EntryOf(0, {TextPart(0, 0, "a"), TextPart(0, 1, "b")});
  const ManifestEntry none = EntryOf(1, {});
  const ManifestEntry file = EntryOf(2, {StagedPart(2, 0)});
  const ManifestEntry both = EntryOf(2, {TextPart(2, 0, "c"), StagedPart(2, 1)});
  ManifestEntry other = text;
  for (ManifestPart& part : *other.mutable_parts()) part.set_dialect(PART_DIALECT_JSON);
  EXPECT_EQ(CountOf({text}), 1u);
  EXPECT_EQ(CountOf({text, text, text}), 3u);
  EXPECT_EQ(CountOf({text, none, text}), 3u) << "a batch without rows is in any file";
  EXPECT_EQ(CountOf({text, none}), 1u) << "and needs none";
  EXPECT_EQ(CountOf({text, file, text}), 1u);
  EXPECT_EQ(CountOf({text, both, text}), 1u);
  EXPECT_EQ(CountOf({text, other, text}), 1u);
  EXPECT_EQ(CountOf({both, text}), 1u);
}

TEST(Filing, AFileOfSeveralBatchesHasTheirRowsOneAfterTheOther) {
  const Filing filing = FileAll({EntryOf(3, {TextPart(3, 0, "a\n"), TextPart(3, 2, "b\n")}),
                                 EntryOf(4, {}), EntryOf(5, {TextPart(5, 1, "cc\n")})});
  ASSERT_THAT(filing.files, SizeIs(1));
  EXPECT_EQ(filing.files[0].text, "a\nb\ncc\n");
  ASSERT_THAT(filing.parts, ElementsAre(SizeIs(1), IsEmpty(), SizeIs(1)));
  EXPECT_EQ(ReadOf(filing, filing.parts[0][0]), "a\nb\n");
  EXPECT_EQ(filing.parts[0][0].rows(), 2);
  EXPECT_EQ(ReadOf(filing, filing.parts[2][0]), "cc\n");
  for (const size_t i : {0, 2}) EXPECT_EQ(filing.parts[i][0].name(), "part-00003-00000.csv");
}

TEST(Filing, AFileOfSeveralBatchesHasOneHeader) {
  const Filing filing = FileAll({EntryOf(0, {TextPart(0, 0, "a\n", "word\n")}),
                                 EntryOf(1, {TextPart(1, 0, "b\n", "word\n")})});
  ASSERT_THAT(filing.files, SizeIs(1));
  EXPECT_EQ(filing.files[0].text, "word\na\nb\n");
  EXPECT_EQ(filing.parts[0][0].header_bytes(), 5u);
  EXPECT_EQ(filing.parts[1][0].header_bytes(), 0u);
  EXPECT_EQ(ReadOf(filing, filing.parts[1][0]), "b\n");
}

TEST(Filing, OneBatchKeepsWhatItHasInFiles) {
  const Filing filing =
      FileAll({EntryOf(0, {TextPart(0, 0, "a\n"), StagedPart(0, 1), TextPart(0, 2, "b\n")})});
  EXPECT_THAT(filing.files, SizeIs(2));
  ASSERT_THAT(filing.parts, ElementsAre(SizeIs(3)));
  EXPECT_EQ(filing.parts[0][1].file(), "batch-0");
  EXPECT_EQ(ReadOf(filing, filing.parts[0][2]), "b\n");
  EXPECT_EQ(filing.parts[0][2].file_bytes(), 0u) << "it is all of its file";
}

}  // namespace
}  // namespace wavetank::runtime
