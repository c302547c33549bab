#include "platform/real/disk_pool.h"

#include "platform/check.h"
#include "platform/real/linger.h"

namespace wavetank::platform {

DiskPool::DiskPool(int threads) {
  WT_CHECK(threads > 0);
  try {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Serve(); });
  } catch (...) {
    Stop();
    throw;
  }
}

void DiskPool::Submit(std::function<void()> work) {
  bool somebody_comes = false;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    queue_.push_back(std::move(work));
    has_work_ = true;
    somebody_comes = lingering_;
  }
  if (!somebody_comes) changed_.notify_one();  // without the lock, which the woken thread wants
}

void DiskPool::Stop() {
  std::deque<std::function<void()>> dropped;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    has_work_ = true;  // whoever lingers comes
    dropped.swap(queue_);
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void DiskPool::Serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (queue_.empty() && !lingering_ && !stopping_) {
      lingering_ = true;
      lock.unlock();
      Linger(has_work_);  // one call often follows from another at once
      lock.lock();
      lingering_ = false;
    }
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    has_work_ = !queue_.empty();
    if (has_work_) changed_.notify_one();  // what came while this thread lingered woke nobody
    lock.unlock();
    work();
    work = nullptr;  // what it owned goes before the lock is taken
    lock.lock();
  }
}

}  // namespace wavetank::platform
