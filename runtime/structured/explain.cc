#include "runtime/structured/explain.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "platform/check.h"
#include "platform/status_macros.h"
#include "runtime/plan/physical.h"
#include "runtime/plan/physical.pb.h"
#include "runtime/plan/plan_codec.h"
#include "runtime/structured/compile_query.h"

namespace wavetank::runtime {
namespace {

void AddForm(absl::string_view title, const std::string& lines, std::string& text) {
  absl::StrAppend(&text, title, "\n");
  for (const absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
    absl::StrAppend(&text, "  ", line, "\n");
  }
}

}  // namespace

absl::StatusOr<std::string> ExplainQuery(const StreamingQueryDefinition& definition,
                                         int shuffle_partitions) {
  const CompileOptions options{.shuffle_partitions = shuffle_partitions};
  WT_ASSIGN_OR_RETURN(const CompiledQuery analysed, AnalyseQuery(definition, options));
  std::string text =
      absl::StrCat("query ", definition.name, ", output mode ", definition.output_mode, "\n");
  AddForm("as it was written", ToText(definition.plan), text);
  AddForm("analysed", ToText(analysed.analysed, AttributeText::kNamesAndIds), text);
  AddForm("optimised", ToText(analysed.optimised, AttributeText::kNamesAndIds), text);
  const absl::StatusOr<CompiledQuery> compiled = CompileQuery(definition, options);
  if (absl::IsUnimplemented(compiled.status())) {
    AddForm("not run yet", std::string(compiled.status().message()), text);
    return text;
  }
  WT_RETURN_IF_ERROR(compiled.status());
  plan::PhysicalPlan physical;
  WT_CHECK(ParseDeep(compiled->physical, physical));
  AddForm("as workers run it", PhysicalText(physical), text);
  return text;
}

}  // namespace wavetank::runtime
