// StreamProgram: a DStream job as data, so that a search can draw one, a check can work out what it
// must put out, and what fails can be made smaller. All its streams have rows of one type, a text
// and a number.
//
//   lines = text in; counts = reduceByKey lines sum; lately = window counts 3 1; save lately
//
// Statements end at a semicolon or at the end of the line. `NAME = CALL STREAM... ARGUMENT...`
// makes a stream of such as were made before; `save NAME` puts it out. Calls have DStream's names
// (runtime/dstream/dstream.h); what they are given are words (row_functions.h), with a number
// behind a colon if they need one. A call that shuffles may have one argument more: its partitions.
#ifndef WAVETANK_PROPERTIES_PROGRAMS_PROGRAM_H_
#define WAVETANK_PROPERTIES_PROGRAMS_PROGRAM_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace wavetank::properties {

using ProgramRow = std::pair<std::string, int64_t>;

// What an argument may be.
enum class ProgramArgument {
  kDirectory,
  kPort,
  kNumber,       // any
  kKey,          // a word
  kBatches,      // 0 to 1000
  kPartitions,   // 1 to 16
  kRowFunction,  // row_functions.h, as those below
  kRowsFunction,
  kPredicate,
  kValueFunction,
  kValuesFunction,
  kFold,
  kInvertible,     // a fold that has an inverse
  kUpdate,         // of UpdateStateByKey
  kStateFunction,  // of MapWithState
  kStorageLevel,
};

struct ProgramCall {
  std::string_view name;
  int streams;  // that it takes; kAny: one or more
  std::vector<ProgramArgument> arguments;
  bool shuffles = false;  // it may be given a number of partitions

  static constexpr int kAny = -1;
};
// All there are.
std::span<const ProgramCall> ProgramCalls();
// Null: there is none.
const ProgramCall* FindProgramCall(std::string_view name);

struct ProgramLine {
  std::string name = {};
  std::string call = {};
  std::vector<std::string> streams = {};
  std::vector<std::string> arguments = {};

  // REQUIRES: the call has an argument there that is a number.
  int64_t Number(size_t argument) const;
  // Unset: as the job says.
  std::optional<int> Partitions() const;
  bool IsInput() const;  // of what comes from outside
};

struct StreamProgram {
  std::vector<ProgramLine> lines;
  std::vector<std::string> saved;  // names of lines

  // REQUIRES: a line has the name.
  size_t IndexOf(std::string_view name) const;
};

// kInvalidArgument says which statement is wrong, and why: an unknown call, function or stream, a
// name that is given twice, a number out of bounds, nothing that is saved. Whether windows fit is
// another question (program_rules.h).
absl::StatusOr<StreamProgram> ParseProgram(std::string_view text);

std::string ToText(const ProgramLine& line);
// In one line.
std::string ToText(const StreamProgram& program);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_PROGRAMS_PROGRAM_H_
