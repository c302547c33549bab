// Arrays: of elements of one type, null ones too.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "runtime/functions/groups.h"
#include "runtime/functions/row_kernels.h"

namespace wavetank::runtime {
namespace {

// The elements of one array.
class Elements {
 public:
  Elements(const Operand& arrays, int64_t row)
      : column_(&arrays.column.elements()),
        begin_(arrays.column.offsets()[row * arrays.stride()]),
        end_(arrays.column.offsets()[row * arrays.stride() + 1]) {}

  int64_t size() const { return end_ - begin_; }
  Cell at(int64_t i) const { return {column_, begin_ + i}; }

 private:
  const Column* column_;
  int64_t begin_;
  int64_t end_;
};

// Below 0, 0, above 0; null is below all else, NaN above. REQUIRES: of one type that has an order.
int Compared(const Cell& a, const Cell& b) {
  if (a.IsNull() || b.IsNull()) return int{b.IsNull()} - int{a.IsNull()};
  const DataType& type = a.column->type();
  if (type.is_bytes()) {
    const int order = a.column->StringAt(a.row).compare(b.column->StringAt(b.row));
    return order < 0 ? -1 : order > 0 ? 1 : 0;
  }
  if (type == DataType::kBool) {
    return int{a.column->BoolAt(a.row)} - int{b.column->BoolAt(b.row)};
  }
  return WithValueType(type, [&]<typename T>(T) {
    const T x = a.column->values<T>()[a.row];
    const T y = b.column->values<T>()[b.row];
    return TotalOrder::Less(x, y) ? -1 : TotalOrder::Less(y, x) ? 1 : 0;
  });
}

bool Holds(const std::vector<Cell>& cells, const Cell& cell) {
  return std::ranges::any_of(cells, [&](const Cell& other) { return Compared(other, cell) == 0; });
}

// `give(row, &cells)` for each row that has no null argument: the elements of its result.
template <typename F>
Column Arrays(const KernelCall& call, F give) {
  const Buffer validity = CombinedValidity(call.operands, call.rows);
  const uint64_t* const valid = validity.empty() ? nullptr : validity.data<uint64_t>();
  ColumnBuilder arrays(call.type);
  std::vector<Cell> cells;
  for (int64_t row = 0; row < call.rows; ++row) {
    cells.clear();
    if ((valid != nullptr && !BitAt(valid, row)) || !give(row, &cells)) {
      arrays.Null();
      continue;
    }
    ColumnBuilder elements(call.type.element());
    for (const Cell& cell : cells) {
      cell.IsNull() ? elements.Null() : elements.Copy(*cell.column, cell.row);
    }
    const Column made = elements.Finish();
    arrays.Array(made, 0, made.size());
  }
  return arrays.Finish();
}

void AddElements(const Operand& arrays, int64_t row, std::vector<Cell>* cells) {
  const Elements elements(arrays, row);
  for (int64_t i = 0; i < elements.size(); ++i) cells->push_back(elements.at(i));
}

Column DistinctKernel(const KernelCall& call) {
  return Arrays(call, [&](int64_t row, std::vector<Cell>* cells) {
    const Elements elements(call.operands[0], row);
    for (int64_t i = 0; i < elements.size(); ++i) {
      if (!Holds(*cells, elements.at(i))) cells->push_back(elements.at(i));
    }
    return true;
  });
}

// Of the first array's elements, once each, those that the second has, or has not.
Kernel MeetKernel(bool wanted) {
  return [wanted](const KernelCall& call) {
    return Arrays(call, [&](int64_t row, std::vector<Cell>* cells) {
      std::vector<Cell> others;
      AddElements(call.operands[1], row, &others);
      const Elements elements(call.operands[0], row);
      for (int64_t i = 0; i < elements.size(); ++i) {
        const Cell cell = elements.at(i);
        if (Holds(others, cell) == wanted && !Holds(*cells, cell)) cells->push_back(cell);
      }
      return true;
    });
  };
}

Column UnionKernel(const KernelCall& call) {
  return Arrays(call, [&](int64_t row, std::vector<Cell>* cells) {
    std::vector<Cell> all;
    AddElements(call.operands[0], row, &all);
    AddElements(call.operands[1], row, &all);
    for (const Cell& cell : all) {
      if (!Holds(*cells, cell)) cells->push_back(cell);
    }
    return true;
  });
}

Column SortKernel(const KernelCall& call) {
  return Arrays(call, [&](int64_t row, std::vector<Cell>* cells) {
    AddElements(call.operands[0], row, cells);
    const bool ascending = call.operands.size() < 2 || RowArguments(call, row).truth(1);
    std::ranges::sort(*cells, [&](const Cell& a, const Cell& b) {
      return ascending ? Compared(a, b) < 0 : Compared(a, b) > 0;
    });
    return true;
  });
}

// From a place on, which counts from 1, or from the end when negative.
Column SliceKernel(const KernelCall& call) {
  return Arrays(call, [&](int64_t row, std::vector<Cell>* cells) {
    const Elements elements(call.operands[0], row);
    const int64_t start = Int64At(call.operands[1], row);
    const int64_t length = Int64At(call.operands[2], row);
    if (start == 0 || length < 0) return false;
    if (start < -elements.size() || start > elements.size()) return true;
    const int64_t begin = start > 0 ? start - 1 : elements.size() + start;
    const int64_t count = std::min(length, elements.size() - begin);
    for (int64_t i = begin; i < begin + count; ++i) cells->push_back(elements.at(i));
    return true;
  });
}

// `operand` is of two arrays or texts... of arrays alone: one behind the other.
Column ArrayKernel(const KernelCall& call) {
  ColumnBuilder arrays(call.type);
  for (int64_t row = 0; row < call.rows; ++row) {
    ColumnBuilder elements(call.type.element());
    for (const Operand& operand : call.operands) {
      const Cell cell = CellAt(operand, row);
      cell.IsNull() ? elements.Null() : elements.Copy(*cell.column, cell.row);
    }
    const Column made = elements.Finish();
    arrays.Array(made, 0, made.size());
  }
  return arrays.Finish();
}

Column RepeatKernel(const KernelCall& call) {
  constexpr int64_t kMostElements = int64_t{1} << 16;
  ColumnBuilder arrays(call.type);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (IsNullAt(call.operands[1], row) || Int64At(call.operands[1], row) > kMostElements) {
      arrays.Null();
      continue;
    }
    ColumnBuilder elements(call.type.element());
    const Cell cell = CellAt(call.operands[0], row);
    for (int64_t i = 0; i < Int64At(call.operands[1], row); ++i) {
      cell.IsNull() ? elements.Null() : elements.Copy(*cell.column, cell.row);
    }
    const Column made = elements.Finish();
    arrays.Array(made, 0, made.size());
  }
  return arrays.Finish();
}

// The greatest, or least, element that is not null.
Kernel ExtremeKernel(int sign) {
  return [sign](const KernelCall& call) {
    return Gather(call.type, call.rows, [&](int64_t row) {
      if (IsNullAt(call.operands[0], row)) return Cell();
      const Elements elements(call.operands[0], row);
      Cell most;
      for (int64_t i = 0; i < elements.size(); ++i) {
        const Cell cell = elements.at(i);
        if (cell.IsNull()) continue;
        if (most.IsNull() || Compared(cell, most) * sign > 0) most = cell;
      }
      return most;
    });
  };
}

// By its place, from 1, or from the end when negative; none: null.
Column ElementAtKernel(const KernelCall& call) {
  return Gather(call.type, call.rows, [&](int64_t row) {
    if (IsNullAt(call.operands[0], row) || IsNullAt(call.operands[1], row)) return Cell();
    const Elements elements(call.operands[0], row);
    const int64_t place = Int64At(call.operands[1], row);
    if (place == 0 || place > elements.size() || place < -elements.size()) return Cell();
    return elements.at(place > 0 ? place - 1 : elements.size() + place);
  });
}

bool PositionOf(const Operand& arrays, const std::string_view text, int64_t row, int64_t* place) {
  const Elements elements(arrays, row);
  *place = 0;
  for (int64_t i = 0; i < elements.size(); ++i) {
    const Cell cell = elements.at(i);
    if (cell.IsNull() || cell.column->StringAt(cell.row) != text) continue;
    *place = i + 1;
    return true;
  }
  return true;
}

// Null where it is not among the elements and one of them is null.
Column ContainsKernel(const KernelCall& call) {
  ColumnBuilder builder(DataType::kBool);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (IsNullAt(call.operands[0], row) || IsNullAt(call.operands[1], row)) {
      builder.Null();
      continue;
    }
    const Elements elements(call.operands[0], row);
    bool null = false;
    bool found = false;
    for (int64_t i = 0; i < elements.size() && !found; ++i) {
      const Cell cell = elements.at(i);
      null = null || cell.IsNull();
      found = !cell.IsNull() && cell.column->StringAt(cell.row) == TextAt(call.operands[1], row);
    }
    null && !found ? builder.Null() : builder.Bool(found);
  }
  return builder.Finish();
}

Column OverlapKernel(const KernelCall& call) {
  ColumnBuilder builder(DataType::kBool);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (IsNullAt(call.operands[0], row) || IsNullAt(call.operands[1], row)) {
      builder.Null();
      continue;
    }
    std::vector<Cell> others;
    AddElements(call.operands[1], row, &others);
    const Elements elements(call.operands[0], row);
    bool null = std::ranges::any_of(others, [](const Cell& cell) { return cell.IsNull(); });
    bool found = false;
    for (int64_t i = 0; i < elements.size(); ++i) {
      null = null || elements.at(i).IsNull();
      found = found || (!elements.at(i).IsNull() && Holds(others, elements.at(i)));
    }
    const bool unknown = null && !found && elements.size() > 0 && !others.empty();
    unknown ? builder.Null() : builder.Bool(found);
  }
  return builder.Finish();
}

Column JoinKernel(const KernelCall& call) {
  const Buffer validity = CombinedValidity(call.operands, call.rows);
  const uint64_t* const valid = validity.empty() ? nullptr : validity.data<uint64_t>();
  ColumnBuilder builder(DataType::kString);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (valid != nullptr && !BitAt(valid, row)) {
      builder.Null();
      continue;
    }
    const Elements elements(call.operands[0], row);
    std::string made;
    bool first = true;
    for (int64_t i = 0; i < elements.size(); ++i) {
      const Cell cell = elements.at(i);
      if (cell.IsNull() && call.operands.size() < 3) continue;
      if (!first) made += TextAt(call.operands[1], row);
      first = false;
      made += cell.IsNull() ? TextAt(call.operands[2], row) : cell.column->StringAt(cell.row);
    }
    builder.String(made);
  }
  return builder.Finish();
}

// Texts, as functions with a text beside the array take.
std::string RefuseOthers(const CallArguments& arguments) {
  const bool texts = arguments.types[0].element() == DataType::kString;
  return texts ? "" : "the array is of no texts";
}

std::string RefuseUnlike(const CallArguments& arguments) {
  const DataType& element = arguments.types[0].element();
  if (!element.is_storable()) return "its elements have no order";
  const bool alike = arguments.types.size() < 2 || arguments.types[1].kind() != DataType::kArray ||
                     arguments.types[1] == arguments.types[0];
  return alike ? "" : "the arrays are of different types";
}

ResultType OfElement() {
  return {.of = [](const CallArguments& arguments) { return arguments.types[0].element(); },
          .text = "its elements'"};
}
ResultType ArrayOfFirst() {
  return {.of = [](const CallArguments& arguments) { return DataType::Array(arguments.types[0]); },
          .text = "an array of them"};
}

}  // namespace

void AddArrayFunctions(std::vector<Function>& functions) {
  const Parameter array = {"array", Accepts::kArray};
  const Parameter other = {"other", Accepts::kArray};
  const ExampleTerm abc = {"split", {"b,a,b", ","}};
  const ExampleTerm none = {"split", {ExampleTerm::Null(DataType::kString), ","}};
  const auto add = [&](std::string name, std::vector<Parameter> parameters, ResultType result,
                       Kernel kernel, std::string help, std::vector<Example> examples) {
    functions.push_back({.name = std::move(name),
                         .parameters = std::move(parameters),
                         .result = std::move(result),
                         .nulls = Nulls::kOfArgumentsToo,
                         .kernel = std::move(kernel),
                         .help = std::move(help),
                         .examples = std::move(examples)});
    return &functions.back();
  };
  functions.push_back({.name = "array",
                       .parameters = {{"value", Accepts::kComparable, 'T'}},
                       .repeats = 1,
                       .result = ArrayOfFirst(),
                       .nulls = Nulls::kNever,
                       .kernel = ArrayKernel,
                       .help = "these values, null ones too",
                       .examples = {{.arguments = {1, 2, ExampleTerm::Null(DataType::kInt64)},
                                     .gives = "[1, 2, null]"}}});
  functions.push_back({.name = "array_repeat",
                       .parameters = {{"value", Accepts::kComparable}, {"times", Accepts::kInt64}},
                       .result = ArrayOfFirst(),
                       .nulls = Nulls::kAnyTime,
                       .kernel = RepeatKernel,
                       .help = "the value so many times; null beyond 65536",
                       .examples = {{.arguments = {"a", 2}, .gives = "[a, a]"},
                                    {.arguments = {"a", -1}, .gives = "[]"}}});
  add("size", {array}, Gives(DataType::kInt64),
      RowKernel<int64_t>([](const RowArguments& a, int64_t* result) {
        *result = a.column(0).offsets()[a.at(0) + 1] - a.column(0).offsets()[a.at(0)];
        return true;
      }),
      "how many elements it has",
      {{.arguments = {abc}, .gives = "3"}, {.arguments = {none}, .gives = "null"}})
      ->nulls = Nulls::kOfArguments;
  add("element_at", {array, {"place", Accepts::kInt64}}, OfElement(), ElementAtKernel,
      "the element at this place, from 1, or from the end when negative; null where there is none",
      {{.arguments = {abc, 2}, .gives = "a"},
       {.arguments = {abc, -1}, .gives = "b"},
       {.arguments = {abc, 4}, .gives = "null"}});
  add("array_max", {array}, OfElement(), ExtremeKernel(1),
      "its greatest element that is not null; null without one",
      {{.arguments = {abc}, .gives = "b"}, {.arguments = {none}, .gives = "null"}})
      ->refuses = RefuseUnlike;
  add("array_min", {array}, OfElement(), ExtremeKernel(-1),
      "its least element that is not null; null without one", {{.arguments = {abc}, .gives = "a"}})
      ->refuses = RefuseUnlike;
  add("array_distinct", {array}, GivesTypeOf(0), DistinctKernel, "each element once",
      {{.arguments = {abc}, .gives = "[b, a]"}})
      ->refuses = RefuseUnlike;
  Function* const sorted =
      add("sort_array", {array, {"ascending", Accepts::kBool}}, GivesTypeOf(0), SortKernel,
          "its elements in order, nulls first; or the other way round",
          {{.arguments = {abc}, .gives = "[a, b, b]"},
           {.arguments = {abc, false}, .gives = "[b, b, a]"}});
  sorted->optional = 1;
  sorted->refuses = RefuseUnlike;
  add("slice", {array, {"start", Accepts::kInt64}, {"length", Accepts::kInt64}}, GivesTypeOf(0),
      SliceKernel,
      "so many elements from a place on, from 1, or from the end when negative; null for 0, or a "
      "length below 0",
      {{.arguments = {abc, 2, 5}, .gives = "[a, b]"}, {.arguments = {abc, 0, 1}, .gives = "null"}});
  add("array_union", {array, other}, GivesTypeOf(0), UnionKernel, "each element of either once",
      {{.arguments = {abc, {"split", {"c,a", ","}}}, .gives = "[b, a, c]"}})
      ->refuses = RefuseUnlike;
  add("array_intersect", {array, other}, GivesTypeOf(0), MeetKernel(true),
      "each element of both once", {{.arguments = {abc, {"split", {"c,a", ","}}}, .gives = "[a]"}})
      ->refuses = RefuseUnlike;
  add("array_except", {array, other}, GivesTypeOf(0), MeetKernel(false),
      "each element that the other has not once",
      {{.arguments = {abc, {"split", {"c,a", ","}}}, .gives = "[b]"}})
      ->refuses = RefuseUnlike;
  add("arrays_overlap", {array, other}, Gives(DataType::kBool), OverlapKernel,
      "whether they have an element that is not null in common; null if neither that nor its "
      "absence is known",
      {{.arguments = {abc, {"split", {"c,a", ","}}}, .gives = "true"},
       {.arguments = {abc, {"split", {"c", ","}}}, .gives = "false"}})
      ->refuses = RefuseUnlike;
  add("array_contains", {array, {"text", Accepts::kString}}, Gives(DataType::kBool), ContainsKernel,
      "whether the text is among its texts; null if it is not, and one of them is",
      {{.arguments = {abc, "a"}, .gives = "true"}, {.arguments = {abc, "x"}, .gives = "false"}})
      ->refuses = RefuseOthers;
  add("array_position", {array, {"text", Accepts::kString}}, Gives(DataType::kInt64),
      [](const KernelCall& call) {
        return ValuesOrNull<int64_t>(
            call.type, call.rows, CombinedValidity(call.operands, call.rows),
            [&](int64_t row, int64_t* place) {
              return PositionOf(call.operands[0], TextAt(call.operands[1], row), row, place);
            });
      },
      "the place of the first such text, from 1; 0: it is not among them",
      {{.arguments = {abc, "a"}, .gives = "2"}, {.arguments = {abc, "x"}, .gives = "0"}})
      ->refuses = RefuseOthers;
  Function* const joined = add(
      "array_join", {array, {"separator", Accepts::kString}, {"of_null", Accepts::kString}},
      Gives(DataType::kString), JoinKernel,
      "its texts with a separator between them; nulls are left out, or stand as another text",
      {{.arguments = {abc, "-"}, .gives = "b-a-b"}, {.arguments = {none, "-"}, .gives = "null"}});
  joined->optional = 1;
  joined->refuses = RefuseOthers;
}

}  // namespace wavetank::runtime
