#include "scenarios/html_report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace wavetank::scenarios {
namespace {

constexpr double kWidth = 1000;
constexpr double kLaneHeight = 26;
constexpr double kLabelWidth = 160;

constexpr char kStyle[] = R"(<style>
body{font:14px system-ui,sans-serif;margin:2em auto;max-width:1200px;color:#222}
h2{margin:2em 0 .2em}.pass{color:#176b2c}.other{color:#b00020}.claim{color:#555}
svg{width:100%;border:1px solid #ddd;margin:.6em 0}
svg text{font:11px system-ui,sans-serif}
.lane{stroke:#ddd}.step{fill:#3b6fb5}.log{fill:#999}.fault{fill:#d03030}.violation{fill:#a000a0}
table{border-collapse:collapse;font:12px ui-monospace,monospace}
td{padding:1px 10px 1px 0;vertical-align:top}tr.marked td{color:#d03030;font-weight:bold}
details{margin:.4em 0}
</style>)";

std::string Escape(const std::string& text) {
  return absl::StrReplaceAll(text,
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

double X(const RunReport& report, int64_t time_ns) {
  const double whole = static_cast<double>(std::max<int64_t>(1, report.virtual_ns));
  return kLabelWidth + (kWidth - kLabelWidth - 10) * static_cast<double>(time_ns) / whole;
}

void Mark(const RunReport& report, const char* kind, size_t lane, int64_t time_ns,
          const std::string& text, std::string& svg) {
  const double y = kLaneHeight * (static_cast<double>(lane) + 0.5);
  const bool small = std::string(kind) == "step" || std::string(kind) == "log";
  absl::StrAppend(&svg, absl::StrFormat("<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%d\">"
                                        "<title>%.6f s: %s</title></circle>",
                                        kind, X(report, time_ns), y, small ? 3 : 6,
                                        static_cast<double>(time_ns) / 1e9, Escape(text)));
}

std::string Lanes(const RunReport& report) {
  std::vector<std::string> lanes;
  for (const TimelineLine& line : report.timeline) {
    if (std::find(lanes.begin(), lanes.end(), line.who) == lanes.end()) lanes.push_back(line.who);
  }
  if (!report.violations.empty()) lanes.emplace_back("violations");
  const double height = kLaneHeight * static_cast<double>(std::max<size_t>(1, lanes.size()));
  std::string svg = absl::StrFormat("<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\">", kWidth, height);
  for (size_t i = 0; i < lanes.size(); ++i) {
    const double y = kLaneHeight * (static_cast<double>(i) + 0.5);
    absl::StrAppend(&svg,
                    absl::StrFormat("<text x=\"4\" y=\"%.1f\">%s</text>", y + 4, Escape(lanes[i])));
    absl::StrAppend(&svg,
                    absl::StrFormat("<line class=\"lane\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" "
                                    "y2=\"%.1f\"/>",
                                    kLabelWidth, kWidth - 10, y, y));
  }
  for (const TimelineLine& line : report.timeline) {
    const auto lane = std::find(lanes.begin(), lanes.end(), line.who) - lanes.begin();
    const char* kind = line.marked ? "fault" : line.kind == "log" ? "log" : "step";
    Mark(report, kind, static_cast<size_t>(lane), line.time_ns, line.text, svg);
  }
  for (const properties::Violation& violation : report.violations) {
    Mark(report, "violation", lanes.size() - 1, violation.time_ns,
         violation.kind + ": " + violation.what, svg);
  }
  return svg + "</svg>\n";
}

std::string Table(const RunReport& report) {
  std::string html = "<details><summary>timeline</summary><table>\n";
  for (const TimelineLine& line : report.timeline) {
    absl::StrAppend(
        &html, absl::StrFormat("<tr%s><td>%.6f</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
                               line.marked ? " class=\"marked\"" : "",
                               static_cast<double>(line.time_ns) / 1e9, Escape(line.who), line.kind,
                               Escape(line.text)));
  }
  return html + "</table></details>\n";
}

}  // namespace

std::string ToHtml(const std::vector<RunReport>& reports) {
  std::string html = absl::StrCat(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Wavetank runs</title>",
      kStyle, "</head><body><h1>Wavetank runs</h1>\n");
  for (const RunReport& report : reports) {
    const bool passed = report.verdict == Verdict::kPass;
    absl::StrAppend(&html, "<h2>", Escape(report.scenario), " <span class=\"",
                    passed ? "pass" : "other", "\">", VerdictName(report.verdict),
                    "</span></h2><div class=\"claim\">", Escape(report.claim), "</div>\n");
    for (const std::string& reason : report.reasons) {
      absl::StrAppend(&html, "<div class=\"other\">", Escape(reason), "</div>\n");
    }
    absl::StrAppend(&html, Lanes(report), "<pre>", Escape(Summary(report)), "</pre>\n",
                    Table(report));
  }
  return html + "</body></html>\n";
}

}  // namespace wavetank::scenarios
