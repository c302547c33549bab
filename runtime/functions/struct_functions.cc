// Several values as one, and one of them again.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/nearest_name.h"
#include "runtime/functions/groups.h"
#include "runtime/functions/kernels.h"

namespace wavetank::runtime {
namespace {

// A struct may hold structs, each twice: what is larger no plan can be written with.
constexpr int64_t kMostTypes = 1'000;
constexpr int kMostDepth = 50;

std::string RefuseNamedStruct(const CallArguments& arguments) {
  std::set<std::string> names;
  int64_t types = 1;
  for (size_t i = 0; i < arguments.literals.size(); i += 2) {
    const auto* const name = std::get_if<std::string>(&arguments.literals[i]);
    if (name == nullptr) return "a field's name is null";
    if (!names.insert(*name).second) return absl::StrCat("two fields are called \"", *name, "\"");
    if (arguments.types[i + 1] == DataType::kInterval) {
      return absl::StrCat("\"", *name, "\" is an interval, which is no value of a row");
    }
    types += arguments.types[i + 1].size();
    if (arguments.types[i + 1].depth() >= kMostDepth) {
      return absl::StrCat("it would be structs in structs, deeper than ", kMostDepth);
    }
  }
  return types <= kMostTypes ? "" : absl::StrCat("it would hold more than ", kMostTypes, " fields");
}

DataType NamedStructType(const CallArguments& arguments) {
  std::vector<std::string> names;
  std::vector<DataType> types;
  for (size_t i = 0; i < arguments.types.size(); i += 2) {
    names.push_back(std::get<std::string>(arguments.literals[i]));
    types.push_back(arguments.types[i + 1]);
  }
  return DataType::Struct(std::move(names), std::move(types));
}

Column NamedStructKernel(const KernelCall& call) {
  std::vector<Column> fields;
  for (size_t i = 1; i < call.operands.size(); i += 2) {
    const Operand& value = call.operands[i];
    fields.push_back(value.scalar ? Repeat(value.column, call.rows) : value.column);
  }
  return Column(call.type, call.rows, std::move(fields), Buffer());
}

int FieldOf(const CallArguments& arguments) {
  const auto* const name = std::get_if<std::string>(&arguments.literals[1]);
  return name == nullptr ? -1 : arguments.types[0].FieldOf(*name);
}

std::string RefuseGetField(const CallArguments& arguments) {
  if (FieldOf(arguments) >= 0) return "";
  const auto* const name = std::get_if<std::string>(&arguments.literals[1]);
  if (name == nullptr) return "the field's name is null";
  return absl::StrCat("there is no field \"", *name, "\"",
                      platform::Suggestion(*name, arguments.types[0].names()));
}

Kernel PrepareGetField(const CallArguments& arguments) {
  return [number = FieldOf(arguments)](const KernelCall& call) {
    const Operand& value = call.operands[0];
    const Column& field = value.column.field(number);
    if (value.column.null_count() == 0) return value.scalar ? Repeat(field, call.rows) : field;
    return Gather(call.type, call.rows, [&](int64_t row) {
      return IsNullAt(value, row) ? Cell() : Cell{&field, row * value.stride()};
    });
  };
}

}  // namespace

void AddStructFunctions(std::vector<Function>& functions) {
  functions.push_back(
      {.name = "named_struct",
       .parameters = {{"name", Accepts::kString, '\0', true}, {"value"}},
       .repeats = 2,
       .result = {.of = NamedStructType, .text = "a struct"},
       .refuses = RefuseNamedStruct,
       .nulls = Nulls::kNever,
       .kernel = NamedStructKernel,
       .help = "a struct of fields with these names and values",
       .examples = {{.arguments = {"word", "Spark", "count", 2}, .gives = "{Spark, 2}"}}});
  functions.push_back(
      {.name = "get_field",
       .parameters = {{"struct", Accepts::kStruct}, {"name", Accepts::kString, '\0', true}},
       .result = {.of =
                      [](const CallArguments& arguments) {
                        return arguments.types[0]
                            .children()[static_cast<size_t>(FieldOf(arguments))];
                      },
                  .text = "the field's"},
       .refuses = RefuseGetField,
       .nulls = Nulls::kOfArgumentsToo,
       .prepare = PrepareGetField,
       .help = "the struct's field of this name; of a column, also Col(\"struct.name\")",
       .examples = {{.arguments = {{"named_struct", {"word", "Spark", "count", 2}}, "count"},
                     .gives = "2"}}});
}

}  // namespace wavetank::runtime
