#include "properties/programs/naive_program.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "properties/programs/row_functions.h"

namespace wavetank::properties {
namespace {

using Rows = NaiveProgram::Rows;

std::set<std::string> KeysOf(const Rows& rows) {
  std::set<std::string> keys;
  for (const ProgramRow& row : rows) keys.insert(row.first);
  return keys;
}

std::vector<int64_t> ValuesOfKey(const Rows& rows, const std::string& key) {
  std::vector<int64_t> values;
  for (const ProgramRow& row : rows) {
    if (row.first == key) values.push_back(row.second);
  }
  return values;
}

int64_t Folded(const std::string& fold, const std::vector<int64_t>& values) {
  WT_CHECK(!values.empty());
  int64_t folded = values.front();
  for (size_t i = 1; i < values.size(); ++i) folded = FoldValues(fold, folded, values[i]);
  return folded;
}

Rows FoldedByKey(const std::string& fold, const Rows& rows) {
  Rows folded;
  for (const std::string& key : KeysOf(rows)) {
    folded.emplace_back(key, Folded(fold, ValuesOfKey(rows, key)));
  }
  return folded;
}

Rows Averages(const Rows& rows) {
  Rows averages;
  for (const std::string& key : KeysOf(rows)) {
    const std::vector<int64_t> values = ValuesOfKey(rows, key);
    averages.emplace_back(key,
                          OfAverage(Folded("sum", values), static_cast<int64_t>(values.size())));
  }
  return averages;
}

Rows Groups(const Rows& rows) {
  Rows groups;
  for (const std::string& key : KeysOf(rows)) {
    groups.emplace_back(key, OfGroups(ValuesOfKey(rows, key), {}));
  }
  return groups;
}

Rows ValueCounts(const Rows& rows) {
  Rows counts;
  for (const ProgramRow& row : std::set<ProgramRow>(rows.begin(), rows.end())) {
    counts.push_back(CountedRow(row, std::count(rows.begin(), rows.end(), row)));
  }
  return counts;
}

Rows FoldedRow(const std::string& fold, const Rows& rows) {
  if (rows.empty()) return {};
  ProgramRow folded = rows.front();
  for (size_t i = 1; i < rows.size(); ++i) folded = FoldRows(fold, folded, rows[i]);
  return {folded};
}

Rows Filtered(const std::string& predicate, const Rows& rows) {
  Rows kept;
  for (const ProgramRow& row : rows) {
    if (Holds(predicate, row)) kept.push_back(row);
  }
  return kept;
}

bool KeepsWhatCame(const ProgramLine& line) {
  return KeepsState(line) && !WindowOf(line).has_value();
}

void Append(const Rows& more, Rows& rows) { rows.insert(rows.end(), more.begin(), more.end()); }

}  // namespace

NaiveProgram::NaiveProgram(StreamProgram program, int64_t interval_ms,
                           std::map<std::string, int64_t> streams)
    : program_(std::move(program)),
      streams_(StreamsOf(program_)),
      interval_ms_(interval_ms),
      stream_ids_(std::move(streams)) {
  WT_CHECK(streams_.refused.empty(), streams_.refused);
  for (const ProgramLine& line : program_.lines) {
    if (const auto window = WindowOf(line)) longest_ += window->length;
  }
}

// What is known of earlier batches holds where this one is a later one of the same stream.
void NaiveProgram::BeginWith(const JudgedBatch& batch) {
  const bool goes_on =
      batch.times.size() > times_.size() && std::ranges::includes(batch.times, times_);
  if (!goes_on || batch.zero_ms != batch_.zero_ms) {
    known_.clear();
    snapshots_.clear();
    states_.clear();
  }
  times_ = batch.times;
  batch_ = batch;
}

std::optional<Rows> NaiveProgram::RowsOf(const std::string& name, const JudgedBatch& batch) {
  BeginWith(batch);
  const size_t line = program_.IndexOf(name);
  const int64_t number = (batch.time_ms - batch.zero_ms) / interval_ms_;
  if (number % streams_.Step(line) != 0) return std::nullopt;
  Rows rows = At(line, number);
  const auto is_old = [oldest = number - longest_](const auto& known) {
    return known.first.second < oldest;
  };
  std::erase_if(known_, is_old);
  std::erase_if(snapshots_, is_old);
  return rows;
}

std::vector<NaiveRow> NaiveProgram::Answer(const std::string& name, const JudgedBatch& batch) {
  std::vector<NaiveRow> lines;
  for (const ProgramRow& row : RowsOf(name, batch).value_or(Rows())) {
    lines.push_back({absl::StrCat("(", row.first, ",", row.second, ")")});
  }
  std::ranges::sort(lines);
  return lines;
}

const Rows& NaiveProgram::At(size_t line, int64_t number) {
  const auto known = known_.find({line, number});
  if (known != known_.end()) return known->second;
  if (number >= 1 && KeepsWhatCame(program_.lines[line])) {
    GoOn(line, number);
    return known_[{line, number}];  // none, if there was no such batch
  }
  Rows rows = number < 1 ? Rows() : Compute(line, number);
  return known_[{line, number}] = std::move(rows);
}

Rows NaiveProgram::Compute(size_t index, int64_t number) {
  const ProgramLine& line = program_.lines[index];
  if (line.IsInput()) return Input(line, number);
  if (line.call == "constant") return {{line.arguments[0], line.Number(1)}};
  if (WindowOf(line).has_value()) return Windowed(line, number);
  std::vector<const Rows*> parents;
  for (const std::string& stream : line.streams) {
    parents.push_back(&At(program_.IndexOf(stream), number));
  }
  if (line.call == "snapshots") return snapshots_[{program_.IndexOf(line.streams[0]), number}];
  if (line.call == "union") {
    Rows rows;
    for (const Rows* parent : parents) Append(*parent, rows);
    return rows;
  }
  if (parents.size() == 2) return Meeting(line, *parents[0], *parents[1]);
  return FindProgramCall(line.call)->shuffles || line.call == "count" || line.call == "reduce"
             ? Shuffled(line, *parents[0])
             : Narrow(line, *parents[0]);
}

Rows NaiveProgram::Input(const ProgramLine& line, int64_t number) const {
  const auto id = stream_ids_.find(line.name);
  if (id == stream_ids_.end()) return {};
  const PieceLines pieces = batch_.pieces_at(batch_.zero_ms + number * interval_ms_);
  const auto own = pieces.find(id->second);
  if (own == pieces.end()) return {};
  Rows rows;
  for (const std::vector<std::string>& piece : own->second) {
    for (const std::string& text : piece) rows.push_back(RowOfLine(text));
  }
  return rows;
}

Rows NaiveProgram::Narrow(const ProgramLine& line, const Rows& rows) const {
  if (line.call == "glom" || line.call == "repartition" || line.call == "persist" ||
      line.call == "checkpoint") {
    return rows;
  }
  if (line.call == "filter") return Filtered(line.arguments[0], rows);
  Rows made;
  for (const ProgramRow& row : rows) {
    const std::string& function = line.arguments[0];
    if (line.call == "map" || line.call == "mapPartitions") {
      made.push_back(ApplyToRow(function, row));
    } else if (line.call == "transform") {
      const ProgramRow mapped = ApplyToRow(function, row);
      if (Holds(line.arguments[1], mapped)) made.push_back(mapped);
    } else if (line.call == "flatMap") {
      Append(properties::RowsOf(function, row), made);
    } else if (line.call == "mapValues") {
      made.emplace_back(row.first, ApplyToValue(function, row.second));
    } else {
      WT_CHECK(line.call == "flatMapValues", line.call);
      for (const int64_t value : ValuesOf(function, row.second))
        made.emplace_back(row.first, value);
    }
  }
  return made;
}

Rows NaiveProgram::Shuffled(const ProgramLine& line, const Rows& rows) const {
  if (line.call == "partitionBy") return rows;
  if (line.call == "count") return {CountRow(static_cast<int64_t>(rows.size()))};
  if (line.call == "reduce") return FoldedRow(line.arguments[0], rows);
  if (line.call == "countByValue") return ValueCounts(rows);
  if (line.call == "reduceByKey") return FoldedByKey(line.arguments[0], rows);
  if (line.call == "combineByKey") return Averages(rows);
  WT_CHECK(line.call == "groupByKey", line.call);
  return Groups(rows);
}

Rows NaiveProgram::Meeting(const ProgramLine& line, const Rows& left, const Rows& right) const {
  Rows both = left;
  Append(right, both);
  Rows met;
  if (line.call == "cogroup") {
    for (const std::string& key : KeysOf(both)) {
      met.emplace_back(key, OfGroups(ValuesOfKey(left, key), ValuesOfKey(right, key)));
    }
    return met;
  }
  const bool left_alone = line.call == "leftOuterJoin" || line.call == "fullOuterJoin";
  const bool right_alone = line.call == "rightOuterJoin" || line.call == "fullOuterJoin";
  WT_CHECK(left_alone || right_alone || line.call == "join", line.call);
  for (const ProgramRow& here : left) {
    bool alone = true;
    for (const ProgramRow& there : right) {
      if (there.first != here.first) continue;
      alone = false;
      met.emplace_back(here.first, OfPair(here.second, there.second));
    }
    if (alone && left_alone) met.emplace_back(here.first, OfPair(here.second, std::nullopt));
  }
  if (!right_alone) return met;
  for (const ProgramRow& there : right) {
    if (ValuesOfKey(left, there.first).empty()) {
      met.emplace_back(there.first, OfPair(std::nullopt, there.second));
    }
  }
  return met;
}

Rows NaiveProgram::Windowed(const ProgramLine& line, int64_t number) {
  const size_t parent = program_.IndexOf(line.streams.front());
  const int64_t oldest = number - WindowOf(line)->length;  // the last that is not in it any more
  Rows rows;
  for (int64_t at = number; at > oldest; at -= streams_.Step(parent)) Append(At(parent, at), rows);
  if (line.call == "window") return rows;
  if (line.call == "reduceByWindow") return FoldedRow(line.arguments[0], rows);
  if (line.call == "countByWindow") return {CountRow(static_cast<int64_t>(rows.size()))};
  if (line.call == "countByValueAndWindow") return ValueCounts(rows);
  if (line.call == "groupByKeyAndWindow") return Groups(rows);
  const Rows folded = FoldedByKey(line.arguments[0], rows);
  if (line.call != "reduceByKeyAndWindowFiltered") return folded;
  return Filtered(line.arguments[3], folded);
}

// Each batch that has run, and in which the line has rows, is in the state once; those that were
// left out are not.
void NaiveProgram::GoOn(size_t index, int64_t number) {
  const ProgramLine& line = program_.lines[index];
  const bool maps = line.call.starts_with("mapWithState");
  StateAfter& state = states_[index];
  for (const int64_t time_ms : batch_.times) {
    const int64_t next = (time_ms - batch_.zero_ms) / interval_ms_;
    if (next <= state.number || next > number || next % streams_.Step(index) != 0) continue;
    if (state.number == 0 && line.call.ends_with("FromInitial")) {
      for (const auto& [key, value] : InitialStates()) state.kept[key] = {value, next};
    }
    const Rows& rows = At(program_.IndexOf(line.streams.front()), next);
    state.given.clear();
    if (maps) {
      MapWithState(line, next, rows, state);
    } else {
      Update(line, next, rows, state);
    }
    state.number = next;
    known_[{index, next}] = state.given;
    Rows& snapshot = snapshots_[{index, next}];
    for (const auto& [key, kept] : state.kept) snapshot.emplace_back(key, kept.value);
  }
}

void NaiveProgram::Update(const ProgramLine& line, int64_t number, const Rows& rows,
                          StateAfter& state) const {
  std::set<std::string> keys = KeysOf(rows);
  for (const auto& [key, kept] : state.kept) keys.insert(key);
  for (const std::string& key : keys) {
    const auto before = state.kept.find(key);
    const std::optional<int64_t> after = UpdatedState(
        line.arguments[0], batch_.zero_ms + number * interval_ms_, key, ValuesOfKey(rows, key),
        before == state.kept.end() ? std::nullopt : std::optional(before->second.value));
    if (after.has_value()) {
      state.kept[key] = {*after, number};
      state.given.emplace_back(key, *after);
    } else {
      state.kept.erase(key);
    }
  }
}

void NaiveProgram::MapWithState(const ProgramLine& line, int64_t number, const Rows& rows,
                                StateAfter& state) const {
  const std::string& function = line.arguments[0];
  const int64_t timeout = line.Number(1);
  for (const auto& [key, value] : rows) {
    const auto before = state.kept.find(key);
    const bool exists = before != state.kept.end();
    const StateStep step = StepOfState(function, key, value,
                                       exists ? std::optional(before->second.value) : std::nullopt);
    if (step.row.has_value()) state.given.push_back(*step.row);
    if (step.remove) {
      state.kept.erase(key);
    } else if (step.update.has_value()) {
      state.kept[key] = {*step.update, number};
    } else if (exists) {
      before->second.touched = number;
    }
  }
  if (timeout == 0) return;
  for (auto kept = state.kept.begin(); kept != state.kept.end();) {
    if (number - kept->second.touched <= timeout) {
      ++kept;
      continue;
    }
    const StateStep step = StepOfState(function, kept->first, std::nullopt, kept->second.value);
    if (step.row.has_value()) state.given.push_back(*step.row);
    kept = state.kept.erase(kept);
  }
}

}  // namespace wavetank::properties
