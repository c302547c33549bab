// What the built-in jobs have in common: how they are told where their input is, and read it.
#ifndef WAVETANK_SCENARIOS_JOB_INPUT_H_
#define WAVETANK_SCENARIOS_JOB_INPUT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "runtime/dstream/streaming_context.h"
#include "runtime/job/job.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::scenarios {

runtime::JobParameter InputParameter();
runtime::JobParameter OutputParameter();

// These, and what each job that reads files can be told about them.
std::vector<runtime::JobParameter> WithDirectoryParameters(
    std::vector<runtime::JobParameter> parameters);
// The same of each that reads lines.
std::vector<runtime::JobParameter> WithFileParameters(
    std::vector<runtime::JobParameter> parameters);

// The same of each query.
std::vector<runtime::JobParameter> WithSourceParameters(
    std::vector<runtime::JobParameter> parameters);

// What the job is told of its files; kInvalidArgument: it cannot be understood. REQUIRES: those
// parameters.
absl::StatusOr<runtime::InputFileOptions> FilesOptions(const runtime::JobArguments& arguments);

// The lines of the directory that a parameter says, of a query as column "value".
runtime::DataFrame TextInput(runtime::Session& session, const runtime::JobArguments& arguments,
                             const std::string& parameter);
// Those of a directory.
runtime::DStream<std::string> TextFiles(runtime::StreamingContext& context,
                                        const runtime::JobArguments& arguments,
                                        const std::string& directory);
runtime::DStream<std::string> TextInput(runtime::StreamingContext& context,
                                        const runtime::JobArguments& arguments,
                                        const std::string& parameter);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_JOB_INPUT_H_
