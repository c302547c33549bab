// A wavetank of one's own: a job, what it must answer, and with that every subcommand.
//
//   build/release/bin/word_lengths run examples/word_lengths.textproto
//   build/release/bin/word_lengths start word_lengths --input=in --output=out --checkpoint=cp
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "runtime/dstream/streaming_context.h"
#include "scenarios/oracle.h"
#include "scenarios/shell/command_line.h"

namespace {

using wavetank::runtime::JobArguments;
using wavetank::runtime::StreamingContext;

std::vector<std::string> Words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

// The job: how many words of each length every batch has. It only builds a plan.
void WordLengths(StreamingContext& context, const JobArguments& arguments) {
  context.TextFileStream(arguments.Get("input"))
      .FlatMap(Words)
      .Map([](const std::string& word) {
        return std::pair<int64_t, int64_t>(static_cast<int64_t>(word.size()), 1);
      })
      .ReduceByKey(std::plus<int64_t>())
      .SaveAsTextFiles(arguments.Get("output") + "/counts");
}

// What it must answer for a batch of these lines, worked out without the engine.
std::vector<wavetank::properties::NaiveRow> LengthsOf(const std::vector<std::string>& lines) {
  std::map<size_t, int64_t> counts;
  for (const std::string& line : lines) {
    for (const std::string& word : Words(line)) ++counts[word.size()];
  }
  std::vector<wavetank::properties::NaiveRow> rows;
  rows.reserve(counts.size());
  for (const auto& [length, count] : counts) {
    rows.push_back({std::to_string(length), std::to_string(count)});
  }
  return rows;
}

}  // namespace

int main(int argc, char** argv) {
  wavetank::scenarios::CommandLine command;
  wavetank::runtime::Job job;
  job.name = "word_lengths";
  job.meaning = "how many words of each length every batch has";
  using enum wavetank::runtime::ParameterKind;
  job.parameters = {{"input", "directory into which text files are renamed", std::nullopt, kPath},
                    {"output", "directory of the results", std::nullopt, kPath}};
  job.dstream = WordLengths;
  command.AddJob(job, wavetank::scenarios::DStreamOracle{.answer = LengthsOf});
  return command.Run(argc, argv);
}
