#include "scenarios/page_data.h"

#include <map>
#include <utility>

#include "absl/strings/str_replace.h"
#include "nlohmann/json.hpp"

namespace wavetank::scenarios {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kDigitsMost = 15;  // what a double holds

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Nothing in it ends a script or begins a comment of HTML, and it is UTF-8.
std::string Dump(const Json& json) {
  return absl::StrReplaceAll(json.dump(-1, ' ', false, Json::error_handler_t::replace),
                             {{"<", "\\u003c"}, {"\u2028", "\\u2028"}, {"\u2029", "\\u2029"}});
}

// Each value once, in the order of its first use.
template <typename Value>
class Table {
 public:
  size_t Index(const Value& value) {
    const auto [entry, fresh] = index_.try_emplace(value, values_.size());
    if (fresh) values_.push_back(value);
    return entry->second;
  }
  const std::vector<Value>& values() const { return values_; }

 private:
  std::map<Value, size_t> index_;
  std::vector<Value> values_;
};

Json RunJson(const RunReport& report) {
  Json run = Json::parse(ToJson(report));
  run["claim"] = report.claim;
  run["file"] = report.file;
  run["virtual_ns"] = report.virtual_ns;
  run["unjudged"] = report.unjudged;
  for (size_t i = 0; i < report.violations.size(); ++i) {
    run["violations"][i]["when_ns"] = report.violations[i].time_ns;
  }
  return run;
}

Json EventsJson(const std::vector<TimelineLine>& timeline, Table<std::string>& strings,
                Table<std::vector<std::string>>& shapes) {
  Json columns;
  for (const char* name : {"dt", "who", "kind", "shape", "took", "from", "to", "numbers"}) {
    columns[name] = Json::array();
  }
  const auto end = [&strings](const std::string& node) {
    return node.empty() ? 0 : strings.Index(node) + 1;
  };
  int64_t before_ns = 0;
  for (const TimelineLine& line : timeline) {
    columns["dt"].push_back(line.time_ns - std::exchange(before_ns, line.time_ns));
    columns["who"].push_back(strings.Index(line.who));
    columns["kind"].push_back(strings.Index(line.kind));
    const TextShape shape = ShapeOf(line.text);
    columns["shape"].push_back(shapes.Index(shape.parts));
    for (const int64_t number : shape.numbers) columns["numbers"].push_back(number);
    columns["took"].push_back(line.began_ns < 0 ? -1 : line.time_ns - line.began_ns);
    columns["from"].push_back(end(line.from));
    columns["to"].push_back(end(line.to));
  }
  return columns;
}

Json SpanJson(const TimeSpan& span) {
  return {{"begin_ns", span.begin_ns}, {"end_ns", span.end_ns}};
}

Json LivesJson(const std::vector<ProcessLife>& lives) {
  Json json = Json::array();
  for (const ProcessLife& life : lives) {
    Json pauses = Json::array();
    for (const TimeSpan& pause : life.pauses) pauses.push_back(SpanJson(pause));
    json.push_back({{"machine", life.machine},
                    {"process", life.process},
                    {"label", life.label},
                    {"nodes", life.nodes},
                    {"begin_ns", life.lived.begin_ns},
                    {"end_ns", life.lived.end_ns},
                    {"end", life.end},
                    {"pauses", std::move(pauses)}});
  }
  return json;
}

Json BandsJson(const std::vector<FaultBand>& bands) {
  Json json = Json::array();
  for (const FaultBand& band : bands) {
    json.push_back({{"kind", band.kind},
                    {"where", band.where},
                    {"peer", band.peer},
                    {"text", band.text},
                    {"span", SpanJson(band.span)}});
  }
  return json;
}

Json SourceJson(const std::vector<SourcePiece>& source) {
  Json json = Json::array();
  for (const SourcePiece& piece : source) {
    json.push_back({{"name", piece.name},
                    {"at_ns", piece.at_ns},
                    {"lines", piece.lines},
                    {"removed", piece.removed}});
  }
  return json;
}

Json AttemptJson(const BatchAttempt& attempt) {
  Json states = Json::array();
  for (const StateOfAttempt& state : attempt.state) {
    states.push_back({{"operator_id", state.operator_id},
                      {"partition", state.partition},
                      {"files", state.files},
                      {"keys", state.keys}});
  }
  return {{"name", attempt.name},
          {"seen_ns", attempt.seen_ns},
          {"complete_ns", attempt.complete_ns},
          {"tells", attempt.tells},
          {"state", std::move(states)}};
}

Json BatchesJson(const std::vector<BatchHistory>& batches) {
  Json json = Json::array();
  for (const BatchHistory& batch : batches) {
    Json attempts = Json::array();
    for (const BatchAttempt& attempt : batch.attempts) attempts.push_back(AttemptJson(attempt));
    Json deliveries = Json::array();
    for (const BatchDelivery& delivery : batch.deliveries) {
      deliveries.push_back({{"at_ns", delivery.at_ns},
                            {"attempt", delivery.attempt},
                            {"rows", delivery.rows},
                            {"rows_left_out", delivery.rows_left_out}});
    }
    json.push_back({{"of", batch.of},
                    {"name", batch.name},
                    {"definition", batch.definition},
                    {"input", batch.input},
                    {"defined_ns", batch.defined_ns},
                    {"superseded_ns", batch.superseded_ns},
                    {"attempts", std::move(attempts)},
                    {"committed_ns", batch.committed_ns},
                    {"deliveries", std::move(deliveries)}});
  }
  return json;
}

}  // namespace

TextShape ShapeOf(std::string_view text) {
  TextShape shape{{""}, {}};
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && IsDigit(text[end])) ++end;
    const std::string digits(text.substr(at, end - at));
    const bool number = !digits.empty() && digits.size() <= kDigitsMost &&
                        (digits.size() == 1 || digits.front() != '0');
    if (number) {
      shape.numbers.push_back(std::stoll(digits));
      shape.parts.emplace_back();
    } else if (!digits.empty()) {
      shape.parts.back() += digits;
    } else {
      shape.parts.back() += text[end++];
    }
    at = end;
  }
  return shape;
}

std::string PageData(const RunReport& report) {
  Table<std::string> strings;
  Table<std::vector<std::string>> shapes;
  Json data;
  data["format"] = 1;
  data["run"] = RunJson(report);
  data["events"] = EventsJson(report.timeline, strings, shapes);
  data["strings"] = strings.values();
  data["shapes"] = shapes.values();
  data["lives"] = LivesJson(report.lives);
  data["bands"] = BandsJson(report.bands);
  data["source"] = SourceJson(report.source);
  data["batches"] = BatchesJson(report.batches);
  return Dump(data);
}

std::string IndexData(const std::vector<IndexedRun>& runs) {
  Json data;
  data["format"] = 1;
  data["runs"] = Json::array();
  for (const IndexedRun& run : runs) {
    Json json = RunJson(run.report);
    json["page"] = run.page;
    data["runs"].push_back(std::move(json));
  }
  return Dump(data);
}

}  // namespace wavetank::scenarios
