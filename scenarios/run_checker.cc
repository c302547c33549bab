#include "scenarios/run_checker.h"

#include <functional>
#include <utility>

#include "platform/check.h"
#include "properties/part_rows.h"
#include "runtime/dstream/input_operators.h"
#include "scenarios/dstream_checker.h"
#include "scenarios/dstream_pieces.h"
#include "scenarios/interpret_query.h"
#include "scenarios/log_checker.h"
#include "scenarios/log_pieces.h"
#include "scenarios/parts_checker.h"
#include "scenarios/replay_query.h"
#include "scenarios/shown_rows.h"
#include "scenarios/structured_checker.h"

namespace wavetank::scenarios {
namespace {

// Nothing: the query has something that no interpreter knows.
std::function<std::unique_ptr<properties::NaiveQuery>()> InterpreterOf(
    const QueryShape& query, std::vector<runtime::StreamingQueryDefinition> definitions) {
  std::vector<KnownPlan> plans;
  for (runtime::StreamingQueryDefinition& definition : definitions) {
    const auto compiled = runtime::CompileAndRecord(definition, runtime::kDefaultShufflePartitions,
                                                    query.compiled.get());
    WT_CHECK(compiled.ok(), "a job that was checked compiles");
    if (!InterpretPlan((*compiled)->query, definition).ok()) return nullptr;
    plans.push_back({*compiled, std::move(definition)});
  }
  return [plans] { return InterpretPlans(plans); };
}

using MakeQuery = std::function<std::unique_ptr<properties::NaiveQuery>()>;

// A query into text files: what it answers, as lines.
class InLines final : public properties::NaiveQuery {
 public:
  explicit InLines(std::unique_ptr<properties::NaiveQuery> query) : query_(std::move(query)) {}

  properties::NaiveAnswer Run(const properties::NaiveBatch& batch) override {
    properties::NaiveAnswer answer = query_->Run(batch);
    answer.rows = properties::AsLines(answer.rows);
    return answer;
  }
  int64_t watermark_delay_ms() const override { return query_->watermark_delay_ms(); }

 private:
  const std::unique_ptr<properties::NaiveQuery> query_;
};

MakeQuery AsShown(const runtime::StreamingQueryDefinition& definition, MakeQuery make) {
  if (definition.sink_format != "text") return make;
  return [make = std::move(make)] { return std::make_unique<InLines>(make()); };
}

std::unique_ptr<RunChecker> CheckerOf(const JobPart& part, const QueryShape& query,
                                      const StructuredOracle* oracle, int partitions,
                                      const runtime::JobArguments& arguments) {
  std::vector<properties::BatchAnswers> answers;
  TableRule rule = RuleOf(*query.plan);
  if (!part.unjudged.empty()) {
    return std::make_unique<ShownRows>(part.paths, std::move(rule), part.unjudged);
  }
  bool has_ids = false;
  if (oracle != nullptr) {
    answers.emplace_back([make = oracle->query, arguments] { return make(arguments); });
    const Fold fold = oracle->fold(arguments);
    rule = RuleOf(fold);
    has_ids = fold != Fold::kOneRow;
  }
  const auto policy = PolicyOf(query.definition);
  WT_CHECK(policy.ok(), "a job that was checked has options that are");
  std::vector<runtime::StreamingQueryDefinition> definitions = {query.definition};
  definitions.insert(definitions.end(), query.later.begin(), query.later.end());
  if (const auto interpret = InterpreterOf(query, definitions)) {
    answers.emplace_back(AsShown(query.definition, interpret), *policy);
  }
  answers.emplace_back(AsShown(query.definition,
                               [definitions, partitions, compiled = query.compiled] {
                                 return ReplayQuery(definitions, partitions, compiled);
                               }),
                       *policy);
  return std::make_unique<StructuredChecker>(part.paths, std::move(rule), has_ids,
                                             std::move(answers));
}

std::unique_ptr<RunChecker> CheckerOf(const JobPart& part, const StreamShape& stream,
                                      const DStreamOracle* oracle,
                                      std::optional<properties::OutputJudge> judge,
                                      RowTokens tokens, int partitions,
                                      const fakes::LineFeeds& feeds) {
  std::map<int64_t, std::unique_ptr<DStreamPieces>> pieces;
  for (const StreamShape::Input& input : stream.inputs) {
    std::unique_ptr<DStreamPieces>& of = pieces[input.id.value()];
    if (input.log) {
      of = std::make_unique<LogPieces>(*input.log);
      continue;
    }
    // Of the engine's own receivers lines stand in blocks as they are.
    const auto& op = stream.context->graph().at(input.id);
    const bool own = dynamic_cast<const runtime::SocketTextInput*>(&op) == nullptr;
    if (input.server.empty()) {
      of = std::make_unique<FilePieces>(input.files.directory, input.files.forget_after_ms);
    } else {
      of = std::make_unique<BlockPieces>(input.server, part.paths.checkpoint + "/blocks",
                                         feeds.at(input.server), input.kept, own);
    }
  }
  return std::make_unique<DStreamChecker>(part.paths, stream, partitions, std::move(pieces), oracle,
                                          std::move(judge), std::move(tokens));
}

std::optional<properties::OutputJudge> JudgeOf(const JobOracle* oracle,
                                               const runtime::JobArguments& arguments,
                                               const StreamShape& stream) {
  const auto* own = oracle == nullptr ? nullptr : std::get_if<StreamOracle>(oracle);
  if (own == nullptr) return std::nullopt;
  return own->judge(arguments, stream.context->graph(), stream.output);
}

}  // namespace

std::unique_ptr<RunChecker> MakeRunChecker(const JobOracle* oracle, RowTokens tokens,
                                           const JobShape& shape,
                                           const runtime::JobArguments& arguments,
                                           const fakes::LineFeeds& feeds) {
  std::vector<PartChecker> checkers;
  for (const JobPart& part : shape.parts) {
    std::unique_ptr<RunChecker> checker;
    const auto* query = std::get_if<QueryShape>(&part.of);
    if (query != nullptr && query->log) {
      checker = std::make_unique<LogChecker>(
          part.paths, *query->log, oracle == nullptr ? nullptr : std::get_if<LogOracle>(oracle));
    } else if (query != nullptr) {
      checker = CheckerOf(part, *query,
                          oracle == nullptr ? nullptr : std::get_if<StructuredOracle>(oracle),
                          shape.partitions, arguments);
    } else {
      const auto& stream = std::get<StreamShape>(part.of);
      checker =
          CheckerOf(part, stream, oracle == nullptr ? nullptr : std::get_if<DStreamOracle>(oracle),
                    JudgeOf(oracle, arguments, stream), tokens, shape.partitions, feeds);
    }
    checkers.push_back({part.name, std::move(checker)});
  }
  if (checkers.empty()) return nullptr;
  if (checkers.size() == 1 && shape.unjudged.empty()) {
    return std::move(checkers.front().checker);
  }
  return std::make_unique<PartsChecker>(std::move(checkers), shape.unjudged);
}

}  // namespace wavetank::scenarios
