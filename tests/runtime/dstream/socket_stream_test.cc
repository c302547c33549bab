// SocketStream: rows that a function cuts of bytes, however these come.
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Reading = std::pair<std::string, int64_t>;

// A reading: the length of its name, a byte; the name; eight bytes of a number.
size_t CutReading(std::string_view bytes, std::vector<Reading>& rows) {
  if (bytes.empty()) return 0;
  const auto name = static_cast<size_t>(static_cast<unsigned char>(bytes.front()));
  if (name == 255) throw std::runtime_error("no name is so long");
  const size_t size = 1 + name + sizeof(int64_t);
  if (bytes.size() < size) return 0;
  int64_t number = 0;
  std::memcpy(&number, bytes.data() + 1 + name, sizeof number);
  rows.emplace_back(bytes.substr(1, name), number);
  return size;
}
std::string EncodedReading(const std::string& name, int64_t number) {
  std::string bytes(1, static_cast<char>(name.size()));
  bytes += name;
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
  return bytes;
}

void SaveReadings(StreamingContext& ssc) {
  ssc.Checkpoint("checkpoint");
  ssc.SocketStream<Reading>("m", 9999, CutReading).SaveAsTextFiles("out/readings");
}

// Sends what each connection is to be sent, in pieces of so many bytes, and ends it. Behind the
// last one a connection stays.
class ByteServer {
 public:
  ByteServer(SimJob& job, std::vector<std::string> connections, size_t piece)
      : connections_(std::move(connections)), piece_(piece) {
    job.world().Start(
        "m", {"server", {{"server", [this](platform::Node& node) { return Serve(node, *this); }}}});
  }

 private:
  static Task<void> Serve(platform::Node& node, ByteServer& self) {
    const auto listener = co_await node.network().ListenStream("m:9999");
    EXPECT_TRUE(listener.ok()) << listener.status();
    for (const std::string& bytes : self.connections_) {
      auto stream = co_await (*listener)->Accept();
      if (!stream.ok()) co_return;
      for (size_t at = 0; at < bytes.size(); at += self.piece_) {
        const absl::Status written =
            co_await (*stream)->Write(std::string(bytes.substr(at, self.piece_)));
        if (!written.ok()) break;
        co_await node.clock().Sleep(absl::Milliseconds(3));
      }
      if (&bytes == &self.connections_.back()) co_await node.clock().Sleep(absl::Hours(1));
      (*stream)->Close();
    }
  }

  const std::vector<std::string> connections_;
  const size_t piece_;
};

std::vector<std::string> RowsCut(SimJob& job) {
  std::vector<std::string> rows;
  for (const auto& [time_ms, attempts] : job.Saved("out")) {
    for (const auto& [name, attempt] : attempts) {
      if (!attempt.complete) continue;
      rows.insert(rows.end(), attempt.lines.begin(), attempt.lines.end());
    }
  }
  return rows;
}

TEST(SocketStream, GivesEachRowHoweverItsBytesCome) {
  std::string bytes;
  std::vector<std::string> rows;
  for (int i = 0; i < 200; ++i) {
    const std::string name(static_cast<size_t>(i % 17), static_cast<char>('a' + i % 26));
    bytes += EncodedReading(name, int64_t{10} - i);
    rows.push_back(absl::StrCat("(", name, ",", 10 - i, ")"));
  }
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{100}, size_t{100'000}}) {
    SimJob job({.seed = piece}, SaveReadings);
    ByteServer server(job, {bytes}, piece);
    job.Start();
    job.RunFor(absl::Seconds(20));
    EXPECT_THAT(job.ended(), IsEmpty());
    EXPECT_EQ(RowsCut(job), rows) << "in pieces of " << piece << " bytes";
  }
}

TEST(SocketStream, AFunctionThatThrowsIsReportedAndTheConnectionMadeAnew) {
  SimJob job({.seed = 3}, SaveReadings);
  ByteServer server(
      job, {EncodedReading("a", 1) + "\xff" + EncodedReading("lost", 2), EncodedReading("b", 3)},
      1000);
  job.Start();
  job.RunFor(absl::Seconds(15));
  EXPECT_THAT(job.ended(), IsEmpty());
  EXPECT_THAT(RowsCut(job), ElementsAre("(a,1)", "(b,3)"));
  EXPECT_THAT(job.log(), HasSubstr("the stream's function threw at 14 bytes: no name is so long"));
}

TEST(SocketStream, NothingGoesOnOverTheEndOfAConnection) {
  SimJob job({.seed = 4}, SaveReadings);
  const std::string whole = EncodedReading("whole", 1);
  ByteServer server(job, {whole + whole.substr(0, 9), whole}, 1000);
  job.Start();
  job.RunFor(absl::Seconds(15));
  EXPECT_THAT(RowsCut(job), ElementsAre("(whole,1)", "(whole,1)"));
  EXPECT_THAT(job.log(), HasSubstr("the server ended the stream within a row: the last 9 bytes"));
}

TEST(SocketStream, TheLastRowMayEndWithTheConnection) {
  SimJob job({.seed = 5}, [](StreamingContext& ssc) {
    const auto cut = [](std::string_view bytes, bool at_end, std::vector<std::string>& rows) {
      const size_t end = bytes.find(';');
      if (end == std::string_view::npos && !at_end) return size_t{0};
      rows.emplace_back(bytes.substr(0, end));
      return end == std::string_view::npos ? bytes.size() : end + 1;
    };
    ssc.SocketStream<std::string>("m", 9999, cut).SaveAsTextFiles("out/rows");
  });
  ByteServer server(job, {"to;be;or not", "to;be"}, 5);
  job.Start();
  job.RunFor(absl::Seconds(15));
  EXPECT_THAT(RowsCut(job), ElementsAre("to", "be", "or not", "to"));
}

TEST(SocketStream, HoldsNoMoreThanARowMayHave) {
  SimJob job({.seed = 6}, SaveReadings);
  job.driver_options().line_bytes_max = 100;
  std::string endless(1, static_cast<char>(200));
  endless += std::string(150, 'x');
  ByteServer server(job, {endless, EncodedReading("b", 3)}, 10);
  job.Start();
  job.RunFor(absl::Seconds(15));
  EXPECT_THAT(RowsCut(job), ElementsAre("(b,3)"));
  EXPECT_THAT(job.log(),
              ContainsRegex("takes nothing of 1[0-9][0-9] bytes, and a row may have 100"));
}

TEST(SocketStream, ARowThatIsTooLongIsDroppedAndReported) {
  SimJob job({.seed = 7}, [](StreamingContext& ssc) {
    const auto cut = [](std::string_view bytes, std::vector<std::string>& rows) {
      for (const char c : bytes) rows.emplace_back(c == 'L' ? 101 : 1, c);
      return bytes.size();
    };
    ssc.SocketStream<std::string>("m", 9999, cut).SaveAsTextFiles("out/rows");
  });
  job.driver_options().line_bytes_max = 100;
  ByteServer server(job, {"aLb"}, 10);
  job.Start();
  job.RunFor(absl::Seconds(10));
  EXPECT_THAT(RowsCut(job), ElementsAre("a", "b"));
  EXPECT_THAT(job.log(), HasSubstr("dropped a row of 101 bytes, of 100"));
}

TEST(SocketStream, AFunctionThatTakesMoreThanThereIsIsFound) {
  SimJob job({.seed = 8}, [](StreamingContext& ssc) {
    const auto cut = [](std::string_view bytes, std::vector<std::string>& rows) {
      rows.emplace_back(bytes);
      return bytes.size() + 1;
    };
    ssc.SocketStream<std::string>("m", 9999, cut).SaveAsTextFiles("out/rows");
  });
  ByteServer server(job, {"abc"}, 10);
  job.Start();
  job.RunFor(absl::Seconds(10));
  EXPECT_THAT(RowsCut(job), IsEmpty());
  EXPECT_THAT(job.log(), ContainsRegex("says that it took [2-4] bytes, and there were [1-3]"));
}

TEST(SocketStream, RowsOfNoBytesAreNone) {
  SimJob job({.seed = 9}, [](StreamingContext& ssc) {
    const auto cut = [](std::string_view bytes, std::vector<std::string>& rows) {
      rows.emplace_back(bytes);
      return size_t{0};
    };
    ssc.SocketStream<std::string>("m", 9999, cut).SaveAsTextFiles("out/rows");
  });
  ByteServer server(job, {"abc"}, 10);
  job.Start();
  job.RunFor(absl::Seconds(10));
  EXPECT_THAT(RowsCut(job), IsEmpty());
  EXPECT_THAT(job.log(), HasSubstr("gives 1 rows and says that it took no bytes"));
}

TEST(SocketStream, RefusesWhatIsNoServer) {
  StreamingContext ssc(absl::Seconds(1));
  ssc.SocketStream<Reading>("", 0, CutReading).Print();
  EXPECT_THAT(ssc.graph().Validate().ToString(), HasSubstr("SocketStream: the host is empty"));
  StreamingContext other(absl::Seconds(1));
  other.SocketStream<Reading>("m", 70'000, CutReading).Print();
  EXPECT_THAT(other.graph().Validate().ToString(), HasSubstr("SocketStream: port 70000"));
  EXPECT_THAT(other.graph().Describe(), Not(IsEmpty()));
}

}  // namespace
}  // namespace wavetank::runtime
