#include "scenarios/parse.h"

#include <algorithm>
#include <compare>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::scenarios {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;
using ParseLocation = TextFormat::ParseLocation;

constexpr int kSchemaVersion = 1;

// Protobuf counts lines and columns from 0, and gives -1 for what it cannot place.
std::string At(const std::string& file, int line, int column, std::string_view text) {
  return absl::StrCat(file, ":", std::max(line, 0) + 1, ":", std::max(column, 0) + 1, ": ",
                      platform::ToAbsl(text));
}

// What stands between the first pair of quotes after `marker`.
std::optional<std::string> Quoted(const std::string& text, const std::string& marker) {
  const size_t at = text.find(marker);
  if (at == std::string::npos) return std::nullopt;
  const size_t open = text.find('"', at);
  const size_t close = open == std::string::npos ? open : text.find('"', open + 1);
  if (close == std::string::npos) return std::nullopt;
  return text.substr(open + 1, close - open - 1);
}

const EnumDescriptor* EnumOfField(const std::string& field_name) {
  const auto* file = Scenario::descriptor()->file();
  for (int i = 0; i < file->message_type_count(); ++i) {
    const FieldDescriptor* field = file->message_type(i)->FindFieldByName(field_name);
    if (field != nullptr && field->enum_type() != nullptr) return field->enum_type();
  }
  return nullptr;
}

struct Explained {
  std::string text;
  std::string name;  // the name in the file that is wrong, where it is one
};

// Adds what the user probably meant to protobuf's own words.
Explained Explain(const std::string& message) {
  if (const auto field = Quoted(message, "has no field named"); field.has_value()) {
    const auto type = Quoted(message, "Message type");
    const Descriptor* owner =
        type.has_value() ? Scenario::descriptor()->file()->pool()->FindMessageTypeByName(*type)
                         : nullptr;
    if (owner == nullptr) return {message, *field};
    std::vector<std::string> names;
    names.reserve(static_cast<size_t>(owner->field_count()));
    for (int i = 0; i < owner->field_count(); ++i) names.push_back(owner->field(i)->name());
    return {absl::StrCat(owner->name(), " has no field \"", *field, "\"",
                         platform::Suggestion(*field, names)),
            *field};
  }
  if (const auto value = Quoted(message, "Unknown enumeration value of"); value.has_value()) {
    const auto field = Quoted(message, "for field");
    const EnumDescriptor* type = field.has_value() ? EnumOfField(*field) : nullptr;
    if (type == nullptr) return {message, *value};
    std::vector<std::string> names;
    names.reserve(static_cast<size_t>(type->value_count()));
    for (int i = 0; i < type->value_count(); ++i) names.push_back(type->value(i)->name());
    return {
        absl::StrCat(*field, " has no value \"", *value, "\"", platform::Suggestion(*value, names)),
        *value};
  }
  return {message, ""};
}

class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  FirstError(std::string file, const std::string& text) : file_(std::move(file)), text_(text) {}
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (!error_.empty()) return;
    const Explained explained = Explain(message);
    // Protobuf places a wrong name at the token after it: go back to where the name begins.
    size_t offset = 0;
    for (int i = 0; i < line; ++i) offset = text_.find('\n', offset) + 1;
    offset += static_cast<size_t>(std::max(column, 0));
    if (!explained.name.empty() && offset >= explained.name.size()) {
      const size_t begin = text_.rfind(explained.name, offset - explained.name.size());
      if (begin != std::string::npos) offset = begin;
    }
    const std::string before = text_.substr(0, offset);
    const auto lines = static_cast<int>(std::count(before.begin(), before.end(), '\n'));
    const size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
    error_ = At(file_, lines, static_cast<int>(offset - line_begin), explained.text);
  }
  const std::string& error() const { return error_; }

 private:
  const std::string file_;
  const std::string& text_;
  std::string error_;
};

}  // namespace

// Flattened from protobuf's tree, which has to be walked beside the message.
class SourcePlaces {
 public:
  SourcePlaces(const Message& message, TextFormat::ParseInfoTree& tree) {
    Walk(message, tree, ParseLocation(0, 0));
  }

  ParseLocation Find(const Message& message, const FieldDescriptor* field, int index) const {
    const auto found = fields_.find({&message, field, index});
    if (found != fields_.end()) return found->second;
    const auto whole = messages_.find(&message);
    return whole == messages_.end() ? ParseLocation(0, 0) : whole->second;
  }

 private:
  struct Key {
    const Message* message;
    const FieldDescriptor* field;
    int index;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  void Walk(const Message& message, TextFormat::ParseInfoTree& tree, ParseLocation place) {
    messages_[&message] = place;
    const auto* reflection = message.GetReflection();
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor* field = message.GetDescriptor()->field(i);
      // The tree also knows of fields that are written and have their default value.
      const bool written = field->is_repeated() || tree.GetLocation(field, -1).line >= 0;
      const int count =
          field->is_repeated() ? reflection->FieldSize(message, field) : (written ? 1 : 0);
      for (int k = 0; k < count; ++k) {
        const int index = field->is_repeated() ? k : -1;
        const ParseLocation at = tree.GetLocation(field, index);
        fields_[{&message, field, k}] = at;
        if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
        const Message& child = field->is_repeated()
                                   ? reflection->GetRepeatedMessage(message, field, k)
                                   : reflection->GetMessage(message, field);
        if (auto* below = tree.GetTreeForNested(field, index)) Walk(child, *below, at);
      }
    }
  }

  // Looked up by address, never iterated: the order of addresses shows nowhere.
  std::map<Key, ParseLocation> fields_;
  std::unordered_map<const Message*, ParseLocation> messages_;
};

ParsedScenario ParsedScenario::Of(Scenario scenario) {
  std::string name = scenario.name();
  return {std::move(name), std::make_shared<Scenario>(std::move(scenario)), nullptr};
}

absl::Status ParsedScenario::ErrorAt(const Message& message, std::string_view field, int index,
                                     std::string_view text) const {
  if (places == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": ", platform::ToAbsl(text)));
  }
  const FieldDescriptor* descriptor = message.GetDescriptor()->FindFieldByName(std::string(field));
  const ParseLocation at = places->Find(message, descriptor, index);
  return absl::InvalidArgumentError(At(file, at.line, at.column, text));
}

namespace {

// The values of parameters that stand in files.
absl::Status ReadValues(const ParsedScenario& parsed, const ReadHostFile& read_host_file,
                        google::protobuf::RepeatedPtrField<Parameter>& parameters) {
  for (Parameter& parameter : parameters) {
    if (parameter.file().empty()) continue;
    if (!parameter.value().empty()) {
      return parsed.ErrorAt(parameter, "file", 0, "a parameter has a value or a file, not both");
    }
    absl::StatusOr<std::string> content = read_host_file(parameter.file());
    if (!content.ok()) {
      return parsed.ErrorAt(parameter, "file", 0, platform::ToStd(content.status().message()));
    }
    parameter.set_value(*std::move(content));
    parameter.clear_file();
  }
  return absl::OkStatus();
}

absl::Status ReadValues(const ParsedScenario& parsed, const ReadHostFile& read_host_file,
                        Job& job) {
  WT_RETURN_IF_ERROR(ReadValues(parsed, read_host_file, *job.mutable_parameter()));
  for (Change& change : *job.mutable_change()) {
    WT_RETURN_IF_ERROR(ReadValues(parsed, read_host_file, *change.mutable_parameter()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ParsedScenario> ParseScenario(std::string file, const std::string& text,
                                             const ReadHostFile& read_host_file) {
  FirstError errors(file, text);
  TextFormat::ParseInfoTree tree;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.WriteLocationsTo(&tree);
  auto scenario = std::make_shared<Scenario>();
  if (!parser.ParseFromString(text, scenario.get())) {
    return absl::InvalidArgumentError(errors.error());
  }
  ParsedScenario parsed;
  parsed.file = std::move(file);
  parsed.scenario = scenario;
  parsed.places = std::make_shared<SourcePlaces>(*scenario, tree);
  const int version = scenario->schema_version();
  if (version != kSchemaVersion) {
    return parsed.ErrorAt(
        *scenario, "schema_version", 0,
        version == 0
            ? absl::StrCat("schema_version is missing: begin with schema_version: ", kSchemaVersion)
            : absl::StrCat("schema_version ", version, " is not one that this program knows (",
                           kSchemaVersion, "): use a newer wavetank"));
  }
  if (read_host_file == nullptr) return parsed;
  if (scenario->has_job()) {
    WT_RETURN_IF_ERROR(ReadValues(parsed, read_host_file, *scenario->mutable_job()));
  }
  for (Rival& rival : *scenario->mutable_rival()) {
    WT_RETURN_IF_ERROR(ReadValues(parsed, read_host_file, *rival.mutable_job()));
  }
  return parsed;
}

}  // namespace wavetank::scenarios
