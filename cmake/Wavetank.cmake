# How every target of this project is compiled, and the three functions that make targets.

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "Wavetank is compiled by clang++-19 (g++ 12 compiles coroutines wrongly, "
                      "silently: docs/architecture.md). Use a preset: cmake --preset release")
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(FAST_LINKER NAMES ld.mold ld.lld-19 ld.lld)
if(FAST_LINKER)
  add_link_options(--ld-path=${FAST_LINKER})
endif()

add_compile_options(-Wall -Wextra -Wshadow -Werror -ffp-contract=off -fno-omit-frame-pointer)
include_directories(${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
if(WAVETANK_PLANTED)
  add_compile_definitions(WAVETANK_PLANTED=1)
endif()

# wavetank_library(NAME SOURCES... [DEPENDS targets...] [PRIVATE_DEPENDS targets...])
function(wavetank_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(wavetank_${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  add_library(wavetank::${name} ALIAS wavetank_${name})
  target_link_libraries(wavetank_${name} PUBLIC ${arg_DEPENDS} PRIVATE ${arg_PRIVATE_DEPENDS})
endfunction()

# wavetank_protos(NAME FILES...): messages of one folder, generated under their own path.
function(wavetank_protos name)
  add_library(wavetank_${name} STATIC ${ARGN})
  add_library(wavetank::${name} ALIAS wavetank_${name})
  target_link_libraries(wavetank_${name} PUBLIC protobuf::libprotobuf)
  protobuf_generate(TARGET wavetank_${name} LANGUAGE cpp IMPORT_DIRS ${CMAKE_SOURCE_DIR}
                    PROTOC_OUT_DIR ${CMAKE_BINARY_DIR})
  target_compile_options(wavetank_${name} PRIVATE -Wno-error)
  target_include_directories(wavetank_${name} SYSTEM PUBLIC ${CMAKE_BINARY_DIR})
endfunction()

# wavetank_test(NAME SOURCES... [DEPENDS targets...]): one binary a folder, as a unity build; one
# ctest entry a gtest case.
function(wavetank_test name)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 4)
  gtest_discover_tests(${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} DISCOVERY_TIMEOUT 60
                       PROPERTIES TIMEOUT 300)
endfunction()
