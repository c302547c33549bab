#include "scenarios/shell/run_command.h"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/text.h"
#include "scenarios/html_report.h"
#include "scenarios/junit_report.h"
#include "scenarios/parse.h"
#include "scenarios/report.h"
#include "scenarios/runner.h"
#include "scenarios/shell/host.h"

namespace wavetank::scenarios::shell {
namespace {

constexpr int kBadInput = 2;

RunOptions OptionsFor(const RunCommand& command, const std::string& file,
                      simulator::Retain retain) {
  RunOptions options;
  options.seed = command.seed;
  options.retain = retain;
  options.planted = command.planted;
  options.read_host_file = [file](const std::string& path) {
    return ReadFile(BesideFile(file, path));
  };
  return options;
}

int Refuse(const absl::Status& why) {
  std::fprintf(stderr, "%s\n", std::string(platform::ToStd(why.message())).c_str());
  return kBadInput;
}

// The first event in which two runs of one scenario and seed differ.
std::string FirstDifference(const RunReport& left, const RunReport& right) {
  for (size_t i = 0; i < left.timeline.size() || i < right.timeline.size(); ++i) {
    const std::string a = i < left.timeline.size() ? Format(left.timeline[i]) : "(ended)";
    const std::string b = i < right.timeline.size() ? Format(right.timeline[i]) : "(ended)";
    if (a != b)
      return absl::StrCat("event ", i, " is\n    ", a, "\n  and in the second run\n    ", b);
  }
  return "the events look alike; their hashed payloads differ";
}

class Runs {
 public:
  Runs(const RunCommand& command, const ScenarioJobs& jobs) : command_(command), jobs_(jobs) {}

  // Runs it twice: a scenario that does not repeat itself proves nothing.
  absl::StatusOr<RunReport> Run(const ParsedScenario& parsed) const {
    // A page shows messages and disk calls too, whether or not the output does.
    const auto retain = command_.verbose || !command_.report_file.empty()
                            ? simulator::Retain::kVerbose
                            : simulator::Retain::kTimeline;
    absl::StatusOr<RunReport> report = RunScenario(parsed, jobs_, Options(parsed, retain));
    if (!report.ok()) return report;
    absl::StatusOr<RunReport> again =
        RunScenario(parsed, jobs_, Options(parsed, simulator::Retain::kNothing));
    if (!again.ok()) return again;
    if (report->trace_hash == again->trace_hash && report->events == again->events) return report;
    const auto left = RunScenario(parsed, jobs_, Options(parsed, simulator::Retain::kEverything));
    const auto right = RunScenario(parsed, jobs_, Options(parsed, simulator::Retain::kEverything));
    report->verdict = Verdict::kNondeterministic;
    report->reasons.push_back("two runs differ: " + FirstDifference(*left, *right));
    return report;
  }

 private:
  RunOptions Options(const ParsedScenario& parsed, simulator::Retain retain) const {
    return OptionsFor(command_, parsed.file, retain);
  }

  const RunCommand& command_;
  const ScenarioJobs& jobs_;
};

void Print(const RunCommand& command, const RunReport& report, bool with_timeline) {
  if (with_timeline && !command.quiet) {
    std::printf("%s: %s\n", report.scenario.c_str(), report.claim.c_str());
    for (const TimelineLine& line : report.timeline) {
      if (!command.verbose && (line.kind == "message" || line.kind == "disk")) continue;
      std::printf("%s\n", Format(line).c_str());
    }
  }
  std::printf("%s", Summary(report).c_str());
}

// Where the report goes. Pages are written when their run ends, so that one run is held at a time.
class PageWriter {
 public:
  PageWriter(std::string file, const std::vector<ParsedScenario>& scenarios)
      : file_(std::move(file)), directory_(DirectoryFor(file_)) {
    std::vector<std::string> scenario_names;
    scenario_names.reserve(scenarios.size());
    for (const ParsedScenario& each : scenarios) scenario_names.push_back(each.scenario->name());
    names_ = PageNames(scenario_names);
  }

  absl::Status Begin() { return IsIndex() ? MakeDirectories(directory_) : absl::OkStatus(); }
  absl::Status Add(RunReport report) {
    if (!IsIndex()) return WriteFile(file_, ToHtml(report));
    const std::string page = absl::StrCat(names_[runs_.size()], ".html");
    const absl::Status written = WriteFile(absl::StrCat(directory_, "/", page), ToHtml(report));
    if (!written.ok()) return written;
    report.timeline.clear();
    const size_t slash = directory_.rfind('/');
    const std::string beside =
        slash == std::string::npos ? directory_ : directory_.substr(slash + 1);
    runs_.push_back({std::move(report), absl::StrCat(beside, "/", page)});
    return absl::OkStatus();
  }
  absl::Status End() { return IsIndex() ? WriteFile(file_, IndexToHtml(runs_)) : absl::OkStatus(); }

 private:
  bool IsIndex() const { return !file_.empty() && names_.size() != 1; }
  static std::string DirectoryFor(const std::string& file) {
    constexpr std::string_view kSuffix = ".html";
    const bool html = file.size() > kSuffix.size() && file.ends_with(kSuffix);
    return (html ? file.substr(0, file.size() - kSuffix.size()) : file) + "_runs";
  }

  const std::string file_;
  const std::string directory_;
  std::vector<std::string> names_;
  std::vector<IndexedRun> runs_;
};

}  // namespace

int Execute(const RunCommand& command, const ScenarioJobs& jobs) {
  for (const std::string& written : {command.json_file, command.report_file, command.junit_file}) {
    const absl::Status can = CheckWritable(written);
    if (!can.ok()) return Refuse(can);
  }
  const absl::StatusOr<std::vector<std::string>> files = ExpandScenarioPaths(command.paths);
  if (!files.ok()) return Refuse(files.status());
  std::vector<ParsedScenario> scenarios;
  for (const std::string& file : *files) {
    absl::StatusOr<std::string> text = ReadFile(file);
    if (!text.ok()) return Refuse(text.status());
    // The mark of UTF-8 that some editors begin a file with.
    if (text->starts_with("\xEF\xBB\xBF")) text->erase(0, 3);
    const RunOptions options = OptionsFor(command, file, simulator::Retain::kNothing);
    absl::StatusOr<ParsedScenario> parsed = ParseScenario(file, *text, options.read_host_file);
    if (!parsed.ok()) return Refuse(parsed.status());
    const absl::Status valid = ValidateScenario(*parsed, jobs, options.read_host_file);
    if (!valid.ok()) return Refuse(valid);
    scenarios.push_back(*std::move(parsed));
  }

  const bool json_to_output = command.json_file == "-";
  std::vector<Verdict> verdicts;
  std::vector<RunReport> reports;  // without what pages alone show
  std::string json;
  PageWriter pages(command.report_file, scenarios);
  if (const absl::Status can = pages.Begin(); !can.ok()) return Refuse(can);
  ProgressBar progress("scenarios", scenarios.size());
  for (const ParsedScenario& parsed : scenarios) {
    progress.Show(verdicts.size(), parsed.scenario->name());
    absl::StatusOr<RunReport> report = Runs(command, jobs).Run(parsed);
    if (!report.ok()) return Refuse(report.status());
    progress.Clear();
    // Of several, the timelines of those that did not pass.
    const bool with_timeline = scenarios.size() == 1 || report->verdict != Verdict::kPass;
    if (!json_to_output) Print(command, *report, with_timeline);
    absl::StrAppend(&json, ToJson(*report), "\n");
    verdicts.push_back(report->verdict);
    if (!command.report_file.empty()) {
      const absl::Status written = pages.Add(*report);
      if (!written.ok()) return Refuse(written);
    }
    if (command.junit_file.empty()) continue;
    report->timeline.clear();
    report->batches.clear();
    reports.push_back(*std::move(report));
  }
  if (json_to_output) {
    std::printf("%s", json.c_str());
  } else if (!command.json_file.empty()) {
    const absl::Status written = WriteFile(command.json_file, json);
    if (!written.ok()) return Refuse(written);
  }
  if (!command.report_file.empty()) {
    const absl::Status written = pages.End();
    if (!written.ok()) return Refuse(written);
  }
  if (!command.junit_file.empty()) {
    const absl::Status written = WriteFile(command.junit_file, ToJUnit(reports));
    if (!written.ok()) return Refuse(written);
  }
  if (scenarios.size() > 1 && !json_to_output) {
    const auto passed = std::count(verdicts.begin(), verdicts.end(), Verdict::kPass);
    std::printf("%zu scenarios, %zu passed\n", scenarios.size(), static_cast<size_t>(passed));
  }
  return ExitStatus(verdicts);
}

}  // namespace wavetank::scenarios::shell
