#include "scenarios/run_checker.h"

#include <utility>

#include "absl/strings/numbers.h"

#include "platform/check.h"
#include "runtime/structured/data_frame.h"
#include "runtime/structured/physical_plan.h"
#include "scenarios/dstream_checker.h"
#include "scenarios/dstream_pieces.h"
#include "scenarios/replay_query.h"
#include "scenarios/structured_checker.h"

namespace wavetank::scenarios {
namespace {

using properties::BatchAnswers;

std::unique_ptr<RunChecker> CheckerOfQuery(const StructuredOracle* oracle,
                                           const runtime::JobInstance& instance,
                                           const JobPaths& paths, const InputPlan& input) {
  runtime::Session session;
  instance.job->structured(session, instance.arguments);
  // Several queries have a checkpoint and an output each, which the paths do not say.
  if (session.queries().size() != 1) return nullptr;
  const runtime::StreamingQueryDefinition& query = session.queries().front();
  int partitions = 0;
  WT_CHECK(absl::SimpleAtoi(instance.arguments.Get("partitions"), &partitions),
           "a bound number is one");
  std::vector<BatchAnswers> answers;
  if (oracle != nullptr) answers.emplace_back(oracle->query(instance.arguments));
  answers.emplace_back(ReplayQuery(query, partitions));
  TableRule rule;
  bool has_ids = false;
  if (oracle != nullptr) {
    const Fold fold = oracle->fold(instance.arguments);
    rule = RuleOf(fold);
    has_ids = fold != Fold::kOneRow;
  } else {
    const auto plan = runtime::CompileQuery(query, {.shuffle_partitions = partitions});
    WT_CHECK(plan.ok(), "a job that was checked compiles");
    rule = RuleOf(**plan);
  }
  return std::make_unique<StructuredChecker>(paths, input, std::move(rule), has_ids,
                                             std::move(answers));
}

}  // namespace

std::unique_ptr<RunChecker> MakeRunChecker(const JobOracle* oracle,
                                           const runtime::JobInstance& instance,
                                           const JobPaths& paths, const InputPlan& input,
                                           std::shared_ptr<const fakes::LineFeed> feed) {
  if (instance.job->structured != nullptr) {
    return CheckerOfQuery(oracle == nullptr ? nullptr : &std::get<StructuredOracle>(*oracle),
                          instance, paths, input);
  }
  if (oracle == nullptr) return nullptr;
  std::unique_ptr<DStreamPieces> pieces;
  if (feed == nullptr) {
    pieces = std::make_unique<FilePieces>(paths.input, input, paths.forget_after_ms);
  } else {
    pieces = std::make_unique<BlockPieces>(input, paths.checkpoint + "/blocks", std::move(feed));
  }
  return std::make_unique<DStreamChecker>(paths, std::move(pieces),
                                          std::get<DStreamOracle>(*oracle));
}

}  // namespace wavetank::scenarios
