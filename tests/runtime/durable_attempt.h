// Three units of a durable thing are written, and read back by another process: the same in both
// worlds. Between the first and the second a fault may begin to act.
#ifndef WAVETANK_TESTS_RUNTIME_DURABLE_ATTEMPT_H_
#define WAVETANK_TESTS_RUNTIME_DURABLE_ATTEMPT_H_

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "checkpoint/served_store.h"
#include "platform/status_macros.h"
#include "tests/runtime/durable_writers.h"

namespace wavetank::runtime::durable_writers {

// Units 1, 2 and 3 are written; the fault acts when 1 is acknowledged.
inline constexpr platform::StepName kOneIsThere{"test.one_is_there", "", "The fault acts here."};

enum class Thing { kRecordLog, kQueryLog, kGraphLog, kState, kSink, kFiles };
inline constexpr Thing kThings[] = {Thing::kRecordLog, Thing::kQueryLog, Thing::kGraphLog,
                                    Thing::kState,     Thing::kSink,     Thing::kFiles};
inline constexpr const char* kNames[] = {"RecordLog", "QueryLog", "GraphLog",
                                         "State",     "Sink",     "Store"};

// Where the second unit is written.
inline std::string FilesOf(Thing thing) {
  switch (thing) {
    case Thing::kState:
      return "*state/.tmp-*";
    case Thing::kSink:
      return "*out/_wavetank/log-*";
    case Thing::kFiles:
      return "*files/1";
    default:
      return "*log/log-1";
  }
}

struct Attempt {
  Thing thing = Thing::kRecordLog;
  bool served = false;
  bool second_driver = false;
  checkpoint::StateVersion state = {};
  std::string root = "root";  // of the store, if it is local
  checkpoint::ServedStoreOptions store = {.request_timeout = absl::Seconds(1),
                                          .give_up_after = absl::Seconds(10)};
  std::string store_address = "store:7000";
  // Before the third unit, when what is to pass has passed: after so long, and when this returns.
  absl::Duration pause = absl::Seconds(3);
  std::function<void()> await_passing = [] {};
  std::function<void()> begin_faults = [] {};
  std::function<void(const absl::Status&)> on_write = [](const absl::Status&) {};

  std::vector<absl::Status> writes = {};  // of units 1, 2, 3
  std::vector<absl::Status> reads = {};   // until one may not pass
  std::set<int> found = {};
  bool done = false;
};

inline std::unique_ptr<Writer> MakeWriter(Node& node, Store& store, Attempt& attempt,
                                          int64_t epoch) {
  switch (attempt.thing) {
    case Thing::kRecordLog:
      return std::make_unique<RecordLog>(node, store);
    case Thing::kQueryLog:
      return std::make_unique<QueryLog>(node, store);
    case Thing::kGraphLog:
      return std::make_unique<GraphLog>(node, store);
    case Thing::kState:
      return std::make_unique<State>(node, store, attempt.state);
    case Thing::kSink:
      return std::make_unique<Sink>(node, store, epoch);
    case Thing::kFiles:
      break;
  }
  return std::make_unique<Files>(store);
}

inline Task<absl::StatusOr<std::unique_ptr<Store>>> OpenStore(Node& node, const Attempt& attempt) {
  if (attempt.served) {
    co_return std::make_unique<checkpoint::ServedStore>(node, attempt.store_address, attempt.store);
  }
  WT_CO_ASSIGN_OR_RETURN(std::unique_ptr<checkpoint::LocalStore> store,
                         co_await checkpoint::LocalStore::OpenExclusive(node, attempt.root));
  co_return store;
}

inline Task<void> WriteThree(Node& node, Attempt& attempt) {
  absl::StatusOr<std::unique_ptr<Store>> store = co_await OpenStore(node, attempt);
  if (!store.ok()) ADD_FAILURE() << store.status();
  if (!store.ok()) co_return;
  const std::unique_ptr<Writer> writer = MakeWriter(node, **store, attempt, 1);
  const absl::Status opened = co_await writer->Open();
  EXPECT_TRUE(opened.ok()) << opened;
  const std::unique_ptr<Writer> second = MakeWriter(node, **store, attempt, 2);
  for (const int unit : {1, 2, 3}) {
    if (unit == 3) {
      co_await node.clock().Sleep(attempt.pause);
      attempt.await_passing();
    }
    attempt.writes.push_back(co_await writer->Write(unit));
    attempt.on_write(attempt.writes.back());
    if (unit > 1) continue;
    co_await node.Step(kOneIsThere);
    attempt.begin_faults();
    if (!attempt.second_driver) continue;
    const absl::Status taken = co_await second->Open();
    EXPECT_TRUE(taken.ok()) << taken;
  }
  attempt.done = true;
}

inline Task<void> ReadBack(Node& node, Attempt& attempt) {
  while (attempt.reads.size() < 5) {
    absl::StatusOr<std::unique_ptr<Store>> store = co_await OpenStore(node, attempt);
    absl::StatusOr<std::set<int>> units = absl::UnavailableError("the store");
    if (!store.ok()) {
      units = store.status();
    } else {
      const std::unique_ptr<Writer> reader = MakeWriter(node, **store, attempt, 3);
      units = co_await reader->Units();
    }
    attempt.reads.push_back(units.status());
    if (units.ok()) attempt.found = *units;
    if (!absl::IsUnavailable(units.status())) break;
  }
  attempt.done = true;
}

inline std::string Code(const absl::Status& status) {
  const std::string text = status.ToString();
  return text.substr(0, text.find(':'));
}

}  // namespace wavetank::runtime::durable_writers

#endif  // WAVETANK_TESTS_RUNTIME_DURABLE_ATTEMPT_H_
