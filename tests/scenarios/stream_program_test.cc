// Programs by chance, without faults: the engine's own operators, in one loop, give what their
// definition says; and the engine refuses those that the rules of windows refuse, and no others.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "platform/random.h"
#include "properties/programs/draw_program.h"
#include "properties/programs/naive_program.h"
#include "properties/programs/program_rules.h"
#include "runtime/job/deployment.h"
#include "scenarios/job_shape.h"
#include "scenarios/jobs.h"
#include "scenarios/program_job.h"
#include "scenarios/replay_stream.h"

namespace wavetank::scenarios {
namespace {

using properties::Choices;
using properties::DrawProgram;
using properties::JudgedBatch;
using properties::PieceLines;
using properties::StreamProgram;

const ScenarioJobs& ProgramJobs() {
  static const ScenarioJobs jobs = [] {
    ScenarioJobs all;
    AddBuiltInJobs(all);
    return all;
  }();
  return jobs;
}

runtime::JobInstance InstanceOf(const StreamProgram& program) {
  const runtime::Job* const job = ProgramJobs().catalogue().Find(kProgramJob);
  auto arguments = runtime::BindArguments(
      *job, {{"program", ToText(program)}, {"output", "out"}, {"checkpoint", "checkpoint"}});
  EXPECT_TRUE(arguments.ok()) << arguments.status();
  return {job, *std::move(arguments)};
}

std::string DrawProgramLine(const Choices& choices, const std::string& of) {
  const std::vector<std::string> keys = {"key1", "key2", "key3", "w1 w2", "", "a longer key"};
  const std::string& key = choices.OneOf(of + " key", keys);
  const bool has_number = !choices.OneIn(of + " has no number", 5);
  return has_number ? absl::StrCat(key, ",", choices.Between(of + " number", -9, 9)) : key;
}

// Some batches of the program's inputs, of which one or another was left out.
class DrawnHistory {
 public:
  DrawnHistory(const Choices& choices, const std::vector<int64_t>& streams) : choices_(choices) {
    const int64_t batches = choices.Between("batches", 1, 9);
    for (int64_t number = 1; number <= batches; ++number) {
      const std::string of = absl::StrCat("batch ", number);
      if (choices.OneIn(of + " left out", 8)) continue;
      times_.push_back(kZero + number * kInterval);
      PieceLines& pieces = pieces_.emplace_back();
      for (const int64_t stream : streams)
        AddPieces(absl::StrCat(of, " stream ", stream), pieces[stream]);
    }
  }

  size_t size() const { return times_.size(); }
  JudgedBatch Batch(size_t index) const {
    return {.time_ms = times_[index],
            .zero_ms = kZero,
            .times = {times_.begin(), times_.begin() + static_cast<std::ptrdiff_t>(index) + 1},
            .pieces_at = [this](int64_t time_ms) {
              for (size_t i = 0; i < times_.size(); ++i) {
                if (times_[i] == time_ms) return pieces_[i];
              }
              return PieceLines();
            }};
  }

 private:
  static constexpr int64_t kInterval = 1'000;
  static constexpr int64_t kZero = 50'000;

  void AddPieces(const std::string& of, std::vector<std::vector<std::string>>& pieces) {
    const int64_t count = choices_.Between(of + " pieces", 0, 2);
    for (int64_t piece = 0; piece < count; ++piece) {
      std::vector<std::string>& lines = pieces.emplace_back();
      const std::string of_piece = absl::StrCat(of, " piece ", piece);
      const int64_t size = choices_.Between(of_piece + " lines", 0, 6);
      for (int64_t line = 0; line < size; ++line) {
        lines.push_back(DrawProgramLine(choices_, absl::StrCat(of_piece, " line ", line)));
      }
    }
  }

  const Choices& choices_;
  std::vector<int64_t> times_;
  std::vector<PieceLines> pieces_;
};

std::vector<properties::NaiveRow> Replayed(StreamReplay& replay, runtime::OperatorId output,
                                           const JudgedBatch& batch) {
  std::vector<properties::NaiveRow> rows;
  for (std::string& line : replay.TextOutput(output, batch)) rows.push_back({std::move(line)});
  std::ranges::sort(rows);
  return rows;
}

// As many for each seed that RapidCheck gives.
constexpr uint64_t kPrograms = 15;

void CheckProgram(uint64_t seed) {
  const Choices choices(seed);
  const StreamProgram program = DrawProgram(choices, {});
  RC_LOG() << ToText(program) << "\n";
  const runtime::JobInstance instance = InstanceOf(program);
  const absl::Status plan = runtime::CheckPlan(instance);
  RC_LOG() << plan << "\n";
  RC_ASSERT(plan.ok());
  const JobShape shape = ShapeOf(instance);
  const int partitions = static_cast<int>(choices.Between("partitions", 1, 4));
  for (const JobPart& part : shape.parts) {
    const auto& stream = std::get<StreamShape>(part.of);
    const runtime::StreamingGraph& graph = stream.context->graph();
    const std::map<std::string, int64_t> ids = StreamsOfProgram(graph, program);
    std::vector<int64_t> streams;
    for (const auto& [name, id] : ids) streams.push_back(id);
    const DrawnHistory history(choices, streams);
    StreamReplay replay(graph, partitions);
    properties::NaiveProgram naive(program, absl::ToInt64Milliseconds(graph.batch_interval), ids);
    const std::string name = part.name.substr(part.name.rfind('/') + 1);
    for (size_t i = 0; i < history.size(); ++i) {
      const JudgedBatch batch = history.Batch(i);
      RC_LOG() << name << " at " << batch.time_ms << "\n";
      RC_ASSERT(Replayed(replay, stream.output, batch) == naive.Answer(name, batch));
    }
  }
}

RC_GTEST_PROP(StreamPrograms, GiveWhatTheDefinitionOfTheirCallsSays, (uint64_t seed)) {
  for (uint64_t k = 0; k < kPrograms; ++k) CheckProgram(platform::MixBits(seed * kPrograms + k));
}

void CheckRefusal(uint64_t seed) {
  const StreamProgram program = DrawProgram(Choices(seed), {.keeps_rules = false});
  const absl::Status plan = runtime::CheckPlan(InstanceOf(program));
  const std::string refused = properties::StreamsOf(program).refused;
  RC_LOG() << ToText(program) << "\n" << plan << "\n" << refused << "\n";
  RC_ASSERT(plan.ok() == refused.empty());
}

RC_GTEST_PROP(StreamPrograms, AreRefusedByTheRulesOfWindowsAlone, (uint64_t seed)) {
  for (uint64_t k = 0; k < kPrograms; ++k) CheckRefusal(platform::MixBits(seed * kPrograms + k));
}

TEST(StreamPrograms, ThatCannotBeReadAreRefused) {
  const StreamProgram program{.lines = {{.name = "a", .call = "text", .arguments = {"in"}}},
                              .saved = {}};
  const absl::Status plan = runtime::CheckPlan(InstanceOf(program));
  EXPECT_EQ(plan.code(), absl::StatusCode::kInvalidArgument) << plan;
}

}  // namespace
}  // namespace wavetank::scenarios
