// What the kit says of sinks: of those that are built in, and of some that are wrong in one way.
#include "scenarios/testing/sink_conformance.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "tests/scenarios/conformance_builtins.h"
#include "tests/scenarios/conformance_sinks.h"
#include "tests/scenarios/conformance_transactions.h"

namespace wavetank::testing {
namespace {

TEST(SinkConformance, AFileSinkIsExactlyOnce) {
  const Conformance found = SinkConformance(FileSinkUnderTest(runtime::QueryOutputMode::kAppend));
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_EQ(found.Sentence(), "file: idempotent, fenced, atomic, remembers; exactly once")
      << found.ToText();
  ExpectRow(found, "sink `file`");
}

TEST(SinkConformance, AFileSinkOfWholeTablesIsExactlyOnce) {
  const Conformance found = SinkConformance(FileSinkUnderTest(runtime::QueryOutputMode::kComplete));
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_EQ(found.Sentence(), "file: idempotent, fenced, atomic, remembers; exactly once")
      << found.ToText();
  ExpectRow(found, "sink `file`, complete mode");
}

TEST(SinkConformance, AFileSinkThatIsUpdatedByKeyIsExactlyOnce) {
  const Conformance found = SinkConformance(UpdatedFiles());
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_EQ(found.Sentence(), "file: idempotent, fenced, atomic, remembers; exactly once")
      << found.ToText();
  ExpectRow(found, "sink `file`, update mode");
}

TEST(SinkConformance, FilesOfEachFormatAreExactlyOnce) {
  for (auto* const make :
       {runtime::CsvSinkFormat, runtime::JsonSinkFormat, runtime::TextSinkFormat}) {
    const runtime::SinkFormat format = make();
    const Conformance found =
        SinkConformance(FileSinkUnderTest(runtime::QueryOutputMode::kAppend, format, kOneCallOf));
    EXPECT_TRUE(found.ok()) << found.ToText();
    EXPECT_EQ(found.Sentence(),
              format.name + ": idempotent, fenced, atomic, remembers; exactly once")
        << found.ToText();
    ExpectRow(found, "sink `" + format.name + "`");
  }
}

TEST(SinkConformance, TablesInMemoryAreExactlyOnceWhileTheirProcessLives) {
  const Conformance found = SinkConformance(MemoryTablesUnderTest());
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_EQ(found.Sentence(),
            "memory: idempotent, not fenced, atomic, does not remember; exactly once")
      << found.ToText();
  ExpectRow(found, "sink `memory`, while its process lives");
}

TEST(SinkConformance, TablesInMemoryThatAreUpdatedByKeyAreExactlyOnce) {
  const Conformance found =
      SinkConformance(MemoryTablesUnderTest(runtime::QueryOutputMode::kUpdate));
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_TRUE(found.Is("exactly once")) << found.ToText();
  ExpectRow(found, "sink `memory`, update mode");
}

TEST(SinkConformance, ABatchFunctionThatKnowsItsBatchesIsExactlyOnce) {
  const Conformance found = SinkConformance(BankUnderTest("bank", /*early=*/false));
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_EQ(found.Sentence(),
            "bank: idempotent, not fenced, atomic, does not remember; exactly once")
      << found.ToText();
  ExpectRow(found, "a batch function that applies rows and batch number at once");
}

TEST(SinkConformance, AServerWithTransactionsIsExactlyOnce) {
  const Conformance found =
      SinkConformance(TransactionsUnderTest("transactions", TransactionClient::kRight));
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_EQ(found.Sentence(), "transactions: idempotent, fenced, atomic, remembers; exactly once")
      << found.ToText();
}

TEST(SinkConformance, WhatAsksForAnExpiredTransactionNeverRecovers) {
  const Conformance found =
      SinkConformance(TransactionsUnderTest("hopeful", TransactionClient::kHopeful));
  ASSERT_FALSE(found.ok()) << found.ToText();
  EXPECT_EQ(found.failures.front().check, "recovers") << found.ToText();
}

TEST(SinkConformance, WhatTakesACommitThatIsLateForOneThatNeverComesIsFoundOut) {
  const Conformance found =
      SinkConformance(TransactionsUnderTest("rash", TransactionClient::kRash));
  EXPECT_TRUE(found.Is("not fenced")) << found.ToText();
  const auto of_another =
      std::ranges::find(found.failures, "shows only what counts", &Conformance::Failure::check);
  EXPECT_NE(of_another, found.failures.end()) << found.ToText();
}

TEST(SinkConformance, WhatAcknowledgesBeforeItIsDurableMayLoseRows) {
  const Conformance found = SinkConformance(BankUnderTest("early", /*early=*/true));
  EXPECT_FALSE(found.ok()) << found.ToText();
  EXPECT_TRUE(found.Is("may lose rows")) << found.ToText();
  EXPECT_TRUE(found.Is("idempotent")) << found.ToText();
  ExpectRow(found, "a batch function whose server acknowledges what is not durable");
}

TEST(SinkConformance, AFunctionThatAddsAFileAtEachCallIsAtLeastOnce) {
  const Conformance found = SinkConformance(AddingFunction());
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_EQ(found.Sentence(),
            "adding: not idempotent, not fenced, atomic, does not remember; at least once")
      << found.ToText();
  ExpectRow(found, "a batch function that adds rows at each call");
}

TEST(SinkConformance, WhatAppendsToWhatAPowerLossLeftMayLoseRows) {
  const Conformance found =
      SinkConformance({.format = CarelessFormat<AppendingSink>("appending"), .read = ReadOut});
  EXPECT_FALSE(found.ok()) << found.ToText();
  EXPECT_TRUE(found.Is("not idempotent")) << found.ToText();
  EXPECT_TRUE(found.Is("may lose rows")) << found.ToText();
}

TEST(SinkConformance, WhatIgnoresFencesIsNotFenced) {
  const Conformance found =
      SinkConformance({.format = CarelessFormat<FileABatchSink>("unfenced"), .read = ReadOut});
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_EQ(found.Sentence(),
            "unfenced: idempotent, not fenced, atomic, does not remember; exactly once")
      << found.ToText();
}

TEST(SinkConformance, WhatShowsAPartOfABatchIsNotAtomic) {
  const Conformance found =
      SinkConformance({.format = CarelessFormat<FileAPartSink>("piecemeal"), .read = ReadOut});
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_EQ(found.Sentence(),
            "piecemeal: idempotent, not fenced, not atomic, does not remember; exactly once")
      << found.ToText();
}

}  // namespace
}  // namespace wavetank::testing
