// Numbers and texts in the messages between nodes: little-endian, without padding.
#ifndef WAVETANK_PLATFORM_LITTLE_ENDIAN_H_
#define WAVETANK_PLATFORM_LITTLE_ENDIAN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wavetank::platform {

template <typename Number>
void AppendNumber(Number value, std::string& out) {
  for (size_t i = 0; i < sizeof(Number); ++i) {
    out.push_back(static_cast<char>(static_cast<uint64_t>(value) >> (8 * i)));
  }
}

// Takes values from the front of `bytes`, which must outlive it. Once there were too few bytes,
// everything is zero or empty and ok() is false.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  std::string_view rest() const { return rest_; }

  template <typename Number>
  Number Take() {
    const std::string_view bytes = TakeBytes(sizeof(Number));
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
      value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return static_cast<Number>(value);
  }
  std::string_view TakeBytes(size_t count) {
    if (!ok_ || rest_.size() < count) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_LITTLE_ENDIAN_H_
