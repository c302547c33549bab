#include "scenarios/run_checker.h"

#include <utility>

#include "scenarios/dstream_checker.h"
#include "scenarios/dstream_pieces.h"
#include "scenarios/replay_query.h"
#include "scenarios/structured_checker.h"

namespace wavetank::scenarios {
namespace {

std::unique_ptr<RunChecker> CheckerOf(const QueryShape& query, const StructuredOracle* oracle,
                                      const JobShape& shape, const runtime::JobArguments& arguments,
                                      const InputPlan& input) {
  std::vector<properties::BatchAnswers> answers;
  TableRule rule = RuleOf(*query.plan);
  bool has_ids = false;
  if (oracle != nullptr) {
    answers.emplace_back(oracle->query(arguments));
    const Fold fold = oracle->fold(arguments);
    rule = RuleOf(fold);
    has_ids = fold != Fold::kOneRow;
  }
  answers.emplace_back(ReplayQuery(query.definition, shape.partitions));
  return std::make_unique<StructuredChecker>(shape.paths, input, std::move(rule), has_ids,
                                             std::move(answers));
}

std::unique_ptr<RunChecker> CheckerOf(const StreamShape& stream, const DStreamOracle* oracle,
                                      const JobShape& shape, const InputPlan& input,
                                      std::shared_ptr<const fakes::LineFeed> feed) {
  std::unique_ptr<DStreamPieces> pieces;
  if (feed == nullptr) {
    pieces = std::make_unique<FilePieces>(shape.paths.input, input, shape.paths.forget_after_ms);
  } else {
    pieces =
        std::make_unique<BlockPieces>(input, shape.paths.checkpoint + "/blocks", std::move(feed));
  }
  return std::make_unique<DStreamChecker>(shape, stream, std::move(pieces), oracle);
}

}  // namespace

std::unique_ptr<RunChecker> MakeRunChecker(const JobOracle* oracle, const JobShape& shape,
                                           const runtime::JobArguments& arguments,
                                           const InputPlan& input,
                                           std::shared_ptr<const fakes::LineFeed> feed) {
  if (const auto* query = std::get_if<QueryShape>(&shape.of)) {
    return CheckerOf(*query, oracle == nullptr ? nullptr : std::get_if<StructuredOracle>(oracle),
                     shape, arguments, input);
  }
  if (const auto* stream = std::get_if<StreamShape>(&shape.of)) {
    return CheckerOf(*stream, oracle == nullptr ? nullptr : std::get_if<DStreamOracle>(oracle),
                     shape, input, std::move(feed));
  }
  return nullptr;
}

}  // namespace wavetank::scenarios
