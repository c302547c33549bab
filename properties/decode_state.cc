#include "properties/decode_state.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"

#include "platform/little_endian.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "properties/cursor.h"
#include "properties/decode_log.h"

namespace wavetank::properties {
namespace {

constexpr uint64_t kSnapshot = 1;
constexpr uint64_t kFormat = 2;
constexpr uint64_t kOrdered = 1;

absl::Status Damaged(const std::string& path, const char* what) {
  return absl::DataLossError(absl::StrCat(path, ": ", what));
}

struct Header {
  bool is_snapshot = false;
  std::string name;
  std::string upon;
  std::vector<std::string> stores;  // their names
};

absl::StatusOr<Header> ReadHeader(const std::string& path, std::string_view file, Cursor& rest) {
  Cursor begin(file);
  std::string_view magic;
  uint64_t format = 0, length = 0;
  if (!begin.Bytes(4, &magic) || magic != "WTST" || !begin.Fixed(4, &format)) {
    return Damaged(path, "is no state file");
  }
  if (format != kFormat) return absl::UnimplementedError(absl::StrCat(path, ": format ", format));
  if (!begin.Fixed(4, &length) || length < 4 || begin.left() < length) {
    return Damaged(path, "its header is cut short");
  }
  const size_t summed = 12 + length - 4;
  uint64_t checksum = 0;
  Cursor(file.substr(summed)).Fixed(4, &checksum);
  if (checksum != PlainCrc32c(file.substr(0, summed))) {
    return Damaged(path, "its header fails its checksum");
  }
  Cursor fields(file.substr(12, length - 4));
  Header header;
  uint64_t kind = 0, version = 0, compression = 0, stores = 0;
  std::string newest, operator_fingerprint;
  if (!fields.Fixed(4, &kind) || !fields.Fixed(8, &version) || !fields.Text(&header.name) ||
      !fields.Text(&header.upon) || !fields.Text(&newest) || !fields.Text(&operator_fingerprint) ||
      !fields.Varint(&compression) || !fields.Varint(&stores)) {
    return Damaged(path, "its header lacks a field");
  }
  bool ordered = false;
  for (uint64_t i = 0; i < stores; ++i) {
    uint64_t flags = 0, entries = 0;
    std::string schema;
    if (!fields.Text(&header.stores.emplace_back()) || !fields.Text(&schema) ||
        !fields.Varint(&flags) || !fields.Varint(&entries)) {
      return Damaged(path, "its header lacks a field");
    }
    ordered = ordered || (flags & kOrdered) != 0;
  }
  if (ordered || compression != 0) {
    return absl::UnimplementedError(absl::StrCat(path, ": compressed, or of an ordered store"));
  }
  header.is_snapshot = kind == kSnapshot;
  rest = Cursor(file.substr(12 + length));
  return header;
}

// A store while files are applied to it.
class Store {
 public:
  void Clear() {
    places_.clear();
    entries_.clear();
  }
  // Both are views of files.
  void Put(std::string_view key, std::string_view value) {
    const auto [place, is_new] = places_.emplace(key, entries_.size());
    if (is_new) {
      entries_.push_back(Entry{key, value});
    } else {
      entries_[place->second]->value = value;
    }
  }
  void Remove(std::string_view key) {
    const auto place = places_.find(key);
    if (place == places_.end()) return;
    entries_[place->second].reset();
    places_.erase(place);
  }
  StateEntries Take() const {
    StateEntries entries;
    entries.reserve(places_.size());
    for (const std::optional<Entry>& entry : entries_) {
      if (entry.has_value()) entries.emplace_back(entry->key, entry->value);
    }
    return entries;
  }

 private:
  struct Entry {
    std::string_view key;
    std::string_view value;
  };
  std::map<std::string_view, size_t> places_;
  std::vector<std::optional<Entry>> entries_;  // by place; none: removed
};

absl::StatusOr<uint64_t> ApplyEntries(const std::string& path, std::string_view bytes,
                                      Store& store) {
  Cursor entries(bytes);
  uint64_t count = 0;
  for (; !entries.done(); ++count) {
    uint64_t key_size = 0, value_size = 0;
    std::string_view key, value;
    if (!entries.Varint(&key_size) || !entries.Varint(&value_size) ||
        !entries.Bytes(key_size, &key) ||
        (value_size > 0 && !entries.Bytes(value_size - 1, &value))) {
      return Damaged(path, "an entry is cut short");
    }
    if (value_size == 0) {
      store.Remove(key);
    } else {
      store.Put(key, value);
    }
  }
  return count;
}

absl::Status ApplyBlocks(const std::string& path, const Header& header, std::string_view file,
                         Cursor& rest, std::vector<Store>& stores) {
  uint64_t entries = 0;
  while (true) {
    const size_t offset = file.size() - rest.left();
    uint64_t checksum = 0, number = 0, stored = 0, given = 0;
    if (!rest.Fixed(4, &checksum) || !rest.Fixed(4, &number) || !rest.Fixed(8, &stored) ||
        !rest.Fixed(8, &given)) {
      return Damaged(path, "ends in a block");
    }
    std::string_view bytes;
    if (!rest.Bytes(stored, &bytes)) return Damaged(path, "ends in a block");
    std::string summed;
    platform::AppendNumber(platform::StableHash(header.name), summed);
    platform::AppendNumber(static_cast<uint64_t>(offset), summed);
    summed += file.substr(offset + 4, 20 + stored);
    if (PlainCrc32c(summed) != checksum) return Damaged(path, "a block fails its checksum");
    if (stored == 0) {
      if (given != entries || !rest.done()) return Damaged(path, "its end is another's");
      return absl::OkStatus();
    }
    if (stored != given) return Damaged(path, "a block is compressed in a file that is not");
    if (number >= stores.size()) return Damaged(path, "a block of no store of its");
    WT_ASSIGN_OR_RETURN(const uint64_t more, ApplyEntries(path, bytes, stores[number]));
    entries += more;
  }
}

}  // namespace

absl::StatusOr<std::vector<StateEntries>> DecodeState(const DurableFiles& files,
                                                      const std::string& directory,
                                                      const std::vector<std::string>& names) {
  std::vector<Store> stores;
  std::vector<std::string> store_names;
  std::string before;
  for (const std::string& name : names) {
    const std::string path = absl::StrCat(directory, "/", name);
    const auto file = files.find(path);
    if (file == files.end()) return Damaged(path, "is not durable");
    Cursor rest("");
    WT_ASSIGN_OR_RETURN(const Header header, ReadHeader(path, file->second, rest));
    if (header.name != name) return Damaged(path, "says that it is another file");
    if (before.empty()) {
      stores.resize(header.stores.size());
      store_names = header.stores;
    }
    if (header.stores != store_names) return Damaged(path, "has other stores than the one before");
    if (header.is_snapshot) {
      for (Store& store : stores) store.Clear();
    } else if (header.upon != before) {
      // What was written upon a file that a snapshot stands for is applied upon that.
      if (before.empty() || !before.ends_with(".snapshot")) {
        return Damaged(path, "does not follow from the file before it");
      }
    }
    WT_RETURN_IF_ERROR(ApplyBlocks(path, header, file->second, rest, stores));
    before = name;
  }
  std::vector<StateEntries> entries;
  for (const Store& store : stores) entries.push_back(store.Take());
  return entries;
}

}  // namespace wavetank::properties
