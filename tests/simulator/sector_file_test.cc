#include "simulator/sector_file.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace wavetank::simulator {
namespace {

using platform::Random;

constexpr int kSeeds = 400;

std::string Sector(char fill) { return std::string(kSectorBytes, fill); }
std::string Stale(Random&) { return Sector('~'); }

// What is left of a file by each of many power losses.
template <typename Prepare>
std::set<std::string> Outcomes(Prepare prepare) {
  std::set<std::string> outcomes;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    int64_t used = 0;
    SectorFile file(used);
    prepare(file);
    file.PowerLoss(Random(seed), Stale);
    EXPECT_FALSE(file.pending());
    outcomes.insert(file.content());
    EXPECT_EQ(used, static_cast<int64_t>(file.size()));
  }
  return outcomes;
}

TEST(SectorFile, PowerLossKeepsSyncedBytes) {
  const auto outcomes = Outcomes([](SectorFile& file) {
    file.Write(0, "synced");
    file.Sync(file.SyncPoint());
  });
  EXPECT_EQ(outcomes, std::set<std::string>{"synced"});
}

TEST(SectorFile, OverwrittenSectorHasAnyValueSinceTheLastSync) {
  const auto outcomes = Outcomes([](SectorFile& file) {
    file.Write(0, Sector('0'));
    file.Sync(file.SyncPoint());
    for (const char value : {'1', '2', '3'}) file.Write(0, Sector(value));
  });
  EXPECT_EQ(outcomes, (std::set<std::string>{Sector('0'), Sector('1'), Sector('2'), Sector('3')}));
}

TEST(SectorFile, WhatAFailedSyncLostMayLeaveTheCache) {
  int64_t used = 0;
  SectorFile file(used);
  file.Write(0, "old");
  file.Sync(file.SyncPoint());
  file.Write(0, "newer");
  const uint64_t point = file.SyncPoint();
  file.Write(7, "later");
  file.FailSync(point);
  EXPECT_EQ(file.content(), std::string("newer\0\0later", 12));
  file.ForgetLost();
  EXPECT_EQ(file.content(), std::string("old\0\0\0\0later", 12));
  file.Sync(file.SyncPoint());
  EXPECT_EQ(file.durable(), std::string("old\0\0\0\0later", 12));
  file.Write(0, "gone, and the size with it");
  file.FailSync(file.SyncPoint());
  file.ForgetLost();
  EXPECT_EQ(file.size(), 12u);
  EXPECT_EQ(used, 12);
  EXPECT_FALSE(file.pending());
}

TEST(SectorFile, SectorsAreDecidedEachByItself) {
  const auto outcomes = Outcomes([](SectorFile& file) {
    file.Write(0, Sector('a') + Sector('a'));
    file.Sync(file.SyncPoint());
    file.Write(0, Sector('b') + Sector('b'));
  });
  EXPECT_EQ(outcomes,
            (std::set<std::string>{Sector('a') + Sector('a'), Sector('a') + Sector('b'),
                                   Sector('b') + Sector('a'), Sector('b') + Sector('b')}));
}

TEST(SectorFile, AppendedSpaceMayBeAbsentPartlyThereZeroOrStale) {
  const auto outcomes = Outcomes([](SectorFile& file) {
    file.Write(0, "head");
    file.Sync(file.SyncPoint());
    file.Write(4, "tail");
  });
  for (const std::string& expected :
       {std::string("head"), std::string("headtail"), std::string("headta"),
        std::string("head\0\0\0\0", 8), std::string("head~~~~")}) {
    EXPECT_TRUE(outcomes.contains(expected)) << expected;
  }
  for (const std::string& outcome : outcomes) EXPECT_EQ(outcome.substr(0, 4), "head");
}

TEST(SectorFile, TruncationMayBeUndone) {
  const auto outcomes = Outcomes([](SectorFile& file) {
    file.Write(0, Sector('a') + Sector('b'));
    file.Sync(file.SyncPoint());
    file.Truncate(0);
  });
  EXPECT_TRUE(outcomes.contains(""));
  EXPECT_TRUE(outcomes.contains(Sector('a') + Sector('b')));
}

TEST(SectorFile, SyncCoversOnlyWhatWasWrittenBeforeItBegan) {
  const auto outcomes = Outcomes([](SectorFile& file) {
    file.Write(0, Sector('1'));
    const uint64_t point = file.SyncPoint();
    file.Write(0, Sector('2'));
    file.Sync(point);
  });
  EXPECT_EQ(outcomes, (std::set<std::string>{Sector('1'), Sector('2')}));
}

TEST(SectorFile, FailedSyncLosesPagesThoughTheNextOneSucceeds) {
  const auto outcomes = Outcomes([](SectorFile& file) {
    file.Write(0, Sector('0') + Sector('0'));
    file.Sync(file.SyncPoint());
    file.Write(0, Sector('1'));
    file.FailSync(file.SyncPoint());
    EXPECT_EQ(file.content().substr(0, kSectorBytes), Sector('1')) << "readers still see it";
    file.Write(kSectorBytes, Sector('2'));
    file.Sync(file.SyncPoint());
  });
  EXPECT_EQ(outcomes,
            (std::set<std::string>{Sector('0') + Sector('2'), Sector('1') + Sector('2')}));
}

TEST(SectorFile, SectorWrittenAgainAfterAFailedSyncIsWholeAgain) {
  const auto outcomes = Outcomes([](SectorFile& file) {
    file.Write(0, "first ");
    file.FailSync(file.SyncPoint());
    file.Write(6, "second");
    file.Sync(file.SyncPoint());
  });
  EXPECT_EQ(outcomes, std::set<std::string>{"first second"});
}

// Random writes, truncations, syncs and failed syncs.
void DoSomething(SectorFile& file, Random& random) {
  switch (random.Below(6)) {
    case 0:
      return file.Truncate(random.Below(3000));
    case 1:
      return file.Sync(file.SyncPoint());
    case 2:
      return file.FailSync(file.SyncPoint());
    default: {
      const uint64_t offset = random.Below(2000);
      const uint64_t length = 1 + random.Below(1500);
      return file.Write(offset, std::string(length, static_cast<char>('a' + random.Below(26))));
    }
  }
}

TEST(SectorFile, DurablePrefixSurvivesEveryPowerLossAndReadersSeeEveryWrite) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    int64_t used = 0;
    SectorFile file(used);
    Random random(seed);
    const uint64_t operations = random.Below(12);
    for (uint64_t operation = 0; operation < operations; ++operation) DoSomething(file, random);
    const std::string sure(file.DurablePrefix());
    EXPECT_EQ(file.content().substr(0, sure.size()), sure) << "seed " << seed;
    file.PowerLoss(random.Fork("loss"), Stale);
    EXPECT_EQ(file.content().substr(0, sure.size()), sure) << "seed " << seed;
  }
}

// Every outcome, by enumeration.
template <typename Prepare>
std::set<std::string> EveryOutcome(Prepare prepare) {
  std::set<std::string> outcomes;
  EveryLoss loss;
  do {
    int64_t used = 0;
    SectorFile original(used);
    prepare(original);
    SectorFile file(used);
    file.CopyFrom(original);
    file.PowerLoss(loss, Sector('~'));
    outcomes.insert(file.content());
  } while (loss.Advance());
  return outcomes;
}

TEST(SectorFile, EveryLossOfAnOverwrittenSectorGivesEachValueOnce) {
  const auto outcomes = EveryOutcome([](SectorFile& file) {
    file.Write(0, Sector('0') + Sector('a'));
    file.Sync(file.SyncPoint());
    file.Write(0, Sector('1'));
    file.Write(0, Sector('2') + Sector('b'));
  });
  std::set<std::string> expected;
  for (const char first : {'0', '1', '2'}) {
    for (const char second : {'a', 'b'}) expected.insert(Sector(first) + Sector(second));
  }
  EXPECT_EQ(outcomes, expected);
}

TEST(SectorFile, EveryLossOfAppendedSectorsHasOldSizesZerosAndStaleBytes) {
  const auto outcomes = EveryOutcome([](SectorFile& file) {
    file.Write(0, Sector('0'));
    file.Sync(file.SyncPoint());
    file.Write(kSectorBytes, Sector('1'));
  });
  EXPECT_EQ(outcomes,
            (std::set<std::string>{Sector('0'), Sector('0') + Sector('\0'),
                                   Sector('0') + Sector('1'), Sector('0') + Sector('~')}));
}

// The random losses are among the enumerated ones, as far as those cover them: a whole file size.
TEST(SectorFile, ARandomLossIsOneOfEvery) {
  const auto prepare = [](SectorFile& file) {
    file.Write(0, Sector('0') + Sector('a'));
    file.Sync(file.SyncPoint());
    file.Write(100, "xyz");
    file.Write(kSectorBytes, Sector('b'));
  };
  const std::set<std::string> every = EveryOutcome(prepare);
  const std::set<std::string> random = Outcomes(prepare);
  EXPECT_EQ(random, every);
}

TEST(SectorFile, DamageIsSeenAtOnceAndSurvivesAPowerLoss) {
  const auto outcomes = Outcomes([](SectorFile& file) {
    file.Write(0, "0123456789");
    file.Sync(file.SyncPoint());
    file.Damage(8, "xyz");
    EXPECT_EQ(file.content(), "01234567xy") << "it does not grow";
    EXPECT_EQ(file.DurablePrefix(), "01234567xy");
  });
  EXPECT_EQ(outcomes, std::set<std::string>{"01234567xy"});
}

TEST(SectorFile, DamageSparesWhatIsNotSyncedAndIsRepairedByIt) {
  const auto outcomes = Outcomes([](SectorFile& file) {
    file.Write(0, "aaa");
    file.Sync(file.SyncPoint());
    file.Write(1, "b");
    file.Damage(0, "xxx");
    EXPECT_EQ(file.content(), "xbx");
  });
  EXPECT_EQ(outcomes, (std::set<std::string>{"xbx", "xxx"}));
  const auto synced = Outcomes([](SectorFile& file) {
    file.Write(0, "aaa");
    file.Sync(file.SyncPoint());
    file.Write(1, "b");
    file.Damage(0, "xxx");
    file.Sync(file.SyncPoint());
  });
  EXPECT_EQ(synced, std::set<std::string>{"xbx"});
}

}  // namespace
}  // namespace wavetank::simulator
