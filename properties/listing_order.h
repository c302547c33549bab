// In which order tools that only list a file sink may see its files come and go. Written from the
// description of the sink in docs/file_sink.md.
#ifndef WAVETANK_PROPERTIES_LISTING_ORDER_H_
#define WAVETANK_PROPERTIES_LISTING_ORDER_H_

#include <set>
#include <string>
#include <vector>

#include "properties/plain_names.h"

namespace wavetank::properties {

// Of one sink; it is shown each listing after the other.
//
//   complete mode   no file appears after one of a later table, none that was removed comes back,
//                   and once there is a table there always is one
//   the others      none is removed
class ListingOrder {
 public:
  // What is wrong with what is listed now, after all before. `power_was_lost`: since the one
  // before; then what was removed and not yet durably so may be back. A view of a sink whose
  // manifest has no answer says nothing.
  std::vector<std::string> Observe(const PlainNamesView& view, bool power_was_lost);

 private:
  std::set<std::string> listed_;
  std::set<std::string> gone_;
  std::string newest_;  // the first name of the newest table that was listed
  bool power_was_lost_ = false;
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_LISTING_ORDER_H_
