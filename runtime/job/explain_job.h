// What a job would run, without running it.
#ifndef WAVETANK_RUNTIME_JOB_EXPLAIN_JOB_H_
#define WAVETANK_RUNTIME_JOB_EXPLAIN_JOB_H_

#include <string>

#include "absl/status/statusor.h"

#include "runtime/job/deployment.h"

namespace wavetank::runtime {

// Of each of its queries, in order, what ExplainQuery says. kInvalidArgument: the job is a DStream
// program, whose operators are C++, or a query is wrong.
absl::StatusOr<std::string> ExplainJob(const JobInstance& instance);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_JOB_EXPLAIN_JOB_H_
