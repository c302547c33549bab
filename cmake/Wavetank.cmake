# How every target of this project is compiled and installed, and the functions that make targets.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "Wavetank is compiled by clang++-19 (g++ 12 compiles coroutines wrongly, "
                      "silently: docs/architecture.md). Use a preset: cmake --preset release")
endif()

# What is compiled does not name the checkout it came from (see also -ffile-prefix-map below), so
# one cache serves every checkout. What a source depends on is what the compiler says that it read:
# a preprocessor run for the cache alone would cost a first build time, and clang's does not know
# precompiled headers (cmake/precompiled.cmake).
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
                            CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
find_program(FAST_LINKER NAMES ld.mold ld.lld-19 ld.lld)
if(FAST_LINKER)
  add_link_options(--ld-path=${FAST_LINKER})
endif()

# DWARF 4, because Debian's valgrind cannot read clang's DWARF 5.
add_compile_options(-Wall -Wextra -Wshadow -Werror -Werror=unused-result
                    -ffp-contract=off -fno-omit-frame-pointer -fdebug-default-version=4
                    -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
set(WAVETANK_TEST_FLAGS "" CACHE STRING "What sources of tests are compiled with besides")
# XXH3 is compiled in, so that an embedding program has one library less to link.
add_compile_definitions(XXH_INLINE_ALL)
include(${CMAKE_CURRENT_LIST_DIR}/precompiled.cmake)

# Has the bugs in those of a target's sources that ask for them, also in what folders below its own
# add to it: hence at the end, when all of these were read. What includes platform/planted.h is a
# source, never a header: all others are compiled as for `release`, and found in its cache.
function(wavetank_plant_bugs target)
  if(WAVETANK_PLANTED)
    cmake_language(EVAL CODE "cmake_language(DEFER CALL wavetank_plant_bugs_now ${target})")
  endif()
endfunction()

function(wavetank_plant_bugs_now target)
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    cmake_path(ABSOLUTE_PATH source OUTPUT_VARIABLE file)
    if(NOT EXISTS ${file})
      continue()
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(STRINGS ${file} asked REGEX "platform/planted.h")
    if(asked)
      set_property(SOURCE ${file} APPEND PROPERTY COMPILE_DEFINITIONS WAVETANK_PLANTED=1)
    endif()
  endforeach()
endfunction()

# Everything a user runs or links, without tests and benchmarks.
add_custom_target(product)

set(WAVETANK_INCLUDE_DIR ${CMAKE_INSTALL_INCLUDEDIR}/wavetank)

function(wavetank_install_target name)
  add_library(wavetank::${name} ALIAS wavetank_${name})
  set_target_properties(wavetank_${name} PROPERTIES EXPORT_NAME ${name})
  add_dependencies(product wavetank_${name})
  set_property(GLOBAL APPEND PROPERTY WAVETANK_LIBRARIES wavetank::${name})
  set_property(GLOBAL APPEND PROPERTY WAVETANK_COMPONENTS ${name})
  install(TARGETS wavetank_${name} EXPORT wavetank ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

# wavetank_library(NAME SOURCES... [DEPENDS targets...] [PRIVATE_DEPENDS targets...]
# [BUILD_DEPENDS targets...]): the library of one folder, installed as wavetank::NAME with the
# folder's headers. BUILD_DEPENDS are headers that its sources include and that nobody links: who
# links the installed library need not have them.
function(wavetank_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS;PRIVATE_DEPENDS;BUILD_DEPENDS" ${ARGN})
  add_library(wavetank_${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  wavetank_plant_bugs(wavetank_${name})
  target_link_libraries(wavetank_${name} PUBLIC ${arg_DEPENDS} PRIVATE ${arg_PRIVATE_DEPENDS})
  foreach(headers ${arg_BUILD_DEPENDS})
    target_link_libraries(wavetank_${name} PRIVATE $<BUILD_INTERFACE:${headers}>)
  endforeach()
  target_compile_features(wavetank_${name} PUBLIC cxx_std_20)
  wavetank_use_precompiled(wavetank_${name} product)
  target_include_directories(wavetank_${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<INSTALL_INTERFACE:${WAVETANK_INCLUDE_DIR}>)
  wavetank_install_target(${name})
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/ DESTINATION ${WAVETANK_INCLUDE_DIR}/${folder}
          FILES_MATCHING PATTERN "*.h")
endfunction()

# wavetank_protos(NAME FILES...): messages of one folder, generated under their own path. (Not by
# protobuf_generate: CMake's takes paths from the calling folder, and drops that folder's name.)
function(wavetank_protos name)
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  foreach(proto ${ARGN})
    cmake_path(GET proto PARENT_PATH below)
    cmake_path(GET proto STEM stem)
    cmake_path(APPEND CMAKE_BINARY_DIR ${folder} ${below} ${stem}.pb OUTPUT_VARIABLE output)
    add_custom_command(
      OUTPUT ${output}.h ${output}.cc
      COMMAND protobuf::protoc --cpp_out=${CMAKE_BINARY_DIR} -I${CMAKE_SOURCE_DIR}
              ${folder}/${proto}
      WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${proto} protobuf::protoc
      COMMENT "Generating ${folder}/${proto}")
    list(APPEND sources ${output}.cc)
    install(FILES ${output}.h ${CMAKE_CURRENT_SOURCE_DIR}/${proto}
            DESTINATION ${WAVETANK_INCLUDE_DIR}/${folder}/${below})
  endforeach()
  add_library(wavetank_${name} STATIC ${sources})
  target_link_libraries(wavetank_${name} PUBLIC protobuf::libprotobuf)
  target_compile_options(wavetank_${name} PRIVATE -Wno-error)
  wavetank_use_precompiled(wavetank_${name} product)
  target_include_directories(wavetank_${name} SYSTEM PUBLIC
    $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}> $<INSTALL_INTERFACE:${WAVETANK_INCLUDE_DIR}>)
  wavetank_install_target(${name})
endfunction()

# wavetank_program(NAME SOURCES... [DEPENDS targets...]): a program in bin/, installed.
function(wavetank_program name)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS})
  wavetank_use_precompiled(${name} product)
  add_dependencies(product ${name})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# wavetank_example(NAME SOURCE DEPENDS targets...): a program in bin/ that stays there.
function(wavetank_example name source)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS})
  wavetank_use_precompiled(${name} product)
  add_dependencies(product ${name})
endfunction()

# wavetank_test(NAME SOURCES... [DEPENDS targets...]): one binary a folder, as a unity build; one
# ctest entry a suite.
function(wavetank_test name)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  wavetank_plant_bugs(${name})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} GTest::gmock GTest::gtest_main)
  target_compile_options(${name} PRIVATE ${WAVETANK_TEST_FLAGS})
  wavetank_use_precompiled(${name} tests)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 4)
  set(tests ${CMAKE_CURRENT_BINARY_DIR}/${name}_suites.cmake)
  add_custom_command(TARGET ${name} POST_BUILD BYPRODUCTS ${tests}
                     COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:${name}> -DTESTS=${tests}
                             -DDIRECTORY=${CMAKE_SOURCE_DIR}
                             -P ${CMAKE_SOURCE_DIR}/cmake/list_suites.cmake VERBATIM)
  set(include ${CMAKE_CURRENT_BINARY_DIR}/${name}_include.cmake)
  file(WRITE ${include} "include(\"${tests}\" OPTIONAL RESULT_VARIABLE found)\n"
       "if(NOT found)\n  add_test(${name}_is_not_built ${name}_is_not_built)\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${include})
endfunction()

# find_package(wavetank) for embedding programs. Called last, once every target exists.
function(wavetank_install_package)
  set(destination ${CMAKE_INSTALL_LIBDIR}/cmake/wavetank)
  install(EXPORT wavetank NAMESPACE wavetank:: FILE wavetank-targets.cmake
          DESTINATION ${destination})
  get_property(WAVETANK_COMPONENTS GLOBAL PROPERTY WAVETANK_COMPONENTS)
  configure_file(${CMAKE_SOURCE_DIR}/cmake/wavetank-config.cmake.in
                 ${CMAKE_BINARY_DIR}/wavetank-config.cmake @ONLY)
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/wavetank-config-version.cmake
                                   COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_BINARY_DIR}/wavetank-config.cmake
                ${CMAKE_SOURCE_DIR}/cmake/dependencies.cmake
                ${CMAKE_BINARY_DIR}/wavetank-config-version.cmake DESTINATION ${destination})
  install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endfunction()
