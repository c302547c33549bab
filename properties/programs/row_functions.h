// What calls of a program are given: functions of rows, by words such as "add:3". They belong to
// the program, as a user's belong to a job: the job and who works out its answers call the same.
//
// Arithmetic wraps around. Folds are associative and commutative, and what states become does not
// depend on the order of the values that come in one batch, so that no answer depends on the order
// of rows.
#ifndef WAVETANK_PROPERTIES_PROGRAMS_ROW_FUNCTIONS_H_
#define WAVETANK_PROPERTIES_PROGRAMS_ROW_FUNCTIONS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "properties/programs/program.h"

namespace wavetank::properties {

int64_t WrappingAdd(int64_t a, int64_t b);
int64_t WrappingSubtract(int64_t a, int64_t b);
int64_t WrappingTimes(int64_t a, int64_t b);
// The rest, at least 0. REQUIRES: divisor >= 1.
int64_t RestOf(int64_t value, int64_t divisor);

// A line "<key>,<number>"; any other is a key with 1.
ProgramRow RowOfLine(std::string_view line);

// A word and its number.
struct FunctionWord {
  std::string_view name;
  std::optional<int64_t> number;
};
FunctionWord ReadFunctionWord(std::string_view word);

// "": the word is a function of that kind; else what it should be.
std::string WhyNoFunction(ProgramArgument kind, std::string_view word);
// Every function of a kind, those with a number with one drawn by `number(low, high)`.
std::vector<std::string> FunctionsOf(
    ProgramArgument kind, const std::function<int64_t(int64_t low, int64_t high)>& number);

// REQUIRES, of all below: WhyNoFunction has nothing to say.
ProgramRow ApplyToRow(const std::string& word, const ProgramRow& row);
std::vector<ProgramRow> RowsOf(const std::string& word, const ProgramRow& row);
bool Holds(const std::string& predicate, const ProgramRow& row);
int64_t ApplyToValue(const std::string& word, int64_t value);
std::vector<int64_t> ValuesOf(const std::string& word, int64_t value);
int64_t FoldValues(const std::string& fold, int64_t a, int64_t b);
// FoldValues(fold, UnfoldValues(fold, a, b), b) is a.
int64_t UnfoldValues(const std::string& fold, int64_t a, int64_t b);
// The new state of a key, by those that came in a batch.
std::optional<int64_t> UpdatedState(const std::string& update, int64_t batch_time_ms,
                                    const std::string& key, const std::vector<int64_t>& values,
                                    std::optional<int64_t> state);

// What MapWithState's function does for one record, or for a key that is timing out.
struct StateStep {
  std::optional<int64_t> update = {};  // the new state
  bool remove = false;
  std::optional<ProgramRow> row = {};
};
// `value` is unset for a key that is timing out, which has a state.
StateStep StepOfState(const std::string& function, const std::string& key,
                      std::optional<int64_t> value, std::optional<int64_t> state);

// States that are there before the first batch.
const std::vector<ProgramRow>& InitialStates();

// What is made of groups and of values that have met.
int64_t OfGroups(const std::vector<int64_t>& left, const std::vector<int64_t>& right);
int64_t OfPair(std::optional<int64_t> left, std::optional<int64_t> right);
// Of two rows one, whatever their order.
ProgramRow FoldRows(const std::string& fold, const ProgramRow& a, const ProgramRow& b);
ProgramRow CountedRow(const ProgramRow& row, int64_t count);
ProgramRow CountRow(int64_t count);
// Of all values of a key, in any order.
int64_t OfAverage(int64_t sum, int64_t count);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_PROGRAMS_ROW_FUNCTIONS_H_
