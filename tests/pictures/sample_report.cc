// sample_report NODES EVENTS: the page of a run that never was, with so many nodes and events, to
// measure pages by: sample_report 10 100000 >page.html
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"

#include "scenarios/html_report.h"

namespace wavetank::scenarios {
namespace {

std::string NodeName(int node) { return absl::StrCat("p", node, "#1/worker"); }

RunReport Sample(int nodes, int64_t events) {
  RunReport report;
  report.scenario = "sample";
  report.claim = "A page of this size can be looked at.";
  report.seed = 1;
  report.verdict = Verdict::kViolation;
  report.reasons = {"lost: r7 never came out"};
  report.events = static_cast<uint64_t>(events);
  for (int node = 0; node < nodes; ++node) {
    const std::string process = absl::StrCat("p", node);
    report.lives.push_back({absl::StrCat("m", node), process, process + "#1", {"worker"}, {}});
  }
  int64_t now_ns = 0;
  uint64_t draw = 1;
  for (int64_t event = 0; event < events; ++event) {
    draw = draw * 6364136223846793005ULL + 1442695040888963407ULL;
    now_ns += 1'000 + static_cast<int64_t>(draw >> 44);
    const int node = static_cast<int>(draw >> 33) % nodes;
    const int peer = static_cast<int>(draw >> 21) % nodes;
    const int64_t batch = event / 1000;
    TimelineLine line{.time_ns = now_ns, .who = NodeName(node), .kind = "step", .text = {}};
    switch (event % 5) {
      case 0:
        line.text = absl::StrCat("state.committed batch=", batch, " partition=", node);
        break;
      case 1:
      case 2:
        line.kind = "message";
        line.text = absl::StrCat("message for p", node, "#1 on m", node, ":7000 (connection ", peer,
                                 ", ", draw >> 54, " bytes)");
        line.began_ns = now_ns - static_cast<int64_t>(draw >> 46);
        line.from = NodeName(peer);
        line.to = NodeName(node);
        break;
      case 3:
        line.kind = "disk";
        line.text = absl::StrCat("write checkpoint/state/0/", node, "/", batch, ".delta @",
                                 draw >> 52, " +", draw >> 55);
        line.began_ns = now_ns - static_cast<int64_t>(draw >> 48);
        break;
      default:
        line.kind = "disk";
        line.text = absl::StrCat("sync checkpoint/state/0/", node, "/", batch, ".delta");
        line.began_ns = now_ns - static_cast<int64_t>(draw >> 45);
    }
    if (line.began_ns < -1) line.began_ns = 0;
    report.timeline.push_back(std::move(line));
    if (event % 1000 == 0) {
      report.batches.push_back({.of = {},
                                .name = absl::StrCat(batch),
                                .definition = absl::StrCat("files [", batch, ", ", batch + 1, ")"),
                                .defined_ns = now_ns});
    } else if (event % 1000 == 900) {
      report.batches.back().committed_ns.push_back(now_ns);
    }
  }
  report.virtual_ns = now_ns;
  report.violations.push_back({"lost", "r7 never came out", now_ns / 2, {"r7"}, "batch.committed"});
  return report;
}

}  // namespace
}  // namespace wavetank::scenarios

int main(int argc, char** argv) {
  if (argc != 3 || std::atoi(argv[1]) < 1 || std::atoll(argv[2]) < 1) {
    std::fprintf(stderr, "usage: sample_report NODES EVENTS >page.html\n");
    return 2;
  }
  const auto report = wavetank::scenarios::Sample(std::atoi(argv[1]), std::atoll(argv[2]));
  std::fputs(wavetank::scenarios::ToHtml(report).c_str(), stdout);
  return 0;
}
