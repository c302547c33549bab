#include "checkpoint/key_index.h"

#include <map>
#include <vector>

#include "gtest/gtest.h"

#include "platform/random.h"

namespace wavetank::checkpoint {
namespace {

// An owner of numbers: the hash of each, as long as it is there.
class Owned {
 public:
  explicit Owned(uint64_t seed) : random_(seed) {
    // Few bits of a hash: those that say where to begin, those that tell keys apart, or both.
    constexpr uint64_t kMasks[] = {0, 7, uint64_t{3} << 56, uint64_t{1} << 57 | 15, ~uint64_t{0}};
    mask_ = kMasks[seed % 5];
  }

  void Step() {
    const uint64_t kind = random_.Below(10);
    if (kind < 6 || hashes_.empty()) {
      if (index_.full()) Grow();
      hashes_[next_] = random_.Next() & mask_;
      index_.Insert(hashes_[next_], next_);
      ++next_;
    } else {
      const auto gone = std::next(hashes_.begin(), static_cast<int>(random_.Below(hashes_.size())));
      index_.Remove(gone->second, gone->first);
      hashes_.erase(gone);
    }
  }

  void Check() const {
    ASSERT_EQ(index_.size(), hashes_.size());
    std::map<uint64_t, std::vector<uint32_t>> by_hash;
    for (const auto& [number, hash] : hashes_) by_hash[hash].push_back(number);
    for (const auto& [hash, numbers] : by_hash) {
      // A search that nothing ends asks about each of them; about others, too, but seldom.
      std::map<uint32_t, int> asked;
      ASSERT_EQ(index_.Find(hash, [&](uint32_t number) { return ++asked[number] > 1; }),
                KeyIndex::kNone);
      for (const uint32_t number : numbers) {
        ASSERT_EQ(asked[number], 1);
        ASSERT_EQ(index_.Find(hash, [&](uint32_t one) { return one == number; }), number);
      }
      ASSERT_NE(index_.Candidate(hash), KeyIndex::kNone);
    }
  }

 private:
  void Grow() {
    index_.Reset(hashes_.size() + 1);
    for (const auto& [number, hash] : hashes_) index_.Insert(hash, number);
  }

  platform::Random random_;
  uint64_t mask_;
  std::map<uint32_t, uint64_t> hashes_;
  uint32_t next_ = 0;
  KeyIndex index_;
};

TEST(KeyIndex, FindsWhatIsThereWhateverTheHashes) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Owned owned(seed);
    for (int step = 0; step < 400; ++step) {
      owned.Step();
      if (step % 7 == 0) ASSERT_NO_FATAL_FAILURE(owned.Check()) << seed << " " << step;
    }
  }
}

// Numbers come and go while as many are there: what was removed must not fill it up for ever.
TEST(KeyIndex, KeepsItsSizeWhileNumbersComeAndGo) {
  KeyIndex index;
  index.Reset(100);
  platform::Random random(1);
  std::vector<uint64_t> hashes;
  for (uint32_t number = 0; number < 100; ++number) {
    hashes.push_back(random.Next());
    index.Insert(hashes[number], number);
  }
  for (uint32_t number = 100; number < 20'000; ++number) {
    index.Remove(hashes[number - 100], number - 100);
    if (index.full()) {
      index.Reset(100);
      for (uint32_t there = number - 99; there < number; ++there) {
        index.Insert(hashes[there], there);
      }
    }
    hashes.push_back(random.Next());
    index.Insert(hashes[number], number);
    ASSERT_EQ(index.size(), 100U);
  }
  for (uint32_t number = 19'900; number < 20'000; ++number) {
    EXPECT_EQ(index.Find(hashes[number], [&](uint32_t one) { return one == number; }), number);
  }
}

}  // namespace
}  // namespace wavetank::checkpoint
