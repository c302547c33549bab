// Whether what was put out comes of one set of attempts, by tokens that its rows carry: nothing
// need be known of their values.
#ifndef WAVETANK_PROPERTIES_ATTEMPT_TOKENS_H_
#define WAVETANK_PROPERTIES_ATTEMPT_TOKENS_H_

#include <string>
#include <vector>

namespace wavetank::properties {

// `tokens`: of all rows of one output, "<driver>-<graph>-<stage>-<partition>-<attempt>" each. Of
// one task there may be one attempt, and all tasks are of one graph. "" if it is so; else what is
// wrong.
std::string MixedAttempts(const std::vector<std::string>& tokens);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_ATTEMPT_TOKENS_H_
