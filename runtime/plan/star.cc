#include "runtime/plan/star.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "platform/nearest_name.h"

namespace wavetank::runtime {
namespace {

bool IsStar(const ExpressionNode& node) {
  return node.kind == ExpressionKind::kName && (node.name == "*" || node.name.ends_with(".*"));
}

}  // namespace

absl::StatusOr<std::vector<ExpressionPtr>> WithoutStars(const Resolver& resolver,
                                                        const std::vector<Attribute>& input,
                                                        const std::vector<ExpressionPtr>& written) {
  std::vector<ExpressionPtr> columns;
  for (const ExpressionPtr& column : written) {
    if (!IsStar(*column)) {
      columns.push_back(column);
      continue;
    }
    const size_t before = columns.size();
    std::vector<std::string> names;
    for (const Attribute& attribute : input) {
      const std::string all = absl::StrCat(attribute.qualifier, ".*");
      const bool its = column->name == "*" || absl::EqualsIgnoreCase(column->name, all);
      if (its) columns.push_back(Reference(attribute));
      if (!attribute.qualifier.empty() && std::ranges::find(names, all) == names.end()) {
        names.push_back(all);
      }
    }
    if (columns.size() > before) continue;
    return resolver.ErrorIn(*column, absl::StrCat("\"", column->name, "\" is of no input",
                                                  platform::Suggestion(column->name, names)));
  }
  return columns;
}

}  // namespace wavetank::runtime
