#include "scenarios/dstream_pieces.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace wavetank::scenarios {
namespace {

// Longer than a receiver takes to find a broken connection, start anew and store a block.
constexpr int64_t kQuietNs = int64_t{10} * 1'000'000'000;

// As such lines stand in blocks: they hold no end of a line.
std::vector<std::string> Escaped(std::vector<std::string> lines) {
  for (std::string& line : lines) line = absl::StrReplaceAll(line, {{"\\", "\\\\"}});
  return lines;
}

}  // namespace

void FilePieces::Arrives(const ArrivingFile& piece) {
  if (piece.place == InputPlace{.directory = directory_}) input_.push_back(piece);
}

std::string FilePieces::PathOf(const ArrivingFile& file) const {
  return absl::StrCat(directory_, "/", file.name);
}

std::vector<properties::Violation> FilePieces::Observe(int64_t, const properties::DurableFiles&,
                                                       const properties::BatchLogView& log) {
  old_files_.insert(log.old_files.begin(), log.old_files.end());
  return {};
}

std::string_view FilePieces::NameOf(std::string_view piece) const {
  const bool below = piece.starts_with(directory_ + "/");
  return below ? piece.substr(directory_.size() + 1) : std::string_view();
}

std::vector<std::string> FilePieces::Lines(const std::string& piece) const {
  const ArrivingFile* const arriving = FindArrival(input_, NameOf(piece));
  return arriving == nullptr ? std::vector<std::string>() : arriving->lines;
}

int64_t FilePieces::TimesInput(const std::string& piece) const {
  return scenarios::TimesInput(input_, NameOf(piece), forget_after_ms_);
}

std::vector<std::string> FilePieces::Owed() const {
  std::vector<std::string> owed;
  for (const ArrivingFile& file : input_) {
    if (FindArrival(input_, file.name) != &file) continue;
    std::string path = PathOf(file);
    if (!old_files_.contains(path)) owed.push_back(std::move(path));
  }
  return owed;
}

std::vector<std::string> FilePieces::Given(
    const std::function<int64_t(const std::string& piece)>& times) const {
  std::vector<std::string> lines;
  for (const ArrivingFile& file : input_) {
    if (FindArrival(input_, file.name) != &file) continue;
    const std::string path = PathOf(file);
    // An old file is none, but it may be forgotten and put there anew.
    const int64_t given = std::max<int64_t>(old_files_.contains(path) ? 0 : 1, times(path));
    for (int64_t time = 0; time < given; ++time)
      lines.insert(lines.end(), file.lines.begin(), file.lines.end());
  }
  return lines;
}

void BlockPieces::Arrives(const ArrivingFile& piece) {
  if (piece.place != InputPlace{.server = server_}) return;
  given_.insert(given_.end(), piece.lines.begin(), piece.lines.end());
  blocks_.Gives(escaped_ ? Escaped(piece.lines) : piece.lines);
}

std::string BlockPieces::TextOf(const std::string& line) const {
  return escaped_ ? absl::StrReplaceAll(line, {{"\\\\", "\\"}}) : line;
}

std::vector<properties::Violation> BlockPieces::Observe(int64_t now_ns,
                                                        const properties::DurableFiles& files,
                                                        const properties::BatchLogView& log) {
  std::vector<properties::Violation> found = blocks_.Observe(
      now_ns, files, log, escaped_ ? Escaped(feed_->unfinished()) : feed_->unfinished());
  if (!told_too_much_ && feed_->acknowledged() > blocks_.lines_logged()) {
    told_too_much_ = true;
    found.push_back(
        {properties::violation_kinds::kLost,
         absl::StrCat("the server at ", server_, " was told that ", feed_->acknowledged(),
                      " lines are safe, and ", blocks_.lines_logged(), " are in logged blocks"),
         now_ns,
         {},
         ""});
  }
  return found;
}

void BlockPieces::ObserveTime(int64_t now_ns) {
  now_ns_ = now_ns;
  const bool news = feed_->taken() != taken_ || blocks_.logged().size() != logged_;
  if (news) last_news_ns_ = now_ns;
  taken_ = feed_->taken();
  logged_ = blocks_.logged().size();
}

bool BlockPieces::Complete() const {
  const auto all = static_cast<int64_t>(given_.size());
  if (taken_ < all) return false;
  if (kept_) return blocks_.lines_logged() >= all;
  return blocks_.lines_logged() >= all || now_ns_ - last_news_ns_ >= kQuietNs;
}

}  // namespace wavetank::scenarios
