# The libraries that the product links: found alike by this build and by find_package(wavetank).

find_package(absl CONFIG REQUIRED)
find_package(Protobuf REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(isal REQUIRED IMPORTED_TARGET GLOBAL libisal)
pkg_check_modules(lz4 REQUIRED IMPORTED_TARGET GLOBAL liblz4)
pkg_check_modules(mpfr REQUIRED IMPORTED_TARGET GLOBAL mpfr)
pkg_check_modules(nettle REQUIRED IMPORTED_TARGET GLOBAL nettle)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET GLOBAL re2)
pkg_check_modules(simdjson REQUIRED IMPORTED_TARGET GLOBAL simdjson)
pkg_check_modules(zlib REQUIRED IMPORTED_TARGET GLOBAL zlib)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET GLOBAL libzstd)
# Its package asks for -pthread, which this compiler's sources do not need: they link Threads.
set_property(TARGET PkgConfig::re2 PROPERTY INTERFACE_COMPILE_OPTIONS "")
# Its package asks for threads, which it needs for streams of documents, and nobody uses.
set_property(TARGET PkgConfig::simdjson PROPERTY INTERFACE_COMPILE_OPTIONS "")
