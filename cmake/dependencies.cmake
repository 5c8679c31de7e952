# Every third-party library, found once. All are Debian 12 packages; tools/setup installs them.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(LibArchive REQUIRED)
find_package(Boost REQUIRED COMPONENTS serialization)
find_package(Pagmo REQUIRED)
# Not by find_package: libtorch's own search for protobuf settles on the shared library, and this has to
# be the static one (see src/gibbon/nn/importers/onnx/schema.cmake).
find_library(GIBBON_PROTOBUF_LITE libprotobuf-lite.a REQUIRED)
find_program(GIBBON_PROTOC protoc REQUIRED)
find_file(GIBBON_ONNX_PROTO onnx/onnx.proto PATH_SUFFIXES include PATHS /usr REQUIRED)
# libtorch's own configuration prints a warning about a missing static library on Debian: silence it.
set(CMAKE_MESSAGE_LOG_LEVEL_SAVED ${CMAKE_MESSAGE_LOG_LEVEL})
set(CMAKE_MESSAGE_LOG_LEVEL ERROR)
find_package(Torch REQUIRED)
set(CMAKE_MESSAGE_LOG_LEVEL ${CMAKE_MESSAGE_LOG_LEVEL_SAVED})
# at::parallel_for is a template: without it, it would run on one thread.
find_package(OpenMP REQUIRED COMPONENTS CXX)
# oneDNN, on which libtorch stands. Not by find_package: its configuration asks for OpenCL's headers, of
# which only its graphics part has need.
find_library(GIBBON_DNNL dnnl REQUIRED)
find_path(GIBBON_DNNL_HEADERS oneapi/dnnl/dnnl.hpp REQUIRED)
if(GIBBON_BUILD_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(GIBBON_BUILD_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()
