// How numbers and strings stand in the files of a checkpoint: little endian, and varints as in
// Protobuf (base 128, least significant group first).
#ifndef WAVETANK_CHECKPOINT_CODING_H_
#define WAVETANK_CHECKPOINT_CODING_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wavetank::checkpoint {

template <std::unsigned_integral T>
void PutFixed(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

inline void PutVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// A varint length, then the bytes.
inline void PutString(std::string& out, std::string_view text) {
  PutVarint(out, text.size());
  out += text;
}

// Reads from the front of a text that must outlive it. The first malformed or missing field makes
// ok() false for good; what is read from then on is zero or empty.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  std::string_view rest() const { return rest_; }
  // Everything was read, and rightly.
  bool Finished() const { return ok_ && rest_.empty(); }

  template <std::unsigned_integral T>
  T Fixed() {
    const std::string_view bytes = Bytes(sizeof(T));
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
      value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return static_cast<T>(value);
  }

  uint64_t Varint() {
    if (!rest_.empty() && static_cast<unsigned char>(rest_[0]) < 0x80) {  // as most are
      return static_cast<unsigned char>(Bytes(1)[0]);
    }
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::string_view byte = Bytes(1);
      if (byte.empty()) return 0;
      const auto bits = static_cast<unsigned char>(byte[0]);
      if (shift == 63 && bits > 1) break;
      value |= static_cast<uint64_t>(bits & 0x7f) << shift;
      if (bits < 0x80) return value;
    }
    Fail();
    return 0;
  }

  std::string_view Bytes(uint64_t count) {
    if (!ok_ || count > rest_.size()) {
      Fail();
      return {};
    }
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }

  std::string_view String() { return Bytes(Varint()); }

 private:
  void Fail() {
    ok_ = false;
    rest_ = {};
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_CODING_H_
