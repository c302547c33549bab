// What the job did wrong: StreamingGraph::Validate.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/dstream/counted_rows.h"
#include "runtime/dstream/file_inputs.h"
#include "runtime/dstream/graph.h"
#include "runtime/dstream/input_operators.h"
#include "runtime/dstream/log_input.h"
#include "runtime/dstream/state_operator.h"

namespace wavetank::runtime {
namespace {

// An interval that no clock can be asked for is a mistake in its unit.
constexpr absl::Duration kLongestInterval = absl::Hours(24 * 366);

}  // namespace

// Spark's rules: whole batches, and what meets slides alike.
absl::Status StreamingGraph::CheckWindows() const {
  const auto wrong = [](const StreamOperator& op, const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat(op.Title(), ": ", what));
  };
  const std::vector<int64_t> slides = Slides();
  const auto slide_of = [&slides](OperatorId id) {
    return slides[static_cast<size_t>(id.value())];
  };
  for (const auto& op : operators_) {
    if (WindowOf(*op).has_value() && IsBehindState(op->id())) {
      return wrong(*op,
                   "a window over the rows of a state is not there yet: put the window before "
                   "the state");
    }
    if (const auto window = WindowOf(*op)) {
      const int64_t step = std::max<int64_t>(slide_of(op->parents().front()), 1);
      const absl::Duration least = step * batch_interval;
      for (const absl::Duration duration : {window->length, window->slide}) {
        const bool whole =
            duration >= least && duration <= kLongestInterval &&
            duration ==
                (absl::ToInt64Milliseconds(duration) / absl::ToInt64Milliseconds(least)) * least;
        if (whole) continue;
        return wrong(*op, absl::StrCat("a window of ", absl::FormatDuration(window->length),
                                       " every ", absl::FormatDuration(window->slide),
                                       " of a stream that has rows every ",
                                       absl::FormatDuration(least), ": give multiples of that"));
      }
    }
    int64_t slide = 0;
    for (const OperatorId parent : op->parents()) {
      const int64_t own = slide_of(parent);
      if (own == 0 || slide == 0 || own == slide) {
        slide = std::max(slide, own);
        continue;
      }
      return wrong(*op, absl::StrCat("its streams have rows every ",
                                     absl::FormatDuration(slide * batch_interval), " and every ",
                                     absl::FormatDuration(own * batch_interval),
                                     ": give their windows one slide"));
    }
  }
  return absl::OkStatus();
}

absl::Status StreamingGraph::CheckStateIntervals() const {
  for (const auto& [state, interval] : state_intervals_) {
    const absl::Duration slide = std::max<int64_t>(SlideOf(state), 1) * batch_interval;
    if (interval != slide && IsBehindState(state)) {
      return absl::InvalidArgumentError(
          absl::StrCat(at(state).Title(), ": Checkpoint(", absl::FormatDuration(interval),
                       "): its rows come of another state, of which those of batches before cannot "
                       "be made again: "
                       "leave it at ",
                       absl::FormatDuration(slide), ", or keep the one before it more seldom"));
    }
    const bool whole =
        interval >= slide && interval <= kLongestInterval && (interval / slide) * slide == interval;
    if (whole) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(at(state).Title(), ": Checkpoint(", absl::FormatDuration(interval),
                     ") of a state that goes on "
                     "every ",
                     absl::FormatDuration(slide), ": give a multiple of that"));
  }
  return absl::OkStatus();
}

// What must outlive the driver.
absl::Status StreamingGraph::CheckCheckpoint() const {
  if (!checkpoint_directory.empty()) return absl::OkStatus();
  const auto needed = [this](OperatorId id, const char* why) {
    return absl::FailedPreconditionError(
        absl::StrCat(at(id).Title(), " ", why,
                     ": give the context a directory for it, with "
                     "Checkpoint(), or start the job with a checkpoint"));
  };
  if (!states_.empty()) return needed(states_.front(), "keeps state");
  for (const OperatorId id : inputs_) {
    const auto* const receiver = dynamic_cast<const ReceiverInput*>(&at(id));
    if (receiver == nullptr || !receiver->is_reliable()) continue;
    return needed(id, "remembers which lines are safe");
  }
  return absl::OkStatus();
}

// A server that keeps its lines has one reader: what that has safe it forgets.
absl::Status StreamingGraph::CheckReaders() const {
  std::map<std::string, OperatorId> readers;
  for (const OperatorId id : inputs_) {
    const auto* const receiver = dynamic_cast<const ReceiverInput*>(&at(id));
    if (receiver == nullptr || !receiver->is_reliable() || receiver->source().empty()) continue;
    const auto [first, added] = readers.emplace(receiver->source(), id);
    if (added) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        at(first->second).Title(), " and ", at(id).Title(), " both read ", receiver->source(),
        ", which forgets what one has safe: read it once, and use "
        "that stream twice"));
  }
  return absl::OkStatus();
}

// What leaves a window must be what has come into it; and what is in a state, what it is made of
// again.
absl::Status StreamingGraph::CheckSkipping() const {
  for (const OperatorId id : states_) {
    const bool is_window = dynamic_cast<const StateOperator&>(at(id)).window().has_value();
    const absl::Duration slide = std::max<int64_t>(SlideOf(id), 1) * batch_interval;
    if (!is_window && StateIntervalOf(id) * batch_interval <= slide) continue;
    for (const OperatorId input : InputsOf(id)) {
      const auto* const files = dynamic_cast<const FileInput*>(&at(input));
      const auto* const log = dynamic_cast<const LogInput*>(&at(input));
      const bool of_files = files != nullptr && files->options.files.lost == LostFiles::kSkip;
      const bool of_log = log != nullptr && log->options.lost == LostRecords::kSkip;
      if (!of_files && !of_log) continue;
      const std::string what = of_log ? "records" : "files";
      const std::string option =
          absl::StrCat(of_log ? "LogStreamOptions" : "InputFileOptions", "::lost as it is");
      if (is_window) {
        return absl::InvalidArgumentError(absl::StrCat(
            at(id).Title(), " has an inverse, so it reads ", of_log ? "records" : "a file",
            " again when that leaves the window, and ", at(input).Title(), " skips ", what,
            " that are lost: leave the inverse out, or ", option));
      }
      return absl::InvalidArgumentError(
          absl::StrCat(at(id).Title(), " is kept every ",
                       absl::FormatDuration(StateIntervalOf(id) * batch_interval), ", so it reads ",
                       what, " again if it is lost before that, and ", at(input).Title(), " skips ",
                       what, " that are lost: have it kept at each batch, with Checkpoint(",
                       absl::FormatDuration(slide), "), or leave ", option));
    }
  }
  return absl::OkStatus();
}

absl::Status StreamingGraph::Validate() const {
  if (!error_.ok()) return error_;
  if (remember < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("Remember(", absl::FormatDuration(remember), "): give 0s or more"));
  }
  if (batch_interval < absl::Milliseconds(1) || batch_interval > kLongestInterval ||
      absl::Trunc(batch_interval, absl::Milliseconds(1)) != batch_interval) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch interval ", absl::FormatDuration(batch_interval),
                     ": give one of whole milliseconds, a year at most"));
  }
  if (outputs_.empty()) {
    return absl::FailedPreconditionError(
        "start the job: no output operation; add Print, ForeachRDD or SaveAsTextFiles");
  }
  const absl::Status windows = CheckWindows();
  if (!windows.ok()) return windows;
  const absl::Status intervals = CheckStateIntervals();
  if (!intervals.ok()) return intervals;
  const absl::Status remembering = CheckCheckpoint();
  if (!remembering.ok()) return remembering;
  const absl::Status readers = CheckReaders();
  if (!readers.ok()) return readers;
  const absl::Status skipping = CheckSkipping();
  if (!skipping.ok()) return skipping;
  if (StagesOf(outputs_).size() > static_cast<size_t>(kMostStages)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the plan has more than ", kMostStages,
        " stages for one batch: a stream that is joined with itself again and again, as by Union, "
        "is made anew for each path (put a ReduceByKey or a Repartition between); and a window is "
        "a "
        "stage for each of its batches (give ReduceByKeyAndWindow an inverse, or longer batches), "
        "as is a state for those since it was kept"));
  }
  if (CountedRows(*this).is_full()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "accumulators count the rows of each batch once, whichever window has them first, of ",
        kMostStages,
        " stages at most, and a window with an inverse is one for each of its batches "
        "there: give longer batches, or shorter windows, or leave the accumulators out"));
  }
  std::map<std::string, OperatorId> directories;
  for (const OperatorId id : outputs_) {
    const TextFiles* files = output(id).files();
    if (files == nullptr) continue;
    const auto [first, added] = directories.emplace(files->Directory(absl::UnixEpoch()), id);
    if (added) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(at(first->second).Title(), " and ", at(id).Title(), " save into the same ",
                     "directories, those of ", files->prefix, ": give each a prefix of its own"));
  }
  if (!checkpoint_directory.empty()) {
    for (const OperatorId id : inputs_) {
      if (dynamic_cast<const QueueInput*>(&at(id)) == nullptr) continue;
      return absl::FailedPreconditionError(
          absl::StrCat("checkpoint into ", checkpoint_directory, ": ", at(id).Title(),
                       " keeps its batches in memory and cannot be checkpointed; leave out "
                       "Checkpoint() or read files instead"));
    }
  }
  return CheckApart(Directories());
}

}  // namespace wavetank::runtime
