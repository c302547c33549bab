#include "platform/waiter.h"

#include "platform/check.h"
#include "platform/executor.h"

namespace wavetank::platform {

void Waiter::MakeReady() {
  WT_CHECK(executor_ != nullptr);
  executor_->MakeReady(*this);
}

void Waiter::Unlink() {
  if (list_ == nullptr) return;
  (previous_ ? previous_->next_ : list_->first_) = next_;
  (next_ ? next_->previous_ : list_->last_) = previous_;
  --list_->size_;
  list_ = nullptr;
  previous_ = next_ = nullptr;
}

WaitList::~WaitList() {
  while (first_ != nullptr) first_->Unlink();
}

void WaitList::PushBack(Waiter& waiter) {
  WT_CHECK(!waiter.linked());
  waiter.list_ = this;
  waiter.previous_ = last_;
  (last_ ? last_->next_ : first_) = &waiter;
  last_ = &waiter;
  ++size_;
}

Waiter& WaitList::Take(size_t index) {
  WT_CHECK(index < size_);
  Waiter* waiter = first_;
  while (index-- > 0) waiter = waiter->next_;
  waiter->Unlink();
  return *waiter;
}

void WaitList::WakeAll() {
  while (first_ != nullptr) first_->MakeReady();
}

}  // namespace wavetank::platform
