#include "scenarios/structured_checker.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "platform/text.h"
#include "properties/decode_state.h"

namespace wavetank::scenarios {
namespace {

using properties::DurableFiles;
using properties::NaiveRow;
using properties::TableIs;
using properties::Violation;

size_t KeysIn(const std::vector<properties::StateEntries>& stores) {
  size_t keys = 0;
  for (const properties::StateEntries& entries : stores) keys += entries.size();
  return keys;
}

std::vector<std::string> Directories(const std::vector<JobPaths::Input>& inputs) {
  std::vector<std::string> directories;
  for (const JobPaths::Input& input : inputs) directories.push_back(input.directory);
  return directories;
}

// Without a file there is no key, and no store is named.
bool Same(const std::vector<properties::StateEntries>& stores,
          const std::vector<properties::StateEntries>& due) {
  return stores.empty() ? KeysIn(due) == 0 : stores == due;
}

}  // namespace

StructuredChecker::StructuredChecker(JobPaths paths, TableRule rule, bool has_ids,
                                     std::vector<properties::BatchAnswers> answers)
    : paths_(std::move(paths)),
      table_(std::move(rule)),
      has_ids_(has_ids),
      log_({paths_.checkpoint + "/log/"},
           [reader = std::make_shared<properties::QueryLogReader>(paths_.checkpoint + "/log")](
               const DurableFiles& files) { return reader->Read(files); }),
      sink_({paths_.output + "/"},
            [reader = std::make_shared<properties::FileSinkReader>(paths_.output)](
                const DurableFiles& files) { return reader->Read(files); }),
      listing_({paths_.output + "/"},
               [reader = std::make_shared<properties::PlainNamesReader>(paths_.output)](
                   const DurableFiles& files) { return reader->Read(files); }),
      checker_({.answers = std::move(answers),
                .sources = Directories(paths_.inputs),
                .read_file = [this](const std::string& file) { return Read(file); },
                .times_input =
                    [this](const std::string& file) {
                      const InputFile found = Find(file);
                      return found.input == nullptr ? int64_t{0}
                                                    : TimesInput(found.input->plan, found.name,
                                                                 found.input->forget_after_ms);
                    },
                .newest_batch_is_the_table = table_.rule().table == TableIs::kNewestRows}) {
  for (const JobPaths::Input& input : paths_.inputs) {
    inputs_.push_back(
        {.directory = input.directory, .forget_after_ms = input.forget_after_ms, .plan = {}});
    by_time_ = by_time_ || input.by_time;
  }
}

StructuredChecker::InputFile StructuredChecker::Find(std::string_view file) const {
  for (const Input& input : inputs_) {
    if (!file.starts_with(input.directory + "/")) continue;
    return {&input, file.substr(input.directory.size() + 1)};
  }
  return {};
}

properties::NaiveFile StructuredChecker::Read(const std::string& path) const {
  const InputFile found = Find(path);
  const ArrivingFile* const arriving =
      found.input == nullptr ? nullptr : FindArrival(found.input->plan, found.name);
  properties::NaiveFile file;
  // No such input: what the batch shows of it is phantom.
  if (arriving == nullptr) return file;
  file.lines = arriving->lines;
  file.size_bytes = arriving->text.size();
  const std::string_view text = arriving->text;
  size_t at = 0;
  for (const std::string& line : file.lines) {
    file.begins.push_back(at);
    at += line.size();
    if (text.substr(at).starts_with("\r\n")) ++at;
    ++at;
  }
  return file;
}

void StructuredChecker::Arrives(const ArrivingFile& piece) {
  for (Input& input : inputs_) {
    if (piece.place != InputPlace{.directory = input.directory}) continue;
    input.plan.push_back(piece);
    done_.reset();
  }
}

std::vector<Violation> StructuredChecker::Observe(int64_t now_ns,
                                                  const properties::ObservedFiles& observed,
                                                  int64_t /*failures*/) {
  done_.reset();
  for (const bool changed : {log_.Note(observed), sink_.Note(observed), listing_.Note(observed)}) {
    changed_ = changed_ || changed;
  }
  if (!std::exchange(changed_, false)) return {};
  std::vector<Violation> found;
  const auto& listing = listing_.Get(observed.files);
  if (listing.ok()) {
    newest_listing_ = *listing;
    for (const std::string& what : listing_order_.Observe(*listing, observed.power_was_lost)) {
      found.push_back({properties::violation_kinds::kVisibility,
                       absl::StrCat("in the plain listing ", what),
                       now_ns,
                       {},
                       ""});
    }
  }
  const auto unreadable = [&](const absl::Status& why) {
    std::string text(platform::ToStd(why.message()));
    if (unreadable_.insert(text).second) {
      found.push_back({properties::violation_kinds::kUnreadable, text, now_ns, {}, ""});
    }
    return found;
  };
  const auto& sink = sink_.Get(observed.files);
  sink_seen_ = sink_seen_ || !sink.ok() || sink->has_value();
  const auto& log = log_.Get(observed.files);
  if (!log.ok()) return unreadable(log.status());
  if (!sink.ok()) return unreadable(sink.status());
  // At an instant at which a reader would get no answer there is nothing to judge.
  if (*log == nullptr) return found;
  for (size_t i = 1; i < (*log)->prepared.size(); ++i) {
    const properties::PreparedBatch& before = (*log)->prepared[i - 1];
    const properties::PreparedBatch& after = (*log)->prepared[i];
    if (before.batch != after.batch || !before.holds_output) continue;
    std::string text = absl::StrCat("batch ", after.batch, " is prepared again, and ",
                                    before.attempt, " holds all of its output: it cannot be gone");
    if (unreadable_.insert(text).second) {
      found.push_back({properties::violation_kinds::kProtocol, text, now_ns, {}, ""});
    }
  }
  const bool sink_is_new = !sink_seen_;
  if (!sink->has_value() && !sink_is_new) return found;
  static const properties::FileSinkView kNothing;
  const properties::FileSinkView& view = sink_is_new ? kNothing : **sink;

  if (notes_.has_value()) notes_->Observe(now_ns, **log, view.batches, observed.files);
  for (Violation& violation : checker_.Observe(now_ns, **log, view.batches)) {
    found.push_back(std::move(violation));
  }
  for (Violation& violation : JudgeState(now_ns, **log, observed.files)) {
    found.push_back(std::move(violation));
  }
  table_.Keep(view.batches);
  if (!view.batches.empty() && !IsReadBy(table_.rule(), view) &&
      unreadable_.insert("mode").second) {
    found.push_back({properties::violation_kinds::kWrongAnswer,
                     "the manifest's mode or key columns make another table of the rows than the "
                     "job's answer is",
                     now_ns,
                     {},
                     ""});
  }
  const auto listed = [&](const std::string& part, std::string_view what) {
    std::string text = absl::StrCat("the plain listing shows ", part, platform::ToAbsl(what));
    if (unreadable_.insert(text).second) {
      found.push_back({properties::violation_kinds::kVisibility, text, now_ns, {part}, ""});
    }
  };
  for (const std::string& part : view.uncommitted) listed(part, ", which was not committed");
  for (const std::string& part : newest_listing_.wrong) {
    listed(part, " with other bytes than those that were committed");
  }
  return found;
}

// Where its keys are, the next batch's state shows: here, whether all of them are there.
void StructuredChecker::JudgeRescaled(const properties::RescaledState& rescaled,
                                      const DurableFiles& files, const Wrong& wrong) {
  using properties::StateEntries;
  std::map<std::pair<int64_t, size_t>, StateEntries> made;
  std::map<std::pair<int64_t, size_t>, StateEntries> due;
  const auto add = [](int64_t operator_id, const std::vector<StateEntries>& stores, auto& to) {
    for (size_t i = 0; i < stores.size(); ++i) {
      StateEntries& all = to[{operator_id, i}];
      all.insert(all.end(), stores[i].begin(), stores[i].end());
    }
  };
  for (const properties::OperatorEntries& of : checker_.state())
    add(of.operator_id, of.stores, due);
  for (const properties::PreparedState& state : rescaled.states) {
    const std::string directory =
        absl::StrCat(paths_.checkpoint, "/state/", state.operator_id, "/", state.partition);
    const auto stores = properties::DecodeState(files, directory, state.names);
    if (absl::IsUnimplemented(stores.status())) return;
    if (!stores.ok()) {
      return wrong(properties::violation_kinds::kUnreadable,
                   std::string(platform::ToStd(stores.status().message())));
    }
    add(state.operator_id, *stores, made);
  }
  for (auto& [of, entries] : due) {
    std::ranges::sort(entries);
    std::ranges::sort(made[of]);
    if (entries == made[of]) continue;
    wrong(properties::violation_kinds::kWrongAnswer,
          absl::StrCat("state of operator ", of.first, " laid out anew after batch ",
                       rescaled.after_batch, " has ", made[of].size(),
                       " keys, which are not those that it had, ", entries.size()));
  }
}

std::vector<Violation> StructuredChecker::JudgeState(int64_t now_ns,
                                                     const properties::QueryLogView& log,
                                                     const DurableFiles& files) {
  // Of older ones files may be gone, or the next batch is what the evaluators are at.
  if (log.prepared.empty()) return {};
  const properties::PreparedBatch& newest = log.prepared.back();
  const std::vector<properties::OperatorEntries>& expected = checker_.state();
  if (newest.batch != checker_.batches_logged() - 1 || expected.empty()) return {};
  // Who skips a lost file has read less than there was.
  const bool skipped = std::any_of(log.prepared.begin(), log.prepared.end(),
                                   [](const auto& batch) { return batch.files_skipped > 0; });
  if (skipped) return {};
  std::vector<Violation> found;
  const auto wrong = [&](const char* kind, const std::string& what) {
    found.push_back({kind, what, now_ns, {}, ""});
  };
  if (log.rescaled && log.rescaled->after_batch == newest.batch &&
      std::exchange(rescaled_judged_, *log.rescaled) != *log.rescaled) {
    JudgeRescaled(*log.rescaled, files, wrong);
  }
  if (std::exchange(state_judged_, newest.attempt) == newest.attempt) return found;
  for (const properties::PreparedState& state : newest.states) {
    const std::string directory =
        absl::StrCat(paths_.checkpoint, "/state/", state.operator_id, "/", state.partition);
    const auto stores = properties::DecodeState(files, directory, state.names);
    const auto due = std::ranges::find_if(expected, [&state](const auto& each) {
      return each.operator_id == state.operator_id && each.partition == state.partition;
    });
    if (absl::IsUnimplemented(stores.status())) continue;
    if (!stores.ok()) {
      wrong(properties::violation_kinds::kUnreadable,
            std::string(platform::ToStd(stores.status().message())));
    } else if (due == expected.end() || !Same(*stores, due->stores)) {
      wrong(properties::violation_kinds::kWrongAnswer,
            absl::StrCat("batch ", newest.batch, " leaves state in ", directory, " of ",
                         KeysIn(*stores), " keys, which is not that of replay, of ",
                         due == expected.end() ? 0 : KeysIn(due->stores)));
    }
  }
  return found;
}

bool StructuredChecker::Done() const {
  if (!done_.has_value()) done_ = IsDone();
  return *done_;
}

bool StructuredChecker::IsDone() const {
  const bool ended = !checker_.another_is_due() &&
                     checker_.batches_logged() == checker_.batches_committed() &&
                     checker_.batches_logged() == checker_.batches_shown();
  if (by_time_ && checker_.batches_logged() == 0) return false;
  return ended && std::ranges::all_of(inputs_, [this](const Input& input) {
           return std::ranges::all_of(input.plan, [&](const ArrivingFile& file) {
             return checker_.TimesInBatches(absl::StrCat(input.directory, "/", file.name)) > 0;
           });
         });
}

uint64_t StructuredChecker::Progress() const {
  return static_cast<uint64_t>(checker_.batches_logged() + checker_.batches_committed() +
                               checker_.batches_shown());
}

std::vector<Violation> StructuredChecker::Finish(int64_t now_ns) {
  std::vector<std::string> all;
  for (const Input& input : inputs_) {
    for (const ArrivingFile& file : input.plan) {
      all.push_back(absl::StrCat(input.directory, "/", file.name));
    }
  }
  return checker_.Finish(now_ns, all);
}

std::vector<Violation> StructuredChecker::JudgeListing(int64_t now_ns) {
  std::vector<Violation> found;
  const auto report = [&](const std::string& what, const std::string& part) {
    found.push_back({properties::violation_kinds::kVisibility,
                     absl::StrCat("the plain listing ", what, " ", part),
                     now_ns,
                     {part},
                     ""});
  };
  for (const std::string& part : newest_listing_.missing) report("lacks", part);
  for (const std::string& part : newest_listing_.left_over) {
    report("still shows, of a table that was replaced,", part);
  }
  return found;
}

std::vector<std::string> StructuredChecker::IdsThatMustComeOut() const {
  std::vector<std::string> ids;
  if (table_.rule().table != TableIs::kAllRows) {
    for (const Input& input : inputs_) {
      for (const ArrivingFile& file : input.plan) {
        if (FindArrival(input.plan, file.name) != &file) continue;
        const std::vector<std::string> more = RecordIds(file.lines);
        const int64_t times = std::max<int64_t>(
            1, checker_.TimesInBatches(absl::StrCat(input.directory, "/", file.name)));
        for (int64_t time = 0; time < times; ++time) {
          ids.insert(ids.end(), more.begin(), more.end());
        }
      }
    }
    return ids;
  }
  // Of an append-mode query: what is final and was not late, by the oracle.
  for (int64_t batch = 0; batch < checker_.batches_logged(); ++batch) {
    for (const NaiveRow& row : checker_.answer(batch)) {
      int64_t times = 0;
      if (!IsRecordId(row[row.size() - 2]) || !absl::SimpleAtoi(row.back(), &times)) continue;
      ids.insert(ids.end(), static_cast<size_t>(times), row[row.size() - 2]);
    }
  }
  return ids;
}

std::vector<int64_t> StructuredChecker::FirstSeen(const std::vector<std::string>& ids) const {
  std::map<std::string_view, int64_t> batches;
  for (size_t batch = 0; batch < table_.batches().size(); ++batch) {
    if (table_.batches()[batch] == nullptr) continue;
    for (const NaiveRow& row : *table_.batches()[batch]) {
      if (row.size() > 1) batches.emplace(row[row.size() - 2], static_cast<int64_t>(batch));
    }
  }
  std::vector<int64_t> first_seen;
  std::set<std::string_view> known;
  for (const std::string& id : ids) {
    if (!known.insert(id).second) continue;
    const auto found = batches.find(id);
    first_seen.push_back(found == batches.end() ? -1 : found->second);
  }
  return first_seen;
}

properties::RecordCounts StructuredChecker::Counts() const {
  if (!has_ids_) return {.told_apart = false};
  std::map<std::string, int64_t> came_out;
  for (const NaiveRow* const table_row : table_.Rows()) {
    const NaiveRow& row = *table_row;
    if (row.size() < 2 || !IsRecordId(row[row.size() - 2])) continue;
    int64_t count = 0;
    if (absl::SimpleAtoi(row.back(), &count)) came_out[row[row.size() - 2]] += count;
  }
  const std::vector<std::string> ids = IdsThatMustComeOut();
  std::map<std::string, int64_t> given;
  for (const std::string& id : ids) ++given[id];
  properties::RecordCounts counts = properties::CountRecords(given, came_out);
  counts.phantom = std::count_if(came_out.begin(), came_out.end(), [&given](const auto& entry) {
    return !given.contains(entry.first);
  });
  // Of a complete table no reader can tell; in append mode windows come out in their own order.
  const bool rewound =
      std::ranges::any_of(inputs_, [](const Input& input) { return IsRewound(input.plan); });
  if (table_.rule().table == TableIs::kLastRowOfEachKey && !rewound)
    counts.reordered = properties::CountReordered(FirstSeen(ids));
  return counts;
}

}  // namespace wavetank::scenarios
