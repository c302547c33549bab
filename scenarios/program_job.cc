#include "scenarios/program_job.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "properties/programs/naive_program.h"
#include "properties/programs/program_rules.h"
#include "properties/programs/row_functions.h"
#include "runtime/dstream/input_operators.h"
#include "scenarios/job_input.h"

namespace wavetank::scenarios {
namespace {

using properties::ProgramLine;
using properties::ProgramRow;
using properties::StreamProgram;
using runtime::DStream;
using runtime::JobArguments;
using runtime::ParameterKind;
using runtime::Partitioner;
using runtime::StreamingContext;

using Value = int64_t;
using Stream = DStream<ProgramRow>;
using WithState = runtime::MapWithStateDStream<std::string, Value, ProgramRow>;

// A line's call, on the streams that it takes.
class ProgramBuilder {
 public:
  ProgramBuilder(StreamingContext& context, const JobArguments& arguments)
      : context_(context), arguments_(arguments) {}

  void Build(const StreamProgram& program) {
    for (const ProgramLine& line : program.lines) streams_.emplace(line.name, StreamOf(line));
    for (const std::string& name : program.saved) {
      streams_.at(name).SaveAsTextFiles(absl::StrCat(arguments_.Get("output"), "/", name));
    }
  }

 private:
  Stream StreamOf(const ProgramLine& line) {
    if (line.streams.empty()) return InputOf(line);
    const Stream& stream = streams_.at(line.streams.front());
    if (properties::FindProgramCall(line.call)->streams == 2) {
      return Meeting(line, stream, streams_.at(line.streams.back()));
    }
    if (properties::WindowOf(line).has_value()) return Windowed(line, stream);
    if (line.call.find("State") != std::string::npos || line.call == "snapshots") {
      return Stateful(line, stream);
    }
    if (line.call == "union") {
      std::vector<Stream> others;
      for (size_t i = 1; i < line.streams.size(); ++i) {
        others.push_back(streams_.at(line.streams[i]));
      }
      return stream.Union(others);
    }
    if (line.call == "checkpoint") {
      return stream.Checkpoint(line.Number(0) * context_.batch_interval());
    }
    return properties::FindProgramCall(line.call)->shuffles ? Shuffled(line, stream)
                                                            : Narrow(line, stream);
  }

  Stream InputOf(const ProgramLine& line) {
    if (line.call == "constant") {
      return context_.ConstantStream<ProgramRow>({{line.arguments[0], line.Number(1)}});
    }
    const auto row = [](const std::string& text) { return properties::RowOfLine(text); };
    if (line.call == "text") {
      return TextFiles(context_, arguments_, line.arguments[0]).Map(row);
    }
    const std::string host = arguments_.Get("host");
    const int port = static_cast<int>(line.Number(0));
    return (line.call == "socket" ? context_.SocketTextStream(host, port)
                                  : context_.ReliableTextStream(host, port))
        .Map(row);
  }

  static Stream Narrow(const ProgramLine& line, const Stream& stream) {
    if (line.call == "count") return Counted(stream.Count());
    if (line.call == "persist") {
      return stream.Persist(runtime::ParseStorageLevel(line.arguments[0]).value());
    }
    if (line.call == "repartition") return stream.Repartition(static_cast<int>(line.Number(0)));
    if (line.call == "glom") {
      return stream.Glom().FlatMap([](const std::vector<ProgramRow>& rows) { return rows; });
    }
    const std::string& word = line.arguments[0];
    const auto of_row = [word](const ProgramRow& row) { return properties::ApplyToRow(word, row); };
    if (line.call == "map") return stream.Map(of_row);
    if (line.call == "filter") {
      return stream.Filter([word](const ProgramRow& row) { return properties::Holds(word, row); });
    }
    if (line.call == "flatMap") {
      return stream.FlatMap(
          [word](const ProgramRow& row) { return properties::RowsOf(word, row); });
    }
    if (line.call == "mapValues") {
      return stream.MapValues(
          [word](Value value) { return properties::ApplyToValue(word, value); });
    }
    if (line.call == "flatMapValues") {
      return stream.FlatMapValues(
          [word](Value value) { return properties::ValuesOf(word, value); });
    }
    if (line.call == "mapPartitions") {
      return stream.MapPartitions([of_row](std::vector<ProgramRow> rows) {
        for (ProgramRow& row : rows) row = of_row(row);
        return rows;
      });
    }
    if (line.call == "reduce") return stream.Reduce(RowFold(word));
    WT_CHECK(line.call == "transform", line.call);
    return stream.Transform([&](const Stream& rows) {
      return rows.Map(of_row).Filter([predicate = line.arguments[1]](const ProgramRow& row) {
        return properties::Holds(predicate, row);
      });
    });
  }

  static Stream Shuffled(const ProgramLine& line, const Stream& stream) {
    if (line.call == "partitionBy") return stream.PartitionBy(PartitionerOf(line));
    if (line.call == "reduceByKey") {
      return stream.ReduceByKey(Fold(line.arguments[0]), PartitionerOf(line));
    }
    if (line.call == "countByValue") return ValueCounts(stream.CountByValue(RowPartitioner(line)));
    if (line.call == "groupByKey") return Groups(stream.GroupByKey(PartitionerOf(line)));
    WT_CHECK(line.call == "combineByKey", line.call);
    using Sum = std::pair<Value, Value>;
    return stream
        .CombineByKey([](Value value) { return Sum(value, 1); },
                      [](Sum sum, Value value) {
                        return Sum(properties::WrappingAdd(sum.first, value), sum.second + 1);
                      },
                      [](Sum sum, Sum more) {
                        return Sum(properties::WrappingAdd(sum.first, more.first),
                                   sum.second + more.second);
                      },
                      PartitionerOf(line))
        .MapValues([](Sum sum) { return properties::OfAverage(sum.first, sum.second); });
  }

  static Stream Meeting(const ProgramLine& line, const Stream& left, const Stream& right) {
    const Partitioner<std::string> partitioner = PartitionerOf(line);
    if (line.call == "cogroup") {
      using Both = std::pair<std::vector<Value>, std::vector<Value>>;
      return left.Cogroup(right, partitioner).MapValues([](const Both& both) {
        return properties::OfGroups(both.first, both.second);
      });
    }
    const auto of_pair = [](const auto& pair) {
      return properties::OfPair(pair.first, pair.second);
    };
    if (line.call == "join") return left.Join(right, partitioner).MapValues(of_pair);
    if (line.call == "leftOuterJoin") {
      return left.LeftOuterJoin(right, partitioner).MapValues(of_pair);
    }
    if (line.call == "rightOuterJoin") {
      return left.RightOuterJoin(right, partitioner).MapValues(of_pair);
    }
    WT_CHECK(line.call == "fullOuterJoin", line.call);
    return left.FullOuterJoin(right, partitioner).MapValues(of_pair);
  }

  Stream Windowed(const ProgramLine& line, const Stream& stream) const {
    const auto window = *properties::WindowOf(line);
    const absl::Duration length = window.length * context_.batch_interval();
    const absl::Duration slide = window.slide * context_.batch_interval();
    if (line.call == "window") return stream.Window(length, slide);
    if (line.call == "countByWindow") return Counted(stream.CountByWindow(length, slide));
    if (line.call == "countByValueAndWindow") {
      return ValueCounts(stream.CountByValueAndWindow(length, slide, RowPartitioner(line)));
    }
    if (line.call == "groupByKeyAndWindow") {
      return Groups(stream.GroupByKeyAndWindow(length, slide, PartitionerOf(line)));
    }
    const std::string& fold = line.arguments[0];
    if (line.call == "reduceByWindow") {
      return stream.ReduceByWindow(RowFold(fold), length, slide);
    }
    const Partitioner<std::string> partitioner = PartitionerOf(line);
    if (line.call == "reduceByKeyAndWindow") {
      return stream.ReduceByKeyAndWindow(Fold(fold), length, slide, partitioner);
    }
    const auto unfold = [fold](Value a, Value b) { return properties::UnfoldValues(fold, a, b); };
    if (line.call == "reduceByKeyAndWindowWithInverse") {
      return stream.ReduceByKeyAndWindow(Fold(fold), unfold, length, slide, partitioner);
    }
    WT_CHECK(line.call == "reduceByKeyAndWindowFiltered", line.call);
    const auto keep = [predicate = line.arguments[3]](const ProgramRow& row) {
      return properties::Holds(predicate, row);
    };
    return stream.ReduceByKeyAndWindow(Fold(fold), unfold, length, slide, keep, partitioner);
  }

  Stream Stateful(const ProgramLine& line, const Stream& stream) {
    if (line.call == "snapshots") return with_state_.at(line.streams.front()).StateSnapshots();
    const std::string& word = line.arguments[0];
    const bool begins = line.call.ends_with("FromInitial");
    const std::vector<ProgramRow> initial =
        begins ? properties::InitialStates() : std::vector<ProgramRow>();
    if (line.call.starts_with("updateState")) return Updated(line, stream, initial);
    const auto step = [word](absl::Time, const std::string& key, std::optional<Value> value,
                             runtime::State<Value>& state) {
      const properties::StateStep made =
          properties::StepOfState(word, key, value, state.GetOption());
      if (made.remove) state.Remove();
      if (made.update.has_value()) state.Update(*made.update);
      return made.row;
    };
    auto spec =
        runtime::StateSpec<std::string, Value>::Function(step).InitialState(initial).PartitionBy(
            PartitionerOf(line));
    const absl::Duration timeout = line.Number(1) * context_.batch_interval();
    const WithState mapped = stream.MapWithState(
        timeout > absl::ZeroDuration() ? std::move(spec).Timeout(timeout) : std::move(spec));
    with_state_.emplace(line.name, mapped);
    return mapped;
  }

  static Stream Updated(const ProgramLine& line, const Stream& stream,
                        const std::vector<ProgramRow>& initial) {
    const std::string& word = line.arguments[0];
    // One does not need the time, so that both forms of the call are used.
    if (word != "timed") {
      const auto update = [word](const std::vector<Value>& values, std::optional<Value> state) {
        return properties::UpdatedState(word, 0, "", values, state);
      };
      return stream.UpdateStateByKey<Value>(update, PartitionerOf(line), initial);
    }
    const auto update = [word](absl::Time time, const std::string& key,
                               const std::vector<Value>& values, std::optional<Value> state) {
      return properties::UpdatedState(word, absl::ToUnixMillis(time), key, values, state);
    };
    return stream.UpdateStateByKey<Value>(update, PartitionerOf(line), initial);
  }

  // By a line's last argument, if it says some.
  static Partitioner<std::string> PartitionerOf(const ProgramLine& line) {
    const std::optional<int> partitions = line.Partitions();
    return partitions.has_value() ? Partitioner<std::string>(*partitions)
                                  : Partitioner<std::string>();
  }
  static Partitioner<ProgramRow> RowPartitioner(const ProgramLine& line) {
    const std::optional<int> partitions = line.Partitions();
    return partitions.has_value() ? Partitioner<ProgramRow>(*partitions)
                                  : Partitioner<ProgramRow>();
  }

  static std::function<Value(Value, Value)> Fold(const std::string& fold) {
    return [fold](Value a, Value b) { return properties::FoldValues(fold, a, b); };
  }
  static std::function<ProgramRow(ProgramRow, ProgramRow)> RowFold(const std::string& fold) {
    return [fold](const ProgramRow& a, const ProgramRow& b) {
      return properties::FoldRows(fold, a, b);
    };
  }
  static Stream Counted(const DStream<Value>& counts) {
    return counts.Map([](Value count) { return properties::CountRow(count); });
  }
  static Stream ValueCounts(const DStream<std::pair<ProgramRow, Value>>& counts) {
    return counts.Map([](const std::pair<ProgramRow, Value>& count) {
      return properties::CountedRow(count.first, count.second);
    });
  }
  static Stream Groups(const DStream<std::pair<std::string, std::vector<Value>>>& groups) {
    return groups.MapValues(
        [](const std::vector<Value>& values) { return properties::OfGroups(values, {}); });
  }

  StreamingContext& context_;
  const JobArguments& arguments_;
  std::map<std::string, Stream> streams_;
  std::map<std::string, WithState> with_state_;
};

void ProgramStream(StreamingContext& context, const JobArguments& arguments) {
  const auto program = properties::ParseProgram(arguments.Get(kProgramParameter));
  if (!program.ok()) {
    context.graph().AddError(program.status());
    return;
  }
  BuildProgram(context, *program, arguments);
}

properties::OutputJudge JudgeOf(const JobArguments& arguments, const runtime::StreamingGraph& graph,
                                runtime::OperatorId output) {
  const auto program = properties::ParseProgram(arguments.Get(kProgramParameter));
  WT_CHECK(program.ok(), "a job that was checked has a program that can be read");
  const std::string& prefix = graph.output(output).files()->prefix;
  const std::string name = prefix.substr(prefix.rfind('/') + 1);
  const auto naive = std::make_shared<properties::NaiveProgram>(
      *program, absl::ToInt64Milliseconds(graph.batch_interval), StreamsOfProgram(graph, *program));
  return {
      .answer = [naive,
                 name](const properties::JudgedBatch& batch) { return naive->Answer(name, batch); },
      .read = nullptr,
      .name = absl::StrCat("of \"", ToText(program->lines[program->IndexOf(name)]),
                           "\" by the definition of its calls")};
}

}  // namespace

void BuildProgram(StreamingContext& context, const StreamProgram& program,
                  const JobArguments& arguments) {
  ProgramBuilder(context, arguments).Build(program);
}

std::map<std::string, int64_t> StreamsOfProgram(const runtime::StreamingGraph& graph,
                                                const StreamProgram& program) {
  std::map<std::string, int64_t> streams;
  auto input = graph.inputs().begin();
  for (const ProgramLine& line : program.lines) {
    if (!line.IsInput()) continue;
    while (dynamic_cast<const runtime::ConstantInput*>(&graph.input(*input)) != nullptr) ++input;
    streams[line.name] = input->value();
    ++input;
  }
  return streams;
}

void AddProgramJob(ScenarioJobs& jobs) {
  runtime::Job job;
  job.name = kProgramJob;
  job.meaning =
      "dstream: whatever a text says, in rows of a text and a number; lines are "
      "\"<key>,<number>\", any other is a key with 1";
  job.parameters = WithFileParameters(
      {{kProgramParameter, "statements \"NAME = CALL STREAM... ARGUMENT...\" and \"save NAME\"",
        "a = text input; b = reduceByKey a sum; save b"},
       {"host", "of servers", "localhost"},
       OutputParameter()});
  job.dstream = ProgramStream;
  job.deterministic = true;
  jobs.Add(std::move(job), StreamOracle{.judge = JudgeOf});
}

}  // namespace wavetank::scenarios
