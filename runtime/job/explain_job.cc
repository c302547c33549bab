#include "runtime/job/explain_job.h"

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/structured/compile_query.h"
#include "runtime/structured/explain.h"
#include "runtime/structured/query_check.h"

namespace wavetank::runtime {

absl::StatusOr<std::string> ExplainJob(const JobInstance& instance) {
  if (instance.job->structured == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("job ", instance.job->name,
                     " is a DStream program: its operators are C++, which no plan shows"));
  }
  Session session;
  instance.job->structured(session, instance.arguments);
  WT_RETURN_IF_ERROR(session.error());
  const int partitions = PartitionsOf(instance.arguments).value_or(kDefaultShufflePartitions);
  WT_RETURN_IF_ERROR(CheckNames(session.queries()));
  std::string text;
  for (const StreamingQueryDefinition& query : session.queries()) {
    WT_RETURN_IF_ERROR(CheckDefinition(query));
    WT_ASSIGN_OR_RETURN(const std::string explained, ExplainQuery(query, partitions));
    absl::StrAppend(&text, text.empty() ? "" : "\n", explained);
  }
  return text;
}

}  // namespace wavetank::runtime
