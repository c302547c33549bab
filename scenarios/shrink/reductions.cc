#include "scenarios/shrink/reductions.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "google/protobuf/descriptor.h"

#include "platform/check.h"
#include "scenarios/field_bounds.h"
#include "scenarios/shrink/reduce_cluster.h"
#include "scenarios/shrink/reduce_program.h"

namespace wavetank::scenarios {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// What is done to a field.
enum class How {
  kRemove,  // of its elements: all, halves, ..., each alone
  kClear,   // it has its default then
  kLower,   // towards 0, or the lowest that it may be
  kDouble,
  kRound,  // down, to a rounder number
};

struct Row {
  std::string_view name;
  std::string_view message;
  std::string_view field;  // "*": each that is optional
  How how;
};

constexpr Row kFirstRows[] = {
    {"fewer faults", "Scenario", "fault", How::kRemove},
    {"fewer rivals", "Scenario", "rival", How::kRemove},
    {"fewer changes", "Job", "change", How::kRemove},
};

// Then those of the cluster (reduce_cluster.h), and then:
constexpr Row kRows[] = {
    {"the cluster there is by default", "Scenario", "cluster", How::kClear},
    {"fewer inputs", "Scenario", "input", How::kRemove},
    {"fewer records", "Generator", "records", How::kLower},
    {"fewer records", "Records", "count", How::kLower},
    {"fewer records", "Lines", "line", How::kRemove},
    {"fewer records", "Files", "file", How::kRemove},
    {"fewer records", "InputFile", "line", How::kRemove},
    {"fewer batches", "Arrival", "records_each", How::kClear},
    {"fewer batches", "Arrival", "records_each", How::kDouble},
    {"fewer parameters", "Job", "parameter", How::kRemove},
    {"fewer parameters", "Change", "parameter", How::kRemove},
    {"fewer columns", "Records", "column", How::kRemove},
    {"plain input", "Arrival", "*", How::kClear},
    {"plain input", "Generator", "*", How::kClear},
    {"plain input", "Records", "*", How::kClear},
    {"plain input", "Column", "*", How::kClear},
    {"plain input", "EventTime", "*", How::kClear},
    {"plain input", "Uniform", "distinct", How::kLower},
    {"plain input", "Zipf", "distinct", How::kLower},
    {"plain input", "Generator", "words_per_line", How::kLower},
    {"plain input", "Generator", "vocabulary", How::kLower},
    {"plain schedule", "Scenario", "schedule", How::kClear},
    {"plain schedule", "Scenario", "phases", How::kClear},
    {"plain schedule", "Scenario", "seed", How::kClear},
    {"plain schedule", "Process", "restart_after_ms", How::kClear},
    {"plain faults", "Fault", "nth", How::kClear},
    {"plain faults", "Fault", "amount", How::kClear},
    {"plain faults", "Fault", "duration_ms", How::kClear},
    {"plain faults", "Fault", "restart_after_ms", How::kClear},
    {"plain faults", "Fault", "amount", How::kLower},
    {"plain faults", "AtStep", "attribute", How::kRemove},
    {"plain faults", "AtStep", "*", How::kClear},
    {"plain faults", "AtStep", "node", How::kClear},
    {"plain faults", "AtStep", "occurrence", How::kLower},
    {"plain faults", "AtCall", "incarnation", How::kClear},
    {"plain faults", "AtCall", "call", How::kLower},
    {"plain faults", "AtFileCall", "*", How::kClear},
    {"plain faults", "AtFileCall", "occurrence", How::kLower},
    {"rounder times", "Fault", "at_ms", How::kRound},
    {"rounder times", "Fault", "at_ns", How::kRound},
    {"rounder times", "Fault", "duration_ms", How::kRound},
    {"rounder times", "Fault", "restart_after_ms", How::kRound},
    {"rounder times", "Process", "restart_after_ms", How::kRound},
    {"rounder times", "InputFile", "at_ms", How::kRound},
    {"rounder times", "Arrival", "first_ms", How::kRound},
    {"rounder times", "Arrival", "every_ms", How::kRound},
    {"rounder times", "Arrival", "stall_ms", How::kRound},
    {"rounder times", "Arrival", "rewind_ms", How::kRound},
    {"rounder times", "Generator", "event_step_ms", How::kRound},
    {"rounder times", "EventTime", "step_ms", How::kRound},
    {"rounder times", "Rival", "at_ms", How::kRound},
};

// The messages of a scenario, itself first, each before those within it.
void Collect(Message& message, std::vector<Message*>& all) {
  all.push_back(&message);
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (field->is_repeated()) {
      for (int k = 0; k < reflection->FieldSize(message, field); ++k) {
        Collect(*reflection->MutableRepeatedMessage(&message, field, k), all);
      }
    } else if (reflection->HasField(message, field)) {
      Collect(*reflection->MutableMessage(&message, field), all);
    }
  }
}

std::vector<Message*> MessagesOf(Scenario& scenario) {
  std::vector<Message*> all;
  Collect(scenario, all);
  return all;
}

std::optional<int64_t> NumberOf(const Message& message, const FieldDescriptor& field) {
  const auto* reflection = message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection->GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection->GetInt64(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return static_cast<int64_t>(reflection->GetUInt64(message, &field));
    default:
      return std::nullopt;
  }
}

void SetNumber(Message& message, const FieldDescriptor& field, int64_t value) {
  const auto* reflection = message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection->SetInt32(&message, &field, static_cast<int32_t>(value));
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection->SetInt64(&message, &field, value);
    default:
      return reflection->SetUInt64(&message, &field, static_cast<uint64_t>(value));
  }
}

int64_t LowestOf(const FieldDescriptor& field) {
  for (const FieldBounds& bounds : AllFieldBounds()) {
    if (bounds.message != field.containing_type()->name() || bounds.field != field.name()) continue;
    return std::max<int64_t>(bounds.low, 0);
  }
  return 0;
}

std::vector<int64_t> Lower(int64_t value, int64_t lowest) {
  if (value == lowest) return {};
  std::vector<int64_t> lower = {lowest};
  const int64_t half = lowest + (value - lowest) / 2;
  const int64_t next = value > lowest ? value - 1 : value + 1;
  if (half != lowest) lower.push_back(half);
  if (next != half && next != lowest) lower.push_back(next);
  return lower;
}

std::vector<int64_t> Rounder(int64_t value) {
  std::vector<int64_t> rounder;
  for (const int64_t unit : {1'000'000'000, 100'000'000, 1'000'000, 1'000, 500, 100, 10}) {
    const int64_t round = value - value % unit;
    if (round > 0 && round != value) rounder.push_back(round);
  }
  return rounder;
}

using Edit = std::function<void(Message&)>;

void AddRemovals(const Message& message, const FieldDescriptor& field, std::vector<Edit>& edits) {
  const int size = message.GetReflection()->FieldSize(message, &field);
  for (int length = size; length > 0; length /= 2) {
    for (int begin = 0; begin < size; begin += length) {
      const int end = std::min(size, begin + length);
      edits.push_back([&field, begin, end](Message& changed) {
        const auto* reflection = changed.GetReflection();
        const int tail = reflection->FieldSize(changed, &field) - end;
        for (int i = 0; i < tail; ++i)
          reflection->SwapElements(&changed, &field, begin + i, end + i);
        for (int i = begin; i < end; ++i) reflection->RemoveLast(&changed, &field);
      });
    }
  }
}

void AddEdits(const Message& message, const FieldDescriptor& field, How how,
              std::vector<Edit>& edits) {
  if (how == How::kRemove) return AddRemovals(message, field, edits);
  if (!message.GetReflection()->HasField(message, &field)) return;
  if (how == How::kClear) {
    edits.push_back(
        [&field](Message& changed) { changed.GetReflection()->ClearField(&changed, &field); });
    return;
  }
  const int64_t value = *NumberOf(message, field);
  std::vector<int64_t> values;
  if (how == How::kLower) values = Lower(value, LowestOf(field));
  if (how == How::kRound) values = Rounder(value);
  constexpr int64_t kLarge = 1'000;
  if (how == How::kDouble && value < kLarge) values = {2 * value};
  for (const int64_t other : values) {
    edits.push_back([&field, other](Message& changed) { SetNumber(changed, field, other); });
  }
}

// Fields that make a message what it is: without them there is nothing left to be smaller.
bool MayBeCleared(const FieldDescriptor& field) {
  return !field.is_repeated() && (field.has_optional_keyword() || field.enum_type() != nullptr);
}

std::vector<Scenario> CandidatesOf(const Row& row, const Scenario& scenario) {
  Scenario copy = scenario;
  const std::vector<Message*> messages = MessagesOf(copy);
  std::vector<Scenario> candidates;
  for (size_t number = 0; number < messages.size(); ++number) {
    const Message& message = *messages[number];
    if (message.GetDescriptor()->name() != row.message) continue;
    std::vector<Edit> edits;
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor& field = *message.GetDescriptor()->field(i);
      const bool meant = row.field == "*" ? MayBeCleared(field) : row.field == field.name();
      if (meant) AddEdits(message, field, row.how, edits);
    }
    for (const Edit& edit : edits) {
      Scenario& candidate = candidates.emplace_back(scenario);
      edit(*MessagesOf(candidate)[number]);
    }
  }
  return candidates;
}

// Each batch smaller: with one record, or half as many.
std::vector<Scenario> FewerInAsManyBatches(const Scenario& scenario) {
  std::vector<Scenario> candidates;
  for (int i = 0; i < scenario.input_size(); ++i) {
    const Input& input = scenario.input(i);
    const int32_t each = input.arrival().records_each();
    const int32_t records =
        input.has_generator() ? input.generator().records() : input.records().count();
    if (each <= 1 || records <= 1) continue;
    for (const int32_t divisor : {each, 2}) {
      Input& fewer = *candidates.emplace_back(scenario).mutable_input(i);
      fewer.mutable_arrival()->set_records_each(each / divisor);
      const int32_t left = (records + divisor - 1) / divisor;
      if (input.has_generator()) {
        fewer.mutable_generator()->set_records(left);
      } else {
        fewer.mutable_records()->set_count(left);
      }
    }
  }
  return candidates;
}

// To the millisecond, in which people count.
std::vector<Scenario> InMilliseconds(const Scenario& scenario) {
  constexpr int64_t kMsNs = 1'000'000;
  std::vector<Scenario> candidates;
  for (int i = 0; i < scenario.fault_size(); ++i) {
    if (!scenario.fault(i).has_at_ns()) continue;
    const int64_t at_ms = scenario.fault(i).at_ns() / kMsNs;
    for (const int64_t candidate : {at_ms, at_ms + 1}) {
      candidates.emplace_back(scenario).mutable_fault(i)->set_at_ms(candidate);
    }
  }
  return candidates;
}

Reduction Of(const Row& row) {
  return {std::string(row.name),
          [&row](const Scenario& scenario) { return CandidatesOf(row, scenario); }};
}

}  // namespace

std::span<const Reduction> Reductions() {
  static const std::vector<Reduction> reductions = [] {
    std::vector<Reduction> all;
    for (const Row& row : kFirstRows) all.push_back(Of(row));
    all.push_back({"fewer operators", FewerOperators});
    all.push_back({"one process", OneProcess});
    all.push_back({"fewer machines and nodes", WithoutOne});
    all.push_back({"fewer records in as many batches", FewerInAsManyBatches});
    for (const Row& row : kRows) all.push_back(Of(row));
    all.push_back({"plainer operators", PlainerOperators});
    all.push_back({"rounder times", InMilliseconds});
    return all;
  }();
  return reductions;
}

}  // namespace wavetank::scenarios
