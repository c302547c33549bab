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

// One file of groups: "log-<epoch>" is segment 0, "log-<epoch>.<segment>" another.
struct SegmentName {
  int64_t epoch = 0;
  int64_t segment = 0;

  std::string Text() const {
    return segment == 0 ? absl::StrCat(epoch) : absl::StrCat(epoch, ".", segment);
  }
};

}  // namespace

// At one instant.
class FencedLogDecoder {
 public:
  FencedLogDecoder(FencedLogReader& reader, const DurableFiles& files)
      : reader_(reader), files_(files), directory_(reader.directory_) {}

  absl::StatusOr<std::optional<std::vector<LogRecord>>> Decode() {
    const std::optional<SegmentName> segment = NewestSegment(NewestEpoch());
    if (!segment.has_value()) return std::nullopt;
    WT_ASSIGN_OR_RETURN(const std::string owner, Owner(*segment));
    WT_ASSIGN_OR_RETURN(const Groups* const groups, GroupsOf(*segment, owner));
    if (groups->empty()) return std::nullopt;
    Records counting;
    WT_RETURN_IF_ERROR(AddSealed(groups->front(), *segment, counting));
    for (size_t i = 1; i < groups->size(); ++i) {
      WT_RETURN_IF_ERROR(AddRecords((*groups)[i], *segment, counting));
    }
    return counting;
  }

 private:
  using Group = FencedLogReader::Group;
  using Groups = std::vector<Group>;
  using Records = std::vector<LogRecord>;

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
    const std::optional<std::string> owner = OwnerInEpochFile(owner_file->second);
    if (!owner) return absl::DataLossError(epoch_path + ": is no whole epoch file");
    return *owner;
  }

  absl::StatusOr<const Groups*> GroupsOf(const SegmentName& segment,
                                         const std::string& owner) const {
    const auto log = files_.find(LogPath(segment));
    if (log == files_.end()) return Damaged(segment, "is gone");
    const std::string salt =
        segment.segment == 0 ? owner : absl::StrCat(owner, "/", segment.segment);
    return &reader_.GroupsOf(log->first, log->second, FileId(salt), segment.epoch);
  }

  absl::Status AddRecords(const Group& group, const SegmentName& segment, Records& counting) const {
    if (!group.is_records) {
      return Damaged(segment, absl::StrCat("the group that ends at ", group.end, " is malformed"));
    }
    counting.insert(counting.end(), group.records.begin(), group.records.end());
    return absl::OkStatus();
  }

  absl::Status AddSealed(const Group& seal, const SegmentName& segment, Records& counting) const {
    // What stands before the place where a seal is malformed is looked at all the same.
    for (const FencedLogReader::SealedItem& item : seal.sealed) {
      if (item.tag == 2) {
        counting.insert(counting.end(), item.records.begin(), item.records.end());
        continue;
      }
      const SegmentName sealed{.epoch = static_cast<int64_t>(item.epoch),
                               .segment = static_cast<int64_t>(item.segment)};
      std::string owner = item.owner;
      if (item.tag < 4) {
        WT_ASSIGN_OR_RETURN(owner, Owner(sealed));
      }
      if (item.tag == 5) {
        WT_RETURN_IF_ERROR(AddBase(sealed, owner, item.length, counting));
      } else {
        WT_RETURN_IF_ERROR(AddInPlace(sealed, owner, item.length, counting));
      }
    }
    return seal.is_seal ? absl::OkStatus() : Damaged(segment, "the seal is malformed");
  }

  absl::Status AddBase(const SegmentName& segment, const std::string& owner, uint64_t length,
                       Records& counting) const {
    const std::string path = absl::StrCat(directory_, "/base-", segment.Text());
    const auto base = files_.find(path);
    if (base == files_.end()) return absl::DataLossError(path + ": is gone");
    const std::string salt = absl::StrCat(owner, "/base/", segment.segment);
    uint64_t reached = 0;
    for (const Group& group : reader_.GroupsOf(path, base->second, FileId(salt), segment.epoch)) {
      if (group.end > length) break;
      reached = group.end;
      WT_RETURN_IF_ERROR(AddRecords(group, segment, counting));
    }
    if (reached == length) return absl::OkStatus();
    return absl::DataLossError(
        absl::StrCat(path, ": counts up to ", length, " but is whole only up to ", reached));
  }

  absl::Status AddInPlace(const SegmentName& segment, const std::string& owner, uint64_t length,
                          Records& counting) const {
    WT_ASSIGN_OR_RETURN(const Groups* const groups, GroupsOf(segment, owner));
    uint64_t reached = 0;
    for (size_t i = 0; i < groups->size() && (*groups)[i].end <= length; ++i) {
      reached = (*groups)[i].end;
      if (i > 0) WT_RETURN_IF_ERROR(AddRecords((*groups)[i], segment, counting));
    }
    if (reached != length) {
      return Damaged(segment,
                     absl::StrCat("counts up to ", length, " but is whole only up to ", reached));
    }
    return absl::OkStatus();
  }

  FencedLogReader& reader_;
  const DurableFiles& files_;
  const std::string& directory_;
};

void FencedLogReader::ReadPayload(uint64_t kind, std::string_view payload, Group& group) {
  Cursor cursor(payload);
  const auto add_records = [&cursor](std::vector<LogRecord>& to) {
    std::vector<std::string> records;
    const bool whole = cursor.Records(&records);
    for (std::string& record : records) {
      to.push_back(std::make_shared<const std::string>(std::move(record)));
    }
    return whole;
  };
  if (kind == kRecordsKind) {
    group.is_records = add_records(group.records) && cursor.done();
    return;
  }
  uint64_t items = 0;
  bool whole = kind == kSealKind && cursor.Varint(&items);
  for (; whole && items > 0; --items) {
    SealedItem item;
    whole = cursor.Varint(&item.tag);
    if (whole && item.tag == 2) {
      whole = add_records(item.records);
    } else {
      whole = whole && item.tag >= 1 && item.tag <= 5 && cursor.Varint(&item.epoch) &&
              (item.tag == 1 || cursor.Varint(&item.segment)) && cursor.Varint(&item.length) &&
              (item.tag < 4 || cursor.Text(&item.owner));
    }
    if (whole) group.sealed.push_back(std::move(item));
  }
  group.is_seal = whole && cursor.done();
}

void FencedLogReader::ReadGroups(WholeGroups& file) {
  const std::string_view bytes = file.bytes;
  while (bytes.size() - file.end >= kGroupHeaderBytes && bytes.substr(file.end, 4) == "WTLG") {
    const uint64_t offset = file.end;
    Cursor header(bytes.substr(offset + 4, kGroupHeaderBytes - 4));
    uint64_t checksum = 0, length = 0, kind = 0, sequence = 0, group_epoch = 0, durable = 0;
    header.Fixed(4, &checksum);
    header.Fixed(4, &length);
    header.Fixed(4, &kind);
    header.Fixed(8, &sequence);
    header.Fixed(8, &group_epoch);
    header.Fixed(8, &durable);
    if (length == 0 || length > bytes.size() - offset - kGroupHeaderBytes) return;
    const std::string_view covered = bytes.substr(offset + 8, kGroupHeaderBytes - 8 + length);
    const std::string salted =
        LittleEndian64(file.file_id) + LittleEndian64(offset) + std::string(covered);
    if (PlainCrc32c(salted) != checksum || sequence != file.groups.size() ||
        static_cast<int64_t>(group_epoch) != file.epoch || durable > offset) {
      return;
    }
    Group& group = file.groups.emplace_back();
    file.end = group.end = offset + kGroupHeaderBytes + length;
    ReadPayload(kind, bytes.substr(offset + kGroupHeaderBytes, length), group);
  }
}

const std::vector<FencedLogReader::Group>& FencedLogReader::GroupsOf(const std::string& path,
                                                                     std::string_view bytes,
                                                                     uint64_t file_id,
                                                                     int64_t epoch) {
  WholeGroups& file = known_[{path, file_id}];
  if (file.bytes.empty() || !bytes.starts_with(file.bytes)) {
    file = {.file_id = file_id, .epoch = epoch, .bytes = {}, .end = 0, .groups = {}};
  }
  if (bytes.size() > file.bytes.size()) {
    file.bytes += bytes.substr(file.bytes.size());
    ReadGroups(file);
  }
  return file.groups;
}

absl::StatusOr<std::optional<std::vector<LogRecord>>> FencedLogReader::Read(
    const DurableFiles& files) {
  return FencedLogDecoder(*this, files).Decode();
}

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

std::optional<std::string> OwnerInEpochFile(std::string_view bytes) {
  Cursor cursor(bytes.substr(std::min<size_t>(4, bytes.size())));
  uint64_t format = 0, checksum = 0;
  std::string owner;
  if (bytes.substr(0, 4) != "WTEP" || !cursor.Fixed(4, &format) || format > 3 ||
      !cursor.Text(&owner) || !cursor.Fixed(4, &checksum) || !cursor.done() ||
      checksum != PlainCrc32c(bytes.substr(0, bytes.size() - 4))) {
    return std::nullopt;
  }
  return owner;
}

std::vector<std::string> FencedLogFiles(const std::string& directory) {
  return {directory + "/epoch-", directory + "/log-", directory + "/base-"};
}

absl::StatusOr<std::optional<std::vector<std::string>>> DecodeFencedLog(
    const DurableFiles& files, const std::string& directory) {
  FencedLogReader reader(directory);
  WT_ASSIGN_OR_RETURN(const auto records, reader.Read(files));
  if (!records.has_value()) return std::nullopt;
  std::vector<std::string> copies;
  for (const LogRecord& record : *records) copies.push_back(*record);
  return copies;
}

}  // namespace wavetank::properties
