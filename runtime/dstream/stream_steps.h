// The steps of receivers and of the end of a stream: part of the catalogue in runtime/steps.h,
// which has the rules and the other steps of DStreams.
#ifndef WAVETANK_RUNTIME_DSTREAM_STREAM_STEPS_H_
#define WAVETANK_RUNTIME_DSTREAM_STREAM_STEPS_H_

#include "platform/step.h"

namespace wavetank::runtime::steps {

inline constexpr platform::StepName kReceiverLogged{
    "dstream.receiver_logged", "stream",
    "A run of a receiver is logged, and those that it replaces have ended; it has not been told, "
    "so "
    "it has stored nothing."};
inline constexpr platform::StepName kBlockFound{
    "dstream.block_found", "stream, records",
    "A block that its receiver had stored and did not get to report is logged and queued."};
inline constexpr platform::StepName kStreamStopped{
    "dstream.stopped", "batch",
    "In a graceful stop: all that was taken in is processed and marked; `batch` is the last."};

inline constexpr platform::StepName kStreamStateKept{
    "dstream.state_kept", "operator, partition, version",
    "The state of a partition after a batch is durable; the log does not name it yet."};

inline constexpr platform::StepName kStreamStateLetGo{
    "dstream.state_let_go", "partitions",
    "A worker has no room in memory for the state of so many partitions: it has forgotten them."};

inline constexpr platform::StepName kKeptBlocksLost{
    "dstream.kept_blocks_lost", "batch",
    "What a batch was to read of those before, and workers had kept, is lost: it is made again."};

inline constexpr platform::StepName kReceiversPaused{
    "dstream.receivers_paused", "bytes",
    "So many bytes of blocks wait for batches, more than may: receivers are told to pause."};

inline constexpr platform::StepName kRateChanged{
    "dstream.rate_changed", "stream, rate",
    "A stream may take so many rows a second from now on; 0: without a limit."};

inline constexpr platform::StepName kLinesAcknowledged{
    "dstream.lines_acknowledged", "stream, lines",
    "A server that keeps its lines was told that so many are input; it need not have heard it."};

inline constexpr const platform::StepName* kStreamSteps[] = {
    &kReceiverLogged, &kBlockFound,      &kStreamStopped, &kStreamStateKept,  &kStreamStateLetGo,
    &kKeptBlocksLost, &kReceiversPaused, &kRateChanged,   &kLinesAcknowledged};

}  // namespace wavetank::runtime::steps

#endif  // WAVETANK_RUNTIME_DSTREAM_STREAM_STEPS_H_
