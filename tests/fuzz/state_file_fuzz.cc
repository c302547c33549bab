#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/coding.h"
#include "checkpoint/state_file.h"
#include "platform/check.h"
#include "tests/fuzz/fuzz_seeds.h"

namespace wavetank {
namespace {

using namespace checkpoint;  // NOLINT(google-build-using-namespace)

constexpr const char* kName = "1-a.delta";

struct Entry {
  size_t store;
  std::string key;
  std::optional<std::string> value;
};

class Collector final : public StateFileVisitor {
 public:
  void OnEntries(size_t store, std::span<const std::string_view> keys,
                 std::span<const std::optional<std::string_view>> values) override {
    for (size_t i = 0; i < keys.size(); ++i) {
      entries.push_back({store, std::string(keys[i]), std::optional<std::string>(values[i])});
    }
  }
  std::vector<Entry> entries;
};

// The file again, from what was decoded of it; "" if it was refused. Fed in pieces of that size.
std::string Again(std::string_view bytes, size_t piece) {
  Collector collector;
  StateFileDecoder decoder(std::string("state/") + kName, collector);
  for (size_t at = 0; at < bytes.size(); at += piece) {
    if (!decoder.Feed(bytes.substr(at, piece)).ok()) return "";
  }
  if (!decoder.Finish().ok()) return "";
  StateFileHeader header = decoder.header();
  for (StoreInFile& store : header.stores) store.entries = 0;
  for (const Entry& entry : collector.entries) ++header.stores[entry.store].entries;
  StateFileEncoder encoder(header);
  for (const Entry& entry : collector.entries) encoder.Add(entry.store, entry.key, entry.value);
  return encoder.Finish();
}

// A file of format 1, which is only read any more. Its checksums are 0, as all are here.
std::string OldFile() {
  std::string fields;
  PutFixed(fields, uint32_t{2});
  PutFixed(fields, uint64_t{3});
  PutString(fields, kName);
  PutString(fields, "p");
  std::string bytes = "WTST";
  PutFixed(bytes, uint32_t{1});
  PutFixed(bytes, static_cast<uint32_t>(fields.size() + 4));
  bytes += fields;
  PutFixed(bytes, uint32_t{0});
  std::string block;
  PutVarint(block, 1);
  PutVarint(block, 2);
  block += "kv";
  PutFixed(bytes, static_cast<uint32_t>(block.size()));
  PutFixed(bytes, uint32_t{0});
  bytes += block;
  PutFixed(bytes, uint64_t{0});
  PutFixed(bytes, uint64_t{1});
  return bytes;
}

}  // namespace

std::vector<std::string> fuzz::Seeds() {
  std::vector<std::string> seeds = {OldFile()};
  for (const StateFileKind kind : {StateFileKind::kSnapshot, StateFileKind::kDelta}) {
    for (const StateCompression compression :
         {StateCompression::kNone, StateCompression::kLz4, StateCompression::kZstd}) {
      const bool delta = kind == StateFileKind::kDelta;
      StateFileHeader header{.kind = kind, .version = 3, .name = kName, .parent = "p"};
      header.operator_fingerprint = "operator";
      header.compression = compression;
      header.stores = {{{"a", "schema"}, 3}, {{"b", "", KeyOrder::kBytes}, delta ? 2u : 1u}};
      StateFileEncoder encoder(header);
      for (const std::string_view key : {"a", "bb", ""}) encoder.Add(0, key, "value");
      encoder.Add(1, "long", std::string(100, 'x'));
      if (delta) encoder.Add(1, "gone", std::nullopt);
      seeds.push_back(encoder.Finish());
    }
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = Again(bytes, size + 1);
  const std::string in_pieces = Again(bytes, 3);
  WT_CHECK(whole == in_pieces, "the pieces make no difference");
  // Blocks may be cut elsewhere, so it is what is in them that must come back.
  if (!whole.empty()) WT_CHECK(Again(whole, whole.size()) == whole);
  return 0;
}

}  // namespace wavetank
