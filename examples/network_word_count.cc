// Counts the words that a text server sends, second by second. Run `nc -lk 9999` beside it.
#include <iostream>

#include "runtime/dstream/streaming_context.h"

using wavetank::runtime::Split;
using wavetank::runtime::StreamingContext;

int main() {
  StreamingContext ssc({.master = "local[2]", .app_name = "NetworkWordCount"}, absl::Seconds(1));
  auto lines = ssc.SocketTextStream("localhost", 9999);
  auto words = lines.FlatMap([](std::string_view line) { return Split(line, ' '); });
  auto pairs = words.Map([](std::string_view word) { return std::pair(word, 1); });
  auto word_counts = pairs.ReduceByKey(std::plus<>());
  word_counts.Print();
  ssc.Start().IgnoreError();  // AwaitTermination tells what went wrong
  std::cerr << ssc.AwaitTermination() << "\n";
}
