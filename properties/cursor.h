// Cursor: reads what FORMAT.md describes off the front of some bytes.
#ifndef WAVETANK_PROPERTIES_CURSOR_H_
#define WAVETANK_PROPERTIES_CURSOR_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wavetank::properties {

// False once something is missing.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  size_t left() const { return bytes_.size(); }
  bool done() const { return bytes_.empty(); }
  bool Fixed(size_t size, uint64_t* value) {
    if (bytes_.size() < size) return false;
    *value = 0;
    for (size_t i = size; i-- > 0;) *value = *value << 8 | static_cast<unsigned char>(bytes_[i]);
    bytes_.remove_prefix(size);
    return true;
  }
  bool Varint(uint64_t* value) {
    *value = 0;
    for (int shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      *value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool Text(std::string* text) {
    uint64_t size = 0;
    if (!Varint(&size) || bytes_.size() < size) return false;
    *text = std::string(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return true;
  }
  bool Bytes(size_t size, std::string_view* bytes) {
    if (bytes_.size() < size) return false;
    *bytes = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return true;
  }
  bool Records(std::vector<std::string>* records) {
    uint64_t count = 0;
    if (!Varint(&count)) return false;
    for (; count > 0; --count) {
      if (!Text(&records->emplace_back())) return false;
    }
    return true;
  }

 private:
  std::string_view bytes_;
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_CURSOR_H_
