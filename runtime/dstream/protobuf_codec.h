// Codecs of protobuf messages, for programs that have some: include it before such rows are used,
// and link protobuf.
//
// The encoding is deterministic for one build of protobuf and of the message's schema: maps in the
// order of their keys. Fields that the schema does not know are kept. The message's full name is
// its name in the plan's fingerprint; its fields are not. Messages are values, not keys: make one
// of the fields that tell them apart.
#ifndef WAVETANK_RUNTIME_DSTREAM_PROTOBUF_CODEC_H_
#define WAVETANK_RUNTIME_DSTREAM_PROTOBUF_CODEC_H_

#include <climits>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/message.h"
#include "google/protobuf/message_lite.h"
#include "google/protobuf/text_format.h"

#include "runtime/dstream/codec.h"

namespace wavetank::runtime {

namespace internal {

inline std::string DeterministicBytes(const google::protobuf::MessageLite& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace internal

template <std::derived_from<google::protobuf::MessageLite> T>
struct Codec<T> {
  static std::string Name() { return absl::StrCat("protobuf<", T().GetTypeName(), ">"); }
  static void Encode(const T& message, std::string& out) {
    Codec<std::string>::Encode(internal::DeterministicBytes(message), out);
  }
  static bool Decode(Decoder& in, T& message) {
    uint64_t size = 0;
    std::string_view bytes;
    if (!in.ReadVarint(size) || size > in.remaining() || size > INT_MAX) return false;
    return in.ReadView(size, bytes) &&
           message.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()));
  }
  // On one line, as protobuf's text format; of a message without descriptors, its name and how many
  // bytes it has.
  static void Show(const T& message, std::string& out) {
    if constexpr (std::derived_from<T, google::protobuf::Message>) {
      google::protobuf::TextFormat::Printer printer;
      printer.SetSingleLineMode(true);
      std::string text;
      printer.PrintToString(message, &text);
      if (text.ends_with(' ')) text.pop_back();
      absl::StrAppend(&out, "{", text, "}");
    } else {
      absl::StrAppend(&out, message.GetTypeName(), "{",
                      internal::DeterministicBytes(message).size(), " bytes}");
    }
  }
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_PROTOBUF_CODEC_H_
