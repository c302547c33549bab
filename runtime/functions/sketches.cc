// approx_count_distinct: how many distinct values there are, about, in memory that does not grow
// with them: HyperLogLog (Flajolet, Fusy, Gandouet, Meunier, 2007) over hashes of 64 bits, and
// linear counting where few registers are set.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "platform/check.h"
#include "runtime/columnar/row_key.h"
#include "runtime/functions/groups.h"
#include "runtime/functions/kernels.h"
#include "runtime/functions/real_functions.h"

namespace wavetank::runtime {
namespace {

// Of Spark: the standard deviation that is aimed at, relative to the count.
constexpr double kDefaultError = 0.05;
constexpr double kLeastError = 0.0041;  // 2^17 registers
constexpr double kMostError = 0.39;

// The registers' number is 2^bits; their error is 1.04 / sqrt(their number), here with some room.
int BitsFor(double error) {
  int bits = 4;
  while (error * error * std::ldexp(1.0, bits) < 1.106 * 1.106) ++bits;
  return bits;
}

// One byte a register: the longest run of zeros that its hashes began with, and one.
void AddHash(uint64_t hash, std::string& registers) {
  const int bits = std::countr_zero(registers.size());
  const uint64_t place = hash >> (64 - bits);
  const uint64_t rest = (hash << bits) | (uint64_t{1} << (bits - 1));  // so that it ends
  const auto run = static_cast<char>(std::countl_zero(rest) + 1);
  registers[place] = std::max(registers[place], run);
}

void MergeRegisters(std::string_view from, std::string& registers) {
  if (from.empty()) return;
  if (registers.empty()) registers.assign(from.size(), '\0');
  WT_CHECK(from.size() == registers.size(), "sketches of one call are of one size");
  for (size_t i = 0; i < from.size(); ++i) registers[i] = std::max(registers[i], from[i]);
}

int64_t Estimate(std::string_view registers) {
  if (registers.empty()) return 0;
  const auto count = static_cast<double>(registers.size());
  double sum = 0;
  int unset = 0;
  for (const char run : registers) {
    sum += std::ldexp(1.0, -run);
    unset += run == 0 ? 1 : 0;
  }
  const double alpha = registers.size() == 16   ? 0.673
                       : registers.size() == 32 ? 0.697
                       : registers.size() == 64 ? 0.709
                                                : 0.7213 / (1 + 1.079 / count);
  const double estimate = alpha * count * count / sum;
  if (estimate > 2.5 * count || unset == 0) return std::llround(estimate);
  return std::llround(count * NaturalLogarithm(count / unset));
}

class SketchState final : public AggregateState {
 public:
  void Resize(uint32_t groups) override {
    if (groups > registers_.size()) registers_.resize(groups);
  }
  void Update(std::span<const Column> arguments, std::span<const uint32_t> groups) override {
    const auto rows = static_cast<int64_t>(groups.size());
    const BufferBuilder<uint64_t> hashes = HashRows({NormaliseKey(arguments[0])}, rows);
    for (size_t i = 0; i < groups.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      if (arguments[0].IsNull(row)) continue;
      std::string& registers = registers_[groups[i]];
      if (registers.empty()) {
        const double error = arguments.size() < 2 ? kDefaultError : arguments[1].DoubleAt(row);
        registers.assign(size_t{1} << BitsFor(error), '\0');
        held_bytes_ += std::ssize(registers);
      }
      AddHash(hashes.data()[i], registers);
    }
  }
  void Merge(std::span<const Column> partials, std::span<const uint32_t> groups) override {
    for (size_t i = 0; i < groups.size(); ++i) {
      std::string& registers = registers_[groups[i]];
      held_bytes_ -= std::ssize(registers);
      MergeRegisters(partials[0].StringAt(static_cast<int64_t>(i)), registers);
      held_bytes_ += std::ssize(registers);
    }
  }
  std::vector<Column> Partials(std::span<const uint32_t> groups) const override {
    ColumnBuilder builder(DataType::kBinary);
    for (const uint32_t group : groups) builder.String(registers_[group]);
    return {builder.Finish()};
  }

  int64_t bytes() const override { return held_bytes_; }

 private:
  std::vector<std::string> registers_;  // empty: no value
  int64_t held_bytes_ = 0;
};

std::shared_ptr<const AggregateParts> SketchParts() {
  auto parts = std::make_shared<AggregateParts>();
  parts->intermediate = [](std::span<const DataType>) {
    return std::vector<DataType>{DataType::kBinary};
  };
  parts->make = [](std::span<const DataType>) { return std::make_unique<SketchState>(); };
  parts->result = [](std::span<const Column> intermediate) {
    ColumnBuilder builder(DataType::kInt64);
    for (int64_t row = 0; row < intermediate[0].size(); ++row) {
      builder.Int64(Estimate(intermediate[0].StringAt(row)));
    }
    return builder.Finish();
  };
  return parts;
}

std::string RefuseError(const CallArguments& arguments) {
  if (arguments.literals.size() < 2) return "";
  const auto* const error = std::get_if<double>(&arguments.literals[1]);
  if (error != nullptr && *error >= kLeastError && *error <= kMostError) return "";
  return "the error is from 0.0041 to 0.39";
}

}  // namespace

void AddSketches(std::vector<Function>& functions) {
  functions.push_back(
      {.name = "approx_count_distinct",
       .parameters = {{"value", Accepts::kStorable},
                      {.name = "error", .accepts = Accepts::kDouble, .literal = true}},
       .optional = 1,
       .result = Gives(DataType::kInt64),
       .refuses = RefuseError,
       .nulls = Nulls::kNever,
       .parts = SketchParts(),
       .help = "how many distinct values that are not null there are, about: with a standard "
               "deviation of 5 %, or of `error`",
       .examples = {
           {.rows = {{4}, {ExampleTerm::Null(DataType::kInt64)}, {5}, {4}}, .gives = "2"}}});
}

}  // namespace wavetank::runtime
