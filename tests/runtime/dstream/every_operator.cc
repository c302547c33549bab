// A job that uses every operator: compiled, not run, by the compilers that users have.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "runtime/dstream/streaming_context.h"

namespace {

using wavetank::runtime::Codec;
using wavetank::runtime::Decoder;
using wavetank::runtime::DStream;
using wavetank::runtime::Rdd;
using wavetank::runtime::StreamingContext;

struct Visit {
  std::string page;
  int64_t milliseconds = 0;
};

}  // namespace

template <>
struct wavetank::runtime::Codec<Visit> {
  static std::string Name() { return "visit"; }
  static void Encode(const Visit& visit, std::string& out) {
    Codec<std::string>::Encode(visit.page, out);
    Codec<int64_t>::Encode(visit.milliseconds, out);
  }
  static bool Decode(Decoder& in, Visit& visit) {
    return Codec<std::string>::Decode(in, visit.page) &&
           Codec<int64_t>::Decode(in, visit.milliseconds);
  }
  static void Show(const Visit& visit, std::string& out) { out.append(visit.page); }
};

void EveryOperator(StreamingContext& ssc) {
  const DStream<std::string> lines = ssc.SocketTextStream("localhost", 9999);
  // A range of views gives rows of their own.
  const DStream<std::string> words =
      lines.FlatMap([](const std::string& line) { return std::vector<std::string_view>{line}; });
  const DStream<Visit> visits =
      words.Filter([](const std::string& word) { return !word.empty(); }).Map([](std::string word) {
        return Visit{std::move(word), 1};
      });
  visits.Print(5);
  visits.Map([](const Visit& visit) { return std::pair(visit.page, visit.milliseconds); })
      .ReduceByKey(std::plus<>())
      .SaveAsTextFiles("counts", "txt");
  ssc.TextFileStream("in", {.new_files_only = false}).ForeachRDD([](const auto& rdd, absl::Time) {
    static_cast<void>(rdd.Count());
  });
  ssc.QueueStream<std::tuple<int, double>>({{{1, 2.0}}})
      .ForeachRDD(
          [](const Rdd<std::tuple<int, double>>& rdd) { static_cast<void>(rdd.Collect()); });
  ssc.Remember(absl::Minutes(1));
}
