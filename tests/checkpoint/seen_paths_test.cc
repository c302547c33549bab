#include "checkpoint/seen_paths.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/graph_history.h"
#include "checkpoint/metadata.h"
#include "checkpoint/paths.h"
#include "checkpoint/query_history.h"

namespace wavetank::checkpoint {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(SeenPaths, RemembersAPathUntilItIsForgotten) {
  SeenPaths seen;
  EXPECT_FALSE(seen.contains("a"));
  seen.Hold("a", "root");
  seen.Drop("a");
  EXPECT_TRUE(seen.contains("a"));
  seen.Forget("a");
  EXPECT_FALSE(seen.contains("a"));
  EXPECT_THAT(seen.paths(), IsEmpty());
}

TEST(SeenPaths, IsNewAgainOnceForgottenAlsoWhileABatchNamesIt) {
  SeenPaths seen;
  seen.Hold("a", "root");
  seen.MayGo("a");
  EXPECT_FALSE(seen.contains("a"));
  EXPECT_THAT(seen.Forgotten(), IsEmpty());  // no record says so
  seen.Forget("a");
  EXPECT_THAT(seen.Forgotten(), ElementsAre("a"));
  seen.Hold("a", "root");
  EXPECT_TRUE(seen.contains("a"));
  EXPECT_THAT(seen.Forgotten(), IsEmpty());
  seen.Drop("a");
  EXPECT_TRUE(seen.contains("a"));
  seen.Drop("a");
  EXPECT_THAT(seen.SeenByRoot(), ElementsAre(Pair("root", ElementsAre("a"))));
}

MetadataRecord Defines(int64_t batch, const std::string& path) {
  BatchDefinition definition;
  definition.set_batch_id(batch);
  SourceRange& range = *definition.add_sources();
  range.set_source("in");
  range.set_root("root");
  range.add_files()->set_path(path);
  definition.set_hash(DefinitionHash(definition));
  return Record(definition);
}

std::vector<MetadataRecord> Ends(int64_t batch) {
  Prepared prepared;
  prepared.set_batch_id(batch);
  Commit commit;
  commit.set_batch_id(batch);
  return {Record(prepared), Record(commit)};
}

// Whatever is dropped from a log, what its base amounts to says the same of every path.
TEST(SeenPaths, AreTheSameForABaseAsForTheRecordsThatItStandsFor) {
  ForgottenFiles forgotten;
  forgotten.set_source("in");
  forgotten.add_paths("in/0");
  forgotten.add_paths("in/3");
  std::vector<MetadataRecord> records = {Record(QueryMetadata())};
  const auto add = [&records](const std::vector<MetadataRecord>& more) {
    records.insert(records.end(), more.begin(), more.end());
  };
  const char* const paths[] = {"in/0", "in/1", "in/2", "in/3", "in/0", "in/4"};
  for (int64_t batch = 0; batch < 6; ++batch) {
    if (batch == 4) add({Record(forgotten)});
    add({Defines(batch, paths[batch])});
    add(Ends(batch));
  }
  for (int64_t retained = 2; retained <= 6; ++retained) {
    QueryHistory history(retained);
    for (const MetadataRecord& record : records) ASSERT_TRUE(history.Add(record).ok());
    QueryHistory anew(retained);
    for (const MetadataRecord& record : history.Base().Rest()) ASSERT_TRUE(anew.Add(record).ok());
    for (QueryHistory* each : {&history, &anew}) {
      for (const char* path : {"in/0", "in/1", "in/2", "in/4"}) {
        EXPECT_TRUE(each->seen("in").contains(path)) << path << ", retained " << retained;
      }
      EXPECT_FALSE(each->seen("in").contains("in/3")) << retained;
      for (const auto& [path, seen] : each->seen("in").paths()) EXPECT_EQ(seen.root, "root");
    }
    ASSERT_EQ(anew.Base().Rest().size(), history.Base().Rest().size());
  }
}

TEST(SeenPaths, OfAGraphAreForgottenByItsStream) {
  BatchInput input;
  input.set_batch_time_ms(1000);
  StreamInput& stream = *input.add_streams();
  stream.set_stream(2);
  stream.set_root("root");
  stream.add_files()->set_path("in/a");
  ForgottenFiles forgotten;
  forgotten.set_stream(2);
  forgotten.add_paths("in/a");
  GraphHistory history(1);
  for (const MetadataRecord& record : {Record(GraphMetadata()), Record(input), Record(forgotten)}) {
    ASSERT_TRUE(history.Add(record).ok());
  }
  EXPECT_FALSE(history.seen(2).contains("in/a"));
  GraphHistory anew(1);
  for (const MetadataRecord& record : history.Base().Rest()) ASSERT_TRUE(anew.Add(record).ok());
  EXPECT_FALSE(anew.seen(2).contains("in/a"));
}

TEST(NormalPath, SaysAPathAsShortlyAsItCanBeSaid) {
  const auto expect = [](const std::string& path, const std::string& normal) {
    EXPECT_EQ(NormalPath(path), normal) << path;
  };
  expect("in", "in");
  expect("in/", "in");
  expect("./in//sub/.", "in/sub");
  expect("x/../in", "in");
  expect(".", "");
  expect("", "");
  expect("../in", "../in");
  expect("x/../../in", "../in");
  expect("/", "/");
  expect("/tmp/in/", "/tmp/in");
  expect("/..", "/");
}

TEST(PathsOverlap, WhenOneIsTheOtherOrBelowIt) {
  EXPECT_TRUE(PathsOverlap("a", "a"));
  EXPECT_TRUE(PathsOverlap("a", "a/b"));
  EXPECT_TRUE(PathsOverlap("a/b", "a"));
  EXPECT_TRUE(PathsOverlap("", "a"));
  EXPECT_TRUE(PathsOverlap("/", "/a"));
  EXPECT_FALSE(PathsOverlap("a", "ab"));
  EXPECT_FALSE(PathsOverlap("a/b", "a/c"));
}

}  // namespace
}  // namespace wavetank::checkpoint
