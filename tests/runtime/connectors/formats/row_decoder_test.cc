#include "runtime/connectors/formats/row_decoder.h"

#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/connectors/formats/format_option.h"
#include "tests/runtime/connectors/formats/decoding.h"

namespace wavetank::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string Refusal(std::string_view format, const DecoderOptions& options) {
  const auto decoder = MakeDecoder(format, SchemaOf("value STRING"), options);
  EXPECT_EQ(decoder.status().code(), absl::StatusCode::kInvalidArgument) << format;
  return std::string(decoder.status().message());
}

TEST(FormatOptions, EachIsDescribedAndTakesItsDefault) {
  for (const std::string& format : FormatNames()) {
    std::set<std::string_view> names;
    EXPECT_THAT(FormatOptions(format), Not(IsEmpty()));
    for (const FormatOption& option : FormatOptions(format)) {
      EXPECT_TRUE(names.insert(option.name).second) << option.name;
      EXPECT_NE(option.meaning, "") << option.name;
      EXPECT_NE(FormatOptionTypeName(option.type), "");
      if (option.name == "lineSep") continue;  // what its default does cannot be said
      const DecoderOptions given = {{std::string(option.name), std::string(option.default_value)}};
      EXPECT_TRUE(MakeDecoder(format, SchemaOf("value STRING"), given).ok()) << option.name;
    }
  }
  EXPECT_THAT(FormatOptions("parquet"), IsEmpty());
}

TEST(FormatOptions, WhatIsUnknownIsRefusedWithTheNearestName) {
  EXPECT_EQ(Refusal("jsn", {}), "there is no format \"jsn\": did you mean \"json\"?");
  EXPECT_EQ(Refusal("csv", {{"separator", ","}}).substr(0, 45),
            "format csv has no option \"separator\"; there a");
  EXPECT_EQ(Refusal("csv", {{"headr", "true"}}),
            "format csv has no option \"headr\": did you mean \"header\"?");
}

TEST(FormatOptions, ValuesAreCheckedAndNamesHaveNoCase) {
  EXPECT_EQ(Refusal("csv", {{"header", "yes"}}),
            "option header of format csv is 'yes': give true or false");
  EXPECT_EQ(Refusal("csv", {{"quote", "''"}}),
            "option quote of format csv is '''': give one byte, or nothing for none");
  EXPECT_EQ(Refusal("csv", {{"sep", ""}}),
            "option sep of format csv is '': give one byte or more, such as ','");
  EXPECT_EQ(Refusal("csv", {{"maxCharsPerColumn", "0"}}),
            "option maxCharsPerColumn of format csv is '0': give a whole number above 0, or -1 for "
            "any number");
  EXPECT_EQ(Refusal("json", {{"mode", "LENIENT"}}),
            "option mode of format json is 'LENIENT': give PERMISSIVE or DROPMALFORMED or "
            "FAILFAST");
  EXPECT_EQ(Refusal("json", {{"dateFormat", "dd.MM.yyyy"}}),
            "option dateFormat of format json is 'dd.MM.yyyy': give yyyy-MM-dd");
  EXPECT_THAT(Refusal("json", {{"timestampFormat", "HH:mm"}}), HasSubstr("give yyyy-MM-dd'T'HH"));
  EXPECT_EQ(Refusal("text", {{"lineSep", "abc"}}),
            "option lineSep of format text is 'abc': give one or two bytes, such as a newline");
  EXPECT_EQ(Refusal("csv", {{"SEP", ","}, {"sep", ";"}}),
            "option sep of format csv is given twice");
  EXPECT_TRUE(MakeDecoder("csv", SchemaOf("a INT"), {{"HEADER", "True"}}).ok());
}

TEST(FormatOptions, FormatsSayWhetherAFileMayBeReadFromTheMiddle) {
  EXPECT_TRUE(IsSplittable("csv", {}));
  EXPECT_FALSE(IsSplittable("csv", {{"multiLine", "true"}}));
  EXPECT_TRUE(IsSplittable("text", {}));
  EXPECT_FALSE(IsSplittable("text", {{"wholetext", "true"}}));
  EXPECT_TRUE(IsSplittable("json", {}));
}

TEST(TextDecoder, EachLineIsARowByTheRuleOfAllText) {
  EXPECT_THAT(Shown("text", "value STRING", {}, "a\r\n\rb\xff\n\nc"),
              ElementsAre("'a'", "''", "'b\xff'", "''", "'c'"));
  EXPECT_THAT(Shown("text", "value STRING", {{"lineSep", "||"}}, "a\n|b||||c|"),
              ElementsAre("'a\n|b'", "''", "'c|'"));
}

TEST(TextDecoder, AFileMayBeOneRow) {
  EXPECT_THAT(Shown("text", "t STRING", {{"wholetext", "true"}}, "a\nb\n"),
              ElementsAre("'a\nb\n'"));
  EXPECT_THAT(Shown("text", "t STRING", {{"wholetext", "true"}}, ""), IsEmpty());
}

TEST(TextDecoder, HasOneStringColumn) {
  EXPECT_THAT(
      Shown("text", "a INT", {}, ""),
      ElementsAre(HasSubstr("format text has one column, a string (value), not (a: int32)")));
  EXPECT_THAT(Shown("text", "a STRING, b STRING", {}, ""), ElementsAre(HasSubstr("one column")));
}

}  // namespace
}  // namespace wavetank::runtime
