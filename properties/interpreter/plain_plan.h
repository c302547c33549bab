// PlainPlan: an analysed plan, read from its bytes (runtime/plan/plan.proto) by the schemas alone.
#ifndef WAVETANK_PROPERTIES_INTERPRETER_PLAIN_PLAN_H_
#define WAVETANK_PROPERTIES_INTERPRETER_PLAIN_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/interpreter/plain_expression.h"
#include "properties/interpreter/plain_files.h"

namespace wavetank::properties {

// Numbers of operators in plan bytes (Node.operator); those of plans that are not analysed have
// none here.
enum class PlainOperator : int {
  kSource = 1,
  kProject = 2,
  kExplode = 4,
  kFilter = 5,
  kWatermark = 6,
  kAggregate = 7,
  kJoin = 9,
  kUnion = 10,
  kDropDuplicates = 11,
  kDropDuplicatesWithin = 12,
  kSort = 13,
};

// A column by which rows become final: those with column + span at or below the watermark.
struct PlainEventTime {
  size_t column = 0;
  int64_t span_micros = 0;
};

struct PlainAggregateCall {
  std::string function;
  std::vector<PlainExpression> arguments;
};

// What a join's condition says of time. By side, left and right.
struct PlainJoinBounds {
  // A row whose event time is at or below the watermark plus this meets no later row of the other
  // side, so that what comes out of the join later is above; unset: rows of any age may.
  std::optional<int64_t> kept_until_micros[2];
  // By what rows that are kept are let go: those with column <= watermark + offset. The event time,
  // if the condition bounds it, else the first column of times that it bounds.
  struct Going {
    size_t column = 0;  // of the side
    int64_t offset_micros = 0;

    friend bool operator==(const Going&, const Going&) = default;
  };
  std::optional<Going> goes[2] = {};
};

// Numbers of joins in plan bytes (Node.join). Streams have no anti joins.
enum class PlainJoinType : int { kInner = 1, kLeft, kRight, kFull, kLeftSemi };

struct PlainNode {
  PlainOperator op = PlainOperator::kSource;
  int operator_id = 0;
  std::vector<size_t> inputs;  // nodes before it
  // Of its output.
  std::vector<int> columns;  // attributes' ids
  std::vector<PlainKind> kinds;
  std::vector<PlainEventTime> event_times;

  // Of its input's rows; of a join, of a left row with a right one behind it, whatever it shows.
  //   project, filter, drop duplicates (the keys), watermark (the event time): the plan's
  //   explode: the array, then what is kept;  aggregate: the keys;  join: the condition, or none
  std::vector<PlainExpression> expressions;
  std::vector<PlainAggregateCall> calls;  // aggregate
  // aggregate: the key that is a window's start; rows without one are in no window.
  std::optional<size_t> window_key;
  bool sessions = false;     // aggregate: the last two keys are a session's start and end
  int64_t delay_micros = 0;  // watermark, drop duplicates within
  PlainJoinType join = PlainJoinType::kInner;
  PlainJoinBounds bounds;  // join
  PlainFiles files;        // source
};

struct PlainPlan {
  std::vector<PlainNode> nodes;  // inputs stand before what reads them; the last one is the root
  size_t sources = 0;            // the nodes that are, in their order, are numbered from 0
};

// kUnimplemented: it has an operator or a function that the interpreter does not know; names it.
// kDataLoss: no analysed plan.
absl::StatusOr<PlainPlan> ReadPlan(std::string_view bytes, const OtherFunctions& other);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_INTERPRETER_PLAIN_PLAN_H_
