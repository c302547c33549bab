#include "checkpoint/store.pb.h"

int main() {
  wavetank::checkpoint::ListRequest request;
  request.set_directory("d");
  return request.SerializeAsString().empty() ? 1 : 0;
}
