// The job `stream_program`: a DStream graph from a text (properties/programs/program.h), and what
// it must put out, by an evaluator that shares no code with the engine.
#ifndef WAVETANK_SCENARIOS_PROGRAM_JOB_H_
#define WAVETANK_SCENARIOS_PROGRAM_JOB_H_

#include <cstdint>
#include <map>
#include <string>

#include "properties/programs/program.h"
#include "runtime/dstream/streaming_context.h"
#include "runtime/job/job.h"
#include "scenarios/oracle.h"

namespace wavetank::scenarios {

inline constexpr char kProgramJob[] = "stream_program";
inline constexpr char kProgramParameter[] = "program";

void AddProgramJob(ScenarioJobs& jobs);

// Adds the streams and outputs of a program. `arguments`: of a job that has the parameters of files
// (job_input.h), "host" and "output".
void BuildProgram(runtime::StreamingContext& context, const properties::StreamProgram& program,
                  const runtime::JobArguments& arguments);

// Of the graph that BuildProgram has made of the program, the inputs that are not constants, by the
// name of their line.
std::map<std::string, int64_t> StreamsOfProgram(const runtime::StreamingGraph& graph,
                                                const properties::StreamProgram& program);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_PROGRAM_JOB_H_
