# blst, from the sources that the npm package c-kzg carries: Debian has no package of it.
include_guard(GLOBAL)

set(blst_folder ${PROJECT_SOURCE_DIR}/node_modules/c-kzg/deps/blst)
if(NOT EXISTS ${blst_folder}/src/server.c)
  message(FATAL_ERROR "${blst_folder} is missing: run tools/setup first")
endif()
# The package is pinned by the lockfile; this pins what is compiled into the program.
file(SHA256 ${blst_folder}/bindings/blst.h blst_header_hash)
file(SHA256 ${blst_folder}/src/server.c blst_server_hash)
set(blst_expected "46751d232019f03782b696768349a0de8272d61f3c3558ea396ff6ae42fa4e0e fb3c3a6a4db81d90113e7ef79d7dca4de33a5b5fd0baa0d56ef987947f93f9a8")
if(NOT "${blst_header_hash} ${blst_server_hash}" STREQUAL blst_expected)
  message(FATAL_ERROR "${blst_folder} is not the blst that this project was tested with")
endif()

add_library(blst STATIC ${blst_folder}/src/server.c ${blst_folder}/build/assembly.S)
target_include_directories(blst SYSTEM PUBLIC ${blst_folder}/bindings)
# Portable: the choice between adx and plain code is made at run time.
target_compile_definitions(blst PRIVATE __BLST_PORTABLE__)
target_compile_options(blst PRIVATE -O2 -fno-builtin -w)
