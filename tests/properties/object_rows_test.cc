// The checker's reader of files of objects: it shows what text files would hold, and finds whatever
// is damaged.
#include "properties/object_rows.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/dstream/codec.h"
#include "runtime/dstream/object_file.h"

namespace wavetank::properties {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using ObjectRow =
    std::tuple<std::string, int64_t, std::optional<double>, std::vector<std::pair<int8_t, uint8_t>>,
               std::map<std::string, bool>, float, uint64_t>;

std::vector<ObjectRow> SomeObjects() {
  return {{"a\nb\\", -1, 1.5, {{1, 255}, {-2, 0}}, {{"k", true}, {"l", false}}, 0.1F, 7},
          {"", INT64_MIN, std::nullopt, {}, {}, -3.0F, UINT64_MAX},
          {std::string("\0\r\n", 3), INT64_MAX, -3.0, {{127, 1}}, {{"", true}}, 1e30F, 0}};
}

template <typename T>
std::string ObjectFileOf(const std::vector<T>& rows) {
  runtime::internal::ObjectFileWriter writer(runtime::Codec<T>::Name());
  for (const T& row : rows) writer.Append(runtime::EncodeToString(row));
  return writer.Finish();
}

TEST(ObjectRows, AreShownAsTextFilesShowThem) {
  std::vector<std::string> shown;
  for (const ObjectRow& row : SomeObjects()) {
    runtime::Codec<ObjectRow>::Show(row, shown.emplace_back());
  }
  const ObjectRows read = DecodeObjectRows(ObjectFileOf(SomeObjects()));
  EXPECT_EQ(read.damage, "");
  EXPECT_EQ(read.rows, shown);
  EXPECT_THAT(DecodeObjectRows(ObjectFileOf(std::vector<std::string>())).rows, IsEmpty());
}

TEST(ObjectRows, OfAnUnknownTypeAreShownInDigits) {
  const ObjectRows read =
      DecodeObjectRows(ObjectFileOf(std::vector<absl::Time>{absl::UnixEpoch()}));
  EXPECT_EQ(read.damage, "");
  EXPECT_THAT(read.rows, ElementsAre("000000000000000000000000"));
}

TEST(ObjectRows, AreNoneOfAFileThatIsNotWhole) {
  const std::string file = ObjectFileOf(SomeObjects());
  for (size_t at = 0; at < file.size(); ++at) {
    std::string damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    EXPECT_NE(DecodeObjectRows(damaged).damage, "") << "byte " << at;
    const ObjectRows cut = DecodeObjectRows(std::string_view(file).substr(0, at));
    EXPECT_NE(cut.damage, "") << "cut at " << at;
    EXPECT_THAT(cut.rows, IsEmpty());
  }
  EXPECT_NE(DecodeObjectRows(file + "x").damage, "");
  std::string other = file;
  other += file;
  EXPECT_NE(DecodeObjectRows(other).damage, "");
}

}  // namespace
}  // namespace wavetank::properties
