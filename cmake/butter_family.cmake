# butter_family(NAME) registers chains/<NAME>: namespace butter::NAME with make_family() in
# chains/NAME/module.hpp. butter_write_families(FILE) writes the source that lists all of them, so that a new
# family is one folder and nothing else.
include_guard(GLOBAL)

function(butter_family name)
  set_property(GLOBAL APPEND PROPERTY BUTTER_FAMILIES ${name})
endfunction()

function(butter_write_families file)
  get_property(families GLOBAL PROPERTY BUTTER_FAMILIES)
  set(includes "")
  set(entries "")
  foreach(family IN LISTS families)
    string(APPEND includes "#include \"chains/${family}/module.hpp\"\n")
    string(APPEND entries "    families.push_back(${family}::make_family());\n")
  endforeach()
  file(CONFIGURE OUTPUT ${file} @ONLY CONTENT [[
// Written by cmake/butter_family.cmake.
#include "butter/app/families.hpp"
@includes@
namespace butter::app {

std::vector<std::unique_ptr<chain::Family>> make_families() {
    std::vector<std::unique_ptr<chain::Family>> families;
@entries@    return families;
}

}  // namespace butter::app
]])
endfunction()
