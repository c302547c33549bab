// A sink of one's own: a bank that books what each batch gives. A batch may be applied again after
// a failure; since the bank books a batch and its number in one step, each counts once.
//
//   build/release/bin/own_sink
#include <cstdio>
#include <memory>

#include "runtime/connectors/batch_function.h"
#include "runtime/structured/data_frame.h"
#include "scenarios/testing/explore.h"

using namespace wavetank::runtime;
using namespace wavetank::testing;

struct Bank {  // outside of the cluster
  int64_t balance = 0;
  int64_t newest_batch = -1;
};

Task<absl::Status> Book(PreparedBatch& batch, std::shared_ptr<Bank> bank, bool knows_batches) {
  int64_t sum = 0;
  while (true) {
    const auto rows = co_await batch.Next();
    if (!rows.ok()) co_return rows.status();
    if (!*rows) break;
    for (int64_t row = 0; row < (*rows)->num_rows(); ++row) sum += (*rows)->column(0).Int64At(row);
  }
  if (knows_batches && batch.id() <= bank->newest_batch) co_return absl::OkStatus();
  *bank = {bank->balance + sum, batch.id()};
  co_return absl::OkStatus();
}

Job Deposits(std::shared_ptr<Bank> bank, bool knows_batches) {
  Job job{.name = "deposits", .meaning = "books what comes at a bank"};
  job.parameters = {{"input", "directory of amounts", {}, ParameterKind::kPath}};
  job.structured = [=](Session& session, const JobArguments& arguments) {
    session.ReadStream()
        .Format("text")
        .Load(arguments.Get("input"))
        .Select({Col("value").Cast(DataType::kInt64).As("amount")})
        .WriteStream()
        .ForeachBatch([=](PreparedBatch& batch) { return Book(batch, bank, knows_batches); })
        .Start();
  };
  return job;
}

ClusterTest TestOf(bool knows_batches) {
  return [knows_batches](Cluster& cluster) {
    const auto bank = std::make_shared<Bank>();
    TestedJob& job = cluster.Start(Deposits(bank, knows_batches));
    for (const char* amount : {"1", "20", "300"}) {
      job.Feed({amount});
      cluster.Advance(absl::Seconds(2));
    }
    if (!cluster.RunUntil([&] { return bank->balance >= 321; }, "each deposit")) return;
    cluster.Advance(absl::Seconds(10));
    cluster.Expect(bank->balance == 321, "each deposit is booked once");
  };
}

int main() {
  const auto found = Explore(TestOf(/*knows_batches=*/false), {.name = "forgetful_bank"});
  std::fputs(found ? found->ToText().c_str() : "found nothing\n", stdout);
  const auto mended = Explore(TestOf(/*knows_batches=*/true), {.name = "bank", .runs = 300});
  std::puts(mended ? mended->ToText().c_str()
                   : "A bank that knows its batches: 300 runs, none wrong.");
  return found && !mended ? 0 : 1;
}
