// What a statement says and what the DataFrame's calls say is one plan, once it is analysed.
#include <functional>
#include <string>

#include "gtest/gtest.h"

#include "platform/text.h"
#include "runtime/structured/compile_query.h"
#include "runtime/structured/data_frame.h"
#include "runtime/structured/sql_session.h"

namespace wavetank::runtime {
namespace {

constexpr char kTables[] = R"(
  CREATE TABLE lines (value STRING) USING text OPTIONS (path 'lines');
  CREATE TABLE views (at TIMESTAMP, ad STRING, n INT, ok BOOLEAN, x DOUBLE,
                      WATERMARK FOR at AS at - INTERVAL '10' SECONDS)
    USING csv OPTIONS (path 'views', header 'true');
  CREATE TABLE clicks (at TIMESTAMP, ad STRING, WATERMARK FOR at AS at - INTERVAL '1' MINUTE)
    USING json OPTIONS (path 'clicks');
  CREATE VIEW words AS SELECT explode(split(value, ' ')) AS word FROM lines;)";

struct Frames {
  DataFrame lines;
  DataFrame views;
  DataFrame clicks;
  DataFrame words;
};

Frames MakeFrames(Session& session) {
  const DataFrame lines = session.ReadStream().Format("text").Load("lines");
  const DataFrame views = session.ReadStream()
                              .Format("csv")
                              .Option("header", "true")
                              .Schema("at TIMESTAMP, ad STRING, n INT, ok BOOLEAN, x DOUBLE")
                              .Load("views")
                              .WithWatermark("at", absl::Seconds(10));
  const DataFrame clicks = session.ReadStream()
                               .Format("json")
                               .Schema("at TIMESTAMP, ad STRING")
                               .Load("clicks")
                               .WithWatermark("at", absl::Minutes(1));
  return {lines, views, clicks, lines.Select({Explode(Split(Col("value"), " ")).As("word")})};
}

Expression Int(int32_t value) {
  ExpressionNode node;
  node.value = value;
  node.type = DataType::kInt32;
  return Expression(std::make_shared<const ExpressionNode>(std::move(node)));
}

std::string AnalysedText(const LogicalPlanPtr& plan) {
  StreamingQueryDefinition definition;
  definition.plan = plan;
  const absl::StatusOr<LogicalPlanPtr> analysed = AnalysePlan(definition);
  if (!analysed.ok()) return std::string(platform::ToStd(analysed.status().message()));
  std::string text = ToText(*analysed, AttributeText::kIds);
  for (const Attribute& column : (*analysed)->output) text += column.name + " ";
  return text;
}

struct Pair {
  const char* sql;
  std::function<DataFrame(const Frames&)> frame;
};

void ExpectSame(const std::vector<Pair>& pairs) {
  for (const Pair& pair : pairs) {
    Session session;
    ASSERT_TRUE(session.Sql(kTables).ok());
    const absl::StatusOr<SqlResult> result = session.Sql(pair.sql);
    ASSERT_TRUE(result.ok()) << pair.sql << "\n" << result.status().message();
    ASSERT_TRUE(result->rows.has_value()) << pair.sql;
    const std::string sql = AnalysedText(result->rows->plan());
    EXPECT_EQ(sql, AnalysedText(pair.frame(MakeFrames(session)).plan())) << pair.sql;
    EXPECT_NE(sql.find("source"), std::string::npos) << sql;
  }
}

TEST(SamePlan, OfRows) {
  ExpectSame({
      {"SELECT * FROM lines", [](const Frames& f) { return f.lines; }},
      {"TABLE lines", [](const Frames& f) { return f.lines; }},
      {"SELECT value FROM lines", [](const Frames& f) { return f.lines.Select({Col("value")}); }},
      {"SELECT VALUE FROM LINES", [](const Frames& f) { return f.lines.Select({Col("value")}); }},
      {"SELECT l.value FROM lines l",
       [](const Frames& f) { return f.lines.Select({Col("value")}); }},
      {"SELECT value AS v, length(value) n FROM lines",
       [](const Frames& f) {
         return f.lines.Select({Col("value").As("v"), Length(Col("value")).As("n")});
       }},
      {"SELECT * FROM lines WHERE value <> ''",
       [](const Frames& f) { return f.lines.Where(Col("value") != ""); }},
      {"SELECT lower(value) AS v FROM lines WHERE value LIKE 'a%' AND value IS NOT NULL",
       [](const Frames& f) {
         return f.lines.Where(Col("value").Like("a%") && Col("value").IsNotNull())
             .Select({Lower(Col("value")).As("v")});
       }},
      {"SELECT * FROM words", [](const Frames& f) { return f.words; }},
      {"SELECT word FROM words WHERE word IN ('a', 'b')",
       [](const Frames& f) {
         return f.words.Where(Col("word").In({"a", "b"})).Select({Col("word")});
       }},
      {"SELECT value, word FROM lines LATERAL VIEW explode(split(value, ' ')) w AS word",
       [](const Frames& f) {
         return f.lines.WithColumn("word", Explode(Split(Col("value"), " ")))
             .Select({Col("value"), Col("word")});
       }},
      {"SELECT l.value, w.word FROM lines l LATERAL VIEW explode(split(l.value, ' ')) w AS word",
       [](const Frames& f) {
         return f.lines.WithColumn("word", Explode(Split(Col("value"), " ")))
             .Select({Col("value"), Col("word")});
       }},
      {"SELECT n + 1 AS m FROM views",
       [](const Frames& f) { return f.views.Select({(Col("n") + Int(1)).As("m")}); }},
      {"SELECT CASE WHEN n > 1 THEN 'many' ELSE 'few' END AS how FROM views",
       [](const Frames& f) {
         return f.views.Select({When(Col("n") > Int(1), "many").Otherwise("few").As("how")});
       }},
      {"SELECT CAST(n AS BIGINT) AS n FROM views",
       [](const Frames& f) { return f.views.Select({Cast(Col("n"), DataType::kInt64).As("n")}); }},
      {"SELECT at + INTERVAL '1' HOUR AS later FROM views",
       [](const Frames& f) { return f.views.Select({(Col("at") + absl::Hours(1)).As("later")}); }},
      {"SELECT split(ad, ',')[0] AS first FROM views",
       [](const Frames& f) {
         return f.views.Select({Split(Col("ad"), ",").At(Int(0)).As("first")});
       }},
      {"SELECT s.a AS a FROM (SELECT named_struct('a', ad) AS s FROM views)",
       [](const Frames& f) {
         return f.views.Select({Struct({Col("ad").As("a")}).As("s")}).Select({Col("s.a").As("a")});
       }},
      {"SELECT ad FROM views WHERE n BETWEEN 1 AND 5 OR NOT ok",
       [](const Frames& f) {
         return f.views.Where(Col("n").Between(Int(1), Int(5)) || !Col("ok")).Select({Col("ad")});
       }},
      {"SELECT coalesce(ad, '') AS ad, x / 2D AS half FROM views",
       [](const Frames& f) {
         return f.views.Select({Coalesce({Col("ad"), ""}).As("ad"), (Col("x") / 2.0).As("half")});
       }},
      {"SELECT DISTINCT value FROM lines",
       [](const Frames& f) { return f.lines.Select({Col("value")}).DropDuplicates(); }},
      {"SELECT DISTINCT * FROM lines", [](const Frames& f) { return f.lines.DropDuplicates(); }},
      {"WITH w AS (SELECT word FROM words) SELECT * FROM w WHERE word <> 'x'",
       [](const Frames& f) { return f.words.Select({Col("word")}).Where(Col("word") != "x"); }},
      {"SELECT * FROM (SELECT value FROM lines) t WHERE t.value = 'x'",
       [](const Frames& f) { return f.lines.Select({Col("value")}).Where(Col("value") == "x"); }},
      {"SELECT value FROM lines UNION ALL SELECT ad FROM views",
       [](const Frames& f) {
         return f.lines.Select({Col("value")}).Union(f.views.Select({Col("ad")}));
       }},
      {"SELECT value FROM lines UNION SELECT ad FROM views",
       [](const Frames& f) {
         return f.lines.Select({Col("value")}).Union(f.views.Select({Col("ad")})).DropDuplicates();
       }},
  });
}

TEST(SamePlan, OfGroups) {
  ExpectSame({
      {"SELECT word, count(*) AS count FROM words GROUP BY word",
       [](const Frames& f) { return f.words.GroupBy({Col("word")}).Count(); }},
      {"SELECT word, count(1) AS count FROM words GROUP BY 1",
       [](const Frames& f) { return f.words.GroupBy({Col("word")}).Count(); }},
      {"SELECT word, count(*) AS count FROM words GROUP BY ALL",
       [](const Frames& f) { return f.words.GroupBy({Col("word")}).Count(); }},
      {"SELECT count(*) AS n FROM lines",
       [](const Frames& f) { return f.lines.GroupBy({}).Agg({Count().As("n")}); }},
      {"SELECT length(word) AS l, count(*) AS n FROM words GROUP BY l",
       [](const Frames& f) {
         return f.words.GroupBy({Length(Col("word")).As("l")}).Agg({Count().As("n")});
       }},
      {"SELECT lower(word) AS word, count(*) AS n FROM words GROUP BY lower(word)",
       [](const Frames& f) {
         return f.words.GroupBy({Lower(Col("word")).As("word")}).Agg({Count().As("n")});
       }},
      {"SELECT ad, sum(n) AS s, min(n) AS lo, max(n) AS hi, avg(x) AS mean FROM views GROUP BY ad",
       [](const Frames& f) {
         return f.views.GroupBy({Col("ad")})
             .Agg({Sum(Col("n")).As("s"), Min(Col("n")).As("lo"), Max(Col("n")).As("hi"),
                   Avg(Col("x")).As("mean")});
       }},
      {"SELECT count(*) AS n, ad FROM views GROUP BY ad",
       [](const Frames& f) {
         return f.views.GroupBy({Col("ad")}).Agg({Count().As("n")}).Select({Col("n"), Col("ad")});
       }},
      {"SELECT ad, sum(n) / count(*) AS mean FROM views GROUP BY ad",
       [](const Frames& f) {
         return f.views.GroupBy({Col("ad")})
             .Agg({Sum(Col("n")), Count()})
             .Select({Col("ad"), (Col("sum(n)") / Col("count(1)")).As("mean")});
       }},
      {"SELECT ad, count(*) AS n FROM views GROUP BY ad HAVING count(*) > 2",
       [](const Frames& f) {
         return f.views.GroupBy({Col("ad")}).Agg({Count().As("n")}).Where(Col("n") > Int(2));
       }},
      {"SELECT ad, count(*) AS n FROM views GROUP BY ad HAVING n > 2",
       [](const Frames& f) {
         return f.views.GroupBy({Col("ad")}).Agg({Count().As("n")}).Where(Col("n") > Int(2));
       }},
      {"SELECT ad FROM views GROUP BY ad HAVING max(n) > 2",
       [](const Frames& f) {
         return f.views.GroupBy({Col("ad")})
             .Agg({Max(Col("n"))})
             .Where(Col("max(n)") > Int(2))
             .Select({Col("ad")});
       }},
      {"SELECT window.start, window.end, count(*) AS n FROM views GROUP BY window(at, '10 "
       "seconds')",
       [](const Frames& f) {
         return f.views.GroupBy({Window(Col("at"), absl::Seconds(10))})
             .Agg({Count().As("n")})
             .Select({Col("window.start").As("start"), Col("window.end").As("end"), Col("n")});
       }},
      {"SELECT window(at, INTERVAL 10 SECONDS).start AS s, ad, count(*) AS n FROM views "
       "GROUP BY window(at, INTERVAL 10 SECONDS), ad",
       [](const Frames& f) {
         return f.views.GroupBy({Window(Col("at"), absl::Seconds(10)), Col("ad")})
             .Agg({Count().As("n")})
             .Select({Col("window.start").As("s"), Col("ad"), Col("n")});
       }},
      {"SELECT window AS w, count(*) AS n FROM views GROUP BY window(at, '1 minute')",
       [](const Frames& f) {
         return f.views.GroupBy({Window(Col("at"), absl::Minutes(1))})
             .Agg({Count().As("n")})
             .Select({Call("named_struct", {"start", Col("window.start"), "end", Col("window.end")})
                          .As("w"),
                      Col("n")});
       }},
      {"SELECT max_by(ad, n) AS best, min_by(ad, n) AS worst FROM views",
       [](const Frames& f) {
         return f.views.GroupBy({}).Agg(
             {MaxBy(Col("ad"), Col("n")).As("best"), MinBy(Col("ad"), Col("n")).As("worst")});
       }},
      {"SELECT sum(n) FILTER (WHERE ok) AS s FROM views",
       [](const Frames& f) {
         return f.views.GroupBy({}).Agg({Sum(Call("if", {Col("ok"), Col("n")})).As("s")});
       }},
      {"SELECT window.start AS s, ad, count(*) AS n FROM views "
       "GROUP BY window(at, '10 seconds', '5 seconds', '1 second'), ad",
       [](const Frames& f) {
         return f.views
             .GroupBy({Window(Col("at"), absl::Seconds(10), absl::Seconds(5), absl::Seconds(1)),
                       Col("ad")})
             .Agg({Count().As("n")})
             .Select({Col("window.start").As("s"), Col("ad"), Col("n")});
       }},
      {"SELECT session_window.end AS e, ad, count(*) AS n FROM views "
       "GROUP BY session_window(at, INTERVAL 5 SECONDS), ad",
       [](const Frames& f) {
         return f.views.GroupBy({SessionWindow(Col("at"), absl::Seconds(5)), Col("ad")})
             .Agg({Count().As("n")})
             .Select({Col("session_window.end").As("e"), Col("ad"), Col("n")});
       }},
      {"SELECT ad, count(*) AS c FROM views GROUP BY ad ORDER BY c DESC, 1 LIMIT 3",
       [](const Frames& f) {
         return f.views.GroupBy({Col("ad")})
             .Agg({Count().As("c")})
             .OrderBy({Desc(Col("c")), Col("ad")})
             .Limit(3);
       }},
      {"SELECT ad, count(*) FROM views GROUP BY ad ORDER BY count(*) NULLS LAST",
       [](const Frames& f) {
         return f.views.GroupBy({Col("ad")})
             .Agg({Count().As("count(1)")})
             .OrderBy({{Col("count(1)"), {.descending = false, .nulls_last = true}}});
       }},
      {"SELECT n + 1 AS more FROM views ORDER BY more, ad DESC NULLS FIRST",
       [](const Frames& f) {
         return f.views
             .OrderBy({Col("n") + Int(1), {Col("ad"), {.descending = true, .nulls_last = false}}})
             .Select({(Col("n") + Int(1)).As("more")});
       }},
      {"SELECT s, count(*) AS n, max(c) AS most FROM (SELECT window.start AS s, ad, count(*) AS c "
       "FROM views GROUP BY window(at, '10 seconds'), ad) GROUP BY s",
       [](const Frames& f) {
         return f.views.GroupBy({Window(Col("at"), absl::Seconds(10)), Col("ad")})
             .Agg({Count().As("c")})
             .Select({Col("window.start").As("s"), Col("ad"), Col("c")})
             .GroupBy({Col("s")})
             .Agg({Count().As("n"), Max(Col("c")).As("most")});
       }},
  });
}

Expression Soon() {
  return Col("v.ad") == Col("c.ad") && Col("c.at") >= Col("v.at") &&
         Col("c.at") <= Col("v.at") + absl::Minutes(1);
}

TEST(SamePlan, OfJoins) {
  const auto joined = [](JoinType type) {
    return [type](const Frames& f) {
      return f.views.Alias("v").Join(f.clicks.Alias("c"), Soon(), type).Select({Col("v.ad")});
    };
  };
  const std::string soon =
      " JOIN clicks c ON v.ad = c.ad AND c.at >= v.at AND c.at <= v.at + INTERVAL '1' MINUTE";
  for (const auto& [kind, type] :
       std::vector<std::pair<std::string, JoinType>>{{"", JoinType::kInner},
                                                     {"INNER", JoinType::kInner},
                                                     {"LEFT", JoinType::kLeft},
                                                     {"LEFT OUTER", JoinType::kLeft},
                                                     {"RIGHT OUTER", JoinType::kRight},
                                                     {"FULL", JoinType::kFull},
                                                     {"LEFT SEMI", JoinType::kLeftSemi},
                                                     {"SEMI", JoinType::kLeftSemi},
                                                     {"LEFT ANTI", JoinType::kLeftAnti},
                                                     {"ANTI", JoinType::kLeftAnti}}) {
    const std::string sql = "SELECT v.ad FROM views AS v " + kind + soon;
    ExpectSame({{sql.c_str(), joined(type)}});
  }
  ExpectSame({
      {"SELECT v.ad FROM views v, clicks c WHERE v.ad = c.ad",
       [](const Frames& f) {
         LogicalPlan pairs;
         pairs.op = PlanOperator::kJoin;
         pairs.inputs = {f.views.Alias("v").plan(), f.clicks.Alias("c").plan()};
         return DataFrame(nullptr, std::make_shared<const LogicalPlan>(pairs))
             .Where(Col("v.ad") == Col("c.ad"))
             .Select({Col("v.ad")});
       }},
      {"SELECT ad, v.at AS seen FROM views v JOIN clicks c USING (ad)",
       [](const Frames& f) {
         return f.views.Alias("v")
             .Join(f.clicks.Alias("c"), Col("v.ad") == Col("c.ad"))
             .Select({Col("v.ad"), Col("v.at").As("seen")});
       }},
      {"SELECT ad FROM views FULL JOIN clicks USING (ad)",
       [](const Frames& f) {
         return f.views.Alias("v")
             .Join(f.clicks.Alias("c"), Col("v.ad") == Col("c.ad"), JoinType::kFull)
             .Select({Coalesce({Col("v.ad"), Col("c.ad")}).As("ad")});
       }},
      {"SELECT c.* FROM views v JOIN clicks c ON v.ad = c.ad",
       [](const Frames& f) {
         return f.views.Alias("v")
             .Join(f.clicks.Alias("c"), Col("v.ad") == Col("c.ad"))
             .Select({Col("c.at"), Col("c.ad")});
       }},
      {"SELECT a.at AS x, b.at AS y FROM clicks a JOIN clicks b ON a.ad = b.ad",
       [](const Frames& f) {
         return f.clicks.Alias("a")
             .Join(f.clicks.Alias("b"), Col("a.ad") == Col("b.ad"))
             .Select({Col("a.at").As("x"), Col("b.at").As("y")});
       }},
      {"SELECT ad FROM views v WHERE n > 1 AND ad IN (SELECT ad FROM clicks)",
       [](const Frames& f) {
         return f.views.Where(Col("n") > Int(1))
             .Join(f.clicks.Select({Col("ad")}).Select({Col("ad").As("in")}),
                   Col("ad") == Col("in"), JoinType::kLeftSemi)
             .Select({Col("ad")});
       }},
      {"SELECT ad FROM views v WHERE EXISTS (SELECT 1 FROM clicks c WHERE c.ad = v.ad)",
       [](const Frames& f) {
         return f.views.Alias("v")
             .Join(f.clicks.Alias("c"), Col("c.ad") == Col("v.ad"), JoinType::kLeftSemi)
             .Select({Col("ad")});
       }},
      {"SELECT ad FROM views v WHERE NOT EXISTS (SELECT 1 FROM clicks c WHERE c.ad = v.ad)",
       [](const Frames& f) {
         return f.views.Alias("v")
             .Join(f.clicks.Alias("c"), Col("c.ad") == Col("v.ad"), JoinType::kLeftAnti)
             .Select({Col("ad")});
       }},
      {"SELECT window.start, v.ad, count(*) AS n, max(c.at) AS last FROM views v JOIN clicks c "
       "ON v.ad = c.ad AND c.at >= v.at AND c.at <= v.at + INTERVAL '1' MINUTE "
       "GROUP BY window(v.at, '10 seconds'), v.ad",
       [](const Frames& f) {
         return f.views.Alias("v")
             .Join(f.clicks.Alias("c"), Soon())
             .GroupBy({Window(Col("v.at"), absl::Seconds(10)), Col("v.ad")})
             .Agg({Count().As("n"), Max(Col("c.at")).As("last")})
             .Select({Col("window.start").As("start"), Col("ad"), Col("n"), Col("last")});
       }},
  });
}

}  // namespace
}  // namespace wavetank::runtime
