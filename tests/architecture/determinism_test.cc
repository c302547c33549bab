#include "tests/architecture/determinism.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::architecture {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<Finding> Scan(std::string code) { return CheckDeterminism({{"runtime/a.cc", code}}); }

TEST(Determinism, NothingInTheTreeReachesAroundTheSeam) {
  EXPECT_THAT(CheckDeterminism(ReadSourceTree()), IsEmpty());
}

struct Breach {
  const char* code;
  const char* replacement;  // part of the message
};

constexpr Breach kBreaches[] = {
    {"auto t = absl::Now();", "Clock::"},
    {"auto t = std::chrono::steady_clock::now();", "Clock::"},
    {"return time(nullptr);", "Clock::"},
    {"const auto t = ::time(nullptr);", "Clock::"},
    {"clock_gettime(CLOCK_MONOTONIC, &t);", "Clock::"},
    {"std::this_thread::sleep_for(second);", "Clock::Sleep"},
    {"usleep(10);", "Clock::Sleep"},
    {"std::thread worker(Run);", "TaskScope"},
    {"pthread_create(&thread, nullptr, Run, nullptr);", "TaskScope"},
    {"std::mutex mutex_;", "single-threaded"},
    {"std::atomic<int> count = 0;", "single-threaded"},
    {"absl::MutexLock lock(&mutex);", "single-threaded"},
    {"thread_local int depth = 0;", "member"},
    {"std::random_device entropy;", "Node::random"},
    {"std::mt19937_64 engine(seed);", "Node::random"},
    {"int r = rand();", "Node::random"},
    {"int r = std::rand();", "Node::random"},
    {"std::uniform_int_distribution<int> die(1, 6);", "Random::Below"},
    {"const char* home = std::getenv(\"HOME\");", "parameter"},
    {"std::ofstream out(path);", "Disk"},
    {"std::filesystem::remove(path);", "Disk"},
    {"FILE* file = fopen(path, \"r\");", "Disk"},
    {"system(\"rm x\");", "shell"},
    {"#include <thread>", "platform/executor.h"},
    {"#include <sys/stat.h>", "platform seam"},
    {"#include \"absl/time/clock.h\"", "platform/clock.h"},
    {"size_t h = absl::HashOf(key);", "StableHash"},
    {"double y = std::pow(x, 2);", "IEEE"},
    {"std::map<Node*, int> by_node;", "id"},
    {"absl::flat_hash_map<int, int> m; for (auto& e : m) {}", "insertion-ordered"},
    {"std::unordered_set<int> s; auto it = s.begin();", "insertion-ordered"},
};

TEST(Determinism, EachPlantedBreachIsFoundAndItsMessageNamesTheReplacement) {
  for (const Breach& breach : kBreaches) {
    const std::string code = std::string("int before;\n") + breach.code + "\n";
    EXPECT_THAT(Scan(code),
                Contains(AllOf(Field(&Finding::line, 2),
                               Field(&Finding::message, HasSubstr(breach.replacement)))))
        << breach.code;
  }
}

TEST(Determinism, IterationOverAMemberThatTheHeaderDeclaresIsFound) {
  EXPECT_EQ(CheckDeterminism({{"runtime/a.h", "absl::flat_hash_map<K, std::vector<V>> rows_;\n"},
                              {"runtime/a.cc", "for (const auto& [k, v] : rows_) Emit(k);\n"}})
                .size(),
            1u);
}

TEST(Determinism, MapInAProtoIsFound) {
  EXPECT_THAT(CheckDeterminism({{"checkpoint/a.proto", "map<string, int64> offsets = 1;\n"}}),
              Contains(Field(&Finding::message, HasSubstr("repeated"))));
  EXPECT_THAT(CheckDeterminism({{"checkpoint/a.proto", "// no map<> here\nBitmap map = 1;\n"}}),
              IsEmpty());
}

TEST(Determinism, AStringInADurableProtoIsFound) {
  EXPECT_THAT(CheckDeterminism({{"checkpoint/a.proto", "  string path = 1;\n"}}),
              Contains(Field(&Finding::message, HasSubstr("bytes"))));
  EXPECT_THAT(CheckDeterminism({{"checkpoint/a.proto", "  bytes path = 1;  // a string\n"},
                                {"scenarios/a.proto", "  string claim = 1;\n"}}),
              IsEmpty());
}

TEST(Determinism, OnlyTheOutsideMayReachOutside) {
  for (const char* path : {"platform/real/a.cc", "scenarios/shell/a.cc", "tests/runtime/a.cc"}) {
    EXPECT_THAT(CheckDeterminism({{path, "std::ofstream out(path);\n"}}), IsEmpty()) << path;
  }
  for (const char* path : {"platform/a.cc", "scenarios/a.cc", "examples/a.cc"}) {
    EXPECT_EQ(CheckDeterminism({{path, "std::ofstream out(path);\n"}}).size(), 1u) << path;
  }
}

TEST(Determinism, ATestThatSleepsIsFound) {
  EXPECT_EQ(CheckDeterminism({{"tests/a_test.cc", "std::this_thread::sleep_for(tick);\n"}}).size(),
            1u);
}

TEST(Determinism, WhatOnlyLooksLikeABreachIsLeftAlone) {
  EXPECT_THAT(Scan("// std::thread, rand() and absl::Now() are named in this comment\n"
                   "const char* text = \"call time() or std::mutex\";\n"
                   "const char* raw = R\"(std::thread \" rand())\";\n"
                   "absl::Time time(other);\n"
                   "auto now = node.clock().Now();\n"
                   "int random = node->random().Below(6);\n"
                   "absl::flat_hash_map<int, int> index;\n"
                   "if (index.find(k) != index.end()) return index.size();\n"
                   "for (const auto& row : rows) index[row] = 1'000'000;\n"
                   "std::map<int, Node*> by_id;\n"
                   "friend H AbslHashValue(H h, Id id);\n"),
              IsEmpty());
}

}  // namespace
}  // namespace wavetank::architecture
