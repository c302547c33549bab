#include "runtime/plan/analyser.h"

#include <string>

#include "gtest/gtest.h"

#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

// What the analyser says to a query over the columns value: string, n: int64, time: timestamp,
// with the event time in "time".
class AnalyserRefusal : public testing::Test {
 protected:
  std::string Message(const DataFrame& frame, const std::string& mode = "update") {
    const auto plan = CompileFrame(frame, mode);
    if (plan.ok()) return "accepted";
    EXPECT_EQ(plan.status().message().find('\n'), absl::string_view::npos);
    return std::string(plan.status().message());
  }

  QueryBuilder builder_;
  DataFrame source_ = builder_.Source();
  DataFrame rows_ = source_.WithColumn("n", Cast(Col("value"), DataType::kInt64))
                        .WithColumn("time", Cast(Col("value"), DataType::kTimestamp));
};

TEST_F(AnalyserRefusal, OfUnknownColumnsNamesTheNearestOrAllThereAre) {
  EXPECT_EQ(Message(rows_.Select({Col("valeu")})),
            "Select: there is no column \"valeu\": did you mean \"value\"?");
  EXPECT_EQ(Message(rows_.Where(Col("amount") > 1)),
            "Where: there is no column \"amount\"; there are value, n, time");
  EXPECT_EQ(Message(rows_.WithColumn("m", Col("tim") == Col("time"))),
            "WithColumn(\"m\"): there is no column \"tim\": did you mean \"time\"?");
  EXPECT_EQ(Message(rows_.GroupBy({Col("valu")}).Count()),
            "GroupBy: there is no column \"valu\": did you mean \"value\"?");
  EXPECT_EQ(Message(rows_.GroupBy({}).Agg({Sum(Col("nn"))})),
            "Agg: there is no column \"nn\": did you mean \"n\"?");
  EXPECT_EQ(Message(rows_.WithWatermark("tine", absl::Seconds(1))),
            "WithWatermark: there is no column \"tine\": did you mean \"time\"?");
}

TEST_F(AnalyserRefusal, OfTypesThatDoNotFit) {
  EXPECT_EQ(Message(rows_.Where(Col("n"))),
            "Where: n is int64, not bool: compare it with something");
  EXPECT_EQ(Message(rows_.Where(Col("value") > 1)),
            "Where: (value > 1): 1 is int64, not string: cast it");
  EXPECT_EQ(Message(rows_.Where(Col("n") > 1 && Col("n"))),
            "Where: ((n > 1) && n): n is int64, not bool: cast it");
  EXPECT_EQ(Message(rows_.Select({Col("value") + 1})),
            "Select: (value + 1): value is string, not a number: cast it");
  EXPECT_EQ(Message(rows_.Select({Col("n") % "x"})),
            "Select: (n % 'x'): 'x' is string, not a number: cast it");
  EXPECT_EQ(Message(rows_.Select({Col("n") % 1.5})), "accepted");
  EXPECT_EQ(Message(rows_.Select({Lower(Col("n"))})),
            "Select: lower(n): n is int64, not string: cast it");
  EXPECT_EQ(Message(rows_.Select({Substring(Col("value"), Col("value"), 1)})),
            "Select: substring(value, value, 1): value is string, not int64: cast it");
  EXPECT_EQ(Message(rows_.Select({Cast(Col("time"), DataType::kBool)})),
            "Select: cast(time as bool): timestamp cannot become bool");
  EXPECT_EQ(Message(rows_.Select({Explode(Split(Col("n"), ","))})),
            "Select: split(n, ','): n is int64, not string: cast it");
  EXPECT_EQ(Message(rows_.GroupBy({}).Agg({Sum(Col("time"))})),
            "Agg: sum(time): time is timestamp, not a number: cast it");
  EXPECT_EQ(Message(rows_.GroupBy({}).Agg({Max(Col("n") > 1)})),
            "Agg: max((n > 1)): (n > 1) is bool, not a number, string, binary, date or timestamp: "
            "cast it");
  EXPECT_EQ(Message(rows_.WithWatermark("n", absl::Seconds(1))),
            "WithWatermark: \"n\" is int64, not timestamp: cast it");
  EXPECT_EQ(Message(rows_.GroupBy({Window(Col("n"), absl::Seconds(1))}).Count()),
            "GroupBy: window_start(n, 1s): n is int64, not timestamp: cast it");
}

TEST_F(AnalyserRefusal, OfExpressionsInTheWrongPlace) {
  EXPECT_EQ(Message(rows_.Select({Cast(Col("value"), DataType::kBinary).As("b")})),
            "WriteStream: \"b\" is binary, which this sink does not write: cast it to string");
  EXPECT_EQ(Message(rows_.Where(Null())), "accepted");
  EXPECT_EQ(Message(rows_.Select({Split(Col("value"), " ")})),
            "WriteStream: \"split(value, ' ')\" is array<string>, which this sink does not write: "
            "select a part of it, explode an array, or cast it to string");
  EXPECT_EQ(Message(rows_.GroupBy({Split(Col("value"), " ")}).Count()),
            "GroupBy: split(value, ' ') is array<string>, which is no key: take a part of it, or "
            "cast it");
  EXPECT_EQ(Message(rows_.Select({Lower(Explode(Split(Col("value"), " ")))})),
            "Select: explode(split(value, ' ')) gives several rows: use it at the top of Select or "
            "WithColumn, and compute with its column after that");
  EXPECT_EQ(
      Message(rows_.Select({Explode(Col("value"))})),
      "Select: explode(value): value is string, not an array: Explode takes one, as of Split(text, "
      "separator)");
  EXPECT_EQ(Message(rows_.Select({Explode(Split(Col("value"), ""))})),
            "Select: split(value, ''): the separator is empty");
  EXPECT_EQ(Message(rows_.Select({Explode(Split(Col("value"), " ")).As("a"),
                                  Explode(Split(Col("value"), ",")).As("b")})),
            "Select: two Explode(...) at once: use one Select for each");
  EXPECT_EQ(Message(rows_.Select({Window(Col("time"), absl::Seconds(5))})),
            "Select: window(time, 5s) is for GroupBy; after it, use the columns \"window.start\" "
            "and \"window.end\"");
  EXPECT_EQ(Message(rows_.Where(Count() > 1)),
            "Where: count(1) is an aggregate: use it in GroupBy(...).Agg(...)");
  EXPECT_EQ(Message(rows_.GroupBy({Col("value")}).Agg({Col("n")})),
            "Agg: n is no aggregate: use Count, Sum, Min, Max, Avg, MinBy or MaxBy, or add it to "
            "GroupBy");
  EXPECT_EQ(Message(rows_.GroupBy({Col("value")}).Agg({Sum(Count())})),
            "Agg: count(1) is an aggregate: use it in GroupBy(...).Agg(...)");
  EXPECT_EQ(Message(rows_.GroupBy({"value"}).Count()),
            "GroupBy: 'value' is the same for all rows: for a column, write Col(\"...\")");
}

TEST_F(AnalyserRefusal, OfMissingAndRepeatedColumns) {
  EXPECT_EQ(Message(rows_.Select({})), "Select: no columns: name at least one");
  EXPECT_EQ(Message(rows_.GroupBy({Col("value")}).Agg({})),
            "Agg: no aggregates: name at least one, as in Agg({Count()})");
  EXPECT_EQ(Message(rows_.Select({Col("n"), Col("value").As("n")})),
            "Select: two columns are called \"n\": name one with As(...)");
  EXPECT_EQ(Message(rows_.GroupBy({Col("n").As("count")}).Count()),
            "GroupBy: two columns are called \"count\": name one with As(...)");
}

TEST_F(AnalyserRefusal, OfWindowsAndWatermarksThatMakeNoSense) {
  const DataFrame timed = rows_.WithWatermark("time", absl::Seconds(1));
  EXPECT_EQ(Message(rows_.WithWatermark("time", -absl::Seconds(1))),
            "WithWatermark: the delay -1s is negative: use 0 or more");
  EXPECT_EQ(Message(timed.WithWatermark("time", absl::Seconds(2))),
            "WithWatermark: the event time is already in \"time\": a query has one watermark on "
            "its way, drop this one on \"time\"");
  EXPECT_EQ(Message(timed.GroupBy({Col("time")}).Count().WithWatermark("time", absl::Seconds(1))),
            "WithWatermark: \"time\" comes after GroupBy: call WithWatermark before it");
  EXPECT_EQ(Message(rows_.GroupBy({Window(Col("time"), absl::ZeroDuration())}).Count()),
            "GroupBy: window_start(time, 0): use whole microseconds, at least one");
  EXPECT_EQ(Message(rows_
                        .GroupBy({Window(Col("time"), absl::Seconds(1)),
                                  Window(Col("time"), absl::Seconds(2)).As("w")})
                        .Count()),
            "GroupBy: two windows: group by one");
}

TEST_F(AnalyserRefusal, OfOutputModesThatTheQueryCannotHave) {
  EXPECT_EQ(Message(rows_, "complete"),
            "OutputMode(\"complete\"): it shows a whole table, and the query has no aggregate: use "
            "\"append\"");
  const std::string never_final =
      "OutputMode(\"append\"): it shows a row once, when it is final, and no row of GroupBy(value) "
      "ever is: group by a column with a watermark (WithWatermark) or a Window of it, or use "
      "\"update\" or \"complete\"";
  EXPECT_EQ(Message(rows_.GroupBy({Col("value")}).Count(), "append"), never_final);
  const DataFrame timed = rows_.WithWatermark("time", absl::Seconds(1));
  EXPECT_EQ(Message(timed.GroupBy({Col("value")}).Count(), "append"), never_final);
  EXPECT_EQ(Message(rows_, "updaet"),
            "OutputMode: there is no mode \"updaet\": did you mean \"update\"?");
}

TEST_F(AnalyserRefusal, OfSourcesThatAreNotThere) {
  Session session;
  EXPECT_EQ(Message(session.ReadStream().Format("texd").Load("in")),
            "ReadStream: there is no source format \"texd\": did you mean \"text\"?");
  EXPECT_EQ(Message(session.ReadStream().Format("text").Load("")),
            "ReadStream: Load(\"\") names no directory");
}

TEST_F(AnalyserRefusal, OfExpressionsThatAreTooLarge) {
  Expression deep = Col("value");
  for (int i = 0; i < 250; ++i) deep = Lower(deep);
  EXPECT_EQ(Message(rows_.Select({deep.As("x")})),
            "project: an expression of more than 200 levels: compute a part of it in a column of "
            "its own");
  Expression wide = Col("n");
  for (int i = 0; i < 60; ++i) wide = wide + wide;
  EXPECT_EQ(Message(rows_.Select({wide.As("x")})),
            "project: an expression of more than 10000 parts: compute a part of it in a column of "
            "its own");
}

TEST_F(AnalyserRefusal, OfColumnsThatAJoinMakesAlike) {
  const DataFrame pairs =
      source_.Alias("a").Join(source_.Alias("b"), Col("a.value") == Col("b.value"));
  EXPECT_EQ(Message(pairs, "append"),
            "WriteStream: two columns are called \"value\": select one, or name it with As(...)");
  EXPECT_EQ(Message(pairs.Where(Col("value") != ""), "append"),
            "Where: several columns are called \"value\": write \"a.value\" or \"b.value\"");
  EXPECT_EQ(Message(rows_.Select({Col(".value")})),
            "Select: there is no column \".value\": did you mean \"value\"?");
  EXPECT_EQ(Message(rows_.GroupBy({Call("window_start", {Col("time"), absl::Seconds(5)})}).Count()),
            "GroupBy: window_start(time, 5s): group by Window(time, size)");
}

// Event times stand on both sides of a union; of joins, sides that may lack make nulls.
TEST(Analyser, PassesOnWhatIsKnownOfColumns) {
  QueryBuilder builder;
  const DataFrame timed = builder.Source()
                              .WithColumn("time", Cast(Col("value"), DataType::kTimestamp))
                              .WithWatermark("time", absl::Seconds(1));
  const DataFrame plain = builder.Source().WithColumn("time", CurrentTimestamp());
  EXPECT_EQ(Analyse(timed.Union(timed).plan()).value()->event_times.size(), 1U);
  EXPECT_EQ(Analyse(timed.Union(plain).plan()).value()->event_times.size(), 0U);
  // Columns of several types become what all become.
  const DataFrame narrow =
      builder.Source().Select({Null().As("a"), Cast(1, DataType::kInt8).As("b")});
  const DataFrame wide = builder.Source().Select({Col("value"), Literal(2).As("n")});
  const LogicalPlanPtr both = Analyse(narrow.Union(wide).plan()).value();
  EXPECT_EQ(both->output[0].type, DataType::kString);
  EXPECT_EQ(both->output[1].type, DataType::kInt64);
  EXPECT_EQ(both->output[1].name, "b");
  EXPECT_TRUE(both->output[0].nullable);
  EXPECT_FALSE(both->output[1].nullable);
  EXPECT_EQ(both->inputs[0]->output[1].type, DataType::kInt64);
  EXPECT_FALSE(
      Analyse(wide.Union(builder.Source().Select({Literal(true), Col("value")})).plan()).ok());
  EXPECT_FALSE(Analyse(plain.Union(timed).WithWatermark("time", absl::Seconds(1)).plan()).ok());
  const auto nullable = [&](JoinType type) {
    std::string text;
    const DataFrame joined = builder.Source().Alias("a").Join(
        builder.Source().Alias("b"), Col("a.value") == Col("b.value"), type);
    const LogicalPlanPtr analysed = Analyse(joined.plan()).value();
    for (const Attribute& attribute : analysed->output) text += attribute.nullable ? "n" : "v";
    return text;
  };
  EXPECT_EQ(nullable(JoinType::kInner), "vv");
  EXPECT_EQ(nullable(JoinType::kLeft), "vn");
  EXPECT_EQ(nullable(JoinType::kRight), "nv");
  EXPECT_EQ(nullable(JoinType::kFull), "nn");
  EXPECT_EQ(nullable(JoinType::kLeftSemi), "v");
  EXPECT_EQ(nullable(JoinType::kLeftAnti), "v");
}

// As in Spark: "s.x" is the column called so, else that of the DataFrame "s", else a field.
TEST(Analyser, FindsFieldsByTheirPath) {
  QueryBuilder builder;
  const DataFrame frame = builder.Source().Select(
      {Col("value"),
       Struct({Col("value").As("text"), Struct({Length(Col("value")).As("size")}).As("more")})
           .As("s")});
  const auto analysed = [](const DataFrame& of) { return Analyse(of.plan()); };
  const auto output = [&](const DataFrame& of) { return analysed(of).value()->output; };
  EXPECT_EQ(output(frame.Select({Col("s.text")}))[0].name, "text");
  EXPECT_EQ(output(frame.Select({Col("s.more.size")}))[0].name, "size");
  EXPECT_EQ(output(frame.Select({Col("s.more.size")}))[0].type, DataType::kInt64);
  EXPECT_EQ(output(frame.Alias("f").Select({Col("f.s.more")}))[0].name, "more");
  EXPECT_EQ(output(frame.Alias("s").Select({Col("s.value")}))[0].type, DataType::kString);
  EXPECT_EQ(output(frame.GroupBy({Col("s.more.size")}).Count())[0].name, "size");
  const auto refusal = [&](const DataFrame& of) {
    return std::string(analysed(of).status().message());
  };
  EXPECT_EQ(refusal(frame.Select({Col("s.txt")})),
            "Select: get_field(s, 'txt'): there is no field \"txt\": did you mean \"text\"?");
  EXPECT_EQ(refusal(frame.Select({Col("value.text")})),
            "Select: there is no column \"value.text\"; there are value, s");
  EXPECT_EQ(
      refusal(frame.GroupBy({Col("s")}).Count()),
      "GroupBy: s is struct<text: string, more: struct<size: int64>>, which is no key: take a "
      "part of it, or cast it");
}

TEST_F(AnalyserRefusal, NamesTheQuery) {
  Session session;
  session.ReadStream().Format("text").Load("in").Select({Col("x")}).WriteStream().Start();
  EXPECT_EQ(CompileQuery(session.queries()[0], {}).status().message(),
            "query \"query-1\": Select: there is no column \"x\"; there are value");
}

TEST_F(AnalyserRefusal, DoesNotMeetQueriesThatAreRight) {
  const DataFrame timed = rows_.WithWatermark("time", absl::Seconds(1));
  EXPECT_EQ(Message(timed.GroupBy({Col("time")}).Count(), "append"), "accepted");
  EXPECT_EQ(Message(timed.Select({Col("time").As("t")})
                        .GroupBy({Window(Col("t"), absl::Seconds(5)).As("w")})
                        .Count()
                        .Where(Col("w.end") > Col("w.start")),
                    "append"),
            "accepted");
  EXPECT_EQ(Message(rows_.Where(Col("n") > 1.5), "append"), "accepted");
  EXPECT_EQ(Message(rows_.GroupBy({}).Agg({Count(Col("value")), Min(Col("time"))}), "complete"),
            "accepted");
}

}  // namespace
}  // namespace wavetank::runtime
