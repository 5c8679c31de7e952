# The installed program finds its presets and gibbon-full, wherever it is started from.
# Run with -DBUILD=(build folder) -DPREFIX=(a folder of its own) -P.
function(expect_output expected)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${PREFIX}
    OUTPUT_VARIABLE output ERROR_VARIABLE error RESULT_VARIABLE result)
  if(NOT result EQUAL 0 OR NOT output MATCHES "${expected}")
    message(FATAL_ERROR "${ARGN}: ${result}\n${output}${error}\nexpected: ${expected}")
  endif()
endfunction()

file(REMOVE_RECURSE ${PREFIX})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX}
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
expect_output("compact" ${PREFIX}/bin/gibbon space show compact)
expect_output("lenet-fashion" ${PREFIX}/bin/gibbon list networks)  # gibbon-full answers
file(REMOVE_RECURSE ${PREFIX})
