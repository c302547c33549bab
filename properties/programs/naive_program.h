// NaiveProgram: what a StreamProgram must put out, worked out by the definition of each call: rows
// as plain vectors in no order, keys found by looking through them, each window put together anew
// of its batches, each state by going through all batches so far. It is the second opinion beside
// replay (scenarios/replay_stream), which runs the engine's own operators and makes their mistakes.
#ifndef WAVETANK_PROPERTIES_PROGRAMS_NAIVE_PROGRAM_H_
#define WAVETANK_PROPERTIES_PROGRAMS_NAIVE_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "properties/at_least_once.h"
#include "properties/naive_query.h"
#include "properties/programs/program.h"
#include "properties/programs/program_rules.h"

namespace wavetank::properties {

class NaiveProgram {
 public:
  using Rows = std::vector<ProgramRow>;

  // `streams`: by the name of each input, as which the batch log knows it. An input that is not
  // there has no rows. REQUIRES: the program is not refused.
  NaiveProgram(StreamProgram program, int64_t interval_ms, std::map<std::string, int64_t> streams);

  // The rows of a line for a batch; unset: it has none in that batch, since its window has not slid
  // so far.
  std::optional<Rows> RowsOf(const std::string& name, const JudgedBatch& batch);
  // The same as lines of text, in order; none where it has no rows.
  std::vector<NaiveRow> Answer(const std::string& name, const JudgedBatch& batch);

 private:
  struct Kept {
    int64_t value = 0;
    int64_t touched = 0;  // number of the batch that had a record of the key last
  };
  // What a line with state has after a batch, and what it has given for it.
  struct StateAfter {
    int64_t number = 0;  // of the newest batch that is in it
    std::map<std::string, Kept> kept;
    Rows given;
  };

  // Of the line with that index, for the batch of that number.
  const Rows& At(size_t line, int64_t number);
  Rows Compute(size_t line, int64_t number);
  Rows Narrow(const ProgramLine& line, const Rows& rows) const;
  Rows Shuffled(const ProgramLine& line, const Rows& rows) const;
  Rows Meeting(const ProgramLine& line, const Rows& left, const Rows& right) const;
  Rows Windowed(const ProgramLine& line, int64_t number);
  void GoOn(size_t line, int64_t number);
  void Update(const ProgramLine& line, int64_t number, const Rows& rows, StateAfter& state) const;
  void MapWithState(const ProgramLine& line, int64_t number, const Rows& rows,
                    StateAfter& state) const;
  Rows Input(const ProgramLine& line, int64_t number) const;
  void BeginWith(const JudgedBatch& batch);

  const StreamProgram program_;
  const ProgramStreams streams_;
  const int64_t interval_ms_;
  const std::map<std::string, int64_t> stream_ids_;
  int64_t longest_ = 0;  // how many batches ago the oldest may be that is asked for
  JudgedBatch batch_;    // what is asked for
  std::vector<int64_t> times_;
  std::map<std::pair<size_t, int64_t>, Rows> known_;      // by line and batch number
  std::map<std::pair<size_t, int64_t>, Rows> snapshots_;  // the same, of lines with state
  std::map<size_t, StateAfter> states_;                   // by line
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_PROGRAMS_NAIVE_PROGRAM_H_
