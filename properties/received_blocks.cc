#include "properties/received_blocks.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "platform/text.h"

namespace wavetank::properties {

namespace {

// Whether the text, cut somewhere, ends in such a line.
bool MayEndWith(std::string_view text, std::string_view line) {
  for (size_t at = 0; at < text.size();) {
    if (text.substr(at).starts_with(line)) return true;
    const size_t end = text.find_first_of("\r\n", at);
    at = end == std::string_view::npos ? text.size() : end + 1;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> DecodeBlock(const LoggedBlock& block,
                                                     std::string_view bytes) {
  if (bytes.size() != block.size_bytes || PlainCrc32c(bytes) != block.crc32c) {
    return absl::DataLossError(absl::StrCat("block ", block.path, " is not what its record says: ",
                                            bytes.size(), " bytes of ", block.size_bytes));
  }
  std::vector<std::string> lines = absl::StrSplit(platform::ToAbsl(bytes), '\n');
  const bool ends_with_a_line = lines.back().empty();
  lines.pop_back();
  if (!ends_with_a_line || static_cast<int64_t>(lines.size()) != block.records) {
    return absl::DataLossError(absl::StrCat("block ", block.path, " has ", lines.size(),
                                            " whole lines, its record says ", block.records));
  }
  return lines;
}

void ReceivedBlocks::Gives(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) ++given_[line];
}

void ReceivedBlocks::Report(const char* kind, std::string what, std::vector<std::string> records) {
  if (!reported_.insert(absl::StrCat(kind, " ", what)).second) return;
  fresh_.push_back({kind, std::move(what), now_ns_, std::move(records), ""});
}

// A block's name is "stream-<stream>-<run>-<number>-<records>-<checksum>": whose it is stands
// before the third dash from the end.
void ReceivedBlocks::NoteStored(const DurableFiles& files, const BatchLogView& log) {
  std::map<int64_t, std::string> at_work;  // the beginnings of their blocks' paths, by stream
  for (const LoggedReceiver& receiver : log.receivers) {
    at_work[receiver.stream] =
        absl::StrCat(directory_, "/stream-", receiver.stream, "-", receiver.run, "-");
  }
  for (const auto& [stream, beginning] : at_work) {
    for (auto file = files.lower_bound(beginning);
         file != files.end() && absl::StartsWith(file->first, beginning); ++file) {
      const std::vector<std::string> rest =
          absl::StrSplit(file->first.substr(beginning.size()), '-');
      if (rest.size() != 3 || !stored_.insert(file->first).second) continue;
      if (!lines_.contains(file->first)) unlogged_.insert(file->first);
    }
  }
}

std::vector<std::string> ReceivedBlocks::Owed() const {
  std::set<std::string> owed(logged_.begin(), logged_.end());
  owed.insert(stored_.begin(), stored_.end());
  return {owed.begin(), owed.end()};
}

std::vector<Violation> ReceivedBlocks::Observe(int64_t now_ns, const DurableFiles& files,
                                               const BatchLogView& log,
                                               const std::vector<std::string>& unfinished) {
  now_ns_ = now_ns;
  NoteStored(files, log);
  std::set<std::string> recorded;
  for (const LoggedBlock& block : log.blocks) {
    if (!recorded.insert(block.path).second) {
      Report(violation_kinds::kDuplicated, absl::StrCat("block ", block.path, " is logged twice"),
             {block.path});
    } else if (!lines_.contains(block.path)) {
      Read(block, files, unfinished);
    }
  }
  const std::set<int64_t> completed(log.completed_ms.begin(), log.completed_ms.end());
  for (const LoggedInput& input : log.inputs) {
    for (const auto& [stream, piece] : input.pieces) {
      if (!recorded.contains(piece)) {
        Report(violation_kinds::kDefinition,
               absl::StrCat("batch ", input.time_ms, " ms takes ", piece,
                            ", which is no logged block"),
               {piece});
      }
      if (!completed.contains(input.time_ms)) continue;
      done_with_.insert(piece);
      open_.erase(piece);
    }
  }
  for (const std::string& path : open_) {
    if (recorded.contains(path)) continue;
    Report(violation_kinds::kDefinition, "the batch log has lost the record of a block", {path});
  }
  for (const std::string& path : open_) {
    if (files.contains(path)) continue;
    Report(violation_kinds::kInputDurable,
           absl::StrCat("block ", path,
                        " is logged and not durable, and the batch that takes it is not complete"),
           {path});
  }
  for (const std::string& path : unlogged_) {
    if (files.contains(path)) continue;
    Report(violation_kinds::kLost,
           absl::StrCat("block ", path, " was stored, and is gone without having been logged"),
           {path});
  }
  return std::exchange(fresh_, {});
}

void ReceivedBlocks::Read(const LoggedBlock& block, const DurableFiles& files,
                          const std::vector<std::string>& unfinished) {
  logged_.push_back(block.path);
  lines_.try_emplace(block.path);
  unlogged_.erase(block.path);
  if (!done_with_.contains(block.path)) open_.insert(block.path);
  const auto file = files.find(block.path);
  if (file == files.end()) return;  // Observe reports it
  absl::StatusOr<std::vector<std::string>> lines = DecodeBlock(block, file->second);
  if (!lines.ok()) {
    return Report(violation_kinds::kUnreadable,
                  std::string(platform::ToStd(lines.status().message())), {block.path});
  }
  CheckLines(block, *lines, unfinished);
  lines_logged_ += static_cast<int64_t>(lines->size());
  lines_[block.path] = *std::move(lines);
}

void ReceivedBlocks::CheckLines(const LoggedBlock& block, const std::vector<std::string>& lines,
                                const std::vector<std::string>& unfinished) {
  for (const std::string& line : lines) {
    const auto given = given_.find(line);
    const int64_t times = (given == given_.end() ? 0 : given->second) +
                          std::ranges::count_if(unfinished, [&line](const std::string& text) {
                            return MayEndWith(text, line);
                          });
    if (times == 0) {
      Report(violation_kinds::kPhantom,
             absl::StrCat("block ", block.path, " holds a line that nobody gave: ", line), {line});
    } else if (++came_[line] > times) {
      Report(
          violation_kinds::kDuplicated,
          absl::StrCat("block ", block.path, " holds a line more often than it was given: ", line),
          {line});
    }
  }
}

std::vector<std::string> ReceivedBlocks::Lines(const std::string& path) const {
  const auto found = lines_.find(path);
  return found == lines_.end() ? std::vector<std::string>() : found->second;
}

}  // namespace wavetank::properties
