#include "runtime/operators/hash_aggregate.h"

#include <utility>

#include "platform/check.h"
#include "runtime/columnar/row_key.h"

namespace wavetank::runtime {
namespace {

// A running value: 8 bytes, or a text with what the allocator takes.
constexpr int64_t kBytesAValue = 8;
constexpr int64_t kBytesAText = 48;

}  // namespace

RunningAggregates::RunningAggregates(const std::vector<AggregateCall>& calls) {
  for (const AggregateCall& call : calls) {
    running_.push_back({.state = call.function->parts->make(call.arguments),
                        .arguments = call.arguments.size(),
                        .intermediate = call.intermediate().size()});
    for (const DataType& type : call.intermediate()) {
      bytes_a_group_ += type.is_bytes() ? kBytesAText : kBytesAValue;
    }
  }
}

int64_t RunningAggregates::growing_bytes() const {
  int64_t bytes = 0;
  for (const Running& running : running_) bytes += running.state->bytes();
  return bytes;
}

void RunningAggregates::Resize(uint32_t groups) {
  size_ = groups;
  for (const Running& running : running_) running.state->Resize(groups);
}

void RunningAggregates::Update(std::span<const Column> arguments,
                               std::span<const uint32_t> groups) {
  for (const Running& running : running_) {
    running.state->Update(arguments.first(running.arguments), groups);
    arguments = arguments.subspan(running.arguments);
  }
}

void RunningAggregates::Merge(std::span<const Column> partials, std::span<const uint32_t> groups) {
  for (const Running& running : running_) {
    running.state->Merge(partials.first(running.intermediate), groups);
    partials = partials.subspan(running.intermediate);
  }
  WT_CHECK(partials.empty());
}

void RunningAggregates::MergeEarlier(std::span<const Column> partials,
                                     std::span<const uint32_t> groups) {
  for (const Running& running : running_) {
    running.state->MergeEarlier(partials.first(running.intermediate), groups);
    partials = partials.subspan(running.intermediate);
  }
  WT_CHECK(partials.empty());
}

std::vector<Column> RunningAggregates::Intermediate(std::span<const uint32_t> groups) const {
  std::vector<Column> columns;
  for (const Running& running : running_) {
    for (Column& column : running.state->Partials(groups)) columns.push_back(std::move(column));
  }
  return columns;
}

HashAggregate::HashAggregate(std::vector<DataType> key_types,
                             const std::vector<AggregateCall>& calls)
    : key_types_(std::move(key_types)),
      plain_string_(key_types_ == std::vector<DataType>{DataType::kString}),
      table_(TableOf(key_types_)),
      running_(calls) {}

HashAggregate::Table HashAggregate::TableOf(const std::vector<DataType>& key_types) {
  if (!AreFixedKeys(key_types)) return Table(std::in_place_type<KeyTable>);
  if (key_types.size() == 1) return Table(std::in_place_type<FixedKeyTable<1>>, key_types);
  return Table(std::in_place_type<FixedKeyTable<2>>, key_types);
}

int64_t HashAggregate::bytes() const {
  const size_t keys = std::visit([](const auto& table) { return table.bytes(); }, table_);
  return static_cast<int64_t>(keys) + running_.bytes();
}

void HashAggregate::Assign(const std::vector<Column>& keys) {
  const auto rows = static_cast<int64_t>(groups_.size());
  if (auto* const table = std::get_if<KeyTable>(&table_)) {
    const Column strings = plain_string_ ? keys[0] : EncodeRowKeys(keys, rows);
    table->Assign(strings, KeyTable::Hashes(strings).data(), groups_.data());
  } else if (auto* const by_one = std::get_if<FixedKeyTable<1>>(&table_)) {
    by_one->Assign(keys, {groups_.data(), groups_.size()});
  } else {
    std::get<FixedKeyTable<2>>(table_).Assign(keys, {groups_.data(), groups_.size()});
  }
}

void HashAggregate::Update(const std::vector<Column>& keys, std::span<const Column> arguments,
                           int64_t rows) {
  WT_CHECK(keys.size() == key_types_.size());
  groups_.Clear();
  groups_.Reserve(static_cast<size_t>(rows));
  groups_.SetSize(static_cast<size_t>(rows));
  Assign(keys);
  running_.Resize(std::visit([](const auto& table) { return table.size(); }, table_));
  running_.Update(arguments, {groups_.data(), groups_.size()});
}

std::vector<Column> HashAggregate::Keys(std::span<const uint32_t> groups) const {
  if (const auto* const table = std::get_if<FixedKeyTable<1>>(&table_)) return table->Keys(groups);
  if (const auto* const table = std::get_if<FixedKeyTable<2>>(&table_)) return table->Keys(groups);
  const auto& table = std::get<KeyTable>(table_);
  BufferBuilder<int64_t> offsets(groups.size() + 1);
  BufferBuilder<char> bytes;
  ValidityBuilder validity;
  offsets.Append(0);
  for (const uint32_t group : groups) {
    const std::string_view key = table.Key(group);
    bytes.Append(key.data(), key.size());
    offsets.Append(static_cast<int64_t>(bytes.size()));
    validity.Append(!table.IsNull(group));
  }
  const auto rows = static_cast<int64_t>(groups.size());
  const Column keys(rows, offsets.Finish(), bytes.Finish(), validity.Finish(rows));
  if (plain_string_) return {keys};
  auto decoded = DecodeRowKeys(keys, key_types_);
  WT_CHECK(decoded.ok(), decoded.status().ToString());
  return *std::move(decoded);
}

std::vector<Column> HashAggregate::Partials(std::span<const uint32_t> groups) const {
  std::vector<Column> rows = Keys(groups);
  for (Column& column : running_.Intermediate(groups)) rows.push_back(std::move(column));
  return rows;
}

}  // namespace wavetank::runtime
