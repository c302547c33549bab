// LocalStore::Temporary: a file of a LocalStore that is not whole yet, under a name that nobody
// looks at. Its writer may give up anywhere, or be destroyed where it waits: then the store is
// told, and removes it before it makes the next one.
#ifndef WAVETANK_CHECKPOINT_LOCAL_TEMPORARY_H_
#define WAVETANK_CHECKPOINT_LOCAL_TEMPORARY_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/local_store.h"

namespace wavetank::checkpoint {

class LocalStore::Temporary {
 public:
  Temporary(std::shared_ptr<std::vector<std::string>> abandoned, std::string file)
      : abandoned_(std::move(abandoned)), file_(std::move(file)) {}
  Temporary(Temporary&&) = default;
  Temporary& operator=(Temporary&&) = delete;
  ~Temporary() {
    if (abandoned_ != nullptr) abandoned_->push_back(std::move(file_));
  }

  const std::string& file() const { return file_; }
  bool is_there() const { return abandoned_ != nullptr; }
  // It is gone, or another's.
  void Forget() { abandoned_ = nullptr; }
  // Other stores leave it alone while this one has it.
  void Hold(std::unique_ptr<platform::FileLock> lock) { lock_ = std::move(lock); }

 private:
  std::shared_ptr<std::vector<std::string>> abandoned_;  // null: moved from, or forgotten
  std::string file_;
  std::unique_ptr<platform::FileLock> lock_;
};

struct LocalStore::OpenTemporary {
  Temporary at;
  std::unique_ptr<platform::File> handle;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_LOCAL_TEMPORARY_H_
