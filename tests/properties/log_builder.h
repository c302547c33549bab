// LogBuilder: builds files of a fenced log with the product's encoder, for tests of the checkers'
// decoders: two implementations of one format meet there.
#ifndef WAVETANK_TESTS_PROPERTIES_LOG_BUILDER_H_
#define WAVETANK_TESTS_PROPERTIES_LOG_BUILDER_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkpoint/framing.h"
#include "platform/random.h"
#include "properties/decode_log.h"

namespace wavetank::properties {

inline std::string Number(uint32_t value) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

inline std::string EpochFile(const std::string& owner) {
  std::string bytes = "WTEP" + Number(1) + static_cast<char>(owner.size()) + owner;
  return bytes + Number(PlainCrc32c(bytes));
}

// REQUIRES: each is shorter than 128 bytes, and so many there are.
inline std::string Texts(const std::vector<std::string>& texts) {
  std::string bytes(1, static_cast<char>(texts.size()));
  for (const std::string& text : texts) bytes += static_cast<char>(text.size()) + text;
  return bytes;
}

inline const std::string kEmptySeal(1, '\0');

class LogBuilder {
 public:
  LogBuilder(DurableFiles& files, int64_t epoch, int64_t segment = 0, std::string directory = "q")
      : files_(files), epoch_(epoch) {
    const std::string owner = "owner-" + std::to_string(epoch);
    files_[directory + "/epoch-" + std::to_string(epoch)] = EpochFile(owner);
    const std::string number = std::to_string(segment);
    file_ = {directory + "/log-" + std::to_string(epoch) + (segment == 0 ? "" : "." + number),
             platform::StableHash(segment == 0 ? owner : owner + "/" + number), epoch};
  }
  // A base of the segment, instead of the segment itself.
  static LogBuilder Base(DurableFiles& files, int64_t epoch, int64_t segment) {
    LogBuilder base(files, epoch, segment);
    base.file_ = {
        "q/base-" + std::to_string(epoch) + "." + std::to_string(segment),
        platform::StableHash("owner-" + std::to_string(epoch) + "/base/" + std::to_string(segment)),
        epoch};
    return base;
  }
  // Gives the length of the file after the group.
  uint64_t Add(checkpoint::GroupKind kind, std::string payload) {
    std::string& bytes = files_[file_.path];
    checkpoint::Group group;
    group.kind = kind;
    group.sequence = sequence_++;
    group.epoch = epoch_;
    group.offset = bytes.size();
    group.payload = std::move(payload);
    last_offset_ = bytes.size();
    bytes += EncodeGroup(file_, group);
    return bytes.size();
  }
  // Makes the last group name so many bytes as durable, which the encoder refuses of too many.
  void NameAsDurable(uint64_t durable_bytes) {
    constexpr size_t kChecksumAt = 4, kCoveredFrom = 8, kDurableAt = 32;
    const std::string_view before = files_[file_.path];
    std::string group(before.substr(last_offset_));
    group.replace(kDurableAt, 8, Number64(durable_bytes));
    const std::string covered =
        Number64(file_.id) + Number64(last_offset_) + group.substr(kCoveredFrom);
    group.replace(kChecksumAt, 4, Number(PlainCrc32c(covered)));
    files_[file_.path] = std::string(before.substr(0, last_offset_)) + group;
  }

 private:
  static std::string Number64(uint64_t value) {
    return Number(static_cast<uint32_t>(value)) + Number(static_cast<uint32_t>(value >> 32));
  }

  DurableFiles& files_;
  const int64_t epoch_;
  checkpoint::LogFile file_;
  uint64_t sequence_ = 0;
  size_t last_offset_ = 0;
};

}  // namespace wavetank::properties

#endif  // WAVETANK_TESTS_PROPERTIES_LOG_BUILDER_H_
