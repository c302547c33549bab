// Bits of integers, as two's complement of 64 of them.
#include <bit>
#include <utility>

#include "runtime/functions/groups.h"
#include "runtime/functions/row_kernels.h"

namespace wavetank::runtime {
namespace {

Entry OfBits(const char* name, uint64_t (*compute)(uint64_t, uint64_t), const char* second,
             const char* help, std::vector<Example> examples) {
  return {.name = name,
          .parameters = {{"a", Accepts::kInt64}, {second, Accepts::kInt64}},
          .result = Gives(DataType::kInt64),
          .kernel = RowKernel<int64_t>([compute](const RowArguments& a, int64_t* result) {
            *result = static_cast<int64_t>(
                compute(static_cast<uint64_t>(a.int64(0)), static_cast<uint64_t>(a.int64(1))));
            return true;
          }),
          .help = help,
          .examples = std::move(examples),
          .always = true};
}

uint64_t And(uint64_t a, uint64_t b) { return a & b; }
uint64_t Or(uint64_t a, uint64_t b) { return a | b; }
uint64_t Xor(uint64_t a, uint64_t b) { return a ^ b; }
// As on the machine that Spark runs on, by the lower six bits.
uint64_t Left(uint64_t a, uint64_t by) { return a << (by & 63); }
uint64_t Right(uint64_t a, uint64_t by) {
  return static_cast<uint64_t>(static_cast<int64_t>(a) >> (by & 63));
}
uint64_t RightUnsigned(uint64_t a, uint64_t by) { return a >> (by & 63); }

}  // namespace

void AddBitFunctions(std::vector<Function>& functions) {
  AddAll(
      {OfBits("&", And, "b", "bits that both have", {{.arguments = {12, 10}, .gives = "8"}}),
       OfBits("|", Or, "b", "bits that either has", {{.arguments = {12, 10}, .gives = "14"}}),
       OfBits("^", Xor, "b", "bits that one of them has", {{.arguments = {12, 10}, .gives = "6"}}),
       OfBits("shiftleft", Left, "by", "bits further up by so many, modulo 64",
              {{.arguments = {1, 3}, .gives = "8"}, {.arguments = {1, 64}, .gives = "1"}}),
       OfBits("shiftright", Right, "by", "bits further down by so many, modulo 64; the sign stays",
              {{.arguments = {-8, 1}, .gives = "-4"}}),
       OfBits("shiftrightunsigned", RightUnsigned, "by",
              "bits further down by so many, modulo 64; zeros follow",
              {{.arguments = {-1, 63}, .gives = "1"}}),
       {.name = "~",
        .parameters = {{"a", Accepts::kInt64}},
        .result = Gives(DataType::kInt64),
        .kernel = RowKernel<int64_t>([](const RowArguments& a, int64_t* result) {
          *result = ~a.int64(0);
          return true;
        }),
        .help = "bits that it has not",
        .examples = {{.arguments = {0}, .gives = "-1"}},
        .always = true},
       {.name = "bit_count",
        .parameters = {{"a", Accepts::kInt64}},
        .result = Gives(DataType::kInt64),
        .kernel = RowKernel<int64_t>([](const RowArguments& a, int64_t* result) {
          *result = std::popcount(static_cast<uint64_t>(a.int64(0)));
          return true;
        }),
        .help = "how many bits it has",
        .examples = {{.arguments = {-1}, .gives = "64"}, {.arguments = {0}, .gives = "0"}},
        .always = true},
       {.name = "bit_get",
        .parameters = {{"a", Accepts::kInt64}, {"position", Accepts::kInt64}},
        .result = Gives(DataType::kInt64),
        .kernel = RowKernel<int64_t>([](const RowArguments& a, int64_t* result) {
          if (a.int64(1) < 0 || a.int64(1) > 63) return false;
          *result = (a.int64(0) >> a.int64(1)) & 1;
          return true;
        }),
        .help = "the bit at a position, from 0, the lowest; null beyond 63",
        .examples = {{.arguments = {11, 2}, .gives = "0"},
                     {.arguments = {11, 64}, .gives = "null"}}}},
      functions);
  for (Function& function : functions) {
    if (function.name == "&" || function.name == "|" || function.name == "^") {
      function.sign = function.name;
    }
  }
}

}  // namespace wavetank::runtime
