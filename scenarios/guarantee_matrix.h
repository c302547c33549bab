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

// The place of a part's cell among GuaranteeCells().
size_t CellOf(const JobPart& part);

struct CellScenarios {
  std::vector<std::string> hold;  // "structured/words_in_update_mode"
  std::vector<std::string> break_;
};

enum class GuaranteeSide { kHolds, kBreaks, kNeither };
// Neither: it promises nothing, shows another violation, or is of what may come to a stop.
GuaranteeSide SideOf(const Scenario& scenario);

// The table, in Markdown. `shown`: by cell.
std::string MatrixText(const std::map<size_t, CellScenarios>& shown);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_GUARANTEE_MATRIX_H_
