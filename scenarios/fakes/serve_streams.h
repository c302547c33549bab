// What the servers of lines do alike: listening, and writing in two pieces, between which anything
// may happen.
#ifndef WAVETANK_SCENARIOS_FAKES_SERVE_STREAMS_H_
#define WAVETANK_SCENARIOS_FAKES_SERVE_STREAMS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"

#include "platform/network.h"
#include "platform/node.h"
#include "platform/task.h"

namespace wavetank::scenarios::fakes {

// Waits for serve(stream), for each that connects to "host:port", one after the other, for ever.
// Another incarnation may hold the address for a while.
platform::Task<void> ServeStreams(
    platform::Node& node, std::string address,
    std::function<platform::Task<void>(std::unique_ptr<platform::ByteStream> stream)> serve);

// So many lines, with a step when the first half is handed over, which ends within a line, and one
// when all is. All outlive the task.
platform::Task<absl::Status> WriteInHalves(platform::Node& node, platform::ByteStream& stream,
                                           const std::string& text, int64_t lines);

}  // namespace wavetank::scenarios::fakes

#endif  // WAVETANK_SCENARIOS_FAKES_SERVE_STREAMS_H_
