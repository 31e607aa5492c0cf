// The main function of every test program, for Catch2 packages that come without one.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
