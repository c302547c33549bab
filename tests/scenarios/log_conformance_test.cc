// What the kit says of the partitioned log.
#include "gtest/gtest.h"

#include "tests/scenarios/conformance_builtins.h"
#include "tests/scenarios/conformance_logs.h"

namespace wavetank::testing {
namespace {

TEST(LogConformance, ItsSourceIsReplayable) {
  const Conformance found = SourceConformance(LogSourceUnderTest());
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_EQ(found.Sentence(), "log: replayable, takes nothing, pure splits, freezes; each row once")
      << found.ToText();
  ExpectRow(found, "source `log`");
}

TEST(LogConformance, ItsSinkIsExactlyOnceWithTransactions) {
  const Conformance found = SinkConformance(LogSinkUnderTest("transactional"));
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_EQ(found.Sentence(),
            "log: idempotent, not fenced, atomic, does not remember; exactly once")
      << found.ToText();
  ExpectRow(found, "sink `log`, transactional");
}

TEST(LogConformance, ItsSinkIsAtLeastOnceWithSequencesAlone) {
  const Conformance found = SinkConformance(LogSinkUnderTest("idempotent", kOneCallOf));
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_TRUE(found.Is("at least once")) << found.ToText();
  ExpectRow(found, "sink `log`, idempotent");
}

TEST(LogConformance, ItsSinkIsAtLeastOnceWithoutEither) {
  const Conformance found = SinkConformance(LogSinkUnderTest("plain", kOneCallOf));
  EXPECT_TRUE(found.ok()) << found.ToText();
  EXPECT_TRUE(found.Is("at least once")) << found.ToText();
  ExpectRow(found, "sink `log`, plain");
}

}  // namespace
}  // namespace wavetank::testing
