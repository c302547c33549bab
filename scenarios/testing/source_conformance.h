// SourceConformance: says what a source is, by taking it through every place at which whoever asks
// it, whoever reads it, and what it reads from can be struck.
//
//   const testing::Conformance found = testing::SourceConformance(
//       {.format = Journal(), .description = {"journal", "in/journal", {}}, .add = AddLines});
//   EXPECT_TRUE(found.ok()) << found.ToText();
//   EXPECT_TRUE(found.Is("replayable")) << found.ToText();
//
// It is asked as the engine asks it: Begin, Define, splits of a range, their rows, Committed, each
// also by another Source on another machine; then again, once for each place of that and each way
// to strike it, in a simulated world of its own: who asks dies, its connection breaks, a request
// comes twice, a call fails, what serves dies or loses power. (Steps are places too: a source that
// calls nothing is struck between what it is asked.)
//
//   replayable     a range that was read gives the same rows, in the same order: again, after a
//                  crash and a power loss, after more input, after an earlier range is committed
//   takes nothing  Define after one offset gives the same range while nothing comes
//   pure splits    a range has the same splits, whenever and wherever it is asked
//   freezes        it can say what is there now (AvailableNow), and gives nothing beyond
//   each row once  the ranges hold every row that was added, once; else it loses or repeats rows
//
// Whoever finds nothing asks again, as the engine does: a source may have to connect first.
//
// A failure is what no source may do: rows that are fewer than there are, without an error; a range
// that is not contiguous; input that is not found; a source that says that it is replayable and is
// not.
#ifndef WAVETANK_SCENARIOS_TESTING_SOURCE_CONFORMANCE_H_
#define WAVETANK_SCENARIOS_TESTING_SOURCE_CONFORMANCE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "runtime/connectors/source_format.h"
#include "scenarios/testing/conformance.h"
#include "scenarios/testing/conformance_world.h"

namespace wavetank::testing {

struct SourceUnderTest {
  runtime::SourceFormat format;
  runtime::SourceDescription description;
  // Adds a `number`-th piece of input, at once: a file (PutFile), lines that a server has. The rows
  // that come of it, as RecordBatch::RowText has them. Null: rows come by themselves, as time
  // passes; nobody can tell then whether some are lost.
  std::function<std::vector<std::string>(ConformanceWorld& world, int64_t number)> add = nullptr;
  // Makes what stands outside anew, in each world.
  std::function<void(ConformanceWorld&)> set_up = nullptr;
  CallsStruck calls_struck = {};
};

Conformance SourceConformance(const SourceUnderTest& source);

}  // namespace wavetank::testing

#endif  // WAVETANK_SCENARIOS_TESTING_SOURCE_CONFORMANCE_H_
