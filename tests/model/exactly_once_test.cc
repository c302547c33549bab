#include "tests/model/exactly_once.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::model {
namespace {

using properties::BatchPhase;
using properties::BatchTransition;
using Is = properties::BatchStep::Is;

constexpr BatchBounds kOneBatch{.drivers = 2, .batches = 1};
constexpr BatchBounds kTwoBatches{.drivers = 2, .batches = 2, .attempts = 1};
constexpr BatchBounds kOneDriver{.drivers = 1, .batches = 3};

// The counts are those of the specification that design.md names, in another language.
TEST(MicroBatchModel, HoldsInEveryStateAndTheyAreThoseOfTheSpecification) {
  struct Instance {
    BatchBounds bounds;
    int64_t states;
  };
  for (const auto& [bounds, states] :
       {Instance{{.drivers = 1, .batches = 2}, 435},
        Instance{{.drivers = 2, .batches = 1, .attempts = 1, .fences = 1, .expiries = 0}, 1'385},
        Instance{kOneBatch, 37'414}, Instance{kTwoBatches, 20'827}}) {
    const BatchVerdict verdict = ExhaustBatches(bounds);
    EXPECT_EQ(verdict.broken, "");
    EXPECT_EQ(verdict.states, states);
  }
}

TEST(MicroBatchModel, EachRuleIsNeeded) {
  for (const BatchRuleText& rule : BatchRules()) {
    bool breaks = false;
    for (const BatchBounds& bounds : {kOneBatch, kTwoBatches}) {
      breaks = breaks || !ExhaustBatches(bounds, rule.rule).broken.empty();
    }
    EXPECT_TRUE(breaks) << rule.name << ": " << rule.without;
  }
}

// What runs are judged by (properties/micro_batch_protocol.h) allows what the protocol does, and
// nothing that it never does, but for what only the product has: a commit that shares its group
// with the next definition, and a stop in good order.
TEST(MicroBatchModel, TakesEachTransitionThatRunsAreJudgedByAndNoOther) {
  std::set<std::pair<BatchPhase, Is>> taken;
  for (const BatchBounds& bounds : {kOneBatch, kTwoBatches, kOneDriver}) {
    const BatchVerdict verdict = ExhaustBatches(bounds);
    EXPECT_EQ(verdict.not_allowed, "");
    taken.insert(verdict.taken.begin(), verdict.taken.end());
  }
  for (const BatchTransition& transition : properties::BatchTransitions()) {
    const bool of_the_product_alone = transition.from == BatchPhase::kShownAndPlanned ||
                                      transition.to == BatchPhase::kShownAndPlanned ||
                                      transition.step == Is::kStopped;
    EXPECT_EQ(taken.contains({transition.from, transition.step}), !of_the_product_alone)
        << "phase " << static_cast<int>(transition.from) << ", step "
        << static_cast<int>(transition.step);
  }
}

// A driver that breaks a rule is seen to by its steps alone, where they tell.
TEST(MicroBatchModel, WhatARuleForbidsIsNotAllowed) {
  for (const BatchRule rule :
       {BatchRule::kDefineFirst, BatchRule::kPreparedBeforeSink, BatchRule::kKeepPrepared}) {
    EXPECT_NE(ExhaustBatches(kOneDriver, rule).not_allowed, "") << static_cast<int>(rule);
  }
  // The model ends where the log has the commit, before the driver tells of it.
  EXPECT_EQ(properties::After({BatchPhase::kPrepared, 3}, {Is::kCommitted, 3}), std::nullopt);
}

}  // namespace
}  // namespace wavetank::model
