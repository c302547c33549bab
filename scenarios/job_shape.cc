#include "scenarios/job_shape.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/paths.h"
#include "platform/check.h"
#include "runtime/connectors/file_source.h"
#include "runtime/connectors/job_directories.h"
#include "runtime/connectors/log/log_options.h"
#include "runtime/dstream/file_inputs.h"
#include "runtime/dstream/input_operators.h"
#include "runtime/dstream/log_input.h"
#include "runtime/structured/query_places.h"
#include "scenarios/replay_query.h"

namespace wavetank::scenarios {
namespace {

using runtime::JobDirectory;
using runtime::OperatorId;

// The first of its kind; "" if there is none.
std::string DirectoryFor(JobDirectory::Use use, const std::vector<JobDirectory>& directories) {
  for (const JobDirectory& directory : directories) {
    if (directory.use == use) return directory.path;
  }
  return "";
}

std::string CheckpointOf(const runtime::JobInstance& instance) {
  return checkpoint::NormalPath(instance.arguments.Get("checkpoint"));
}

void AddOnce(const std::string& text, std::vector<std::string>& texts) {
  if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
}

void AddInput(const std::string& directory, const runtime::InputFileOptions& files,
              JobPaths& paths) {
  paths.inputs.push_back(
      {.directory = directory, .forget_after_ms = absl::ToInt64Milliseconds(files.forget_after)});
}

void AddTopic(const std::string& address, const std::string& topic, JobShape& shape) {
  const bool known = std::ranges::any_of(shape.topics, [&](const auto& each) {
    return each.address == address && each.topic == topic;
  });
  if (!known) shape.topics.push_back({address, topic});
  AddOnce(address, shape.logs);
}

// What the query has to do with logs.
void AddLogs(const runtime::StreamingQueryDefinition& definition,
             const runtime::StreamingQueryPlan& plan, QueryShape& query, JobShape& shape) {
  std::optional<runtime::LogSourceOptions> reads;
  for (const auto& source : plan.sources) {
    if (source.description.format != "log") continue;
    const auto options = runtime::LogSourceOptionsOf(source.description.options);
    WT_CHECK(options.ok(), "a job that was checked has options that are");
    AddTopic(options->address, options->topic, shape);
    reads = *options;
  }
  if (definition.sink_format != "log") return;
  const auto writes = runtime::LogSinkOptionsOf(definition.options);
  WT_CHECK(writes.ok(), "a job that was checked has options that are");
  AddOnce(writes->address, shape.logs);
  if (!reads || plan.sources.size() != 1 || reads->address != writes->address) return;
  query.log = {
      .address = reads->address,
      .from = reads->topic,
      .to = writes->topic,
      .read_committed = reads->read_committed,
      .fails_on_data_loss = reads->fail_on_data_loss,
      .exactly_once = writes->delivery == runtime::LogSinkOptions::Delivery::kTransactional};
}

// Checks read directories of files, with code of their own. "": it has no other source.
std::string WhyUnjudged(const runtime::StreamingQueryPlan& plan) {
  for (const runtime::StreamingQueryPlan::Source& source : plan.sources) {
    const auto files = PlainFilesOf(source);
    if (!files.ok()) return std::string(files.status().message());
  }
  return "";
}

bool ReadsFiles(const runtime::SourceDescription& source) {
  const auto formats = {"text", "csv", "json"};
  return std::ranges::find(formats, source.format) != formats.end();
}

// Whether checks read what a sink of the format leaves, with code of their own.
bool LeavesFiles(const std::string& sink_format) {
  const auto read = {"file", "csv", "json", "text"};
  return std::ranges::find(read, sink_format) != read.end();
}

// "": its columns are of types that checks know in files.
std::string WhyUnjudged(const runtime::Schema& shown) {
  for (const runtime::Field& field : shown.fields()) {
    if (field.type.is_storable()) continue;
    return absl::StrCat("no check reads a column of type ", runtime::DataTypeName(field.type));
  }
  return "";
}

void AddQueries(const runtime::JobInstance& instance, JobShape& shape) {
  runtime::Session session;
  instance.job->structured(session, instance.arguments);
  const bool several = session.queries().size() > 1;
  for (const runtime::StreamingQueryDefinition& definition : session.queries()) {
    const auto compiled =
        runtime::CompileAndRecord(definition, shape.partitions, instance.compiled.get());
    WT_CHECK(compiled.ok(), "a job that was checked compiles");
    const std::shared_ptr<const runtime::StreamingQueryPlan>& plan = (*compiled)->query.plan;
    JobPart part{.name = definition.name,
                 .paths = {},
                 .of = QueryShape{definition, {}, plan, instance.compiled},
                 .unjudged = WhyUnjudged(*plan)};
    if (part.unjudged.empty()) part.unjudged = WhyUnjudged(*plan->output_schema);
    auto& query = std::get<QueryShape>(part.of);
    AddLogs(definition, *plan, query, shape);
    const std::vector<JobDirectory> directories = runtime::DirectoriesOf(definition, *plan);
    part.paths.output = DirectoryFor(JobDirectory::Use::kOutput, directories);
    part.paths.checkpoint = DirectoryFor(JobDirectory::Use::kCheckpoint, directories);
    if (part.paths.checkpoint.empty()) {
      part.paths.checkpoint = CheckpointOf(instance);
      if (several) absl::StrAppend(&part.paths.checkpoint, "/", definition.name);
    }
    for (const auto& source : plan->sources) {
      if (!ReadsFiles(source.description)) {
        part.paths.inputs.push_back({.directory = source.description.Name(), .by_time = true});
        continue;
      }
      const auto options = runtime::FileSourceOptionsOf(source.description);
      WT_CHECK(options.ok(), "a job that was checked has options that are");
      AddInput(source.description.path, options->files, part.paths);
      AddOnce(source.description.path, shape.directories);
    }
    if (LeavesFiles(definition.sink_format) || query.log) {
      shape.parts.push_back(std::move(part));
    } else {
      shape.unjudged.push_back(absl::StrCat(definition.name, ": no check reads a sink of format ",
                                            definition.sink_format));
    }
  }
}

void AddStreams(const runtime::JobInstance& instance, JobShape& shape) {
  absl::Duration interval;
  WT_CHECK(absl::ParseDuration(instance.arguments.Get("interval"), &interval),
           "a bound duration is one");
  auto context = std::make_shared<runtime::StreamingContext>(interval);
  instance.job->dstream(*context, instance.arguments);
  const runtime::StreamingGraph& graph = context->graph();
  for (const OperatorId id : graph.inputs()) {
    if (const auto* files = dynamic_cast<const runtime::FileInput*>(&graph.input(id))) {
      AddOnce(checkpoint::NormalPath(files->directory), shape.directories);
    } else if (const auto* received =
                   dynamic_cast<const runtime::ReceiverInput*>(&graph.input(id))) {
      if (received->source().empty()) continue;
      shape.servers.push_back(received->source());
      if (received->is_reliable()) shape.kept.insert(received->source());
    } else if (const auto* log = dynamic_cast<const runtime::LogInput*>(&graph.input(id))) {
      AddTopic(log->options.address, log->options.topic, shape);
    }
  }
  for (const OperatorId output : graph.outputs()) {
    const runtime::TextFiles* const files = graph.output(output).files();
    const std::vector<OperatorId> inputs = graph.InputsOf(output);
    const bool of_program = std::ranges::any_of(inputs, [&graph](OperatorId id) {
      const auto* received = dynamic_cast<const runtime::ReceiverInput*>(&graph.input(id));
      return dynamic_cast<const runtime::QueueInput*>(&graph.input(id)) != nullptr ||
             (received != nullptr && received->source().empty());
    });
    if (files == nullptr || of_program) {
      shape.unjudged.push_back(absl::StrCat(
          graph.at(output).Title(), ": it leaves nothing durable, or what it reads nobody knows"));
      continue;
    }
    JobPart part{.name = files->prefix, .paths = {}, .of = {}};
    StreamShape stream{context, output, {}, instance.job->deterministic};
    part.paths.output = checkpoint::ParentPath(files->prefix);
    part.paths.checkpoint = CheckpointOf(instance);
    for (const OperatorId id : inputs) {
      StreamShape::Input input{.id = id, .server = {}, .files = {}};
      if (const auto* of_files = dynamic_cast<const runtime::FileInput*>(&graph.input(id))) {
        AddInput(checkpoint::NormalPath(of_files->directory), of_files->options.files, part.paths);
        input.files = part.paths.inputs.back();
      } else if (const auto* received =
                     dynamic_cast<const runtime::ReceiverInput*>(&graph.input(id))) {
        input.server = received->source();
        input.kept = received->is_reliable();
      } else if (const auto* log = dynamic_cast<const runtime::LogInput*>(&graph.input(id))) {
        input.log = log->options;
      } else {
        continue;  // rows of the plan itself
      }
      stream.inputs.push_back(std::move(input));
    }
    part.of = std::move(stream);
    shape.parts.push_back(std::move(part));
  }
}

}  // namespace

void AddLaterStart(const runtime::JobInstance& instance, JobShape& shape) {
  const JobShape later = ShapeOf(instance);
  for (const JobPart& part : later.parts) {
    const auto* changed = std::get_if<QueryShape>(&part.of);
    const auto same = std::ranges::find(shape.parts, part.name, &JobPart::name);
    if (changed == nullptr || same == shape.parts.end()) continue;
    auto* query = std::get_if<QueryShape>(&same->of);
    if (query != nullptr) query->later.push_back(changed->definition);
  }
}

JobShape ShapeOf(const runtime::JobInstance& instance) {
  JobShape shape;
  shape.partitions =
      runtime::PartitionsOf(instance.arguments).value_or(runtime::kDefaultShufflePartitions);
  if (instance.job->structured != nullptr) {
    AddQueries(instance, shape);
  } else {
    AddStreams(instance, shape);
  }
  return shape;
}

}  // namespace wavetank::scenarios
