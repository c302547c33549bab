// The matrix of guarantees: what is promised for each kind of source, engine and kind of sink, the
// scenarios that show it, and those in which the next stronger promise is seen to break.
//
// A scenario's cells are those of the parts of its job, by the plan that this builds: what need not
// be said cannot be said wrong. Its side is that the promise holds if it expects a guarantee and no
// violation; a negative control says that it shows how the next stronger one breaks.
// docs/guarantees.md holds the text.
#ifndef WAVETANK_SCENARIOS_GUARANTEE_MATRIX_H_
#define WAVETANK_SCENARIOS_GUARANTEE_MATRIX_H_

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/job_shape.h"
#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

struct GuaranteeCell {
  std::string_view source;
  std::string_view engine;
  std::string_view sink;
  std::string_view promise;
  std::string_view stronger;  // which breaks
  // Who shows both where no scenario can: "" if scenarios do.
  std::string_view shown_by = {};
};

std::span<const GuaranteeCell> GuaranteeCells();

// The places of a part's cells among GuaranteeCells(): of a stream's output that of its source, and
// one for each operator with state or a window that its rows come by.
std::vector<size_t> CellsOf(const JobPart& part);
bool IsOfStreams(const GuaranteeCell& cell);

struct CellScenarios {
  std::vector<std::string> hold;  // "structured/words_in_update_mode"
  std::vector<std::string> break_;
  // Of those that hold.
  std::vector<std::string> zombie = {};
  std::vector<std::string> recovery_twice = {};
  std::vector<std::string> standby = {};
  std::vector<std::string> ran_twice = {};
};

// What befalls a scenario's driver, and its tasks.
struct UnderDeaths {
  bool zombie = false;          // it is replaced while it lives
  bool recovery_twice = false;  // it dies, and so do two of those that go on after it
  bool standby = false;         // one that stands by takes over
  bool ran_twice = false;       // a task is at work twice, and the second attempt ends first
};
UnderDeaths DeathsIn(const Scenario& scenario);

enum class GuaranteeSide { kHolds, kBreaks, kNeither };
// Neither: it promises nothing, shows another violation, or is of what may come to a stop.
GuaranteeSide SideOf(const Scenario& scenario);

// The table, in Markdown. `shown`: by cell.
std::string MatrixText(const std::map<size_t, CellScenarios>& shown);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_GUARANTEE_MATRIX_H_
