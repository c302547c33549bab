#include "checkpoint/field_count.h"

#include <cstdint>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace wavetank::checkpoint {

bool HasMoreFieldsThan(size_t most, std::string_view bytes) {
  using google::protobuf::internal::WireFormatLite;
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                                               static_cast<int>(bytes.size()));
  size_t fields = 0;
  for (uint32_t tag = input.ReadTag(); tag != 0; tag = input.ReadTag()) {
    if (++fields > most) return true;
    if (!WireFormatLite::SkipField(&input, tag)) return false;  // nor will it be parsed
  }
  return false;
}

}  // namespace wavetank::checkpoint
