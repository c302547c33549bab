// The store over a local disk: what was acknowledged, and what a read has shown, survives.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "checkpoint/local_store.h"
#include "tests/checkpoint/exhaustive/subjects.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;

// In the order of operations().
enum Operation { kCreateSmall, kCreateLarge, kAppend, kLink, kRemove };

// Promises: "has PATH" -> what the file begins with; "whole PATH" -> "" if it has nothing else;
// "gone PATH" -> "".
class LocalStoreSubject final : public CrashSubject {
 public:
  std::string name() const override { return "store"; }
  std::vector<std::string> operations() const override {
    return {"create 100 bytes", "create 700 bytes", "append 900 bytes", "link", "remove"};
  }

  Task<void> Run(Node& node, std::vector<int> script, Promises& promises) override {
    LocalStore store(node, "root");
    std::string newest = "d/first";  // the file that the next operations are about
    std::string content(50, 'f');
    const absl::Status first = co_await store.CreateIfAbsent(newest, content);
    if (first.ok()) Promise(promises, newest, content);
    for (size_t at = 0; at < script.size(); ++at) {
      const std::string path = absl::StrCat("d/", at % 2 == 0 ? "" : "e/", at);
      const char letter = static_cast<char>('a' + at);
      absl::Status done;
      switch (script[at]) {
        case kCreateSmall:
        case kCreateLarge:
          newest = path;
          content = std::string(script[at] == kCreateSmall ? 100 : 700, letter);
          done = co_await store.CreateIfAbsent(newest, content);
          if (done.ok()) Promise(promises, newest, content);
          break;
        case kAppend: {
          // Also of its other names.
          std::erase_if(promises, [](const auto& promise) {
            return absl::StartsWith(promise.first, "whole ");
          });
          const std::string more(900, letter);
          done = co_await store.Append(newest, content.size(), more);
          content += more;
          if (done.ok()) Promise(promises, newest, content);
          break;
        }
        case kLink:
          done = co_await store.Link(newest, path);
          if (done.ok()) Promise(promises, path, content);
          break;
        case kRemove:
          promises.erase("has " + newest);
          promises.erase("whole " + newest);
          done = co_await store.Remove(newest);
          if (done.ok()) promises["gone " + newest] = "";
          newest = path;
          content = "";
          done = co_await store.CreateIfAbsent(newest, content);
          if (done.ok()) Promise(promises, newest, content);
          break;
      }
    }
  }

  Task<void> Recover(Node& node, Promises& promises, std::string& broken) override {
    LocalStore store(node, "root");
    const Promises promised = promises;
    for (const auto& [what, content] : promised) {
      if (!absl::StartsWith(what, "has ")) continue;
      const std::string path = what.substr(4);
      const auto found = co_await store.ReadAll(path);
      if (!found.ok()) {
        broken = absl::StrCat(path, ": ", found.status().ToString());
      } else if (promised.contains("whole " + path) ? *found != content
                                                    : !absl::StartsWith(*found, content)) {
        broken = path + " is not what was promised";
      }
      if (!broken.empty()) co_return;
      promises["has " + path] = *found;
      promises["whole " + path] = "";
    }
    for (const std::string directory : {"d", "d/e"}) {
      const auto listed = co_await store.List(directory);
      if (!listed.ok()) {
        broken = absl::StrCat("list ", directory, ": ", listed.status().ToString());
        co_return;
      }
      for (const StoredFile& file : *listed) {
        const std::string path = absl::StrCat(directory, "/", file.name);
        if (promised.contains("gone " + path)) broken = path + " is back";
        if (!broken.empty()) co_return;
        if (file.kind == platform::FileKind::kDirectory) continue;
        // Once it is listed it stays.
        promises.try_emplace("has " + path, "");
      }
    }
  }

 private:
  static void Promise(Promises& promises, const std::string& path, const std::string& content) {
    promises["has " + path] = content;
    promises["whole " + path] = "";
    promises.erase("gone " + path);
  }
};

}  // namespace

std::unique_ptr<CrashSubject> StoreSubject() { return std::make_unique<LocalStoreSubject>(); }

}  // namespace wavetank::checkpoint
