# The CUDA compiler and libraries of QSTAGE_CUDA, and the flags of every .cu file.
if(NOT CMAKE_CUDA_COMPILER)
  find_program(QS_NVCC nvcc HINTS ${CUDAToolkit_ROOT}/bin $ENV{CUDAToolkit_ROOT}/bin ${CMAKE_SOURCE_DIR}/build/cuda-toolkit/nvidia/cu13/bin NO_CACHE)
  if(NOT QS_NVCC)
    message(FATAL_ERROR "QSTAGE_CUDA needs nvcc of CUDA 13: put it on the PATH, set CUDAToolkit_ROOT, or run tools/cuda_toolkit, which installs one")
  endif()
  set(CMAKE_CUDA_COMPILER ${QS_NVCC})
endif()
if(NOT CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES "80-real;90-real;90-virtual")  # A100, H100 and H200; the intermediate code runs on what comes later
endif()
set(CMAKE_CUDA_STANDARD 17)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)
set(CMAKE_CUDA_RUNTIME_LIBRARY Static)  # the driver alone is needed on a machine that has the two solver libraries
enable_language(CUDA)
find_package(CUDAToolkit 13.0 REQUIRED)

# -Wpedantic would report the line markers that nvcc itself writes.
add_library(qs_cuda_flags INTERFACE)
target_compile_options(qs_cuda_flags INTERFACE "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wshadow;$<$<BOOL:${QSTAGE_WERROR}>:-Werror=all-warnings>>")
