// What is wrong with the words of a command line, as sentences that name the word and the nearest
// one that there is.
#ifndef WAVETANK_SCENARIOS_SHELL_USAGE_H_
#define WAVETANK_SCENARIOS_SHELL_USAGE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace wavetank::scenarios::shell {

// kInvalidArgument: a subcommand, job or option that there is not, an option given twice, without
// its value, with an empty one or with one that it does not take, and what is missing. The message
// begins with the subcommand that it is about. After OK the application can parse the words: it
// finds nothing wrong but values.
absl::Status CheckWords(const CLI::App& app, const std::vector<std::string>& words);

// For CLI::Option::check: "" if the text is what is wanted, otherwise what is wrong with it.
std::function<std::string(std::string)> NumberFrom(uint64_t least, uint64_t most);
std::function<std::string(std::string)> OneOf(std::vector<std::string> names);
// "HOST:PORT", or ":PORT" for that port of this machine if `host` is optional.
enum class HostPart { kRequired, kOptional };
std::function<std::string(std::string)> Address(HostPart host);
std::function<std::string(std::string)> ExistingDirectory();
// "512MiB": no less than nothing, and no more than this machine has.
CLI::Validator MemoryOfThisMachine();

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_USAGE_H_
