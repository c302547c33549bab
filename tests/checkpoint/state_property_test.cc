// A table and a store against models of them, under programs that RapidCheck makes up and shrinks.
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "checkpoint/local_store.h"
#include "checkpoint/state_cleanup.h"
#include "checkpoint/state_store.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/plain_table.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::SimWorld;

enum class Verb {
  kPut,
  kRemove,
  kPutMany,
  kRemoveMany,
  kScan,
  kAccept,  // or commit
  kTakeBack,
  kPicture,  // begin one, or take a piece of it
  kReopen,
  kRollBack,
  kPowerLoss,
  kCleanUp,
};
constexpr const char* kVerbs[] = {"put",    "remove",    "put many",   "remove many",
                                  "scan",   "accept",    "take back",  "picture",
                                  "reopen", "roll back", "lose power", "clean up"};

struct Operation {
  Verb verb = Verb::kPut;
  int store = 0;
  int key = 0;
  int value = 0;
};

std::string KeyOf(int number) {
  // Some prefix others, so that ranges and prefixes differ.
  return std::string(static_cast<size_t>(number % 3), 'a') + absl::StrCat(number / 3);
}
std::string ValueOf(int number) {
  return std::string(static_cast<size_t>(number % 17), static_cast<char>('a' + number % 26));
}

void showValue(const Operation& operation, std::ostream& out) {
  out << kVerbs[static_cast<int>(operation.verb)] << "(" << operation.store << ", "
      << KeyOf(operation.key) << ", " << operation.value << ")";
}

// The later verbs are rarer.
rc::Gen<std::vector<Operation>> Operations(Verb last) {
  const auto verb = rc::gen::map(
      rc::gen::pair(rc::gen::inRange(0, static_cast<int>(last) + 1), rc::gen::inRange(0, 3)),
      [](std::pair<int, int> drawn) {
        return static_cast<Verb>(drawn.second == 0 ? drawn.first : drawn.first % 6);
      });
  return rc::gen::container<std::vector<Operation>>(rc::gen::build<Operation>(
      rc::gen::set(&Operation::verb, verb), rc::gen::set(&Operation::store, rc::gen::inRange(0, 2)),
      rc::gen::set(&Operation::key, rc::gen::inRange(0, 40)),
      rc::gen::set(&Operation::value, rc::gen::inRange(0, 1000))));
}

void Change(const Operation& operation, StateTable& table, PlainTable& plain) {
  std::vector<std::string> keys;
  std::vector<std::string> values;
  const bool many = operation.verb == Verb::kPutMany || operation.verb == Verb::kRemoveMany;
  for (int i = 0; i < (many ? 1 + operation.value % 40 : 1); ++i) {
    keys.push_back(KeyOf((operation.key + 7 * i) % 40));
    values.push_back(ValueOf(operation.value + i));
  }
  const bool put = operation.verb == Verb::kPut || operation.verb == Verb::kPutMany;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (put) plain.Put(keys[i], values[i]);
    if (!put) plain.Remove(keys[i]);
  }
  if (!many) {
    if (put) table.Put(keys[0], values[0]);
    if (!put) table.Remove(keys[0]);
    return;
  }
  const std::vector<std::string_view> key_views(keys.begin(), keys.end());
  const std::vector<std::string_view> value_views(values.begin(), values.end());
  if (put && operation.value % 2 == 0) {
    table.PutMany(key_views, value_views);
  } else if (put) {
    std::vector<uint32_t> numbers(keys.size());
    std::vector<std::string_view> before(keys.size());
    table.NumberMany(key_views, numbers, before);
    table.PutAt(numbers, value_views);
  }
  if (!put) table.RemoveMany(key_views);
}

bool ScansAlike(const Operation& operation, const StateTable& table, const PlainTable& plain) {
  const std::string begin = KeyOf(operation.key);
  std::optional<std::string> end;
  if (operation.value % 3 != 0) end = KeyOf(operation.value % 40);
  Rows range;
  Rows prefixed;
  table.ScanRange(begin, end, [&range](std::string_view key, std::string_view value) {
    range.emplace_back(std::string(key), std::string(value));
    return true;
  });
  table.ScanPrefix(begin, [&prefixed](std::string_view key, std::string_view value) {
    prefixed.emplace_back(std::string(key), std::string(value));
    return true;
  });
  Rows expected = plain.Sorted(begin, std::nullopt);
  std::erase_if(expected, [&](const auto& row) { return !row.first.starts_with(begin); });
  return range == plain.Sorted(begin, end) && prefixed == expected;
}

// By every other way to ask.
bool Same(const StateTable& table, const PlainTable& plain) {
  bool same = RowsOf(table) == plain.rows() && table.size() == plain.rows().size();
  std::vector<std::string> keys;
  for (int i = 0; i < 40; ++i) keys.push_back(KeyOf(i));
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  std::vector<std::optional<std::string_view>> found(views.size());
  table.GetMany(views, found);
  for (size_t i = 0; i < keys.size(); ++i) {
    std::string_view value;
    const bool there = table.Get(keys[i], &value);
    const std::optional<std::string> expected = plain.Get(keys[i]);
    same = same && there == expected.has_value() && there == found[i].has_value();
    if (same && there) same = value == *expected && *found[i] == *expected;
  }
  return same;
}

RC_GTEST_PROP(StateTableProperty, IsAPlainTableWithPictures, ()) {
  StateTable table(KeyOrder::kBytes);
  PlainTable plain;
  std::optional<Rows> expected;  // of the picture
  Rows shown;
  const auto finish = [&] {
    RC_ASSERT(shown == *expected);
    table.DropPicture();
    expected.reset();
    shown.clear();
  };
  for (const Operation& operation : *Operations(Verb::kPicture)) {
    switch (operation.verb) {
      case Verb::kScan:
        RC_ASSERT(ScansAlike(operation, table, plain));
        break;
      case Verb::kAccept:
        table.Accept();
        plain.Accept();
        if (expected) break;
        table.FixLayout({.key_bytes = static_cast<uint32_t>(operation.key % 11),
                         .value_bytes = static_cast<uint32_t>(operation.value % 20)});
        break;
      case Verb::kTakeBack:
        table.TakeBack();
        plain.TakeBack();
        break;
      case Verb::kPicture: {
        if (!expected) {
          table.Accept();
          plain.Accept();
          table.StartPicture();
          expected = plain.rows();
        }
        const auto collect = [&shown](std::string_view key, std::string_view value) {
          shown.emplace_back(std::string(key), std::string(value));
        };
        if (!table.VisitPicture(static_cast<size_t>(operation.value % 8), collect)) finish();
        break;
      }
      default:
        Change(operation, table, plain);
    }
    RC_ASSERT(Same(table, plain));
  }
}

// --- the store ---

struct Committed {
  StateVersion version;
  std::vector<PlainTable> tables;
};

// The driver's side of a store: what is committed, newest last, and what uncommitted changes make
// of it.
struct VersionsModel {
  std::vector<Committed> committed{Committed{{}, {PlainTable(), PlainTable()}}};
  std::vector<PlainTable> now{PlainTable(), PlainTable()};
};

StateStoreOptions ModelOptions() {
  StateStoreOptions options;
  options.stores = {{"one", "", KeyOrder::kBytes}, {"two", ""}};
  options.compression = StateCompression::kLz4;
  options.lineage = {.snapshot_at = 2, .snapshot_at_latest = 4, .longest = 5};
  options.part_bytes = 1;  // files travel in parts
  return options;
}

Task<absl::Status> NoNewerOwner() { co_return absl::OkStatus(); }

// Runs operations on a store in a simulated world, each life of a process up to a power loss.
class StoreRun {
 public:
  explicit StoreRun(std::vector<Operation> operations) : operations_(std::move(operations)) {
    world_.AddMachine("m");
  }

  // What went wrong; "" if nothing did. (An exception must not leave a coroutine.)
  std::string Run() {
    while (!checked_ && broken_.empty()) {
      bool over = false;
      world_.Start("m", {"p", {{"node", [&](Node& node) { return Live(node, over); }}}});
      if (world_.RunUntil([&] { return over; }) != simulator::RunEnd::kDone) return "it hangs";
      world_.LosePower("m");
      world_.RunFor(absl::Milliseconds(1));
      world_.PowerOn("m");
    }
    return broken_;
  }

 private:
  Task<void> Live(Node& node, bool& over) {
    LocalStore store(node, "root");
    std::unique_ptr<StateStore> state = co_await Open(node, store);
    while (broken_.empty() && next_ < operations_.size()) {
      const Operation operation = operations_[next_++];
      if (operation.verb == Verb::kPowerLoss) {
        over = true;
        co_await node.clock().Sleep(absl::Seconds(1));
      }
      if (operation.verb == Verb::kReopen) {
        state = co_await Open(node, store);
      } else {
        co_await Act(node, store, *state, operation);
      }
      for (size_t i = 0; i < 2 && broken_.empty(); ++i) {
        Expect(Same(state->table(i), model_.now[i]), "the tables differ");
      }
    }
    // Everything that may be rolled back to, again.
    for (const Committed& version : model_.committed) {
      if (!broken_.empty()) break;
      Expect(co_await state->RollBack(version.version));
      for (size_t i = 0; i < 2 && broken_.empty(); ++i) {
        Expect(Same(state->table(i), version.tables[i]), "a retained version differs");
      }
    }
    checked_ = true;
    over = true;
  }

  Task<std::unique_ptr<StateStore>> Open(Node& node, Store& store) {
    const Committed newest = model_.committed.back();
    auto opened = co_await StateStore::Open(node, store, "s", newest.version, ModelOptions());
    if (!opened.ok()) {
      Expect(opened.status());
      opened = co_await StateStore::Open(node, store, "s", {}, ModelOptions());
    }
    model_.now = newest.tables;
    co_return *std::move(opened);
  }

  Task<void> Act(Node& node, Store& store, StateStore& state, Operation operation) {
    switch (operation.verb) {
      case Verb::kScan:
        Expect(ScansAlike(operation, state.table(size_t{0}), model_.now[0]), "the scans differ");
        break;
      case Verb::kAccept:
        for (int i = 0; i <= operation.value % 12; ++i) co_await Commit(state, operation.value + i);
        break;
      case Verb::kTakeBack:
        state.Abort();
        for (PlainTable& table : model_.now) table.TakeBack();
        break;
      case Verb::kPicture:  // some time for what goes on in the background
        co_await node.clock().Sleep(absl::Microseconds(operation.value));
        break;
      case Verb::kRollBack: {
        const size_t down = static_cast<size_t>(operation.value) % model_.committed.size();
        model_.committed.resize(model_.committed.size() - down);
        Expect(co_await state.RollBack(model_.committed.back().version));
        model_.now = model_.committed.back().tables;
        break;
      }
      case Verb::kCleanUp:
        co_await CleanUp(node, store);
        break;
      default: {
        const auto number = static_cast<size_t>(operation.store);
        Change(operation, state.table(number), model_.now[number]);
      }
    }
  }

  Task<void> Commit(StateStore& state, int value) {
    const absl::StatusOr<StateVersion> version = co_await state.Commit();
    Expect(version.status());
    if (!version.ok()) co_return;
    Expect(version->files.size() <= ModelOptions().lineage.longest, "a lineage is too long");
    for (PlainTable& table : model_.now) table.Accept();
    model_.committed.push_back({*version, model_.now});
    state.table(size_t{1}).Put(KeyOf(value % 40), ValueOf(value));
    model_.now[1].Put(KeyOf(value % 40), ValueOf(value));
  }

  // Three versions are retained: only those may be rolled back to from now on.
  Task<void> CleanUp(Node& node, Store& store) {
    while (model_.committed.size() > 3) model_.committed.erase(model_.committed.begin());
    StateCleanup cleanup;
    cleanup.committed_version = model_.committed.back().version.version;
    for (const Committed& version : model_.committed) {
      cleanup.referenced.insert(version.version.files.begin(), version.version.files.end());
    }
    cleanup.look = NoNewerOwner;
    Expect((co_await RemoveUnreferencedState(node, store, "s", std::move(cleanup))).status());
  }

  void Expect(bool holds, const char* otherwise) {
    if (!holds && broken_.empty()) {
      broken_ = absl::StrCat(otherwise, " after operation ", next_);
    }
  }
  void Expect(const absl::Status& status) { Expect(status.ok(), status.ToString().c_str()); }

  const std::vector<Operation> operations_;
  size_t next_ = 0;
  SimWorld world_{{.seed = 5}};
  VersionsModel model_;
  std::string broken_;
  bool checked_ = false;
};

RC_GTEST_PROP(StateStoreProperty, IsPlainTablesByVersion, ()) {
  RC_ASSERT(StoreRun(*Operations(Verb::kCleanUp)).Run() == "");
}

}  // namespace
}  // namespace wavetank::checkpoint
