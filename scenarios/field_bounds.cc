#include "scenarios/field_bounds.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"

#include "platform/check.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::scenarios {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kYearMs = 365 * kDayMs;
constexpr int64_t kMillion = 1'000'000;
constexpr int64_t kMany = INT32_MAX;
constexpr int64_t kMostBytes = 10'000;
// A million steps on it is an int64 still.
constexpr int64_t kMostNumber = kMillion * kMillion * kMillion;

constexpr FieldBounds kBounds[] = {
    // Which versions there are says the parser.
    {"Scenario", "schema_version", 0, kMany},
    {"Scenario", "seed", 0, INT64_MAX},
    {"Change", "start", 2, kMany},
    {"Rival", "at_ms", 0, kYearMs},
    {"Process", "restart_after_ms", INT64_MIN, kYearMs},
    {"Generator", "records", 1, kMillion},
    {"Generator", "words_per_line", 1, 1000},
    {"Generator", "vocabulary", 1, kMany},
    {"Generator", "event_step_ms", 0, kDayMs},
    {"Generator", "late_ppm", 0, kMillion},
    {"Generator", "late_by_ms", 0, kYearMs},
    {"Generator", "disorder_ppm", 0, kMillion},
    {"Generator", "disorder_by", 0, kMany},
    {"Generator", "duplicate_ppm", 0, kMillion},
    {"Generator", "duplicate_by", 0, kMany},
    {"Generator", "malformed_ppm", 0, kMillion},
    {"Records", "count", 1, kMillion},
    {"Records", "disorder_ppm", 0, kMillion},
    {"Records", "disorder_by", 1, kMany},
    {"Records", "duplicate_ppm", 0, kMillion},
    {"Records", "duplicate_by", 1, kMany},
    {"Records", "empty_ppm", 0, kMillion},
    {"Records", "malformed_ppm", 0, kMillion},
    {"Column", "min_bytes", 0, kMostBytes},
    {"Column", "max_bytes", 1, kMostBytes},
    {"Column", "first", -kMostNumber, kMostNumber},
    {"Column", "step", -kMillion, kMillion},
    {"Column", "empty_ppm", 0, kMillion},
    {"Column", "malformed_ppm", 0, kMillion},
    {"Uniform", "distinct", 1, kMillion},
    {"Zipf", "distinct", 1, kMillion},
    {"Zipf", "exponent", 1, 4},
    {"Sequential", "distinct", 1, kMillion},
    // Years from 1970 to 2262.
    {"EventTime", "start_ms", 0, int64_t{9'223'372'036'854}},
    {"EventTime", "step_ms", 0, kDayMs},
    {"EventTime", "jitter_ms", 0, kYearMs},
    {"EventTime", "late_ppm", 0, kMillion},
    {"EventTime", "late_by_ms", 0, kYearMs},
    {"InputFile", "at_ms", 0, kYearMs},
    {"Input", "partitions", 1, 1024},
    {"Write", "at_ms", 0, kYearMs},
    {"Write", "partition", 0, 1023},
    {"Write", "trim_to", 0, kMany},
    {"Arrival", "records_each", 1, kMany},
    {"Arrival", "first_ms", 0, kYearMs},
    {"Arrival", "every_ms", 0, kYearMs},
    {"Arrival", "burst", 1, kMillion},
    {"Arrival", "stall_after", 0, kMillion},
    {"Arrival", "stall_ms", 0, kDayMs},
    {"Arrival", "rewind_after", 1, kMillion},
    {"Arrival", "rewind_files", 1, kMillion},
    {"Arrival", "rewind_ms", 1, kDayMs},
    {"Change", "rescale", 1, 1024},
    {"Fault", "at_ms", 0, kYearMs},
    {"Fault", "at_ns", 0, 1'000'000 * kYearMs},
    {"Fault", "duration_ms", 0, kYearMs},
    {"Fault", "restart_after_ms", 0, kYearMs},
    // Each kind has bounds of its own: simulator/fault_table.h.
    {"Fault", "amount", INT64_MIN, INT64_MAX},
    {"Fault", "nth", -1, kMany},
    {"AtStep", "occurrence", 1, kMany},
    {"Attribute", "value", INT64_MIN, INT64_MAX},
    {"AtCall", "call", 1, INT64_MAX},
    {"AtCall", "incarnation", 1, INT64_MAX},
    {"AtFileCall", "occurrence", 1, kMany},
    {"AtRandom", "probability", 0, 1},
    // Once a millisecond.
    {"AtRandom", "per_hour", 0, 3'600'000},
    {"AtRandom", "from_ms", 0, kYearMs},
    {"AtRandom", "to_ms", 0, kYearMs},
    {"Schedule", "change_points", 0, kMillion},
    {"Phases", "chaos_ms", 0, kYearMs},
    {"Phases", "converge_budget_ms", 0, kYearMs},
    {"Expect", "recovery_ms", 0, kYearMs},
    {"Range", "min", 0, INT64_MAX},
    {"Range", "max", 0, INT64_MAX},
    {"Total", "min", INT64_MIN, INT64_MAX},
    {"Total", "max", INT64_MIN, INT64_MAX},
    {"Reached", "at_least", 0, kMany},
    {"Reached", "at_most", 0, kMany},
};

const FieldBounds* BoundsOf(const FieldDescriptor& field) {
  const auto* found = std::find_if(std::begin(kBounds), std::end(kBounds), [&](const auto& bounds) {
    return bounds.message == field.containing_type()->name() && bounds.field == field.name();
  });
  return found == std::end(kBounds) ? nullptr : found;
}

// What is written, and whether it is within the bounds.
struct Looked {
  std::string text;
  bool within;
};

Looked Look(const Message& message, const FieldDescriptor& field, const FieldBounds& bounds) {
  const auto* reflection = message.GetReflection();
  const auto within = [&bounds](auto value) {
    return Looked{absl::StrCat(value), value >= bounds.low && value <= bounds.high};
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return within(reflection->GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return within(reflection->GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64: {
      const uint64_t value = reflection->GetUInt64(message, &field);
      const auto seen = static_cast<int64_t>(std::min(value, static_cast<uint64_t>(INT64_MAX)));
      return {absl::StrCat(value), seen >= bounds.low && seen <= bounds.high};
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const double value = reflection->GetDouble(message, &field);
      return {absl::StrCat(value), value >= static_cast<double>(bounds.low) &&
                                       value <= static_cast<double>(bounds.high)};
    }
    default:
      WT_CHECK(false, "a number of a type that the schema has not had: " + field.full_name());
  }
}

bool IsNumber(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_BOOL:
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return false;
    default:
      return true;
  }
}

}  // namespace

std::span<const FieldBounds> AllFieldBounds() { return kBounds; }

absl::Status CheckBounds(const ParsedScenario& parsed, const Message& message) {
  const auto* descriptor = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor& field = *descriptor->field(i);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (field.is_repeated()) {
        for (int k = 0; k < reflection->FieldSize(message, &field); ++k) {
          WT_RETURN_IF_ERROR(
              CheckBounds(parsed, reflection->GetRepeatedMessage(message, &field, k)));
        }
      } else if (reflection->HasField(message, &field)) {
        WT_RETURN_IF_ERROR(CheckBounds(parsed, reflection->GetMessage(message, &field)));
      }
      continue;
    }
    if (!IsNumber(field)) continue;
    const FieldBounds* bounds = BoundsOf(field);
    WT_CHECK(bounds != nullptr && !field.is_repeated(), "no bounds of " + field.full_name());
    if (field.has_presence() && !reflection->HasField(message, &field)) continue;
    const Looked looked = Look(message, field, *bounds);
    if (looked.within) continue;
    return parsed.ErrorAt(message, field.name(), 0,
                          absl::StrCat(field.name(), " is ", looked.text, " and must be from ",
                                       bounds->low, " to ", bounds->high));
  }
  return absl::OkStatus();
}

}  // namespace wavetank::scenarios
