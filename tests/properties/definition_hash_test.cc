// The checkers' own hash of a definition, and the product's: two implementations meet here.
#include "properties/definition_hash.h"

#include <xxhash.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/metadata.h"
#include "platform/random.h"
#include "properties/decode_query.h"
#include "properties/plain_xxh3.h"
#include "tests/properties/log_builder.h"

namespace wavetank::properties {
namespace {

using checkpoint::BatchDefinition;
using testing::HasSubstr;

TEST(PlainXxh3, IsThatOfTheLibraryForEveryLength) {
  platform::Random random(7);
  std::string bytes;
  for (size_t length = 0; length <= 2100; ++length) {
    EXPECT_EQ(PlainXxh3(bytes), XXH3_64bits(bytes.data(), bytes.size())) << length;
    bytes += static_cast<char>(random.Below(256));
  }
}

BatchDefinition Example() {
  BatchDefinition definition;
  definition.set_batch_id(300);
  checkpoint::SourceRange& range = *definition.add_sources();
  range.set_source("input");
  range.set_start_offset("7");
  range.set_end_offset("9");
  for (const char* path : {"input/a", "input/b"}) {
    checkpoint::InputFile& file = *range.add_files();
    file.set_path(path);
    file.set_size_bytes(130);
    file.set_crc32c(0xFEDCBA98);
  }
  range.set_root("root");
  definition.set_watermark_ms(-5);
  definition.set_timestamp_ms(1'767'225'601'400);
  return definition;
}

TEST(HashOfDefinition, IsTheOneThatTheProductLogs) {
  const std::vector<std::function<void(BatchDefinition&)>> changes = {
      [](BatchDefinition&) {},
      [](BatchDefinition& definition) { definition.set_batch_id(0); },
      [](BatchDefinition& definition) { definition.set_watermark_ms(0); },
      [](BatchDefinition& definition) { definition.clear_watermark_ms(); },
      [](BatchDefinition& definition) { definition.set_timestamp_ms(0); },
      [](BatchDefinition& definition) { definition.set_hash(9); },
      [](BatchDefinition& definition) { definition.mutable_sources(0)->clear_root(); },
      [](BatchDefinition& definition) { definition.mutable_sources(0)->clear_files(); },
      [](BatchDefinition& definition) { definition.mutable_sources(0)->clear_start_offset(); },
      [](BatchDefinition& definition) {
        definition.mutable_sources(0)->mutable_files(0)->set_size_bytes(0);
        definition.mutable_sources(0)->mutable_files(1)->set_crc32c(0);
      },
      [](BatchDefinition& definition) { *definition.add_sources() = definition.sources(0); },
      [](BatchDefinition& definition) { definition.Clear(); },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    BatchDefinition definition = Example();
    changes[i](definition);
    EXPECT_EQ(HashOfDefinition(definition), checkpoint::DefinitionHash(definition)) << i;
  }
}

// What the checker says of a log with this definition.
std::vector<Violation> Judge(const BatchDefinition& definition) {
  DurableFiles files;
  LogBuilder log(files, 1);
  log.Add(checkpoint::GroupKind::kSeal, kEmptySeal);
  checkpoint::MetadataRecord record;
  *record.mutable_definition() = definition;
  log.Add(checkpoint::GroupKind::kRecords, Texts({record.SerializeAsString()}));
  const auto view = DecodeQueryLog(files, "q");
  EXPECT_TRUE(view.ok() && view->has_value()) << view.status();
  std::vector<BatchAnswers> answers;
  answers.emplace_back([] { return NaiveWordCount(NaiveMode::kUpdate); });
  ExactlyOnceChecker checker({.answers = std::move(answers), .read_file = [](const std::string&) {
                                return std::vector<std::string>{"a"};
                              }});
  return checker.Observe(1, **view, {});
}

TEST(HashOfDefinition, ThatIsAnotherThanTheLoggedOneIsAViolation) {
  BatchDefinition definition = Example();
  definition.set_batch_id(0);
  definition.mutable_sources(0)->set_start_offset("0");
  definition.mutable_sources(0)->set_end_offset("2");
  definition.clear_watermark_ms();
  definition.set_hash(checkpoint::DefinitionHash(definition));
  EXPECT_TRUE(Judge(definition).empty());
  definition.set_timestamp_ms(definition.timestamp_ms() + 1);
  const std::vector<Violation> found = Judge(definition);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, violation_kinds::kDefinition);
  EXPECT_THAT(found[0].what, HasSubstr("; its definition gives "));
}

}  // namespace
}  // namespace wavetank::properties
