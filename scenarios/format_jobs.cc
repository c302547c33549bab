#include "scenarios/format_jobs.h"

#include <string>
#include <utility>

#include "absl/strings/str_split.h"

#include "runtime/structured/data_frame.h"
#include "scenarios/job_input.h"

namespace wavetank::scenarios {
namespace {

using runtime::Cast;
using runtime::Col;
using runtime::DataFrame;
using runtime::DataType;
using runtime::Job;
using runtime::JobArguments;
using runtime::Session;

// "header=true;sep=|" gives each option to a reader or a writer.
template <typename To>
void Give(const std::string& options, To& to) {
  for (absl::string_view option : absl::StrSplit(options, ';', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(option, absl::MaxSplits('=', 1));
    to.Option(parts.first, parts.second);
  }
}

void ConvertedRows(Session& session, const JobArguments& arguments) {
  const std::string& from = arguments.Get("from");
  auto reader = session.ReadStream();
  reader.Format(from);
  if (!arguments.Get("schema").empty()) reader.Schema(arguments.Get("schema"));
  Give(arguments.Get("read"), reader);
  const bool has_path = from != "rate" && from != "socket";
  DataFrame rows = reader.Load(has_path ? arguments.Get("input") : "");
  const std::string& column = arguments.Get("column");
  if (!column.empty()) rows = rows.Select({Cast(Col(column), DataType::kString).As(column)});
  if (!arguments.Get("by").empty()) rows = rows.GroupBy({Col(arguments.Get("by"))}).Count();
  auto writer = rows.WriteStream();
  Give(arguments.Get("write"), writer);
  writer.OutputMode(arguments.Get("mode"))
      .Format(arguments.Get("to"))
      .Option("path", arguments.Get("output"))
      .Start();
}

}  // namespace

void AddFormatJobs(ScenarioJobs& jobs) {
  Job job;
  job.name = "converted_rows";
  job.meaning =
      "structured: rows as they are, or how many there are of each, from one format to another";
  job.parameters = {InputParameter(),
                    OutputParameter(),
                    {"from", "format of the input", "text"},
                    {"schema", "its columns, where its files do not name them", ""},
                    {"read", "its options, as header=true;sep=|", ""},
                    {"column", "the one column that is kept, as text; all, if it is not said", ""},
                    {"by", "of which column it is counted how often each value came", ""},
                    {"mode", "output mode", "append"},
                    {"to", "format of the output", "json"},
                    {"write", "its options, likewise", ""}};
  job.structured = ConvertedRows;
  jobs.Add(std::move(job));
}

}  // namespace wavetank::scenarios
