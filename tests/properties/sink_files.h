// SinkFiles: the durable bytes of a file sink, made by hand, for tests of what decodes them.
#ifndef WAVETANK_TESTS_PROPERTIES_SINK_FILES_H_
#define WAVETANK_TESTS_PROPERTIES_SINK_FILES_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/framing.h"
#include "platform/random.h"
#include "properties/decode_log.h"
#include "runtime/connectors/manifest.pb.h"

namespace wavetank::properties {

// A sink in the directory "out" whose manifest has one owner.
class SinkFiles {
 public:
  SinkFiles() {
    std::string epoch = "WTEP" + Fixed32(1) + Text("owner");
    epoch += Fixed32(PlainCrc32c(epoch));
    files_["out/_wavetank/epoch-1"] = epoch;
    Append(checkpoint::GroupKind::kSeal, std::string(1, '\0'));
  }

  static std::string PartName(int64_t batch) {
    return "part-0000" + std::to_string(batch) + "-00000.csv";
  }
  // Rows of one part, staged under a name that begins with `attempt`.
  runtime::ManifestEntry Stage(int64_t batch, runtime::ManifestMode mode, const std::string& rows,
                               const std::string& attempt = "a") {
    const std::string file = attempt + "-" + std::to_string(batch);
    files_["out/_wavetank/staged/" + file] = rows;
    runtime::ManifestEntry entry;
    entry.set_batch(batch);
    entry.set_mode(mode);
    runtime::ManifestPart& part = *entry.add_parts();
    part.set_file(file);
    part.set_name(PartName(batch));
    part.set_size_bytes(rows.size());
    part.set_crc32c(PlainCrc32c(rows));
    part.set_dialect(runtime::PART_DIALECT_RFC4180);
    return entry;
  }
  void Commit(const runtime::ManifestEntry& entry) {
    runtime::ManifestRecord record;
    *record.mutable_entry() = entry;
    Append(record);
  }
  void Fence(int64_t epoch) {
    runtime::ManifestRecord record;
    record.mutable_fence()->set_epoch(epoch);
    Append(record);
  }
  // The entry's part stands in it.
  static runtime::ManifestEntry Inline(runtime::ManifestEntry entry, const std::string& rows) {
    entry.mutable_parts(0)->clear_file();
    entry.mutable_parts(0)->set_text(rows);
    return entry;
  }
  // The entry has these parts from here on.
  void File(const runtime::ManifestEntry& entry, int64_t epoch) {
    runtime::ManifestRecord record;
    record.mutable_filed()->set_batch(entry.batch());
    record.mutable_filed()->set_epoch(epoch);
    *record.mutable_filed()->mutable_parts() = entry.parts();
    Append(record);
  }
  void Drop(int64_t first_batch) {
    runtime::ManifestRecord record;
    record.mutable_dropped()->set_first_batch(first_batch);
    Append(record);
  }
  std::string& operator[](const std::string& path) { return files_["out/" + path]; }
  void Remove(const std::string& path) { files_.erase("out/" + path); }
  DurableFiles Durable() const { return DurableFiles(files_.begin(), files_.end()); }

 private:
  static std::string Fixed32(uint32_t value) {
    std::string bytes;
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(value >> shift));
    return bytes;
  }
  static std::string Text(const std::string& text) {
    std::string bytes;
    size_t size = text.size();
    for (; size >= 0x80; size >>= 7) bytes.push_back(static_cast<char>(size | 0x80));
    return bytes + static_cast<char>(size) + text;
  }
  void Append(const runtime::ManifestRecord& record) {
    Append(checkpoint::GroupKind::kRecords, '\1' + Text(record.SerializeAsString()));
  }
  void Append(checkpoint::GroupKind kind, std::string payload) {
    std::string& bytes = files_[log_.path];
    checkpoint::Group group;
    group.kind = kind;
    group.sequence = groups_++;
    group.epoch = 1;
    group.offset = bytes.size();
    group.payload = std::move(payload);
    bytes += EncodeGroup(log_, group);
  }

  std::map<std::string, std::string> files_;
  const checkpoint::LogFile log_{"out/_wavetank/log-1", platform::StableHash("owner"), 1};
  uint64_t groups_ = 0;
};

}  // namespace wavetank::properties

#endif  // WAVETANK_TESTS_PROPERTIES_SINK_FILES_H_
