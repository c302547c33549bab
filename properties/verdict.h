// What the checkers have to say about a run.
#ifndef WAVETANK_PROPERTIES_VERDICT_H_
#define WAVETANK_PROPERTIES_VERDICT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace wavetank::properties {

// How the records that the sources gave came out, each by the id that it carries as ordinary data.
// `once`, `duplicated` and `lost` add up to the records that the sources gave: a record that a
// source gave twice is two, of one id.
struct RecordCounts {
  int64_t once = 0;
  int64_t duplicated = 0;  // ids that came out more often than they were given
  int64_t lost = 0;
  int64_t phantom = 0;    // came out, but no source gave them
  int64_t reordered = 0;  // came out before one that its source gave earlier
  // Whether records have ids to tell them by; else nothing was counted.
  bool told_apart = true;

  friend bool operator==(const RecordCounts&, const RecordCounts&) = default;
};

// `once`, `duplicated` and `lost`, by how often each id was given and came out.
RecordCounts CountRecords(const std::map<std::string, int64_t>& given,
                          const std::map<std::string, int64_t>& came_out);

// How many records came out before one that their source gave earlier. `first_seen`: in the order
// of the source, the batch in which each record first came out; -1: never.
int64_t CountReordered(const std::vector<int64_t>& first_seen);

// The kinds are a stable interface: scenario files name them in `expect { violation: }`.
namespace violation_kinds {
inline constexpr const char* kLost = "lost";
inline constexpr const char* kDuplicated = "duplicated";
inline constexpr const char* kPhantom = "phantom";
inline constexpr const char* kReordered = "reordered";
inline constexpr const char* kWrongAnswer = "wrong_answer";
inline constexpr const char* kDefinition = "definition";  // batch definitions: gap, overlap, change
inline constexpr const char* kWatermark =
    "watermark";  // not what the earlier rows give, or falling
inline constexpr const char* kCommitOrder =
    "commit_order";  // sink and log disagree on what is committed
inline constexpr const char* kVisibility = "visibility";  // a reader sees more, or less than before
inline constexpr const char* kInputDurable =
    "input_durable";  // a batch ran before its input was durable
inline constexpr const char* kMixedAttempts =
    "mixed_attempts";  // one output has rows of several attempts at a task
inline constexpr const char* kUnreadable =
    "unreadable";  // a durable file that must be whole is not
inline constexpr const char* kProtocol =
    "protocol";  // a driver's steps, or those of a log's owners, are none that it allows
inline constexpr const char* kFalseAlarm =
    "false_alarm";  // a job says that its own files are damaged, or taken, and none are
}  // namespace violation_kinds

// Every kind, for `--help` and the nearest right name.
std::vector<std::string> AllViolationKinds();

struct Violation {
  std::string kind;
  std::string what;                  // one sentence with the ids that it is about
  int64_t time_ns = 0;               // virtual, when it was first seen
  std::vector<std::string> records;  // a few of the records concerned
  std::string step;                  // the last step reached before it was seen
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_VERDICT_H_
