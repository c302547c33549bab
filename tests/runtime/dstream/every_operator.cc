// A job that uses every operator: compiled, not run, by the compilers that users have.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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
using wavetank::runtime::State;
using wavetank::runtime::StateSpec;
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
  using Pair = std::pair<std::string, int64_t>;
  const DStream<Pair> pairs =
      visits.Map([](const Visit& visit) { return Pair(visit.page, visit.milliseconds); });
  const DStream<Pair> fixed = ssc.ConstantStream<Pair>({{"home", 1}});
  ssc.Union<Pair>({pairs, fixed}).CountByValue().Print();
  pairs.Transform([](const DStream<Pair>& stream) { return stream.Repartition(3).Glom(); }).Print();
  pairs
      .TransformWith(
          fixed, [](const DStream<Pair>& one, const DStream<Pair>& two) { return one.Union(two); })
      .Print();
  ssc.Transform(
         pairs, lines,
         [](const DStream<Pair>& rows, const DStream<std::string>& text) {
           return text.Map([](std::string line) { return Pair(std::move(line), 0); }).Union(rows);
         })
      .Print();
  ssc.Transform(std::vector<DStream<Pair>>{pairs, fixed},
                [](const std::vector<DStream<Pair>>& streams) { return streams.front(); })
      .Print();
  lines.MapWithTime([](std::string line, absl::Time time) { return std::pair(time, line); })
      .Print();
  lines.Slice(absl::Seconds(3)).Print();
  lines.Slice(absl::Seconds(4), absl::Seconds(2), 3).Print();
  pairs.MapPartitions([](const std::vector<Pair>& rows) { return std::vector{rows.size()}; })
      .Reduce(std::plus<>())
      .Print();
  pairs.Count().Print();
  pairs
      .GroupByKey(
          {2, [](const std::string& key) { return static_cast<int>(key.size() % 2); }, "length"})
      .FlatMapValues([](const std::vector<int64_t>& values) { return values; })
      .MapValues([](int64_t value) { return value / 2.0; })
      .Print();
  pairs.PartitionBy(2)
      .CombineByKey([](int64_t value) { return std::vector{value}; },
                    [](std::vector<int64_t> all, int64_t value) {
                      all.push_back(value);
                      return all;
                    },
                    [](std::vector<int64_t> all, const std::vector<int64_t>& more) {
                      all.insert(all.end(), more.begin(), more.end());
                      return all;
                    })
      .Print();
  pairs.Cogroup(fixed).Print();
  pairs.Join(fixed).Print();
  pairs.LeftOuterJoin(fixed).Print();
  pairs.RightOuterJoin(fixed).Print();
  pairs.FullOuterJoin(fixed).Print();
  const auto less = [](int64_t all, int64_t gone) { return all - gone; };
  pairs.ReduceByKeyAndWindow(std::plus<>(), less, absl::Seconds(4), absl::Seconds(2)).Print();
  pairs
      .UpdateStateByKey<Visit>([](const std::vector<int64_t>& values, std::optional<Visit> visit) {
        if (visit.has_value()) visit->milliseconds += std::ssize(values);
        return visit;
      })
      .Print();
  const auto seen = pairs.MapWithState(StateSpec<std::string, Visit>::Function(
      [](const std::string& page, std::optional<int64_t> value, State<Visit>& visit) {
        if (value.has_value()) visit.Update({page, *value});
        return Pair(page, value.value_or(0));
      }));
  seen.Print();
  seen.StateSnapshots().Print();
  ssc.TextFileStream("in", {.new_files_only = false}).ForeachRDD([](const auto& rdd, absl::Time) {
    static_cast<void>(rdd.Count());
  });
  ssc.BinaryRecordsStream("records", 8, {.split_bytes = 1 << 20}).SaveAsObjectFiles("out/records");
  ssc.ObjectFileStream<Visit>("objects").SaveAsObjectFiles("out/visits", "objects");
  ssc.SocketStream<Visit>("localhost", 9999,
                          [](std::string_view bytes, std::vector<Visit>& cut) {
                            if (!bytes.empty()) cut.push_back({std::string(bytes), 0});
                            return bytes.size();
                          })
      .Print();
  ssc.QueueStream<std::tuple<int, double>>({{{1, 2.0}}})
      .ForeachRDD(
          [](const Rdd<std::tuple<int, double>>& rdd) { static_cast<void>(rdd.Collect()); });
  const auto malformed = ssc.Accumulator<int64_t>("malformed");
  const auto longest = ssc.Accumulator<std::string>(
      "longest", "", [](std::string a, std::string b) { return a.size() < b.size() ? b : a; });
  const auto stop_words = ssc.Broadcast<std::vector<std::string>>({"a", "the"});
  words
      .Filter([malformed, longest, stop_words](const std::string& word) {
        if (word.empty()) malformed.Add(1);
        longest.Add(word);
        return word != stop_words.Value().front();
      })
      .ForeachRDD([malformed](const auto&) { static_cast<void>(malformed.Value()); });
  ssc.AddStreamingListener(std::make_shared<wavetank::runtime::StreamingListener>());
  static_cast<void>(ssc.Statistics().total_delay.p99);
  ssc.Remember(absl::Minutes(1));
}
