#include "scenarios/job_input.h"

#include <optional>
#include <utility>

namespace wavetank::scenarios {

using runtime::JobArguments;
using runtime::JobParameter;
using runtime::ParameterKind;

JobParameter InputParameter() {
  return {"input", "directory into which text files are renamed", std::nullopt,
          ParameterKind::kPath};
}

JobParameter OutputParameter() {
  return {"output", "directory of the results", std::nullopt, ParameterKind::kPath};
}

std::vector<JobParameter> WithDirectoryParameters(std::vector<JobParameter> parameters) {
  parameters.push_back({"ignore", "names of files that are not input, as \"*.bak,core\"", ""});
  parameters.push_back(
      {"lost", "what an input file does that is gone or changed: stop or skip", "stop"});
  parameters.push_back({"forget-after", "how long a file is gone before another of its name is new",
                        "10m", ParameterKind::kDuration});
  return parameters;
}

std::vector<JobParameter> WithFileParameters(std::vector<JobParameter> parameters) {
  parameters = WithDirectoryParameters(std::move(parameters));
  parameters.push_back(
      {"max-line-bytes", "how long a line may be, 134217728 if it is not said", ""});
  return parameters;
}

std::vector<JobParameter> WithSourceParameters(std::vector<JobParameter> parameters) {
  parameters = WithFileParameters(std::move(parameters));
  parameters.push_back({.name = "split-bytes",
                        .meaning = "how many bytes a task reads at least, of one file or several; "
                                   "1048576 if it is not said",
                        .default_value = "",
                        .tried = {"", "16", "64"},
                        .in_scenarios = "64"});
  return parameters;
}

absl::StatusOr<runtime::InputFileOptions> FilesOptions(const JobArguments& arguments) {
  return runtime::ParseInputFileOptions({.ignored_names = arguments.Get("ignore"),
                                         .forget_after = arguments.Get("forget-after"),
                                         .lost = arguments.Get("lost")});
}

runtime::DataFrame TextInput(runtime::Session& session, const JobArguments& arguments,
                             const std::string& parameter) {
  auto reader = session.ReadStream();
  reader.Format("text")
      .Option("ignoreNames", arguments.Get("ignore"))
      .Option("lostFiles", arguments.Get("lost"))
      .Option("forgetAfter", arguments.Get("forget-after"));
  const std::string max_line_bytes = arguments.Get("max-line-bytes");
  if (!max_line_bytes.empty()) reader.Option("maxLineBytes", max_line_bytes);
  const std::string split_bytes = arguments.Get("split-bytes");
  if (!split_bytes.empty()) reader.Option("splitBytes", split_bytes);
  return reader.Load(arguments.Get(parameter));
}

runtime::DStream<std::string> TextInput(runtime::StreamingContext& context,
                                        const JobArguments& arguments,
                                        const std::string& parameter) {
  return TextFiles(context, arguments, arguments.Get(parameter));
}

runtime::DStream<std::string> TextFiles(runtime::StreamingContext& context,
                                        const JobArguments& arguments,
                                        const std::string& directory) {
  runtime::TextFileOptions options;
  auto files = runtime::ParseInputFileOptions({.ignored_names = arguments.Get("ignore"),
                                               .forget_after = arguments.Get("forget-after"),
                                               .lost = arguments.Get("lost"),
                                               .max_line_bytes = arguments.Get("max-line-bytes")});
  if (files.ok()) {
    options.files = *std::move(files);
  } else {
    context.graph().AddError(files.status());
  }
  return context.TextFileStream(directory, std::move(options));
}

}  // namespace wavetank::scenarios
