// What a scenario expects of single queries and outputs of its job.
#ifndef WAVETANK_SCENARIOS_EXPECT_PART_H_
#define WAVETANK_SCENARIOS_EXPECT_PART_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/repeated_ptr_field.h"

#include "scenarios/job_shape.h"
#include "scenarios/parse.h"
#include "scenarios/run_checker.h"

namespace wavetank::scenarios {

// kInvalidArgument, with the place: a part or column that does not exist, or a field that does
// nothing.
absl::Status CheckExpectedParts(const ParsedScenario& parsed, const JobShape& shape);

// Why the answer of the part is not as expected; none: it is. `checker`: of the whole job.
std::vector<std::string> JudgePart(const ExpectPart& expect, const JobShape& shape,
                                   const RunChecker& checker);

// Whether a query that is expected to stop with an error has, by what a node has logged.
bool HasStopped(const ExpectPart& part, const std::string& error);

bool IsWithin(int64_t value, const Range& range);
// "at least 3 at most 5".
std::string TextOf(const Range& range);

// "" if the rows are those, in whatever order.
std::string DifferenceOfRows(const google::protobuf::RepeatedPtrField<std::string>& expected,
                             std::vector<std::string> actual);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_EXPECT_PART_H_
