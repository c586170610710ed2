# butter_library(NAME [IO] [DEPENDS target...]) declares the library in the current folder.
#
# Its sources are the folder's *.cpp; what stands beside them by the naming convention becomes its
# own target: x_test.cpp a test, x_bench.cpp a benchmark, x_fuzz.cpp a fuzz target. A library without
# IO is pure: it is built without exceptions and touches no network, clock, disk or thread.
include_guard(GLOBAL)

function(butter_library name)
  cmake_parse_arguments(arg "IO" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cpp)
  file(GLOB benches CONFIGURE_DEPENDS *_bench.cpp)
  file(GLOB fuzzers CONFIGURE_DEPENDS *_fuzz.cpp)
  if(tests OR benches OR fuzzers)
    list(REMOVE_ITEM sources ${tests} ${benches} ${fuzzers})
  endif()

  set(target butter_${name})
  if(sources)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PUBLIC butter_flags ${arg_DEPENDS})
    if(NOT arg_IO)
      target_compile_options(${target} PRIVATE -fno-exceptions)
    endif()
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE butter_flags ${arg_DEPENDS})
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${target} GTest::gtest GTest::gtest_main rapidcheck)
    target_compile_definitions(${name}_test PRIVATE
      BUTTER_VECTORS="${PROJECT_SOURCE_DIR}/test/vectors"
      BUTTER_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    add_test(NAME ${name} COMMAND ${name}_test)
    # A test that has not ended by then hangs; none depends on how fast the machine is.
    set_tests_properties(${name} PROPERTIES TIMEOUT 600 LABELS unit)
    add_dependencies(unit_tests ${name}_test)
  endif()

  foreach(bench ${benches})
    get_filename_component(stem ${bench} NAME_WE)
    add_executable(${stem} EXCLUDE_FROM_ALL ${bench})
    target_link_libraries(${stem} PRIVATE ${target} benchmark::benchmark benchmark::benchmark_main)
    target_compile_definitions(${stem} PRIVATE BUTTER_VECTORS="${PROJECT_SOURCE_DIR}/test/vectors")
    add_dependencies(bench ${stem})
  endforeach()

  if(BUTTER_FUZZ)
    foreach(fuzzer ${fuzzers})
      get_filename_component(stem ${fuzzer} NAME_WE)
      add_executable(${stem} ${fuzzer})
      target_link_libraries(${stem} PRIVATE ${target})
      target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
      # The committed corpus is replayed as a test, without searching further.
      if(EXISTS ${PROJECT_SOURCE_DIR}/fuzz/corpus/${stem})
        add_test(NAME ${stem} COMMAND ${stem} -runs=0 ${PROJECT_SOURCE_DIR}/fuzz/corpus/${stem})
      endif()
    endforeach()
  endif()
endfunction()
