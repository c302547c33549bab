#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/connectors/formats/decoding.h"

namespace wavetank::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> Csv(std::string_view ddl, const DecoderOptions& options,
                             std::string_view text) {
  return Shown("csv", ddl, options, text);
}

TEST(CsvDecoder, ReadsEachType) {
  EXPECT_THAT(Csv("a BOOLEAN, b BYTE, c SHORT, d INT, e BIGINT, f FLOAT, g DOUBLE, h STRING, "
                  "i BINARY, j DATE, k TIMESTAMP",
                  {},
                  "True,-128,+7,12,-9223372036854775808,1.5,1e3,x,\x01,2026-01-31,"
                  "2026-01-31T10:11:12.5+01:00\n"
                  ",,,,,,,,,,\n"),
              ElementsAre("true|-128|7|12|-9223372036854775808|1.5|1000|'x'|X'01'|2026-01-31|"
                          "2026-01-31T09:11:12.5Z",
                          "null|null|null|null|null|null|null|null|null|null|null"));
}

TEST(CsvDecoder, RealNumbersAreJavasAndTheOptions) {
  EXPECT_THAT(Csv("a DOUBLE", {}, "NaN\nInf\n-Inf\nInfinity\n-Infinity\n1e999\n-1e-999\n.5d\n"),
              ElementsAre("nan", "inf", "-inf", "inf", "-inf", "inf", "-0", "0.5"));
  EXPECT_THAT(Csv("a FLOAT", {{"nanValue", "no"}, {"positiveInf", "up"}, {"negativeInf", "down"}},
                  "no\nup\ndown\n1e39\n"),
              ElementsAre("nan", "inf", "-inf", "inf"));
}

TEST(CsvDecoder, AValueThatIsNoneOfItsTypeIsNullAndTheOthersStay) {
  EXPECT_THAT(Csv("a BYTE, b STRING, c BOOLEAN, d DOUBLE, e DATE, f TIMESTAMP", {},
                  "128,x,true,1,2026-01-01,2026-01-01\n"
                  "1.0,x,true,1,2026-01-01,2026-01-01\n"
                  " 1,x,yes,inf,2026-02-30,noon\n"),
              ElementsAre("null|'x'|true|1|2026-01-01|2026-01-01T00:00:00Z",
                          "null|'x'|true|1|2026-01-01|2026-01-01T00:00:00Z",
                          "null|'x'|null|null|null|null", "3 malformed"));
}

TEST(CsvDecoder, FewerAndMoreFieldsAreMalformedAndReadAsFarAsTheyGo) {
  EXPECT_THAT(Csv("a INT, b INT, _corrupt_record STRING, c INT", {}, "1,2\n1,2,3\n1,2,3,4\n"),
              ElementsAre("1|2|'1,2'|null", "1|2|null|3", "1|2|'1,2,3,4'|3", "2 malformed"));
}

TEST(CsvDecoder, ModesSayWhatBecomesOfMalformedRecords) {
  const std::string text = "1,a\nx,b\n3\n4,d\n";
  EXPECT_THAT(Csv("n INT, s STRING", {{"mode", "permissive"}}, text),
              ElementsAre("1|'a'", "null|'b'", "3|null", "4|'d'", "2 malformed"));
  EXPECT_THAT(Csv("n INT, s STRING", {{"mode", "DROPMALFORMED"}}, text),
              ElementsAre("1|'a'", "4|'d'", "2 malformed"));
  EXPECT_THAT(Csv("n INT, s STRING", {{"mode", "FAILFAST"}}, text),
              ElementsAre(HasSubstr("line 2 is malformed: column n is no int32: 'x', in 'x,b'; "
                                    "the mode is FAILFAST")));
  EXPECT_THAT(Csv("n INT, s STRING", {{"mode", "FAILFAST"}}, "1,a\n3\n"),
              ElementsAre(HasSubstr("line 2 is malformed: it has 1 fields, not 2, in '3'")));
}

TEST(CsvDecoder, TheTextOfMalformedRecordsStandsInItsColumn) {
  EXPECT_THAT(Csv("bad STRING, n INT", {{"columnNameOfCorruptRecord", "bad"}}, "1\n\"x\"\n"),
              ElementsAre("null|1", "'\"x\"'|null", "1 malformed"));
}

TEST(CsvDecoder, ByDefaultNothingAndQuotedNothingAreNullAsInSpark) {
  EXPECT_THAT(Csv("a STRING, b STRING, c INT", {}, ",\"\",\n"), ElementsAre("null|null|null"));
  // With another nullValue a quoted field of nothing is the empty text; one of nothing stays null.
  EXPECT_THAT(
      Csv("a STRING, b STRING, c STRING, d STRING", {{"nullValue", "-"}}, ",\"\",-,\"-\"\n"),
      ElementsAre("null|''|null|null"));
  EXPECT_THAT(Csv("a STRING, b STRING", {{"emptyValue", "(none)"}}, ",\"\"\n"),
              ElementsAre("null|'(none)'"));
  EXPECT_THAT(Csv("a INT", {{"nullValue", "NA"}}, "NA\n1\n"), ElementsAre("null", "1"));
}

TEST(CsvDecoder, QuotedFieldsHoldSeparatorsAndEscapes) {
  EXPECT_THAT(Csv("a STRING, b STRING", {}, "\"a,b\",\"c\\\"d\"\n\"\\\\\",\"a\\nb\"\n"),
              ElementsAre("'a,b'|'c\"d'", "'\\'|'a\\nb'"));
  EXPECT_THAT(Csv("a STRING, b STRING", {{"escape", "\""}}, "\"say \"\"hi\"\"\",\"\"\"\"\n"),
              ElementsAre("'say \"hi\"'|'\"'"));
  EXPECT_THAT(Csv("a STRING, b STRING", {{"quote", "'"}, {"escape", "!"}}, "'a,!'b','!!'\n"),
              ElementsAre("'a,'b'|'!'"));
  EXPECT_THAT(Csv("a STRING, b STRING", {{"quote", ""}}, "\"a\",\"b\n"),
              ElementsAre("'\"a\"'|'\"b'"));
  EXPECT_THAT(Csv("a STRING, b STRING", {{"escape", ""}}, "\"a\\\",b\n"), ElementsAre("'a\\'|'b'"));
}

TEST(CsvDecoder, AQuoteInTheMiddleIsAByteAndOneThatDoesNotCloseIsNone) {
  EXPECT_THAT(Csv("a STRING, b STRING", {}, "a\"b\"c,d\"\n"), ElementsAre("'a\"b\"c'|'d\"'"));
  // Something stands behind the closing quote: the field reaches to the next separator, as it is.
  EXPECT_THAT(Csv("a STRING, b STRING", {}, "\"ab\"c,d\n\"ab\" c,d\n"),
              ElementsAre("'\"ab\"c'|'d'", "'\"ab\" c'|'d'"));
  EXPECT_THAT(Csv("a STRING, b STRING", {}, "\"say \"\"hi\"\"\",x\n"),
              ElementsAre("'\"say \"\"hi\"\"\"'|'x'"));
  // White space does not count.
  EXPECT_THAT(Csv("a STRING, b STRING", {}, "\"ab\"  ,d\n"), ElementsAre("'ab'|'d'"));
  // Never closed: to the end of the line.
  EXPECT_THAT(Csv("a STRING, b STRING", {}, "x,\"ab,c\ny,z\n"),
              ElementsAre("'x'|'ab,c'", "'y'|'z'"));
}

TEST(CsvDecoder, LinesEndInThreeWaysOrAsIsSaid) {
  EXPECT_THAT(Csv("a STRING, b INT", {}, "a,1\r\nb,2\rc,3\nd,4"),
              ElementsAre("'a'|1", "'b'|2", "'c'|3", "'d'|4"));
  EXPECT_THAT(Csv("a STRING, b INT", {{"lineSep", ";"}}, "a,1;b\n,2;c,3"),
              ElementsAre("'a'|1", "'b\n'|2", "'c'|3"));
  EXPECT_THAT(Csv("a STRING, b INT", {{"lineSep", "\r\n"}}, "a\r,1\r\nb,2\r\n"),
              ElementsAre("'a\r'|1", "'b'|2"));
}

TEST(CsvDecoder, BlankLinesAndCommentsAreNoRecords) {
  EXPECT_THAT(Csv("a STRING", {}, "\n  \t\nx\n\n#y\n"), ElementsAre("'x'", "'#y'"));
  EXPECT_THAT(Csv("a STRING", {{"comment", "#"}, {"header", "true"}}, "#c\n\nname\n#c\nx\n #d\n"),
              ElementsAre("'x'", "' #d'"));
}

TEST(CsvDecoder, AHeaderStandsAtTheBeginningOfAFileAndIsNotRead) {
  EXPECT_THAT(Csv("a INT", {{"header", "TRUE"}}, "\xef\xbb\xbfname\n1\n"), ElementsAre("1"));
  EXPECT_THAT(Csv("a INT", {{"header", "true"}}, "name"), IsEmpty());
  EXPECT_THAT(Shown("csv", "a INT", {{"header", "true"}}, "1\n2\n", DecoderStart::kLine),
              ElementsAre("1", "2"));
  EXPECT_THAT(Shown("csv", "a STRING", {}, "\xef\xbb\xbfx\n", DecoderStart::kLine),
              ElementsAre("'\xef\xbb\xbfx'"));
}

TEST(CsvDecoder, WhiteSpaceStaysUnlessItIsToBeIgnored) {
  const std::string text = " a , 1 \n \"b\" ,\t2\n";
  EXPECT_THAT(Csv("s STRING, n STRING", {}, text), ElementsAre("' a '|' 1 '", "' \"b\" '|'\t2'"));
  EXPECT_THAT(Csv("s STRING, n STRING", {{"ignoreLeadingWhiteSpace", "true"}}, text),
              ElementsAre("'a '|'1 '", "'b'|'2'"));
  EXPECT_THAT(Csv("s STRING, n STRING", {{"ignoreTrailingWhiteSpace", "true"}}, text),
              ElementsAre("' a'|' 1'", "' \"b\"'|'\t2'"));
  EXPECT_THAT(Csv("s STRING, n INT",
                  {{"ignoreLeadingWhiteSpace", "true"}, {"ignoreTrailingWhiteSpace", "true"}},
                  text + "   ,3\n"),
              ElementsAre("'a'|1", "'b'|2", "null|3"));
}

TEST(CsvDecoder, SeparatorsMayBeOtherBytesAndSeveral) {
  EXPECT_THAT(Csv("a STRING, b STRING", {{"sep", "\t"}}, "a,b\tc\n"), ElementsAre("'a,b'|'c'"));
  EXPECT_THAT(Csv("a STRING, b STRING, c STRING", {{"SEP", "||"}}, "a|b||\"c||d\"||\n||| ||x\n"),
              ElementsAre("'a|b'|'c||d'|null", "null|'| '|'x'"));
}

TEST(CsvDecoder, RecordsMaySpanLines) {
  const DecoderOptions options = {{"multiLine", "true"}, {"comment", "#"}};
  const std::string text = "\"a\nb\",1\r\n#\"\n\n\"c\r\nd\" ,2\n\"e\"f,3\n\"unclosed\n,4\n";
  EXPECT_THAT(
      Csv("s STRING, n INT", options, text),
      ElementsAre("'a\nb'|1", "'c\r\nd'|2", "'\"e\"f'|3", "'unclosed\n,4\n'|null", "1 malformed"));
  EXPECT_THAT(
      Csv("s STRING, n INT", {{"multiLine", "true"}, {"header", "true"}}, "\"a\nb\",c\nd,1"),
      ElementsAre("'d'|1"));
}

TEST(CsvDecoder, AFieldMayBeTooLong) {
  EXPECT_THAT(Csv("a STRING", {{"maxCharsPerColumn", "3"}}, "abc\nabcd\n"),
              ElementsAre(HasSubstr("line 2 has 4 bytes for column a, and option maxCharsPerColumn "
                                    "allows 3")));
}

TEST(CsvDecoder, RefusesWhatItCannotDo) {
  EXPECT_THAT(
      Csv("a ARRAY<INT>", {}, ""),
      ElementsAre(HasSubstr("column a is of type array<int32>, which format csv does not")));
  EXPECT_THAT(Csv("a INT", {{"multiLine", "true"}, {"lineSep", "\n"}}, ""),
              ElementsAre(HasSubstr("multiLine and lineSep of format csv do not go together")));
  EXPECT_THAT(Csv("a INT", {{"sep", "\""}}, ""),
              ElementsAre(HasSubstr("options sep and quote of format csv begin with the same")));
  EXPECT_THAT(Csv("a INT, _corrupt_record INT", {}, ""),
              ElementsAre(HasSubstr("column _corrupt_record, which has the text of malformed "
                                    "records (columnNameOfCorruptRecord), is of type int32")));
}

}  // namespace
}  // namespace wavetank::runtime
