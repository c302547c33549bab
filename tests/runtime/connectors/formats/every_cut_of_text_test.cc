// However a file's bytes are cut into pieces, its rows are the same; and whatever the bytes are.
#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "platform/random.h"
#include "tests/runtime/connectors/formats/decoding.h"

namespace wavetank::runtime {
namespace {

// Text of tokens that mean something to the format, more often in a good order than not.
std::string RandomTokens(platform::Random& random, const std::vector<std::string>& tokens) {
  std::string text;
  for (uint64_t left = random.Below(60); left > 0; --left)
    text += tokens[random.Below(tokens.size())];
  return text;
}

void ExpectSameHoweverCut(std::string_view format, std::string_view ddl,
                          const DecoderOptions& options, const std::string& text,
                          platform::Random& random) {
  const SchemaPtr schema = SchemaOf(ddl);
  const Decoded whole = DecodeAll(format, schema, options, text);
  const Decoded cut = DecodeAll(format, schema, options, text, &random);
  RC_ASSERT(whole.status == cut.status);
  if (!whole.status.ok()) return;
  RC_ASSERT(RowsShown(whole.rows) == RowsShown(cut.rows));
  RC_ASSERT(whole.rows == cut.rows);
  RC_ASSERT(whole.malformed == cut.malformed);
}

const char* RandomMode(platform::Random& random) {
  constexpr const char* kModes[] = {"PERMISSIVE", "DROPMALFORMED", "FAILFAST"};
  return kModes[std::min<uint64_t>(random.Below(8), 2) == 2 ? random.Below(3) : 0];
}

RC_GTEST_PROP(CsvDecoder, CutsDoNotShow, (uint64_t seed)) {
  platform::Random random(seed);
  DecoderOptions options = {{"mode", RandomMode(random)}};
  if (random.OneIn(2)) options["multiLine"] = "true";
  if (random.OneIn(2)) options["escape"] = "\"";
  if (random.OneIn(3)) options["sep"] = "||";
  if (random.OneIn(3)) options["header"] = "true";
  if (random.OneIn(3)) options["comment"] = "#";
  if (random.OneIn(3)) options["ignoreLeadingWhiteSpace"] = "true";
  if (random.OneIn(3)) options["ignoreTrailingWhiteSpace"] = "true";
  if (!options.contains("multiLine") && random.OneIn(4)) {
    options["lineSep"] = random.OneIn(2) ? "\r\n" : ";";
  }
  const std::string text =
      RandomTokens(random, {",", ",", "||", "|", "\"", "\"", "\\", "\n", "\n", "\r\n", "\r", " ",
                            "a", "12", "#", ";", "\xef\xbb\xbf", "\xef", "2026-01-01"});
  ExpectSameHoweverCut("csv", "a STRING, _corrupt_record STRING, b INT, c STRING", options, text,
                       random);
}

RC_GTEST_PROP(JsonDecoder, CutsDoNotShow, (uint64_t seed)) {
  platform::Random random(seed);
  DecoderOptions options = {{"mode", RandomMode(random)}};
  if (random.OneIn(4)) options["lineSep"] = random.OneIn(2) ? "\r\n" : ";";
  const std::string text = RandomTokens(random, {"{\"a\":1}\n",
                                                 "{\"a\":\"x\",\"b\":2}\r\n",
                                                 "{\"b\":[1,",
                                                 "{",
                                                 "}",
                                                 "[",
                                                 "]",
                                                 ":",
                                                 ",",
                                                 "\"",
                                                 "\"a\"",
                                                 "\"b\"",
                                                 "\"c\":[\"x\",{}]",
                                                 "\\",
                                                 "1",
                                                 "-1.5",
                                                 "true",
                                                 "null",
                                                 " ",
                                                 "\n",
                                                 "\n",
                                                 "\r\n",
                                                 "\r",
                                                 ";",
                                                 "\xef\xbb\xbf",
                                                 "\xff",
                                                 "\xc3\xa9"});
  ExpectSameHoweverCut("json", "a STRING, _corrupt_record STRING, b INT, c ARRAY<STRING>", options,
                       text, random);
}

RC_GTEST_PROP(TextDecoder, CutsDoNotShow, (uint64_t seed)) {
  platform::Random random(seed);
  DecoderOptions options;
  if (random.OneIn(3)) options["lineSep"] = random.OneIn(2) ? "\r\n" : "\n";
  if (random.OneIn(8)) options["wholetext"] = "true";
  ExpectSameHoweverCut("text", "value STRING", options,
                       RandomTokens(random, {"a", "\n", "\r", "\r\n", "bc"}), random);
}

// Under the sanitisers this is the proof that no bytes lead to undefined behaviour.
RC_GTEST_PROP(RowDecoder, AnyBytesAreRead, (uint64_t seed)) {
  platform::Random random(seed);
  std::string bytes(random.Below(400), '\0');
  for (char& c : bytes) {
    c = random.OneIn(2) ? "{}[]\",:\n\r\\ 1aeE+-.tfn#"[random.Below(22)]
                        : static_cast<char>(random.Next());
  }
  const std::string ddl =
      "a BOOLEAN, b BYTE, c BIGINT, d DOUBLE, e STRING, f BINARY, g DATE, "
      "h TIMESTAMP, i FLOAT, _corrupt_record STRING";
  ExpectSameHoweverCut("json", ddl + ", j ARRAY<STRUCT<a: INT, b: ARRAY<DOUBLE>>>", {}, bytes,
                       random);
  ExpectSameHoweverCut("csv", ddl, {}, bytes, random);
  ExpectSameHoweverCut("csv", ddl, {{"multiLine", "true"}}, bytes, random);
  ExpectSameHoweverCut("text", "value STRING", {}, bytes, random);
}

// A document, and what a reader must find in it: written together, by nobody who reads.
struct Written {
  std::string json;
  std::string shown;  // as a column of that type shows it
};

Written RandomValue(platform::Random& random, const DataType& type) {
  if (random.OneIn(6)) return {"null", "null"};
  const auto blank = [&] { return std::string(random.OneIn(4) ? " " : ""); };
  switch (type.kind()) {
    case DataType::kBool:
      return random.OneIn(2) ? Written{"true", "true"} : Written{"false", "false"};
    case DataType::kInt64: {
      const std::string number =
          std::to_string(static_cast<int64_t>(random.Next()) >> random.Below(64));
      return {number, number};
    }
    case DataType::kDouble: {
      // Halves have a text that is the same for everybody.
      const std::string whole = std::to_string(1 + random.Below(1000));
      return random.OneIn(2) ? Written{whole + ".5", whole + ".5"} : Written{whole, whole};
    }
    case DataType::kString: {
      Written string{"\"", "'"};
      for (uint64_t left = random.Below(12); left > 0; --left) {
        constexpr std::pair<const char*, const char*> kPieces[] = {
            {"a", "a"},   {"\\n", "\n"}, {"\\\"", "\""},          {"\\\\", "\\"},
            {"{", "{"},   {",", ","},    {"\\u00e9", "\xc3\xa9"}, {"\xc3\xa9", "\xc3\xa9"},
            {"\\/", "/"}, {"]: ", "]: "}};
        const auto& [json, shown] = kPieces[random.Below(std::size(kPieces))];
        string.json += json;
        string.shown += shown;
      }
      return {string.json + "\"", string.shown + "'"};
    }
    case DataType::kArray: {
      Written array{"[", "["};
      for (uint64_t i = 0, size = random.Below(4); i < size; ++i) {
        const Written element = RandomValue(random, type.element());
        array.json += (i > 0 ? "," : "") + blank() + element.json + blank();
        array.shown += (i > 0 ? ", " : "") + element.shown;
      }
      return {array.json + "]", array.shown + "]"};
    }
    default: {
      std::vector<std::string> fields;
      std::string shown;
      for (size_t i = 0; i < type.names().size(); ++i) {
        const Written value = RandomValue(random, type.children()[i]);
        if (value.shown != "null" || random.OneIn(2)) {
          fields.push_back("\"" + type.names()[i] + "\"" + blank() + ":" + blank() + value.json);
        }
        shown += (i > 0 ? ", " : "") + value.shown;
      }
      if (random.OneIn(3)) fields.push_back("\"other\":[{\"a\":1},\"\\\"}\",1e5]");
      random.Shuffle(fields);
      std::string json;
      for (const std::string& field : fields) json += (json.empty() ? "" : ",") + blank() + field;
      return {"{" + json + blank() + "}", "{" + shown + "}"};
    }
  }
}

RC_GTEST_PROP(JsonDecoder, FindsWhatWasWritten, (uint64_t seed)) {
  platform::Random random(seed);
  const SchemaPtr schema = SchemaOf(
      "a BOOLEAN, b BIGINT, c DOUBLE, d STRING, e ARRAY<BIGINT>, "
      "f STRUCT<a: STRING, d: ARRAY<STRUCT<x: DOUBLE, y: STRING>>>, g ARRAY<ARRAY<STRING>>");
  std::vector<std::string> names;
  std::vector<DataType> types;
  for (const Field& field : schema->fields()) {
    names.push_back(field.name);
    types.push_back(field.type);
  }
  const DataType row = DataType::Struct(names, types);
  std::string text;
  std::vector<std::string> expected;
  for (uint64_t left = random.Below(20); left > 0; --left) {
    const Written written = RandomValue(random, row);
    if (written.json == "null") continue;
    text += written.json + (random.OneIn(4) ? "\r\n" : "\n");
    expected.push_back(written.shown);
  }
  const Decoded decoded = DecodeAll("json", schema, {}, text, &random);
  RC_ASSERT(decoded.status.ok());
  RC_ASSERT(decoded.malformed == 0);
  std::vector<std::string> shown;
  for (int64_t i = 0; i < decoded.rows.num_rows(); ++i) {
    std::string line;
    for (const Column& column : decoded.rows.columns()) {
      line += (line.empty() ? "" : ", ") + CellShown(column, i);
    }
    shown.push_back("{" + line + "}");
  }
  RC_ASSERT(shown == expected);
}

}  // namespace
}  // namespace wavetank::runtime
