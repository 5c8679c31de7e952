# gibbon_module(NAME [COMMON_HEADERS] [EXCLUDE regex] [PUBLIC libs...] [PRIVATE libs...])
#   One static library gibbon_NAME of every source under src/gibbon/NAME, but for the paths that
#   EXCLUDE matches. PUBLIC and PRIVATE name the modules and third-party libraries that it stands on.
#   COMMON_HEADERS: it reads the precompiled headers of gibbon_headers, for which its own compile
#   options must be the common ones.
function(gibbon_module name)
  cmake_parse_arguments(ARG "COMMON_HEADERS" "EXCLUDE" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  if(ARG_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "${ARG_EXCLUDE}")
  endif()
  if(NOT sources)
    add_library(gibbon_${name} INTERFACE)
    target_include_directories(gibbon_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(gibbon_${name} INTERFACE ${ARG_PUBLIC} ${ARG_PRIVATE})
    return()
  endif()
  # Kernels choose instruction sets of their own, up to the end of their file.
  set(kernels ${sources})
  list(FILTER kernels INCLUDE REGEX "(kernel[^/]*|_avx512)\\.cpp$")
  set_source_files_properties(${kernels} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  add_library(gibbon_${name} STATIC ${sources})
  target_include_directories(gibbon_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(gibbon_${name} PUBLIC ${ARG_PUBLIC} PRIVATE gibbon_warnings ${ARG_PRIVATE})
  if(ARG_COMMON_HEADERS)
    target_precompile_headers(gibbon_${name} REUSE_FROM gibbon_headers)
  endif()
endfunction()

# gibbon_tests(NAME [libs...])
#   One test program gibbon_NAME_tests of every *.cpp under tests/NAME, registered with ctest. It is
#   linked with the module of that name, if there is one.
function(gibbon_tests name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  # As in gibbon_module. Instructions with constants in them need the optimiser.
  set(kernels ${sources})
  list(FILTER kernels INCLUDE REGEX "_avx512\\.cpp$")
  set_source_files_properties(${kernels} PROPERTIES
    SKIP_UNITY_BUILD_INCLUSION ON SKIP_PRECOMPILE_HEADERS ON COMPILE_OPTIONS -O2)
  add_executable(gibbon_${name}_tests ${sources})
  target_include_directories(gibbon_${name}_tests PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  # Optimising the tests themselves takes half of a build and saves nothing when they run.
  target_compile_options(gibbon_${name}_tests PRIVATE -O0)
  target_precompile_headers(gibbon_${name}_tests REUSE_FROM gibbon_test_headers)
  target_compile_definitions(gibbon_${name}_tests PRIVATE
    GIBBON_SOURCE_DIR="${CMAKE_SOURCE_DIR}" GIBBON_BINARY_DIR="${CMAKE_BINARY_DIR}")
  if(TARGET gibbon_${name})
    target_link_libraries(gibbon_${name}_tests PRIVATE gibbon_${name})
  endif()
  target_link_libraries(gibbon_${name}_tests PRIVATE
    gibbon_warnings ${ARGN} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(gibbon_${name}_tests
    TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 120 PROPERTIES TIMEOUT 600)
endfunction()
