// One value out of several, as it is.
#include <utility>

#include "runtime/functions/groups.h"
#include "runtime/functions/kernels.h"

namespace wavetank::runtime {
namespace {

Column CoalesceKernel(const KernelCall& call) {
  const Operand& first = call.operands[0];
  if (!first.scalar && first.column.null_count() == 0) return first.column;
  return Gather(call.type, call.rows, [&](int64_t row) {
    for (const Operand& operand : call.operands) {
      if (!IsNullAt(operand, row)) return CellAt(operand, row);
    }
    return Cell();
  });
}

Column IfKernel(const KernelCall& call) {
  const Operand& condition = call.operands[0];
  return Gather(call.type, call.rows, [&](int64_t row) {
    const Cell chosen = CellAt(condition, row);
    if (!chosen.IsNull() && chosen.column->BoolAt(chosen.row)) return CellAt(call.operands[1], row);
    return call.operands.size() > 2 ? CellAt(call.operands[2], row) : Cell();
  });
}

Column GetKernel(const KernelCall& call) {
  return Gather(call.type, call.rows, [&](int64_t row) {
    const Cell array = CellAt(call.operands[0], row);
    if (array.IsNull() || IsNullAt(call.operands[1], row)) return Cell();
    const int64_t index = Int64At(call.operands[1], row);
    const int64_t begin = array.column->offsets()[array.row];
    const int64_t size = array.column->offsets()[array.row + 1] - begin;
    return index >= 0 && index < size ? Cell{&array.column->elements(), begin + index} : Cell();
  });
}

}  // namespace

void AddChoiceFunctions(std::vector<Function>& functions) {
  functions.push_back({.name = "coalesce",
                       .parameters = {{"value", Accepts::kAnything, 'T'}},
                       .repeats = 1,
                       .result = GivesTypeOf(0),
                       .nulls = Nulls::kIfAllArguments,
                       .kernel = CoalesceKernel,
                       .help = "the first value that is not null",
                       .examples = {{.arguments = {ExampleTerm::Null(DataType::kString), "b", "c"},
                                     .gives = "b"}}});
  functions.push_back({.name = "if",
                       .parameters = {{"condition", Accepts::kBool},
                                      {"then", Accepts::kAnything, 'T'},
                                      {"otherwise", Accepts::kAnything, 'T'}},
                       .optional = 1,
                       .result = GivesTypeOf(1),
                       .nulls = Nulls::kAnyTime,
                       .kernel = IfKernel,
                       .help = "`then` where the condition is true, `otherwise` where it is false "
                               "or null; without it null. Both are computed for every row",
                       .examples = {{.arguments = {{"<", {1, 2}}, "a", "b"}, .gives = "a"},
                                    {.arguments = {false, "a"}, .gives = "null"}}});
  functions.push_back(
      {.name = "get",
       .parameters = {{"array", Accepts::kArray}, {"index", Accepts::kInt64}},
       .result = {.of = [](const CallArguments& arguments) { return arguments.types[0].element(); },
                  .text = "its elements'"},
       .nulls = Nulls::kOfArgumentsToo,
       .kernel = GetKernel,
       .help = "the element with this index, from 0; null where there is none",
       .examples = {{.arguments = {{"split", {"a,b,c", ","}}, 1}, .gives = "b"},
                    {.arguments = {{"split", {"a,b,c", ","}}, 3}, .gives = "null"}}});
}

}  // namespace wavetank::runtime
