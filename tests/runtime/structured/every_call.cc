// A job that makes every call of the DataFrame builder: compiled by Debian's default compiler.
#include <string>

#include "runtime/structured/data_frame.h"

namespace wavetank::runtime {

void EveryCall(Session& session, const std::string& directory) {
  const DataFrame lines =
      session.ReadStream().Format("text").Option("maxFilesPerTrigger", "10").Load(directory);
  const DataFrame events =
      lines.Select({Explode(Split(Col("value"), " ")).As("word"), Col("value")})
          .Where(Col("word") != "" && !(Col("word") == "x" || Col("word").IsNull()))
          .Filter(Length(Trim(Lower(Col("word")))) >= 1 && Col("value").IsNotNull())
          .WithColumn("n", Cast(Substring(Col("word"), 1, 2), DataType::kInt64))
          .WithColumn("x", -Col("n") + 1 - 2 * Col("n") / 3.5)
          .WithColumn("r", Col("n") % 7)
          .WithColumn("now", CurrentTimestamp())
          .WithColumn("time", Col("value").Cast(DataType::kTimestamp))
          .WithWatermark("time", absl::Minutes(10))
          .Where(Col("time") > absl::UnixEpoch() && Literal(true))
          .Where(Col("n") < 3 || Col("n") <= 4 || Col("n") > 5);
  events.GroupBy({Window(Col("time"), absl::Seconds(5)), Col("word")})
      .Agg({Count().As("rows"), Count(Col("n")), Sum(Col("x")), Min(Col("n")), Max(Col("time"))})
      .WriteStream()
      .QueryName("windows")
      .OutputMode("append")
      .Format("file")
      .Option("path", "out")
      .ProcessingTime(absl::Seconds(1))
      .Start();
  events.GroupBy({Col("word")}).Count().WriteStream().OutputMode("update").Start();
}

}  // namespace wavetank::runtime
