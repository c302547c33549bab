#include "runtime/structured/data_frame.h"

int main() {
  wavetank::runtime::Session session;
  session.ReadStream().Format("text").Load("in").WriteStream().Format("file").Start();
  return session.queries().size() == 1 ? 0 : 1;
}
