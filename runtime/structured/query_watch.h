// QueryWatch: how somebody else on the driver's node follows a query, beside its progress: when it
// is taken over, and when it has nothing to do.
#ifndef WAVETANK_RUNTIME_STRUCTURED_QUERY_WATCH_H_
#define WAVETANK_RUNTIME_STRUCTURED_QUERY_WATCH_H_

#include <cstdint>
#include <functional>
#include <string>

#include "platform/event.h"

namespace wavetank::runtime {

class QueryWatch {
 public:
  // With the query's id, the same in every run, each time a driver has taken it over.
  std::function<void(const std::string& id)> on_taken_over = nullptr;
  // When a search of its sources that began after the question of that number has found nothing,
  // and no batch is under way or due. May be called again and again.
  std::function<void(int64_t question)> on_idle = nullptr;

  // Has the sources searched at once, unless batches begin at times of their own. The question's
  // number, from 1.
  int64_t Ask() {
    asking_.Set();
    return ++questions_;
  }
  int64_t questions() const { return questions_; }
  void Idle(int64_t question) const {
    if (on_idle) on_idle(question);
  }
  void TakenOver(const std::string& id) const {
    if (on_taken_over) on_taken_over(id);
  }
  platform::Event& asking() { return asking_; }

 private:
  int64_t questions_ = 0;
  platform::Event asking_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_QUERY_WATCH_H_
