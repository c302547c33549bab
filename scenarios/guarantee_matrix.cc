#include "scenarios/guarantee_matrix.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

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
  kLog,
  kLogAgain,
  kLogStream
};

constexpr char kFiles[] = "text, CSV or JSON files, renamed into place";
constexpr char kExactlyOnce[] = "exactly once";
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
    {"text files, renamed into place", "DStream", "`SaveAsTextFiles`",
     "at least once; batches without a completion mark may recur, each attempt in a directory of "
     "its own; without failures nothing recurs",
     kExactlyOnce},
    {"socket", "DStream", "`SaveAsTextFiles`",
     "at least once for what a receiver has stored as a block; **none** for lines that it had not "
     "stored yet, since a socket cannot send them again",
     "at least once for every line"},
    {"partitioned log", "structured", "partitioned log, transactional",
     "exactly once, to readers that are read_committed", kLyingDisk},
    {"partitioned log", "structured", "partitioned log, idempotent or plain",
     "at least once: a batch that is applied again is there again", kExactlyOnce},
    {"partitioned log", "DStream", "`SaveAsTextFiles`",
     "at least once: each record is in one batch; batches without a completion mark may recur",
     kExactlyOnce},
    {"files, socket", "DStream", "`Print`, `ForeachRDD`",
     "at least once, by batch time: the function may be called again with the same batch",
     kExactlyOnce, "`tests/runtime/dstream/recovery_test.cc`"},
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

}  // namespace

std::span<const GuaranteeCell> GuaranteeCells() { return kCells; }

size_t CellOf(const JobPart& part) {
  if (const auto* stream = std::get_if<StreamShape>(&part.of)) {
    const auto has_server = [](const StreamShape::Input& input) { return !input.server.empty(); };
    const auto has_log = [](const StreamShape::Input& input) { return input.log.has_value(); };
    if (std::ranges::any_of(stream->inputs, has_log)) return kLogStream;
    return std::ranges::any_of(stream->inputs, has_server) ? kSocket : kTextFiles;
  }
  const QueryShape& query = std::get<QueryShape>(part.of);
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
  return text;
}

}  // namespace wavetank::scenarios
