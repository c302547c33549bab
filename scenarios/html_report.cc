#include "scenarios/html_report.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "platform/check.h"
#include "scenarios/report_page/pages.h"

namespace wavetank::scenarios {
namespace {

std::string Escape(const std::string& text) {
  return absl::StrReplaceAll(text,
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

// Each mark stands once in the page; what is put in is not searched for marks.
std::string Fill(std::string_view page, const std::string& title, const std::string& data) {
  constexpr std::string_view kTitle = "{{title}}";
  constexpr std::string_view kData = "{{data}}";
  const size_t title_at = page.find(kTitle);
  const size_t data_at = page.find(kData);
  WT_CHECK(title_at < data_at && data_at != std::string_view::npos);
  std::string html(page.substr(0, title_at));
  html += Escape(title);
  html += page.substr(title_at + kTitle.size(), data_at - title_at - kTitle.size());
  html += data;
  html += page.substr(data_at + kData.size());
  return html;
}

}  // namespace

std::string ToHtml(const RunReport& report) {
  return Fill(kRunPage, absl::StrCat(report.scenario, ": ", VerdictName(report.verdict)),
              PageData(report));
}

std::string IndexToHtml(const std::vector<IndexedRun>& runs) {
  return Fill(kIndexPage, absl::StrCat("Wavetank: ", runs.size(), " runs"), IndexData(runs));
}

std::vector<std::string> PageNames(const std::vector<std::string>& scenarios) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const std::string& scenario : scenarios) {
    std::string plain = scenario.empty() ? "run" : scenario.substr(0, 150);
    std::replace_if(
        plain.begin(), plain.end(),
        [](char c) {
          return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '-';
        },
        '_');
    std::string name = plain;
    for (int nth = 2; !taken.insert(name).second; ++nth) name = absl::StrCat(plain, "-", nth);
    names.push_back(name);
  }
  return names;
}

}  // namespace wavetank::scenarios
