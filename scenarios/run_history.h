// What a run's report tells besides its verdict and timeline, for whoever looks for the reason:
// which processes lived when, which faults lasted how long, what arrived, and what became of each
// batch, as the checkers' own decoders read it from what was durable.
#ifndef WAVETANK_SCENARIOS_RUN_HISTORY_H_
#define WAVETANK_SCENARIOS_RUN_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wavetank::scenarios {

// A time that has not come by the run's end.
inline constexpr int64_t kNever = -1;

struct TimeSpan {
  int64_t begin_ns = 0;
  int64_t end_ns = kNever;

  friend bool operator==(const TimeSpan&, const TimeSpan&) = default;
};

// An incarnation of a process.
struct ProcessLife {
  std::string machine = {};
  std::string process = {};
  std::string label = {};               // "app#2": unique in the run
  std::vector<std::string> nodes = {};  // "driver"
  TimeSpan lived = {};
  std::string end = {};  // "crashes"
  std::vector<TimeSpan> pauses = {};
};

// A fault that lasts, until its own end or the heal, or a machine without power.
struct FaultBand {
  std::string kind = {};   // by its name in the fault table; "no power"
  std::string where = {};  // a process or a machine
  std::string peer = {};   // of a link: the other machine
  std::string text = {};
  TimeSpan span = {};
};

// What the source gave at once: a file, or what was written to a socket.
struct SourcePiece {
  std::string name = {};
  int64_t at_ns = 0;
  std::vector<std::string> lines = {};
  bool removed = false;  // the file goes, instead of coming
};

// State of one operator and partition, as an attempt leaves it.
struct StateOfAttempt {
  int64_t operator_id = 0;
  int64_t partition = 0;
  std::vector<std::string> files = {};
  std::vector<std::string> keys = {};  // that are new or other than before; bytes
};

struct BatchAttempt {
  std::string name = {};
  int64_t seen_ns = 0;  // durable, or of an output: its first file
  int64_t complete_ns = kNever;
  std::string tells = {};  // in words: late rows, the next watermark
  std::vector<StateOfAttempt> state = {};
};

// Rows that a reader of the output sees from an instant on.
struct BatchDelivery {
  int64_t at_ns = 0;
  std::string attempt = {};  // "": not known
  std::vector<std::string> rows = {};
  size_t rows_left_out = 0;
};

// A batch, by one definition of it.
struct BatchHistory {
  std::string of = {};    // the query's or output's name, of several
  std::string name = {};  // its number, or its time
  std::string definition = {};
  std::vector<std::string> input = {};  // pieces, in the order of reading
  int64_t defined_ns = kNever;          // durable
  int64_t superseded_ns = kNever;       // by another definition
  std::vector<BatchAttempt> attempts = {};
  std::vector<int64_t> committed_ns = {};
  std::vector<BatchDelivery> deliveries = {};
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_RUN_HISTORY_H_
