// A server that writes lines to whoever has connected: to a program that reads a socket it is what
// `nc -lk PORT` is in a tutorial, and it is as forgetful.
//
// - One connection is served at a time; others wait in the listener's queue until it is over, as
//   those of `nc` do. It is over when the peer has closed it, or a write or read of it has failed.
// - Lines wait in the feed while nobody is connected, as what is typed into `nc` waits in the
//   terminal, and go to whoever comes next.
// - What was taken out of the feed is gone, whether its write arrived, failed, or was cut short by
//   the death of either end: a socket has no memory and is not told what was taken in. That makes
//   a plain socket a lossy source, whatever the program behind it does.
// - What the peer sends is read and dropped.
#ifndef WAVETANK_SCENARIOS_FAKES_LINE_SERVER_H_
#define WAVETANK_SCENARIOS_FAKES_LINE_SERVER_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/event.h"
#include "platform/node.h"
#include "platform/step.h"

namespace wavetank::scenarios::fakes {

namespace steps {

inline constexpr platform::StepName kLineServerConnected{
    "line_server.connected", "", "Somebody is connected to the server; nothing was written yet."};
inline constexpr platform::StepName kLineServerHalfWritten{
    "line_server.half_written", "lines",
    "Of an arrival of so many lines the first half was handed to the connection, and ends within a "
    "line."};
inline constexpr platform::StepName kLineServerWritten{
    "line_server.written", "lines",
    "One arrival of so many lines was handed to the connection; none need have got there."};

inline constexpr const platform::StepName* kLineServerSteps[] = {
    &kLineServerConnected, &kLineServerHalfWritten, &kLineServerWritten};

}  // namespace steps

// What is typed into the server: it stands outside of the server's process and outlives it, as a
// FIFO would. Used by the world, between its events, and by the server's node; one thread.
class LineFeed {
 public:
  // So many lines with their ends, to be written in one piece.
  void Add(std::string text, int64_t lines) {
    waiting_.push_back({std::move(text), lines});
    news_.Set();
  }
  // Lines without their ends: each gets "\n".
  void Add(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    Add(std::move(text), static_cast<int64_t>(lines.size()));
  }
  // How many lines the server has taken out, each to be written once.
  int64_t taken() const { return taken_; }
  // What was not written to its end, because the server or its connection ended, or is being
  // written: who reads it may find that it ends anywhere, within a line, too.
  const std::vector<std::string>& unfinished() const { return unfinished_; }
  // Of a server that keeps its lines: it was told that so many are safe.
  int64_t acknowledged() const { return first_kept_; }
  // How many connections the server has begun to serve.
  int64_t connections() const { return connections_; }

 private:
  friend class LineServer;
  friend class KeptLineServer;
  struct Piece {
    std::string text;
    int64_t lines = 0;
  };
  std::deque<Piece> waiting_;
  // What waits is lines that are kept from now on.
  void Keep();

  int64_t taken_ = 0;
  std::deque<std::string> kept_;
  int64_t first_kept_ = 0;  // its number in the stream
  std::vector<std::string> unfinished_;
  int64_t connections_ = 0;
  platform::Event news_;
};

// Of several servers, by the address of each.
using LineFeeds = std::map<std::string, std::shared_ptr<LineFeed>>;

// A line ends with "\n", "\r\n" or "\r".
std::vector<std::string> LinesOfText(std::string_view text);

// Serves `feed` on "host:port" for ever. Several incarnations may do so one after the other.
platform::NodeMain LineServerMain(std::string address, std::shared_ptr<LineFeed> feed);

}  // namespace wavetank::scenarios::fakes

#endif  // WAVETANK_SCENARIOS_FAKES_LINE_SERVER_H_
