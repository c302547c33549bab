#include "runtime/connectors/connector_registry.h"

#include <memory>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/columnar/text_lines.h"
#include "runtime/connectors/file_source.h"
#include "runtime/structured/data_frame.h"
#include "runtime/structured/query_check.h"

namespace wavetank::runtime {
namespace {

using ::testing::HasSubstr;

std::string Refused(const StreamingQueryDefinition& definition) {
  return std::string(CheckDefinition(definition).message());
}

StreamingQueryDefinition Lines(Session& session, const std::string& sink,
                               std::map<std::string, std::string> options) {
  auto writer = session.ReadStream().Format("text").Load("in").WriteStream();
  writer.Format(sink).QueryName("lines");
  for (auto& [name, value] : options) writer.Option(name, value);
  writer.Start();
  return session.queries().back();
}

TEST(ConnectorRegistry, AJobsOwnFormatsStandBesideTheBuiltInOnes) {
  Session session;
  SourceFormat own = TextFileSource();
  own.name = "letters";
  EXPECT_TRUE(session.RegisterSource(own).ok());
  EXPECT_EQ(session.RegisterSource(own).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(session.has_own_code());
  session.ReadStream().Format("letters").Load("in").WriteStream().Format("noop").Start();
  EXPECT_TRUE(CheckDefinition(session.queries().front()).ok());
  EXPECT_TRUE(session.queries().front().Connectors().Source("text").ok());
  EXPECT_FALSE(ConnectorRegistry::BuiltIn().Source("letters").ok());
}

TEST(ConnectorRegistry, AFormatThatIsRegisteredLaterIsFoundByQueriesThatWereStartedBefore) {
  Session session;
  session.ReadStream().Format("letters").Load("in").WriteStream().Format("noop").Start();
  SourceFormat own = TextFileSource();
  own.name = "letters";
  EXPECT_TRUE(session.RegisterSource(own).ok());
  EXPECT_TRUE(CheckDefinition(session.queries().front()).ok());
}

TEST(ConnectorRegistry, AFormatThatIsNotWholeIsRefused) {
  ConnectorRegistry registry;
  EXPECT_EQ(registry.AddSource({.name = "half", .meaning = "half a source"}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(registry.AddSink({.name = "half", .meaning = "half a sink"}).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ConnectorRegistry, WhatASinkIsToldIsChecked) {
  Session session;
  EXPECT_THAT(Refused(Lines(session, "fiel", {})),
              HasSubstr("there is no sink format \"fiel\": did you mean \"file\"?"));
  EXPECT_THAT(Refused(Lines(session, "console", {{"numRows", "-1"}})),
              HasSubstr("WriteStream: its option numRows is '-1'"));
  EXPECT_THAT(Refused(Lines(session, "console", {{"truncate", "no"}})),
              HasSubstr("its option truncate is 'no': give true or false"));
  EXPECT_THAT(Refused(Lines(session, "console", {{"path", "out"}})),
              HasSubstr("nothing reads the option \"path\""));
  EXPECT_TRUE(CheckDefinition(Lines(session, "console", {{"numRows", "3"}})).ok());
}

}  // namespace
}  // namespace wavetank::runtime
