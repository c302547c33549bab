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

// Promises: "version N" -> its files joined by commas, a line end, its keys and values in order.
std::string ContentOf(const StateStore& store) {
  std::string content;
  store.ForEach([&content](std::string_view key, std::string_view value) {
    content.append(key).append("=").append(value).append(";");
  });
  return content;
}

class VersionedStateSubject final : public CrashSubject {
 public:
  std::string name() const override { return "state store"; }
  std::vector<std::string> operations() const override {
    return {"commit a new key", "commit a large change of a key", "commit a removal",
            "abort and commit nothing", "open the newest version anew"};
  }

  Task<void> Run(Node& node, std::vector<int> script, Promises& promises) override {
    LocalStore store(node, "root");
    auto opened = co_await StateStore::Open(node, store, "state", StateVersion());
    WT_CHECK(opened.ok());
    std::unique_ptr<StateStore> state = *std::move(opened);
    state->Put("first", "1");
    for (size_t at = 0; at < script.size(); ++at) {
      switch (script[at]) {
        case 0:
          state->Put(absl::StrCat("key", at), absl::StrCat("value", at));
          break;
        case 1:
          state->Put("first", std::string(900, static_cast<char>('a' + at)));
          break;
        case 2:
          state->Remove("first");
          break;
        case 3:
          state->Abort();
          break;
        default: {
          auto anew = co_await StateStore::Open(node, store, "state", state->version());
          WT_CHECK(anew.ok());
          state = *std::move(anew);
        }
      }
      const auto version = co_await state->Commit();
      if (!version.ok()) continue;
      promises[absl::StrCat("version ", version->version)] =
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
      const auto opened = co_await StateStore::Open(node, store, "state", version);
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
