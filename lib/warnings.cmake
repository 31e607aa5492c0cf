# Warnings are errors, for our own code only: libraries come in as SYSTEM.
add_library(kaisar_warnings INTERFACE)
target_compile_options(kaisar_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wcast-align -Wformat=2 -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # C++20 designated initialisers leave out what keeps its default; g++ warns about that, clang does not.
  target_compile_options(kaisar_warnings INTERFACE -Wno-missing-field-initializers)
endif()
