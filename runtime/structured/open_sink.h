// Both sides of a query's sink, whichever way its format says what it is (sink_format.h). A batch
// function runs as a task on a worker, which owns no log:
//
//   apply:<query>   reads the rows that a prepared batch has staged, and calls the function
#ifndef WAVETANK_RUNTIME_STRUCTURED_OPEN_SINK_H_
#define WAVETANK_RUNTIME_STRUCTURED_OPEN_SINK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "runtime/cluster/cluster.h"
#include "runtime/connectors/sink_format.h"
#include "runtime/structured/data_frame.h"
#include "runtime/structured/tasks.pb.h"

namespace wavetank::runtime {

// A sink's options as tasks are told them: the driver's.
void AddOptions(const OptionMap& options,
                google::protobuf::RepeatedPtrField<structured::SinkOption>& to);
OptionMap ToOptionValues(const google::protobuf::RepeatedPtrField<structured::SinkOption>& from);

std::string ApplyTaskKind(const std::string& query);

// kInvalidArgument, kFailedPrecondition: what the sink says of its options.
absl::StatusOr<std::unique_ptr<TransactionalSink>> OpenSink(
    const StreamingQueryDefinition& definition, Cluster& cluster, SinkContext context);

absl::StatusOr<std::unique_ptr<SinkWriter>> OpenSinkWriter(
    const StreamingQueryDefinition& definition, SinkWriterContext context);

// Of a query whose sink is a batch function; null: it is none.
std::unique_ptr<TaskBody> ApplyTaskBodyOf(const StreamingQueryDefinition& definition);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_OPEN_SINK_H_
