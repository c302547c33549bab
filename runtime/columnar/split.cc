#include "runtime/columnar/split.h"

#include <bit>
#include <cstring>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "platform/check.h"

namespace wavetank::runtime {
namespace {

// Bit i: whether bytes[i] is `wanted`. Reads 64 bytes.
uint64_t EqualBytes(const char* bytes, char wanted) {
#if defined(__SSE2__)
  const __m128i pattern = _mm_set1_epi8(wanted);
  uint64_t mask = 0;
  for (int quarter = 3; quarter >= 0; --quarter) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 16 * quarter));
    mask = mask << 16 | static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, pattern)));
  }
  return mask;
#else
  uint64_t mask = 0;
  for (int i = 0; i < 64; ++i) mask |= uint64_t{bytes[i] == wanted} << i;
  return mask;
#endif
}

// Collects parts. Copies run over: the 64 bytes behind every buffer allow 16 at a time.
class Parts {
 public:
  explicit Parts(const Column& text) : rows_(static_cast<size_t>(text.size()) + 1) {
    const auto length = static_cast<size_t>(text.offsets()[text.size()] - text.offsets()[0]);
    bytes_.Reserve(length);
    offsets_.Reserve(length / 4 + static_cast<size_t>(text.size()) + 1);
    offsets_.Append(0);
    rows_.Append(0);
  }

  // Room for `more` parts; Add needs it.
  void Reserve(size_t more) { offsets_.Reserve(more); }
  void EndRow() { rows_.Append(static_cast<int64_t>(offsets_.size()) - 1); }

  void Add(const char* begin, const char* end) {
    const auto length = static_cast<size_t>(end - begin);
    char* const to = bytes_.data() + used_;
    std::memcpy(to, begin, 16);
    if (length > 16) [[unlikely]]
      std::memcpy(to + 16, begin + 16, length - 16);
    used_ += length;
    offsets_.data()[offsets_.size()] = static_cast<int64_t>(used_);
    offsets_.SetSize(offsets_.size() + 1);
  }

  Column Finish(Buffer validity) && {
    bytes_.SetSize(used_);
    const auto count = static_cast<int64_t>(offsets_.size()) - 1;
    return Column(rows_.Finish(), Column(count, offsets_.Finish(), bytes_.Finish(), Buffer()),
                  std::move(validity));
  }

 private:
  size_t used_ = 0;
  BufferBuilder<int64_t> offsets_;
  BufferBuilder<char> bytes_;
  BufferBuilder<int64_t> rows_;  // where the parts of each begin
};

void SplitByByte(std::string_view text, char separator, Parts& parts) {
  const char* part = text.data();
  const char* const end = part + text.size();
  for (const char* block = part; block < end; block += 64) {
    uint64_t mask = EqualBytes(block, separator);
    if (end - block < 64) mask &= (uint64_t{1} << (end - block)) - 1;
    parts.Reserve(65);
    for (; mask != 0; mask &= mask - 1) {
      const char* const found = block + std::countr_zero(mask);
      parts.Add(part, found);
      part = found + 1;
    }
  }
  parts.Reserve(1);
  parts.Add(part, end);
}

void SplitByText(std::string_view text, std::string_view separator, Parts& parts) {
  size_t begin = 0;
  for (;;) {
    const size_t found = text.find(separator, begin);
    const size_t end = found == std::string_view::npos ? text.size() : found;
    parts.Reserve(1);
    parts.Add(text.data() + begin, text.data() + end);
    if (found == std::string_view::npos) return;
    begin = found + separator.size();
  }
}

}  // namespace

Column Split(const Column& text, std::string_view separator) {
  WT_CHECK(!separator.empty());
  Parts parts(text);
  for (int64_t row = 0; row < text.size(); ++row) {
    if (!text.IsNull(row)) {
      if (separator.size() == 1)
        SplitByByte(text.StringAt(row), separator[0], parts);
      else
        SplitByText(text.StringAt(row), separator, parts);
    }
    parts.EndRow();
  }
  return std::move(parts).Finish(text.null_count() == 0 ? Buffer() : text.validity_buffer());
}

Column Elements(const Column& arrays) {
  const int64_t begin = arrays.offsets()[0];
  const int64_t end = arrays.offsets()[arrays.size()];
  const Column& elements = arrays.elements();
  if (begin == 0 && end == elements.size()) return elements;
  RowNumbers wanted(static_cast<size_t>(end - begin));
  for (int64_t i = begin; i < end; ++i) wanted.Append(static_cast<uint32_t>(i));
  return Take(elements, Numbers(wanted));
}

RowNumbers RowsOfElements(const Column& arrays) {
  const int64_t* const offsets = arrays.offsets();
  RowNumbers rows(static_cast<size_t>(offsets[arrays.size()] - offsets[0]));
  for (int64_t row = 0; row < arrays.size(); ++row) {
    rows.AppendRepeated(static_cast<size_t>(offsets[row + 1] - offsets[row]),
                        static_cast<uint32_t>(row));
  }
  return rows;
}

}  // namespace wavetank::runtime
