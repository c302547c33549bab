# cmake -DPAGE=FOLDER -DOUTPUT=FILE.cc -P embed.cmake: the pages, with the files that they name by
# @@NAME@@ on a line of its own put in, as C++ strings.

function(read_page name result)
  file(READ ${PAGE}/${name} text)
  string(REGEX MATCHALL "@@[a-z_]+\\.[a-z]+@@" parts "${text}")
  foreach(part ${parts})
    string(REPLACE "@@" "" file ${part})
    file(READ ${PAGE}/${file} content)
    string(FIND "${content}" "</script" found)
    if(NOT found EQUAL -1)
      message(FATAL_ERROR "${PAGE}/${file} holds what ends a script")
    endif()
    string(REPLACE "${part}" "${content}" text "${text}")
  endforeach()
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

read_page(page.html page)
read_page(index.html index)
file(WRITE ${OUTPUT} "// Made by scenarios/report_page/embed.cmake.
#include \"scenarios/report_page/pages.h\"

namespace wavetank::scenarios {

const std::string_view kRunPage = R\"page(${page})page\";

const std::string_view kIndexPage = R\"page(${index})page\";

}  // namespace wavetank::scenarios
")
