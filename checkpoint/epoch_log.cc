#include "checkpoint/epoch_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "checkpoint/coding.h"
#include "checkpoint/crc32c.h"
#include "checkpoint/paths.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::checkpoint {
namespace {

constexpr std::string_view kEpochMagic = "WTEP";
// A build that knows format 1 takes a log for one segment an epoch; one that knows format 2 takes
// every epoch to be there. They must not read a log of which that is not so.
constexpr uint32_t kEpochFormat = 3;
constexpr absl::string_view kEpochPrefix = "epoch-";
constexpr absl::string_view kLogPrefix = "log-";
constexpr absl::string_view kBasePrefix = "base-";
constexpr absl::string_view kMarkPrefix = "mark-";
constexpr uint64_t kPieceBytes = uint64_t{1} << 20;

// Older builds wrote 1 and 3, whose owner the epoch file tells.
enum ItemTag : uint64_t { kInPlace = 1, kCopied = 2, kSegmentInPlace = 3, kOwned = 4, kBase = 5 };

void PutRecords(std::string& out, const std::vector<std::string>& records) {
  PutVarint(out, records.size());
  for (const std::string& record : records) PutString(out, record);
}

std::vector<std::string> TakeRecords(Decoder& decoder) {
  std::vector<std::string> records;
  for (uint64_t left = decoder.Varint(); left > 0 && decoder.ok(); --left) {
    records.emplace_back(decoder.String());
  }
  return records;
}

// The checksum was right, so these bytes are what their writer meant.
absl::Status Malformed(const LogFile& file, const Group& group, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(file.path, ": the group at offset ", group.offset,
                                          " does not hold ", what,
                                          ": written by another version or a faulty one"));
}

// "12" gives 12; anything that is not how such a number is written gives -1.
int64_t Number(absl::string_view text) {
  int64_t number = 0;
  return absl::SimpleAtoi(text, &number) && absl::StrCat(number) == text ? number : -1;
}

// "log-12" gives segment 0 of epoch 12, "log-12.3" segment 3; anything else epoch 0.
SegmentId SegmentIn(absl::string_view name, absl::string_view prefix) {
  if (!absl::ConsumePrefix(&name, prefix)) return {};
  const size_t dot = name.find('.');
  const int64_t segment = dot == name.npos ? 0 : Number(name.substr(dot + 1));
  const bool written_so = dot == name.npos || segment > 0;
  const int64_t epoch = Number(name.substr(0, dot));
  return written_so && epoch > 0 ? SegmentId{Epoch(epoch), segment} : SegmentId{};
}

std::string SegmentName(absl::string_view prefix, SegmentId id) {
  std::string name = absl::StrCat(prefix, id.epoch.value());
  if (id.segment > 0) absl::StrAppend(&name, ".", id.segment);
  return name;
}

absl::Status Missing(const std::string& path, absl::string_view why) {
  return absl::DataLossError(
      absl::StrCat(path, " is missing, and ", why, ": restore it from a copy"));
}

}  // namespace

std::string EpochPath(const std::string& directory, Epoch epoch) {
  return JoinPath(directory, absl::StrCat(kEpochPrefix, epoch.value()));
}
Epoch EpochInName(std::string_view name) {
  absl::string_view number = platform::ToAbsl(name);
  if (!absl::ConsumePrefix(&number, kEpochPrefix)) return Epoch();
  return Epoch(std::max<int64_t>(Number(number), 0));
}
std::string LogPath(const std::string& directory, SegmentId segment) {
  return JoinPath(directory, SegmentName(kLogPrefix, segment));
}
std::string BasePath(const std::string& directory, SegmentId segment) {
  return JoinPath(directory, SegmentName(kBasePrefix, segment));
}
std::string MarkPath(const std::string& directory, SegmentId segment) {
  return JoinPath(directory, SegmentName(kMarkPrefix, segment));
}

std::string EncodeEpochFile(const std::string& owner) {
  std::string bytes(kEpochMagic);
  PutFixed(bytes, kEpochFormat);
  PutString(bytes, owner);
  PutFixed(bytes, Crc32c(bytes));
  return bytes;
}

absl::StatusOr<std::string> DecodeEpochFile(const std::string& path, std::string_view bytes) {
  Decoder decoder(bytes);
  const bool ours = decoder.Bytes(kEpochMagic.size()) == kEpochMagic;
  const auto format = decoder.Fixed<uint32_t>();
  const std::string owner(decoder.String());
  const uint32_t expected = Crc32c(bytes.substr(0, bytes.size() - decoder.rest().size()));
  const bool intact = decoder.Fixed<uint32_t>() == expected && decoder.Finished();
  if (!ours || !intact) {
    return absl::DataLossError(absl::StrCat(
        path, " is not an intact epoch file: ", bytes.size(), " bytes, ",
        !ours ? "which begin otherwise" : "whose checksum is another", "; restore it from a copy"));
  }
  if (format > kEpochFormat) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": format ", format, " is newer than ", kEpochFormat,
                     ", the newest this build reads; use a newer build"));
  }
  return owner;
}

LogFile LogFileOf(const std::string& directory, SegmentId segment, const std::string& owner) {
  const std::string salt = segment.segment == 0 ? owner : absl::StrCat(owner, "/", segment.segment);
  return LogFile{.path = LogPath(directory, segment),
                 .id = platform::StableHash(salt),
                 .epoch = segment.epoch.value()};
}

LogFile BaseFileOf(const std::string& directory, SegmentId segment, const std::string& owner) {
  return LogFile{.path = BasePath(directory, segment),
                 .id = platform::StableHash(absl::StrCat(owner, "/base/", segment.segment)),
                 .epoch = segment.epoch.value()};
}

std::string EncodeRecords(const std::vector<std::string>& records) {
  std::string payload;
  PutRecords(payload, records);
  return payload;
}

absl::StatusOr<std::vector<std::string>> DecodeRecords(const LogFile& file, const Group& group) {
  Decoder decoder(group.payload);
  std::vector<std::string> records = TakeRecords(decoder);
  if (group.kind != GroupKind::kRecords || !decoder.Finished()) {
    return Malformed(file, group, "records");
  }
  return records;
}

std::string EncodeSeal(const std::vector<SealItem>& items) {
  std::string payload;
  PutVarint(payload, items.size());
  for (const SealItem& item : items) {
    if (item.copied()) {
      PutVarint(payload, kCopied);
      PutRecords(payload, item.records);
      continue;
    }
    PutVarint(payload, item.kind == SealItem::Kind::kBase ? kBase : kOwned);
    PutVarint(payload, static_cast<uint64_t>(item.segment.epoch.value()));
    PutVarint(payload, static_cast<uint64_t>(item.segment.segment));
    PutVarint(payload, item.length);
    PutString(payload, item.owner);
  }
  return payload;
}

absl::StatusOr<std::vector<SealItem>> DecodeSeal(const LogFile& file, const Group& group) {
  Decoder decoder(group.payload);
  std::vector<SealItem> items;
  bool known = group.kind == GroupKind::kSeal;
  for (uint64_t left = decoder.Varint(); left > 0 && decoder.ok(); --left) {
    SealItem& item = items.emplace_back();
    const uint64_t tag = decoder.Varint();
    known = known && tag >= kInPlace && tag <= kBase;
    if (tag == kCopied) {
      item.records = TakeRecords(decoder);
      continue;
    }
    item.kind = tag == kBase ? SealItem::Kind::kBase : SealItem::Kind::kInPlace;
    item.segment.epoch = Epoch(static_cast<int64_t>(decoder.Varint()));
    if (tag != kInPlace) item.segment.segment = static_cast<int64_t>(decoder.Varint());
    item.length = decoder.Varint();
    if (tag == kOwned || tag == kBase) item.owner = std::string(decoder.String());
  }
  if (!known || !decoder.Finished()) return Malformed(file, group, "a seal");
  return items;
}

SegmentId EpochList::NewestSegmentBelow(Epoch epoch) const {
  const auto after = std::lower_bound(segments.begin(), segments.end(), SegmentId{epoch, 0});
  return after == segments.begin() ? SegmentId() : *std::prev(after);
}

Task<absl::StatusOr<EpochList>> ListEpochs(Store& store, std::string directory) {
  WT_CO_ASSIGN_OR_RETURN(const std::vector<std::string> names, co_await store.ListNames(directory));
  EpochList list;
  const auto add = [](SegmentId id, std::vector<SegmentId>& to) {
    if (id.epoch > Epoch()) to.push_back(id);
  };
  for (const std::string& name : names) {
    const Epoch epoch = EpochInName(name);
    if (epoch > Epoch()) list.epochs.push_back(epoch);
    add(SegmentIn(name, kLogPrefix), list.segments);
    add(SegmentIn(name, kBasePrefix), list.bases);
    add(SegmentIn(name, kMarkPrefix), list.marks);
  }
  std::sort(list.epochs.begin(), list.epochs.end());
  std::sort(list.segments.begin(), list.segments.end());
  std::sort(list.bases.begin(), list.bases.end());
  std::sort(list.marks.begin(), list.marks.end());
  co_return list;
}

// An epoch is there before its segments, a segment before its mark; and each goes only once a newer
// one is there. So at any one instant the newest of each is at least the newest of the next.
Task<absl::StatusOr<EpochList>> ListWholeEpochs(Store& store, std::string directory) {
  WT_CO_ASSIGN_OR_RETURN(EpochList list, co_await ListEpochs(store, directory));
  if (!list.marks.empty() && list.newest_segment() < list.marks.back()) {
    co_return Missing(
        LogPath(directory, list.marks.back()),
        absl::StrCat(MarkPath(directory, list.marks.back()), " says that what counts is in it"));
  }
  if (list.newest_segment().epoch > list.newest()) {
    co_return Missing(EpochPath(directory, list.newest_segment().epoch),
                      absl::StrCat(LogPath(directory, list.newest_segment()), " is there"));
  }
  co_return list;
}

namespace {

// Feeds the first `limit` bytes of the file to the decoder, until it has what `enough` asks for.
Task<absl::Status> FeedFile(Store& store, std::string path, uint64_t limit, LogDecoder& decoder,
                            const bool* enough) {
  for (uint64_t offset = 0; offset < limit && !*enough;) {
    const uint64_t piece = std::min(kPieceBytes, limit - offset);
    WT_CO_ASSIGN_OR_RETURN(const std::string bytes, co_await store.Read(path, offset, piece));
    WT_CO_RETURN_IF_ERROR(decoder.Feed(bytes));
    offset += bytes.size();
    if (bytes.size() < piece) break;
  }
  co_return absl::OkStatus();
}

// What is wrong with a segment may be that its epoch file is another's.
absl::Status NamingTheOwner(const absl::Status& status, const std::string& directory,
                            SegmentId id) {
  if (!absl::IsDataLoss(status)) return status;
  return absl::DataLossError(absl::StrCat(status.message(),
                                          " (its groups were checked for the owner in ",
                                          EpochPath(directory, id.epoch), ")"));
}

}  // namespace

Task<absl::StatusOr<std::string>> OwnerOf(Store& store, std::string directory, Epoch epoch) {
  const std::string path = EpochPath(directory, epoch);
  WT_CO_ASSIGN_OR_RETURN(const std::string bytes, co_await store.ReadAll(path));
  co_return DecodeEpochFile(path, bytes);
}

Task<absl::StatusOr<Segment>> OpenSegment(Store& store, std::string directory, SegmentId id,
                                          std::string owner) {
  Segment segment{.id = id, .file = {}, .owner = std::move(owner), .seal = {}};
  if (segment.owner.empty()) {
    WT_CO_ASSIGN_OR_RETURN(segment.owner, co_await OwnerOf(store, directory, id.epoch));
  }
  segment.file = LogFileOf(directory, id, segment.owner);

  bool sealed = false;
  LogDecoder decoder(segment.file, 0, [&](const Group& group) -> absl::Status {
    if (sealed) return absl::OkStatus();
    sealed = true;
    WT_ASSIGN_OR_RETURN(segment.seal, DecodeSeal(segment.file, group));
    return absl::OkStatus();
  });
  WT_CO_RETURN_IF_ERROR(co_await FeedFile(store, segment.file.path, UINT64_MAX, decoder, &sealed));
  if (!sealed) {
    absl::Status bad = decoder.Finish().status();
    // The file appears with its whole first group, so there is nothing to cut before that ends.
    bad.Update(absl::DataLossError(absl::StrCat(
        segment.file.path, ": corrupt at offset 0: a log begins with its whole seal")));
    co_return NamingTheOwner(bad, directory, id);
  }
  co_return segment;
}

GroupReader::GroupReader(Store& store, LogFile file, uint64_t limit)
    : store_(store),
      file_(file),
      limit_(limit),
      decoder_(std::move(file), limit == UINT64_MAX ? 0 : limit, [this](const Group& group) {
        found_.push_back(group);
        return absl::OkStatus();
      }) {}

Task<absl::StatusOr<std::optional<Group>>> GroupReader::Next() {
  while (found_.empty() && !ended_) {
    const uint64_t piece = std::min(kPieceBytes, limit_ - offset_);
    WT_CO_ASSIGN_OR_RETURN(const std::string bytes,
                           co_await store_.Read(file_.path, offset_, piece));
    WT_CO_RETURN_IF_ERROR(decoder_.Feed(bytes));
    offset_ += bytes.size();
    if (bytes.size() == piece && offset_ < limit_) continue;
    ended_ = true;
    WT_CO_ASSIGN_OR_RETURN(extent_, decoder_.Finish());
  }
  if (found_.empty()) co_return std::nullopt;
  std::optional<Group> next = std::move(found_.front());
  found_.pop_front();
  co_return next;
}

Task<absl::StatusOr<LogExtent>> ReadGroups(Store& store, Segment segment,
                                           LogDecoder::Visitor visit) {
  GroupReader reader(store, segment.file, UINT64_MAX);
  while (true) {
    const absl::StatusOr<std::optional<Group>> group = co_await reader.Next();
    if (!group.ok()) {
      co_return NamingTheOwner(group.status(), ParentPath(segment.file.path), segment.id);
    }
    if (!group->has_value()) co_return reader.extent();
    if ((*group)->sequence > 0) WT_CO_RETURN_IF_ERROR(visit(**group));
  }
}

ItemReader::ItemReader(Store& store, std::string directory, SealItem item)
    : store_(store), directory_(std::move(directory)), item_(std::move(item)) {}

Task<absl::StatusOr<std::optional<std::vector<std::string>>>> ItemReader::Next() {
  if (item_.copied()) {
    if (std::exchange(ended_, true)) co_return std::nullopt;
    co_return std::move(item_.records);
  }
  if (!groups_.has_value()) {
    const bool base = item_.kind == SealItem::Kind::kBase;
    file_ = base ? BaseFileOf(directory_, item_.segment, item_.owner)
                 : LogFileOf(directory_, item_.segment, item_.owner);
    groups_.emplace(store_, file_, item_.length);
  }
  absl::StatusOr<std::optional<Group>> group = co_await groups_->Next();
  const bool has_seal = item_.kind == SealItem::Kind::kInPlace;
  if (group.ok() && group->has_value() && (*group)->sequence == 0 && has_seal) {
    group = co_await groups_->Next();
  }
  WT_CO_RETURN_IF_ERROR(group.status());
  if (!group->has_value()) co_return std::nullopt;
  WT_CO_ASSIGN_OR_RETURN(std::vector<std::string> records, DecodeRecords(file_, **group));
  co_return std::move(records);
}

uint64_t EncodedBytes(const std::vector<std::string>& records) {
  constexpr uint64_t kLongestVarint = 10;
  uint64_t bytes = kLongestVarint;
  for (const std::string& record : records) bytes += record.size() + kLongestVarint;
  return bytes;
}

namespace {

absl::Status AddAll(const std::vector<std::string>& records, LogFold& fold) {
  for (const std::string& record : records) WT_RETURN_IF_ERROR(fold.Add(record));
  return absl::OkStatus();
}

// Records up to so many bytes; once there were more, none.
class FewRecords {
 public:
  explicit FewRecords(uint64_t most) : most_(most) {}

  void Add(const std::vector<std::string>& records) {
    bytes_ += EncodedBytes(records);
    if (too_many()) {
      records_.clear();
    } else {
      records_.insert(records_.end(), records.begin(), records.end());
    }
  }
  bool too_many() const { return bytes_ > most_; }
  std::vector<std::string>& records() { return records_; }

 private:
  uint64_t most_;
  uint64_t bytes_ = 0;
  std::vector<std::string> records_;
};

// `items` and these records behind them. Rule: what is copied is one run, at the end.
std::vector<SealItem> WithCopied(std::vector<SealItem> items, std::vector<std::string> records) {
  if (records.empty()) return items;
  if (items.empty() || !items.back().copied()) items.emplace_back();
  std::move(records.begin(), records.end(), std::back_inserter(items.back().records));
  return items;
}

Task<absl::StatusOr<Counted>> ReadThrough(Store& store, std::string directory, SegmentId newest,
                                          SealLimits limits, LogFold& fold) {
  WT_CO_ASSIGN_OR_RETURN(const Segment own, co_await OpenSegment(store, directory, newest));
  Counted counted{.items = own.seal, .seal = std::nullopt};
  uint64_t copied = 0;
  for (SealItem& item : counted.items) {
    if (item.copied()) {
      copied += EncodedBytes(item.records);
    } else if (item.owner.empty()) {
      WT_CO_ASSIGN_OR_RETURN(item.owner, co_await OwnerOf(store, directory, item.segment.epoch));
    }
    ItemReader reader(store, directory, item);
    while (true) {
      WT_CO_ASSIGN_OR_RETURN(const auto records, co_await reader.Next());
      if (!records.has_value()) break;
      WT_CO_RETURN_IF_ERROR(AddAll(*records, fold));
    }
  }
  const auto beside = [copied](uint64_t most) { return most - std::min(copied, most); };
  FewRecords all(beside(limits.copied_bytes));
  // Rule refer_to_durable: groups that no later one has named durable are not referred to.
  std::vector<std::pair<uint64_t, FewRecords>> unnamed;  // by where they end
  uint64_t named = 0;
  const absl::StatusOr<LogExtent> extent =
      co_await ReadGroups(store, own, [&](const Group& group) -> absl::Status {
        WT_ASSIGN_OR_RETURN(const auto records, DecodeRecords(own.file, group));
        WT_RETURN_IF_ERROR(AddAll(records, fold));
        all.Add(records);
        std::erase_if(unnamed, [&](const auto& earlier) {
          if (earlier.first > group.durable_bytes) return false;
          named = earlier.first;
          return true;
        });
        unnamed.emplace_back(group.end, beside(limits.group_bytes)).second.Add(records);
        return absl::OkStatus();
      });
  WT_CO_RETURN_IF_ERROR(extent.status());
  SealItem in_place{.kind = SealItem::Kind::kInPlace,
                    .records = {},
                    .segment = newest,
                    .length = extent->valid_bytes,
                    .owner = own.owner};
  const std::vector<SealItem> before = counted.items;
  if (extent->groups > 1) counted.items.push_back(in_place);
  in_place.length = named;
  FewRecords rest(beside(limits.group_bytes));
  for (auto& [end, records] : unnamed) rest.Add(records.records());
  const bool much = std::any_of(unnamed.begin(), unnamed.end(),
                                [](const auto& group) { return group.second.too_many(); });
  if (copied <= limits.copied_bytes && !all.too_many()) {
    counted.seal = WithCopied(before, std::move(all.records()));
    co_return counted;
  }
  if (copied > limits.group_bytes || much || rest.too_many()) co_return counted;
  std::vector<SealItem> seal = before;
  if (named > 0) seal.push_back(std::move(in_place));
  counted.seal = WithCopied(std::move(seal), std::move(rest.records()));
  co_return counted;
}

}  // namespace

Task<absl::StatusOr<Counted>> ReadCounted(Store& store, std::string directory, SegmentId newest,
                                          SealLimits limits, LogFold& fold) {
  fold.Clear();
  absl::StatusOr<Counted> counted = co_await ReadThrough(store, directory, newest, limits, fold);
  if (!absl::IsNotFound(counted.status())) co_return counted;
  WT_CO_ASSIGN_OR_RETURN(const EpochList now, co_await ListEpochs(store, directory));
  if (now.newest_segment() > newest) {
    co_return absl::UnavailableError(
        absl::StrCat(LogPath(directory, now.newest_segment()), " has replaced what was read"));
  }
  co_return absl::DataLossError(
      absl::StrCat(directory, ": a file of what counts is missing: ", counted.status().message(),
                   ": restore it from a copy"));
}

}  // namespace wavetank::checkpoint
