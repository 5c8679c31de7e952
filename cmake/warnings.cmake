# The warnings of our own code; system headers are not ours to mend.
add_library(gibbon_warnings INTERFACE)
target_compile_options(gibbon_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual
  # g++ 12 sees impossible sizes in comparisons of vectors of bytes (its bug 105329 and kin).
  -Wno-stringop-overread)
if(GIBBON_WARNINGS_AS_ERRORS)
  target_compile_options(gibbon_warnings INTERFACE -Werror)
endif()
