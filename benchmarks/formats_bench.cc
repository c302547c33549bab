// Bytes of text decoded a second, columns built, as a ratio to what somebody does by hand who only
// wants to have looked at the same fields: JSON lines by simdjson's stream of documents, lines of
// CSV by a memchr for each separator. Both sides in turns, by the processor's time.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "benchmarks/by_hand/json_lines.h"
#include "benchmarks/thread_clock.h"

#include "platform/check.h"
#include "platform/random.h"
#include "runtime/columnar/ddl.h"
#include "runtime/connectors/formats/encode_rows.h"
#include "runtime/connectors/formats/row_decoder.h"

namespace wavetank::runtime {
namespace {

constexpr int kRows = 100'000;
constexpr size_t kPieceBytes = size_t{256} << 10;  // as files are read

constexpr std::string_view kDdl = "id BIGINT, user STRING, page STRING, amount DOUBLE";

// As events are logged: some fields are wanted, about as many are not. Padding stands behind.
std::string JsonEvents() {
  platform::Random random(1);
  std::string text;
  for (int i = 0; i < kRows; ++i) {
    const uint64_t user = random.Below(100'000);
    const uint64_t page = random.Below(1000);
    const uint64_t cents = random.Below(100'000);
    absl::StrAppend(&text, R"({"id":)", 1'000'000'000 + i, R"(,"user":"user-)", user,
                    R"(","at":"2026-01-31T10:11:12.123Z","page":"/catalogue/item/)", page);
    absl::StrAppend(&text, R"(","amount":)", cents / 100, ".", 10 + cents % 90,
                    R"(,"tags":["new","sale"],"agent":{"name":"Mozilla/5.0","mobile":)",
                    page % 2 == 0 ? "true" : "false", "}}\n");
  }
  return text;
}

std::string CsvEvents() {
  platform::Random random(1);
  std::string text;
  for (int i = 0; i < kRows; ++i) {
    const uint64_t user = random.Below(100'000);
    const uint64_t page = random.Below(1000);
    const uint64_t cents = random.Below(100'000);
    absl::StrAppend(&text, 1'000'000'000 + i, ",user-", user, ",/catalogue/item/", page, ",",
                    cents / 100);
    absl::StrAppend(&text, ".", 10 + cents % 90, "\n");
  }
  return text;
}

int64_t DecodeRows(std::string_view format, const SchemaPtr& schema, std::string_view text) {
  auto decoder = MakeDecoder(format, schema, {});
  WT_CHECK(decoder.ok());
  int64_t rows = 0;
  const auto take = [&](absl::StatusOr<RecordBatch> batch) {
    WT_CHECK(batch.ok());
    rows += batch->num_rows();
    benchmark::DoNotOptimize(batch->columns().data());
  };
  for (size_t at = 0; at < text.size(); at += kPieceBytes) {
    take((*decoder)->Decode(text.substr(at, kPieceBytes)));
  }
  take((*decoder)->Finish());
  WT_CHECK((*decoder)->malformed() == 0);
  return rows;
}

SchemaPtr EventSchema() { return std::make_shared<const Schema>(ParseDdl(kDdl).value()); }

// What of a text has been looked at in which time, by both.
class Race {
 public:
  explicit Race(benchmark::State& state) : state_(state) {}

  template <typename Ours, typename Theirs>
  void Run(size_t bytes, const Ours& ours, const Theirs& theirs) {
    ThreadClock::duration our_time{}, their_time{};
    for (auto _ : state_) {
      const auto begin = ThreadClock::now();
      ours();
      const auto middle = ThreadClock::now();
      theirs();
      our_time += middle - begin;
      their_time += ThreadClock::now() - middle;
    }
    const double megabytes =
        static_cast<double>(bytes) * 1e-6 * static_cast<double>(state_.iterations());
    state_.counters["MB_s"] = megabytes / Seconds(our_time);
    state_.counters["by_hand_MB_s"] = megabytes / Seconds(their_time);
    state_.counters["ratio"] = Seconds(their_time) / Seconds(our_time);
  }

 private:
  benchmark::State& state_;
};

void JsonLinesAgainstSimdjson(benchmark::State& state) {
  std::string text = JsonEvents();
  const size_t size = text.size();
  text.append(simdjson::SIMDJSON_PADDING, ' ');
  const std::string_view lines(text.data(), size);
  const SchemaPtr schema = EventSchema();
  simdjson::ondemand::parser parser;
  Race(state).Run(
      size, [&] { WT_CHECK(DecodeRows("json", schema, lines) == kRows); },
      [&] {
        const by_hand::JsonTotals totals = by_hand::ReadJsonStream(parser, lines);
        WT_CHECK(totals.rows == kRows);
        benchmark::DoNotOptimize(totals);
      });
}
BENCHMARK(JsonLinesAgainstSimdjson);

void CsvAgainstMemchr(benchmark::State& state) {
  const std::string text = CsvEvents();
  const SchemaPtr schema = EventSchema();
  Race(state).Run(
      text.size(), [&] { WT_CHECK(DecodeRows("csv", schema, text) == kRows); },
      [&] {
        uint64_t fields = 0;
        for (const char *at = text.data(), *const end = at + text.size(); at != end;) {
          const auto left = static_cast<size_t>(end - at);
          const char* const line_end = static_cast<const char*>(std::memchr(at, '\n', left));
          while (true) {
            ++fields;
            const void* const comma = std::memchr(at, ',', static_cast<size_t>(line_end - at));
            if (comma == nullptr) break;
            at = static_cast<const char*>(comma) + 1;
          }
          at = line_end + 1;
        }
        WT_CHECK(fields == 4 * kRows);
      });
}
BENCHMARK(CsvAgainstMemchr);

// Against copying the text.
void JsonOf(const RecordBatch& rows, std::string& text) { EncodeJson(rows, text); }

void EncodedAgainstCopied(benchmark::State& state,
                          void (*encode)(const RecordBatch&, std::string&)) {
  auto decoder = MakeDecoder("csv", EventSchema(), {});
  const RecordBatch rows = (*decoder)->Decode(CsvEvents()).value();
  std::string once;
  encode(rows, once);
  std::string text;
  Race(state).Run(
      once.size(),
      [&] {
        text.clear();
        encode(rows, text);
        benchmark::DoNotOptimize(text.data());
      },
      [&] {
        text.clear();
        text.append(once);
        benchmark::DoNotOptimize(text.data());
      });
}
BENCHMARK_CAPTURE(EncodedAgainstCopied, json, JsonOf);
BENCHMARK_CAPTURE(EncodedAgainstCopied, csv, EncodeCsv);

}  // namespace
}  // namespace wavetank::runtime
