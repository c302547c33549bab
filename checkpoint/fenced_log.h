// FencedLog: a log of records with one owner at a time, over any Store, able to refuse a stale
// writer or not. A directory cannot refuse one, and no lease or clock can be trusted to, so
// ownership rests on names and order (tests/model is the specification, and exhausts it; its rules
// are named where they are kept):
//
//   <directory>/epoch-<E>      created durably by its owner, one winner, before it reads anything;
//                              holds its owner's unique id
//   <directory>/log-<E>        the groups of epoch E; the first group seals the predecessors
//   <directory>/log-<E>.<S>    its further segments; each begins with a seal of its own
//   <directory>/base-<E>.<S>   what counted when that segment began, if that is much
//   <directory>/mark-<E>.<S>   written once that segment counts: it cannot go missing unnoticed
//
// An owner appends (durably), then looks for a higher epoch, and only then says OK. A reader reads,
// then looks: under a higher epoch without its seal there is no answer yet, and it tries again.
// Where the store refuses what is late (Store::Under), the owner's changes carry its epoch and it
// need not look: what was acknowledged was durable before a newer epoch came into being.
//
// Segments keep a log bounded. When one is large or old enough, its owner begins the next, upon a
// base: what the records amount to (LogFold::Base), or else a copy of them. A new owner refers to
// what it found, and begins the next at once if that is more than one file. Once a seal is durable
// and no higher epoch is there, what it does not refer to is removed, older epochs too. An owner
// that is fenced finds that out when it looks, after its seal and before it removes anything, or is
// refused; a new one that was there by then has not seen that seal, and refers to files that are
// all still there; one that comes later sees it.
#ifndef WAVETANK_CHECKPOINT_FENCED_LOG_H_
#define WAVETANK_CHECKPOINT_FENCED_LOG_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/store.h"
#include "platform/generator.h"
#include "platform/node.h"
#include "platform/strong_id.h"

namespace wavetank::checkpoint {

// Counts the owners of one log: 1, 2, ...
using Epoch = platform::StrongId<struct EpochTag>;

// What the records of a log amount to, in the terms of whoever owns or reads it.
class LogFold {
 public:
  virtual ~LogFold() = default;
  // Nothing has been added: a reader may have to begin anew.
  virtual void Clear() = 0;
  // The records that count, in order, each once. An error ends the reading and is returned; that of
  // a record which an owner appends stops its log.
  virtual absl::Status Add(std::string_view record) = 0;
  // Records that stand for all that were added, made as they are asked for; nullopt: only those
  // themselves do. Nothing is added meanwhile.
  virtual std::optional<platform::Generator<std::string>> Base() const { return std::nullopt; }
  // Without a base they are copied: how one of them is to stand there; nullopt: what the others say
  // is enough.
  virtual std::optional<std::string> Copied(std::string record) const { return record; }
  // All that was added stands in a base, or is copied, durably.
  virtual void HasCopied() {}
};

// All of them.
class RecordList final : public LogFold {
 public:
  void Clear() override { records_.clear(); }
  absl::Status Add(std::string_view record) override {
    records_.emplace_back(record);
    return absl::OkStatus();
  }
  const std::vector<std::string>& records() const { return records_; }

 private:
  std::vector<std::string> records_;
};

struct FencedLogOptions {
  // A segment of this size or age is followed by another after the append that makes it so; what
  // earlier owners left beside a base counts as well. It must have grown to twice what it began
  // with, so that rewriting that stays cheap.
  uint64_t segment_bytes = uint64_t{4} << 20;
  absl::Duration segment_age = absl::Hours(24);
  // Up to so many bytes of records (and no more than a segment has) stand in a seal for good; more
  // are a base of its segment. No group of a base, and no seal, is larger than the second, unless a
  // record is.
  uint64_t copied_bytes = uint64_t{256} << 10;
  uint64_t group_bytes = uint64_t{32} << 20;
};

class FencedLog {
 public:
  virtual ~FencedLog() = default;

  // Takes the log over: when this returns OK, every predecessor is fenced, and `fold` was given the
  // complete and final list of the records that count, in order, each durable. `node`, `store` and
  // `fold`, which is given what is appended too, must outlive the log. kAborted: somebody newer
  // took over meanwhile. kDataLoss: a record that counts is damaged or missing (named by file and
  // offset).
  static Task<absl::StatusOr<std::unique_ptr<FencedLog>>> TakeOver(platform::Node& node,
                                                                   Store& store,
                                                                   std::string directory,
                                                                   LogFold& fold,
                                                                   FencedLogOptions options = {});

  virtual Epoch epoch() const = 0;

  // Appends the records as one group: all count or none. OK: durable, and no newer owner existed
  // after they were: they count for ever, and the fold has them. kAborted: a newer owner exists;
  // whether they count is for it to say; stop. kInvalidArgument: too many bytes for one group,
  // nothing was done. Any other error: the outcome is unknown and this object refuses everything
  // from then on, with that error; take over anew to learn it. Calls made while one is under
  // way share the next group's sync.
  virtual Task<absl::Status> Append(std::vector<std::string> records) = 0;

  // Looks for a newer owner, before anything is removed that one may need. OK: there was none, so
  // what this one knew to count still did. kAborted: there is. kDataLoss: the log is gone.
  virtual Task<absl::Status> Look() = 0;
};

// What counts, without taking over: `fold` is given the records a reader is answered with at this
// instant. Retries while a newer owner has not yet sealed, up to `timeout`, then kUnavailable.
Task<absl::Status> ReadFencedLog(platform::Node& node, Store& store, std::string directory,
                                 absl::Duration timeout, LogFold& fold);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_FENCED_LOG_H_
