#include "runtime/dstream/between_threads.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>

namespace wavetank::runtime::internal {

namespace {

// Set and unset within one synchronous call, so no other node or world ever finds it set.
thread_local AdditionsScope* current_scope = nullptr;

}  // namespace

// Held for the copy of a pointer, so whoever waits may spin: a mutex would reach for the threads of
// the host, which a simulated world has not.
struct SharedText::Guarded {
  template <typename Body>
  void Locked(const Body& body) {
    while (busy.test_and_set(std::memory_order_acquire)) {
    }
    body();
    busy.clear(std::memory_order_release);
  }
  std::atomic_flag busy;
  std::shared_ptr<const std::string> text;
};

SharedText::SharedText(std::string text) : guarded_(std::make_unique<Guarded>()) {
  Set(std::move(text));
}
SharedText::~SharedText() = default;

void SharedText::Set(std::string text) {
  auto set = std::make_shared<const std::string>(std::move(text));
  guarded_->Locked([&] { guarded_->text.swap(set); });
}
std::string SharedText::Get() const {
  std::shared_ptr<const std::string> text;
  guarded_->Locked([&] { text = guarded_->text; });
  return *text;
}

AdditionsScope::AdditionsScope(Additions* additions, const std::vector<std::string>* totals)
    : additions_(additions), totals_(totals), before_(std::exchange(current_scope, this)) {}
AdditionsScope::~AdditionsScope() { current_scope = before_; }
const AdditionsScope* AdditionsScope::Current() { return current_scope; }

CallsFor::CallsFor(int64_t op)
    : scope_(current_scope),
      before_(scope_ == nullptr ? -1 : std::exchange(scope_->calls_for_, op)) {}
CallsFor::~CallsFor() {
  if (scope_ != nullptr) scope_->calls_for_ = before_;
}

}  // namespace wavetank::runtime::internal
