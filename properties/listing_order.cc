#include "properties/listing_order.h"

#include <string_view>
#include <utility>

namespace wavetank::properties {
namespace {

// "part-00012", of whose files the names differ behind it; numbers have five digits or more.
std::string_view TableOf(std::string_view name) { return name.substr(0, name.rfind('-')); }

bool IsBefore(std::string_view table, std::string_view other) {
  return table.size() != other.size() ? table.size() < other.size() : table < other;
}

}  // namespace

std::vector<std::string> ListingOrder::Observe(const PlainNamesView& view, bool power_was_lost) {
  power_was_lost_ = power_was_lost_ || power_was_lost;
  if (!view.has_entries) return {};
  std::set<std::string> listed(view.listed.begin(), view.listed.end());
  std::vector<std::string> wrong;
  for (const std::string& name : listed) {
    if (listed_.contains(name)) continue;
    const bool was_gone = gone_.erase(name) > 0;
    if (power_was_lost_ && was_gone) continue;
    if (was_gone) wrong.push_back(name + " comes back, after it was removed");
    if (view.complete && IsBefore(TableOf(name), newest_)) {
      wrong.push_back(name + " appears after " + newest_ + ", of a later table");
    }
  }
  for (const std::string& name : listed_) {
    if (listed.contains(name)) continue;
    gone_.insert(name);
    if (!view.complete) wrong.push_back(name + " is gone");
  }
  if (view.complete && view.newest_has_parts && !listed_.empty() && listed.empty()) {
    wrong.push_back("no table is listed, and there was one");
  }
  for (const std::string& name : listed) {
    if (IsBefore(newest_, TableOf(name))) newest_ = TableOf(name);
  }
  listed_ = std::move(listed);
  power_was_lost_ = false;
  return wrong;
}

}  // namespace wavetank::properties
