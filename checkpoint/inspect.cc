#include "checkpoint/inspect.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/epoch_log.h"
#include "checkpoint/paths.h"
#include "checkpoint/references.h"
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

std::string DescribedLineage(const StateFileHeader& header) {
  std::string text;
  if (header.compression != StateCompression::kNone) {
    absl::StrAppend(&text, ", ", ToAbsl(NameOf(header.compression)));
  }
  if (!header.parent.empty()) absl::StrAppend(&text, ", upon ", header.parent);
  if (!header.stands_for.empty()) absl::StrAppend(&text, ", for ", header.stands_for);
  return text;
}

std::string DescribedStore(const StoreInFile& in_file) {
  const NamedStore& store = in_file.store;
  return absl::StrCat(
      "store ", Shown(store.name), ": ", in_file.entries, " entries",
      store.order == KeyOrder::kBytes ? ", ordered" : "",
      store.schema_fingerprint.empty() ? "" : absl::StrCat(", schema ", store.schema_fingerprint));
}

// The entries of a state file as lines, by store; none unless they are wanted.
class StateEntryLines final : public StateFileVisitor {
 public:
  explicit StateEntryLines(bool wanted) : wanted_(wanted) {}
  absl::Status OnHeader(const StateFileHeader& header) override {
    lines_.resize(header.stores.size());
    return absl::OkStatus();
  }
  void OnEntries(size_t store, std::span<const std::string_view> keys,
                 std::span<const std::optional<std::string_view>> values) override {
    for (size_t i = 0; i < keys.size() && wanted_; ++i) {
      lines_[store].push_back(absl::StrCat(
          Shown(keys[i]), values[i] ? absl::StrCat(" = ", Shown(*values[i])) : " removed"));
    }
  }
  const std::vector<std::string>& of(size_t store) const { return lines_[store]; }

 private:
  const bool wanted_;
  std::vector<std::vector<std::string>> lines_;
};

class Inspector {
 public:
  Inspector(Store& store, const InspectOptions& options)
      : store_(store), options_(options), kinds_(options.more_logs) {
    kinds_.insert(kinds_.begin(), MetadataLogs());
  }

  Task<absl::Status> Directory(std::string directory) {
    WT_CO_ASSIGN_OR_RETURN(const std::vector<StoredFile> files, co_await store_.List(directory));
    if (!files.empty()) Line(0, directory.empty() ? "(root)" : directory, "/");
    WT_CO_ASSIGN_OR_RETURN(const EpochList log, co_await ListEpochs(store_, directory));
    WT_CO_RETURN_IF_ERROR(co_await Log(directory, log));
    for (const StoredFile& file : files) {
      const std::string path = JoinPath(directory, file.name);
      if (file.kind == platform::FileKind::kDirectory) {
        WT_CO_RETURN_IF_ERROR(co_await Directory(path));
        continue;
      }
      ++inspection_.files;
      found_.files.try_emplace(path);
      NeedsLog(path);
      if (absl::EndsWith(file.name, ".delta") || absl::EndsWith(file.name, ".snapshot")) {
        WT_CO_RETURN_IF_ERROR(co_await StateFile(path));
      } else if (!IsOfLog(log, directory, path)) {
        Line(1, file.name, ": ", file.size_bytes, " bytes");
      }
    }
    co_return absl::OkStatus();
  }

  // What can be told only once everything has been seen. Logs are read again for it: their owners
  // may have gone on meanwhile, and what there is must be held against what is named by then.
  Task<absl::Status> Finish() {
    for (const auto& [directory, what] : needs_log_) {
      const bool there = std::any_of(logs_.begin(), logs_.end(), [&](const std::string& log) {
        return log == directory || ParentPath(log) == directory;
      });
      if (!there) {
        Damaged(absl::StrCat(directory.empty() ? "(root)" : directory, ": its log is missing, and ",
                             what, " is there"));
      }
    }
    for (const std::string& log : readable_logs_) {
      WT_CO_RETURN_IF_ERROR(co_await CheckAgainstLog(log));
    }
    co_return absl::OkStatus();
  }
  Inspection Take() { return std::move(inspection_); }
  bool found_any() const { return inspection_.logs > 0 || !needs_log_.empty(); }

 private:
  template <typename... Parts>
  void Line(int depth, const Parts&... parts) {
    absl::StrAppend(&inspection_.text, std::string(static_cast<size_t>(depth) * 2, ' '), parts...,
                    "\n");
  }
  void Damaged(std::string what) {
    Line(1, "DAMAGED ", what);
    inspection_.damaged.push_back(std::move(what));
  }
  void Damaged(const absl::Status& status) { Damaged(std::string(status.message())); }
  void Unfinished(int depth, const std::string& what) {
    Line(depth, "UNFINISHED ", what);
    inspection_.unfinished.push_back(what);
  }

  void Unreferenced(std::string what) {
    Line(1, "UNREFERENCED ", what);
    inspection_.unreferenced.push_back(std::move(what));
  }

  void Unseen(std::string what) {
    Line(1, "UNSEEN ", what);
    inspection_.unseen.push_back(std::move(what));
  }

  // What a device cannot read is damaged; what an owner at work has removed since it was listed is
  // not there to be looked at. Anything else ends the inspection.
  absl::Status Unread(const absl::Status& status) {
    if (absl::IsNotFound(status)) return absl::OkStatus();
    if (!absl::IsDataLoss(status)) return status;
    Damaged(status);
    return absl::OkStatus();
  }

  static bool IsOfLog(const EpochList& log, const std::string& directory, const std::string& path) {
    const auto is_epoch = [&](Epoch epoch) { return path == EpochPath(directory, epoch); };
    const auto is_log = [&](SegmentId segment) { return path == LogPath(directory, segment); };
    const auto is_base = [&](SegmentId segment) { return path == BasePath(directory, segment); };
    const auto is_mark = [&](SegmentId segment) { return path == MarkPath(directory, segment); };
    return std::any_of(log.epochs.begin(), log.epochs.end(), is_epoch) ||
           std::any_of(log.segments.begin(), log.segments.end(), is_log) ||
           std::any_of(log.bases.begin(), log.bases.end(), is_base) ||
           std::any_of(log.marks.begin(), log.marks.end(), is_mark);
  }

  void NeedsLog(const std::string& path) {
    for (const LogKind& kind : kinds_) {
      if (!kind.log_of) continue;
      const std::optional<std::string> directory = kind.log_of(path);
      if (directory) needs_log_.try_emplace(*directory, path);
    }
  }

  // --- logs ---

  Task<absl::Status> Log(std::string directory, EpochList log) {
    if (log.epochs.empty() && log.segments.empty() && log.bases.empty() && log.marks.empty()) {
      co_return absl::OkStatus();
    }
    ++inspection_.logs;
    if (!log.segments.empty()) logs_.insert(directory);
    const size_t damaged_before = inspection_.damaged.size();
    std::set<Epoch> epochs(log.epochs.begin(), log.epochs.end());
    for (const SegmentId segment : log.segments) epochs.insert(segment.epoch);
    const Owners owners = co_await OwnersBySeal(directory, log);
    for (const Epoch epoch : epochs) {
      const bool there = std::binary_search(log.epochs.begin(), log.epochs.end(), epoch);
      if (!there && epoch == log.newest_segment().epoch && epoch > log.newest()) {
        Damaged(EpochPath(directory, epoch) + " is missing, and its log is there");
      } else {
        WT_CO_RETURN_IF_ERROR(co_await OneEpoch(directory, epoch, log, owners, there));
      }
    }
    WT_CO_RETURN_IF_ERROR(co_await CheckMarks(directory, log));
    if (!log.marks.empty() && log.newest_segment() < log.marks.back()) {
      Damaged(LogPath(directory, log.marks.back()) + " is missing: it was what counts, and " +
              MarkPath(directory, log.marks.back()) + " is there");
      co_return absl::OkStatus();
    }
    if (log.segments.empty()) co_return absl::OkStatus();
    const absl::StatusOr<std::vector<std::string>> counted = co_await Counted(directory);
    if (absl::IsUnavailable(counted.status())) co_return counted.status();
    if (counted.ok()) {
      WT_CO_RETURN_IF_ERROR(co_await CheckSegments(directory, log));
      ShowCounted(directory, *counted);
    } else if (inspection_.damaged.size() == damaged_before) {  // else it is named already
      Damaged(counted.status());
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> CheckMarks(std::string directory, EpochList log) {
    for (const SegmentId mark : log.marks) {
      const std::string path = MarkPath(directory, mark);
      const absl::StatusOr<std::string> content = co_await store_.ReadAll(path);
      if (!content.ok()) {
        WT_CO_RETURN_IF_ERROR(Unread(content.status()));
      } else if (*content != kMarkContent) {
        Damaged(path + " is not a mark");
      }
    }
    co_return absl::OkStatus();
  }

  // Whether the newest segment's seal refers to the older ones, and to the bases.
  Task<absl::Status> CheckSegments(std::string directory, EpochList log) {
    const absl::StatusOr<Segment> newest =
        co_await OpenSegment(store_, directory, log.newest_segment());
    if (!newest.ok()) co_return Unread(newest.status());
    const auto refers = [&newest](SegmentId file, SealItem::Kind kind) {
      return std::ranges::any_of(newest->seal, [file, kind](const SealItem& item) {
        return item.kind == kind && item.segment == file;
      });
    };
    for (const SegmentId segment : log.segments) {
      if (segment == newest->id || refers(segment, SealItem::Kind::kInPlace)) continue;
      Unreferenced(LogPath(directory, segment) + ": nothing of it counts any more");
    }
    for (const SegmentId base : log.bases) {
      if (refers(base, SealItem::Kind::kBase)) continue;
      Unreferenced(BasePath(directory, base) + ": no seal refers to it");
    }
    co_return absl::OkStatus();
  }

  // The records that count, by now: an owner at work may replace what is being read.
  Task<absl::StatusOr<std::vector<std::string>>> Counted(std::string directory) {
    constexpr int kTries = 8;
    absl::Status failed;
    for (int i = 0; i < kTries; ++i) {
      WT_CO_ASSIGN_OR_RETURN(const EpochList log, co_await ListEpochs(store_, directory));
      RecordList records;
      failed =
          (co_await ReadCounted(store_, directory, log.newest_segment(), SealLimits(), records))
              .status();
      if (failed.ok()) co_return records.records();
      if (!absl::IsUnavailable(failed)) break;
    }
    co_return failed;
  }

  // Whose the segments are that the newest seal refers to.
  using Owners = std::map<SegmentId, std::string>;
  Task<Owners> OwnersBySeal(std::string directory, EpochList log) {
    Owners owners;
    if (log.segments.empty()) co_return owners;
    const absl::StatusOr<Segment> newest =
        co_await OpenSegment(store_, directory, log.newest_segment());
    if (!newest.ok()) co_return owners;  // it is shown as what it is
    for (const SealItem& item : newest->seal) {
      if (item.kind == SealItem::Kind::kInPlace) owners[item.segment] = item.owner;
    }
    co_return owners;
  }

  // `there`: its file. Without it nobody reads a segment to which the newest seal does not refer:
  // its epoch was over, and the file removed, before it wrote.
  Task<absl::Status> OneEpoch(std::string directory, Epoch epoch, EpochList log, Owners owners,
                              bool there) {
    bool sealed = false;
    for (const SegmentId segment : log.segments) {
      if (segment.epoch != epoch) continue;
      sealed = true;
      std::string owner = owners[segment];
      if (!there && owner.empty()) continue;
      WT_CO_RETURN_IF_ERROR(co_await OneSegment(directory, segment, std::move(owner)));
    }
    if (sealed) co_return absl::OkStatus();
    const std::string path = EpochPath(directory, epoch);
    const absl::StatusOr<std::string> bytes = co_await store_.ReadAll(path);
    if (!bytes.ok()) co_return Unread(bytes.status());
    const absl::StatusOr<std::string> owner = DecodeEpochFile(path, *bytes);
    if (!owner.ok()) {
      Damaged(owner.status());
      co_return absl::OkStatus();
    }
    const bool over = epoch < log.newest_segment().epoch;
    Line(1, "epoch ", epoch.value(), " of ", *owner,
         over                    ? ": nothing of its log counts any more"
         : epoch == log.newest() ? ": has not sealed the others yet"
                                 : ": never sealed, counts for nothing");
    if (epoch == log.newest() && !over) {
      Unfinished(2, LogPath(directory, {epoch, 0}) +
                        " is not there: its owner never got that far, or it is missing");
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> OneSegment(std::string directory, SegmentId id, std::string owner) {
    const absl::StatusOr<Segment> segment =
        co_await OpenSegment(store_, directory, id, std::move(owner));
    if (!segment.ok()) co_return Unreadable(segment.status());
    Line(1, "epoch ", id.epoch.value(),
         id.segment > 0 ? absl::StrCat(", segment ", id.segment) : "", " of ", segment->owner);
    ShowSeal(*segment);
    const absl::StatusOr<LogExtent> extent =
        co_await ReadGroups(store_, *segment, [&](const Group& group) -> absl::Status {
          Line(2, "group ", group.sequence, " at ", group.offset, ", ", group.end - group.offset,
               " bytes");
          const absl::StatusOr<std::vector<std::string>> records =
              DecodeRecords(segment->file, group);
          if (!records.ok()) {
            Damaged(records.status());
            return absl::OkStatus();
          }
          for (const std::string& record : *records) Line(3, Described(record));
          return absl::OkStatus();
        });
    if (!extent.ok()) co_return Unreadable(extent.status());
    Line(2, extent->valid_bytes, " bytes");
    if (extent->torn_bytes > 0) {
      Unfinished(2,
                 absl::StrCat(
                     segment->file.path, ": torn: the last ", extent->torn_bytes,
                     " bytes are no whole group, and do not count: a crash leaves such an end, and "
                     "so does damage to the last group"));
    }
    co_return absl::OkStatus();
  }

  // As Unread, of a part of a log, where whatever is refused by name is shown.
  absl::Status Unreadable(const absl::Status& status) {
    if (absl::IsNotFound(status) || absl::IsUnavailable(status)) return Unread(status);
    Damaged(status);
    return absl::OkStatus();
  }

  void ShowSeal(const Segment& segment) {
    Line(2, "seal: ", segment.seal.empty() ? "nothing counted before" : "what counted before");
    for (const SealItem& item : segment.seal) {
      if (!item.copied()) {
        Line(3, item.kind == SealItem::Kind::kBase ? "the base of epoch " : "epoch ",
             item.segment.epoch.value(),
             item.segment.segment > 0 ? absl::StrCat(", segment ", item.segment.segment) : "",
             " up to byte ", item.length);
      } else {
        Line(3, item.records.size(), " copied:");
        for (const std::string& record : item.records) Line(4, Described(record));
      }
    }
  }

  std::string Described(const std::string& record) const {
    for (const LogKind& kind : kinds_) {
      std::string described = kind.describe(record, options_.show_rows);
      if (!described.empty()) return described;
    }
    return absl::StrCat(record.size(), " bytes ", Shown(record));
  }

  // Unset: the records are of no kind that is known.
  absl::StatusOr<std::optional<LogSummary>> Summarise(const std::string& directory,
                                                      const std::vector<std::string>& records) {
    for (const LogKind& kind : kinds_) {
      WT_ASSIGN_OR_RETURN(auto summary,
                          kind.summarise(directory.empty() ? "(root)" : directory, records));
      if (summary) return summary;
    }
    return std::nullopt;
  }

  void ShowCounted(const std::string& directory, const std::vector<std::string>& records) {
    Line(1, Count(static_cast<int64_t>(records.size()), "record"), " count");
    const auto summary = Summarise(directory, records);
    if (!summary.ok()) {
      Damaged(summary.status());
    } else if (summary->has_value()) {
      for (const std::string& line : (*summary)->lines) Line(1, line);
      readable_logs_.push_back(directory);
    }
  }

  // --- files that belong to a log ---

  Task<absl::Status> CheckAgainstLog(std::string directory) {
    Complaints complaints;
    Complaints before;
    do {
      before = std::exchange(complaints, {});
      const absl::StatusOr<std::vector<std::string>> counted = co_await Counted(directory);
      if (!counted.ok()) co_return Unread(counted.status());
      const auto summary = Summarise(directory, *counted);
      if (!summary.ok()) co_return Unread(summary.status());
      WT_CO_RETURN_IF_ERROR(
          co_await HoldAgainstLog(store_, found_, directory, **summary, complaints));
      // An owner at work may have let go of what was missing: then the log no longer names it.
    } while (!complaints.whole() && !(complaints == before));
    for (std::string& what : complaints.damaged) Damaged(std::move(what));
    for (const std::string& what : complaints.unfinished) Unfinished(1, what);
    for (std::string& what : complaints.unreferenced) Unreferenced(std::move(what));
    for (std::string& what : complaints.unseen) Unseen(std::move(what));
    co_return absl::OkStatus();
  }

  // --- state ---

  Task<absl::Status> StateFile(std::string path) {
    const absl::StatusOr<std::string> bytes = co_await store_.ReadAll(path);
    if (!bytes.ok()) co_return Unread(bytes.status());
    StateEntryLines entries(options_.show_state);
    StateFileDecoder decoder(path, entries);
    absl::Status read = decoder.Feed(*bytes);
    if (read.ok()) read = decoder.Finish();
    if (!read.ok()) {
      Damaged(read);
      co_return absl::OkStatus();
    }
    const StateFileHeader& header = decoder.header();
    Line(1, header.name, ": ", header.kind == StateFileKind::kSnapshot ? "snapshot" : "delta",
         " of version ", header.version, ", ", decoder.entries(), " entries, ", bytes->size(),
         " bytes", DescribedLineage(header));
    if (!header.operator_fingerprint.empty()) {
      Line(2, "of operator ", Shown(header.operator_fingerprint));
    }
    for (size_t i = 0; i < header.stores.size(); ++i) {
      if (header.format > 1) Line(2, DescribedStore(header.stores[i]));
      for (const std::string& entry : entries.of(i)) Line(header.format > 1 ? 3 : 2, entry);
    }
    found_.files[path] = header;
    co_return absl::OkStatus();
  }

  Store& store_;
  const InspectOptions& options_;
  std::vector<LogKind> kinds_;
  Inspection inspection_;
  std::set<std::string> logs_;  // directories
  std::vector<std::string> readable_logs_;
  // By directory: where there must be a log in it or below, with why.
  std::map<std::string, std::string> needs_log_;
  FilesFound found_;
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
  WT_CO_RETURN_IF_ERROR(co_await inspector.Finish());
  co_return inspector.Take();
}

}  // namespace wavetank::checkpoint
