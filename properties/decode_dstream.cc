#include "properties/decode_dstream.h"

#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "checkpoint/metadata.pb.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::properties {
namespace {

// Beside the log, wherever that has been moved to.
std::string PathOfBlock(const std::string& directory, const checkpoint::BlockAdded& block) {
  return directory + "/blocks/" + block.block_id();
}

LoggedInput ToLoggedInput(const std::string& directory, const checkpoint::BatchInput& input) {
  LoggedInput logged;
  logged.time_ms = input.batch_time_ms();
  for (const checkpoint::StreamInput& stream : input.streams()) {
    for (const checkpoint::InputFile& file : stream.files()) logged.pieces.push_back(file.path());
    for (const checkpoint::BlockAdded& block : stream.blocks()) {
      logged.pieces.push_back(PathOfBlock(directory, block));
    }
  }
  return logged;
}

// "(key,value)", where the key may hold commas.
NaiveRow PairRow(absl::string_view line) {
  absl::ConsumePrefix(&line, "(");
  absl::ConsumeSuffix(&line, ")");
  const size_t comma = line.rfind(',');
  if (comma == absl::string_view::npos) return {std::string(line)};
  return {std::string(line.substr(0, comma)), std::string(line.substr(comma + 1))};
}

}  // namespace

absl::StatusOr<std::optional<BatchLogView>> DecodeBatchLog(const DurableFiles& files,
                                                           const std::string& directory) {
  WT_ASSIGN_OR_RETURN(const auto records, DecodeFencedLog(files, directory));
  if (!records.has_value()) return std::nullopt;
  BatchLogView view;
  for (const std::string& bytes : *records) {
    checkpoint::MetadataRecord record;
    if (!record.ParseFromString(bytes)) {
      return absl::DataLossError(directory + ": a record is no MetadataRecord");
    }
    if (record.has_dropped()) {
      view.dropped_up_to_ms = record.dropped().ended_up_to_ms();
    } else if (record.has_graph()) {
      for (const checkpoint::StreamInput& stream : record.graph().old_files()) {
        for (const checkpoint::InputFile& file : stream.files()) {
          view.old_files.push_back(file.path());
        }
      }
    } else if (record.has_input()) {
      view.inputs.push_back(ToLoggedInput(directory, record.input()));
    } else if (record.has_completed()) {
      view.completed_ms.push_back(record.completed().batch_time_ms());
    } else if (record.has_block()) {
      const checkpoint::BlockAdded& block = record.block();
      view.blocks.push_back(
          {PathOfBlock(directory, block), block.records(), block.size_bytes(), block.crc32c()});
    }
  }
  return view;
}

std::vector<OutputAttempt> DecodeTextOutputs(const DurableFiles& files, const std::string& prefix) {
  std::map<std::pair<int64_t, std::string>, OutputAttempt> attempts;
  const std::string begin = prefix + "-";
  for (auto file = files.lower_bound(begin); file != files.end(); ++file) {
    absl::string_view rest = file->first;
    if (!absl::ConsumePrefix(&rest, begin)) break;
    // "<milliseconds>/attempt-<id>/<name>"
    const std::vector<std::string> parts = absl::StrSplit(rest, '/');
    int64_t time_ms = 0;
    if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &time_ms)) continue;
    OutputAttempt& attempt = attempts[{time_ms, parts[1]}];
    attempt.time_ms = time_ms;
    attempt.attempt = parts[1];
    if (parts[2] == "_SUCCESS") {
      attempt.complete = true;
      continue;
    }
    for (const absl::string_view line :
         absl::StrSplit(platform::ToAbsl(file->second), '\n', absl::SkipEmpty())) {
      attempt.rows.push_back(PairRow(line));
    }
  }
  std::vector<OutputAttempt> outputs;
  outputs.reserve(attempts.size());
  for (auto& [key, attempt] : attempts) outputs.push_back(std::move(attempt));
  return outputs;
}

}  // namespace wavetank::properties
