#include "properties/decode_query.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "checkpoint/metadata.pb.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "properties/definition_hash.h"
#include "properties/part_rows.h"
#include "runtime/connectors/manifest.pb.h"

namespace wavetank::properties {
namespace {

using checkpoint::BatchDefinition;
using checkpoint::MetadataRecord;
using runtime::ManifestEntry;
using runtime::ManifestRecord;

// Of sources without files, numbers with colons between them.
bool HasOwnTerms(std::string_view offset) { return offset.find(':') != std::string_view::npos; }

absl::StatusOr<LoggedBatch> ToLoggedBatch(const BatchDefinition& definition) {
  LoggedBatch batch;
  batch.batch = definition.batch_id();
  if (definition.has_watermark_ms()) batch.watermark_ms = definition.watermark_ms();
  batch.timestamp_ms = definition.timestamp_ms();
  batch.hash = definition.hash();
  batch.own_hash = HashOfDefinition(definition);
  if (definition.sources().empty()) {
    return absl::DataLossError(absl::StrCat("batch ", batch.batch, " has no source"));
  }
  for (const checkpoint::SourceRange& range : definition.sources()) {
    LoggedRange& logged = batch.ranges.emplace_back();
    logged.source = range.source();
    const bool of_files = absl::SimpleAtoi(range.start_offset(), &logged.start) &&
                          absl::SimpleAtoi(range.end_offset(), &logged.end);
    if (!of_files && range.files().empty() && HasOwnTerms(range.start_offset()) &&
        HasOwnTerms(range.end_offset())) {
      logged.start = logged.end = 0;
      logged.from = range.start_offset();
      logged.to = range.end_offset();
    } else if (!of_files || logged.end - logged.start != range.files_size()) {
      return absl::DataLossError(absl::StrCat("batch ", batch.batch, " goes from \"",
                                              range.start_offset(), "\" to \"", range.end_offset(),
                                              "\" with ", range.files_size(), " files"));
    }
    for (const checkpoint::InputFile& file : range.files()) logged.files.push_back(file.path());
  }
  return batch;
}

std::vector<PreparedState> StatesOf(
    const google::protobuf::RepeatedPtrField<checkpoint::OperatorState>& logged) {
  std::vector<PreparedState> states;
  for (const checkpoint::OperatorState& state : logged) {
    PreparedState& named = states.emplace_back();
    named.operator_id = state.operator_id();
    named.partition = state.partition();
    named.names.assign(state.names().begin(), state.names().end());
    // Of older writers: paths, of which the last component counts.
    for (const std::string& file : state.files()) {
      named.names.push_back(file.substr(file.rfind('/') + 1));
    }
  }
  return states;
}

// Of a file sink's committable, which is the entry to come.
bool HoldsOutput(const std::string& committable) {
  ManifestEntry entry;
  return !committable.empty() && entry.ParseFromString(committable) &&
         std::ranges::none_of(entry.parts(), [](const auto& part) { return part.text().empty(); });
}

std::string PathOfPart(const std::string& directory, const runtime::ManifestPart& part) {
  const std::string& named = part.file().empty() ? part.staged() : part.file();
  return directory + "/_wavetank/staged/" + named.substr(named.rfind('/') + 1);
}

// Of a file that several batches share, what is this one's; too little, if it is not there.
std::string_view BytesOfPart(const runtime::ManifestPart& part, std::string_view file) {
  if (part.file_bytes() == 0) return file;
  if (file.size() != part.file_bytes() || part.offset() > file.size()) return {};
  return file.substr(part.offset(), part.size_bytes());
}

// "part-<batch>-<partition>" and what they are: entries that were dropped from the manifest had
// such parts.
bool IsOfBatchBefore(int64_t first, absl::string_view name) {
  int64_t batch = 0;
  return absl::ConsumePrefix(&name, "part-") &&
         absl::SimpleAtoi(name.substr(0, name.find('-')), &batch) && batch < first;
}

std::vector<std::string> UncommittedParts(const DurableFiles& files,
                                          const std::vector<const ManifestEntry*>& entries,
                                          const std::string& directory) {
  const int64_t first = entries.empty() ? 0 : entries.front()->batch();
  std::vector<std::string_view> committed;
  for (const ManifestEntry* const entry : entries) {
    for (const runtime::ManifestPart& part : entry->parts()) {
      // What stands in the entry has no plain name yet.
      if (part.text().empty()) committed.push_back(part.name());
    }
  }
  std::ranges::sort(committed);
  std::vector<std::string> uncommitted;
  const std::string prefix = directory + "/";
  for (auto file = files.lower_bound(prefix);
       file != files.end() && file->first.starts_with(prefix); ++file) {
    const std::string_view name = std::string_view(file->first).substr(prefix.size());
    const bool plain = name.find('/') == std::string::npos && name[0] != '.' && name[0] != '_';
    if (plain && !std::ranges::binary_search(committed, name) &&
        !IsOfBatchBefore(first, platform::ToAbsl(name))) {
      uncommitted.emplace_back(name);
    }
  }
  return uncommitted;
}

}  // namespace

absl::Status QueryLogReader::Add(const std::string& bytes) {
  MetadataRecord record;
  if (!record.ParseFromString(bytes)) {
    return absl::DataLossError(directory_ + ": a record is no MetadataRecord");
  }
  if (record.has_dropped()) {
    view_.first_batch = record.dropped().first_batch();
    bool ended = !record.dropped().starts().empty();
    for (const checkpoint::SourceOffset& start : record.dropped().starts()) {
      if (HasOwnTerms(start.offset())) {
        view_.first_offsets[start.source()] = start.offset();
        continue;
      }
      ended = ended && absl::SimpleAtoi(start.offset(), &view_.first_starts[start.source()]);
    }
    if (!ended) {
      return absl::DataLossError(directory_ + ": what was dropped does not say where it ended");
    }
  } else if (record.has_begins()) {
    for (const checkpoint::SourceBegin& begin : record.begins().begins()) {
      view_.begins[begin.source()] = begin.offset();
    }
  } else if (record.has_query()) {
    for (const checkpoint::Setting& setting : record.query().pinned()) {
      if (setting.name() == "shuffle_partitions" &&
          !absl::SimpleAtoi(setting.value(), &view_.shuffle_partitions)) {
        return absl::DataLossError(
            absl::StrCat(directory_, ": shuffle_partitions is pinned to ", setting.value()));
      }
    }
  } else if (record.has_definition()) {
    WT_ASSIGN_OR_RETURN(LoggedBatch batch, ToLoggedBatch(record.definition()));
    batch.shuffle_partitions = view_.shuffle_partitions;
    batch.plan_hash = plan_hash_;
    view_.definitions.push_back(std::move(batch));
  } else if (record.has_plan()) {
    plan_hash_ = record.plan().hash();
    const bool open =
        !view_.definitions.empty() &&
        (view_.prepared.empty() || view_.prepared.back().batch < view_.definitions.back().batch);
    if (open) view_.definitions.back().plan_hash = plan_hash_;
  } else if (record.has_layout()) {
    const checkpoint::StateLayout& layout = record.layout();
    if (view_.shuffle_partitions != layout.partitions() && layout.states().empty() &&
        layout.after_batch() >= view_.first_batch && !view_.definitions.empty()) {
      return absl::DataLossError(absl::StrCat(
          directory_, ": state is laid out in ", layout.partitions(), " partitions after batch ",
          layout.after_batch(), ", and nothing of it is ", "there"));
    }
    view_.shuffle_partitions = layout.partitions();
    if (!layout.states().empty()) {
      view_.rescaled = {.after_batch = layout.after_batch(), .states = StatesOf(layout.states())};
    }
  } else if (record.has_prepared()) {
    const checkpoint::Prepared& prepared = record.prepared();
    if (!plan_hash_.empty() && prepared.plan_hash() != plan_hash_) {
      return absl::DataLossError(absl::StrCat(
          directory_, ": batch ", prepared.batch_id(), " was prepared under plan \"",
          prepared.plan_hash(), "\", the newest one before it is \"", plan_hash_, "\""));
    }
    if (!view_.definitions.empty() && !prepared.plan_hash().empty()) {
      view_.definitions.back().plan_hash = prepared.plan_hash();
    }
    PreparedBatch batch{.batch = prepared.batch_id(),
                        .attempt = prepared.attempt_id(),
                        .holds_output = HoldsOutput(prepared.sink_committable()),
                        .states = StatesOf(prepared.states()),
                        .rows_dropped_late = prepared.dropped_rows(),
                        .rows_without_time = prepared.rows_without_time(),
                        .files_skipped = prepared.files_skipped()};
    if (prepared.has_next_watermark_ms()) batch.next_watermark_ms = prepared.next_watermark_ms();
    if (prepared.next_final().has_watermark_ms()) {
      batch.next_final_ms = prepared.next_final().watermark_ms();
    }
    view_.prepared.push_back(std::move(batch));
  } else if (record.has_commit()) {
    view_.commits.push_back(record.commit().batch_id());
  }
  return absl::OkStatus();
}

absl::StatusOr<const QueryLogView*> QueryLogReader::Read(const DurableFiles& files) {
  WT_ASSIGN_OR_RETURN(const auto records, log_.Read(files));
  if (!records.has_value()) return nullptr;
  if (std::ranges::mismatch(*records, read_).in2 != read_.end()) {
    read_.clear();
    view_ = {};
    plan_hash_.clear();
  }
  for (size_t i = read_.size(); i < records->size(); ++i) {
    read_.push_back((*records)[i]);
    const absl::Status added = Add(*read_.back());
    if (added.ok()) continue;
    // It may have left its mark on the view.
    read_.back() = nullptr;
    return added;
  }
  return &view_;
}

absl::StatusOr<std::optional<QueryLogView>> DecodeQueryLog(const DurableFiles& files,
                                                           const std::string& directory) {
  QueryLogReader reader(directory);
  WT_ASSIGN_OR_RETURN(const QueryLogView* const view, reader.Read(files));
  return view == nullptr ? std::nullopt : std::optional(*view);
}

absl::StatusOr<std::vector<size_t>> FileSinkReader::Counting() const {
  std::vector<size_t> counting;
  const auto batch_of = [this](size_t i) { return entries_[i].record->entry().batch(); };
  int64_t first = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const ManifestRecord& record = *entries_[i].record;
    if (record.has_entry()) counting.push_back(i);
    if (!record.has_dropped()) continue;
    first = record.dropped().first_batch();
    std::erase_if(counting, [&](size_t each) { return batch_of(each) < first; });
  }
  if (!counting.empty() && batch_of(counting.front()) != first) {
    return absl::DataLossError(
        absl::StrCat(directory_, ": the manifest's entries begin with batch ",
                     batch_of(counting.front()), ", by what was dropped they begin with ", first));
  }
  return counting;
}

absl::Status FileSinkReader::ReadRows(const DurableFiles& files, Entry& entry) const {
  const ManifestEntry& says = entry.record->entry();
  if (entry.parts.empty()) {
    for (const runtime::ManifestPart& part : says.parts()) {
      entry.parts.push_back({.path = PathOfPart(directory_, part), .bytes = {}});
    }
  }
  bool same = entry.rows != nullptr;
  std::vector<std::string_view> contents;
  for (size_t i = 0; i < entry.parts.size(); ++i) {
    const Entry::Part& part = entry.parts[i];
    const std::string& text = says.parts(static_cast<int>(i)).text();
    if (!text.empty()) {
      contents.push_back(text);
      same = same && part.bytes == text;
      continue;
    }
    const auto file = files.find(part.path);
    // As it is looked at below, part by part.
    if (file == files.end()) break;
    contents.push_back(BytesOfPart(says.parts(static_cast<int>(i)), file->second));
    same = same && part.bytes == contents.back();
  }
  if (same && contents.size() == entry.parts.size()) return absl::OkStatus();
  entry.rows = nullptr;
  std::vector<NaiveRow> rows;
  for (size_t i = 0; i < entry.parts.size(); ++i) {
    const bool in_entry = !says.parts(static_cast<int>(i)).text().empty();
    const std::string path = in_entry ? "what stands in the entry" : entry.parts[i].path;
    if (i == contents.size()) {
      return absl::DataLossError(
          absl::StrCat("batch ", says.batch(), ": ", path, " is in the manifest and not durable"));
    }
    const runtime::ManifestPart& part = says.parts(static_cast<int>(i));
    const std::string_view bytes = contents[i];
    if (bytes.size() != part.size_bytes() || PlainCrc32c(bytes) != part.crc32c()) {
      return absl::DataLossError(
          absl::StrCat("batch ", says.batch(), ": ", path, " is not what the manifest says"));
    }
    entry.parts[i].bytes = std::string(bytes);
    WT_ASSIGN_OR_RETURN(std::vector<NaiveRow> more, RowsOfPart(says, part, bytes));
    rows.insert(rows.end(), std::make_move_iterator(more.begin()),
                std::make_move_iterator(more.end()));
  }
  entry.rows = std::make_shared<const std::vector<NaiveRow>>(std::move(rows));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<FileSinkView>> FileSinkReader::Read(const DurableFiles& files) {
  WT_ASSIGN_OR_RETURN(const std::vector<ManifestReader::Record>* const records,
                      manifest_.Read(files));
  if (records == nullptr) return std::nullopt;
  entries_.resize(records->size());
  for (size_t i = 0; i < records->size(); ++i) {
    const ManifestReader::Record& record = (*records)[i];
    if (entries_[i].record == record) continue;
    entries_[i] = {.record = record, .hash = 0, .parts = {}, .rows = nullptr};
    if (!record->has_entry()) continue;
    entries_[i].hash = platform::StableHash(record->entry().SerializeAsString());
  }
  WT_ASSIGN_OR_RETURN(const std::vector<size_t> counting, Counting());
  std::vector<const ManifestEntry*> entries;
  for (const size_t i : counting) entries.push_back(&entries_[i].record->entry());

  FileSinkView view;
  if (!entries.empty()) {
    const ManifestEntry& newest = *entries.back();
    view.table = newest.mode() == runtime::MANIFEST_MODE_APPEND   ? TableIs::kAllRows
                 : newest.mode() == runtime::MANIFEST_MODE_UPDATE ? TableIs::kLastRowOfEachKey
                                                                  : TableIs::kNewestRows;
    for (const runtime::ManifestColumn& column : newest.columns()) {
      view.key_columns.push_back(column.key());
    }
  }
  for (const size_t i : counting) {
    Entry& entry = entries_[i];
    const ManifestEntry& says = entry.record->entry();
    ShownBatch batch{.batch = says.batch(),
                     .definition_hash = says.definition_hash(),
                     .rows = nullptr,
                     .entry_hash = entry.hash};
    // In complete mode older entries' parts are removed: only the newest one is the table.
    const bool superseded =
        says.mode() == runtime::MANIFEST_MODE_COMPLETE && &says != entries.back();
    if (!superseded) {
      WT_RETURN_IF_ERROR(ReadRows(files, entry));
      batch.rows = entry.rows;
    }
    view.batches.push_back(std::move(batch));
  }
  view.uncommitted = UncommittedParts(files, entries, directory_);
  return view;
}

absl::StatusOr<std::optional<FileSinkView>> DecodeFileSink(const DurableFiles& files,
                                                           const std::string& directory) {
  return FileSinkReader(directory).Read(files);
}

}  // namespace wavetank::properties
