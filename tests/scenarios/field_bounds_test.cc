#include "scenarios/field_bounds.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"

#include "platform/text.h"

namespace wavetank::scenarios {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// The numbers of a message that have no default, but for one of them, each at its low end.
std::string NumbersOf(const Descriptor& message, std::string_view but) {
  std::string text;
  for (const FieldBounds& row : AllFieldBounds()) {
    if (row.message != message.name() || row.field == but || row.field == "schema_version")
      continue;
    const FieldDescriptor* field = message.FindFieldByName(std::string(row.field));
    if (!field->has_presence()) absl::StrAppend(&text, field->name(), ": ", row.low, " ");
  }
  return text;
}

// "input { generator { " for Generator: the way to each message that a scenario may hold.
std::map<const Descriptor*, std::string> Ways() {
  std::map<const Descriptor*, std::string> ways{{Scenario::descriptor(), ""}};
  std::vector<const Descriptor*> open{Scenario::descriptor()};
  while (!open.empty()) {
    const Descriptor* message = open.back();
    open.pop_back();
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor* field = message->field(i);
      if (field->message_type() == nullptr) continue;
      const std::string way =
          absl::StrCat(ways[message], NumbersOf(*message, ""), field->name(), " { ");
      if (ways.emplace(field->message_type(), way).second) open.push_back(field->message_type());
    }
  }
  return ways;
}

bool IsNumber(const FieldDescriptor& field) {
  const std::set<FieldDescriptor::CppType> others = {
      FieldDescriptor::CPPTYPE_STRING, FieldDescriptor::CPPTYPE_BOOL, FieldDescriptor::CPPTYPE_ENUM,
      FieldDescriptor::CPPTYPE_MESSAGE};
  return !others.contains(field.cpp_type());
}

std::string Name(std::string_view message, std::string_view field) {
  return absl::StrCat(platform::ToAbsl(message), ".", platform::ToAbsl(field));
}

TEST(FieldBounds, EachNumberOfTheSchemaHasOneRowAndEachRowANumber) {
  std::multiset<std::string> numbers;
  for (const auto& [message, way] : Ways()) {
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor& field = *message->field(i);
      if (IsNumber(field)) numbers.insert(Name(message->name(), field.name()));
    }
  }
  std::multiset<std::string> rows;
  for (const FieldBounds& row : AllFieldBounds()) {
    rows.insert(Name(row.message, row.field));
    EXPECT_LE(row.low, row.high) << Name(row.message, row.field);
  }
  EXPECT_EQ(rows, numbers) << "a new number needs a row in scenarios/field_bounds.cc";
}

// The error for a scenario in which the row's field is `value`, and the others are as they must be.
std::string ErrorOf(const FieldBounds& row, const std::string& value) {
  std::string text = "schema_version: 1\n";
  for (const auto& [message, way] : Ways()) {
    if (message->name() != row.message) continue;
    absl::StrAppend(&text, way, NumbersOf(*message, row.field));
    absl::StrAppend(&text, platform::ToAbsl(row.field), ": ", value);
    for (const char c : way) {
      if (c == '{') text += " }";
    }
  }
  const auto parsed = ParseScenario("f", text);
  if (!parsed.ok()) return std::string(parsed.status().message());
  return std::string(CheckBounds(*parsed, *parsed->scenario).message());
}

TEST(FieldBounds, ANumberIsTakenUpToItsBoundsAndRefusedBeyondByItsPlace) {
  for (const FieldBounds& row : AllFieldBounds()) {
    if (row.field == "schema_version") continue;  // the parser's
    const std::string name = Name(row.message, row.field);
    EXPECT_EQ(ErrorOf(row, absl::StrCat(row.low)), "") << name;
    EXPECT_EQ(ErrorOf(row, absl::StrCat(row.high)), "") << name;
    const std::string refused = absl::StrCat(platform::ToAbsl(row.field), " is ");
    if (row.low > INT32_MIN && row.message != "Scenario") {
      const std::string error = ErrorOf(row, absl::StrCat(row.low - 1));
      EXPECT_EQ(error.substr(0, 4), "f:2:") << name << ": " << error;
      EXPECT_NE(error.find(absl::StrCat(refused, row.low - 1)), std::string::npos) << error;
    }
    if (row.high < INT32_MAX) {
      const std::string error = ErrorOf(row, absl::StrCat(row.high + 1));
      EXPECT_EQ(error.substr(0, 4), "f:2:") << name << ": " << error;
      EXPECT_NE(error.find(absl::StrCat(refused, row.high + 1)), std::string::npos) << error;
    }
  }
}

TEST(FieldBounds, AProbabilityThatIsNoNumberIsRefused) {
  EXPECT_NE(ErrorOf({"AtRandom", "probability", 0, 1}, "nan"), "");
}

}  // namespace
}  // namespace wavetank::scenarios
