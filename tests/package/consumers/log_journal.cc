#include "scenarios/fakes/log_journal.pb.h"

int main() {
  wavetank::scenarios::fakes::TopicMade record;
  return record.SerializeAsString().empty() ? 0 : 1;
}
