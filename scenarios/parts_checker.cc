#include "scenarios/parts_checker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "platform/check.h"

namespace wavetank::scenarios {

using properties::Violation;

template <typename Ask>
std::vector<Violation> PartsChecker::OfAll(const Ask& ask) const {
  std::vector<Violation> all;
  for (const PartChecker& part : parts_) {
    for (Violation& violation : ask(part)) {
      violation.what = absl::StrCat(part.name, ": ", violation.what);
      all.push_back(std::move(violation));
    }
  }
  return all;
}

std::vector<std::string> PartsChecker::Watches() const {
  std::vector<std::string> all;
  for (const PartChecker& part : parts_) {
    for (std::string& path : part.checker->Watches()) all.push_back(std::move(path));
  }
  return all;
}

void PartsChecker::Arrives(const ArrivingFile& piece) {
  for (const PartChecker& part : parts_) part.checker->Arrives(piece);
}

std::vector<Violation> PartsChecker::Observe(int64_t now_ns,
                                             const properties::ObservedFiles& observed,
                                             int64_t failures) {
  return OfAll(
      [&](const PartChecker& part) { return part.checker->Observe(now_ns, observed, failures); });
}

std::vector<std::string> PartsChecker::WatchesOutside() const {
  std::vector<std::string> all;
  for (const PartChecker& part : parts_) {
    for (std::string& path : part.checker->WatchesOutside()) all.push_back(std::move(path));
  }
  return all;
}

std::vector<Violation> PartsChecker::ObserveOutside(int64_t now_ns,
                                                    const properties::ObservedFiles& observed) {
  return OfAll(
      [&](const PartChecker& part) { return part.checker->ObserveOutside(now_ns, observed); });
}

bool PartsChecker::Done() const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [](const PartChecker& part) { return part.excused || part.checker->Done(); });
}

uint64_t PartsChecker::Progress() const {
  uint64_t sum = 0;
  for (const PartChecker& part : parts_) sum += part.checker->Progress();
  return sum;
}

int64_t PartsChecker::BatchesEnded() const {
  int64_t sum = 0;
  for (const PartChecker& part : parts_) sum += part.checker->BatchesEnded();
  return sum;
}

std::vector<Violation> PartsChecker::Finish(int64_t now_ns) {
  return OfAll([&](const PartChecker& part) {
    return part.excused ? std::vector<Violation>() : part.checker->Finish(now_ns);
  });
}

std::vector<Violation> PartsChecker::JudgeListing(int64_t now_ns) {
  return OfAll([&](const PartChecker& part) {
    return part.excused ? std::vector<Violation>() : part.checker->JudgeListing(now_ns);
  });
}

properties::RecordCounts PartsChecker::Counts() const {
  properties::RecordCounts sum;
  for (const PartChecker& part : parts_) {
    const properties::RecordCounts counts = part.checker->Counts();
    sum.once += counts.once;
    sum.duplicated += counts.duplicated;
    sum.lost += counts.lost;
    sum.phantom += counts.phantom;
    sum.reordered += counts.reordered;
    sum.told_apart = sum.told_apart && counts.told_apart;
  }
  return sum;
}

int64_t PartsChecker::BatchesAgain() const {
  int64_t sum = 0;
  for (const PartChecker& part : parts_) sum += part.checker->BatchesAgain();
  return sum;
}

int64_t PartsChecker::LateDropped() const {
  int64_t sum = 0;
  for (const PartChecker& part : parts_) sum += part.checker->LateDropped();
  return sum;
}

std::vector<std::string> PartsChecker::Rows() const {
  std::vector<std::string> all;
  for (const PartChecker& part : parts_) {
    for (const std::string& row : part.checker->Rows()) {
      all.push_back(absl::StrCat(part.name, ": ", row));
    }
  }
  return all;
}

std::string PartsChecker::Unjudged() const {
  std::vector<std::string> all;
  for (const PartChecker& part : parts_) {
    const std::string unjudged = part.checker->Unjudged();
    if (!unjudged.empty()) all.push_back(absl::StrCat(part.name, ": ", unjudged));
  }
  all.insert(all.end(), unjudged_.begin(), unjudged_.end());
  return absl::StrJoin(all, "; ");
}

void PartsChecker::KeepHistory() {
  for (const PartChecker& part : parts_) part.checker->KeepHistory();
}

std::vector<BatchHistory> PartsChecker::History() const {
  std::vector<BatchHistory> all;
  for (const PartChecker& part : parts_) {
    for (BatchHistory& batch : part.checker->History()) {
      batch.of = part.name;
      all.push_back(std::move(batch));
    }
  }
  return all;
}

const RunChecker& PartsChecker::Part(const std::string& name) const {
  const auto found = std::find_if(parts_.begin(), parts_.end(),
                                  [&](const PartChecker& part) { return part.name == name; });
  WT_CHECK(found != parts_.end());
  return *found->checker;
}

void PartsChecker::Excuse(const std::string& name) {
  for (PartChecker& part : parts_) part.excused = part.excused || part.name == name;
}

}  // namespace wavetank::scenarios
