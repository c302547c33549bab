// Codec<T>: how rows of type T cross processes, and how they are shown to people.
//
// There are codecs of numbers, strings, enums, absl's times, and of optionals, vectors, maps, pairs
// and tuples of these (more: chrono_codec.h, protobuf_codec.h). A struct names its fields, once:
//
//   struct Visit {
//     std::string page;
//     int64_t milliseconds = 0;
//     static constexpr auto Fields() { return std::tuple(&Visit::page, &Visit::milliseconds); }
//   };
//
// Any other type by specialising Codec in namespace wavetank::runtime:
//
//   template <>
//   struct Codec<Visit> {
//     static std::string Name() { return "visit"; }   // part of the plan's fingerprint
//     static void Encode(const Visit& visit, std::string& out);   // appends
//     static bool Decode(Decoder& in, Visit& visit);              // false: malformed
//     static void Show(const Visit& visit, std::string& out);     // for Print and SaveAsTextFiles
//   };
//
// Contract: Decode(Encode(x)) == x; an encoding takes at least one byte; Decode reads nothing
// beyond its own bytes and survives any input (bytes come from disks and networks). Integers and
// doubles are little-endian at their own width; lengths are LEB128 varints.
#ifndef WAVETANK_RUNTIME_DSTREAM_CODEC_H_
#define WAVETANK_RUNTIME_DSTREAM_CODEC_H_

#include <bit>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace wavetank::runtime {

static_assert(std::endian::native == std::endian::little, "encodings are copied as they stand");

// A bounds-checked cursor. Every read gives false, and consumes nothing, when the bytes run out.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : bytes_(bytes) {}

  size_t remaining() const { return bytes_.size() - offset_; }
  size_t offset() const { return offset_; }

  bool ReadRaw(void* target, size_t size) {
    if (size > remaining()) return false;
    std::memcpy(target, bytes_.data() + offset_, size);
    offset_ += size;
    return true;
  }
  bool ReadView(size_t size, std::string_view& view) {
    if (size > remaining()) return false;
    view = bytes_.substr(offset_, size);
    offset_ += size;
    return true;
  }
  // Refuses encodings that are longer than 64 bits.
  bool ReadVarint(uint64_t& value) {
    uint64_t result = 0;
    size_t at = offset_;
    for (int shift = 0; shift < 64 && at < bytes_.size(); shift += 7) {
      const auto byte = static_cast<uint8_t>(bytes_[at++]);
      if (shift == 63 && byte > 1) return false;
      result |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) {
        value = result;
        offset_ = at;
        return true;
      }
    }
    return false;
  }

 private:
  std::string_view bytes_;
  size_t offset_ = 0;
};

inline void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// What a compiler says of a type without one, where such rows first come into being: in less than
// ten lines, of which this is one.
#define WT_NO_CODEC                                                                       \
  "rows of this type have no codec: give the struct 'static constexpr auto Fields() { "   \
  "return std::tuple(&T::field, ...); }', or specialise wavetank::runtime::Codec for it " \
  "(runtime/dstream/codec.h)"

// Of a type without a codec. It is declared and no more, so that compilers speak of nothing else
// than the call that gives such rows (internal::kHasCodec).
template <typename T>
struct Codec {
  using None = void;
  static std::string Name();
  static void Encode(const T&, std::string&);
  static bool Decode(Decoder&, T&);
  static void Show(const T&, std::string&);
};

template <typename T>
  requires(std::integral<T> && !std::same_as<T, bool>)
struct Codec<T> {
  static std::string Name() { return absl::StrCat(std::is_signed_v<T> ? "i" : "u", 8 * sizeof(T)); }
  static void Encode(T value, std::string& out) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  static bool Decode(Decoder& in, T& value) { return in.ReadRaw(&value, sizeof value); }
  static void Show(T value, std::string& out) {
    if constexpr (sizeof(T) == 1) {
      out.append(std::to_string(static_cast<int>(value)));
    } else {
      out.append(std::to_string(value));
    }
  }
};

template <>
struct Codec<bool> {
  static std::string Name() { return "bool"; }
  static void Encode(bool value, std::string& out) { out.push_back(value ? 1 : 0); }
  static bool Decode(Decoder& in, bool& value) {
    uint8_t byte = 0;
    if (in.remaining() == 0) return false;
    in.ReadRaw(&byte, 1);
    value = byte == 1;
    return byte <= 1;
  }
  static void Show(bool value, std::string& out) { out.append(value ? "true" : "false"); }
};

template <std::floating_point T>
  requires(sizeof(T) <= 8)
struct Codec<T> {
  static std::string Name() { return absl::StrCat("f", 8 * sizeof(T)); }
  static void Encode(T value, std::string& out) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  static bool Decode(Decoder& in, T& value) { return in.ReadRaw(&value, sizeof value); }
  // The shortest text that reads back as the same value, with ".0" on whole numbers, as in Spark.
  // A NaN's sign is not shown: all NaNs are one value.
  static void Show(T value, std::string& out) {
    if (std::isnan(value)) return void(out.append("nan"));
    char text[40];
    const char* end = std::to_chars(text, text + sizeof text, value).ptr;
    const std::string_view shown(text, static_cast<size_t>(end - text));
    out.append(shown);
    if (shown.find_first_not_of("-0123456789") == std::string_view::npos) out.append(".0");
  }
};

template <>
struct Codec<std::string> {
  static std::string Name() { return "string"; }
  static void Encode(const std::string& value, std::string& out) {
    AppendVarint(value.size(), out);
    out.append(value);
  }
  static bool Decode(Decoder& in, std::string& value) {
    uint64_t size = 0;
    std::string_view view;
    if (!in.ReadVarint(size) || size > in.remaining() || !in.ReadView(size, view)) return false;
    value.assign(view);
    return true;
  }
  static void Show(const std::string& value, std::string& out) { out.append(value); }
};

// As the number that stands for it.
template <typename T>
  requires(std::is_enum_v<T>)
struct Codec<T> {
  using Number = std::underlying_type_t<T>;
  static std::string Name() { return Codec<Number>::Name(); }
  static void Encode(T value, std::string& out) {
    Codec<Number>::Encode(static_cast<Number>(value), out);
  }
  static bool Decode(Decoder& in, T& value) {
    Number number{};
    if (!Codec<Number>::Decode(in, number)) return false;
    value = static_cast<T>(number);
    return true;
  }
  static void Show(T value, std::string& out) {
    Codec<Number>::Show(static_cast<Number>(value), out);
  }
};

namespace internal {

// The types that one is made of, whose codecs its own calls.
template <typename... Ts>
struct CodecParts {};

template <typename T>
constexpr bool HasCodec();
template <typename... Ts>
constexpr bool HaveCodecs(CodecParts<Ts...>) {
  return (HasCodec<Ts>() && ...);
}
template <typename T>
constexpr bool HasCodec() {
  if constexpr (requires { typename Codec<T>::None; }) {
    return false;
  } else if constexpr (requires { typename Codec<T>::Parts; }) {
    return HaveCodecs(typename Codec<T>::Parts());
  } else {
    return true;
  }
}
template <typename T>
inline constexpr bool kHasCodec = HasCodec<T>();

template <typename C, typename... Ts>
CodecParts<Ts...> PartsOfFields(const std::tuple<Ts C::*...>&);

// A type that is stored as another: To(value) and From(stored).
template <typename T, typename Stored>
struct CodecAs {
  static void Encode(const T& value, std::string& out) {
    Codec<Stored>::Encode(Codec<T>::To(value), out);
  }
  static bool Decode(Decoder& in, T& value) {
    Stored stored{};
    if (!Codec<Stored>::Decode(in, stored)) return false;
    value = Codec<T>::From(stored);
    return true;
  }
};

// Quarters of nanoseconds, which is what they are made of: seconds and the rest.
using StoredDuration = std::pair<int64_t, uint32_t>;

template <typename... Ts>
std::string JoinCodecNames(const char* outer) {
  std::string joined = outer;
  ((joined += Codec<Ts>::Name() + ","), ...);
  joined.back() = '>';
  return joined;
}

// Pairs and tuples, field by field.
template <typename Row>
bool DecodeFields(Decoder& in, Row& row) {
  return std::apply(
      [&in](auto&... fields) {
        return (Codec<std::decay_t<decltype(fields)>>::Decode(in, fields) && ...);
      },
      row);
}
template <typename Row>
void EncodeFields(const Row& row, std::string& out) {
  std::apply(
      [&out](const auto&... fields) {
        (Codec<std::decay_t<decltype(fields)>>::Encode(fields, out), ...);
      },
      row);
}
template <typename Row>
void ShowFields(const Row& row, std::string& out) {
  char separator = '(';
  const auto show = [&](const auto& field) {
    out.push_back(separator);
    separator = ',';
    Codec<std::decay_t<decltype(field)>>::Show(field, out);
  };
  std::apply([&show](const auto&... fields) { (show(fields), ...); }, row);
  out.push_back(')');
}

}  // namespace internal

template <typename A, typename B>
struct Codec<std::pair<A, B>> {
  using Parts = internal::CodecParts<A, B>;
  using Row = std::pair<A, B>;
  static std::string Name() { return internal::JoinCodecNames<A, B>("pair<"); }
  static void Encode(const Row& row, std::string& out) { internal::EncodeFields(row, out); }
  static bool Decode(Decoder& in, Row& row) { return internal::DecodeFields(in, row); }
  static void Show(const Row& row, std::string& out) { internal::ShowFields(row, out); }
};

template <typename T, typename... Ts>
struct Codec<std::tuple<T, Ts...>> {
  using Parts = internal::CodecParts<T, Ts...>;
  using Row = std::tuple<T, Ts...>;
  static std::string Name() { return internal::JoinCodecNames<T, Ts...>("tuple<"); }
  static void Encode(const Row& row, std::string& out) { internal::EncodeFields(row, out); }
  static bool Decode(Decoder& in, Row& row) { return internal::DecodeFields(in, row); }
  static void Show(const Row& row, std::string& out) { internal::ShowFields(row, out); }
};

// To a quarter of a nanosecond; infinite ones too.
template <>
struct Codec<absl::Duration> : internal::CodecAs<absl::Duration, internal::StoredDuration> {
  static std::string Name() { return "duration"; }
  static internal::StoredDuration To(absl::Duration value) {
    if (value == absl::InfiniteDuration()) return {INT64_MAX, kInfinite};
    if (value == -absl::InfiniteDuration()) return {INT64_MIN, kInfinite};
    absl::Duration rest;
    int64_t seconds = absl::IDivDuration(value, absl::Seconds(1), &rest);
    if (rest < absl::ZeroDuration()) {
      rest += absl::Seconds(1);
      --seconds;
    }
    return {seconds, static_cast<uint32_t>(rest / Tick())};
  }
  static absl::Duration From(const internal::StoredDuration& stored) {
    if (stored.second == kInfinite) {
      return stored.first > 0 ? absl::InfiniteDuration() : -absl::InfiniteDuration();
    }
    return absl::Seconds(stored.first) + stored.second * Tick();
  }
  static void Show(absl::Duration value, std::string& out) {
    absl::StrAppend(&out, absl::FormatDuration(value));
  }

 private:
  static absl::Duration Tick() { return absl::Nanoseconds(1) / 4; }
  static constexpr uint32_t kInfinite = UINT32_MAX;
};

// Shown in UTC, as "2026-11-30T08:00:00+00:00".
template <>
struct Codec<absl::Time> : internal::CodecAs<absl::Time, absl::Duration> {
  static std::string Name() { return "time"; }
  static absl::Duration To(absl::Time value) { return value - absl::UnixEpoch(); }
  static absl::Time From(absl::Duration since) { return absl::UnixEpoch() + since; }
  static void Show(absl::Time value, std::string& out) {
    absl::StrAppend(&out, absl::FormatTime(absl::RFC3339_full, value, absl::UTCTimeZone()));
  }
};

// A struct that names its fields, by pointers to them.
template <typename T>
  requires requires { T::Fields(); }
struct Codec<T> {
  using Parts = decltype(internal::PartsOfFields<T>(T::Fields()));
  static std::string Name() {
    return OfFields([](auto... fields) {
      return internal::JoinCodecNames<std::decay_t<decltype(std::declval<const T&>().*fields)>...>(
          "fields<");
    });
  }
  static void Encode(const T& value, std::string& out) { internal::EncodeFields(Tied(value), out); }
  static bool Decode(Decoder& in, T& value) {
    auto fields = Tied(value);
    return internal::DecodeFields(in, fields);
  }
  static void Show(const T& value, std::string& out) { internal::ShowFields(Tied(value), out); }

 private:
  template <typename F>
  static auto OfFields(const F& function) {
    return std::apply(function, T::Fields());
  }
  template <typename Value>
  static auto Tied(Value& value) {
    return OfFields([&value](auto... fields) { return std::tie(value.*fields...); });
  }
};

template <typename T>
struct Codec<std::optional<T>> {
  using Parts = internal::CodecParts<T>;
  static std::string Name() { return internal::JoinCodecNames<T>("optional<"); }
  static void Encode(const std::optional<T>& value, std::string& out) {
    Codec<bool>::Encode(value.has_value(), out);
    if (value) Codec<T>::Encode(*value, out);
  }
  static bool Decode(Decoder& in, std::optional<T>& value) {
    bool there = false;
    value.reset();
    return Codec<bool>::Decode(in, there) && (!there || Codec<T>::Decode(in, value.emplace()));
  }
  // As Scala's: Some(x), None.
  static void Show(const std::optional<T>& value, std::string& out) {
    if (!value) return void(out.append("None"));
    out.append("Some(");
    Codec<T>::Show(*value, out);
    out.push_back(')');
  }
};

template <typename T>
struct Codec<std::vector<T>> {
  using Parts = internal::CodecParts<T>;
  static std::string Name() { return internal::JoinCodecNames<T>("vector<"); }
  static void Encode(const std::vector<T>& values, std::string& out) {
    AppendVarint(values.size(), out);
    for (const T& value : values) Codec<T>::Encode(value, out);
  }
  static bool Decode(Decoder& in, std::vector<T>& values) {
    uint64_t count = 0;
    // An element takes a byte at least, so a count beyond what is left is a lie, not an allocation.
    if (!in.ReadVarint(count) || count > in.remaining()) return false;
    values.clear();
    values.reserve(count);
    for (; count > 0; --count) {
      T value{};
      if (!Codec<T>::Decode(in, value)) return false;
      values.push_back(std::move(value));
    }
    return true;
  }
  static void Show(const std::vector<T>& values, std::string& out) {
    out.push_back('[');
    for (size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out.push_back(',');
      Codec<T>::Show(values[i], out);
    }
    out.push_back(']');
  }
};

// As a vector of its pairs.
template <typename K, typename V, typename Less>
struct Codec<std::map<K, V, Less>> {
  using Parts = internal::CodecParts<K, V>;
  using Map = std::map<K, V, Less>;
  static std::string Name() { return internal::JoinCodecNames<K, V>("map<"); }
  static void Encode(const Map& map, std::string& out) {
    AppendVarint(map.size(), out);
    for (const auto& [key, value] : map) {
      Codec<K>::Encode(key, out);
      Codec<V>::Encode(value, out);
    }
  }
  static bool Decode(Decoder& in, Map& map) {
    std::vector<std::pair<K, V>> pairs;
    if (!Codec<std::vector<std::pair<K, V>>>::Decode(in, pairs)) return false;
    map.clear();
    for (auto& [key, value] : pairs) map.insert_or_assign(std::move(key), std::move(value));
    return map.size() == pairs.size();
  }
  // As Scala's: Map(a -> 1, b -> 2).
  static void Show(const Map& map, std::string& out) {
    const char* before = "Map(";
    for (const auto& [key, value] : map) {
      out.append(std::exchange(before, ", "));
      Codec<K>::Show(key, out);
      out.append(" -> ");
      Codec<V>::Show(value, out);
    }
    out.append(map.empty() ? "Map()" : ")");
  }
};

template <typename T>
std::string EncodeToString(const T& value) {
  static_assert(!requires { typename Codec<T>::None; }, WT_NO_CODEC);
  std::string bytes;
  Codec<T>::Encode(value, bytes);
  return bytes;
}

namespace internal {
// Of bytes that are not exactly one T: no T where `in` stands, or one that ends before they do.
template <typename T>
absl::Status NotDecoded(const Decoder& in, bool ends_before) {
  return absl::DataLossError(
      absl::StrCat("decode ", Codec<T>::Name(), ": ", ends_before ? "bytes left over" : "malformed",
                   " at offset ", in.offset(), " of ", in.offset() + in.remaining()));
}
}  // namespace internal

// kDataLoss, naming the type and the offset, unless `bytes` are exactly one value.
template <typename T>
absl::Status DecodeFromString(std::string_view bytes, T& value) {
  Decoder in(bytes);
  const bool decoded = Codec<T>::Decode(in, value);
  if (decoded && in.remaining() == 0) return absl::OkStatus();
  return internal::NotDecoded<T>(in, decoded);
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_CODEC_H_
