// Rows that are views of what holds them: what functions of std::string_view are given, and what
// becomes of what they give.
#include "runtime/dstream/row_view.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/dstream/input_operators.h"
#include "runtime/dstream/row_chunks.h"
#include "runtime/dstream/stable_hash.h"
#include "tests/runtime/dstream/collect.h"

namespace job {
enum class Colour : uint8_t { kRed };
}  // namespace job

namespace wavetank::runtime {

// Of a job, which writes such pairs in a way of its own.
template <>
struct Codec<std::pair<std::string, signed char>> {};

namespace {

using internal::kHasView;
using internal::kTakesViews;
using internal::OwnedRow;
using internal::RowView;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

using Texts = std::vector<std::string>;
constexpr char kLong[] = "a word too long to be within a std::string itself";

static_assert(
    std::is_same_v<RowView<std::pair<std::string, int>>, std::pair<std::string_view, int>>);
static_assert(std::is_same_v<RowView<std::tuple<int, std::pair<std::string, bool>>>,
                             std::tuple<int, std::pair<std::string_view, bool>>>);
static_assert(kHasView<std::pair<std::string, job::Colour>>);
// Such a pair may be a key, of which the job has a HashKey of its own.
static_assert(!kHasView<std::pair<std::pair<std::string, job::Colour>, int>>);
static_assert(!kHasView<std::pair<std::string, signed char>>);
// A view of it would copy the vector.
static_assert(!kHasView<std::pair<std::string, std::vector<int>>>);
static_assert(!kHasView<int64_t> && !kHasView<std::optional<std::string>>);
static_assert(
    std::is_same_v<OwnedRow<std::pair<absl::string_view, int>>, std::pair<std::string, int>>);

TEST(RowView, IsGivenToFunctionsThatSaySo) {
  const auto view = [](std::string_view) { return 0; };
  const auto view_by_reference = [](const std::string_view&) noexcept { return 0; };
  const auto own = [](const std::string&) { return 0; };
  const auto any = [](const auto& row) { return row.capacity(); };  // a view has none
  EXPECT_TRUE((kTakesViews<decltype(view), std::string>));
  EXPECT_TRUE((kTakesViews<decltype(view_by_reference), std::string>));
  EXPECT_TRUE((kTakesViews<int (*)(std::string_view), std::string>));
  EXPECT_TRUE((kTakesViews<std::function<int(std::string_view)>, std::string>));
  EXPECT_FALSE((kTakesViews<decltype(own), std::string>));
  EXPECT_FALSE((kTakesViews<decltype(any), std::string>));
  EXPECT_FALSE((kTakesViews<decltype(view), std::pair<std::string, int>>));
  const auto number = [](int) { return 0; };
  EXPECT_FALSE((kTakesViews<decltype(number), int>));
}

TEST(RowView, OfAPartOfTheRowAlone) {
  const std::string row = "to be or not";
  const std::string other = row;
  const std::string_view whole = row;
  EXPECT_TRUE(internal::StaysWith(whole.substr(3, 2), whole));
  EXPECT_TRUE(internal::StaysWith(whole.substr(12), whole));
  EXPECT_FALSE(internal::StaysWith(std::string_view(other), whole));
  EXPECT_FALSE(internal::StaysWith(std::string_view(row.data(), row.size() + 1), whole));
  EXPECT_TRUE(internal::StaysWith(std::pair(whole.substr(3), 1), std::tuple(2, whole)));
  EXPECT_FALSE(internal::StaysWith(std::pair(whole, std::string_view(other)), std::tuple(whole)));
}

TEST(RowView, RowsAndViewsComeInTheirOrder) {
  // Each second word is none of the row's.
  const auto words = Collect<std::string>(1, [](StreamingContext& ssc) {
    return ssc.QueueStream<std::string>({Texts{"ab", kLong, "yz"}})
        .FlatMap([](std::string_view row) {
          return std::array<std::string_view, 3>{row.substr(0, 1), "|", row.substr(1)};
        });
  });
  EXPECT_THAT(words.batches[0],
              ElementsAre("a", "|", "b", "a", "|", std::string(kLong).substr(1), "y", "|", "z"));
}

// What a function views may be gone, or another, with its next row.
TEST(RowView, OfWhatAFunctionUsesAgainIsCopied) {
  const auto scratch = std::make_shared<std::string>();
  const auto lower = [scratch](std::string_view row) -> std::string_view {
    *scratch = absl::AsciiStrToLower(absl::string_view(row.data(), row.size()));
    return *scratch;
  };
  const Texts rows = {"ONE", absl::AsciiStrToUpper(kLong), "THREE"};
  const auto mapped = Collect<std::string>(
      1, [&](StreamingContext& ssc) { return ssc.QueueStream<std::string>({rows}).Map(lower); });
  EXPECT_THAT(mapped.batches[0], ElementsAre("one", kLong, "three"));
  const auto flat = Collect<std::string>(1, [&](StreamingContext& ssc) {
    return ssc.QueueStream<std::string>({rows}).FlatMap(
        [lower](const std::string& row) { return std::vector<std::string_view>{lower(row)}; });
  });
  EXPECT_THAT(flat.batches[0], ElementsAre("one", kLong, "three"));
}

// Through every kind of operator, of views and of rows in turn.
TEST(RowView, MeetsWhatTakesNone) {
  using Count = std::pair<std::string, int64_t>;
  const auto counts = Collect<Count>(1, [](StreamingContext& ssc) {
    return ssc.QueueStream<std::string>({Texts{"a b", "b", absl::StrCat(kLong, " a")}})
        .FlatMap([](std::string_view line) { return Split(line, ' '); })
        .Filter([](const std::string& word) { return word.capacity() > 0; })
        .Filter([](std::string_view word) { return word.size() < 5; })
        .Repartition(2)
        .Map([](const std::string& word) { return std::pair(std::string_view(word), 'x'); })
        .MapValues([](char) { return int64_t{2}; })
        .Filter([](const std::pair<std::string_view, int64_t>& row) { return row.first != "too"; })
        .ReduceByKey(std::plus<>())
        .MapValues([](int64_t count) { return count / 2; });
  });
  EXPECT_THAT(counts.batches[0],
              UnorderedElementsAre(Count("a", 4), Count("b", 2), Count("word", 1), Count("long", 1),
                                   Count("to", 1), Count("be", 1)));
}

TEST(RowView, TextValuesAreText) {
  using Row = std::pair<std::string, std::string>;
  const auto last = Collect<Row>(1, [](StreamingContext& ssc) {
    return ssc.QueueStream<std::string>({Texts{"k=1", absl::StrCat("k=", kLong), "m=2"}})
        .Map([](std::string_view line) { return std::pair(line.substr(0, 1), line.substr(2)); })
        .MapValues([](std::string_view value) { return value.substr(0, 10); })
        .ReduceByKey([](const std::string& a, const std::string& b) { return absl::StrCat(a, b); });
  });
  EXPECT_THAT(last.batches[0],
              UnorderedElementsAre(Row("k", absl::StrCat("1a word too")), Row("m", "2")));
}

class Lines : public TypedSink<std::string> {
 public:
  void Take(std::vector<std::string>& rows) override {
    for (std::string& row : rows) lines.push_back(std::move(row));
  }
  void Finish() override {}
  Texts lines;
};
TEST(RowView, ALineIsWholeWhereverItsPiecesAreCut) {
  const std::string text = absl::StrCat("one\ntwo\r\n\n", kLong, "\nlast");
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    for (size_t next = cut; next <= text.size(); ++next) {
      Lines lines;
      internal::LineFeed feed(lines);
      for (const auto& [begin, end] :
           {std::pair(size_t{0}, cut), std::pair(cut, next), std::pair(next, text.size())}) {
        // Gone afterwards.
        const auto piece = std::make_unique<std::string>(text.substr(begin, end - begin));
        ASSERT_TRUE(feed.Push(*piece).ok());
        piece->assign(piece->size(), '#');
      }
      ASSERT_TRUE(feed.Finish().ok());
      ASSERT_THAT(lines.lines, ElementsAre("one", "two", "", kLong, "last")) << cut << " " << next;
    }
  }
}

// What a file leaves behind is none of the next one's, which the same task may have.
TEST(RowView, EachFileBeginsWithALineOfItsOwn) {
  Lines lines;
  internal::LineFeed feed(lines);
  for (const char* file : {"one\r", "\ntwo", "three"}) {
    ASSERT_TRUE(feed.Push(std::string(file)).ok());
    ASSERT_TRUE(feed.EndFile().ok());
  }
  ASSERT_TRUE(feed.Finish().ok());
  EXPECT_THAT(lines.lines, ElementsAre("one", "", "two", "three"));
}

// Chunks have 1,024 rows: fewer, as many, more, in each kind of operator that has some.
TEST(RowView, RowsThatFillChunksAreAllThere) {
  using Count = std::pair<std::string, int64_t>;
  for (const int words : {1023, 1024, 1025, 2048, 2500}) {
    std::string line;
    for (int i = 0; i < words; ++i) absl::StrAppend(&line, "word", i, " ");
    const auto counts = Collect<Count>(1, [&](StreamingContext& ssc) {
      return ssc.QueueStream<std::string>({Texts{line, line}})
          .FlatMap([](std::string_view text) { return Split(text, ' '); })
          .Repartition(1)
          .Map([](std::string_view word) { return std::pair(word, int64_t{1}); })
          .ReduceByKey(std::plus<>(), 1);
    });
    ASSERT_EQ(std::ssize(counts.batches[0]), words);
    for (const auto& [word, count] : counts.batches[0]) ASSERT_EQ(count, 2) << word;
  }
}

TEST(RowView, EncodedRowsAreCheckedToTheirEnd) {
  using Row = std::pair<std::string, int32_t>;
  std::vector<Row> rows;
  for (int i = 0; i < 2500; ++i) rows.emplace_back(absl::StrCat("key ", i), i);
  const std::string encoded = EncodeToString(rows);
  std::vector<Row> read;
  const auto take = [&read](std::vector<RowView<Row>>& chunk) {
    for (const auto& row : chunk) read.push_back(internal::RowOf<Row>(row));
  };
  ASSERT_TRUE(internal::ForEachChunkIn<Row>(encoded, take).ok());
  EXPECT_EQ(read, rows);
  const std::string_view all = encoded;
  const auto says = [&](std::string_view bytes) {
    return std::string(internal::ForEachChunkIn<Row>(bytes, take).message());
  };
  EXPECT_EQ(says(all.substr(0, all.size() - 1)),
            absl::StrCat("decode vector<pair<string,i32>>: malformed at offset ", all.size() - 4,
                         " of ", all.size() - 1));
  EXPECT_EQ(says(encoded + "!"),
            absl::StrCat("decode vector<pair<string,i32>>: bytes left over at offset ", all.size(),
                         " of ", all.size() + 1));
  EXPECT_EQ(says("\xff\xff\xff\xff\x0f"),
            "decode vector<pair<string,i32>>: malformed at offset 5 of 5");
}

// A key's place, and so the state that a checkpoint has of it, hang on these.
TEST(StableHash, OfTextIsOfItsBytesPaddedWithZeros) {
  const std::string text = "\x81 2345678\xff zz, and so on";
  for (size_t size = 0; size <= text.size(); ++size) {
    const std::string_view key(text.data(), size);
    uint64_t hash = MixKey(size, 0x1d8e4e27c47d124fu);
    for (size_t at = 0; at < size; at += 8) {
      uint64_t word = 0;
      std::memcpy(&word, text.data() + at, std::min(size - at, size_t{8}));
      hash = MixKey(hash, word);
    }
    EXPECT_EQ(HashKey(key), hash) << size;
    EXPECT_EQ(HashKey(std::string(key)), hash);
    for (size_t other = 0; other < size; ++other) {
      std::string changed(key);
      EXPECT_TRUE(SameKey(std::string_view(changed), key));
      changed[other] ^= 1;
      EXPECT_FALSE(SameKey(std::string_view(changed), key)) << size << " " << other;
    }
  }
  EXPECT_EQ(HashKey(std::pair(std::string_view("ab"), 1)),
            HashKey(std::pair(std::string("ab"), 1)));
}

TEST(Split, GivesWhatJavasSplitGives) {
  const auto pieces = [](std::string_view text) {
    Texts all;
    for (const std::string_view piece : Split(text, ',')) all.emplace_back(piece);
    return all;
  };
  EXPECT_THAT(pieces("a,b"), ElementsAre("a", "b"));
  EXPECT_THAT(pieces(",a,,b,,"), ElementsAre("", "a", "", "b"));
  EXPECT_THAT(pieces("a"), ElementsAre("a"));
  EXPECT_THAT(pieces(",,"), IsEmpty());
  EXPECT_THAT(pieces(""), IsEmpty());
  const Pieces three = Split("1,2,3", ',');
  EXPECT_EQ(three.size(), 3U);
  EXPECT_EQ(Split("1,2,3", ',')[2], "3");
  const std::vector<std::string_view> fields = Split("1,2,3", ',');
  EXPECT_THAT(fields, ElementsAre("1", "2", "3"));
}

}  // namespace
}  // namespace wavetank::runtime
