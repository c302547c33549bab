// A server of lines that keeps each until it is told that it is safe: what ReliableTextStream reads
// (runtime/dstream/socket_receiver.h has the protocol).
//
// - A peer says "READ"; then it gets all lines that are kept, each with its number in the stream,
//   and those that come. "ACK 18" lets lines 0 to 17 go, whoever was sent them.
// - The newest connection is served: one before it is ended, for its peer may be gone unheard.
// - What is kept stands in the feed, outside of the server's process, as on a disk.
#ifndef WAVETANK_SCENARIOS_FAKES_KEPT_LINE_SERVER_H_
#define WAVETANK_SCENARIOS_FAKES_KEPT_LINE_SERVER_H_

#include <memory>
#include <string>

#include "platform/node.h"
#include "scenarios/fakes/line_server.h"

namespace wavetank::scenarios::fakes {

// Serves `feed` on "host:port" for ever. Several incarnations may do so one after the other.
platform::NodeMain KeptLineServerMain(std::string address, std::shared_ptr<LineFeed> feed);

}  // namespace wavetank::scenarios::fakes

#endif  // WAVETANK_SCENARIOS_FAKES_KEPT_LINE_SERVER_H_
