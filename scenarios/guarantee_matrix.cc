#include "scenarios/guarantee_matrix.h"

#include <algorithm>
#include <set>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "runtime/dstream/input_operators.h"
#include "runtime/dstream/state_operator.h"

namespace wavetank::scenarios {
namespace {

// The order of the rows is that of the enumeration.
enum Cell : size_t {
  kUpdate,
  kRows,
  kOneRow,
  kComplete,
  kWindows,
  kTextFiles,
  kSocket,
  kKeptLines,
  kLog,
  kLogAgain,
  kLogStream,
  kWindow,
  kInverse,
  kUpdateState,
  kMapWithState,
  kObjectFiles
};

constexpr char kFiles[] = "text, CSV or JSON files, renamed into place";
constexpr char kExactlyOnce[] = "exactly once";
constexpr char kOfStreams[] = "any of a DStream's";
constexpr char kLyingDisk[] = "exactly once also on a disk that drops what it said was synced";

constexpr GuaranteeCell kCells[] = {
    {kFiles, "structured", "file sink, update", kExactlyOnce, kLyingDisk},
    {kFiles, "structured, without an aggregate", "file sink, append (update is the same)",
     kExactlyOnce, kLyingDisk},
    {kFiles, "structured, one group of all rows", "file sink, update",
     "exactly once: one row, the newest", kLyingDisk},
    {kFiles, "structured", "file sink, complete", kExactlyOnce, kLyingDisk},
    {kFiles, "structured", "file sink, append",
     "exactly once; late rows are dropped as the logged watermarks demand", kLyingDisk},
    {"files of lines or records, renamed into place", "DStream", "`SaveAsTextFiles`",
     "at least once; batches without a completion mark may recur, each attempt in a directory of "
     "its own; without failures nothing recurs",
     kExactlyOnce},
    {"socket", "DStream", "`SaveAsTextFiles`",
     "at least once for what a receiver has stored as a block; **none** for lines that it had not "
     "stored yet, since a socket cannot send them again",
     "at least once for every line"},
    {"server that keeps its lines, read reliably", "DStream", "`SaveAsTextFiles`",
     "at least once: each line is in one batch; batches without a completion mark may recur",
     kExactlyOnce},
    {"partitioned log", "structured", "partitioned log, transactional",
     "exactly once, to readers that are read_committed", kLyingDisk},
    {"partitioned log", "structured", "partitioned log, idempotent or plain",
     "at least once: a batch that is applied again is there again", kExactlyOnce},
    {"partitioned log", "DStream", "`SaveAsTextFiles`",
     "at least once: each record is in one batch; batches without a completion mark may recur",
     kExactlyOnce},
    {kOfStreams, "DStream, a window", "`SaveAsTextFiles`",
     "a window has the rows of all its batches, each once; it is put out at least once",
     "put out exactly once"},
    {kOfStreams, "DStream, a window with an inverse", "`SaveAsTextFiles`",
     "each batch comes into the window once, and leaves it once; put out at least once",
     "put out exactly once"},
    {kOfStreams, "DStream, `UpdateStateByKey`", "`SaveAsTextFiles`",
     "each batch is in the state once, whatever ran again; put out at least once",
     "put out exactly once"},
    {kOfStreams, "DStream, `MapWithState`, its time-outs and snapshots", "`SaveAsTextFiles`",
     "each batch is in the state once, at its own time; put out at least once",
     "put out exactly once"},
    {"files of lines or records, renamed into place", "DStream", "`SaveAsObjectFiles`",
     "at least once, as `SaveAsTextFiles`; a file that is damaged is refused by name, by whoever "
     "reads it",
     kExactlyOnce},
    {kOfStreams, "DStream", "`Print`, `ForeachRDD`, `ForeachPartition`",
     "at least once, by batch time: the function may be called again with the same batch",
     kExactlyOnce, "`DStreamOutputs.ThatCallFunctionsDoSoAgainForABatchThatWasNotMarked`"},
    {"constant, of the plan", "DStream", "any of these", "there in each batch", "",
     "`DStreamOperators.AConstantStreamIsThereInEachBatch`"},
    {"queue in memory", "DStream", "any of these",
     "none: it ends with its driver, and a context with a checkpoint refuses it", "at least once",
     "`StreamingGraph.RefusesToCheckpointAQueue`"},
    {"socket", "structured", "any of these",
     "once for a line that is in a batch; **none** for lines that were in none yet when driver or "
     "connection failed, since a socket cannot send them again",
     "once for every line", "`SocketSource.WhatIsInABatchIsCountedOnceWhateverEndsWherever`"},
    {"`memory`", "structured", "any of these",
     "exactly once while the embedding process lives; with it go its rows: a batch that was not "
     "committed then stops the query",
     "exactly once", "`Memory.RowsGoThroughOnceWhateverEndsWherever`"},
    {"any", "structured", "`memory`",
     "exactly once while the embedding process lives; after it only complete mode goes on",
     "exactly once", "`Memory.AfterTheProcessOnlyACompleteTableGoesOn`"},
    {"Kafka", "any", "any", "not built: the partitioned log is its stand-in", "", ""},
    {"any", "structured", "tables with transactions", "not built", "", ""},
};

// The first, and how many others there are.
std::string Some(const std::vector<std::string>& names) {
  if (names.empty()) return "";
  std::string text = absl::StrCat("`", names.front(), "`");
  if (names.size() > 1) absl::StrAppend(&text, " and ", names.size() - 1, " more");
  return text;
}

size_t CellOfQuery(const QueryShape& query) {
  if (query.log) return query.log->exactly_once ? kLog : kLogAgain;
  const runtime::StreamingQueryPlan& plan = *query.plan;
  if (!plan.stateful()) return kRows;
  switch (plan.mode) {
    case runtime::QueryOutputMode::kAppend:
      return kWindows;
    case runtime::QueryOutputMode::kComplete:
      return kComplete;
    case runtime::QueryOutputMode::kUpdate:
      break;
  }
  return plan.output_keys->empty() ? kOneRow : kUpdate;
}

size_t CellOfInputs(const std::vector<StreamShape::Input>& inputs) {
  const auto has_server = [](const StreamShape::Input& input) { return !input.server.empty(); };
  const auto is_plain = [](const StreamShape::Input& input) {
    return !input.server.empty() && !input.kept;
  };
  const auto has_log = [](const StreamShape::Input& input) { return input.log.has_value(); };
  if (std::ranges::any_of(inputs, has_log)) return kLogStream;
  if (std::ranges::any_of(inputs, is_plain)) return kSocket;
  return std::ranges::any_of(inputs, has_server) ? kKeptLines : kTextFiles;
}

// Of the operators that the output's rows come by.
std::set<size_t> CellsOfState(const runtime::StreamingGraph& graph, runtime::OperatorId output) {
  std::set<size_t> cells;
  std::set<runtime::OperatorId> seen;
  std::vector<runtime::OperatorId> above = {output};
  while (!above.empty()) {
    const runtime::StreamOperator& at = graph.at(above.back());
    above.pop_back();
    if (!seen.insert(at.id()).second) continue;
    above.insert(above.end(), at.parents().begin(), at.parents().end());
    if (const auto* state = dynamic_cast<const runtime::StateOperator*>(&at)) {
      const bool maps = at.name().starts_with("MapWithState");
      cells.insert(state->window().has_value() ? kInverse : maps ? kMapWithState : kUpdateState);
    } else if (dynamic_cast<const runtime::WindowOperator*>(&at) != nullptr) {
      cells.insert(kWindow);
    }
  }
  return cells;
}

}  // namespace

std::span<const GuaranteeCell> GuaranteeCells() { return kCells; }

std::vector<size_t> CellsOf(const JobPart& part) {
  const auto* stream = std::get_if<StreamShape>(&part.of);
  if (stream == nullptr) return {CellOfQuery(std::get<QueryShape>(part.of))};
  const runtime::StreamingGraph& graph = stream->context->graph();
  if (graph.output(stream->output).files()->of_objects) return {kObjectFiles};
  std::vector<size_t> cells = {CellOfInputs(stream->inputs)};
  for (const size_t cell : CellsOfState(graph, stream->output)) {
    cells.push_back(cell);
  }
  return cells;
}

bool IsOfStreams(const GuaranteeCell& cell) { return cell.engine.starts_with("DStream"); }

UnderDeaths DeathsIn(const Scenario& scenario) {
  std::set<std::string> drivers;
  for (const Machine& machine : scenario.cluster().machine()) {
    for (const Process& process : machine.process()) {
      if (std::ranges::find(process.node(), "driver") != process.node().end()) {
        drivers.insert(process.name());
      }
    }
  }
  UnderDeaths deaths;
  int crashes = 0;
  for (const Fault& fault : scenario.fault()) {
    if (!drivers.contains(fault.target())) continue;
    deaths.zombie = deaths.zombie || fault.kind() == "process.zombie";
    crashes += fault.kind() == "process.crash" ? 1 : 0;
  }
  deaths.recovery_twice = crashes > 2;
  for (const Reached& reached : scenario.expect().reached()) {
    if (reached.has_at_most() && !reached.has_at_least()) continue;
    deaths.standby = deaths.standby || reached.step() == "driver.found_silent";
    deaths.ran_twice = deaths.ran_twice || reached.step() == "driver.speculation_won";
  }
  return deaths;
}
GuaranteeSide SideOf(const Scenario& scenario) {
  const Expect& expect = scenario.expect();
  if (expect.breaks_stronger_promise()) return GuaranteeSide::kBreaks;
  const bool a_part_ends =
      std::any_of(expect.part().begin(), expect.part().end(),
                  [](const ExpectPart& part) { return !part.error().empty(); });
  const bool ends = !expect.error().empty() || expect.may_stop_size() > 0 || a_part_ends;
  if (expect.guarantee() == Expect::NONE || expect.violation_size() > 0 || ends) {
    return GuaranteeSide::kNeither;
  }
  return GuaranteeSide::kHolds;
}

std::string MatrixText(const std::map<size_t, CellScenarios>& shown) {
  std::string text =
      "| source | engine | sink | promise | seen to hold | stronger, and seen to break |\n"
      "| --- | --- | --- | --- | --- | --- |\n";
  for (size_t i = 0; i < std::size(kCells); ++i) {
    const GuaranteeCell& cell = kCells[i];
    const auto found = shown.find(i);
    std::string holds(cell.shown_by);
    std::string breaks(cell.stronger);
    if (found != shown.end()) {
      holds = Some(found->second.hold);
      absl::StrAppend(&breaks, ": ", Some(found->second.break_));
    }
    const std::vector<std::string> columns = {std::string(cell.source),
                                              std::string(cell.engine),
                                              std::string(cell.sink),
                                              std::string(cell.promise),
                                              holds,
                                              breaks};
    absl::StrAppend(&text, "| ", absl::StrJoin(columns, " | "), " |\n");
  }
  absl::StrAppend(&text,
                  "\nOf DStreams also, where the promise holds although the driver is replaced "
                  "while it lives, and wakes, and\nalthough those that recover die twice:\n\n"
                  "| source | engine | replaced while it lives | recovery dies twice |\n"
                  "| --- | --- | --- | --- |\n");
  for (const auto& [i, scenarios] : shown) {
    const GuaranteeCell& cell = kCells[i];
    if (!IsOfStreams(cell)) continue;
    absl::StrAppend(&text, "| ", std::string(cell.source), " | ", std::string(cell.engine), " | ",
                    Some(scenarios.zombie), " | ", Some(scenarios.recovery_twice), " |\n");
  }
  absl::StrAppend(&text,
                  "\nAnd where it holds although a driver that stands by takes over, and although "
                  "tasks are at work twice:\n\n"
                  "| source | engine | sink | taken over | run twice |\n"
                  "| --- | --- | --- | --- | --- |\n");
  for (const auto& [i, scenarios] : shown) {
    if (scenarios.standby.empty() && scenarios.ran_twice.empty()) continue;
    const GuaranteeCell& cell = kCells[i];
    absl::StrAppend(&text, "| ", std::string(cell.source), " | ", std::string(cell.engine), " | ",
                    std::string(cell.sink), " | ", Some(scenarios.standby), " | ",
                    Some(scenarios.ran_twice), " |\n");
  }
  return text;
}

}  // namespace wavetank::scenarios
