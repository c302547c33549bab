// Whether the simulator's disk could have left an image: what was drawn of a real run's system
// calls is held against the disk that every simulated power loss is drawn from.
//
// Standard input has the history of the disk, then the image, a line each (judging.py writes them);
// paths and bytes are in hexadecimal. Exit status 0: it could; 1: it could not, and why; 2: the
// history cannot be replayed.
//
//     make NUMBER file|directory PATH      begin SYNC NUMBER|all      names DONE (a 0 or 1 for each
//     link NUMBER PATH                     end SYNC                         pending change, or -)
//     rename PATH PATH                     write NUMBER OFFSET BYTES  stale BYTES
//     remove file|directory PATH           truncate NUMBER SIZE       has NUMBER PATH BYTES
//
// Names: the changes that are pending are done or undone as `names` says; then there must be
// exactly the names of the image. Content: each file's size must be one that it may have, and each
// sector one of the values that it may have, by itself.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/disk.h"
#include "simulator/disk_image.h"
#include "simulator/loss_choices.h"
#include "simulator/sector_file.h"

namespace wavetank::simulator {
namespace {

using platform::FileKind;
using platform::OpenMode;
using InodePtr = DiskImage::InodePtr;

// First a decision for each pending change of names, then 0: contents stay as they are synced.
class NamesAsSaid final : public LossChoices {
 public:
  explicit NamesAsSaid(std::string done) : done_(std::move(done)) {}
  size_t Choose(size_t options) override {
    if (asked_ >= done_.size()) return 0;
    WT_CHECK(options == 2);
    return done_[asked_++] == '1' ? 1 : 0;
  }
  bool all_asked() const { return asked_ == done_.size(); }

 private:
  const std::string done_;
  size_t asked_ = 0;
};

// The `size`th size, then for each sector the `value`th value, or its last.
class OneOfEach final : public LossChoices {
 public:
  OneOfEach(size_t size, size_t value) : size_(size), value_(value) {}
  size_t Choose(size_t options) override {
    if (!asked_) {
      asked_ = true;
      sizes_ = options;
      return std::min(size_, options - 1);
    }
    values_ = std::max(values_, options);
    return std::min(value_, options - 1);
  }
  size_t sizes() const { return sizes_; }
  size_t values() const { return values_; }

 private:
  const size_t size_;
  const size_t value_;
  bool asked_ = false;
  size_t sizes_ = 1;
  size_t values_ = 1;
};

// Whether `content` is what may be left of the file. A size may be anything between the least and
// the largest, so a larger one is cut.
bool MayBecome(const SectorFile& file, const std::string& content, const std::string& stale) {
  if (!file.pending()) return file.durable() == content;
  uint64_t least = file.durable_size();
  bool matches = false;
  for (size_t size = 0, sizes = 1; size < sizes; ++size) {
    std::vector<bool> found((content.size() + kSectorBytes - 1) / kSectorBytes, false);
    uint64_t left_size = 0;
    for (size_t value = 0, values = 1; value < values; ++value) {
      int64_t used_bytes = 0;
      SectorFile left(used_bytes);
      left.CopyFrom(file);
      OneOfEach choices(size, value);
      left.PowerLoss(choices, stale);
      sizes = choices.sizes();
      values = choices.values();
      left_size = left.size();
      for (size_t sector = 0; sector < found.size(); ++sector) {
        const size_t from = sector * kSectorBytes;
        const size_t length = std::min<size_t>(kSectorBytes, content.size() - from);
        if (from + length <= left_size &&
            left.content().compare(from, length, content, from, length) == 0) {
          found[sector] = true;
        }
      }
    }
    least = std::min(least, left_size);
    matches = matches || (left_size >= content.size() &&
                          std::all_of(found.begin(), found.end(), [](bool one) { return one; }));
  }
  return matches && content.size() >= least;
}

class Replay {
 public:
  // REQUIRES: the line is one of the history.
  absl::Status Do(const std::vector<std::string>& words) {
    const std::string& call = words[0];
    if (call == "make") return Make(words);
    if (call == "link") return disk_.Link(PathOf(words[1]), Bytes(words[2]));
    if (call == "rename") return disk_.Rename(Bytes(words[1]), Bytes(words[2]));
    if (call == "remove") {
      const std::string path = Bytes(words[2]);
      return words[1] == "file" ? disk_.Remove(path) : disk_.RemoveDirectory(path);
    }
    if (call == "write") {
      inodes_.at(words[1])->file.Write(std::stoull(words[2]), Bytes(words[3]));
      return absl::OkStatus();
    }
    if (call == "truncate") {
      inodes_.at(words[1])->file.Truncate(std::stoull(words[2]));
      return absl::OkStatus();
    }
    if (call == "begin") return Begin(words);
    WT_CHECK(call == "end", call);
    for (const std::function<void()>& settle : syncs_.at(words[1])) settle();
    return absl::OkStatus();
  }

  void LoseNames(const std::string& done) {
    // What each file may become is asked of it as it was.
    for (const auto& [number, inode] : inodes_) {
      auto copy = std::make_unique<SectorFile>(used_bytes_);
      copy->CopyFrom(inode->file);
      files_.emplace(inode.get(), std::move(copy));
    }
    NamesAsSaid choices(done == "-" ? "" : done);
    disk_.PowerLoss(choices, std::string(kSectorBytes, '\0'));
    WT_CHECK(choices.all_asked(), "fewer changes of names are pending than in the image");
    Walk("", *Root());
  }

  // Empty: it may be there. The names that were asked about are no surprise afterwards.
  std::string CannotHave(const std::vector<std::string>& words, const std::string& stale) {
    const std::string path = Bytes(words[2]);
    const auto there = left_.find(path);
    if (there == left_.end()) return path + " would not be there";
    const InodePtr& inode = inodes_.at(words[1]);
    if (there->second != inode.get()) return path + " would be something else";
    left_.erase(there);
    if (inode->kind == FileKind::kDirectory) return "";
    const bool may = MayBecome(*files_.at(inode.get()), Bytes(words[3]), stale);
    return may ? "" : path + " would have other bytes";
  }
  std::string NotInImage() const {
    return left_.empty() ? "" : left_.begin()->first + " would be there";
  }

 private:
  // "-" stands for nothing.
  static std::string Bytes(const std::string& hexadecimal) {
    return hexadecimal == "-" ? "" : std::string(absl::HexStringToBytes(hexadecimal));
  }
  InodePtr Root() const { return *disk_.FindDirectory("find", ""); }
  InodePtr Find(const std::string& number) const {
    return number == "0" ? Root() : inodes_.at(number);
  }

  absl::Status Make(const std::vector<std::string>& words) {
    const std::string path = Bytes(words[3]);
    absl::StatusOr<InodePtr> made;
    if (words[2] == "file") {
      made = disk_.Open(path, OpenMode::kCreateNew);
    } else {
      const absl::Status status = disk_.MakeDirectory(path);
      made = status.ok() ? disk_.FindDirectory("make", path) : status;
    }
    if (made.ok()) inodes_[words[1]] = *made;
    return made.status();
  }

  // The first name by which processes see it.
  std::string PathOf(const std::string& number) const {
    const Inode* const wanted = inodes_.at(number).get();
    for (const std::string& path : disk_.Files("")) {
      if (disk_.Find("link", path)->get() == wanted) return path;
    }
    return "";
  }

  absl::Status Begin(const std::vector<std::string>& words) {
    std::vector<std::function<void()>>& settles = syncs_[words[1]];
    const auto add = [&](const InodePtr& inode) {
      if (inode->kind == FileKind::kFile) {
        settles.push_back([inode, point = inode->file.SyncPoint()] { inode->file.Sync(point); });
      } else {
        settles.push_back(
            [this, inode, point = disk_.SyncPoint()] { disk_.SyncDirectory(inode, point); });
      }
    };
    if (words[2] != "all") {
      add(Find(words[2]));
      return absl::OkStatus();
    }
    add(Root());
    for (const auto& [number, inode] : inodes_) add(inode);
    return absl::OkStatus();
  }

  using Inode = DiskImage::Inode;
  void Walk(const std::string& above, const Inode& directory) {
    for (const auto& [name, inode] : directory.entries) {
      left_.emplace(above + name, inode.get());
      if (inode->kind == FileKind::kDirectory) Walk(above + name + "/", *inode);
    }
  }

  DiskImage disk_;
  std::map<std::string, InodePtr> inodes_;  // by number
  std::map<std::string, std::vector<std::function<void()>>> syncs_;
  int64_t used_bytes_ = 0;
  std::map<const Inode*, std::unique_ptr<SectorFile>> files_;
  std::map<std::string, const Inode*> left_;  // by path, what no line of the image has named yet
};

int Main(std::istream& in) {
  Replay replay;
  std::string line, stale;
  while (std::getline(in, line)) {
    std::istringstream stream(line);
    const std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
    std::string why;
    if (words[0] == "names") {
      replay.LoseNames(words[1]);
    } else if (words[0] == "stale") {
      stale = absl::HexStringToBytes(words[1]);
    } else if (words[0] == "has") {
      why = replay.CannotHave(words, stale);
    } else if (const absl::Status status = replay.Do(words); !status.ok()) {
      std::cout << line.substr(0, 100) << ": " << status << "\n";
      return 2;
    }
    if (!why.empty()) {
      std::cout << why << "\n";
      return 1;
    }
  }
  const std::string why = replay.NotInImage();
  if (!why.empty()) std::cout << why << "\n";
  return why.empty() ? 0 : 1;
}

}  // namespace
}  // namespace wavetank::simulator

int main() { return wavetank::simulator::Main(std::cin); }
