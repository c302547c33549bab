// The source `socket`: the lines that a TCP server sends, to a query.
//
// The driver reads them. What has come when a batch is looked for is stored in the checkpoint, as
// one file (<checkpoint>/sources/socket/), before the batch is defined, and goes once it is
// committed: so a line that is in a batch is counted once, whatever happens then. A socket cannot
// be asked to send again: what is in the socket, in the driver's memory, or in an unfinished line
// when the driver or the connection fails is lost, as in Spark (which also loses what is in a
// batch). So it is not replayable, which is said at the start.
//
// Bounds: while 8 MiB wait for a batch nothing is read, and TCP holds the sender. A line longer
// than 1 MiB is dropped, and said. When the connection ends or cannot be made, it is made again.
#ifndef WAVETANK_RUNTIME_CONNECTORS_SOCKET_SOURCE_H_
#define WAVETANK_RUNTIME_CONNECTORS_SOCKET_SOURCE_H_

#include "runtime/connectors/source_format.h"

namespace wavetank::runtime {

SourceFormat SocketSource();

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_SOCKET_SOURCE_H_
