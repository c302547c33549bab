#include "properties/decode_state.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/little_endian.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "properties/decode_log.h"

namespace wavetank::properties {
namespace {

using platform::AppendNumber;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr char kDirectory[] = "cp/state/0/1";

void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}
void AppendText(std::string_view text, std::string& out) {
  AppendVarint(text.size(), out);
  out += text;
}

// Without a value: removed.
using Change = std::pair<std::string, std::optional<std::string>>;

std::string Block(const std::string& name, size_t offset, const std::string& bytes,
                  uint64_t gives) {
  std::string rest;
  AppendNumber(uint32_t{0}, rest);
  AppendNumber(static_cast<uint64_t>(bytes.size()), rest);
  AppendNumber(gives, rest);
  rest += bytes;
  std::string summed;
  AppendNumber(platform::StableHash(name), summed);
  AppendNumber(static_cast<uint64_t>(offset), summed);
  std::string block;
  AppendNumber(PlainCrc32c(summed + rest), block);
  return block + rest;
}

// As FORMAT.md has it, in one block.
std::string StateFile(const std::string& name, const std::string& upon,
                      const std::vector<Change>& changes) {
  std::string fields;
  AppendNumber(uint32_t{name.ends_with(".snapshot") ? 1u : 2u}, fields);
  AppendNumber(uint64_t{1}, fields);
  for (const std::string& text : {name, upon, std::string(), std::string("operator")}) {
    AppendText(text, fields);
  }
  AppendVarint(0, fields);  // no compression
  AppendVarint(1, fields);
  AppendText("groups", fields);
  AppendText("schema", fields);
  AppendVarint(0, fields);
  AppendVarint(changes.size(), fields);
  std::string file = "WTST";
  AppendNumber(uint32_t{2}, file);
  AppendNumber(static_cast<uint32_t>(fields.size() + 4), file);
  file += fields;
  AppendNumber(PlainCrc32c(file), file);
  std::string entries;
  for (const auto& [key, value] : changes) {
    AppendVarint(key.size(), entries);
    AppendVarint(value.has_value() ? value->size() + 1 : 0, entries);
    entries += key + value.value_or("");
  }
  if (!entries.empty()) file += Block(name, file.size(), entries, entries.size());
  return file + Block(name, file.size(), "", changes.size());
}

class DecodeStateTest : public testing::Test {
 protected:
  void Put(const std::string& name, const std::string& upon, const std::vector<Change>& changes) {
    files_[absl::StrCat(kDirectory, "/", name)] = StateFile(name, upon, changes);
  }
  std::string& At(const std::string& name) { return files_[absl::StrCat(kDirectory, "/", name)]; }
  absl::StatusOr<StateEntries> Decode(const std::vector<std::string>& names) {
    WT_ASSIGN_OR_RETURN(const auto stores, DecodeState(files_, kDirectory, names));
    return stores.empty() ? StateEntries() : stores[0];
  }
  std::string Refusal(const std::vector<std::string>& names) {
    const auto decoded = Decode(names);
    EXPECT_TRUE(absl::IsDataLoss(decoded.status())) << decoded.status();
    return std::string(decoded.status().message());
  }
  DurableFiles files_;
};

TEST_F(DecodeStateTest, AppliesFilesInTheOrderOfTheirNames) {
  Put("1-a.delta", "", {{"x", "1"}, {"y", "2"}, {"z", ""}});
  Put("2-b.delta", "1-a.delta", {{"y", "3"}, {"x", std::nullopt}, {"w", "4"}});
  Put("3-c.delta", "2-b.delta", {{"x", "5"}});
  EXPECT_THAT(Decode({}).value(), ElementsAre());
  EXPECT_THAT(Decode({"1-a.delta"}).value(),
              ElementsAre(Pair("x", "1"), Pair("y", "2"), Pair("z", "")));
  EXPECT_THAT(Decode({"1-a.delta", "2-b.delta", "3-c.delta"}).value(),
              ElementsAre(Pair("y", "3"), Pair("z", ""), Pair("w", "4"), Pair("x", "5")));
}

TEST_F(DecodeStateTest, ASnapshotStandsForWhatWasBeforeIt) {
  Put("2-s.snapshot", "", {{"x", "1"}});
  Put("3-c.delta", "2-b.delta", {{"y", "2"}});
  EXPECT_THAT(Decode({"2-s.snapshot", "3-c.delta"}).value(),
              ElementsAre(Pair("x", "1"), Pair("y", "2")));
}

TEST_F(DecodeStateTest, RefusesWhatIsNotThereAndWhatDoesNotFollow) {
  Put("1-a.delta", "", {{"x", "1"}});
  Put("3-c.delta", "2-b.delta", {{"y", "2"}});
  EXPECT_THAT(Refusal({"1-a.delta", "2-b.delta"}), HasSubstr("2-b.delta: is not durable"));
  EXPECT_THAT(Refusal({"1-a.delta", "3-c.delta"}), HasSubstr("does not follow"));
  EXPECT_THAT(Refusal({"3-c.delta"}), HasSubstr("does not follow"));
  At("2-b.delta") = At("1-a.delta");
  EXPECT_THAT(Refusal({"2-b.delta"}), HasSubstr("says that it is another file"));
}

TEST_F(DecodeStateTest, RefusesEachByteThatIsAnother) {
  Put("1-a.delta", "", {{"key", "value"}});
  const std::string whole = At("1-a.delta");
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string& damaged = At("1-a.delta");
    damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(Decode({"1-a.delta"}).ok()) << i;
    damaged = whole.substr(0, i);
    EXPECT_FALSE(Decode({"1-a.delta"}).ok()) << i;
  }
}

}  // namespace
}  // namespace wavetank::properties
