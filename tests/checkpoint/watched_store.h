// WatchedStore: another store, and a look at each call before it is made, which may change the
// world meanwhile or make the call fail.
#ifndef WAVETANK_TESTS_CHECKPOINT_WATCHED_STORE_H_
#define WAVETANK_TESTS_CHECKPOINT_WATCHED_STORE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/store.h"

namespace wavetank::checkpoint {

// An answer that is there at once.
inline Task<absl::Status> AnswerNow(absl::Status status) { co_return status; }

class WatchedStore final : public Store {
 public:
  // `call` is the member's name, and of a Link the path is the new one. The call waits for the
  // answer; an error is the call's, which is not made then.
  using Watch = std::function<Task<absl::Status>(std::string call, std::string path)>;

  // `inner` must outlive it.
  WatchedStore(Store& inner, Watch before) : inner_(inner), before_(std::move(before)) {}
  WatchedStore(std::unique_ptr<Store> inner, Watch before)
      : owned_(std::move(inner)), inner_(*owned_), before_(std::move(before)) {}

  Task<absl::Status> CreateIfAbsent(std::string path, std::string content) override {
    WT_CO_RETURN_IF_ERROR(co_await before_("CreateIfAbsent", path));
    co_return co_await inner_.CreateIfAbsent(std::move(path), std::move(content));
  }
  Task<absl::StatusOr<std::unique_ptr<StagedFile>>> Stage(std::string path) override {
    WT_CO_RETURN_IF_ERROR(co_await before_("Stage", path));
    co_return co_await inner_.Stage(std::move(path));
  }
  Task<absl::Status> Append(std::string path, uint64_t offset, std::string bytes) override {
    WT_CO_RETURN_IF_ERROR(co_await before_("Append", path));
    co_return co_await inner_.Append(std::move(path), offset, std::move(bytes));
  }
  Task<absl::StatusOr<std::string>> Read(std::string path, uint64_t offset,
                                         uint64_t length) override {
    WT_CO_RETURN_IF_ERROR(co_await before_("Read", path));
    co_return co_await inner_.Read(std::move(path), offset, length);
  }
  Task<absl::StatusOr<std::vector<StoredFile>>> List(std::string directory) override {
    WT_CO_RETURN_IF_ERROR(co_await before_("List", directory));
    co_return co_await inner_.List(std::move(directory));
  }
  Task<absl::StatusOr<std::vector<std::string>>> ListNames(std::string directory) override {
    WT_CO_RETURN_IF_ERROR(co_await before_("ListNames", directory));
    co_return co_await inner_.ListNames(std::move(directory));
  }
  Task<absl::StatusOr<std::string>> Identify(std::string directory) override {
    WT_CO_RETURN_IF_ERROR(co_await before_("Identify", directory));
    co_return co_await inner_.Identify(std::move(directory));
  }
  Task<absl::Status> Link(std::string from, std::string to) override {
    WT_CO_RETURN_IF_ERROR(co_await before_("Link", to));
    co_return co_await inner_.Link(std::move(from), std::move(to));
  }
  Task<absl::Status> Remove(std::string path) override {
    WT_CO_RETURN_IF_ERROR(co_await before_("Remove", path));
    co_return co_await inner_.Remove(std::move(path));
  }

 private:
  const std::unique_ptr<Store> owned_;
  Store& inner_;
  const Watch before_;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_TESTS_CHECKPOINT_WATCHED_STORE_H_
