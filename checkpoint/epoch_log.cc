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

namespace wavetank::checkpoint {
namespace {

constexpr std::string_view kEpochMagic = "WTEP";
constexpr uint32_t kEpochFormat = 1;
constexpr absl::string_view kEpochPrefix = "epoch-";
constexpr absl::string_view kLogPrefix = "log-";

enum ItemKind : uint64_t { kInPlace = 1, kCopied = 2 };

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

// "epoch-12" gives 12; anything else 0.
Epoch EpochIn(absl::string_view name, absl::string_view prefix) {
  int64_t number = 0;
  if (!absl::ConsumePrefix(&name, prefix) || !absl::SimpleAtoi(name, &number)) return Epoch();
  return absl::StrCat(number) == name && number > 0 ? Epoch(number) : Epoch();
}

}  // namespace

std::string EpochPath(const std::string& directory, Epoch epoch) {
  return JoinPath(directory, absl::StrCat(kEpochPrefix, epoch.value()));
}
std::string LogPath(const std::string& directory, Epoch epoch) {
  return JoinPath(directory, absl::StrCat(kLogPrefix, epoch.value()));
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
    return absl::DataLossError(absl::StrCat(path, " is not an intact epoch file"));
  }
  if (format > kEpochFormat) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": format ", format, " is newer than ", kEpochFormat,
                     ", the newest this build reads; use a newer build"));
  }
  return owner;
}

LogFile LogFileOf(const std::string& directory, Epoch epoch, const std::string& owner) {
  return LogFile{
      .path = LogPath(directory, epoch), .id = platform::StableHash(owner), .epoch = epoch.value()};
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
    if (item.epoch == Epoch()) {
      PutVarint(payload, kCopied);
      PutRecords(payload, item.records);
    } else {
      PutVarint(payload, kInPlace);
      PutVarint(payload, static_cast<uint64_t>(item.epoch.value()));
      PutVarint(payload, item.length);
    }
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
    known = known && (kind == kInPlace || kind == kCopied);
    if (kind == kInPlace) {
      item.epoch = Epoch(static_cast<int64_t>(decoder.Varint()));
      item.length = decoder.Varint();
    } else {
      item.records = TakeRecords(decoder);
    }
  }
  if (!known || !decoder.Finished()) return Malformed(file, group, "a seal");
  return items;
}

Task<absl::StatusOr<EpochList>> ListEpochs(Store& store, std::string directory) {
  WT_CO_ASSIGN_OR_RETURN(const std::vector<StoredFile> files, co_await store.List(directory));
  EpochList list;
  for (const StoredFile& file : files) {
    const Epoch epoch = EpochIn(file.name, kEpochPrefix);
    const Epoch sealed = EpochIn(file.name, kLogPrefix);
    if (epoch > Epoch()) list.epochs.push_back(epoch);
    if (sealed > Epoch()) list.sealed.push_back(sealed);
  }
  std::sort(list.epochs.begin(), list.epochs.end());
  std::sort(list.sealed.begin(), list.sealed.end());
  co_return list;
}

Task<absl::StatusOr<EpochList>> ListWholeEpochs(Store& store, std::string directory) {
  WT_CO_ASSIGN_OR_RETURN(EpochList list, co_await ListEpochs(store, directory));
  // Epochs are made one after another and never removed, each before its log. What a listing that
  // crossed their making has left out is there when it is looked at.
  const Epoch newest = std::max(list.newest(), list.sealed.empty() ? Epoch() : list.sealed.back());
  for (Epoch epoch(1); epoch <= newest; epoch = epoch.next()) {
    if (std::binary_search(list.epochs.begin(), list.epochs.end(), epoch)) continue;
    const absl::StatusOr<std::string> there =
        co_await store.Read(EpochPath(directory, epoch), 0, 1);
    if (absl::IsNotFound(there.status())) {
      co_return absl::DataLossError(absl::StrCat(EpochPath(directory, epoch),
                                                 " is missing, and newer files of its log are "
                                                 "there: restore it from a copy"));
    }
    WT_CO_RETURN_IF_ERROR(there.status());
    list.epochs.insert(std::lower_bound(list.epochs.begin(), list.epochs.end(), epoch), epoch);
  }
  co_return list;
}

Task<absl::StatusOr<EpochLog>> ReadEpochLog(Store& store, std::string directory, Epoch epoch,
                                            uint64_t limit) {
  const std::string epoch_path = EpochPath(directory, epoch);
  const std::string log_path = LogPath(directory, epoch);
  const absl::StatusOr<std::string> epoch_bytes = co_await store.ReadAll(epoch_path);
  const absl::StatusOr<std::string> bytes = co_await store.Read(log_path, 0, limit);
  for (const absl::Status& status : {epoch_bytes.status(), bytes.status()}) {
    if (absl::IsNotFound(status)) {
      co_return absl::DataLossError(absl::StrCat(directory, ": a file of epoch ", epoch.value(),
                                                 " is missing: ", status.message()));
    }
    WT_CO_RETURN_IF_ERROR(status);
  }
  EpochLog read;
  WT_CO_ASSIGN_OR_RETURN(read.owner, DecodeEpochFile(epoch_path, *epoch_bytes));
  read.file = LogFileOf(directory, epoch, read.owner);
  absl::StatusOr<DecodedLog> decoded =
      DecodeLog(read.file, *bytes, limit == UINT64_MAX ? 0 : limit);
  // The file appears with its whole first group, so there is nothing to cut before that ends.
  if (decoded.ok() && decoded->groups.empty()) {
    decoded = absl::DataLossError(
        absl::StrCat(log_path, ": corrupt at offset 0: a log begins with its whole seal"));
  }
  if (!decoded.ok()) {
    co_return absl::Status(decoded.status().code(), absl::StrCat(decoded.status().message(),
                                                                 " (its groups were checked for ",
                                                                 "the owner in ", epoch_path, ")"));
  }
  read.log = *std::move(decoded);
  WT_CO_ASSIGN_OR_RETURN(read.seal, DecodeSeal(read.file, read.log.groups.front()));
  co_return read;
}

Task<absl::StatusOr<CountedRecords>> ReadCounted(Store& store, std::string directory, Epoch epoch) {
  WT_CO_ASSIGN_OR_RETURN(const EpochLog own,
                         co_await ReadEpochLog(store, directory, epoch, UINT64_MAX));
  CountedRecords counted;
  counted.successor_seal = own.seal;
  for (const SealItem& item : own.seal) {
    std::vector<std::string> records = item.records;
    if (item.epoch != Epoch()) {
      WT_CO_ASSIGN_OR_RETURN(const EpochLog sealed,
                             co_await ReadEpochLog(store, directory, item.epoch, item.length));
      for (size_t i = 1; i < sealed.log.groups.size(); ++i) {
        WT_CO_ASSIGN_OR_RETURN(std::vector<std::string> more,
                               DecodeRecords(sealed.file, sealed.log.groups[i]));
        std::move(more.begin(), more.end(), std::back_inserter(records));
      }
    }
    std::move(records.begin(), records.end(), std::back_inserter(counted.records));
  }
  SealItem in_place{.epoch = epoch, .length = 0, .records = {}};
  SealItem copied;
  const uint64_t named = own.log.groups.back().durable_bytes;
  for (size_t i = 1; i < own.log.groups.size(); ++i) {
    const Group& group = own.log.groups[i];
    WT_CO_ASSIGN_OR_RETURN(std::vector<std::string> records, DecodeRecords(own.file, group));
    if (group.end <= named) {
      in_place.length = group.end;
    } else {
      copied.records.insert(copied.records.end(), records.begin(), records.end());
    }
    std::move(records.begin(), records.end(), std::back_inserter(counted.records));
  }
  if (in_place.length > 0) counted.successor_seal.push_back(std::move(in_place));
  if (!copied.records.empty()) counted.successor_seal.push_back(std::move(copied));
  co_return counted;
}

}  // namespace wavetank::checkpoint
