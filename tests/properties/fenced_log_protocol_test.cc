#include "properties/fenced_log_protocol.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::properties {
namespace {

using testing::HasSubstr;

// Owners of one log, called by the nodes that they are.
class FencedLogFollowed : public testing::Test {
 protected:
  std::string Tell(const std::string& owner, const LogStep& step) {
    return protocol_.Observe("checkpoint/log", owner, step);
  }
  std::string Created(int64_t epoch, const std::string& owner = "") {
    return Tell(Named(epoch, owner), {.is = LogStep::Is::kCreated, .epoch = epoch});
  }
  // Through segment `segment` of epoch `base`.
  std::string Read(int64_t epoch, int64_t base, int64_t records, int64_t segment = 0) {
    return Tell(Named(epoch), {.is = LogStep::Is::kRead,
                               .epoch = epoch,
                               .base = base,
                               .segment = segment,
                               .records = records,
                               .refusing = refusing_});
  }
  std::string Sealed(int64_t epoch, int64_t base, int64_t records) {
    return Tell(Named(epoch),
                {.is = LogStep::Is::kSealed, .epoch = epoch, .base = base, .records = records});
  }
  std::string TakenOver(int64_t epoch, int64_t records) {
    return Tell(Named(epoch), {.is = LogStep::Is::kTakenOver, .epoch = epoch, .records = records});
  }
  std::string Appended(int64_t epoch, int64_t sequence, int64_t records) {
    return Tell(
        Named(epoch),
        {.is = LogStep::Is::kAppended, .epoch = epoch, .sequence = sequence, .records = records});
  }
  std::string Counts(int64_t epoch, int64_t sequence) {
    return Tell(Named(epoch), {.is = LogStep::Is::kCounts, .epoch = epoch, .sequence = sequence});
  }
  std::string Begun(int64_t epoch, int64_t segment, int64_t records) {
    return Tell(
        Named(epoch),
        {.is = LogStep::Is::kSegmentBegun, .epoch = epoch, .segment = segment, .records = records});
  }
  std::string Removed(int64_t epoch, int64_t segment) {
    return Tell(Named(epoch),
                {.is = LogStep::Is::kOlderRemoved, .epoch = epoch, .segment = segment});
  }
  std::string Fenced(int64_t epoch) {
    return Tell(Named(epoch), {.is = LogStep::Is::kFenced, .epoch = epoch});
  }

  // Epoch 1 is taken over, and has so many groups of a record that count.
  void FirstOwner(int64_t groups) {
    EXPECT_EQ(Created(1), "");
    EXPECT_EQ(Read(1, 0, 0), "");
    EXPECT_EQ(Sealed(1, 0, 0), "");
    EXPECT_EQ(TakenOver(1, 0), "");
    EXPECT_EQ(Removed(1, 0), "");
    for (int64_t sequence = 1; sequence <= groups; ++sequence) {
      EXPECT_EQ(Appended(1, sequence, 1), "");
      EXPECT_EQ(Counts(1, sequence), "");
    }
  }
  void TakesOver(int64_t epoch, int64_t base, int64_t records) {
    EXPECT_EQ(Created(epoch), "");
    EXPECT_EQ(Read(epoch, base, records), "");
    EXPECT_EQ(Sealed(epoch, base, records), "");
    EXPECT_EQ(TakenOver(epoch, records), "");
  }

  FencedLogProtocol protocol_;
  bool refusing_ = false;

 private:
  static std::string Named(int64_t epoch, const std::string& owner = "") {
    return owner.empty() ? "app#" + std::to_string(epoch) + "/driver" : owner;
  }
};

// As in a run: each says what is not allowed, once.
constexpr const char* kNever = ", which the protocol does not allow";
std::string Refused(const std::string& what) { return "owner of epoch " + what + kNever; }

TEST_F(FencedLogFollowed, FollowsOwnersOneAfterAnother) {
  FirstOwner(2);
  EXPECT_EQ(Begun(1, 1, 1), "");  // two that amount to one
  EXPECT_EQ(Removed(1, 1), "");
  EXPECT_EQ(Appended(1, 1, 3), "");
  // Dead before it could say that they count: the next one has them.
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Read(2, 1, 4, 1), "");
  EXPECT_EQ(Sealed(2, 1, 4), "");
  EXPECT_EQ(TakenOver(2, 4), "");
  EXPECT_EQ(Appended(2, 1, 1), "");
  EXPECT_EQ(Counts(2, 1), "");
}

TEST_F(FencedLogFollowed, FollowsWhoStoodStill) {
  FirstOwner(1);
  EXPECT_EQ(Created(2), "");
  // It did not see the group that comes now, or did: either is told by how much it read.
  EXPECT_EQ(Appended(1, 2, 5), "");
  EXPECT_EQ(Read(2, 1, 6), "");
  EXPECT_EQ(Fenced(1), "");
  EXPECT_EQ(Sealed(2, 1, 6), "");
  EXPECT_EQ(TakenOver(2, 6), "");
  EXPECT_EQ(Fenced(1), "");
}

TEST_F(FencedLogFollowed, FollowsWhoIsOvertaken) {
  FirstOwner(1);
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Read(2, 1, 1), "");
  EXPECT_EQ(Created(3), "");
  EXPECT_EQ(Read(3, 1, 1), "");
  EXPECT_EQ(Sealed(2, 1, 1), "");
  EXPECT_EQ(Fenced(2), "");
  EXPECT_EQ(Sealed(3, 1, 1), "");
  EXPECT_EQ(TakenOver(3, 1), "");
  EXPECT_EQ(Removed(3, 0), "");
  // The epoch's file is gone: somebody who saw none when it began creates it once more.
  EXPECT_EQ(Created(1, "app#9/driver"), "");
  EXPECT_EQ(Tell("app#9/driver", {.is = LogStep::Is::kFenced, .epoch = 1}), "");
}

TEST_F(FencedLogFollowed, FollowsAStoreThatRefusesAndAnswersLate) {
  refusing_ = true;
  FirstOwner(1);
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Read(2, 1, 3), "");
  // It was done before there was epoch 2, and is answered now.
  EXPECT_EQ(Appended(1, 2, 2), "");
  EXPECT_EQ(Counts(1, 2), "");
  EXPECT_THAT(Appended(1, 3, 1), HasSubstr("though the store refuses what is late"));
}

TEST_F(FencedLogFollowed, KnowsLogsApart) {
  FirstOwner(1);
  const LogStep created{.is = LogStep::Is::kCreated, .epoch = 1};
  EXPECT_EQ(protocol_.Observe("output/_wavetank", "app#1/driver", created), "");
  EXPECT_EQ(protocol_.Observe("output/_wavetank", "app#2/driver", created),
            "owner of epoch 1 of log output/_wavetank creates its epoch though app#1/driver has "
            "created it: an epoch has one owner, which the protocol does not allow");
}

TEST_F(FencedLogFollowed, RefusesWhatIsOutOfOrder) {
  EXPECT_EQ(Read(1, 0, 0),
            Refused("1 of log checkpoint/log reads 0 records of no epoch after nothing"));
  EXPECT_EQ(TakenOver(1, 0),
            Refused("1 of log checkpoint/log takes over 0 records after reading what counts"));
  // Said once: it goes on from there.
  EXPECT_EQ(Appended(1, 1, 1), "");
  EXPECT_EQ(Appended(1, 2, 1),
            Refused("1 of log checkpoint/log appends 1 records of sequence 2 after appending"));
  EXPECT_EQ(Counts(1, 1), Refused("1 of log checkpoint/log counts records of sequence 1 after "
                                  "appending sequence 2"));
  EXPECT_EQ(Begun(1, 2, 2), Refused("1 of log checkpoint/log begins segment 2 upon 2 records "
                                    "behind segment 0"));
  EXPECT_EQ(Removed(1, 1), Refused("1 of log checkpoint/log removes what is older than segment 1 "
                                   "in segment 2"));
  EXPECT_EQ(Appended(1, 4, 1), Refused("1 of log checkpoint/log appends 1 records of sequence 4 "
                                       "behind sequence 0"));
}

TEST_F(FencedLogFollowed, RefusesAnOwnerThatTakesOverOtherThanItRead) {
  FirstOwner(2);
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Read(2, 1, 2), "");
  EXPECT_EQ(Sealed(2, 0, 2), Refused("2 of log checkpoint/log seals 2 records with base 0 though "
                                     "it read through 1"));
  EXPECT_EQ(TakenOver(2, 1),
            Refused("2 of log checkpoint/log takes over 1 records though it read 2"));
}

TEST_F(FencedLogFollowed, RefusesAReaderThatLacksWhatWasDurable) {
  FirstOwner(2);
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Read(2, 1, 1),
            Refused("2 of log checkpoint/log reads 1 records through segment 0 of epoch 1 though "
                    "segment 0 of epoch 1 with 2 groups was durable before its epoch came into "
                    "being"));
}

TEST_F(FencedLogFollowed, RefusesAReaderThatGoesOnFromAnOlderSegment) {
  FirstOwner(2);
  EXPECT_EQ(Begun(1, 1, 2), "");
  EXPECT_EQ(Created(2), "");
  EXPECT_THAT(Read(2, 1, 2), HasSubstr("though segment 1 of epoch 1 with 0 groups was durable"));
}

// Each lists names as of one instant, and the older one saw nothing of the newer.
TEST_F(FencedLogFollowed, RefusesAReaderThatLacksWhatAnOlderOneSaw) {
  EXPECT_EQ(Created(1), "");
  EXPECT_EQ(Read(1, 0, 0), "");
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Created(3), "");
  EXPECT_EQ(Read(2, 1, 0), "");
  EXPECT_EQ(Read(3, 0, 0), Refused("3 of log checkpoint/log reads 0 records of no epoch though "
                                   "segment 0 of epoch 1 with 0 groups was durable before its "
                                   "epoch came into being"));
}

TEST_F(FencedLogFollowed, RefusesAReaderThatSawWhatANewerOneLacks) {
  EXPECT_EQ(Created(1), "");
  EXPECT_EQ(Read(1, 0, 0), "");
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Created(3), "");
  EXPECT_EQ(Read(3, 0, 0), "");
  EXPECT_EQ(Read(2, 1, 0), Refused("2 of log checkpoint/log reads 0 records through segment 0 of "
                                   "epoch 1 though epoch 3, which it did not see, has read through "
                                   "nothing"));
}

TEST_F(FencedLogFollowed, RefusesAReaderOfPartOfAGroup) {
  FirstOwner(0);
  EXPECT_EQ(Appended(1, 1, 3), "");
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Read(2, 1, 2),
            Refused("2 of log checkpoint/log reads 2 records through segment 0 of epoch 1 which "
                    "its seal of 0 records and its 1 groups of 3 do not give"));
}

TEST_F(FencedLogFollowed, RefusesAReaderOfWhatNobodyHasWritten) {
  FirstOwner(1);
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Created(3), "");
  EXPECT_EQ(Read(3, 2, 1), Refused("3 of log checkpoint/log reads 1 records through segment 0 of "
                                   "epoch 2 which nobody has begun"));
}

TEST_F(FencedLogFollowed, RefusesAReaderUnderANewerEpoch) {
  FirstOwner(1);
  EXPECT_EQ(Created(3), "");
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Read(2, 1, 1), Refused("2 of log checkpoint/log reads 1 records through segment 0 of "
                                   "epoch 1 though it looks for a newer owner before, and epoch 3 "
                                   "was there before it looked"));
}

TEST_F(FencedLogFollowed, RefusesAnOwnerThatDoesNotLookAfterItsSeal) {
  FirstOwner(1);
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Read(2, 1, 1), "");
  EXPECT_EQ(Created(3), "");
  EXPECT_EQ(Sealed(2, 1, 1), "");
  EXPECT_EQ(TakenOver(2, 1), Refused("2 of log checkpoint/log takes over 1 records though it looks "
                                     "for a newer owner after its seal, and epoch 3 was there "
                                     "before"));
}

TEST_F(FencedLogFollowed, RefusesAnOwnerThatDoesNotLookAfterItsAppend) {
  FirstOwner(4);
  TakesOver(2, 1, 4);
  EXPECT_EQ(Appended(1, 5, 1), "");
  EXPECT_EQ(Counts(1, 5), Refused("1 of log checkpoint/log counts records of sequence 5 though it "
                                  "looks for a newer owner after it has appended, and epoch 2 was "
                                  "there before"));
}

TEST_F(FencedLogFollowed, RefusesAnOwnerThatDoesNotLookBeforeItRemoves) {
  FirstOwner(1);
  TakesOver(2, 1, 1);
  EXPECT_EQ(Begun(1, 1, 1), "");
  EXPECT_EQ(Removed(1, 1), Refused("1 of log checkpoint/log removes what is older than segment 1 "
                                   "though it looks for a newer owner after its seal and before "
                                   "it removes anything, and epoch 2 was there before"));
}

TEST_F(FencedLogFollowed, RefusesASuccessorWithoutWhatCounts) {
  refusing_ = true;
  FirstOwner(1);
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Appended(1, 2, 1), "");  // done before, and answered now
  EXPECT_EQ(Read(2, 1, 1),
            Refused("2 of log checkpoint/log reads 1 records through segment 0 of epoch 1 though "
                    "their owner has acted on segment 0 of epoch 1 with 2 groups"));
}

TEST_F(FencedLogFollowed, RefusesAGroupThatItsSuccessorLeftOut) {
  refusing_ = true;
  FirstOwner(1);
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Read(2, 1, 1), "");
  EXPECT_EQ(Appended(1, 2, 2), Refused("1 of log checkpoint/log appends 2 records of sequence 2 "
                                       "though epoch 2 has read the log through segment 0 of "
                                       "epoch 1 with 1 groups, without that"));
}

TEST_F(FencedLogFollowed, RefusesASegmentThatItsSuccessorLeftOut) {
  refusing_ = true;
  FirstOwner(1);
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Read(2, 1, 1), "");
  EXPECT_THAT(Begun(1, 1, 1), HasSubstr("begins segment 1 upon 1 records though epoch 2 has read "
                                        "the log through segment 0 of epoch 1 with 1 groups"));
}

TEST_F(FencedLogFollowed, RefusesAGroupThatWasReadOtherwise) {
  FirstOwner(1);
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Read(2, 1, 3), "");
  EXPECT_EQ(Appended(1, 2, 1), Refused("1 of log checkpoint/log appends 1 records of sequence 2 "
                                       "though a new owner has read a group of 2 records there "
                                       "before"));
}

TEST_F(FencedLogFollowed, RefusesASealThatWasReadOtherwise) {
  FirstOwner(1);
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Read(2, 1, 1), "");
  EXPECT_EQ(Created(3), "");
  EXPECT_EQ(Read(3, 2, 0), "");  // what the seal amounts to, nobody has said yet
  EXPECT_EQ(Sealed(2, 1, 1), Refused("2 of log checkpoint/log seals 1 records with base 1 though a "
                                     "new owner has read 0 there"));
}

TEST_F(FencedLogFollowed, RefusesASealThatLeavesSomethingOut) {
  FirstOwner(2);
  TakesOver(2, 1, 2);
  EXPECT_EQ(Created(3), "");
  EXPECT_EQ(Read(3, 2, 1), Refused("3 of log checkpoint/log reads 1 records through segment 0 of "
                                   "epoch 2 which its seal of 2 records and its 0 groups of 0 do "
                                   "not give"));
}

TEST_F(FencedLogFollowed, RefusesWhatIsSentToAStoreThatRefuses) {
  refusing_ = true;
  FirstOwner(1);
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Read(2, 1, 1), "");
  EXPECT_EQ(Created(3), "");
  EXPECT_EQ(Read(3, 1, 1), "");
  EXPECT_THAT(Sealed(2, 1, 1), HasSubstr("without that"));
  EXPECT_EQ(Fenced(2), Refused("2 of log checkpoint/log finds a newer owner after sealing its "
                               "predecessors"));
}

TEST_F(FencedLogFollowed, RefusesWhoGoesOnAfterItFoundANewerOwner) {
  FirstOwner(1);
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Fenced(2), "");
  EXPECT_EQ(Read(2, 1, 1), Refused("2 of log checkpoint/log reads 1 records through segment 0 of "
                                   "epoch 1 after finding a newer owner before it had taken the "
                                   "log over"));
}

// Where files were lost or put back, each owner is held to its own steps alone.
TEST_F(FencedLogFollowed, InDoubtEachIsFollowedAlone) {
  FirstOwner(2);
  protocol_.Doubt();
  EXPECT_EQ(Created(1, "app#2/driver"), "");
  EXPECT_EQ(Created(2), "");
  EXPECT_EQ(Read(2, 1, 1), "");
  EXPECT_EQ(Appended(1, 3, 1), "");
  EXPECT_EQ(Counts(1, 3), "");
  EXPECT_THAT(TakenOver(2, 1), HasSubstr("after reading what counts"));
}

TEST(FencedLogSteps, AreKnownByTheirNames) {
  const platform::StepAttribute read[] = {
      {"epoch", int64_t{7}},   {"base", int64_t{6}},     {"segment", int64_t{2}},
      {"records", int64_t{9}}, {"refusing", int64_t{1}}, {"log", std::string_view("a/log")}};
  const auto told = LogStepOf("fenced_log.predecessors_read", read);
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->log, "a/log");
  const LogStep expected{.is = LogStep::Is::kRead,
                         .epoch = 7,
                         .base = 6,
                         .segment = 2,
                         .records = 9,
                         .refusing = true};
  EXPECT_EQ(told->step, expected);
  EXPECT_EQ(LogStepOf("fenced_log.fenced", {})->step.is, LogStep::Is::kFenced);
  EXPECT_EQ(LogStepOf("fenced_log.older_removed", {})->step.is, LogStep::Is::kOlderRemoved);
  EXPECT_EQ(LogStepOf("fenced_log.removed", {}), std::nullopt);
  EXPECT_EQ(LogStepOf("batch.defined", {}), std::nullopt);
}

}  // namespace
}  // namespace wavetank::properties
