// StoreModel: what a store may hold, as far as one client can know that has heard its answers: for
// each path whether it may be absent, and the contents that it may have. An answer that fits none
// of these breaks the contract; one that fits narrows them; an error that leaves the outcome
// unknown widens them. A power loss changes nothing: what is certain is durable.
#ifndef WAVETANK_TESTS_CHECKPOINT_STORE_MODEL_H_
#define WAVETANK_TESTS_CHECKPOINT_STORE_MODEL_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/store.h"

namespace wavetank::checkpoint {

class StoreModel {
 public:
  // How far an error or a repetition may be blamed on what befell the call.
  enum class Befell { kNothing, kTrouble };

  // Each gives "", or what of the contract was broken.
  std::string Created(const std::string& path, const std::string& content,
                      const absl::Status& answer, Befell befell);
  std::string Appended(const std::string& path, uint64_t offset, const std::string& bytes,
                       const absl::Status& answer, Befell befell);
  std::string Read(const std::string& path, const absl::StatusOr<std::string>& answer,
                   Befell befell);
  std::string Listed(const std::string& directory,
                     const absl::StatusOr<std::vector<StoredFile>>& answer, Befell befell);
  std::string Linked(const std::string& from, const std::string& to, const absl::Status& answer,
                     Befell befell);
  std::string Removed(const std::string& path, const absl::Status& answer, Befell befell);

  // Whether the contract lets this client append to it: not after an append that failed, and not
  // where a file has several names.
  bool MayAppend(const std::string& path) { return !files_[path].sealed; }
  // A size that the file may have.
  uint64_t SizeOf(const std::string& path) {
    const std::vector<Content>& contents = files_[path].contents;
    return contents.empty() ? 0 : contents.front().known.size();
  }

 private:
  // Bytes that are certain, then any, so many in all.
  struct Content {
    std::string known;
    size_t at_least;
    size_t at_most;

    bool Fits(const std::string& bytes) const {
      return FitsSize(bytes.size()) && absl::StartsWith(bytes, known);
    }
    bool FitsSize(uint64_t size) const { return at_least <= size && size <= at_most; }
  };
  struct File {
    bool may_be_absent = true;
    std::vector<Content> contents;
    bool sealed = false;
  };
  static Content Exactly(const std::string& bytes) { return {bytes, bytes.size(), bytes.size()}; }
  static void Be(File& file, std::vector<Content> contents) {
    file.may_be_absent = false;
    file.contents = std::move(contents);
  }
  static bool LeavesUnknown(const absl::Status& answer, Befell befell) {
    return befell == Befell::kTrouble &&
           (absl::IsUnavailable(answer) || absl::IsResourceExhausted(answer));
  }
  static std::string Broken(const std::string& call, const absl::Status& answer) {
    return absl::StrCat(call, " may not answer ", answer.ToString());
  }

  std::map<std::string, File> files_;
};

inline std::string StoreModel::Created(const std::string& path, const std::string& content,
                                       const absl::Status& answer, Befell befell) {
  File& file = files_[path];
  const bool may_be_own = befell == Befell::kTrouble && file.may_be_absent;
  if (answer.ok() && file.may_be_absent) {
    file = {};
    Be(file, {Exactly(content)});
    return "";
  }
  if (absl::IsAlreadyExists(answer) && (!file.contents.empty() || may_be_own)) {
    if (may_be_own) file.contents.push_back(Exactly(content));
    file.may_be_absent = false;
    return "";
  }
  if (LeavesUnknown(answer, befell)) {
    if (may_be_own) file.contents.push_back(Exactly(content));
    return "";
  }
  return Broken("create of " + path, answer);
}

inline std::string StoreModel::Appended(const std::string& path, uint64_t offset,
                                        const std::string& bytes, const absl::Status& answer,
                                        Befell befell) {
  File& file = files_[path];
  std::vector<Content> done;
  std::vector<Content> partly;
  bool can_refuse = false;
  for (const Content& content : file.contents) {
    const std::string& known = content.known;
    const std::string there = known.size() < offset ? "" : known.substr(offset, bytes.size());
    if (known.size() < offset || !absl::StartsWith(bytes, there)) {
      can_refuse = true;
      continue;
    }
    done.push_back(Exactly(known + bytes.substr(there.size())));
    partly.push_back({known, known.size(), std::max<size_t>(known.size(), offset + bytes.size())});
  }
  if (answer.ok() && !done.empty()) {
    Be(file, std::move(done));
    return "";
  }
  if (absl::IsNotFound(answer) && file.may_be_absent) return "";
  // What it refuses the append for may not be durable yet: it has shown nothing.
  if (absl::IsFailedPrecondition(answer) && can_refuse) return "";
  // Repeated by the client itself after a power loss, it may find what that left of the first.
  const bool found_other = absl::IsFailedPrecondition(answer) && befell == Befell::kTrouble;
  if (LeavesUnknown(answer, befell) || (found_other && !partly.empty())) {
    file.sealed = file.sealed || !partly.empty();
    file.contents.insert(file.contents.end(), partly.begin(), partly.end());
    return "";
  }
  return Broken(absl::StrCat("append to ", path, " at ", offset), answer);
}

inline std::string StoreModel::Read(const std::string& path,
                                    const absl::StatusOr<std::string>& answer, Befell befell) {
  File& file = files_[path];
  if (answer.ok()) {
    const bool fits = std::any_of(file.contents.begin(), file.contents.end(),
                                  [&](const Content& content) { return content.Fits(*answer); });
    if (!fits) {
      return absl::StrCat("read of ", path, " shows ", answer->size(),
                          " bytes that cannot be its content");
    }
    Be(file, {Exactly(*answer)});
    return "";
  }
  // That it is not there is no promise: an unfinished removal may yet be undone.
  if (absl::IsNotFound(answer.status()) && file.may_be_absent) return "";
  if (LeavesUnknown(answer.status(), befell)) return "";
  return Broken("read of " + path, answer.status());
}

inline std::string StoreModel::Listed(const std::string& directory,
                                      const absl::StatusOr<std::vector<StoredFile>>& answer,
                                      Befell befell) {
  if (!answer.ok()) {
    return LeavesUnknown(answer.status(), befell) ? ""
                                                  : Broken("list of " + directory, answer.status());
  }
  std::map<std::string, uint64_t> shown;
  for (const StoredFile& stored : *answer) {
    if (stored.kind == platform::FileKind::kFile) shown[stored.name] = stored.size_bytes;
  }
  for (auto& [path, file] : files_) {
    if (path.rfind('/') != directory.size() || !absl::StartsWith(path, directory)) continue;
    const auto entry = shown.find(path.substr(directory.size() + 1));
    if (entry == shown.end()) {
      if (!file.may_be_absent) return absl::StrCat("list of ", directory, " lacks ", path);
      continue;
    }
    std::erase_if(file.contents,
                  [&](const Content& content) { return !content.FitsSize(entry->second); });
    if (file.contents.empty()) {
      return absl::StrCat("list of ", directory, " shows ", path, " with ", entry->second,
                          " bytes");
    }
    for (Content& content : file.contents) content.at_least = content.at_most = entry->second;
    file.may_be_absent = false;
    shown.erase(entry);
  }
  if (shown.empty()) return "";
  return absl::StrCat("list of ", directory, " shows ", shown.begin()->first,
                      ", which nobody made");
}

inline std::string StoreModel::Linked(const std::string& from, const std::string& to,
                                      const absl::Status& answer, Befell befell) {
  File& source = files_[from];
  File& target = files_[to];
  if (absl::IsNotFound(answer) && source.may_be_absent) return "";
  if (absl::IsAlreadyExists(answer) && !source.contents.empty() && !target.contents.empty()) {
    source.may_be_absent = target.may_be_absent = false;
    return "";
  }
  const bool unknown = LeavesUnknown(answer, befell);
  if (!unknown && (!answer.ok() || source.contents.empty())) {
    return Broken(absl::StrCat("link of ", from, " to ", to), answer);
  }
  if (answer.ok()) {
    source.may_be_absent = target.may_be_absent = false;
    target.contents = source.contents;
  } else {
    target.contents.insert(target.contents.end(), source.contents.begin(), source.contents.end());
  }
  source.sealed = target.sealed = true;
  return "";
}

inline std::string StoreModel::Removed(const std::string& path, const absl::Status& answer,
                                       Befell befell) {
  File& file = files_[path];
  if (answer.ok()) {
    file = {};
    return "";
  }
  file.may_be_absent = true;
  return LeavesUnknown(answer, befell) ? "" : Broken("remove of " + path, answer);
}

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_TESTS_CHECKPOINT_STORE_MODEL_H_
