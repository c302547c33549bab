# Headers of the C++ library and of other libraries, parsed once a build instead of once a source.
# None of ours is among them: what a change recompiles stays as it is. Only the preset `release`
# (and `planted`) asks for them; in all other presets sources have what they include and no more,
# so that a forgotten #include is an error there.

option(WAVETANK_PRECOMPILED_HEADERS "Parse other libraries' headers once" OFF)

set(precompiled_for_product
  <algorithm> <array> <atomic> <bit> <charconv> <chrono> <cmath> <compare> <concepts> <coroutine>
  <cstddef> <cstdint> <cstdio> <cstdlib> <cstring> <deque> <exception> <functional>
  <initializer_list> <iterator> <limits> <list> <map> <memory> <mutex> <numeric> <optional>
  <ranges> <set> <span> <string> <string_view> <tuple> <type_traits> <utility> <variant> <vector>
  <absl/container/btree_map.h> <absl/container/btree_set.h> <absl/container/flat_hash_map.h>
  <absl/status/status.h> <absl/status/statusor.h> <absl/strings/escaping.h>
  <absl/strings/match.h> <absl/strings/numbers.h> <absl/strings/str_cat.h>
  <absl/strings/str_format.h> <absl/strings/str_join.h> <absl/strings/str_split.h>
  <absl/strings/strip.h> <absl/time/time.h>
  <google/protobuf/descriptor.h> <google/protobuf/generated_message_reflection.h>
  <google/protobuf/message.h> <google/protobuf/repeated_field.h>)
set(precompiled_for_tests ${precompiled_for_product}
  <filesystem> <fstream> <sstream> <gmock/gmock.h> <gtest/gtest.h>)

# wavetank_precompile(NAME [FLAGS...]): makes precompiled/NAME.pch, by the target precompiled_NAME;
# with FLAGS of what its users have and those headers ask for. Not by target_precompile_headers:
# what CMake makes names the checkout it came from, so that no other one finds anything in ccache.
# A header that is read from standard input in the root directory names nothing: the file is the
# same in every checkout, to the byte.
function(wavetank_precompile name)
  set(file ${CMAKE_BINARY_DIR}/precompiled/${name})
  list(TRANSFORM precompiled_for_${name} REPLACE "(.+)" "#include \\1\n" OUTPUT_VARIABLE includes)
  list(JOIN includes "" includes)
  file(CONFIGURE OUTPUT ${file}.h CONTENT "${includes}")
  string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
  separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}")
  get_directory_property(options COMPILE_OPTIONS)
  list(FILTER options EXCLUDE REGEX "^-(W|ffile-prefix-map)")
  add_custom_command(
    OUTPUT ${file}.pch
    COMMAND ${CMAKE_CXX_COMPILER} ${flags} ${options} -std=c++20 -fpch-instantiate-templates
            ${ARGN} -Xclang -fno-pch-timestamp -MD -MT ${file}.pch -MF ${file}.d
            -x c++-header - -o ${file}.pch < ${file}.h
    DEPENDS ${file}.h
    DEPFILE ${file}.d
    WORKING_DIRECTORY /
    COMMENT "Precompiling the headers for ${name}")
  add_custom_target(precompiled_${name} DEPENDS ${file}.pch)
endfunction()

if(WAVETANK_PRECOMPILED_HEADERS)
  wavetank_precompile(product)
  wavetank_precompile(tests -DGTEST_HAS_PTHREAD=1 ${WAVETANK_TEST_FLAGS})
endif()

# wavetank_use_precompiled(TARGET product|tests)
function(wavetank_use_precompiled target name)
  if(WAVETANK_PRECOMPILED_HEADERS)
    add_dependencies(${target} precompiled_${name})
    target_compile_options(${target} PRIVATE
      "SHELL:-Xclang -include-pch -Xclang ${CMAKE_BINARY_DIR}/precompiled/${name}.pch")
  endif()
endfunction()
