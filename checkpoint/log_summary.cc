#include "checkpoint/log_summary.h"

#include <ranges>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

#include "checkpoint/block_name.h"
#include "checkpoint/graph_history.h"
#include "checkpoint/metadata.h"
#include "checkpoint/named_files.h"
#include "checkpoint/paths.h"
#include "checkpoint/query_history.h"
#include "checkpoint/state_version.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::checkpoint {
namespace {

constexpr absl::string_view kStateFolder = "../state/";
constexpr absl::string_view kGraphStateFolder = "state/";
constexpr absl::string_view kBlockFolder = "blocks/";

// In the checkpoint, as the log sees that. `named`: what is there already.
void AddState(const std::string& checkpoint, const OperatorState& state,
              const std::string& named_by, NamedFile::Need need, std::set<std::string>& named,
              LogSummary& summary) {
  NamedState& version = summary.states.emplace_back();
  version.version = state.version();
  for (const std::string& file : StateFiles(checkpoint, state)) {
    version.files.push_back(file);
    if (!named.insert(file).second) continue;
    summary.files.push_back({.path = version.files.back(), .named_by = named_by, .need = need});
  }
}
void AddStates(const google::protobuf::RepeatedPtrField<OperatorState>& states,
               const std::string& named_by, NamedFile::Need need, std::set<std::string>& named,
               LogSummary& summary) {
  for (const OperatorState& state : states) AddState("..", state, named_by, need, named, summary);
}

std::string LayoutLine(const StateLayout& layout) {
  std::string line = absl::StrCat("state from batch ", layout.after_batch() + 1,
                                  " on: ", Count(layout.partitions(), "partition"), " of ");
  for (int i = 0; i < layout.operators_size(); ++i) {
    const OperatorLayout& op = layout.operators(i);
    absl::StrAppend(&line, i == 0 ? "" : ", ", op.kind(), " ", op.operator_id());
  }
  return line;
}

std::string QueryLine(const BatchHistory& batch) {
  const BatchDefinition& definition = batch.definition;
  int64_t files = 0;
  for (const SourceRange& range : definition.sources()) files += range.files_size();
  std::string stands = "defined, not prepared";
  if (batch.commit) {
    stands = absl::StrCat("committed, attempt ", batch.commit->attempt_id());
  } else if (batch.prepared) {
    stands = absl::StrCat("prepared, not committed, attempt ", batch.prepared->attempt_id());
  }
  std::string line =
      absl::StrCat("batch ", definition.batch_id(), ": ", stands, ", ", Count(files, "file"));
  for (const SourceRange& range : definition.sources()) {
    absl::StrAppend(&line, " [", range.start_offset(), ", ", range.end_offset(), ")");
  }
  return line;
}

LogSummary SummariseQuery(const QueryHistory& history) {
  LogSummary summary;
  if (history.first_batch() > 0) {
    summary.lines.push_back(absl::StrCat("batches before ", history.first_batch(),
                                         ": committed, and dropped from the log"));
  }
  if (!history.bound()) {
    for (const auto& [source, begin] : history.begins()) {
      summary.lines.push_back(absl::StrCat("source ", source, ": begins at ", begin.offset()));
    }
  }
  for (const BatchHistory& batch : history.batches()) summary.lines.push_back(QueryLine(batch));
  for (const StateLayout& layout : history.layouts()) summary.lines.push_back(LayoutLine(layout));
  if (history.plan()) {
    summary.lines.push_back(absl::StrCat("plan ", history.plan()->hash(), ":"));
    for (const absl::string_view line :
         absl::StrSplit(history.plan()->text(), '\n', absl::SkipEmpty())) {
      summary.lines.push_back(absl::StrCat("  ", line));
    }
  }
  const int64_t newest_version = history.newest_batch() + 1;
  summary.comes_after = [newest_version](const std::string& path) {
    return absl::StartsWith(path, kStateFolder) &&
           VersionInStateFileName(NameInPath(path)) > newest_version;
  };
  summary.owns = [](const std::string& path) {
    return absl::StartsWith(path, kStateFolder) && VersionInStateFileName(NameInPath(path)) >= 0;
  };
  // What recovery starts from: the newest that is committed, or one that is prepared upon it. How
  // many more were to be kept the log does not say. The newest first: what it names must be there.
  std::set<std::string> named;
  auto need = NamedFile::Need::kMust;
  for (const BatchHistory& batch : std::views::reverse(history.batches())) {
    const int64_t id = batch.definition.batch_id();
    for (const StateLayout& layout : std::views::reverse(history.layouts())) {
      if (layout.after_batch() != id || layout.states().empty()) continue;
      AddStates(layout.states(), absl::StrCat("the state laid out anew after batch ", id), need,
                named, summary);
      need = NamedFile::Need::kMayGo;
    }
    if (batch.prepared) {
      AddStates(
          batch.prepared->states(),
          absl::StrCat("the state of attempt ", batch.prepared->attempt_id(), " at batch ", id),
          need, named, summary);
    }
    if (batch.commit) need = NamedFile::Need::kMayGo;
  }
  return summary;
}

// Blocks of a batch that has ended are removed some time later.
void AddBlock(const BlockAdded& block, NamedFile::Need need, LogSummary& summary) {
  summary.files.push_back({.path = BlockPath("blocks", block),
                           .named_by = absl::StrCat("block ", block.block_id()),
                           .crc32c = block.crc32c(),
                           .size_bytes = block.size_bytes(),
                           .need = need});
}

LogSummary SummariseGraph(const GraphHistory& history) {
  LogSummary summary;
  // A block that its receiver has stored and not reported yet is input all the same.
  summary.owns = [history](const std::string& path) {
    if (absl::StartsWith(path, kGraphStateFolder)) {
      return VersionInStateFileName(NameInPath(path)) >= 0;
    }
    if (!absl::StartsWith(path, kBlockFolder)) return false;
    const std::optional<BlockName> block = ParseBlockName(NameInPath(path));
    return !block.has_value() || !history.Awaits(*block);
  };
  if (history.batches().empty() && history.metadata().has_value()) {
    for (const StreamInput& begin : history.metadata()->log_begins()) {
      std::string line = absl::StrCat("stream ", begin.stream(), ": begins at");
      for (const OffsetRange& range : begin.ranges()) {
        absl::StrAppend(&line, " ", range.partition(), ":", range.end());
      }
      summary.lines.push_back(std::move(line));
    }
  }
  for (const auto& [time_ms, batch] : history.batches()) {
    const auto need = batch.completed ? NamedFile::Need::kMayGo : NamedFile::Need::kMust;
    int64_t files = 0;
    int64_t blocks = 0;
    std::string ranges;
    for (const StreamInput& stream : batch.input.streams()) {
      for (const OffsetRange& range : stream.ranges()) {
        absl::StrAppend(&ranges, ", ", stream.stream(), ":", range.partition(), " [", range.begin(),
                        ", ", range.end(), ")");
      }
      files += stream.files_size();
      blocks += stream.blocks_size();
      for (const BlockAdded& block : stream.blocks()) AddBlock(block, need, summary);
    }
    summary.lines.push_back(
        absl::StrCat("batch ", time_ms, " ms: ", batch.completed ? "completed" : "not completed",
                     ", ", Count(files, "file"), ", ", Count(blocks, "block"), ranges));
  }
  // What a batch that is not complete goes on from, and what the next one does, must be there.
  std::set<std::string> named;
  bool needed = true;
  for (const auto& [time_ms, batch] : std::views::reverse(history.batches())) {
    if (!batch.completed) needed = true;
    const auto need = needed ? NamedFile::Need::kMust : NamedFile::Need::kMayGo;
    for (const KeptState& kept : batch.states) {
      AddState("", kept.state(), absl::StrCat("the state of batch ", time_ms, " ms"), need, named,
               summary);
    }
    if (batch.completed) needed = false;
  }
  for (const BlockAdded& block : history.unallocated_blocks()) {
    summary.lines.push_back(absl::StrCat("block ", block.block_id(), ": in no batch yet, ",
                                         Count(block.records(), "record")));
    AddBlock(block, NamedFile::Need::kMust, summary);
  }
  for (const GraphHistory::Receiver& receiver : history.receivers()) {
    summary.lines.push_back(absl::StrCat("receiver ", receiver.run, " of stream ", receiver.stream,
                                         ": ", Count(receiver.blocks_logged, "block"), " logged"));
  }
  return summary;
}

// The directory X of "X/<folder>/..."; unset if none of the path's folders is called so.
std::optional<std::string> Above(const std::string& path, std::string_view folder) {
  for (std::string at = ParentPath(path); !at.empty(); at = ParentPath(at)) {
    const std::string parent = ParentPath(at);
    if (at == JoinPath(parent, folder)) return parent;
  }
  return std::nullopt;
}

std::optional<std::string> CheckpointOf(const std::string& path) {
  const std::string name = NameInPath(path);
  if (VersionInStateFileName(name) >= 0) return Above(path, "state");
  if (absl::StartsWith(name, "stream-")) return Above(path, "blocks");
  return std::nullopt;
}

std::string Describe(std::string_view record, bool show_rows) {
  absl::StatusOr<MetadataRecord> decoded = DecodeMetadata(record);
  if (!decoded.ok()) return "";
  // As text it stands in the summary.
  if (decoded->has_plan()) decoded->mutable_plan()->clear_plan();
  // Output may stand in it.
  if (decoded->has_prepared() && !show_rows && !decoded->prepared().sink_committable().empty()) {
    decoded->mutable_prepared()->set_sink_committable(
        absl::StrCat(decoded->prepared().sink_committable().size(), " bytes"));
  }
  return decoded->ShortDebugString();
}

absl::StatusOr<std::optional<LogSummary>> Summarise(const std::string& log,
                                                    const std::vector<std::string>& records) {
  if (records.empty()) return std::nullopt;
  std::vector<MetadataRecord> decoded;
  for (size_t i = 0; i < records.size(); ++i) {
    absl::StatusOr<MetadataRecord> record = DecodeMetadata(records[i]);
    if (!record.ok() && i == 0 && absl::IsDataLoss(record.status())) return std::nullopt;
    if (!record.ok()) {
      return absl::Status(record.status().code(),
                          absl::StrCat(log, ": record ", i, ": ", record.status().message()));
    }
    decoded.push_back(*std::move(record));
  }
  if (decoded.front().has_query()) {
    WT_ASSIGN_OR_RETURN(const QueryHistory history, ReadQueryHistory(log, decoded));
    return SummariseQuery(history);
  }
  WT_ASSIGN_OR_RETURN(const GraphHistory history, ReadGraphHistory(log, decoded));
  return SummariseGraph(history);
}

}  // namespace

std::string Count(int64_t count, std::string_view noun) {
  return absl::StrCat(count, " ", platform::ToAbsl(noun), count == 1 ? "" : "s");
}

LogKind MetadataLogs() {
  return {.describe = Describe, .summarise = Summarise, .log_of = CheckpointOf};
}

}  // namespace wavetank::checkpoint
