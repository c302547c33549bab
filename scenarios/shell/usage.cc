#include "scenarios/shell/usage.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "platform/nearest_name.h"

namespace wavetank::scenarios::shell {
namespace {

std::vector<const CLI::App*> SubcommandsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// The words before one that is looked at decide what it may be.
class Words {
 public:
  Words(const CLI::App& app, const std::vector<std::string>& words)
      : app_(&app), title_(app.get_name()), words_(words) {}

  absl::Status Check() {
    bool options_ended = false;
    for (; at_ < words_.size(); ++at_) {
      const std::string& word = words_[at_];
      absl::Status checked;
      if (word == "--") {
        options_ended = true;
      } else if (!options_ended && word.starts_with('-') && word.size() > 1) {
        checked = CheckOption(word);
        if (help_) return absl::OkStatus();
      } else {
        checked = CheckPlainWord(word);
      }
      if (!checked.ok()) return checked;
    }
    return CheckMissing();
  }

 private:
  absl::Status Wrong(const std::string& what) const {
    return absl::InvalidArgumentError(absl::StrCat(title_, ": ", what));
  }

  absl::Status CheckOption(const std::string& word) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const CLI::Option* option = app_->get_option_no_throw(name);
    // "-" and "x" are names of positional arguments too.
    if (option == nullptr || option->get_positional()) return UnknownOption(name);
    if (option == app_->get_help_ptr() || option == app_->get_version_ptr()) help_ = true;
    if (++times_given_[option] > 1 && option->get_expected_max() == 1) {
      return Wrong(absl::StrCat(name, " is given twice"));
    }
    const bool takes_value = option->get_items_expected_max() > 0;
    if (!takes_value) {
      return equals == std::string::npos ? absl::OkStatus()
                                         : Wrong(absl::StrCat(name, " takes no value"));
    }
    if (equals == std::string::npos) {
      if (at_ + 1 == words_.size() || words_[at_ + 1].starts_with("--")) {
        return Wrong(absl::StrCat(name, " needs a value: ", name, "=", option->get_type_name()));
      }
      ++at_;
    }
    const std::string value = equals == std::string::npos ? words_[at_] : word.substr(equals + 1);
    if (!value.empty()) return absl::OkStatus();
    return Wrong(absl::StrCat(name, " is empty: give it a value, or leave it out"));
  }

  absl::Status UnknownOption(const std::string& name) const {
    std::vector<std::string> names;
    for (const CLI::Option* option : app_->get_options()) {
      if (!option->get_lnames().empty()) names.push_back("--" + option->get_lnames().front());
    }
    for (const CLI::App* sub : SubcommandsOf(*app_)) {
      if (sub->get_option_no_throw(name) == nullptr) continue;
      return Wrong(absl::StrCat(name, " stands behind the ", KindOfSubcommand(), ": ", title_, " ",
                                sub->get_name(), " ", name));
    }
    return Wrong(absl::StrCat("there is no option ", name, platform::Suggestion(name, names)));
  }

  absl::Status CheckPlainWord(const std::string& word) {
    const std::vector<const CLI::App*> subcommands = SubcommandsOf(*app_);
    if (subcommands.empty()) {
      const auto options = app_->get_options();
      const bool takes_words = std::ranges::any_of(
          options, [](const CLI::Option* option) { return option->get_positional(); });
      if (!takes_words) return NotAnOption(word);
      ++plain_words_;
      if (word.empty()) return Wrong("a name is empty");
      return absl::OkStatus();
    }
    std::vector<std::string> names;
    for (const CLI::App* sub : subcommands) {
      names.push_back(sub->get_name());
      if (sub->get_name() != word) continue;
      app_ = sub;
      absl::StrAppend(&title_, " ", word);
      times_given_.clear();
      return absl::OkStatus();
    }
    return Wrong(absl::StrCat("there is no ", KindOfSubcommand(), " \"", word, "\"",
                              platform::Suggestion(word, names)));
  }

  absl::Status NotAnOption(const std::string& word) const {
    const size_t equals = word.find('=');
    const bool lacks_dashes = equals != std::string::npos &&
                              app_->get_option_no_throw("--" + word.substr(0, equals)) != nullptr;
    return Wrong(absl::StrCat("\"", word, "\" is not an option: write --",
                              lacks_dashes ? word : "NAME=VALUE"));
  }

  absl::Status CheckMissing() const {
    const std::vector<const CLI::App*> subcommands = SubcommandsOf(*app_);
    if (!subcommands.empty()) {
      std::vector<std::string> names;
      names.reserve(subcommands.size());
      for (const CLI::App* sub : subcommands) names.push_back(sub->get_name());
      return Wrong(absl::StrCat("name a ", KindOfSubcommand(), ": ", absl::StrJoin(names, ", ")));
    }
    std::vector<std::string> missing;
    for (const CLI::Option* option : app_->get_options()) {
      const bool plain = option->get_positional();
      if (!option->get_required() || (plain ? plain_words_ > 0 : times_given_.contains(option))) {
        continue;
      }
      missing.push_back(
          plain ? absl::StrCat("a ", option->get_name())
                : absl::StrCat("--", option->get_lnames().front(), "=", option->get_type_name()));
    }
    if (missing.empty()) return absl::OkStatus();
    return Wrong(absl::StrCat("lacks ", absl::StrJoin(missing, ", ")));
  }

  const char* KindOfSubcommand() const {
    return app_->get_parent() == nullptr ? "subcommand" : "job";
  }

  const CLI::App* app_;
  std::string title_;
  const std::vector<std::string>& words_;
  size_t at_ = 0;
  bool help_ = false;  // asked for: what else is there does not matter
  int plain_words_ = 0;
  std::map<const CLI::Option*, int> times_given_;
};

}  // namespace

absl::Status CheckWords(const CLI::App& app, const std::vector<std::string>& words) {
  return Words(app, words).Check();
}

std::function<std::string(std::string)> NumberFrom(uint64_t least, uint64_t most) {
  return [=](const std::string& text) -> std::string {
    uint64_t value = 0;
    if (absl::SimpleAtoi(text, &value) && value >= least && value <= most) return "";
    return absl::StrCat("\"", text, "\" is not a number from ", least, " to ", most);
  };
}

CLI::Validator MemoryOfThisMachine() {
  const auto in_bytes = [](std::string& text) -> std::string {
    if (text.starts_with('-')) return absl::StrCat("\"", text, "\" is less than nothing");
    const std::string given = text;
    std::string wrong = CLI::AsSizeValue(false)(text);
    if (!wrong.empty()) return absl::StrCat("\"", given, "\" is no size: ", wrong);
    const auto all =
        static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::getpagesize());
    uint64_t bytes = 0;
    if (absl::SimpleAtoi(text, &bytes) && bytes <= all) return "";
    return absl::StrCat("\"", given, "\" is more than this machine has, which is ", all, " bytes");
  };
  return CLI::Validator(in_bytes, "", "");
}

std::function<std::string(std::string)> OneOf(std::vector<std::string> names) {
  return [names = std::move(names)](const std::string& text) -> std::string {
    if (std::ranges::find(names, text) != names.end()) return "";
    return absl::StrCat("there is no \"", text, "\"", platform::Suggestion(text, names));
  };
}

std::function<std::string(std::string)> Address(HostPart host) {
  return [host](const std::string& text) -> std::string {
    const size_t colon = text.rfind(':');
    int port = 0;
    const bool has_port = colon != std::string::npos &&
                          absl::SimpleAtoi(text.substr(colon + 1), &port) && port >= 0 &&
                          port <= 65'535;
    const bool has_host = colon != 0 || host == HostPart::kOptional;
    if (has_port && has_host && text.find_first_of(" \t/") == std::string::npos) return "";
    return absl::StrCat(
        "\"", text, "\" is not HOST:PORT with a port from 1 to 65535, or 0 for one that is free");
  };
}

std::function<std::string(std::string)> ExistingDirectory() {
  return [](const std::string& text) -> std::string {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(text, error);
    if (std::filesystem::is_directory(status)) return "";
    if (std::filesystem::exists(status)) return absl::StrCat("\"", text, "\" is not a directory");
    return absl::StrCat("there is no directory \"", text, "\"");
  };
}

}  // namespace wavetank::scenarios::shell
