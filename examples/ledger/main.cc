// Looks for the faults under which the ledger loses what it has acknowledged, and shows the fewest:
//
//   build/release/bin/ledger                      as text
//   build/release/bin/ledger --page > page.html   as a page with pictures
#include <cstdio>
#include <string_view>

#include "examples/ledger/ledger.h"

#include "scenarios/html_report.h"
#include "scenarios/testing/explore.h"

namespace {

using wavetank::testing::Cluster;
using wavetank::testing::Explore;

// Sends all transfers, then asks for the total.
ledger::Task<void> Client(ledger::Node& node, std::string& total) {
  for (int64_t i = 1; i <= ledger::kTransfers; ++i) {
    const ledger::Transfer transfer{.id = i, .amount = i};
    std::string request(reinterpret_cast<const char*>(&transfer), sizeof(transfer));
    co_await ledger::Ask(node, "add", std::move(request));
    co_await node.clock().Sleep(absl::Milliseconds(200));
  }
  total = co_await ledger::Ask(node, "total", "");
}

void LedgerTest(Cluster& cluster) {
  std::string total;
  cluster.Start("ledger", ledger::Serve);
  cluster.Start("client", [&total](ledger::Node& node) { return Client(node, total); });
  cluster.Advance(absl::Seconds(10));
  if (!cluster.RunUntil([&total] { return !total.empty(); }, "the total")) return;
  cluster.Expect(total == absl::StrCat(ledger::kTotal),
                 "each acknowledged transfer is in the ledger once");
}

}  // namespace

int main(int argc, char** argv) {
  const bool page = argc == 2 && std::string_view(argv[1]) == "--page";
  if (argc > 1 && !page) {
    std::fprintf(stderr,
                 "usage: %s [--page]: the faults that break the ledger, as text or as a page\n",
                 argv[0]);
    return 2;
  }
  const auto found = Explore(LedgerTest, {.name = "ledger"});
  if (!found) {
    std::puts("1000 runs, and no promise was broken.");
    return 0;
  }
  std::fputs((page ? wavetank::scenarios::ToHtml(found->report) : found->ToText()).c_str(), stdout);
  return 1;
}
