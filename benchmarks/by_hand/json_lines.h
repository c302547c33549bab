// Lines of JSON as somebody reads them who has simdjson and a schema in his head: each document by
// its on-demand parser, the wanted fields summed up, and nothing kept.
#ifndef WAVETANK_BENCHMARKS_BY_HAND_JSON_LINES_H_
#define WAVETANK_BENCHMARKS_BY_HAND_JSON_LINES_H_

#include <simdjson.h>

#include <cstdint>
#include <string_view>

#include "platform/check.h"

namespace wavetank::by_hand {

struct JsonTotals {
  int64_t rows = 0;
  int64_t ids = 0;
  double amounts = 0;
  uint64_t text_bytes = 0;
};

inline void AddJsonDocument(simdjson::ondemand::object object, JsonTotals& totals) {
  ++totals.rows;
  for (auto field : object) {
    const std::string_view name = field.unescaped_key();
    if (name == "id") {
      totals.ids += int64_t{field.value()};
    } else if (name == "amount") {
      totals.amounts += double{field.value()};
    } else if (name == "user" || name == "page") {
      totals.text_bytes += std::string_view(field.value()).size();
    }
  }
}

// By its stream of documents. REQUIRES: padding behind the text.
inline JsonTotals ReadJsonStream(simdjson::ondemand::parser& parser, std::string_view text) {
  JsonTotals totals;
  simdjson::ondemand::document_stream documents;
  WT_CHECK(parser.iterate_many(text.data(), text.size(), size_t{1} << 20).get(documents) ==
           simdjson::SUCCESS);
  for (auto document : documents) AddJsonDocument(document.get_object(), totals);
  return totals;
}

}  // namespace wavetank::by_hand

#endif  // WAVETANK_BENCHMARKS_BY_HAND_JSON_LINES_H_
