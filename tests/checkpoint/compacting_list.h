// A fold that lets a log drop all but its newest records, and can tell which were dropped.
#ifndef WAVETANK_TESTS_CHECKPOINT_COMPACTING_LIST_H_
#define WAVETANK_TESTS_CHECKPOINT_COMPACTING_LIST_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "checkpoint/fenced_log.h"

namespace wavetank::checkpoint {

class CompactingList final : public LogFold {
 public:
  static constexpr size_t kNothing = SIZE_MAX;
  // `kept`: how many records a base holds, besides one that says how many are gone. kNothing: a
  // log has no base.
  explicit CompactingList(size_t kept = kNothing) : kept_(kept) {}

  void Clear() override {
    dropped_ = 0;
    records_.clear();
  }
  absl::Status Add(std::string_view record) override {
    absl::string_view number(record.data(), record.size());
    if (!absl::ConsumePrefix(&number, "dropped ")) {
      records_.emplace_back(record);
    } else if (!records_.empty() || dropped_ > 0 || !absl::SimpleAtoi(number, &dropped_)) {
      return absl::DataLossError("a base is not where a log begins");
    }
    return absl::OkStatus();
  }
  std::optional<platform::Generator<std::string>> Base() const override {
    if (kept_ == kNothing) return std::nullopt;
    return Kept();
  }

  size_t dropped() const { return dropped_; }
  // How many there have been, and those from number dropped() on.
  size_t size() const { return dropped_ + records_.size(); }
  const std::vector<std::string>& records() const { return records_; }

 private:
  platform::Generator<std::string> Kept() const {
    const size_t kept = std::min(kept_, records_.size());
    const size_t dropped = size() - kept;
    if (dropped > 0) co_yield absl::StrCat("dropped ", dropped);
    for (size_t i = records_.size() - kept; i < records_.size(); ++i) co_yield records_[i];
  }

  size_t kept_;
  size_t dropped_ = 0;
  std::vector<std::string> records_;
};

// A log that was taken over, with what it has told of itself.
template <typename Fold, typename Log = FencedLog>
struct Owned {
  std::unique_ptr<Fold> fold;
  std::unique_ptr<Log> log;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_TESTS_CHECKPOINT_COMPACTING_LIST_H_
