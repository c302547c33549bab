#include "properties/planted_bugs.h"

namespace wavetank::properties {
namespace {

constexpr PlantedBug kBugs[] = {
    {"commit_before_sink", "A batch's commit is logged before its sink has committed."},
    {"append_not_synced",
     "An append to a log, a batch's definition say, is acknowledged before it is synced."},
    {"acknowledged_before_stored", "The store acknowledges a new file before its name is durable."},
    {"higher_epoch_not_looked_for",
     "An owner acts on what it has appended without looking for a newer owner."},
    {"late_owner_not_refused",
     "The store does what an owner asks of it after there is a newer one."},
    {"block_announced_before_stored",
     "A receiver has the driver take a block over before the block is stored."},
    {"output_before_input_is_logged", "A DStream batch runs before its input is durable."},
    {"completion_before_output", "A DStream batch is marked complete before its outputs have run."},
};

}  // namespace

std::span<const PlantedBug> PlantedBugs() { return kBugs; }

}  // namespace wavetank::properties
