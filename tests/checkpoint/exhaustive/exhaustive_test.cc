// `make test`: every script of up to 2 operations, 8 or 9 pending items; `make crashes`, and CI: 3;
// `make exhaust`: 4, and 12 pending items.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <ostream>
#include <string>

#include "gtest/gtest.h"

#include "tests/checkpoint/exhaustive/subjects.h"

namespace wavetank::checkpoint {
namespace {

struct SubjectCase {
  const char* name;
  std::unique_ptr<CrashSubject> (*make)();
  size_t pending_items = 8;  // what covers every point of its scripts
};
void PrintTo(const SubjectCase& subject, std::ostream* out) { *out << subject.name; }

class Exhaustive : public testing::TestWithParam<SubjectCase> {};

TEST_P(Exhaustive, RecoveryKeepsEveryPromiseFromEveryImage) {
  const std::unique_ptr<CrashSubject> subject = GetParam().make();
  Bound bound;
  bound.operations = 2;
  bound.pending_items = GetParam().pending_items;
  if (const char* operations = std::getenv("EXHAUST_OPERATIONS"); operations != nullptr) {
    bound.operations = std::atoi(operations);
    ASSERT_GT(bound.operations, 0) << "EXHAUST_OPERATIONS is " << operations;
    if (bound.operations > 3) bound.pending_items = 12;
  }
  std::string broken;
  const ExplorerCounts counts = Explore(*subject, bound, broken);
  EXPECT_EQ(broken, "");
  std::printf(
      "%s: bound %d operations, %zu pending items, crash during recovery to depth %d: %lld "
      "scripts, "
      "%lld points (%lld beyond the bound, at most %zu items): %lld distinct images (%lld after a "
      "crash, %lld after a power loss, %lld in recovery), %lld recoveries run\n",
      subject->name().c_str(), bound.operations, bound.pending_items, bound.strike_recovery ? 1 : 0,
      static_cast<long long>(counts.scripts), static_cast<long long>(counts.points),
      static_cast<long long>(counts.points_outside), counts.most_pending,
      static_cast<long long>(counts.images()), static_cast<long long>(counts.after_crash),
      static_cast<long long>(counts.after_power_loss), static_cast<long long>(counts.in_recovery),
      static_cast<long long>(counts.recoveries_run));
  EXPECT_EQ(counts.points_outside, 0) << "the bound does not cover every point";
}

INSTANTIATE_TEST_SUITE_P(Subjects, Exhaustive,
                         testing::Values(SubjectCase{"Store", &StoreSubject},
                                         SubjectCase{"FencedLog", &FencedLogSubject},
                                         SubjectCase{"Segments", &SegmentsSubject},
                                         SubjectCase{"CompactedLog", &CompactedLogSubject},
                                         SubjectCase{"QueryLog", &QueryLogSubject},
                                         SubjectCase{"GraphLog", &GraphLogSubject},
                                         SubjectCase{"StateStore", &StateStoreSubject},
                                         SubjectCase{"TwoOperators", &TwoOperatorsSubject, 9}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace wavetank::checkpoint
