#include <bit>
#include <concepts>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/columnar/record_batch.h"

namespace wavetank::runtime {
namespace {

static_assert(std::endian::native == std::endian::little, "the encoding is the memory's layout");

constexpr std::string_view kMagic = "WTB1";
// Rows of a batch without columns take no bytes, so nothing else bounds their number.
constexpr uint64_t kMaxRows = uint64_t{1} << 40;

template <std::integral T>
void PutInt(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void PutBits(std::string& out, const uint64_t* bits, int64_t size) {
  const auto bytes = static_cast<size_t>((size + 7) / 8);
  out.append(reinterpret_cast<const char*>(bits), bytes);
  if (size % 8 != 0) out.back() = static_cast<char>(out.back() & ((1 << (size % 8)) - 1));
}

// `value(row)` for each row, less the least one, in as few bytes as hold them all.
template <typename F>
void PutPacked(std::string& out, int64_t size, F value) {
  int64_t least = size == 0 ? 0 : std::numeric_limits<int64_t>::max();
  int64_t most = size == 0 ? 0 : std::numeric_limits<int64_t>::min();
  for (int64_t row = 0; row < size; ++row) {
    least = std::min<int64_t>(least, value(row));
    most = std::max<int64_t>(most, value(row));
  }
  const uint64_t range = static_cast<uint64_t>(most) - static_cast<uint64_t>(least);
  const auto put_all = [&]<typename T>(T) {
    PutInt(out, static_cast<uint8_t>(sizeof(T)));
    PutInt(out, least);
    const size_t begin = out.size();
    out.resize(begin + static_cast<size_t>(size) * sizeof(T));
    char* to = out.data() + begin;
    for (int64_t row = 0; row < size; ++row, to += sizeof(T)) {
      const T packed =
          static_cast<T>(static_cast<uint64_t>(value(row)) - static_cast<uint64_t>(least));
      std::memcpy(to, &packed, sizeof(T));
    }
  };
  if (range <= 0xff)
    put_all(uint8_t{});
  else if (range <= 0xffff)
    put_all(uint16_t{});
  else if (range <= 0xffffffff)
    put_all(uint32_t{});
  else
    put_all(uint64_t{});
}

void PutColumn(std::string& out, const Field& field, const Column& column) {
  WT_CHECK(field.type.is_storable(), "a column that is not encoded: " + DataTypeName(field.type));
  const int64_t rows = column.size();
  PutInt(out, static_cast<uint8_t>(field.type.kind()));
  PutInt(out, static_cast<uint8_t>(column.null_count() != 0));
  PutInt(out, static_cast<uint32_t>(field.name.size()));
  out += field.name;
  if (column.null_count() != 0) PutBits(out, column.validity(), rows);
  switch (field.type.layout()) {
    case Layout::kBits:
      PutBits(out, column.bits(), rows);
      return;
    case Layout::kFixed:
      return WithValueType(field.type, [&]<typename T>(T) {
        const T* const values = column.values<T>();
        if constexpr (std::is_integral_v<T>) {
          PutPacked(out, rows, [values](int64_t row) { return int64_t{values[row]}; });
        } else {
          out.append(reinterpret_cast<const char*>(values), static_cast<size_t>(rows) * sizeof(T));
        }
      });
    case Layout::kBytes: {
      const int64_t* const offsets = column.offsets();
      PutPacked(out, rows, [&](int64_t row) { return offsets[row + 1] - offsets[row]; });
      const auto bytes = static_cast<size_t>(offsets[rows] - offsets[0]);
      PutInt(out, static_cast<uint64_t>(bytes));
      if (bytes != 0) out.append(column.bytes() + offsets[0], bytes);
      return;
    }
    case Layout::kList:
    case Layout::kStruct:
      break;
  }
}

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : all_(bytes), rest_(bytes) {}

  absl::Status Damaged(std::string_view what) const {
    return absl::DataLossError(absl::StrCat("record batch: ", platform::ToAbsl(what), " at byte ",
                                            all_.size() - rest_.size(), " of ", all_.size()));
  }

  absl::Status Take(uint64_t size, std::string_view* taken) {
    if (size > rest_.size()) return Damaged("cut short");
    *taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return absl::OkStatus();
  }

  template <std::integral T>
  absl::Status TakeInt(T* value) {
    std::string_view taken;
    WT_RETURN_IF_ERROR(Take(sizeof(T), &taken));
    std::memcpy(value, taken.data(), taken.size());
    return absl::OkStatus();
  }

  absl::Status TakeBits(uint64_t size, Buffer* bits) {
    std::string_view taken;
    WT_RETURN_IF_ERROR(Take((size + 7) / 8, &taken));
    BufferBuilder<uint64_t> words(static_cast<size_t>(BitWords(static_cast<int64_t>(size))));
    words.AppendRepeated(words.capacity(), 0);
    if (!taken.empty()) std::memcpy(words.data(), taken.data(), taken.size());
    *bits = words.Finish();
    return absl::OkStatus();
  }

  template <std::integral V>
  absl::Status TakePacked(uint64_t rows, BufferBuilder<V>* values) {
    uint8_t width = 0;
    int64_t base = 0;
    WT_RETURN_IF_ERROR(TakeInt(&width));
    if (width != 1 && width != 2 && width != 4 && width != 8) return Damaged("bad integer width");
    WT_RETURN_IF_ERROR(TakeInt(&base));
    if (rows > rest_.size()) return Damaged("cut short");  // before rows * width can wrap around
    std::string_view taken;
    WT_RETURN_IF_ERROR(Take(rows * width, &taken));
    values->Reserve(rows);
    const auto unpack = [&]<typename T>(T) {
      V* const to = values->data() + values->size();
      bool beyond = false;
      for (uint64_t row = 0; row < rows; ++row) {
        T packed;
        std::memcpy(&packed, taken.data() + row * sizeof(T), sizeof(T));
        const auto value = static_cast<int64_t>(static_cast<uint64_t>(base) + packed);
        to[row] = static_cast<V>(value);
        if constexpr (sizeof(V) < sizeof(int64_t)) beyond |= to[row] != value;
      }
      return beyond;
    };
    const bool beyond = width == 1   ? unpack(uint8_t{})
                        : width == 2 ? unpack(uint16_t{})
                        : width == 4 ? unpack(uint32_t{})
                                     : unpack(uint64_t{});
    if (beyond) return Damaged("a value beyond its type");
    values->SetSize(values->size() + rows);
    return absl::OkStatus();
  }

  template <typename T>
  absl::Status TakeValues(uint64_t rows, Buffer* values) {
    if constexpr (std::is_integral_v<T>) {
      BufferBuilder<T> unpacked;
      WT_RETURN_IF_ERROR(TakePacked(rows, &unpacked));
      *values = unpacked.Finish();
    } else {
      std::string_view taken;
      WT_RETURN_IF_ERROR(Take(rows * sizeof(T), &taken));
      BufferBuilder<char> copy(taken.size());
      copy.Append(taken.data(), taken.size());
      *values = copy.Finish();
    }
    return absl::OkStatus();
  }

  absl::Status TakeStrings(uint64_t rows, Buffer* offsets, Buffer* bytes) {
    BufferBuilder<int64_t> ends;
    ends.Append(0);
    WT_RETURN_IF_ERROR(TakePacked(rows, &ends));
    uint64_t length = 0;
    WT_RETURN_IF_ERROR(TakeInt(&length));
    std::string_view taken;
    WT_RETURN_IF_ERROR(Take(length, &taken));
    uint64_t end = 0;
    for (uint64_t row = 1; row <= rows; ++row) {
      const int64_t size = ends[row];
      if (size < 0 || static_cast<uint64_t>(size) > length - end) {
        return Damaged("string lengths beyond their bytes");
      }
      end += static_cast<uint64_t>(size);
      ends[row] = static_cast<int64_t>(end);
    }
    if (end != length) return Damaged("string bytes beyond their lengths");
    BufferBuilder<char> text(length);
    text.Append(taken.data(), taken.size());
    *offsets = ends.Finish();
    *bytes = text.Finish();
    return absl::OkStatus();
  }

  absl::Status TakeColumn(uint64_t rows, Field* field, Column* column) {
    uint8_t type = 0;
    uint8_t has_nulls = 0;
    uint32_t name_length = 0;
    WT_RETURN_IF_ERROR(TakeInt(&type));
    if (!IsStorableKind(type)) return Damaged("no such data type");
    WT_RETURN_IF_ERROR(TakeInt(&has_nulls));
    if (has_nulls > 1) return Damaged("bad null flag");
    WT_RETURN_IF_ERROR(TakeInt(&name_length));
    std::string_view name;
    WT_RETURN_IF_ERROR(Take(name_length, &name));
    *field = {std::string(name), static_cast<DataType::Kind>(type)};

    const auto size = static_cast<int64_t>(rows);
    Buffer validity;
    if (has_nulls == 1) WT_RETURN_IF_ERROR(TakeBits(rows, &validity));
    Buffer values;
    switch (field->type.layout()) {
      case Layout::kBits:
        WT_RETURN_IF_ERROR(TakeBits(rows, &values));
        break;
      case Layout::kFixed:
        WT_RETURN_IF_ERROR(WithValueType(
            field->type, [&]<typename T>(T) { return TakeValues<T>(rows, &values); }));
        break;
      case Layout::kBytes: {
        Buffer bytes;
        WT_RETURN_IF_ERROR(TakeStrings(rows, &values, &bytes));
        *column =
            Column(size, std::move(values), std::move(bytes), std::move(validity), field->type);
        return absl::OkStatus();
      }
      case Layout::kList:
      case Layout::kStruct:
        return Damaged("no such data type");
    }
    *column = Column(field->type, size, std::move(values), std::move(validity));
    return absl::OkStatus();
  }

  absl::StatusOr<RecordBatch> TakeBatch() {
    std::string_view magic;
    WT_RETURN_IF_ERROR(Take(kMagic.size(), &magic));
    if (magic != kMagic) return Damaged("not a record batch");
    uint32_t count = 0;
    uint64_t rows = 0;
    WT_RETURN_IF_ERROR(TakeInt(&count));
    WT_RETURN_IF_ERROR(TakeInt(&rows));
    if (rows > kMaxRows) return Damaged("too many rows");
    std::vector<Field> fields;
    std::vector<Column> columns;
    for (uint32_t i = 0; i < count; ++i) {
      WT_RETURN_IF_ERROR(TakeColumn(rows, &fields.emplace_back(), &columns.emplace_back()));
    }
    if (!rest_.empty()) return Damaged("bytes behind the last column");
    return RecordBatch(std::make_shared<const Schema>(std::move(fields)), std::move(columns),
                       static_cast<int64_t>(rows));
  }

 private:
  std::string_view all_;
  std::string_view rest_;
};

}  // namespace

std::string RecordBatch::Encode() const {
  std::string out(kMagic);
  PutInt(out, static_cast<uint32_t>(columns_.size()));
  PutInt(out, static_cast<uint64_t>(num_rows_));
  for (int i = 0; i < schema_->size(); ++i) PutColumn(out, schema_->field(i), column(i));
  return out;
}

absl::StatusOr<RecordBatch> RecordBatch::Decode(std::string_view bytes) {
  return Decoder(bytes).TakeBatch();
}

}  // namespace wavetank::runtime
