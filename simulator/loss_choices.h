// How a power loss turns out, chosen item by item; and every way in which it may.
#ifndef WAVETANK_SIMULATOR_LOSS_CHOICES_H_
#define WAVETANK_SIMULATOR_LOSS_CHOICES_H_

#include <cstddef>
#include <string>
#include <vector>

namespace wavetank::simulator {

class LossChoices {
 public:
  virtual ~LossChoices() = default;
  // Below `options`. 0: the item is as it was after the last sync.
  virtual size_t Choose(size_t options) = 0;
};

// Every sequence of choices, one after another, as an odometer counts:
//
//   EveryLoss loss;
//   do { …copy the disk…; copy.PowerLoss(loss, stale); } while (loss.Advance());
class EveryLoss final : public LossChoices {
 public:
  // REQUIRES: the same choices lead to the same question.
  size_t Choose(size_t options) override;
  // To the next sequence; false after the last.
  bool Advance();
  // "0,2,1"
  std::string ToText() const;

 private:
  struct Wheel {
    size_t at;
    size_t options;
  };
  std::vector<Wheel> wheels_;
  size_t next_ = 0;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_LOSS_CHOICES_H_
