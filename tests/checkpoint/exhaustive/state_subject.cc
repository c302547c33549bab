// A state store: every version whose commit was acknowledged can be opened, with exactly its keys.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "checkpoint/local_store.h"
#include "checkpoint/state_store.h"
#include "platform/check.h"
#include "tests/checkpoint/exhaustive/subjects.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;

// Promises: "version N by <its last file>" -> its files joined by commas, a line end, the keys and
// values of both stores in order.
std::string ContentOf(const StateStore& store) {
  std::string content;
  for (const size_t number : {size_t{0}, size_t{1}}) {
    store.table(number).ForEach([&content](std::string_view key, std::string_view value) {
      content.append(key).append("=").append(value).append(";");
    });
    content += "/";
  }
  return content;
}

// A snapshot begins in the background once there are two files, and a commit that finds three
// writes one itself.
StateStoreOptions Options() {
  StateStoreOptions options;
  options.operator_fingerprint = "explored";
  options.stores = {{"one", "1"}, {"two", "2", KeyOrder::kBytes}};
  options.lineage = {.snapshot_at = 2, .snapshot_at_latest = 2, .longest = 3};
  return options;
}

class VersionedStateSubject final : public CrashSubject {
 public:
  std::string name() const override { return "state store"; }
  std::vector<std::string> operations() const override {
    return {"commit a new key",
            "commit a large change of a key",
            "commit a removal",
            "abort and commit nothing",
            "open the newest version anew",
            "commit a key after the snapshot",
            "roll back by a version and commit a key"};
  }

  Task<void> Run(Node& node, std::vector<int> script, Promises& promises) override {
    LocalStore store(node, "root");
    auto opened = co_await StateStore::Open(node, store, "state", {}, Options());
    WT_CHECK(opened.ok());
    std::unique_ptr<StateStore> state = *std::move(opened);
    std::vector<StateVersion> versions = {state->version()};
    state->Put("first", "1");
    for (size_t at = 0; at < script.size(); ++at) {
      switch (script[at]) {
        case 0:
          state->Put(absl::StrCat("key", at), absl::StrCat("value", at));
          break;
        case 1:
          state->Put("first", std::string(600, static_cast<char>('a' + at)));
          state->table("two").Put("first", absl::StrCat(at));
          break;
        case 2:
          state->Remove("first");
          break;
        case 3:
          state->Abort();
          break;
        case 5:
          while (state->snapshot_running()) co_await node.clock().Sleep(absl::Milliseconds(1));
          state->Put(absl::StrCat("key", at), "");
          break;
        case 6: {
          if (versions.size() > 1) versions.pop_back();
          const absl::Status back = co_await state->RollBack(versions.back());
          WT_CHECK(back.ok());
          state->table("two").Put("rolled back", absl::StrCat(at));
          break;
        }
        default: {
          auto anew = co_await StateStore::Open(node, store, "state", state->version(), Options());
          WT_CHECK(anew.ok());
          state = *std::move(anew);
        }
      }
      const auto version = co_await state->Commit();
      if (!version.ok()) continue;
      versions.push_back(*version);
      const std::string by = version->files.empty() ? "no file" : version->files.back();
      promises[absl::StrCat("version ", version->version, " by ", by)] =
          absl::StrCat(absl::StrJoin(version->files, ","), "\n", ContentOf(*state));
    }
  }

  Task<void> Recover(Node& node, Promises& promises, std::string& broken) override {
    LocalStore store(node, "root");
    for (const auto& [what, promised] : promises) {
      const std::pair<std::string, std::string> parts =
          absl::StrSplit(promised, absl::MaxSplits('\n', 1));
      StateVersion version;
      version.version = std::stoll(what.substr(8));
      version.files = absl::StrSplit(parts.first, ',', absl::SkipEmpty());
      const auto opened = co_await StateStore::Open(node, store, "state", version, Options());
      if (!opened.ok()) {
        broken = absl::StrCat(what, ": ", opened.status().ToString());
      } else if (ContentOf(**opened) != parts.second) {
        broken = what + " does not hold what was committed";
      }
      if (!broken.empty()) co_return;
    }
  }
};

}  // namespace

std::unique_ptr<CrashSubject> StateStoreSubject() {
  return std::make_unique<VersionedStateSubject>();
}

}  // namespace wavetank::checkpoint
