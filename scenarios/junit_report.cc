#include "scenarios/junit_report.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace wavetank::scenarios {
namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";

// How many bytes the character has that begins there, and what it is; 0: it is none of UTF-8.
size_t Decode(const std::string& text, size_t at, uint32_t& character) {
  const auto byte = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) {
    character = first;
    return 1;
  }
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + size > text.size()) return 0;
  character = first & (0x7f >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
    character = character << 6 | (byte(at + i) & 0x3f);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  return character < kLeast[size] || character > 0x10ffff ? 0 : size;
}

bool IsXml(uint32_t character) {
  if (character < 0x20) return character == '\t' || character == '\n' || character == '\r';
  const bool surrogate = character >= 0xd800 && character <= 0xdfff;
  return !surrogate && character != 0xfffe && character != 0xffff;
}

std::string FolderOf(const std::string& file) {
  const size_t slash = file.rfind('/');
  return slash == std::string::npos ? "scenarios" : file.substr(0, slash);
}

std::string CaseOf(const RunReport& report) {
  std::string xml = absl::StrFormat(
      "  <testcase classname=\"%s\" name=\"%s\" file=\"%s\">\n    <properties>\n"
      "      <property name=\"seed\" value=\"%d\"/>\n"
      "      <property name=\"trace_hash\" value=\"%016x\"/>\n"
      "      <property name=\"virtual_seconds\" value=\"%.6f\"/>\n    </properties>\n",
      EscapeXml(FolderOf(report.file)), EscapeXml(report.scenario), EscapeXml(report.file),
      report.seed, report.trace_hash, static_cast<double>(report.virtual_ns) / 1e9);
  if (report.verdict != Verdict::kPass) {
    const char* const tag = report.verdict == Verdict::kInconclusive ? "error" : "failure";
    const std::string reason = absl::StrJoin(report.reasons, "; ");
    absl::StrAppend(&xml, "    <", tag, " type=\"", VerdictName(report.verdict), "\" message=\"",
                    EscapeXml(reason), "\">", EscapeXml(Summary(report)), "</", tag, ">\n");
  }
  return xml + "  </testcase>\n";
}

}  // namespace

std::string EscapeXml(const std::string& text) {
  std::string escaped;
  for (size_t at = 0; at < text.size();) {
    uint32_t character = 0;
    const size_t size = Decode(text, at, character);
    if (size == 0 || !IsXml(character)) {
      escaped += kReplacement;
    } else if (character == '&') {
      escaped += "&amp;";
    } else if (character == '<') {
      escaped += "&lt;";
    } else if (character == '>') {
      escaped += "&gt;";
    } else if (character == '"') {
      escaped += "&quot;";
    } else if (character == '\r') {
      escaped += "&#13;";
    } else {
      escaped += text.substr(at, size);
    }
    at += std::max<size_t>(1, size);
  }
  return escaped;
}

std::string ToJUnit(const std::vector<RunReport>& reports) {
  const auto count = [&reports](auto is) {
    return std::count_if(reports.begin(), reports.end(),
                         [&is](const RunReport& report) { return is(report.verdict); });
  };
  const auto errors = count([](Verdict verdict) { return verdict == Verdict::kInconclusive; });
  const auto failures = count([](Verdict verdict) {
    return verdict != Verdict::kPass && verdict != Verdict::kInconclusive;
  });
  std::string xml = absl::StrFormat(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites>\n<testsuite name=\"wavetank\" tests=\"%d\" failures=\"%d\" errors=\"%d\" "
      "skipped=\"0\">\n",
      reports.size(), failures, errors);
  for (const RunReport& report : reports) xml += CaseOf(report);
  return xml + "</testsuite>\n</testsuites>\n";
}

}  // namespace wavetank::scenarios
