#include "properties/decode_dstream.h"

#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "checkpoint/metadata.pb.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "properties/object_rows.h"

namespace wavetank::properties {
namespace {

// Beside the log, wherever that has been moved to.
std::string PathOfBlock(const std::string& directory, const checkpoint::BlockAdded& block) {
  return directory + "/blocks/" + block.block_id();
}

bool IsWanted(int64_t stream, const std::optional<std::set<int64_t>>& wanted) {
  return !wanted || wanted->contains(stream);
}

// Partitions are numbers, in decimal; what is none is -1, which no log has.
void AddOffsets(const checkpoint::StreamInput& stream, int64_t time_ms,
                std::vector<LoggedOffsets>& offsets) {
  for (const checkpoint::OffsetRange& range : stream.ranges()) {
    LoggedOffsets& logged = offsets.emplace_back();
    logged.stream = stream.stream();
    logged.time_ms = time_ms;
    logged.log_id = stream.log_id();
    if (!absl::SimpleAtoi(range.partition(), &logged.partition)) logged.partition = -1;
    logged.begin = range.begin();
    logged.end = range.end();
  }
}

template <typename Totals>
void TakeTotals(const Totals& record, BatchLogView& view) {
  if (record.accumulators().empty()) return;
  view.totals.clear();
  for (const checkpoint::AccumulatorTotal& accumulator : record.accumulators()) {
    view.totals[accumulator.name()] = accumulator.total();
  }
}

LoggedInput ToLoggedInput(const std::string& directory, const checkpoint::BatchInput& input,
                          const std::optional<std::set<int64_t>>& wanted) {
  LoggedInput logged;
  logged.time_ms = input.batch_time_ms();
  for (const checkpoint::StreamInput& stream : input.streams()) {
    if (!IsWanted(stream.stream(), wanted)) continue;
    for (const checkpoint::InputFile& file : stream.files()) {
      logged.pieces.emplace_back(stream.stream(), file.path());
    }
    for (const checkpoint::BlockAdded& block : stream.blocks()) {
      logged.pieces.emplace_back(stream.stream(), PathOfBlock(directory, block));
    }
    std::vector<LoggedOffsets> offsets;
    AddOffsets(stream, logged.time_ms, offsets);
    for (const LoggedOffsets& range : offsets) {
      if (range.begin != range.end) logged.pieces.emplace_back(stream.stream(), NameOf(range));
    }
  }
  return logged;
}

// The directory of one attempt. Other names than these, ".tmp-..." that a crash has left among
// them, are no output.
struct AttemptFiles {
  std::optional<std::string_view> mark;
  std::map<std::string, std::string_view> parts;
};

void AddPart(std::string_view name, std::string_view part, bool of_objects,
             OutputAttempt& attempt) {
  attempt.content_hash = platform::MixBits(attempt.content_hash) ^ platform::StableHash(part);
  std::string shown;
  if (of_objects) {
    const ObjectRows objects = DecodeObjectRows(part);
    for (const std::string& row : objects.rows) absl::StrAppend(&shown, row, "\n");
    if (!objects.damage.empty() && attempt.damage.empty()) {
      attempt.damage = absl::StrCat(std::string(name), ": ", objects.damage);
    }
    part = shown;
  }
  std::vector<std::string> lines = absl::StrSplit(platform::ToAbsl(part), '\n');
  if (lines.back().empty()) lines.pop_back();  // after the last line's end
  for (std::string& line : lines) attempt.rows.push_back({std::move(line)});
}

// The mark: "parts <n>", then the names of the parts that count, if it was written by a version
// that named them. Without a mark, whatever is there.
void ReadAttempt(const AttemptFiles& files, bool of_objects, OutputAttempt& attempt) {
  attempt.complete = files.mark.has_value();
  std::vector<std::string> named;
  if (files.mark.has_value()) {
    const std::vector<std::string> lines =
        absl::StrSplit(platform::ToAbsl(*files.mark), '\n', absl::SkipEmpty());
    absl::string_view count_text;
    if (!lines.empty()) count_text = lines.front();
    size_t count = 0;
    if (!absl::ConsumePrefix(&count_text, "parts ") || !absl::SimpleAtoi(count_text, &count)) {
      attempt.damage = "its mark does not begin with the number of its parts";
      return;
    }
    if (!lines.empty()) named.assign(lines.begin() + 1, lines.end());
    const size_t there = named.empty() ? files.parts.size() : named.size();
    if (there != count) {
      attempt.damage = absl::StrCat("its mark says ", count, " parts, and ", there, " count");
      return;
    }
  }
  if (named.empty()) {
    for (const auto& [name, part] : files.parts) AddPart(name, part, of_objects, attempt);
    // Whatever it is, nobody reads it.
    if (!attempt.complete) attempt.damage.clear();
    return;
  }
  for (const std::string& name : named) {
    const auto part = files.parts.find(name);
    if (part == files.parts.end()) {
      attempt.damage = absl::StrCat("its mark names ", name, ", which is not durable");
      return;
    }
    AddPart(name, part->second, of_objects, attempt);
  }
}

struct AttemptName {
  int64_t time_ms = 0;
  std::string id;
};

// Of "<prefix>-<milliseconds>[.<suffix>]/<id>/<name>", where the name may be "".
std::optional<AttemptName> NameOfAttempt(std::string_view path, const TextOutputName& output) {
  absl::string_view rest = platform::ToAbsl(path);
  if (!absl::ConsumePrefix(&rest, output.prefix) || !absl::ConsumePrefix(&rest, "-")) {
    return std::nullopt;
  }
  const std::vector<std::string> parts = absl::StrSplit(rest, '/');
  absl::string_view time = parts[0];
  if (!output.suffix.empty() &&
      !(absl::ConsumeSuffix(&time, output.suffix) && absl::ConsumeSuffix(&time, "."))) {
    return std::nullopt;
  }
  AttemptName name;
  if (parts.size() != 3 || !absl::SimpleAtoi(time, &name.time_ms)) return std::nullopt;
  name.id = parts[1];
  return name;
}

}  // namespace

absl::StatusOr<std::optional<BatchLogView>> DecodeBatchLog(
    const DurableFiles& files, const std::string& directory,
    const std::optional<std::set<int64_t>>& streams) {
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
      view.zero_ms = record.graph().zero_time_ms();
      for (const checkpoint::StreamInput& old : record.graph().old_files()) {
        if (!IsWanted(old.stream(), streams)) continue;
        for (const checkpoint::InputFile& file : old.files()) {
          view.old_files.push_back(file.path());
        }
      }
      for (const checkpoint::StreamInput& begin : record.graph().log_begins()) {
        if (IsWanted(begin.stream(), streams)) AddOffsets(begin, 0, view.log_begins);
      }
    } else if (record.has_input()) {
      view.inputs.push_back(ToLoggedInput(directory, record.input(), streams));
      for (const checkpoint::StreamInput& stream : record.input().streams()) {
        if (!IsWanted(stream.stream(), streams)) continue;
        AddOffsets(stream, record.input().batch_time_ms(), view.offsets);
      }
    } else if (record.has_completed()) {
      view.completed_ms.push_back(record.completed().batch_time_ms());
      TakeTotals(record.completed(), view);
    } else if (record.has_accumulators()) {
      TakeTotals(record.accumulators(), view);
    } else if (record.has_block()) {
      const checkpoint::BlockAdded& block = record.block();
      if (!IsWanted(block.stream(), streams)) continue;
      view.blocks.push_back(
          {PathOfBlock(directory, block), block.records(), block.size_bytes(), block.crc32c()});
    } else if (record.has_receiver_started()) {
      const checkpoint::ReceiverStarted& started = record.receiver_started();
      if (!IsWanted(started.stream(), streams)) continue;
      view.receivers.push_back({started.stream(), started.run()});
    } else if (record.has_receiver_ended()) {
      std::erase_if(view.receivers, [&](const LoggedReceiver& receiver) {
        return receiver.stream == record.receiver_ended().stream() &&
               receiver.run == record.receiver_ended().run();
      });
    }
  }
  return view;
}

std::string AttemptDirectory(std::string_view path, const TextOutputName& output) {
  const std::optional<AttemptName> name = NameOfAttempt(path, output);
  if (!name.has_value()) return "";
  return absl::StrCat(platform::ToAbsl(path.substr(0, path.rfind('/'))), "/");
}

std::optional<OutputAttempt> DecodeTextOutput(const DurableFiles& files,
                                              const TextOutputName& output,
                                              const std::string& directory) {
  const std::optional<AttemptName> attempt = NameOfAttempt(directory, output);
  AttemptFiles there;
  bool any = false;
  for (auto file = files.lower_bound(directory); file != files.end(); ++file) {
    absl::string_view name = file->first;
    if (!absl::ConsumePrefix(&name, directory)) break;
    if (absl::StrContains(name, '/')) continue;
    any = true;
    if (name == "_SUCCESS") {
      there.mark = file->second;
    } else if (absl::StartsWith(name, "part-")) {
      there.parts.emplace(name, file->second);
    }
  }
  if (!any || !attempt.has_value()) return std::nullopt;
  OutputAttempt read{.time_ms = attempt->time_ms, .attempt = attempt->id};
  ReadAttempt(there, output.of_objects, read);
  return read;
}

std::vector<OutputAttempt> DecodeTextOutputs(const DurableFiles& files,
                                             const TextOutputName& output) {
  std::set<std::string> directories;
  const std::string begin = output.prefix + "-";
  for (auto file = files.lower_bound(begin);
       file != files.end() && absl::StartsWith(file->first, begin); ++file) {
    directories.insert(AttemptDirectory(file->first, output));
  }
  directories.erase("");
  std::vector<OutputAttempt> outputs;
  for (const std::string& directory : directories) {
    std::optional<OutputAttempt> attempt = DecodeTextOutput(files, output, directory);
    if (attempt.has_value()) outputs.push_back(*std::move(attempt));
  }
  return outputs;
}

}  // namespace wavetank::properties
