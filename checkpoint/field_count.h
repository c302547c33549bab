// How many fields a peer's Protobuf message has, before it is parsed: each may become an object of
// many times its size, for which nobody has counted the memory.
#ifndef WAVETANK_CHECKPOINT_FIELD_COUNT_H_
#define WAVETANK_CHECKPOINT_FIELD_COUNT_H_

#include <cstddef>
#include <string_view>

namespace wavetank::checkpoint {

// Of the outermost message. Bytes that no message begins with have few.
bool HasMoreFieldsThan(size_t most, std::string_view bytes);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_FIELD_COUNT_H_
