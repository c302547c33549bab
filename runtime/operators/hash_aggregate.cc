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

HashAggregate::HashAggregate(std::vector<DataType> key_types,
                             const std::vector<AggregateCall>& calls)
    : key_types_(std::move(key_types)),
      plain_string_(key_types_ == std::vector<DataType>{DataType::kString}) {
  for (const AggregateCall& call : calls) {
    running_.push_back({.state = call.function->parts->make(call.arguments),
                        .arguments = call.arguments.size(),
                        .intermediate = call.intermediate().size()});
    for (const DataType& type : call.intermediate()) {
      bytes_a_group_ += type.is_bytes() ? kBytesAText : kBytesAValue;
    }
  }
}

int64_t HashAggregate::bytes() const {
  return static_cast<int64_t>(table_.bytes()) + bytes_a_group_ * size();
}

std::span<const uint32_t> HashAggregate::Assign(const std::vector<Column>& keys, int64_t rows) {
  WT_CHECK(keys.size() == key_types_.size());
  groups_.Clear();
  groups_.Reserve(static_cast<size_t>(rows));
  groups_.SetSize(static_cast<size_t>(rows));
  const BufferBuilder<uint64_t> hashes = HashRows(keys, rows);
  if (plain_string_) {
    table_.Assign(keys[0], hashes.data(), groups_.data());
  } else {
    table_.Assign(EncodeRowKeys(keys, rows), hashes.data(), groups_.data());
  }
  for (const Running& running : running_) running.state->Resize(table_.size());
  return {groups_.data(), groups_.size()};
}

void HashAggregate::Update(const std::vector<Column>& keys, std::span<const Column> arguments,
                           int64_t rows) {
  const std::span<const uint32_t> groups = Assign(keys, rows);
  for (const Running& running : running_) {
    running.state->Update(arguments.first(running.arguments), groups);
    arguments = arguments.subspan(running.arguments);
  }
}

void HashAggregate::Merge(const std::vector<Column>& keys, std::span<const Column> partials,
                          int64_t rows) {
  const std::span<const uint32_t> groups = Assign(keys, rows);
  for (const Running& running : running_) {
    running.state->Merge(partials.first(running.intermediate), groups);
    partials = partials.subspan(running.intermediate);
  }
  WT_CHECK(partials.empty());
}

void HashAggregate::MergeEarlier(std::span<const uint32_t> groups,
                                 std::span<const Column> partials) {
  for (const Running& running : running_) {
    running.state->MergeEarlier(partials.first(running.intermediate), groups);
    partials = partials.subspan(running.intermediate);
  }
  WT_CHECK(partials.empty());
}

std::vector<Column> HashAggregate::Keys(std::span<const uint32_t> groups) const {
  BufferBuilder<int64_t> offsets(groups.size() + 1);
  BufferBuilder<char> bytes;
  ValidityBuilder validity;
  offsets.Append(0);
  for (const uint32_t group : groups) {
    const std::string_view key = table_.Key(group);
    bytes.Append(key.data(), key.size());
    offsets.Append(static_cast<int64_t>(bytes.size()));
    validity.Append(!table_.IsNull(group));
  }
  const auto rows = static_cast<int64_t>(groups.size());
  const Column keys(rows, offsets.Finish(), bytes.Finish(), validity.Finish(rows));
  if (plain_string_) return {keys};
  auto decoded = DecodeRowKeys(keys, key_types_);
  WT_CHECK(decoded.ok(), decoded.status().ToString());
  return *std::move(decoded);
}

std::vector<Column> HashAggregate::Intermediate(std::span<const uint32_t> groups) const {
  std::vector<Column> columns;
  for (const Running& running : running_) {
    for (Column& column : running.state->Partials(groups)) columns.push_back(std::move(column));
  }
  return columns;
}

std::vector<Column> HashAggregate::Partials(std::span<const uint32_t> groups) const {
  std::vector<Column> rows = Keys(groups);
  for (Column& column : Intermediate(groups)) rows.push_back(std::move(column));
  return rows;
}

}  // namespace wavetank::runtime
