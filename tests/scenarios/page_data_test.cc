#include "scenarios/page_data.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

#include "scenarios/html_report.h"
#include "scenarios/report_page/pages.h"

namespace wavetank::scenarios {
namespace {

using Json = nlohmann::json;

size_t Count(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

std::string TextOf(const TextShape& shape) {
  std::string text = shape.parts[0];
  for (size_t i = 0; i < shape.numbers.size(); ++i) {
    absl::StrAppend(&text, shape.numbers[i], shape.parts[i + 1]);
  }
  return text;
}

TEST(TextShape, GivesBackWhatItWasMadeOf) {
  for (const std::string text : {"", "a", "7", "007", "0", "00", "a1b22c333", "1.250000", "-5 +3",
                                 "x 12345678901234567890 y", "999999999999999", "1000000000000000",
                                 "epoch-0012.tmp", "\x01 2 \xff", "9", "3a"}) {
    const TextShape shape = ShapeOf(text);
    EXPECT_EQ(TextOf(shape), text);
    EXPECT_EQ(shape.parts.size(), shape.numbers.size() + 1);
  }
}

TEST(TextShape, IsOneForTextsThatDifferInTheirNumbers) {
  EXPECT_EQ(ShapeOf("batch=1 row=12").parts, ShapeOf("batch=340 row=0").parts);
  EXPECT_EQ(ShapeOf("batch=1").parts, (std::vector<std::string>{"batch=", ""}));
}

// As model.js does it.
std::vector<TimelineLine> EventsOf(const Json& data) {
  const Json& columns = data["events"];
  const auto string = [&data](const Json& index) {
    return data["strings"][index.get<size_t>()].get<std::string>();
  };
  const auto node = [&](const Json& index) {
    return index == 0 ? std::string() : string(Json(index.get<size_t>() - 1));
  };
  std::vector<TimelineLine> timeline;
  int64_t time_ns = 0;
  size_t number = 0;
  for (size_t i = 0; i < columns["dt"].size(); ++i) {
    time_ns += columns["dt"][i].get<int64_t>();
    TextShape shape;
    for (const Json& part : data["shapes"][columns["shape"][i].get<size_t>()])
      shape.parts.push_back(part);
    while (shape.numbers.size() + 1 < shape.parts.size())
      shape.numbers.push_back(columns["numbers"][number++]);
    const auto took = columns["took"][i].get<int64_t>();
    timeline.push_back({time_ns, string(columns["who"][i]), string(columns["kind"][i]),
                        TextOf(shape), false, took < 0 ? kNever : time_ns - took,
                        node(columns["from"][i]), node(columns["to"][i])});
  }
  return timeline;
}

TEST(PageData, HoldsEveryEventOfTheTimeline) {
  RunReport report;
  report.timeline = {
      {5, "app#1/driver", "step", "batch.defined batch=0 files=12"},
      {5, "world", "fault", "process.crash app", true},
      {1'000'000'007, "m1>m2", "message", "message for b#1", false, 3, "a#1/n", "b#1/n"},
      {86'400'000'000'000, "app#1/driver", "disk", "sync log-1", false, 0}};
  const std::vector<TimelineLine> decoded = EventsOf(Json::parse(PageData(report)));
  ASSERT_EQ(decoded.size(), report.timeline.size());
  for (size_t i = 0; i < decoded.size(); ++i) {
    EXPECT_EQ(Format(decoded[i]).substr(1), Format(report.timeline[i]).substr(1));
    EXPECT_EQ(decoded[i].time_ns, report.timeline[i].time_ns);
    EXPECT_EQ(decoded[i].began_ns, report.timeline[i].began_ns);
    EXPECT_EQ(decoded[i].from, report.timeline[i].from);
    EXPECT_EQ(decoded[i].to, report.timeline[i].to);
  }
}

TEST(PageData, HoldsWhatTheJsonOfTheRunHoldsAndTheInstantsOfViolations) {
  RunReport report;
  report.scenario = "s";
  report.claim = "c";
  report.seed = UINT64_MAX;
  report.violations.push_back({"lost", "r1", 1'234'567'891, {"r1"}, "batch.defined"});
  Json run = Json::parse(PageData(report))["run"];
  EXPECT_EQ(run["violations"][0]["when_ns"], 1'234'567'891);
  EXPECT_EQ(run["claim"], "c");
  run["violations"][0].erase("when_ns");
  const Json whole = Json::parse(ToJson(report));
  for (const auto& [name, value] : whole.items()) EXPECT_EQ(run[name], value) << name;
}

// In every text that a run can bring.
RunReport Hostile(const std::string& text) {
  RunReport report;
  report.scenario = report.claim = report.file = report.ended_by = report.unjudged = text;
  report.reasons = {text};
  report.violations.push_back({text, text, 1, {text}, text});
  report.timeline = {{1, text, text, text, false, kNever, text, text}};
  report.lives = {{text, text, text, {text}, {}, text, {{1, 2}}}};
  report.bands = {{text, text, text, text, {1, 2}}};
  report.source = {{text, 1, {text}}};
  report.batches = {{text, text, text, {text}, 1, kNever}};
  report.batches[0].attempts = {{text, 1, 1, text, {{0, 0, {text}, {text}}}}};
  report.batches[0].deliveries = {{1, text, {text}}};
  return report;
}

TEST(Page, IsNotEndedByWhatARunBrings) {
  const std::string plain = ToHtml(Hostile("plain"));
  for (const std::string text :
       {"</script><script>alert(1)</script>", "<!--", "]]>", "\" onload=\"alert(1)", "{{data}}",
        "{{title}}", "\xff\xfe\x80", "\xe2\x80\xa8", "<SCRIPT>", "a\0b"}) {
    const RunReport report = Hostile(text);
    const std::string html = ToHtml(report);
    for (const char* mark : {"<script", "</script", "<!--", "<SCRIPT", "</style", "<title>"}) {
      EXPECT_EQ(Count(html, mark), Count(plain, mark)) << text << " " << mark;
    }
    EXPECT_EQ(PageData(report).find('<'), std::string::npos);
    EXPECT_TRUE(Json::accept(PageData(report)));
    EXPECT_EQ(IndexData({{report, text}}).find('<'), std::string::npos);
    EXPECT_EQ(Count(IndexToHtml({{report, ""}}), "<script"),
              Count(IndexToHtml({{Hostile("plain"), ""}}), "<script"));
  }
}

TEST(Page, StandsAlone) {
  for (const std::string_view page : {kRunPage, kIndexPage}) {
    const std::string html(page);
    for (const char* outside : {"http:", "https:", "src=\"", "@import", "url(", "@@"}) {
      EXPECT_EQ(Count(html, outside), 0U) << outside;
    }
    EXPECT_EQ(Count(html, "{{title}}"), 1U);
    EXPECT_EQ(Count(html, "{{data}}"), 1U);
    EXPECT_EQ(Count(html, "default-src 'none'"), 1U);
  }
}

// 100,000 of these are within 10 MB.
TEST(Page, HasAtMostAHundredBytesAnEvent) {
  RunReport report;
  constexpr int kEvents = 5'000;
  for (int i = 0; i < kEvents; ++i) {
    const int64_t time_ns = int64_t{i} * 987'654'321;
    report.timeline.push_back({time_ns, "m1>m2", "message",
                               absl::StrCat("message for app-", i % 10, "#", i % 7, " on m", i % 10,
                                            ":7000 (connection ", i * 31, ", ", i * 977, " bytes)"),
                               false, time_ns - 123'456, absl::StrCat("app-", i % 9, "#1/driver"),
                               absl::StrCat("app-", i % 10, "#", i % 7, "/worker-1")});
  }
  EXPECT_LE(PageData(report).size(), size_t{kEvents} * 100);
  EXPECT_LE(kRunPage.size() + kIndexPage.size(), 200'000U);
}

TEST(Index, OfAHundredRunsIsBelowAMegabyte) {
  std::vector<IndexedRun> runs;
  for (int i = 0; i < 100; ++i) {
    RunReport report;
    report.scenario = absl::StrCat("driver_power_loss_at_some_step_number_", i);
    report.claim = std::string(300, 'c');
    report.reasons = {std::string(300, 'r')};
    for (int each = 0; each < 5; ++each) {
      report.violations.push_back({"lost", std::string(200, 'w'), 1, {"r1", "r2", "r3"}, "step"});
    }
    runs.push_back({report, report.scenario + ".html"});
  }
  EXPECT_LE(IndexToHtml(runs).size(), 1'000'000U);
}

TEST(PageNames, AreOfPlainLettersAndNoneTwice) {
  EXPECT_EQ(PageNames({"a_b-1", "a", "a", "../x y", ".._x_y", ""}),
            (std::vector<std::string>{"a_b-1", "a", "a-2", "___x_y", "___x_y-2", "run"}));
}

}  // namespace
}  // namespace wavetank::scenarios
