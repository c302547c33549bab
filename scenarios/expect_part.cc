#include "scenarios/expect_part.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"

namespace wavetank::scenarios {
namespace {

using properties::NaiveRow;

std::string TextOfRange(std::optional<int64_t> min, std::optional<int64_t> max) {
  std::vector<std::string> ends;
  if (min.has_value()) ends.push_back(absl::StrCat("at least ", *min));
  if (max.has_value()) ends.push_back(absl::StrCat("at most ", *max));
  return absl::StrJoin(ends, " ");
}

class PartCheck {
 public:
  PartCheck(const ParsedScenario& parsed, const JobShape& shape, const ExpectPart& expect)
      : parsed_(parsed), shape_(shape), expect_(expect) {}

  absl::Status Run() const {
    std::vector<std::string> names;
    const JobPart* part = nullptr;
    for (const JobPart& each : shape_.parts) {
      names.push_back(each.name);
      if (each.name == expect_.name()) part = &each;
    }
    if (part == nullptr) {
      return parsed_.ErrorAt(expect_, "name", 0,
                             absl::StrCat("the job has no query or output \"", expect_.name(), "\"",
                                          platform::Suggestion(expect_.name(), names)));
    }
    const bool says_nothing = expect_.row_size() == 0 && !expect_.has_rows() &&
                              !expect_.has_batches() && !expect_.has_late_dropped() &&
                              expect_.unique_size() == 0 && expect_.total_size() == 0 &&
                              expect_.error().empty();
    if (says_nothing) {
      return parsed_.ErrorAt(expect_, "name", 0,
                             absl::StrCat("nothing is expected of ", expect_.name()));
    }
    WT_RETURN_IF_ERROR(OfColumns(*part));
    return OfError(*part);
  }

 private:
  absl::Status OfError(const JobPart& part) const {
    if (expect_.error().empty()) return absl::OkStatus();
    if (std::holds_alternative<StreamShape>(part.of)) {
      return parsed_.ErrorAt(expect_, "error", 0,
                             "an output of a stream does not stop alone: say `error` of `expect`");
    }
    if (shape_.parts.size() > 1) return absl::OkStatus();
    return parsed_.ErrorAt(expect_, "error", 0,
                           "the job has no other query that goes on: say `error` of `expect`");
  }

  absl::Status OfColumns(const JobPart& part) const {
    const auto* query = std::get_if<QueryShape>(&part.of);
    for (const Unique& unique : expect_.unique()) {
      if (unique.column_size() == 0) {
        return parsed_.ErrorAt(unique, "column", 0, "unique needs a column");
      }
      for (int i = 0; i < unique.column_size(); ++i) {
        WT_RETURN_IF_ERROR(OfColumn(query, unique, unique.column(i), i, std::nullopt));
      }
    }
    for (const Total& total : expect_.total()) {
      WT_RETURN_IF_ERROR(OfColumn(query, total, total.column(), 0, runtime::DataType::kInt64));
      if (!total.has_min() && !total.has_max()) {
        return parsed_.ErrorAt(total, "column", 0, "a total needs a min or max");
      }
    }
    return absl::OkStatus();
  }

  absl::Status OfColumn(const QueryShape* query, const google::protobuf::Message& message,
                        const std::string& name, int index,
                        std::optional<runtime::DataType> type) const {
    if (query == nullptr) {
      return parsed_.ErrorAt(message, "column", index, "the rows of a stream have no columns");
    }
    std::vector<std::string> names;
    for (const runtime::Field& field : query->plan->output_schema->fields()) {
      names.push_back(field.name);
      if (field.name != name) continue;
      if (!type.has_value() || field.type == *type) return absl::OkStatus();
      return parsed_.ErrorAt(message, "column", index,
                             absl::StrCat("column \"", name, "\" is no int64"));
    }
    return parsed_.ErrorAt(message, "column", index,
                           absl::StrCat("query ", expect_.name(), " has no column \"", name, "\"",
                                        platform::Suggestion(name, names)));
  }

  const ParsedScenario& parsed_;
  const JobShape& shape_;
  const ExpectPart& expect_;
};

// What is wrong with one part's answer, of a query by columns.
class PartJudge {
 public:
  PartJudge(const ExpectPart& expect, const JobShape& shape, const RunChecker& checker)
      : expect_(expect), checker_(checker) {
    for (const JobPart& part : shape.parts) {
      const auto* query = std::get_if<QueryShape>(&part.of);
      if (part.name == expect.name() && query != nullptr) schema_ = query->plan->output_schema;
    }
  }

  std::vector<std::string> Run() {
    const std::vector<std::string> rows = checker_.Rows();
    if (expect_.row_size() > 0) Add(DifferenceOfRows(expect_.row(), rows));
    OfRange("rows are its answer", std::ssize(rows), expect_.rows());
    OfRange("batches have ended", checker_.BatchesEnded(), expect_.batches());
    OfRange("records were dropped as late", checker_.LateDropped(), expect_.late_dropped());
    for (const Unique& unique : expect_.unique()) OfUnique(unique);
    for (const Total& total : expect_.total()) OfTotal(total);
    return std::move(why_);
  }

 private:
  void Add(std::string why) {
    if (!why.empty()) why_.push_back(std::move(why));
  }

  void OfRange(const char* what, int64_t value, const Range& range) {
    if (!IsWithin(value, range)) {
      Add(absl::StrCat(value, " ", what, ", expected ", TextOf(range)));
    }
  }

  const std::string& Field(const NaiveRow& row, const std::string& column) const {
    return row.at(static_cast<size_t>(schema_->IndexOf(column)));
  }

  void OfUnique(const Unique& unique) {
    std::set<NaiveRow> seen;
    for (const NaiveRow& row : checker_.Table()) {
      NaiveRow key;
      for (const std::string& column : unique.column()) key.push_back(Field(row, column));
      if (seen.insert(key).second) continue;
      return Add(absl::StrCat("two rows of its answer have the ",
                              absl::StrJoin(unique.column(), ", "), " ", absl::StrJoin(key, ", ")));
    }
  }

  void OfTotal(const Total& total) {
    int64_t sum = 0;
    for (const NaiveRow& row : checker_.Table()) {
      int64_t value = 0;
      if (absl::SimpleAtoi(Field(row, total.column()), &value)) sum += value;  // else it is null
    }
    if ((total.has_min() && sum < total.min()) || (total.has_max() && sum > total.max())) {
      Add(absl::StrCat("the column ", total.column(), " adds up to ", sum, ", expected ",
                       TextOfRange(total.has_min() ? std::optional(total.min()) : std::nullopt,
                                   total.has_max() ? std::optional(total.max()) : std::nullopt)));
    }
  }

  const ExpectPart& expect_;
  const RunChecker& checker_;
  runtime::SchemaPtr schema_;
  std::vector<std::string> why_;
};

}  // namespace

absl::Status CheckExpectedParts(const ParsedScenario& parsed, const JobShape& shape) {
  std::set<std::string> seen;
  for (const ExpectPart& part : parsed.scenario->expect().part()) {
    WT_RETURN_IF_ERROR(PartCheck(parsed, shape, part).Run());
    if (seen.insert(part.name()).second) continue;
    return parsed.ErrorAt(part, "name", 0, absl::StrCat(part.name(), " is given twice"));
  }
  return absl::OkStatus();
}

std::vector<std::string> JudgePart(const ExpectPart& expect, const JobShape& shape,
                                   const RunChecker& checker) {
  return PartJudge(expect, shape, checker.Part(expect.name())).Run();
}

bool HasStopped(const ExpectPart& part, const std::string& error) {
  return !part.error().empty() && absl::StartsWith(error, absl::StrCat("query ", part.name())) &&
         absl::StrContains(error, part.error());
}

bool IsWithin(int64_t value, const Range& range) {
  return !(range.has_min() && value < range.min()) && !(range.has_max() && value > range.max());
}

std::string TextOf(const Range& range) {
  return TextOfRange(range.has_min() ? std::optional(range.min()) : std::nullopt,
                     range.has_max() ? std::optional(range.max()) : std::nullopt);
}

std::string DifferenceOfRows(const google::protobuf::RepeatedPtrField<std::string>& expected,
                             std::vector<std::string> actual) {
  std::vector<std::string> rows(expected.begin(), expected.end());
  std::sort(rows.begin(), rows.end());
  // A checker's order is one of fields: another than that of their text where one holds characters
  // below the comma.
  std::sort(actual.begin(), actual.end());
  if (actual == rows) return "";
  return absl::StrCat("the rows are [", absl::StrJoin(actual, " "), "], expected [",
                      absl::StrJoin(rows, " "), "]");
}

}  // namespace wavetank::scenarios
