#include "scenarios/explore/draw_lost_logs.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "simulator/fault_table.h"

namespace wavetank::scenarios {
namespace {

using properties::Choices;
using simulator::FaultKind;
using simulator::SeamCallKind;

// Faults strike until then, if the scenario does not say otherwise (Phases).
constexpr int64_t kLatestNs = 29'000'000'000;

// Which file of a log a path is: "log-3.1" is segment 1 of epoch 3.
struct LogFileName {
  std::string kind;
  int64_t epoch = 0;
  int64_t segment = 0;
};

class LossDrawing {
 public:
  LossDrawing(const Choices& choices, const std::string& name, const FaultTargets& targets,
              const Survey& survey)
      : choices_(choices), name_(name), targets_(targets), survey_(survey) {
    for (size_t i = 0; i < survey.events.size(); ++i) {
      if (survey.events[i].kind == Survey::Kind::kFault) first_ = i + 1;
    }
    const std::vector<std::string> directories =
        targets.structured ? std::vector<std::string>{"checkpoint/log", "output/_wavetank"}
                           : std::vector<std::string>{"checkpoint"};
    directory_ = choices.OneOf(name + " log", directories);
  }

  // Each sort in turn, from one that is drawn, until one finds what it needs. `may_stop`: what
  // whoever reads the log then may say. Of a file that is gone either: that it was the newest, as
  // its mark tells; or that somebody's seal refers to it, if a newer owner has come by then.
  std::vector<Fault> Draw(std::vector<std::string>& may_stop) const {
    enum { kNewest, kAll, kBase, kNewestBesideOlder, kCut, kCutToo, kSorts };
    const int64_t first = choices_.Between(name_ + " sort", 0, kSorts - 1);
    for (int64_t i = 0; i < kSorts; ++i) {
      std::vector<Fault> drawn;
      bool cut = false;
      switch ((first + i) % kSorts) {
        case kNewest:
        case kAll:
          drawn = DrawSegments((first + i) % kSorts == kAll);
          break;
        case kBase:
          drawn = DrawBase();
          break;
        case kNewestBesideOlder:
          drawn = DrawNewestBesideOlder();
          break;
        default:
          cut = true;
          drawn = DrawCut();
          break;
      }
      if (drawn.empty()) continue;
      may_stop =
          cut ? std::vector<std::string>{": the log counts up to "}
              : std::vector<std::string>{" is missing, and ", "a file of what counts is missing"};
      return drawn;
    }
    return {};
  }

 private:
  using Event = Survey::Event;

  LogFileName NameOf(const Event& event) const {
    std::string_view path = survey_.NameOf(event.what);
    if (!path.starts_with(directory_ + "/")) return {};
    path.remove_prefix(directory_.size() + 1);
    const size_t dash = path.find('-');
    if (dash == std::string_view::npos) return {};
    LogFileName name{.kind = std::string(path.substr(0, dash))};
    const std::string number(path.substr(dash + 1));
    const std::vector<std::string> parts = absl::StrSplit(number, '.');
    const bool numbers = absl::SimpleAtoi(parts[0], &name.epoch) &&
                         (parts.size() == 1 || absl::SimpleAtoi(parts[1], &name.segment));
    return numbers ? name : LogFileName();
  }
  // A group is in the file, and so the file's mark stands: files come into being by other names.
  bool IsAppend(size_t place) const {
    const Event& event = survey_.events[place];
    return event.kind == Survey::Kind::kCall && event.call == SeamCallKind::kSync &&
           NameOf(event).kind == "log";
  }
  bool IsWrite(size_t place) const {
    const Event& event = survey_.events[place];
    return event.kind == Survey::Kind::kCall &&
           (event.call == SeamCallKind::kWrite || event.call == SeamCallKind::kAppend) &&
           NameOf(event).kind == "log";
  }

  std::vector<size_t> Appends() const {
    std::vector<size_t> places;
    for (size_t i = first_; i < survey_.events.size(); ++i) {
      if (survey_.events[i].at_ns > kLatestNs) break;
      if (IsAppend(i)) places.push_back(i);
    }
    return places;
  }

  Fault OfDisk(FaultKind kind, std::string files, int64_t at_ns) const {
    Fault fault;
    fault.set_kind(std::string(simulator::InfoOf(kind).name));
    fault.set_target(targets_.store_machine);
    fault.set_files(std::move(files));
    fault.set_at_ns(at_ns);
    return fault;
  }
  // Somebody must read it again.
  Fault End(int64_t at_ns) const {
    Fault fault;
    fault.set_kind(std::string(simulator::InfoOf(FaultKind::kCrash).name));
    fault.set_target(targets_.of_driver.front());
    fault.set_at_ns(at_ns);
    return fault;
  }

  std::vector<Fault> DrawSegments(bool all) const {
    const std::vector<size_t> appends = Appends();
    if (appends.empty()) return {};
    const Event& append = survey_.events[choices_.OneOf(name_ + " append", appends)];
    const int64_t at_ns = append.at_ns + 1;
    const std::string files = all ? directory_ + "/log-*" : survey_.NameOf(append.what);
    return {OfDisk(FaultKind::kLostFiles, files, at_ns), End(at_ns)};
  }

  std::vector<Fault> DrawBase() const {
    std::vector<std::pair<size_t, uint32_t>> places;  // an append, and the newest base by then
    uint32_t base = 0;
    for (size_t i = 0; i < survey_.events.size(); ++i) {
      const Event& event = survey_.events[i];
      if (event.at_ns > kLatestNs) break;
      if (event.kind != Survey::Kind::kCall) continue;
      if (NameOf(event).kind == "base") base = event.what;
      if (i >= first_ && base != 0 && IsAppend(i)) places.emplace_back(i, base);
    }
    if (places.empty()) return {};
    const auto& [append, lost] = choices_.OneOf(name_ + " append", places);
    const int64_t at_ns = survey_.events[append].at_ns + 1;
    return {OfDisk(FaultKind::kLostFiles, survey_.NameOf(lost), at_ns), End(at_ns)};
  }

  // What is older than a segment is not removed, for an error, so that there is something to go on
  // from when the newer one is lost: without what that had.
  std::vector<Fault> DrawNewestBesideOlder() const {
    std::vector<size_t> removals;
    for (size_t i = first_; i < survey_.events.size(); ++i) {
      const Event& event = survey_.events[i];
      if (event.at_ns > kLatestNs) break;
      const bool removal = event.kind == Survey::Kind::kCall &&
                           event.call == SeamCallKind::kRemove && NameOf(event).kind == "log";
      if (removal) removals.push_back(i);
    }
    if (removals.empty()) return {};
    const Event& removal = survey_.events[choices_.OneOf(name_ + " removal", removals)];
    const LogFileName older = NameOf(removal);
    const std::string next = absl::StrCat(directory_, "/log-", older.epoch, ".", older.segment + 1);
    Fault error = OfDisk(FaultKind::kNamesError, "", 0);
    error.clear_files();
    AtFileCall& at = *error.mutable_at_file_call();
    at.set_call("remove");
    at.set_files(survey_.NameOf(removal.what));
    Fault lost = OfDisk(FaultKind::kLostFiles, next, 0);
    Fault end = End(0);
    for (Fault* fault : {&lost, &end}) {
      AtFileCall& after = *fault->mutable_at_file_call();
      after.set_call("sync");
      after.set_files(next);
      after.set_occurrence(static_cast<int32_t>(choices_.Between(name_ + " groups", 1, 5)));
    }
    return {std::move(error), std::move(lost), std::move(end)};
  }

  // A segment that a new owner's seal has just come to refer to, if that does, is put back as it
  // was some groups before.
  std::vector<Fault> DrawCut() const {
    struct Cut {
      size_t sealed;
      uint32_t file;
      std::vector<int64_t> before;  // each of its groups but the first and the last
    };
    std::vector<Cut> cuts;
    std::map<std::pair<int64_t, int64_t>, std::pair<uint32_t, std::vector<int64_t>>> files;
    int64_t newest = 0;       // epoch that has a log, or is about to
    bool is_durable = false;  // what was done last in the directory
    for (size_t i = 0; i < survey_.events.size(); ++i) {
      const Event& event = survey_.events[i];
      if (event.at_ns > kLatestNs) break;
      if (event.kind == Survey::Kind::kStep && i >= first_ && is_durable &&
          survey_.NameOf(event.what) == "fenced_log.sealed") {
        const auto last = files.lower_bound({newest, 0});
        if (last == files.begin()) continue;
        const auto& [file, writes] = std::prev(last)->second;
        // Of the last nothing says that it was durable: it is not referred to.
        if (writes.size() > 2) cuts.push_back({i, file, {writes.begin() + 1, writes.end() - 1}});
      }
      if (event.kind != Survey::Kind::kCall) continue;
      if (event.call == SeamCallKind::kSyncDirectory && survey_.NameOf(event.what) == directory_) {
        is_durable = true;
      }
      const LogFileName name = NameOf(event);
      if (name.kind != "log") continue;
      const std::pair file{name.epoch, name.segment};
      if (event.call == SeamCallKind::kStat && name.epoch > newest) {
        newest = name.epoch;
        is_durable = false;
      }
      if (event.call == SeamCallKind::kRemove) files.erase(file);
      if (!IsWrite(i)) continue;
      auto& [what, writes] = files[file];
      what = event.what;
      writes.push_back(event.at_ns - 1);
    }
    if (cuts.empty()) return {};
    const Cut& cut = choices_.OneOf(name_ + " cut", cuts);
    const std::string& file = survey_.NameOf(cut.file);
    const int64_t at_ns = survey_.events[cut.sealed].at_ns + 1;
    return {OfDisk(FaultKind::kBackUp, file, choices_.OneOf(name_ + " groups", cut.before)),
            OfDisk(FaultKind::kRestore, file, at_ns), End(at_ns)};
  }

  const Choices& choices_;
  const std::string& name_;
  const FaultTargets& targets_;
  const Survey& survey_;
  size_t first_ = 0;  // event after the last fault
  std::string directory_;
};

}  // namespace

bool AddLossOfALog(const Choices& choices, const std::string& name, const FaultTargets& targets,
                   const Survey& survey, Scenario& scenario) {
  std::vector<std::string> may_stop;
  std::vector<Fault> drawn = LossDrawing(choices, name, targets, survey).Draw(may_stop);
  if (drawn.empty()) return false;
  for (Fault& fault : drawn) *scenario.add_fault() = std::move(fault);
  for (std::string& error : may_stop) scenario.mutable_expect()->add_may_stop(std::move(error));
  return true;
}

}  // namespace wavetank::scenarios
