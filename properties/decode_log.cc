#include "properties/decode_log.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "properties/cursor.h"

namespace wavetank::properties {
namespace {

constexpr size_t kGroupHeaderBytes = 40;
constexpr uint32_t kSealKind = 1;
constexpr uint32_t kRecordsKind = 2;

std::string LittleEndian64(uint64_t value) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

// FORMAT.md, "Log file": FNV-1a, plus the length, through the finaliser of SplitMix64.
uint64_t FileId(std::string_view owner) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : owner) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  hash += owner.size();
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31);
}

struct LogGroup {
  uint64_t kind = 0;
  uint64_t end = 0;
  std::string payload;
};

// The groups from the front of the file that are whole; what follows is a tear, or damage.
std::vector<LogGroup> WholeGroups(std::string_view bytes, uint64_t file_id, int64_t epoch) {
  std::vector<LogGroup> groups;
  uint64_t offset = 0;
  while (bytes.size() - offset >= kGroupHeaderBytes && bytes.substr(offset, 4) == "WTLG") {
    Cursor header(bytes.substr(offset + 4, kGroupHeaderBytes - 4));
    uint64_t checksum = 0, length = 0, sequence = 0, group_epoch = 0, durable = 0;
    LogGroup group;
    header.Fixed(4, &checksum);
    header.Fixed(4, &length);
    header.Fixed(4, &group.kind);
    header.Fixed(8, &sequence);
    header.Fixed(8, &group_epoch);
    header.Fixed(8, &durable);
    if (length == 0 || length > bytes.size() - offset - kGroupHeaderBytes) break;
    const std::string_view covered = bytes.substr(offset + 8, kGroupHeaderBytes - 8 + length);
    const std::string salted =
        LittleEndian64(file_id) + LittleEndian64(offset) + std::string(covered);
    if (PlainCrc32c(salted) != checksum || sequence != groups.size() ||
        static_cast<int64_t>(group_epoch) != epoch || durable > offset) {
      break;
    }
    group.payload = std::string(bytes.substr(offset + kGroupHeaderBytes, length));
    offset += kGroupHeaderBytes + length;
    group.end = offset;
    groups.push_back(std::move(group));
  }
  return groups;
}

// One file of groups: "log-<epoch>" is segment 0, "log-<epoch>.<segment>" another.
struct SegmentName {
  int64_t epoch = 0;
  int64_t segment = 0;

  std::string Text() const {
    return segment == 0 ? absl::StrCat(epoch) : absl::StrCat(epoch, ".", segment);
  }
};

class FencedLogDecoder {
 public:
  FencedLogDecoder(const DurableFiles& files, std::string directory)
      : files_(files), directory_(std::move(directory)) {}

  absl::StatusOr<std::optional<std::vector<std::string>>> Decode() {
    const std::optional<SegmentName> segment = NewestSegment(NewestEpoch());
    if (!segment.has_value()) return std::nullopt;
    WT_ASSIGN_OR_RETURN(const std::string owner, Owner(*segment));
    WT_ASSIGN_OR_RETURN(const std::vector<LogGroup> groups, Groups(*segment, owner));
    if (groups.empty()) return std::nullopt;
    std::vector<std::string> counting;
    WT_RETURN_IF_ERROR(AddSealed(groups.front(), *segment, counting));
    for (size_t i = 1; i < groups.size(); ++i) {
      WT_RETURN_IF_ERROR(AddRecords(groups[i], *segment, counting));
    }
    return counting;
  }

 private:
  std::string Path(std::string_view kind, int64_t epoch) const {
    return absl::StrCat(directory_, "/", platform::ToAbsl(kind), "-", epoch);
  }
  std::string LogPath(const SegmentName& segment) const {
    return absl::StrCat(directory_, "/log-", segment.Text());
  }
  absl::Status Damaged(const SegmentName& segment, std::string_view why) const {
    return absl::DataLossError(absl::StrCat(LogPath(segment), ": ", platform::ToAbsl(why)));
  }

  int64_t NewestEpoch() const {
    int64_t newest = 0;
    const std::string prefix = absl::StrCat(directory_, "/epoch-");
    for (auto file = files_.lower_bound(prefix); file != files_.end(); ++file) {
      absl::string_view rest = file->first;
      int64_t epoch = 0;
      if (!absl::ConsumePrefix(&rest, prefix)) break;
      if (absl::SimpleAtoi(rest, &epoch)) newest = std::max(newest, epoch);
    }
    return newest;
  }

  std::optional<SegmentName> NewestSegment(int64_t epoch) const {
    std::optional<SegmentName> newest;
    const std::string prefix = Path("log", epoch);
    for (auto file = files_.lower_bound(prefix); file != files_.end(); ++file) {
      absl::string_view rest = file->first;
      if (!absl::ConsumePrefix(&rest, prefix)) break;
      SegmentName found{.epoch = epoch, .segment = 0};
      const bool named = rest.empty() || (absl::ConsumePrefix(&rest, ".") &&
                                          absl::SimpleAtoi(rest, &found.segment));
      if (named && (!newest || found.segment > newest->segment)) newest = found;
    }
    return newest;
  }

  absl::StatusOr<std::string> Owner(const SegmentName& segment) const {
    const std::string epoch_path = Path("epoch", segment.epoch);
    const auto owner_file = files_.find(epoch_path);
    if (owner_file == files_.end()) return absl::DataLossError(epoch_path + ": is gone");
    const std::string_view bytes = owner_file->second;
    Cursor cursor(bytes.substr(std::min<size_t>(4, bytes.size())));
    uint64_t format = 0, checksum = 0;
    std::string owner;
    if (bytes.substr(0, 4) != "WTEP" || !cursor.Fixed(4, &format) || format > 3 ||
        !cursor.Text(&owner) || !cursor.Fixed(4, &checksum) || !cursor.done() ||
        checksum != PlainCrc32c(bytes.substr(0, bytes.size() - 4))) {
      return absl::DataLossError(epoch_path + ": is no whole epoch file");
    }
    return owner;
  }

  absl::StatusOr<std::vector<LogGroup>> Groups(const SegmentName& segment,
                                               const std::string& owner) const {
    const auto log = files_.find(LogPath(segment));
    if (log == files_.end()) return Damaged(segment, "is gone");
    const std::string salt =
        segment.segment == 0 ? owner : absl::StrCat(owner, "/", segment.segment);
    return WholeGroups(log->second, FileId(salt), segment.epoch);
  }

  absl::Status AddRecords(const LogGroup& group, const SegmentName& segment,
                          std::vector<std::string>& counting) const {
    Cursor cursor(group.payload);
    if (group.kind != kRecordsKind || !cursor.Records(&counting) || !cursor.done()) {
      return Damaged(segment, absl::StrCat("the group that ends at ", group.end, " is malformed"));
    }
    return absl::OkStatus();
  }

  absl::Status AddSealed(const LogGroup& seal, const SegmentName& segment,
                         std::vector<std::string>& counting) const {
    Cursor cursor(seal.payload);
    uint64_t items = 0;
    bool whole = seal.kind == kSealKind && cursor.Varint(&items);
    for (; whole && items > 0; --items) {
      uint64_t tag = 0, epoch = 0, number = 0, length = 0;
      whole = cursor.Varint(&tag);
      if (whole && tag == 2) {
        whole = cursor.Records(&counting);
        continue;
      }
      std::string owner;
      whole = whole && tag >= 1 && tag <= 5 && cursor.Varint(&epoch) &&
              (tag == 1 || cursor.Varint(&number)) && cursor.Varint(&length) &&
              (tag < 4 || cursor.Text(&owner));
      if (!whole) break;
      const SegmentName sealed{.epoch = static_cast<int64_t>(epoch),
                               .segment = static_cast<int64_t>(number)};
      if (tag < 4) {
        WT_ASSIGN_OR_RETURN(owner, Owner(sealed));
      }
      if (tag == 5) {
        WT_RETURN_IF_ERROR(AddBase(sealed, owner, length, counting));
      } else {
        WT_RETURN_IF_ERROR(AddInPlace(sealed, owner, length, counting));
      }
    }
    if (!whole || !cursor.done()) return Damaged(segment, "the seal is malformed");
    return absl::OkStatus();
  }

  absl::Status AddBase(const SegmentName& segment, const std::string& owner, uint64_t length,
                       std::vector<std::string>& counting) const {
    const std::string path = absl::StrCat(directory_, "/base-", segment.Text());
    const auto base = files_.find(path);
    if (base == files_.end()) return absl::DataLossError(path + ": is gone");
    const std::string salt = absl::StrCat(owner, "/base/", segment.segment);
    uint64_t reached = 0;
    for (const LogGroup& group : WholeGroups(base->second, FileId(salt), segment.epoch)) {
      if (group.end > length) break;
      reached = group.end;
      WT_RETURN_IF_ERROR(AddRecords(group, segment, counting));
    }
    if (reached == length) return absl::OkStatus();
    return absl::DataLossError(
        absl::StrCat(path, ": counts up to ", length, " but is whole only up to ", reached));
  }

  absl::Status AddInPlace(const SegmentName& segment, const std::string& owner, uint64_t length,
                          std::vector<std::string>& counting) const {
    WT_ASSIGN_OR_RETURN(const std::vector<LogGroup> groups, Groups(segment, owner));
    uint64_t reached = 0;
    for (size_t i = 0; i < groups.size() && groups[i].end <= length; ++i) {
      reached = groups[i].end;
      if (i > 0) WT_RETURN_IF_ERROR(AddRecords(groups[i], segment, counting));
    }
    if (reached != length) {
      return Damaged(segment,
                     absl::StrCat("counts up to ", length, " but is whole only up to ", reached));
    }
    return absl::OkStatus();
  }

  const DurableFiles& files_;
  const std::string directory_;
};

}  // namespace

uint32_t PlainCrc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t byte = 0; byte < 256; ++byte) {
      uint32_t crc = byte;
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
      table[byte] = crc;
    }
    return table;
  }();
  uint32_t crc = ~uint32_t{0};
  for (const char c : bytes)
    crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

std::vector<std::string> FencedLogFiles(const std::string& directory) {
  return {directory + "/epoch-", directory + "/log-", directory + "/base-"};
}

absl::StatusOr<std::optional<std::vector<std::string>>> DecodeFencedLog(
    const DurableFiles& files, const std::string& directory) {
  return FencedLogDecoder(files, directory).Decode();
}

}  // namespace wavetank::properties
