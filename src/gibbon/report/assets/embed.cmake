# Included: adds the report's assets to the target gibbon_report, made again when a file changes.
# Run with -P: writes OUTPUT, a source file with the assets as arrays of bytes (a raw string literal
# would end at 64 KiB with some compilers).
set(GIBBON_ASSET_NAMES Page Style Charts Report ReportScript Figure FigureScript)
set(GIBBON_ASSET_FILES page.html page.css charts.js report.html report.js figure.html figure.js)

if(CMAKE_SCRIPT_MODE_FILE)
  set(source "#include \"gibbon/report/assets/assets.hpp\"\n\nnamespace gibbon::report::assets {\n")
  foreach(name file IN ZIP_LISTS GIBBON_ASSET_NAMES GIBBON_ASSET_FILES)
    file(READ ${CMAKE_CURRENT_LIST_DIR}/${file} bytes HEX)
    string(LENGTH "${bytes}" digits)
    math(EXPR size "${digits} / 2")
    string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
    string(APPEND source "static constexpr char k${name}Bytes[] = {\n${bytes}\n};\n"
      "const std::string_view k${name}(k${name}Bytes, ${size});\n")
  endforeach()
  string(APPEND source "}  // namespace gibbon::report::assets\n")
  file(WRITE ${OUTPUT} "${source}")
  return()
endif()

set(GIBBON_ASSET_SOURCE ${CMAKE_CURRENT_BINARY_DIR}/report_assets.cpp)
list(TRANSFORM GIBBON_ASSET_FILES PREPEND ${CMAKE_CURRENT_LIST_DIR}/
  OUTPUT_VARIABLE GIBBON_ASSET_PATHS)
add_custom_command(OUTPUT ${GIBBON_ASSET_SOURCE}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${GIBBON_ASSET_SOURCE} -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${GIBBON_ASSET_PATHS} ${CMAKE_CURRENT_LIST_FILE}
  COMMENT "Embedding the report's page")
target_sources(gibbon_report PRIVATE ${GIBBON_ASSET_SOURCE})
