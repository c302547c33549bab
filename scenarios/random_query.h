// Random structured queries, and lines for them: valid ones over the operators that are asked for,
// written as a user would, through the public interface.
#ifndef WAVETANK_SCENARIOS_RANDOM_QUERY_H_
#define WAVETANK_SCENARIOS_RANDOM_QUERY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "platform/random.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::scenarios {

// What a query may have besides projections, filters, explodes, watermarks and one aggregate.
struct RandomQueryParts {
  bool unions = false;
  bool joins = false;
  bool outer_joins = false;  // of some joins, instead; semi joins too
  bool duplicates = false;
  bool second_aggregates = false;
  bool other_windows = false;  // that slide, and sessions
};

// A query that can be run; its sources are "in0", "in1", ..., each with lines of DrawLine. What it
// answers does not depend on the order of the rows of different sources, partitions or keys: the
// first of several is asked for only where their order is known, and sums of doubles are exact.
runtime::StreamingQueryDefinition DrawQuery(platform::Random& random,
                                            const RandomQueryParts& parts);

// "<time>,<key>,<number>" about a time in seconds: before and after it, at bounds of windows, with
// fractions; few keys; what is no time, key or number; and lines that are none of it.
std::string DrawLine(platform::Random& random, int64_t about_seconds);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_RANDOM_QUERY_H_
