#include "scenarios/job_shape.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/paths.h"
#include "platform/check.h"
#include "runtime/connectors/job_directories.h"
#include "runtime/dstream/input_operators.h"
#include "runtime/structured/batch_tasks.h"
#include "runtime/structured/query_check.h"

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

void AddFileOptions(const runtime::InputFileOptions& files, JobPaths& paths) {
  paths.forget_after_ms = absl::ToInt64Milliseconds(files.forget_after);
}

void AddQuery(const runtime::JobInstance& instance, JobShape& shape) {
  runtime::Session session;
  instance.job->structured(session, instance.arguments);
  if (session.queries().size() != 1) return;
  QueryShape query{.definition = session.queries().front(), .plan = nullptr};
  auto plan = runtime::CompileQuery(query.definition, {.shuffle_partitions = shape.partitions});
  WT_CHECK(plan.ok(), "a job that was checked compiles");
  query.plan = *std::move(plan);
  const std::vector<JobDirectory> directories =
      runtime::DirectoriesOf(query.definition, *query.plan);
  shape.paths.input = DirectoryFor(JobDirectory::Use::kInput, directories);
  shape.paths.output = DirectoryFor(JobDirectory::Use::kOutput, directories);
  if (const auto options = runtime::SourceOptions(query.plan->source); options.ok()) {
    AddFileOptions(options->files, shape.paths);
  }
  shape.of = std::move(query);
}

void AddStream(const runtime::JobInstance& instance, JobShape& shape) {
  auto context = std::make_shared<runtime::StreamingContext>(absl::Seconds(1));
  instance.job->dstream(*context, instance.arguments);
  const runtime::StreamingGraph& graph = context->graph();
  std::vector<OperatorId> text_outputs;
  for (const OperatorId output : graph.outputs()) {
    if (graph.output(output).files() != nullptr) text_outputs.push_back(output);
  }
  for (const OperatorId id : graph.inputs()) {
    const runtime::InputOperator& input = graph.input(id);
    if (const auto* files = dynamic_cast<const runtime::TextFileInput*>(&input)) {
      shape.paths.input = checkpoint::NormalPath(files->directory);
      AddFileOptions(files->options.files, shape.paths);
    } else if (const auto* socket = dynamic_cast<const runtime::SocketTextInput*>(&input)) {
      shape.server_host = socket->host;
      shape.server_port = absl::StrCat(socket->port);
    }
  }
  if (graph.inputs().size() != 1 || text_outputs.size() != 1) return;
  shape.paths.output = checkpoint::ParentPath(graph.output(text_outputs.front()).files()->prefix);
  shape.of = StreamShape{std::move(context), text_outputs.front(), instance.job->deterministic};
}

}  // namespace

JobShape ShapeOf(const runtime::JobInstance& instance) {
  JobShape shape;
  shape.paths.checkpoint = checkpoint::NormalPath(instance.arguments.Get("checkpoint"));
  WT_CHECK(absl::SimpleAtoi(instance.arguments.Get("partitions"), &shape.partitions),
           "a bound number is one");
  if (instance.job->structured != nullptr) {
    AddQuery(instance, shape);
  } else {
    AddStream(instance, shape);
  }
  return shape;
}

}  // namespace wavetank::scenarios
