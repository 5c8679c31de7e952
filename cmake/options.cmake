# What a build can be told; everything has a default that suits a user.
option(GIBBON_BUILD_TESTS "Build the tests" ON)
option(GIBBON_BUILD_BENCHMARKS "Build the benchmarks (Google Benchmark)" OFF)
option(GIBBON_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" OFF)
# Half the work of a whole build, but a change to one file compiles its batch again.
option(CMAKE_UNITY_BUILD "Compile the files of a module in batches" ON)
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8 CACHE STRING "Files in a batch")
set(GIBBON_SANITIZE "" CACHE STRING "Sanitizers to build with: address, undefined, thread (comma list)")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(GIBBON_CCACHE ccache)
if(GIBBON_CCACHE)
  # It caches what includes a precompiled header only with these (its manual, "Precompiled headers").
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
                                  ${GIBBON_CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  endif()
endif()

if(GIBBON_SANITIZE)
  add_compile_options(-fsanitize=${GIBBON_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${GIBBON_SANITIZE})
endif()
