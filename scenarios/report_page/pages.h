// The pages of reports, made of this folder's files when they are built (embed.cmake). "{{title}}"
// and "{{data}}" stand where the run's own comes.
#ifndef WAVETANK_SCENARIOS_REPORT_PAGE_PAGES_H_
#define WAVETANK_SCENARIOS_REPORT_PAGE_PAGES_H_

#include <string_view>

namespace wavetank::scenarios {

extern const std::string_view kRunPage;
extern const std::string_view kIndexPage;

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_REPORT_PAGE_PAGES_H_
