#include <string>
#include <string_view>

#include "checkpoint/state_file.h"
#include "platform/check.h"
#include "tests/fuzz/fuzz_seeds.h"

namespace wavetank {
namespace {

using checkpoint::StateFileDecoder;
using checkpoint::StateFileEncoder;
using checkpoint::StateFileHeader;
using checkpoint::StateFileKind;

constexpr const char* kName = "1-a.delta";

// The file again, from what was decoded of it; "" if it was refused. Fed in pieces of that size.
std::string Again(std::string_view bytes, size_t piece) {
  struct Entry {
    std::string key;
    std::string value;
    bool removed;
  };
  std::vector<Entry> entries;
  StateFileDecoder decoder(
      std::string("state/") + kName, [&](std::string_view key, const std::string_view* value) {
        entries.push_back(
            {std::string(key), std::string(value != nullptr ? *value : ""), value == nullptr});
      });
  for (size_t at = 0; at < bytes.size(); at += piece) {
    if (!decoder.Feed(bytes.substr(at, piece)).ok()) return "";
  }
  if (!decoder.Finish().ok()) return "";
  StateFileEncoder encoder(decoder.header());
  for (const Entry& entry : entries) {
    const std::string_view value = entry.value;
    encoder.Add(entry.key, entry.removed ? nullptr : &value);
  }
  return encoder.Finish();
}

}  // namespace

std::vector<std::string> fuzz::Seeds() {
  std::vector<std::string> seeds;
  for (const StateFileKind kind : {StateFileKind::kSnapshot, StateFileKind::kDelta}) {
    StateFileEncoder encoder(
        StateFileHeader{.kind = kind, .version = 3, .name = kName, .parent = "p"});
    for (const std::string_view key : {"a", "bb", ""}) {
      const std::string_view value = "value";
      encoder.Add(key, &value);
    }
    if (kind == StateFileKind::kDelta) encoder.Add("gone", nullptr);
    seeds.push_back(encoder.Finish());
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
