// What the kit says of sources: of those that are built in, and of some that are wrong in one way.
#include "scenarios/testing/source_conformance.h"

#include "gtest/gtest.h"

#include "tests/scenarios/conformance_builtins.h"
#include "tests/scenarios/conformance_sources.h"

namespace wavetank::testing {
namespace {

TEST(SourceConformance, FilesOfTextAreReplayable) {
  const Conformance found = SourceConformance(TextFiles());
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_EQ(found.Sentence(),
            "text: replayable, takes nothing, pure splits, freezes; each row once")
      << found.ToText();
  ExpectRow(found, "source `text`");
}

TEST(SourceConformance, FilesOfRecordsAreReplayable) {
  for (const auto& [source, row] :
       {std::pair(RecordFiles(runtime::CsvFileSource(), "$"), "source `csv`"),
        std::pair(RecordFiles(runtime::JsonFileSource(), kJsonRecord), "source `json`")}) {
    const Conformance found = SourceConformance(source);
    EXPECT_TRUE(found.ok()) << found.ToText();
    EXPECT_EQ(found.Sentence(), source.format.name +
                                    ": replayable, takes nothing, pure splits, freezes; each row "
                                    "once")
        << found.ToText();
    ExpectRow(found, row);
  }
}

TEST(SourceConformance, RowsByTheClockAreReplayable) {
  const Conformance found = SourceConformance(RateUnderTest());
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_TRUE(found.Is("replayable")) << found.ToText();
  EXPECT_TRUE(found.Is("pure splits")) << found.ToText();
  ExpectRow(found, "source `rate`");
}

TEST(SourceConformance, EventsThatAreMadeAreReplayable) {
  for (const char* format : {"nexmark", "ad_events"}) {
    const Conformance found = SourceConformance(EventsUnderTest(format));
    EXPECT_TRUE(found.ok()) << found.ToText();
    EXPECT_TRUE(found.Is("replayable")) << found.ToText();
    EXPECT_TRUE(found.Is("takes nothing")) << found.ToText();
    EXPECT_TRUE(found.Is("pure splits")) << found.ToText();
    ExpectRow(found, std::string("source `") + format + "`");
  }
}

TEST(SourceConformance, ASocketLosesRowsWithWhoReadsIt) {
  const Conformance found = SourceConformance(SocketUnderTest());
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_TRUE(found.Is("loses rows")) << found.ToText();
  ExpectRow(found, "source `socket`");
}

TEST(SourceConformance, AJournalIsReplayable) {
  const Conformance found = SourceConformance(JournalUnderTest("journal", {}));
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_EQ(found.Sentence(),
            "journal: replayable, takes nothing, pure splits, freezes; each row once")
      << found.ToText();
}

TEST(SourceConformance, ARangeThatHoldsMoreWhenItIsReadAgainIsNotReplayable) {
  const Conformance found = SourceConformance(JournalUnderTest("growing", {.to_the_end = true}));
  EXPECT_FALSE(found.ok()) << found.ToText();
  EXPECT_TRUE(found.Is("not replayable")) << found.ToText();
  EXPECT_TRUE(found.Is("takes nothing")) << found.ToText();
  EXPECT_TRUE(found.Is("pure splits")) << found.ToText();
}

TEST(SourceConformance, ADefineThatTakesIsSeen) {
  const Conformance found = SourceConformance(JournalUnderTest("queue", {.takes = true}));
  EXPECT_FALSE(found.ok()) << found.ToText();
  EXPECT_TRUE(found.Is("takes on Define")) << found.ToText();
  EXPECT_TRUE(found.Is("loses rows")) << found.ToText();
  EXPECT_FALSE(found.Is("replayable")) << "nobody came to read a range: " << found.ToText();
}

TEST(SourceConformance, SplitsByAClockAreSeen) {
  const Conformance found = SourceConformance(JournalUnderTest("clock", {.by_the_clock = true}));
  EXPECT_FALSE(found.ok()) << found.ToText();
  EXPECT_TRUE(found.Is("impure splits")) << found.ToText();
  EXPECT_TRUE(found.Is("takes nothing")) << found.ToText();
}

TEST(SourceConformance, AStreamInMemoryIsReplayableWhileItsProcessLives) {
  const Conformance found = SourceConformance(MemoryStreamUnderTest());
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_EQ(found.Sentence(),
            "memory: replayable, takes nothing, pure splits, freezes; each row once")
      << found.ToText();
  ExpectRow(found, "source `memory`, while its process lives");
}

TEST(SourceConformance, WhatSaysThatItCannotBeReadAgainIsTakenAtItsWord) {
  const Conformance found = SourceConformance(JournalUnderTest("once", {.once = true}));
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_TRUE(found.Is("not replayable")) << found.ToText();
  EXPECT_TRUE(found.Is("loses rows")) << found.ToText();
  ExpectRow(found, "a source that gives a line once, and says so");
}

}  // namespace
}  // namespace wavetank::testing
