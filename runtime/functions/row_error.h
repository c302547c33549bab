// RowError: what is thrown when a function fails on a row: which one, so that whoever knows where
// the rows come from can say so.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_ROW_ERROR_H_
#define WAVETANK_RUNTIME_FUNCTIONS_ROW_ERROR_H_

#include <cstdint>
#include <stdexcept>
#include <string>

namespace wavetank::runtime {

class RowError : public std::runtime_error {
 public:
  // The row's number in the batch that an operator is given; below 0, in the ones before.
  RowError(int64_t row, const std::string& what) : std::runtime_error(what), row_(row) {}
  int64_t row() const { return row_; }

 private:
  const int64_t row_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_ROW_ERROR_H_
