#include "simulator/loss_choices.h"

#include "absl/strings/str_cat.h"

#include "platform/check.h"

namespace wavetank::simulator {

size_t EveryLoss::Choose(size_t options) {
  if (next_ == wheels_.size()) wheels_.push_back({0, options});
  WT_CHECK(wheels_[next_].options == options, "the same choices lead to the same question");
  return wheels_[next_++].at;
}

bool EveryLoss::Advance() {
  next_ = 0;
  while (!wheels_.empty() && wheels_.back().at + 1 == wheels_.back().options) wheels_.pop_back();
  if (wheels_.empty()) return false;
  ++wheels_.back().at;
  return true;
}

std::string EveryLoss::ToText() const {
  std::string text;
  for (const Wheel& wheel : wheels_) absl::StrAppend(&text, text.empty() ? "" : ",", wheel.at);
  return text;
}

}  // namespace wavetank::simulator
