# Flags of every target, on one interface library.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O3")  # asserts are ours (QS_ASSERT) and stay on; no -march=native, no fast-math: binaries travel, NaNs are seen

add_library(qs_flags INTERFACE)
target_compile_options(qs_flags INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;$<$<BOOL:${QSTAGE_WERROR}>:-Werror>>")
# GCC 12 reports these two inside inlined std::string and fmt code that is sound (GCC bugs 105329, 105651).
target_compile_options(qs_flags INTERFACE "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict;-Wno-stringop-overflow>")
target_include_directories(qs_flags INTERFACE ${CMAKE_SOURCE_DIR})
if(QSTAGE_FUZZ)
  set(QSTAGE_SANITIZE ON)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "QSTAGE_FUZZ needs clang, which brings libFuzzer: configure with CC=clang CXX=clang++")
  endif()
  target_compile_options(qs_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(QSTAGE_SANITIZE)
  # With -fsanitize=address g++ 12 takes what std::regex and std::function leave in place for uninitialised (GCC bug 105562).
  target_compile_options(qs_flags INTERFACE "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>")
  target_compile_options(qs_flags INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=address,undefined;-fno-omit-frame-pointer>")
  target_link_options(qs_flags INTERFACE -fsanitize=address,undefined)
endif()

find_program(QSTAGE_CCACHE ccache)
if(QSTAGE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${QSTAGE_CCACHE})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${QSTAGE_CCACHE})
endif()

# qs_library(<name> SOURCES ... [PUBLIC <libs>] [PRIVATE <libs>]): a static library with the house flags.
function(qs_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC qs_flags ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()
