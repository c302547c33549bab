// JsonIndex: where the tokens of JSON text begin, found by simdjson's first stage, which looks at
// 16 to 64 bytes at once, by whatever instructions the processor has.
//
// Why not its on-demand parser: that one does not look at what is skipped, cannot go on in the next
// line after one that is malformed, and is compiled for the oldest processor that we run on. Over
// the index of many lines at once, json_reader.h reads values straight into columns, and every byte
// of a line is judged, whichever fields are asked for.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_JSON_INDEX_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_JSON_INDEX_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace wavetank::runtime {

class JsonIndex {
 public:
  JsonIndex();
  ~JsonIndex();

  // Looks through documents that stand one after the other. False: somewhere in them is a string
  // that is not closed or has a control character in it, which an end of line is, or a byte that
  // is not UTF-8; there are no tokens then.
  //
  // So where it is true, each line is by itself what it is among the others: no string spans two.
  bool Find(std::string_view text);

  // The places in the text of each bracket, colon, comma, opening quote and first byte of anything
  // else that is no white space; behind the last one, twice the text's size.
  const uint32_t* tokens() const { return tokens_; }

  // Appends to `text` what stands between the quotes of a string, with `\n` and such as what they
  // mean. False: an escape that is none. REQUIRES: UTF-8.
  bool Unescape(std::string_view escaped, std::string& text);

 private:
  struct Parser;

  const std::unique_ptr<Parser> parser_;
  const uint32_t* tokens_ = nullptr;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_JSON_INDEX_H_
