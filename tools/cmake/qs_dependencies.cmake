# Debian 12 packages only; nothing is downloaded. README.md gives the reason for each.
find_package(Threads REQUIRED)
find_package(MPI REQUIRED COMPONENTS C)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
set(HDF5_PREFER_PARALLEL OFF)
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(PkgConfig REQUIRED)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
find_path(SPECTRA_INCLUDE_DIR Spectra/SymEigsSolver.h REQUIRED)
find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)
find_path(OPENBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES x86_64-linux-gnu/openblas-pthread x86_64-linux-gnu openblas REQUIRED)
find_path(LAPACKE_INCLUDE_DIR lapacke.h REQUIRED)
find_library(OPENBLAS_LIBRARY openblas REQUIRED)
find_library(LAPACKE_LIBRARY lapacke REQUIRED)

if(NOT TARGET yaml-cpp::yaml-cpp)  # 0.7 has no namespace
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()

add_library(qs_hdf5 INTERFACE)  # FindHDF5 of CMake 3.25 gives variables, not always targets
target_include_directories(qs_hdf5 SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(qs_hdf5 INTERFACE ${HDF5_C_LIBRARIES})

add_library(qs_blas INTERFACE)
target_include_directories(qs_blas SYSTEM INTERFACE ${OPENBLAS_INCLUDE_DIR} ${LAPACKE_INCLUDE_DIR})
target_link_libraries(qs_blas INTERFACE ${LAPACKE_LIBRARY} ${OPENBLAS_LIBRARY})

if(QSTAGE_TESTS)
  find_package(GTest REQUIRED)
endif()
