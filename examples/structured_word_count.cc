// Counts the words of the files that are moved into a directory: a structured query, exactly once.
//
//   build/release/bin/structured_word_count start words --input=in --output=out --checkpoint=cp
#include "runtime/structured/data_frame.h"
#include "scenarios/shell/command_line.h"

using namespace wavetank::runtime;

void CountWords(Session& session, const JobArguments& arguments) {
  auto lines = session.ReadStream().Format("text").Load(arguments.Get("input"));
  auto words = lines.Select({Explode(Split(Lower(Col("value")), " ")).As("word")})
                   .Where(Length(Col("word")) > 0);
  auto counts = words.GroupBy({Col("word")}).Count();
  counts.WriteStream()
      .OutputMode("update")
      .Format("file")
      .Option("path", arguments.Get("output"))
      .Start();
}

int main(int argc, char** argv) {
  Job job;
  job.name = "words";
  job.meaning = "how often each word came, exactly once";
  job.parameters = {
      {"input", "directory into which text files are moved", {}, ParameterKind::kPath},
      {"output", "directory of the counts", {}, ParameterKind::kPath}};
  job.structured = CountWords;
  wavetank::scenarios::CommandLine command;
  command.AddJob(job);
  return command.Run(argc, argv);
}
