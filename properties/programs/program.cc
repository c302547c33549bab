#include "properties/programs/program.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "platform/check.h"
#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "properties/programs/row_functions.h"

namespace wavetank::properties {
namespace {

using enum ProgramArgument;

// "": the argument is one.
std::string WhyNoArgument(ProgramArgument kind, const std::string& text) {
  const auto number = [&text](int64_t low, int64_t high) {
    int64_t value = 0;
    if (absl::SimpleAtoi(text, &value) && value >= low && value <= high) return std::string();
    return absl::StrCat("\"", text, "\" is no number from ", low, " to ", high);
  };
  constexpr int64_t kMostBatches = 1'000;
  constexpr int64_t kMostPartitions = 16;
  switch (kind) {
    case kDirectory:
    case kKey:
      return "";
    case kPort:
      return number(1, 65'535);
    case kNumber:
      return number(INT64_MIN, INT64_MAX);
    case kBatches:
      return number(0, kMostBatches);
    case kPartitions:
      return number(1, kMostPartitions);
    default:
      return WhyNoFunction(kind, text);
  }
}

absl::Status Wrong(std::string_view statement, const std::string& why) {
  return absl::InvalidArgumentError(
      absl::StrCat("program: \"", std::string(statement), "\": ", why));
}

class ProgramReader {
 public:
  absl::Status Take(std::string_view statement) {
    std::vector<std::string> words =
        absl::StrSplit(std::string(statement), absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.empty()) return absl::OkStatus();
    if (words.front() == "save") return TakeSave(statement, words);
    if (words.size() < 3 || words[1] != "=") {
      return Wrong(statement, "give NAME = CALL STREAM... ARGUMENT..., or save NAME");
    }
    return TakeLine(statement, std::move(words));
  }

  absl::StatusOr<StreamProgram> Finish() {
    if (program_.saved.empty()) {
      return absl::InvalidArgumentError("program: it puts nothing out; end it with save NAME");
    }
    return std::move(program_);
  }

 private:
  bool IsKnown(const std::string& name) const {
    return std::ranges::find(program_.lines, name, &ProgramLine::name) != program_.lines.end();
  }
  absl::Status CheckStream(std::string_view statement, const std::string& name) const {
    if (IsKnown(name)) return absl::OkStatus();
    std::vector<std::string> names;
    for (const ProgramLine& line : program_.lines) names.push_back(line.name);
    return Wrong(statement, absl::StrCat("no line before makes a stream \"", name, "\"",
                                         platform::Suggestion(name, names)));
  }

  absl::Status TakeSave(std::string_view statement, const std::vector<std::string>& words) {
    if (words.size() != 2) return Wrong(statement, "give save NAME");
    WT_RETURN_IF_ERROR(CheckStream(statement, words[1]));
    if (std::ranges::find(program_.saved, words[1]) != program_.saved.end()) {
      return Wrong(statement, "it is saved already");
    }
    program_.saved.push_back(words[1]);
    return absl::OkStatus();
  }

  absl::Status TakeLine(std::string_view statement, std::vector<std::string> words) {
    ProgramLine line{.name = words[0], .call = words[2]};
    const bool plain = std::ranges::all_of(
        line.name, [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); });
    if (!plain || line.name == "save") {
      return Wrong(statement, "a stream's name is of letters and digits, and not \"save\"");
    }
    if (IsKnown(line.name)) return Wrong(statement, "a line before has that name");
    const ProgramCall* const call = FindProgramCall(line.call);
    if (call == nullptr) {
      std::vector<std::string> names;
      for (const ProgramCall& each : ProgramCalls()) names.emplace_back(each.name);
      return Wrong(statement, absl::StrCat("there is no call \"", line.call, "\"",
                                           platform::Suggestion(line.call, names)));
    }
    const auto begin = words.begin() + 3;
    const std::ptrdiff_t given = words.end() - begin;
    const std::ptrdiff_t streams = call->streams == ProgramCall::kAny ? given : call->streams;
    const std::ptrdiff_t needed = streams + std::ssize(call->arguments);
    if (given < std::max<std::ptrdiff_t>(needed, call->streams == ProgramCall::kAny ? 1 : 0) ||
        given > needed + (call->shuffles ? 1 : 0)) {
      return Wrong(statement,
                   absl::StrCat(line.call, " takes ",
                                call->streams == ProgramCall::kAny ? "one or more"
                                                                   : absl::StrCat(call->streams),
                                " streams and ", call->arguments.size(), " arguments",
                                call->shuffles ? ", and perhaps a number of partitions" : ""));
    }
    line.streams.assign(begin, begin + streams);
    line.arguments.assign(begin + streams, words.end());
    for (const std::string& stream : line.streams) {
      WT_RETURN_IF_ERROR(CheckStream(statement, stream));
    }
    for (size_t i = 0; i < line.arguments.size(); ++i) {
      const ProgramArgument kind =
          i < call->arguments.size() ? call->arguments[i] : ProgramArgument::kPartitions;
      const std::string why = WhyNoArgument(kind, line.arguments[i]);
      if (!why.empty()) return Wrong(statement, why);
    }
    if (line.call == "snapshots" &&
        !program_.lines[program_.IndexOf(line.streams.front())].call.starts_with("mapWithState")) {
      return Wrong(statement, absl::StrCat(line.streams.front(), " is no mapWithState"));
    }
    program_.lines.push_back(std::move(line));
    return absl::OkStatus();
  }

  StreamProgram program_;
};

}  // namespace

std::span<const ProgramCall> ProgramCalls() {
  static const std::vector<ProgramCall> calls = {
      {"text", 0, {kDirectory}},
      {"socket", 0, {kPort}},
      {"reliable", 0, {kPort}},
      {"constant", 0, {kKey, kNumber}},
      {"map", 1, {kRowFunction}},
      {"filter", 1, {kPredicate}},
      {"flatMap", 1, {kRowsFunction}},
      {"mapValues", 1, {kValueFunction}},
      {"flatMapValues", 1, {kValuesFunction}},
      {"mapPartitions", 1, {kRowFunction}},
      {"glom", 1, {}},
      {"transform", 1, {kRowFunction, kPredicate}},
      {"persist", 1, {kStorageLevel}},
      {"checkpoint", 1, {kBatches}},
      {"union", ProgramCall::kAny, {}},
      {"repartition", 1, {kPartitions}},
      {"partitionBy", 1, {}, true},
      {"count", 1, {}},
      {"reduce", 1, {kFold}},
      {"countByValue", 1, {}, true},
      {"reduceByKey", 1, {kFold}, true},
      {"combineByKey", 1, {}, true},
      {"groupByKey", 1, {}, true},
      {"cogroup", 2, {}, true},
      {"join", 2, {}, true},
      {"leftOuterJoin", 2, {}, true},
      {"rightOuterJoin", 2, {}, true},
      {"fullOuterJoin", 2, {}, true},
      {"window", 1, {kBatches, kBatches}},
      {"reduceByWindow", 1, {kFold, kBatches, kBatches}},
      {"countByWindow", 1, {kBatches, kBatches}},
      {"countByValueAndWindow", 1, {kBatches, kBatches}, true},
      {"groupByKeyAndWindow", 1, {kBatches, kBatches}, true},
      {"reduceByKeyAndWindow", 1, {kFold, kBatches, kBatches}, true},
      {"reduceByKeyAndWindowWithInverse", 1, {kInvertible, kBatches, kBatches}, true},
      {"reduceByKeyAndWindowFiltered", 1, {kInvertible, kBatches, kBatches, kPredicate}, true},
      {"updateStateByKey", 1, {kUpdate}, true},
      {"updateStateByKeyFromInitial", 1, {kUpdate}, true},
      {"mapWithState", 1, {kStateFunction, kBatches}, true},
      {"mapWithStateFromInitial", 1, {kStateFunction, kBatches}, true},
      {"snapshots", 1, {}},
  };
  return calls;
}

const ProgramCall* FindProgramCall(std::string_view name) {
  const std::span<const ProgramCall> calls = ProgramCalls();
  const auto found = std::ranges::find(calls, name, &ProgramCall::name);
  return found == calls.end() ? nullptr : &*found;
}

int64_t ProgramLine::Number(size_t argument) const {
  int64_t number = 0;
  WT_CHECK(argument < arguments.size() && absl::SimpleAtoi(arguments[argument], &number));
  return number;
}

std::optional<int> ProgramLine::Partitions() const {
  const size_t own = FindProgramCall(call)->arguments.size();
  if (arguments.size() <= own) return std::nullopt;
  return static_cast<int>(Number(own));
}

bool ProgramLine::IsInput() const {
  return call == "text" || call == "socket" || call == "reliable";
}

size_t StreamProgram::IndexOf(std::string_view name) const {
  const auto found = std::ranges::find(lines, name, &ProgramLine::name);
  WT_CHECK(found != lines.end());
  return static_cast<size_t>(found - lines.begin());
}

absl::StatusOr<StreamProgram> ParseProgram(std::string_view text) {
  ProgramReader reader;
  const std::vector<std::string> statements =
      absl::StrSplit(std::string(text), absl::ByAnyChar(";\n"));
  for (const std::string& statement : statements) {
    WT_RETURN_IF_ERROR(reader.Take(std::string(absl::StripAsciiWhitespace(statement))));
  }
  return reader.Finish();
}

std::string ToText(const ProgramLine& line) {
  std::string text = absl::StrCat(line.name, " = ", line.call);
  for (const std::string& stream : line.streams) absl::StrAppend(&text, " ", stream);
  for (const std::string& argument : line.arguments) absl::StrAppend(&text, " ", argument);
  return text;
}

std::string ToText(const StreamProgram& program) {
  std::vector<std::string> statements;
  for (const ProgramLine& line : program.lines) statements.push_back(ToText(line));
  for (const std::string& name : program.saved) statements.push_back("save " + name);
  return absl::StrJoin(statements, "; ");
}

}  // namespace wavetank::properties
