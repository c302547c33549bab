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
// The owner of an epoch of format 1 has one segment, number 0; a build that knows no other must not
// read a log that may have more.
constexpr uint32_t kEpochFormat = 2;
constexpr absl::string_view kEpochPrefix = "epoch-";
constexpr absl::string_view kLogPrefix = "log-";
constexpr absl::string_view kMarkPrefix = "mark-";
constexpr uint64_t kPieceBytes = uint64_t{1} << 20;

enum ItemKind : uint64_t { kInPlace = 1, kCopied = 2, kSegmentInPlace = 3 };

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
    PutVarint(payload, item.segment.segment == 0 ? kInPlace : kSegmentInPlace);
    PutVarint(payload, static_cast<uint64_t>(item.segment.epoch.value()));
    if (item.segment.segment > 0) {
      PutVarint(payload, static_cast<uint64_t>(item.segment.segment));
    }
    PutVarint(payload, item.length);
  }
  return payload;
}

absl::StatusOr<std::vector<SealItem>> DecodeSeal(const LogFile& file, const Group& group) {
  Decoder decoder(group.payload);
  std::vector<SealItem> items;
  bool known = group.kind == GroupKind::kSeal;
  for (uint64_t left = decoder.Varint(); left > 0 && decoder.ok(); --left) {
    SealItem& item = items.emplace_back();
    const uint64_t kind = decoder.Varint();
    known = known && kind >= kInPlace && kind <= kSegmentInPlace;
    if (kind == kCopied) {
      item.records = TakeRecords(decoder);
    } else {
      item.segment.epoch = Epoch(static_cast<int64_t>(decoder.Varint()));
      if (kind == kSegmentInPlace) item.segment.segment = static_cast<int64_t>(decoder.Varint());
      item.length = decoder.Varint();
    }
  }
  if (!known || !decoder.Finished()) return Malformed(file, group, "a seal");
  return items;
}

SegmentId EpochList::NewestSegmentBelow(Epoch epoch) const {
  const auto after = std::lower_bound(segments.begin(), segments.end(), SegmentId{epoch, 0});
  return after == segments.begin() ? SegmentId() : *std::prev(after);
}

Task<absl::StatusOr<EpochList>> ListEpochs(Store& store, std::string directory) {
  WT_CO_ASSIGN_OR_RETURN(const std::vector<StoredFile> files, co_await store.List(directory));
  EpochList list;
  for (const StoredFile& file : files) {
    const Epoch epoch = EpochInName(file.name);
    const SegmentId segment = SegmentIn(file.name, kLogPrefix);
    const SegmentId mark = SegmentIn(file.name, kMarkPrefix);
    if (epoch > Epoch()) list.epochs.push_back(epoch);
    if (segment.epoch > Epoch()) list.segments.push_back(segment);
    if (mark.epoch > Epoch()) list.marks.push_back(mark);
  }
  std::sort(list.epochs.begin(), list.epochs.end());
  std::sort(list.segments.begin(), list.segments.end());
  std::sort(list.marks.begin(), list.marks.end());
  co_return list;
}

Task<absl::StatusOr<EpochList>> ListWholeEpochs(Store& store, std::string directory) {
  WT_CO_ASSIGN_OR_RETURN(EpochList list, co_await ListEpochs(store, directory));
  // A segment is there before its mark, and goes only once a newer one is there. A listing that
  // crossed their making may have left it out; one that began later does not.
  while (!list.marks.empty() && list.newest_segment() < list.marks.back()) {
    const EpochList before = std::move(list);
    WT_CO_ASSIGN_OR_RETURN(list, co_await ListEpochs(store, directory));
    if (list == before) {
      co_return Missing(
          LogPath(directory, list.marks.back()),
          absl::StrCat(MarkPath(directory, list.marks.back()), " says that what counts is in it"));
    }
  }
  // Epochs are made one after another and never removed, each before its log. What a listing that
  // crossed their making has left out is there when it is looked at.
  const Epoch newest = std::max(list.newest(), list.newest_segment().epoch);
  for (Epoch epoch(1); epoch <= newest; epoch = epoch.next()) {
    if (std::binary_search(list.epochs.begin(), list.epochs.end(), epoch)) continue;
    const absl::StatusOr<std::string> there =
        co_await store.Read(EpochPath(directory, epoch), 0, 1);
    if (absl::IsNotFound(there.status())) {
      co_return Missing(EpochPath(directory, epoch), "newer files of its log are there");
    }
    WT_CO_RETURN_IF_ERROR(there.status());
    list.epochs.insert(std::lower_bound(list.epochs.begin(), list.epochs.end(), epoch), epoch);
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

Task<absl::StatusOr<Segment>> OpenSegment(Store& store, std::string directory, SegmentId id) {
  const std::string epoch_path = EpochPath(directory, id.epoch);
  WT_CO_ASSIGN_OR_RETURN(const std::string epoch_bytes, co_await store.ReadAll(epoch_path));
  Segment segment{.id = id, .file = {}, .owner = {}, .seal = {}};
  WT_CO_ASSIGN_OR_RETURN(segment.owner, DecodeEpochFile(epoch_path, epoch_bytes));
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

Task<absl::StatusOr<LogExtent>> ReadGroups(Store& store, Segment segment, uint64_t limit,
                                           LogDecoder::Visitor visit) {
  LogDecoder decoder(segment.file, limit == UINT64_MAX ? 0 : limit,
                     [&](const Group& group) -> absl::Status {
                       return group.sequence == 0 ? absl::OkStatus() : visit(group);
                     });
  constexpr bool kNever = false;
  WT_CO_RETURN_IF_ERROR(co_await FeedFile(store, segment.file.path, limit, decoder, &kNever));
  const absl::StatusOr<LogExtent> extent = decoder.Finish();
  if (!extent.ok()) {
    co_return NamingTheOwner(extent.status(), ParentPath(segment.file.path), segment.id);
  }
  co_return extent;
}

namespace {

absl::Status AddAll(const std::vector<std::string>& records, LogFold& fold) {
  for (const std::string& record : records) WT_RETURN_IF_ERROR(fold.Add(record));
  return absl::OkStatus();
}

Task<absl::Status> AddSealed(Store& store, std::string directory, SealItem item, LogFold& fold) {
  if (item.copied()) co_return AddAll(item.records, fold);
  WT_CO_ASSIGN_OR_RETURN(const Segment segment,
                         co_await OpenSegment(store, directory, item.segment));
  const absl::StatusOr<LogExtent> extent =
      co_await ReadGroups(store, segment, item.length, [&](const Group& group) -> absl::Status {
        WT_ASSIGN_OR_RETURN(const auto records, DecodeRecords(segment.file, group));
        return AddAll(records, fold);
      });
  co_return extent.status();
}

Task<absl::StatusOr<std::vector<SealItem>>> ReadThrough(Store& store, std::string directory,
                                                        SegmentId newest, LogFold& fold) {
  WT_CO_ASSIGN_OR_RETURN(const Segment own, co_await OpenSegment(store, directory, newest));
  std::vector<SealItem> items = own.seal;
  for (const SealItem& item : own.seal) {
    WT_CO_RETURN_IF_ERROR(co_await AddSealed(store, directory, item, fold));
  }
  // Groups that no later one has named durable yet: their records are copied.
  std::vector<std::pair<uint64_t, std::vector<std::string>>> unnamed;  // by where they end
  SealItem in_place{.segment = newest, .length = 0, .records = {}};
  const absl::StatusOr<LogExtent> extent =
      co_await ReadGroups(store, own, UINT64_MAX, [&](const Group& group) -> absl::Status {
        WT_ASSIGN_OR_RETURN(auto records, DecodeRecords(own.file, group));
        WT_RETURN_IF_ERROR(AddAll(records, fold));
        std::erase_if(unnamed, [&](const auto& earlier) {
          if (earlier.first > group.durable_bytes) return false;
          in_place.length = earlier.first;
          return true;
        });
        unnamed.emplace_back(group.end, std::move(records));
        return absl::OkStatus();
      });
  WT_CO_RETURN_IF_ERROR(extent.status());
  if (in_place.length > 0) items.push_back(std::move(in_place));
  SealItem copied;
  for (auto& [end, records] : unnamed) {
    std::move(records.begin(), records.end(), std::back_inserter(copied.records));
  }
  if (!copied.records.empty()) items.push_back(std::move(copied));
  co_return items;
}

}  // namespace

Task<absl::StatusOr<std::vector<SealItem>>> ReadCounted(Store& store, std::string directory,
                                                        SegmentId newest, LogFold& fold) {
  fold.Clear();
  absl::StatusOr<std::vector<SealItem>> items =
      co_await ReadThrough(store, directory, newest, fold);
  if (!absl::IsNotFound(items.status())) co_return items;
  WT_CO_ASSIGN_OR_RETURN(const EpochList now, co_await ListEpochs(store, directory));
  if (now.newest_segment() > newest) {
    co_return absl::UnavailableError(
        absl::StrCat(LogPath(directory, now.newest_segment()), " has replaced what was read"));
  }
  co_return absl::DataLossError(absl::StrCat(directory, ": a file of what counts is missing: ",
                                             items.status().message(), ": restore it from a copy"));
}

}  // namespace wavetank::checkpoint
