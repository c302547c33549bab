// Files of objects: what SaveAsObjectFiles writes and ObjectFileStream reads, whole or by name.
#include "runtime/dstream/object_file.h"

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Row = std::tuple<std::string, int64_t, std::optional<double>, std::vector<int8_t>,
                       std::map<std::string, bool>>;

std::vector<Row> OddRows() {
  return {{"a\nb\\", -1, 1.5, {1, -2}, {{"k", true}, {"l", false}}},
          {"", INT64_MIN, std::nullopt, {}, {}},
          {std::string("\0\r\n", 3), INT64_MAX, -3.0, {127}, {{"", true}}}};
}

template <typename T>
std::string FileOf(const std::vector<T>& rows) {
  internal::ObjectFileWriter writer(Codec<T>::Name());
  for (const T& row : rows) writer.Append(EncodeToString(row));
  return writer.Finish();
}

TEST(ObjectFile, GivesTheRowsThatWereWritten) {
  std::vector<Row> read;
  EXPECT_TRUE(DecodeObjectFile(FileOf(OddRows()), read).ok());
  EXPECT_EQ(read, OddRows());
  read.clear();
  EXPECT_TRUE(DecodeObjectFile(FileOf(std::vector<Row>()), read).ok());
  EXPECT_THAT(read, IsEmpty());
  std::vector<std::string> long_rows;
  for (int i = 0; i < 40; ++i) long_rows.emplace_back(static_cast<size_t>(i) * 1000, 'x');
  std::vector<std::string> long_read;
  const std::string several_blocks = FileOf(long_rows);
  EXPECT_GT(several_blocks.size(), 2U * 256 << 10);
  EXPECT_TRUE(DecodeObjectFile(several_blocks, long_read).ok());
  EXPECT_EQ(long_read, long_rows);
}

TEST(ObjectFile, IsReadInPiecesThatAreCutAnywhere) {
  const std::string file = FileOf(OddRows());
  for (size_t piece = 1; piece < file.size(); piece += 3) {
    internal::ObjectFileReader reader(Codec<Row>::Name());
    // A second file behind the first.
    for (int i = 0; i < 2; ++i) {
      size_t rows = 0;
      for (size_t at = 0; at < file.size(); at += piece) {
        const absl::Status read =
            reader.Push(std::string_view(file).substr(at, piece), [&rows](std::string_view) {
              ++rows;
              return absl::OkStatus();
            });
        ASSERT_TRUE(read.ok()) << read;
      }
      EXPECT_TRUE(reader.EndFile().ok());
      EXPECT_EQ(rows, 3U);
    }
  }
}

TEST(ObjectFile, EachByteThatIsAnotherIsFoundAndEachThatIsMissing) {
  const std::string file = FileOf(OddRows());
  for (size_t at = 0; at < file.size(); ++at) {
    std::string damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    std::vector<Row> rows;
    const absl::Status read = DecodeObjectFile(damaged, rows);
    EXPECT_TRUE(absl::IsDataLoss(read)) << "byte " << at << ": " << read;
    rows.clear();
    const absl::Status cut = DecodeObjectFile(std::string_view(file).substr(0, at), rows);
    EXPECT_TRUE(absl::IsDataLoss(cut)) << "cut at " << at << ": " << cut;
  }
  std::vector<Row> rows;
  EXPECT_TRUE(absl::IsDataLoss(DecodeObjectFile(file + "x", rows)));
}

TEST(ObjectFile, ABlockThatIsLeftOutOrComesTwiceIsFound) {
  const std::string header = internal::ObjectFileHeader("string");
  const std::string large(300 << 10, 'x');
  const std::string file = FileOf(std::vector<std::string>{large, large, large});
  const size_t block = (file.size() - header.size() - 16) / 3;
  std::vector<std::string> rows;
  const std::string without = file.substr(0, header.size()) + file.substr(header.size() + block);
  EXPECT_THAT(DecodeObjectFile(without, rows).ToString(), HasSubstr("has another checksum"));
  const std::string twice = file.substr(0, header.size() + block) + file.substr(header.size());
  EXPECT_THAT(DecodeObjectFile(twice, rows).ToString(), HasSubstr("has another checksum"));
}

TEST(ObjectFile, SaysWhatItIsIfItIsNotOfTheseRows) {
  std::vector<int64_t> rows;
  EXPECT_THAT(DecodeObjectFile(FileOf(OddRows()), rows).ToString(),
              HasSubstr("of another type than i64"));
  EXPECT_THAT(DecodeObjectFile("to be\nor not to be\n", rows).ToString(),
              HasSubstr("does not begin as a file of objects"));
  std::string newer = FileOf(std::vector<int64_t>{1});
  newer[4] = 2;
  EXPECT_THAT(DecodeObjectFile(newer, rows).ToString(),
              HasSubstr("of format 2, and this build reads 1"));
  std::string forged = internal::ObjectFileHeader("i64");
  forged += std::string("\xff\xff\xff\xff____", 8);
  EXPECT_THAT(DecodeObjectFile(forged, rows).ToString(), HasSubstr("a length that no block has"));
}

TEST(ObjectFile, RefusesARowThatIsTooLong) {
  internal::ObjectFileWriter writer("string");
  const std::string row(kMostObjectBytes + 1, 'x');
  EXPECT_THROW(writer.Append(row), std::length_error);
}

// WRITE_GOLDEN_OBJECTS=tests/data/objects/v1/rows writes it, once.
TEST(GoldenObjects, AreWrittenAndReadAsEver) {
  const std::string path = "tests/data/objects/v1/rows";
  if (const char* target = std::getenv("WRITE_GOLDEN_OBJECTS"); target != nullptr) {
    std::ofstream(target, std::ios::binary) << FileOf(OddRows());
  }
  std::ifstream stream(path, std::ios::binary);
  const std::string golden{std::istreambuf_iterator<char>(stream), {}};
  std::vector<Row> rows;
  const absl::Status read = DecodeObjectFile(golden, rows);
  EXPECT_TRUE(read.ok()) << read;
  EXPECT_EQ(rows, OddRows());
  EXPECT_EQ(FileOf(OddRows()), golden) << "a format that changes gets another number";
}

using Count = std::pair<std::string, int64_t>;

void SaveCounts(StreamingContext& ssc) {
  ssc.Checkpoint("checkpoint");
  ssc.TextFileStream("in")
      .Map([](const std::string& line) { return Count(line, std::ssize(line)); })
      .SaveAsObjectFiles("out/counts", "objects");
}
template <typename T>
JobPlan ReadObjects() {
  return [](StreamingContext& ssc) {
    ssc.Checkpoint("second/checkpoint");
    ssc.ObjectFileStream<T>("objects").SaveAsTextFiles("read/counts");
  };
}

// What a job that saves objects leaves of one batch, a part that its mark names.
std::string PartSaved() {
  SimJob job({.seed = 61}, SaveCounts);
  job.Start();
  job.RunFor(absl::Seconds(3));
  job.machine().disk().Put("in/a", "to\nbe or\n");
  job.RunFor(absl::Seconds(4));
  EXPECT_THAT(job.ended(), IsEmpty());
  std::string part;
  for (const std::string& batch : job.NamesIn("out")) {
    if (batch.starts_with('_')) continue;  // whose the output is
    EXPECT_TRUE(batch.ends_with(".objects")) << batch;
    const std::string directory =
        absl::StrCat("out/", batch, "/", job.NamesIn("out/" + batch).front());
    const auto mark = job.machine().disk().Get(directory + "/_SUCCESS");
    EXPECT_TRUE(mark.ok()) << mark.status();
    const std::vector<std::string> named = absl::StrSplit(*mark, '\n', absl::SkipEmpty());
    if (named.size() == 2) part = job.machine().disk().Get(directory + "/" + named[1]).value();
  }
  return part;
}

std::vector<std::string> LinesRead(SimJob& job, const std::string& content) {
  job.Start();
  job.RunFor(absl::Seconds(3));
  job.machine().disk().Put("objects/a", content);
  job.RunFor(absl::Seconds(6));
  return job.ended().empty() ? job.SavedLines("read") : std::vector<std::string>();
}

TEST(ObjectFileStream, ReadsBackWhatSaveAsObjectFilesHasLeft) {
  SimJob job({.seed = 62}, ReadObjects<Count>());
  EXPECT_THAT(LinesRead(job, PartSaved()), ElementsAre("(to,2)", "(be or,5)"));
  EXPECT_THAT(job.ended(), IsEmpty());
}

TEST(ObjectFileStream, AFileOfOthersStopsItByNameBeforeABatchHasIt) {
  SimJob job({.seed = 63}, ReadObjects<std::string>());
  EXPECT_THAT(LinesRead(job, PartSaved()), IsEmpty());
  ASSERT_EQ(job.ended().size(), 1U);
  EXPECT_TRUE(absl::IsFailedPrecondition(job.ended()[0])) << job.ended()[0];
  EXPECT_THAT(job.ended()[0].ToString(),
              AllOf(HasSubstr("input file objects/a cannot be read by"),
                    HasSubstr("of another type than string"), HasSubstr("take it out")));
}

TEST(ObjectFileStream, AFileThatIsDamagedOrCutOffStopsItByName) {
  std::string damaged = PartSaved();
  damaged[damaged.size() - 20] ^= 1;
  SimJob job({.seed = 64}, ReadObjects<Count>());
  EXPECT_THAT(LinesRead(job, damaged), IsEmpty());
  ASSERT_EQ(job.ended().size(), 1U);
  EXPECT_THAT(job.ended()[0].ToString(),
              AllOf(HasSubstr("objects/a: at byte"), HasSubstr("another checksum")));

  const std::string whole = PartSaved();
  SimJob cut({.seed = 65}, ReadObjects<Count>());
  EXPECT_THAT(LinesRead(cut, whole.substr(0, whole.size() - 16)), IsEmpty());
  ASSERT_EQ(cut.ended().size(), 1U);
  EXPECT_THAT(cut.ended()[0].ToString(),
              AllOf(HasSubstr("objects/a: it is cut off at byte"), HasSubstr("is missing")));
}

TEST(ObjectFileStream, RefusesWhatItCannotDo) {
  StreamingContext ssc(absl::Seconds(1));
  ssc.ObjectFileStream<Count>("").SaveAsObjectFiles("");
  EXPECT_THAT(ssc.graph().Validate().ToString(),
              HasSubstr("ObjectFileStream: the directory is empty"));
  StreamingContext other(absl::Seconds(1));
  other.ObjectFileStream<Count>("in", {.files = {.max_line_bytes = 9}}).SaveAsObjectFiles("out/a");
  EXPECT_THAT(other.graph().Validate().ToString(), HasSubstr("max_line_bytes"));
  StreamingContext prefix(absl::Seconds(1));
  prefix.TextFileStream("in").SaveAsObjectFiles("");
  EXPECT_THAT(prefix.graph().Validate().ToString(), HasSubstr("the prefix is empty"));
}

}  // namespace
}  // namespace wavetank::runtime
