// Does not compile: rows of a struct that names no fields. missing_codec.py looks at what is said.
#include <string>
#include <utility>

#include "runtime/dstream/streaming_context.h"

struct Visit {
  std::string page;
  int milliseconds = 0;
};

void CountVisits(wavetank::runtime::StreamingContext& ssc) {
  ssc.TextFileStream("in")
#ifdef WAVETANK_IN_A_PAIR
      .Map([](const std::string& line) { return std::pair(line, Visit{line, 1}); })
      .GroupByKey()
#else
      .Map([](const std::string& line) { return Visit{line, 1}; })
#endif
      .SaveAsTextFiles("out/visits");
}
