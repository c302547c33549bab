#include "tests/fuzz/fuzz_seeds.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

// libFuzzer calls it first. With --write-seeds=DIR the program writes its seeds and ends.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view kOption = "--write-seeds=";
  for (int i = 1; i < *argc; ++i) {
    const std::string_view argument = (*argv)[i];
    if (!argument.starts_with(kOption)) continue;
    const std::filesystem::path directory(argument.substr(kOption.size()));
    std::filesystem::create_directories(directory);
    int number = 0;
    for (const std::string& seed : wavetank::fuzz::Seeds()) {
      std::ofstream(directory / ("seed-" + std::to_string(++number)), std::ios::binary) << seed;
    }
    std::printf("%d seeds in %s\n", number, directory.c_str());
    std::exit(0);
  }
  return 0;
}
