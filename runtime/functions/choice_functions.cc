// One value out of several, as it is.
#include <cmath>
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

// Or below it, for sign -1. REQUIRES: neither is null.
bool IsAbove(const Cell& a, const Cell& b, int sign) {
  const DataType& type = a.column->type();
  if (sign < 0) return IsAbove(b, a, 1);
  if (type.is_bytes()) return a.column->StringAt(a.row) > b.column->StringAt(b.row);
  if (type == DataType::kBool) return a.column->BoolAt(a.row) && !b.column->BoolAt(b.row);
  return WithValueType(type, [&]<typename T>(T) {
    return TotalOrder::Less(b.column->values<T>()[b.row], a.column->values<T>()[a.row]);
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

// The first that no other is above (below, for sign -1); null only if all are.
Kernel GreatestKernel(int sign) {
  return [sign](const KernelCall& call) {
    return Gather(call.type, call.rows, [&](int64_t row) {
      Cell most;
      for (const Operand& operand : call.operands) {
        const Cell cell = CellAt(operand, row);
        if (cell.IsNull()) continue;
        if (most.IsNull() || IsAbove(cell, most, sign)) most = cell;
      }
      return most;
    });
  };
}

Column NullIfKernel(const KernelCall& call) {
  return Gather(call.type, call.rows, [&](int64_t row) {
    const Cell value = CellAt(call.operands[0], row);
    const Cell other = CellAt(call.operands[1], row);
    if (value.IsNull() || other.IsNull()) return value;
    return IsAbove(value, other, 1) || IsAbove(value, other, -1) ? value : Cell();
  });
}

Column Nvl2Kernel(const KernelCall& call) {
  return Gather(call.type, call.rows, [&](int64_t row) {
    return CellAt(call.operands[IsNullAt(call.operands[0], row) ? 2 : 1], row);
  });
}

Column NanvlKernel(const KernelCall& call) {
  return Gather(call.type, call.rows, [&](int64_t row) {
    const Cell value = CellAt(call.operands[0], row);
    const bool nan = !value.IsNull() && std::isnan(value.column->doubles()[value.row]);
    return nan ? CellAt(call.operands[1], row) : value;
  });
}

Column IsNanKernel(const KernelCall& call) {
  Buffer bits = PackBits(call.rows, [&](int64_t row) {
    const Cell value = CellAt(call.operands[0], row);
    return !value.IsNull() && std::isnan(value.column->doubles()[value.row]);
  });
  return Column(call.type, call.rows, std::move(bits), Buffer());
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
  const Parameter one = {"value", Accepts::kStorable, 'T'};
  const ExampleTerm none = ExampleTerm::Null(DataType::kInt64);
  functions.push_back({.name = "greatest",
                       .parameters = {one, {"other", Accepts::kStorable, 'T'}},
                       .repeats = 1,
                       .result = GivesTypeOf(0),
                       .nulls = Nulls::kIfAllArguments,
                       .kernel = GreatestKernel(1),
                       .help = "the greatest value that is not null; NaN is above all",
                       .examples = {{.arguments = {1, none, 3}, .gives = "3"}}});
  functions.push_back({.name = "least",
                       .parameters = {one, {"other", Accepts::kStorable, 'T'}},
                       .repeats = 1,
                       .result = GivesTypeOf(0),
                       .nulls = Nulls::kIfAllArguments,
                       .kernel = GreatestKernel(-1),
                       .help = "the least value that is not null",
                       .examples = {{.arguments = {2, none, 1}, .gives = "1"}}});
  functions.push_back({.name = "nullif",
                       .parameters = {one, {"other", Accepts::kStorable, 'T'}},
                       .result = GivesTypeOf(0),
                       .nulls = Nulls::kAnyTime,
                       .kernel = NullIfKernel,
                       .help = "null if both are equal, else the first",
                       .examples = {{.arguments = {1, 1}, .gives = "null"},
                                    {.arguments = {1, none}, .gives = "1"}}});
  functions.push_back({.name = "nvl2",
                       .parameters = {{"value", Accepts::kAnything},
                                      {"then", Accepts::kAnything, 'T'},
                                      {"otherwise", Accepts::kAnything, 'T'}},
                       .result = GivesTypeOf(1),
                       .nulls = Nulls::kAnyTime,
                       .kernel = Nvl2Kernel,
                       .help = "`then` where the value is not null, else `otherwise`",
                       .examples = {{.arguments = {none, "a", "b"}, .gives = "b"}}});
  functions.push_back({.name = "nanvl",
                       .parameters = {{"value", Accepts::kDouble}, {"other", Accepts::kDouble}},
                       .result = Gives(DataType::kDouble),
                       .nulls = Nulls::kAnyTime,
                       .kernel = NanvlKernel,
                       .help = "the value, or where that is NaN the other",
                       .examples = {{.arguments = {1.5, 2.0}, .gives = "1.5"},
                                    {.arguments = {{"sqrt", {-1.0}}, 2.0}, .gives = "2"}}});
  functions.push_back({.name = "isnan",
                       .parameters = {{"value", Accepts::kDouble}},
                       .result = Gives(DataType::kBool),
                       .nulls = Nulls::kNever,
                       .kernel = IsNanKernel,
                       .help = "whether it is NaN; null is not",
                       .examples = {{.arguments = {{"sqrt", {-1.0}}}, .gives = "true"},
                                    {.arguments = {none}, .gives = "false"}}});
}

}  // namespace wavetank::runtime
