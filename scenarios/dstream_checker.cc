#include "scenarios/dstream_checker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "platform/text.h"
#include "scenarios/replay_stream.h"

namespace wavetank::scenarios {
namespace {

using properties::NaiveRow;
using properties::OutputAttempt;
using properties::Piece;
using properties::Violation;

// A line "(key,value)", where the key may hold commas.
NaiveRow PairOf(const NaiveRow& row) {
  absl::string_view line = row.front();
  absl::ConsumePrefix(&line, "(");
  absl::ConsumeSuffix(&line, ")");
  const size_t comma = line.rfind(',');
  if (comma == absl::string_view::npos) return {std::string(line)};
  return {std::string(line.substr(0, comma)), std::string(line.substr(comma + 1))};
}

std::vector<NaiveRow> PairsOf(const std::vector<NaiveRow>& rows) {
  std::vector<NaiveRow> pairs;
  for (const NaiveRow& row : rows) {
    if (!row.front().empty()) pairs.push_back(PairOf(row));
  }
  return pairs;
}

std::function<std::vector<NaiveRow>(const std::vector<NaiveRow>&)> ReaderFor(
    const DStreamOracle* oracle) {
  if (oracle == nullptr || oracle->canonical == nullptr) return PairsOf;
  return [canonical = oracle->canonical](const std::vector<NaiveRow>& rows) {
    return canonical(PairsOf(rows));
  };
}

std::set<int64_t> StreamsOf(const StreamShape& stream) {
  std::set<int64_t> streams;
  for (const StreamShape::Input& input : stream.inputs) streams.insert(input.id.value());
  return streams;
}

properties::TextOutputName NameOf(const StreamShape& stream) {
  const runtime::TextFiles& files = *stream.context->graph().output(stream.output).files();
  return {files.prefix, files.suffix, files.of_objects};
}

std::function<std::vector<std::string>(const NaiveRow&)> TokensOfRow(RowTokens tokens) {
  if (tokens == nullptr) return nullptr;
  return [tokens = std::move(tokens)](const NaiveRow& row) { return tokens(row.front()); };
}

void AddCounts(const std::vector<NaiveRow>& rows, std::map<std::string, int64_t>& counts) {
  for (const NaiveRow& row : rows) {
    int64_t count = 0;
    if (row.size() == 2 && absl::SimpleAtoi(row[1], &count)) counts[row[0]] += count;
  }
}

}  // namespace

DStreamChecker::DStreamChecker(JobPaths paths, StreamShape stream, int partitions,
                               std::map<int64_t, std::unique_ptr<DStreamPieces>> pieces,
                               const DStreamOracle* oracle,
                               std::optional<properties::OutputJudge> judge, RowTokens tokens)
    : paths_(std::move(paths)),
      stream_(std::move(stream)),
      output_(NameOf(stream_)),
      has_oracle_(oracle != nullptr),
      has_tokens_(tokens != nullptr),
      read_(ReaderFor(oracle)),
      pieces_(std::move(pieces)),
      checker_(
          {.judges = Judges(partitions, oracle, std::move(judge)),
           .tokens = TokensOfRow(std::move(tokens)),
           .read_piece =
               [this](const Piece& piece) { return pieces_.at(piece.stream)->Lines(piece.path); },
           .times_input =
               [this](const Piece& piece) {
                 return pieces_.at(piece.stream)->TimesInput(piece.path);
               }}),
      log_(properties::FencedLogFiles(paths_.checkpoint),
           [directory = paths_.checkpoint,
            streams = StreamsOf(stream_)](const properties::DurableFiles& files) {
             return properties::DecodeBatchLog(files, directory, streams);
           }) {
  if (oracle == nullptr || oracle->totals == nullptr) return;
  totals_.emplace([this, totals = oracle->totals](const properties::LoggedInput& input) {
    properties::PieceLines pieces;
    for (const Piece& piece : input.pieces) {
      pieces[piece.stream].push_back(pieces_.at(piece.stream)->Lines(piece.path));
    }
    return totals(TextOf(pieces));
  });
}

std::vector<properties::OutputJudge> DStreamChecker::Judges(
    int partitions, const DStreamOracle* oracle,
    std::optional<properties::OutputJudge> judge) const {
  std::vector<properties::OutputJudge> judges;
  if (judge.has_value()) judges.push_back(*std::move(judge));
  if (oracle != nullptr) {
    const auto answer = [this, answer = oracle->answer](const properties::JudgedBatch& batch) {
      return answer(TextOf(batch.pieces()));
    };
    judges.push_back({.answer = answer, .read = read_});
  }
  if (stream_.deterministic) {
    const auto replay = std::make_shared<StreamReplay>(stream_.context->graph(), partitions);
    judges.push_back({.answer = [this, replay](const properties::JudgedBatch& batch) {
      std::vector<NaiveRow> rows;
      for (std::string& line : replay->TextOutput(stream_.output, batch)) {
        rows.push_back({std::move(line)});
      }
      return rows;
    }});
  }
  return judges;
}

std::vector<std::string> DStreamChecker::TextOf(const properties::PieceLines& pieces) const {
  std::vector<std::string> all;
  for (const auto& [stream, of_stream] : pieces) {
    for (const auto& lines : of_stream) {
      for (const std::string& line : lines) all.push_back(pieces_.at(stream)->TextOf(line));
    }
  }
  return all;
}

std::string DStreamChecker::Unjudged() const {
  if (has_oracle_ || stream_.deterministic) return "";
  return absl::StrCat("the rows", has_tokens_ ? ", but for the attempts that they are of" : "",
                      ": the job has no oracle and does not say that its functions are "
                      "deterministic");
}

void DStreamChecker::NoteOutputs(const std::set<std::string>& changed) {
  for (auto path = changed.lower_bound(output_.prefix);
       path != changed.end() && path->starts_with(output_.prefix); ++path) {
    std::string directory = properties::AttemptDirectory(*path, output_);
    if (!directory.empty()) changed_outputs_.insert(std::move(directory));
  }
}

std::vector<Violation> DStreamChecker::ObserveOutputs(int64_t now_ns,
                                                      const properties::DurableFiles& files,
                                                      int64_t failures) {
  std::vector<Violation> found;
  for (const std::string& directory : std::exchange(changed_outputs_, {})) {
    std::optional<OutputAttempt> output = properties::DecodeTextOutput(files, output_, directory);
    const auto known = outputs_.find(directory);
    if (!output.has_value() && known == outputs_.end()) continue;
    if (!output.has_value()) {
      const OutputAttempt gone{.time_ms = known->second.time_ms, .attempt = known->second.attempt};
      outputs_.erase(known);
      for (Violation& violation : checker_.ObserveOutput(now_ns, gone, failures)) {
        found.push_back(std::move(violation));
      }
      continue;
    }
    if (notes_.has_value()) notes_->ObserveOutput(now_ns, *output);
    for (Violation& violation : checker_.ObserveOutput(now_ns, *output, failures)) {
      found.push_back(std::move(violation));
    }
    outputs_[directory] = *std::move(output);
  }
  return found;
}

std::vector<std::string> DStreamChecker::WatchesOutside() const {
  std::vector<std::string> watches;
  for (const auto& [stream, pieces] : pieces_) {
    for (std::string& path : pieces->WatchesOutside()) watches.push_back(std::move(path));
  }
  return watches;
}

std::vector<Violation> DStreamChecker::ObserveOutside(int64_t now_ns,
                                                      const properties::ObservedFiles& observed) {
  done_.reset();
  std::vector<Violation> found;
  for (const auto& [stream, pieces] : pieces_) {
    for (Violation& violation : pieces->ObserveOutside(now_ns, observed)) {
      found.push_back(std::move(violation));
    }
  }
  return found;
}

void DStreamChecker::Arrives(const ArrivingFile& piece) {
  for (const auto& [stream, pieces] : pieces_) pieces->Arrives(piece);
  done_.reset();
}

std::vector<Violation> DStreamChecker::Observe(int64_t now_ns,
                                               const properties::ObservedFiles& observed,
                                               int64_t failures) {
  done_.reset();
  log_changed_ = log_.Note(observed) || log_changed_;
  pieces_changed_ = properties::AnyBelow(observed.changed, paths_.checkpoint) || pieces_changed_;
  NoteOutputs(observed.changed);
  const auto& log = log_.Get(observed.files);
  if (!log.ok()) {
    std::string text(platform::ToStd(log.status().message()));
    if (!unreadable_.insert(text).second) return {};
    return {{properties::violation_kinds::kUnreadable, text, now_ns, {}, ""}};
  }
  // At an instant at which a reader would get no answer there is nothing to judge.
  if (!log->has_value()) return {};
  std::vector<Violation> found;
  const auto add = [&found](std::vector<Violation> more) {
    for (Violation& violation : more) found.push_back(std::move(violation));
  };
  if (std::exchange(pieces_changed_, false)) add(ObservePieces(now_ns, observed.files, **log));
  if (log_changed_ && notes_.has_value()) notes_->ObserveLog(now_ns, **log);
  if (log_changed_ && totals_.has_value()) add(totals_->ObserveLog(now_ns, **log));
  if (std::exchange(log_changed_, false)) add(checker_.ObserveLog(now_ns, **log, failures));
  for (const auto& [stream, pieces] : pieces_) pieces->ObserveTime(now_ns);
  add(ObserveOutputs(now_ns, observed.files, failures));
  return found;
}

bool DStreamChecker::Done() const {
  if (!done_.has_value()) done_ = IsDone();
  return *done_;
}

// What is wrong with the pieces of each stream alone.
std::vector<Violation> DStreamChecker::ObservePieces(int64_t now_ns,
                                                     const properties::DurableFiles& files,
                                                     const properties::BatchLogView& log) {
  std::vector<Violation> found;
  for (const auto& [stream, pieces] : pieces_) {
    properties::BatchLogView own;
    if (pieces_.size() > 1) {
      const auto decoded =
          properties::DecodeBatchLog(files, paths_.checkpoint, std::set<int64_t>{stream});
      own = decoded.value().value();  // as the log of all of them, which was just read
    }
    for (Violation& violation : pieces->Observe(now_ns, files, pieces_.size() > 1 ? own : log)) {
      found.push_back(std::move(violation));
    }
  }
  return found;
}

std::vector<Piece> DStreamChecker::Owed() const {
  std::vector<Piece> owed;
  for (const auto& [stream, pieces] : pieces_) {
    for (std::string& path : pieces->Owed()) owed.emplace_back(stream, std::move(path));
  }
  return owed;
}

bool DStreamChecker::IsDone() const {
  if (checker_.batches_logged() != checker_.batches_completed()) return false;
  const auto complete = [](const auto& pieces) { return pieces.second->Complete(); };
  if (!std::ranges::all_of(pieces_, complete)) return false;
  const std::vector<Piece> owed = Owed();
  return std::ranges::all_of(
      owed, [this](const Piece& piece) { return checker_.TimesInBatches(piece) > 0; });
}

std::vector<Violation> DStreamChecker::Finish(int64_t now_ns) {
  return checker_.Finish(now_ns, Owed());
}

properties::RecordCounts DStreamChecker::Counts() const {
  if (!has_oracle_) return {.told_apart = false};
  std::map<std::string, int64_t> came_out;
  std::map<std::string, int64_t> batches;  // by record, the time of the first that put it out
  for (const auto& [directory, attempt] : outputs_) {
    const std::vector<NaiveRow> rows = read_(attempt.rows);
    AddCounts(rows, came_out);
    for (const NaiveRow& row : rows) {
      const auto first = batches.emplace(row[0], attempt.time_ms).first;
      first->second = std::min(first->second, attempt.time_ms);
    }
  }
  std::vector<int64_t> first_seen;
  std::map<std::string, int64_t> given;
  // Of several streams nothing says which record comes first.
  bool in_order = pieces_.size() == 1;
  for (const auto& [stream, pieces] : pieces_) {
    const auto times = [this, of = stream](const std::string& path) {
      return checker_.TimesInBatches(Piece(of, path));
    };
    in_order = in_order && pieces->InOrder();
    for (const std::string& id : RecordIds(pieces->Given(times))) {
      if (++given[id] > 1) continue;
      first_seen.push_back(came_out.contains(id) ? batches[id] : -1);
    }
  }
  properties::RecordCounts counts = properties::CountRecords(given, came_out);
  if (in_order) counts.reordered = properties::CountReordered(first_seen);
  for (const auto& [word, count] : came_out) {
    counts.phantom += IsRecordId(word) && !given.contains(word) ? 1 : 0;
  }
  return counts;
}

int64_t DStreamChecker::BatchesAgain() const {
  if (has_oracle_) return 0;
  std::map<int64_t, int64_t> attempts;  // that have put out rows, by batch time
  for (const auto& [directory, attempt] : outputs_) {
    if (!attempt.rows.empty()) ++attempts[attempt.time_ms];
  }
  return std::ranges::count_if(attempts, [](const auto& batch) { return batch.second > 1; });
}

std::vector<std::string> DStreamChecker::Rows() const {
  std::map<int64_t, const OutputAttempt*> complete;
  for (const auto& [directory, attempt] : outputs_) {
    if (attempt.complete) complete[attempt.time_ms] = &attempt;
  }
  std::map<std::string, int64_t> counts;
  std::vector<std::string> rows;
  for (const auto& [time_ms, attempt] : complete) {
    if (has_oracle_) {
      AddCounts(read_(attempt->rows), counts);
    } else {
      for (const NaiveRow& row : attempt->rows) rows.push_back(row.front());
    }
  }
  for (const auto& [word, count] : counts) rows.push_back(absl::StrCat(word, ",", count));
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace wavetank::scenarios
