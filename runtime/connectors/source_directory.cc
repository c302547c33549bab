#include "runtime/connectors/source_directory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

#include "checkpoint/paths.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/connectors/formats/compression.h"
#include "runtime/connectors/name_glob.h"

namespace wavetank::runtime {
namespace {

using platform::LogLevel;
using platform::Task;
using platform::ToAbsl;

// What was no file, or could not be looked at, may have become one.
constexpr absl::Duration kLooksAgain = absl::Seconds(10);

// As a glob, of which only "*" means more than itself.
std::string StarsAlone(absl::string_view pattern) {
  return absl::StrReplaceAll(pattern, {{"?", "\\?"}, {"[", "\\["}, {"\\", "\\\\"}});
}

// Of names in their order.
uint64_t HashOf(const std::vector<std::string>& names) {
  uint64_t hash = names.size();
  for (const std::string& name : names) {
    hash = hash * 0x9e3779b97f4a7c15 + platform::StableHash(name);
  }
  return hash;
}

// "3 files (the first: a)".
std::string Some(size_t count, const std::string& first) {
  return count == 1 ? absl::StrCat("file ", first)
                    : absl::StrCat(count, " files (the first: ", first, ")");
}

}  // namespace

absl::StatusOr<InputFileOptions> ParseInputFileOptions(const InputFileTexts& texts) {
  InputFileOptions options;
  options.ignored_names = absl::StrSplit(texts.ignored_names, ',', absl::SkipWhitespace());
  if (!texts.name_glob.empty()) {
    absl::StatusOr<std::vector<std::string>> globs = ExpandGlob(texts.name_glob);
    if (!globs.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("pathGlobFilter is '", texts.name_glob, "': ", globs.status().message(),
                       "; give a pattern of names, such as *.csv or *.{csv,csv.gz}"));
    }
    options.name_globs = *std::move(globs);
  }
  if (!texts.forget_after.empty() &&
      (!absl::ParseDuration(texts.forget_after, &options.forget_after) ||
       options.forget_after <= absl::ZeroDuration())) {
    return absl::InvalidArgumentError(absl::StrCat("forgetAfter is '", texts.forget_after,
                                                   "': give a duration above 0, such as 10m"));
  }
  if (texts.lost == "skip") {
    options.lost = LostFiles::kSkip;
  } else if (!texts.lost.empty() && texts.lost != "stop") {
    return absl::InvalidArgumentError(
        absl::StrCat("lostFiles is '", texts.lost, "': give stop or skip"));
  }
  if (texts.ignore_corrupt == "true") {
    options.ignore_corrupt = true;
  } else if (!texts.ignore_corrupt.empty() && texts.ignore_corrupt != "false") {
    return absl::InvalidArgumentError(
        absl::StrCat("ignoreCorruptFiles is '", texts.ignore_corrupt, "': give true or false"));
  }
  if (!texts.max_line_bytes.empty() &&
      (!absl::SimpleAtoi(texts.max_line_bytes, &options.max_line_bytes) ||
       options.max_line_bytes == 0)) {
    return absl::InvalidArgumentError(absl::StrCat("maxLineBytes is '", texts.max_line_bytes,
                                                   "': give a whole number of bytes above 0"));
  }
  return options;
}

absl::Status LineTooLong(const std::string& path, uint64_t offset, uint64_t so_far,
                         const InputFileOptions& options) {
  return absl::FailedPreconditionError(absl::StrCat(
      "input file ", path, " has a line of ", so_far, " bytes or more, which begins at byte ",
      offset, ", and a line may have ", options.max_line_bytes,
      ", since it is held in memory whole: raise that limit (maxLineBytes) and start again"));
}

bool IsInputName(std::string_view name, const InputFileOptions& options) {
  if (name.empty() || name.starts_with('.') || name.starts_with('_')) return false;
  for (const std::string_view ending : {"._COPYING_", ".tmp", ".part"}) {
    if (name.ends_with(ending)) return false;
  }
  const auto matches = [name](const std::string& pattern) { return MatchesGlob(pattern, name); };
  if (!options.name_globs.empty() && std::ranges::none_of(options.name_globs, matches)) {
    return false;
  }
  return std::ranges::none_of(options.ignored_names, [name](const std::string& pattern) {
    return MatchesGlob(StarsAlone(pattern), name);
  });
}

absl::Status RefuseCompressed(const std::string& path, std::string_view first_bytes) {
  const std::string_view name = CompressionName(path, first_bytes);
  if (name.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "input file ", path, " is compressed (", ToAbsl(name),
      "), and a stream reads no compressed files: decompress it under another name, or leave such "
      "names out (ignored_names of its InputFileOptions)"));
}

Task<bool> DirectoryIsAway(checkpoint::Store& store, std::string path) {
  const auto directory = co_await store.Identify(checkpoint::ParentPath(path));
  co_return absl::IsNotFound(directory.status());
}

SourceHost HostOf(platform::Node& node) {
  return {.clock = node.clock(),
          .log = [&node](LogLevel level, std::string text) { node.Log(level, std::move(text)); }};
}

SourceDirectory::SourceDirectory(SourceHost host, checkpoint::Store& store,
                                 checkpoint::SeenPaths& seen, std::string directory,
                                 InputFileOptions options)
    : host_(std::move(host)),
      store_(store),
      seen_(seen),
      directory_(std::move(directory)),
      options_(std::move(options)) {}

Task<absl::StatusOr<std::string>> SourceDirectory::Root() {
  absl::StatusOr<std::string> root = co_await store_.Identify(directory_);
  if (absl::IsNotFound(root.status())) co_return std::string();
  co_return root;
}

void SourceDirectory::SayAway() {
  if (!root_.empty()) {
    away_.reset();
    return;
  }
  const platform::MonotonicTime now = host_.clock.Now();
  if (!away_) away_.emplace(now);
  if (!away_->Due(now)) return;
  host_.log(LogLevel::kWarning, absl::StrCat("waiting for source directory ", directory_, " for ",
                                             away_->Waited(now), ": there is none"));
}

bool SourceDirectory::TellsByName(const std::string& name) const {
  return !IsInputName(name, options_) || no_files_.contains(name) ||
         seen_.contains(checkpoint::JoinPath(directory_, name));
}

Task<absl::StatusOr<std::optional<std::vector<checkpoint::StoredFile>>>>
SourceDirectory::Entries() {
  const platform::MonotonicTime now = host_.clock.Now();
  listed_.reset();
  looked_at_all_ = false;
  if (no_files_.empty() || now - looked_at_each_ < kLooksAgain) {
    WT_CO_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           co_await store_.ListNames(directory_));
    listed_ = HashOf(names);
    if (listed_ == quiet_) co_return std::nullopt;
    if (std::ranges::all_of(names, [this](const auto& name) { return TellsByName(name); })) {
      std::vector<checkpoint::StoredFile> entries;
      entries.reserve(names.size());
      for (const std::string& name : names) {
        const auto no_file = no_files_.find(name);
        entries.push_back(
            {.name = name,
             .kind = no_file == no_files_.end() ? platform::FileKind::kFile : no_file->second,
             .size_bytes = 0,
             .modified = {}});
      }
      co_return entries;
    }
  }
  WT_CO_ASSIGN_OR_RETURN(std::vector<checkpoint::StoredFile> entries,
                         co_await store_.List(directory_));
  listed_.reset();
  looked_at_each_ = now;
  looked_at_all_ = true;
  no_files_.clear();
  for (const checkpoint::StoredFile& entry : entries) {
    if (entry.kind == platform::FileKind::kFile) continue;
    if (!IsInputName(entry.name, options_)) continue;
    no_files_.emplace(entry.name, entry.kind);
  }
  co_return entries;
}

Task<absl::StatusOr<FoundFiles>> SourceDirectory::Find() {
  const auto explain = [this](const absl::Status& status) {
    return absl::Status(status.code(), absl::StrCat("listing source directory ", directory_, ": ",
                                                    status.message()));
  };
  if (!std::exchange(looked_, true)) {
    absl::StatusOr<std::string> root = co_await Root();
    if (!root.ok()) {
      looked_ = false;
      co_return explain(root.status());
    }
    root_ = *std::move(root);
  }
  const auto entries = co_await Entries();
  if (!entries.ok()) co_return explain(entries.status());
  absl::StatusOr<std::string> root = co_await Root();
  if (!root.ok()) co_return explain(root.status());
  FoundFiles found;
  const std::string root_before = std::exchange(root_, *std::move(root));
  if (root_before == root_) found.root = root_;
  SayAway();
  if (found.root.empty()) quiet_.reset();
  if (!entries->has_value()) co_return found;
  const std::vector<checkpoint::StoredFile>& listed = **entries;

  SayOnce(listed);
  absl::btree_set<std::string> there;
  std::vector<std::string> back;
  std::vector<std::string> elsewhere;  // where they showed before
  std::vector<std::string> replaced;
  for (const checkpoint::StoredFile& file : listed) {
    if (file.kind != platform::FileKind::kFile) continue;
    if (!IsInputName(file.name, options_)) continue;
    std::string path = checkpoint::JoinPath(directory_, file.name);
    there.insert(there.end(), path);
    if (!found.root.empty()) {
      if (WasUnderAnother(path, found.root)) elsewhere.push_back(path);
      seen_.ShowsUnder(path, found.root);
    }
    if (missing_since_.erase(path) > 0 && seen_.contains(path)) back.push_back(path);
    if (IsAnother(path, file)) replaced.push_back(path);
    if (!seen_.contains(path)) {
      found.files.push_back({std::move(path), file.size_bytes, file.modified});
    }
  }
  if (!back.empty()) {
    host_.log(LogLevel::kInfo,
              absl::StrCat("source directory ", directory_, ": ", Some(back.size(), back.front()),
                           " that had been read and was gone is back, and is not read again: give "
                           "new files new names"));
  }
  for (const std::string& path : replaced) {
    host_.log(
        LogLevel::kWarning,
        absl::StrCat("source directory ", directory_, ": file ", path,
                     " was read, and has another size or time now: it is not read again, so "
                     "what was written there since is in no batch: give new files new names"));
  }
  if (!elsewhere.empty()) {
    host_.log(LogLevel::kInfo,
              absl::StrCat(
                  "source directory ", directory_, ": ", Some(elsewhere.size(), elsewhere.front()),
                  " that had been read when another directory stood there (it was swapped, "
                  "or mounted anew) is not read again: give new files new names"));
  }
  if (!found.root.empty()) FindGone(there, found.root);
  for (const auto& [path, seen] : seen_.paths()) {
    if (seen.state == checkpoint::SeenPaths::State::kMayGo) found.forgotten.push_back(path);
  }
  const bool quiet = !found.root.empty() && found.files.empty() && found.forgotten.empty() &&
                     missing_since_.empty();
  quiet_ = quiet ? listed_ : std::nullopt;
  co_return found;
}

bool SourceDirectory::IsAnother(const std::string& path, const checkpoint::StoredFile& file) {
  if (!looked_at_all_) return false;
  const Look look{.size_bytes = file.size_bytes, .modified = file.modified};
  const auto [known, is_new] = looks_.try_emplace(path, look);
  if (is_new || known->second == look) return false;
  known->second = look;
  // Of one that no batch has yet, its reader says so.
  return seen_.contains(path) && said_replaced_.insert(path).second;
}

void SourceDirectory::SayOnce(const std::vector<checkpoint::StoredFile>& listed) {
  absl::btree_set<std::string> left_out;
  for (const checkpoint::StoredFile& file : listed) {
    if (file.kind != platform::FileKind::kOther) continue;
    if (!IsInputName(file.name, options_)) continue;
    left_out.insert(file.name);
    if (said_.contains(file.name)) continue;
    host_.log(LogLevel::kWarning,
              absl::StrCat("source directory ", directory_, ": ", file.name,
                           " is left out: it is no file (a FIFO, a device, a socket, a link to "
                           "nothing), or may not be read"));
  }
  said_ = std::move(left_out);
}

bool SourceDirectory::WasUnderAnother(const std::string& path, const std::string& root) const {
  const auto found = seen_.paths().find(path);
  if (found == seen_.paths().end()) return false;
  const checkpoint::SeenPaths::Path& seen = found->second;
  const bool is_seen = seen.state == checkpoint::SeenPaths::State::kSeen;
  return is_seen && !seen.root.empty() && seen.root != root;
}

void SourceDirectory::FindGone(const absl::btree_set<std::string>& there, const std::string& root) {
  const platform::MonotonicTime now = host_.clock.Now();
  std::vector<std::string> may_go;
  std::vector<std::string> elsewhere;
  for (const auto& [path, seen] : seen_.paths()) {
    if (seen.state != checkpoint::SeenPaths::State::kSeen || there.contains(path)) continue;
    if (seen.root != root) {
      elsewhere.push_back(path);
      continue;
    }
    const platform::MonotonicTime since = missing_since_.try_emplace(path, now).first->second;
    if (now - since >= options_.forget_after) may_go.push_back(path);
  }
  if (!elsewhere.empty() && std::exchange(said_for_root_, root) != root) {
    host_.log(LogLevel::kWarning,
              absl::StrCat(
                  "source directory ", directory_, ": ", Some(elsewhere.size(), elsewhere.front()),
                  " that had been read is not in it, and never showed in it: another "
                  "directory stood there (it was swapped, or mounted anew). It is not "
                  "forgotten, so no file of such a name is read: give new files new names"));
  }
  if (may_go.empty()) return;
  for (const std::string& path : may_go) {
    seen_.MayGo(path);
    looks_.erase(path);
    said_replaced_.erase(path);
    missing_since_.erase(path);
  }
  host_.log(LogLevel::kInfo,
            absl::StrCat("source directory ", directory_, ": ", Some(may_go.size(), may_go.front()),
                         " is forgotten, having been gone for ",
                         absl::FormatDuration(options_.forget_after),
                         ": another file of such a name is new"));
}

void SourceDirectory::SayNone() const {
  host_.log(LogLevel::kWarning, absl::StrCat("source directory ", directory_,
                                             ": there is none, so nothing of it is read"));
}

void SourceDirectory::SayLost(const std::string& path, std::string_view how) const {
  host_.log(LogLevel::kWarning, absl::StrCat("source directory ", directory_, ": ", path, " ",
                                             ToAbsl(how), ": it is skipped, its records are lost"));
}

}  // namespace wavetank::runtime
