// Input for an interpreter, which reads files: one for each source.
#ifndef WAVETANK_TESTS_PROPERTIES_INTERPRETER_AS_FILES_H_
#define WAVETANK_TESTS_PROPERTIES_INTERPRETER_AS_FILES_H_

#include "properties/naive_query.h"

namespace wavetank::properties {

inline NaiveBatch AsFiles(NaiveBatch batch) {
  batch.file_ends = {batch.lines.size()};
  for (NaiveInput& input : batch.other_inputs) input.file_ends = {input.lines.size()};
  return batch;
}

}  // namespace wavetank::properties

#endif  // WAVETANK_TESTS_PROPERTIES_INTERPRETER_AS_FILES_H_
