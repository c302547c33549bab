# cmake -DPROGRAM=FILE -DDIRECTORY=DIR -DTESTS=FILE -P list_suites.cmake: asks a program for its
# suites of tests, and writes what makes a test of ctest of each, run in DIR. (A test of each case,
# which gtest_discover_tests makes, costs a start of the program for each of some 2,500: as long as
# what they do.)
execute_process(COMMAND ${PROGRAM} --gtest_list_tests OUTPUT_VARIABLE listed
                COMMAND_ERROR_IS_FATAL ANY TIMEOUT 60)
string(REGEX MATCHALL "(^|\n)[^ \n]+\\.[^\n]*(\n  [^\n]*)*" suites "${listed}")
get_filename_component(program ${PROGRAM} NAME)
set(tests "")
foreach(suite IN LISTS suites)
  string(REGEX MATCHALL "\n  " cases "${suite}")
  list(LENGTH cases cost)  # those of many cases begin first
  string(REGEX REPLACE "^\n?([^ \n]+)\\..*" "\\1" suite "${suite}")
  string(APPEND tests
         "add_test([=[${program}.${suite}]=] [=[${PROGRAM}]=] [=[--gtest_filter=${suite}.*]=])\n"
         "set_tests_properties([=[${program}.${suite}]=] PROPERTIES TIMEOUT 900 COST ${cost}"
         " WORKING_DIRECTORY [=[${DIRECTORY}]=] ENVIRONMENT RC_PARAMS=seed=1)\n")
endforeach()
file(WRITE ${TESTS} "${tests}")
