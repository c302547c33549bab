#include "checkpoint/inspect.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/epoch_log.h"
#include "checkpoint/metadata.h"
#include "checkpoint/paths.h"
#include "checkpoint/state_file.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::checkpoint {
namespace {

using platform::ToAbsl;

constexpr size_t kLongestShown = 200;

std::string Shown(std::string_view bytes) {
  const std::string escaped = absl::CHexEscape(ToAbsl(bytes.substr(0, kLongestShown)));
  return absl::StrCat("\"", escaped, "\"", bytes.size() > kLongestShown ? "..." : "");
}

std::string RecordLine(const InspectOptions& options, std::string_view record) {
  const absl::StatusOr<MetadataRecord> metadata = DecodeMetadata(record);
  if (metadata.ok()) return metadata->ShortDebugString();
  const std::string described = options.describe_record ? options.describe_record(record) : "";
  return described.empty() ? absl::StrCat(record.size(), " bytes ", Shown(record)) : described;
}

class Inspector {
 public:
  Inspector(Store& store, const InspectOptions& options) : store_(store), options_(options) {}

  Task<absl::Status> Directory(std::string directory) {
    WT_CO_ASSIGN_OR_RETURN(const std::vector<StoredFile> files, co_await store_.List(directory));
    if (!files.empty()) Line(0, directory.empty() ? "(root)" : directory, "/");
    WT_CO_ASSIGN_OR_RETURN(const EpochList log, co_await ListEpochs(store_, directory));
    const int damaged_before = inspection_.damaged;
    for (const Epoch epoch : log.epochs) {
      const bool sealed = std::binary_search(log.sealed.begin(), log.sealed.end(), epoch);
      WT_CO_RETURN_IF_ERROR(co_await OneEpoch(directory, epoch, sealed, epoch == log.newest()));
    }
    if (!log.sealed.empty()) {
      const absl::StatusOr<CountedRecords> counted =
          co_await ReadCounted(store_, directory, log.sealed.back());
      if (absl::IsUnavailable(counted.status())) co_return counted.status();
      if (counted.ok()) {
        Line(1, counted->records.size(), " records count");
      } else if (inspection_.damaged == damaged_before) {  // else it is named already
        Damaged(counted.status());
      }
    }
    for (const StoredFile& file : files) {
      const std::string path = JoinPath(directory, file.name);
      if (file.kind == platform::FileKind::kDirectory) {
        WT_CO_RETURN_IF_ERROR(co_await Directory(path));
      } else if (absl::EndsWith(file.name, ".delta") || absl::EndsWith(file.name, ".snapshot")) {
        WT_CO_RETURN_IF_ERROR(co_await StateFile(path));
      } else if (!IsOfLog(log, directory, path)) {
        Line(1, file.name, ": ", file.size_bytes, " bytes");
      }
      ++inspection_.files;
    }
    co_return absl::OkStatus();
  }

  bool found_any() const { return inspection_.files > 0; }
  Inspection Take() { return std::move(inspection_); }

 private:
  struct Counted : Inspection {
    int files = 0;
  };

  template <typename... Parts>
  void Line(int depth, const Parts&... parts) {
    absl::StrAppend(&inspection_.text, std::string(static_cast<size_t>(depth) * 2, ' '), parts...,
                    "\n");
  }
  void Damaged(const absl::Status& status) {
    ++inspection_.damaged;
    Line(1, "DAMAGED ", status.message());
  }

  static bool IsOfLog(const EpochList& log, const std::string& directory, const std::string& path) {
    const auto named = [&](Epoch epoch) {
      return path == EpochPath(directory, epoch) || path == LogPath(directory, epoch);
    };
    return std::any_of(log.epochs.begin(), log.epochs.end(), named);
  }

  Task<absl::Status> OneEpoch(std::string directory, Epoch epoch, bool sealed, bool newest) {
    if (!sealed) {
      WT_CO_ASSIGN_OR_RETURN(const std::string bytes,
                             co_await store_.ReadAll(EpochPath(directory, epoch)));
      const absl::StatusOr<std::string> owner = DecodeEpochFile(EpochPath(directory, epoch), bytes);
      if (owner.ok()) {
        Line(1, "epoch ", epoch.value(), " of ", *owner,
             newest ? ": has not sealed the others yet" : ": never sealed, counts for nothing");
      } else {
        Damaged(owner.status());
      }
      co_return absl::OkStatus();
    }
    const absl::StatusOr<EpochLog> read =
        co_await ReadEpochLog(store_, directory, epoch, UINT64_MAX);
    if (read.ok()) {
      ShowLog(epoch, *read);
    } else if (absl::IsUnavailable(read.status())) {
      co_return read.status();
    } else {
      Damaged(read.status());
    }
    co_return absl::OkStatus();
  }

  void ShowLog(Epoch epoch, const EpochLog& read) {
    Line(1, "epoch ", epoch.value(), " of ", read.owner, ": ", read.log.valid_bytes, " bytes");
    Line(2, "seal: ", read.seal.empty() ? "nothing counted before" : "what counted before");
    for (const SealItem& item : read.seal) {
      if (item.epoch != Epoch()) {
        Line(3, "epoch ", item.epoch.value(), " up to byte ", item.length);
      } else {
        Line(3, item.records.size(), " copied:");
        for (const std::string& record : item.records) Line(4, RecordLine(options_, record));
      }
    }
    for (size_t i = 1; i < read.log.groups.size(); ++i) {
      const Group& group = read.log.groups[i];
      Line(2, "group ", group.sequence, " at ", group.offset, ", ", group.end - group.offset,
           " bytes");
      const absl::StatusOr<std::vector<std::string>> records = DecodeRecords(read.file, group);
      if (!records.ok()) {
        Damaged(records.status());
        continue;
      }
      for (const std::string& record : *records) Line(3, RecordLine(options_, record));
    }
    if (read.log.torn_bytes > 0) {
      ++inspection_.torn;
      Line(2, "torn: the last ", read.log.torn_bytes,
           " bytes are no whole group, and do not count");
    }
  }

  Task<absl::Status> StateFile(std::string path) {
    WT_CO_ASSIGN_OR_RETURN(const std::string bytes, co_await store_.ReadAll(path));
    std::vector<std::string> entries;
    StateFileDecoder decoder(path, [&](std::string_view key, const std::string_view* value) {
      if (!options_.show_state) return;
      entries.push_back(absl::StrCat(
          Shown(key), value == nullptr ? " removed" : absl::StrCat(" = ", Shown(*value))));
    });
    absl::Status read = decoder.Feed(bytes);
    if (read.ok()) read = decoder.Finish();
    if (!read.ok()) {
      Damaged(read);
      co_return absl::OkStatus();
    }
    const StateFileHeader& header = decoder.header();
    Line(1, header.name, ": ", header.kind == StateFileKind::kSnapshot ? "snapshot" : "delta",
         " of version ", header.version, ", ", decoder.entries(), " entries, ", bytes.size(),
         " bytes", header.parent.empty() ? "" : absl::StrCat(", upon ", header.parent));
    for (const std::string& entry : entries) Line(2, entry);
    co_return absl::OkStatus();
  }

  Store& store_;
  const InspectOptions& options_;
  Counted inspection_;
};

}  // namespace

Task<absl::StatusOr<Inspection>> Inspect(Store& store, std::string directory,
                                         InspectOptions options) {
  Inspector inspector(store, options);
  WT_CO_RETURN_IF_ERROR(co_await inspector.Directory(directory));
  if (!inspector.found_any()) {
    co_return absl::NotFoundError(
        absl::StrCat(directory.empty() ? "the store" : directory, ": no checkpoint is there"));
  }
  co_return inspector.Take();
}

}  // namespace wavetank::checkpoint
