#include "scenarios/random_query.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "runtime/structured/compile_query.h"

namespace wavetank::scenarios {
namespace {

using platform::Random;
using runtime::Call;
using runtime::Col;
using runtime::DataFrame;
using runtime::DataType;
using runtime::Expression;
using runtime::JoinType;

template <typename T>
T OneOf(Random& random, const std::vector<T>& all) {
  return all[random.Below(all.size())];
}

// Columns of a stream that a query may name: "time", "key" and "n" are always there.
class QueryDrawing {
 public:
  QueryDrawing(Random& random, const RandomQueryParts& parts) : random_(random), parts_(parts) {}

  runtime::StreamingQueryDefinition Draw() {
    DataFrame frame = Combined();
    if (parts_.duplicates && random_.OneIn(3)) frame = WithoutDuplicates(frame);
    if (random_.Below(5) != 0) frame = Aggregated(frame);
    runtime::StreamingQueryDefinition definition;
    definition.plan = frame.plan();
    definition.output_mode = OneOf<std::string>(random_, {"append", "update", "complete"});
    return definition;
  }

 private:
  DataFrame Stream() {
    const Expression part = runtime::Split(Col("value"), ",");
    DataFrame rows = session_.ReadStream().Format("text").Load(absl::StrCat("in", sources_++));
    if (random_.OneIn(6)) rows = rows.Where(Condition(Col("value"), "a"));
    rows = rows.Select({part.At(0).Cast(DataType::kTimestamp).As("time"),
                        runtime::If(part.At(1) == "", runtime::Null(), part.At(1)).As("key"),
                        part.At(2).Cast(DataType::kInt64).As("n")});
    rows = Steps(rows);
    if (random_.Below(6) != 0) {
      rows = rows.WithWatermark("time", absl::Milliseconds(random_.Between(0, 20) * 500));
      rows = Steps(rows);
    }
    return rows;
  }

  DataFrame Combined() {
    DataFrame frame = Stream();
    if (parts_.unions && random_.OneIn(3)) {
      frame = frame.Select(Columns()).Union(Other(frame).Select(Columns()));
      ordered_ = false;
    }
    if (parts_.joins && random_.OneIn(2)) {
      frame = Steps(Joined(frame, Other(frame)));
      if (random_.OneIn(4)) frame = Steps(Joined(frame, Stream()));
      if (parts_.unions && random_.OneIn(4)) {
        frame = frame.Select(Columns()).Union(Stream().Select(Columns()));
      }
    }
    return frame;
  }

  // Another source, or the same rows again.
  DataFrame Other(const DataFrame& frame) { return random_.OneIn(5) ? Steps(frame) : Stream(); }

  DataFrame Joined(const DataFrame& left, const DataFrame& right) {
    ordered_ = false;
    Expression on = Col("l.key") == Col("r.key");
    if (random_.OneIn(3)) on = Col("l.time") == Col("r.time");
    if (random_.OneIn(2)) on = on && Before("l.time", "r.time");
    if (random_.OneIn(2)) on = on && Before("r.time", "l.time");
    if (random_.OneIn(4)) on = on && Col("l.n") != Col("r.n");
    const JoinType type = DrawType();
    if (type != JoinType::kInner && random_.OneIn(3))
      on = on && Col("l.n") != random_.Between(-1, 1);
    if (type != JoinType::kInner && random_.OneIn(3))
      on = on && Col("r.n") > random_.Between(-3, 1);
    const DataFrame pairs =
        left.Select(Columns()).Alias("l").Join(right.Select(Columns()).Alias("r"), on, type);
    if (type == JoinType::kLeftSemi) return pairs;
    const Expression n = type == JoinType::kInner || random_.OneIn(2)
                             ? Col("l.n") + Col("r.n")
                             : runtime::Coalesce({Col("l.n"), Col("r.n")});
    return pairs.Select({(random_.OneIn(2) ? Col("l.time") : Col("r.time")).As("time"),
                         (random_.OneIn(2) ? Col("l.key") : Col("r.key")).As("key"), n.As("n")});
  }

  // A draw that needs more of the condition than there is is refused, and drawn again.
  JoinType DrawType() {
    if (!parts_.outer_joins || random_.OneIn(5)) return JoinType::kInner;
    return OneOf<JoinType>(
        random_, {JoinType::kLeft, JoinType::kRight, JoinType::kFull, JoinType::kLeftSemi});
  }

  // low, and perhaps more, at or below high; now and then the other way round.
  Expression Before(std::string low, std::string high) {
    const Expression by = absl::Milliseconds(random_.Between(0, 8) * 1000);
    switch (random_.Below(5)) {
      case 0:
        return Col(std::move(low)) <= Col(std::move(high)) + by;
      case 1:
        return Col(std::move(low)) < Col(std::move(high)) + by;
      case 2:
        return Col(std::move(high)) >= Col(std::move(low)) - by;
      case 3:
        return Col(std::move(high)) > by + Col(std::move(low));
      default:
        return Col(std::move(low)) <= Col(std::move(high));
    }
  }

  DataFrame WithoutDuplicates(const DataFrame& frame) {
    // Which of those alike in some columns is the first depends on their order; what comes out is
    // in that of partitions.
    const bool ordered = std::exchange(ordered_, false);
    if (random_.OneIn(4)) return frame.DropDuplicatesWithinWatermark();
    if (!ordered || random_.OneIn(4)) return frame.DropDuplicates();
    if (random_.OneIn(3)) return frame.DropDuplicatesWithinWatermark({"key"});
    if (random_.OneIn(2)) return frame.DropDuplicates({"key"});
    return frame.DropDuplicates({"time", "key"});
  }

  static std::vector<Expression> Columns() { return {Col("time"), Col("key"), Col("n")}; }

  // Up to three projections, filters, explodes.
  DataFrame Steps(DataFrame frame) {
    for (int64_t left = random_.Between(0, 3); left > 0; --left) {
      switch (random_.Below(6)) {
        case 0:
        case 1:
          frame = frame.Where(Condition());
          break;
        case 2:
          frame = frame.WithColumn("n", Number());
          break;
        case 3:
          frame = frame.WithColumn("key", Text());
          break;
        case 4:
          frame = frame.Select({Col("time"), Number().As("n"), Text().As("key")});
          break;
        default:
          frame = frame.WithColumn("key", runtime::Explode(runtime::Split(Col("key"), " ")));
      }
    }
    return frame;
  }

  Expression Number() {
    const Expression n = Col("n");
    switch (random_.Below(8)) {
      case 0:
        return n + random_.Between(-3, 3);
      case 1:
        return n * int64_t{3'000'000'000'000'000'000};
      case 2:
        return n % random_.Between(-2, 3);
      case 3:
        return -n;
      case 4:
        return runtime::Coalesce({n, random_.Between(0, 3)});
      case 5:
        return runtime::If(Condition(), n, random_.Between(0, 3));
      case 6:
        return runtime::Length(Col("key"));
      default:
        return n
            .Cast(OneOf<DataType>(random_, {DataType::kInt8, DataType::kInt16, DataType::kInt32}))
            .Cast(DataType::kInt64);
    }
  }

  Expression Text() {
    const Expression key = Col("key");
    switch (random_.Below(7)) {
      case 0:
        return runtime::Concat({key, "b"});
      case 1:
        return Call("upper", {key});
      case 2:
        return runtime::Trim(runtime::Concat({key, " "}));
      case 3:
        return runtime::SubstringBefore(key, "b");
      case 4:
        return runtime::Coalesce({key, Col("n").Cast(DataType::kString)});
      case 5:
        return runtime::If(Condition(), key, "a");
      default:
        return runtime::Substring(key, 1, 1);
    }
  }

  static Expression Condition(const Expression& text, const char* part) {
    return Call("contains", {text, part});
  }

  Expression Condition(int depth = 0) {
    const Expression key = Col("key");
    const Expression n = Col("n");
    switch (random_.Below(depth < 2 ? 11 : 8)) {
      case 0:
        return key == OneOf<const char*>(random_, {"a", "b", "c"});
      case 1:
        return key != "a";
      case 2:
        return n > random_.Between(-3, 3);
      case 3:
        return n.Between(-2, random_.Between(0, 4));
      case 4:
        return key.IsNotNull();
      case 5:
        return key.In({"a", "c", runtime::Null()});
      case 6:
        return Col("time") >= absl::FromUnixSeconds(random_.Between(0, 60));
      case 7:
        return key.Like("a%");
      case 8:
        return !Condition(depth + 1);
      case 9:
        return Condition(depth + 1) && Condition(depth + 1);
      default:
        return Condition(depth + 1) || Condition(depth + 1);
    }
  }

  DataFrame Aggregated(const DataFrame& frame) {
    std::vector<Expression> keys;
    const bool windowed = random_.OneIn(2);
    const bool sessions = windowed && parts_.other_windows && random_.OneIn(3);
    if (sessions) {
      ordered_ = false;  // what is first of two sessions that meet is not told
      keys = {Session(), Col("key")};
      return frame.GroupBy(keys).Agg(Aggregates());
    }
    if (windowed) keys.push_back(DrawWindow());
    if (!windowed && random_.OneIn(3)) keys.push_back(Col("time"));
    if (random_.OneIn(2)) keys.push_back(Col("key"));
    if (random_.OneIn(4)) keys.push_back((Col("n") % 3).As("third"));
    if (random_.OneIn(8)) keys.push_back(Half().As("half"));
    DataFrame groups = frame.GroupBy(keys).Agg(Aggregates());
    if (parts_.second_aggregates && windowed && random_.OneIn(2)) {
      return groups.GroupBy({Col("window.start")})
          .Agg({runtime::Count().As("groups"), runtime::Sum(Col("a0")).As("all")});
    }
    if (random_.OneIn(3)) groups = groups.Where(Col("a0") != random_.Between(0, 3));
    if (random_.OneIn(4)) groups = groups.WithColumn("more", Col("a0") + 1);
    return groups;
  }

  Expression DrawWindow() {
    const absl::Duration size = Size();
    if (!parts_.other_windows || random_.OneIn(2)) return runtime::Window(Col("time"), size);
    const absl::Duration slide = std::min(size, absl::Milliseconds(random_.Between(1, 6) * 700));
    const absl::Duration start = slide / 3 * random_.Between(-2, 2);
    return runtime::Window(Col("time"), size, slide, start);
  }

  // Of a gap that is the row's now and then, and none of some rows.
  Expression Session() {
    const Expression gap = Size();
    if (random_.OneIn(2)) return runtime::SessionWindow(Col("time"), gap);
    return runtime::SessionWindow(
        Col("time"), runtime::If(Col("n") > 0, gap, Expression(absl::Seconds(random_.Below(2)))));
  }

  absl::Duration Size() {
    return absl::Milliseconds(OneOf<int>(random_, {1000, 2500, 5000, 7000}));
  }
  Expression Half() { return (Col("n") % 1000).Cast(DataType::kDouble) / 2; }

  // "a0" is a number.
  std::vector<Expression> Aggregates() {
    std::vector<Expression> aggregates = {OneOf<Expression>(
        random_, {runtime::Count(), runtime::Count(Col("key")), runtime::Sum(Col("n"))})};
    for (int64_t left = random_.Between(0, 3); left > 0; --left) {
      switch (random_.Below(ordered_ ? 8 : 6)) {
        case 0:
          aggregates.push_back(runtime::Min(Col("key")));
          break;
        case 1:
          aggregates.push_back(runtime::Max(Col("time")));
          break;
        case 2:
          aggregates.push_back(runtime::Avg(Half()));
          break;
        case 3:
          aggregates.push_back(runtime::Sum(Half()));
          break;
        case 4:
          aggregates.push_back(runtime::Max(Half()));
          break;
        case 5:
          aggregates.push_back(OneOf<Expression>(
              random_,
              {runtime::Min(Col("n")), runtime::Call("bit_xor", {Col("n")}),
               runtime::Call("bit_and", {Col("n")}), runtime::Call("bit_or", {Col("n")}),
               runtime::Call("count_if", {Col("n") > 0}), runtime::Call("bool_and", {Col("n") > 0}),
               runtime::Call("median", {Half()}), runtime::Call("mode", {Col("n")}),
               runtime::Call("percentile_approx", {Col("n"), 0.75})}));
          break;
        case 6:
          aggregates.push_back(OneOf<Expression>(
              random_, {runtime::MinBy(Col("n"), Col("time")), runtime::Call("first", {Col("n")}),
                        runtime::Call("last", {Col("n"), true})}));
          break;
        default:
          aggregates.push_back(OneOf<Expression>(
              random_, {runtime::MaxBy(Col("key"), Col("n")),
                        runtime::Call("listagg", {Col("n").Cast(DataType::kString), "+"})}));
      }
    }
    std::vector<Expression> named;
    for (const Expression& aggregate : aggregates) {
      named.push_back(aggregate.As(absl::StrCat("a", named.size())));
    }
    return named;
  }

  Random& random_;
  const RandomQueryParts parts_;
  runtime::Session session_;
  int sources_ = 0;
  bool ordered_ = true;  // whether rows of one key come in the order of one source's lines
};

}  // namespace

runtime::StreamingQueryDefinition DrawQuery(Random& random, const RandomQueryParts& parts) {
  while (true) {
    const runtime::StreamingQueryDefinition definition = QueryDrawing(random, parts).Draw();
    if (runtime::CompileQuery(definition, {}).ok()) return definition;
  }
}

std::string DrawLine(Random& random, int64_t about_seconds) {
  if (random.OneIn(30)) return OneOf<std::string>(random, {"", ",", "a", ",a,1", "5", "none,b,2"});
  int64_t second = about_seconds + random.Between(-25, 8);
  if (random.OneIn(3)) second -= second % 5;
  std::string time = absl::StrCat(second);
  if (random.OneIn(8)) {
    const int64_t micros = OneOf<int64_t>(random, {1, 499'999, 500'000, 999'999, 999'000});
    time = absl::FormatTime("%Y-%m-%d %H:%M:%E6S",
                            absl::FromUnixSeconds(second) + absl::Microseconds(micros),
                            absl::UTCTimeZone());
  }
  const std::string key =
      OneOf<std::string>(random, {"a", "a", "b", "b", "c", "", "a b", "b  a", "\u00e4", " "});
  std::string number = absl::StrCat(random.Between(-4, 4));
  if (random.OneIn(12))
    number = OneOf<std::string>(random, {"x", "", "9223372036854775807", "300"});
  return absl::StrCat(time, ",", key, ",", number);
}

}  // namespace wavetank::scenarios
