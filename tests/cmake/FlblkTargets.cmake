# How every target of this project is compiled.
add_library(flblk_options INTERFACE)
target_include_directories(flblk_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(flblk_options INTERFACE
  -Wall -Wextra -Wshadow -Wpedantic $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)
if(FLBLK_WERROR)
  target_compile_options(flblk_options INTERFACE -Werror)
endif()
if(FLBLK_SANITIZE)
  # For every target, the BLAKE3 sources included. -g1: reports need lines only, and it compiles in three quarters of the time.
  add_compile_options(-fsanitize=${FLBLK_SANITIZE} -fno-omit-frame-pointer -O1 -g1)
  add_link_options(-fsanitize=${FLBLK_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-maybe-uninitialized)  # false alarms in <regex> and others under sanitizers
  endif()
  if(FLBLK_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=all)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      add_compile_options(-fno-sanitize=function)  # clang 14 and coroutines
    endif()
  endif()
endif()
if(FLBLK_FUZZ)
  # Coverage feedback for every library a fuzzer links; the fuzzers add libFuzzer's main (tests/fuzz).
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

# flblk_library(name [PURE] SOURCES ... [LINK ...])
# PURE: no exceptions may be thrown or caught (signer, wire, rlpx, core).
function(flblk_library name)
  cmake_parse_arguments(ARG "PURE" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC flblk_options ${ARG_LINK})
  if(ARG_PURE)
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>)
  endif()
endfunction()

# flblk_test(name SOURCES ... [LINK ...] [TIMEOUT seconds] [LABELS ...]): a GoogleTest program that is one
# ctest, labelled with its folder's name and built by the target tests_<folder> too. Vectors and fixtures are
# found below FLBLK_TEST_DATA.
function(flblk_test name)
  if(NOT FLBLK_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE flblk_options ${ARG_LINK} GTest::gmock GTest::gtest_main)
  target_compile_options(${name} PRIVATE -g1)  # lines, no variables: a third of the time to compile
  target_compile_definitions(${name} PRIVATE
    FLBLK_TEST_DATA="${PROJECT_SOURCE_DIR}/tests" FLBLK_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(FLBLK_PCH)
    flblk_test_headers(${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${folder};${ARG_LABELS}")
  if(NOT TARGET tests_${folder})
    add_custom_target(tests_${folder})
  endif()
  add_dependencies(tests_${folder} ${name})
  flblk_sanitized(${name})
endfunction()

# flblk_test_headers(test): one precompiled header for all tests, which halves the time to compile a small one.
function(flblk_test_headers name)
  if(NOT TARGET flblk_test_pch)
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/test_pch.cc CONTENT "int main() {}\n")
    add_executable(flblk_test_pch EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/test_pch.cc)
    target_link_libraries(flblk_test_pch PRIVATE flblk_options absl::statusor absl::strings GTest::gmock)
    target_compile_options(flblk_test_pch PRIVATE -g1)
    target_precompile_headers(flblk_test_pch PRIVATE <gmock/gmock.h> <gtest/gtest.h> <absl/status/statusor.h>
      <absl/strings/str_cat.h>)
  endif()
  target_precompile_headers(${name} REUSE_FROM flblk_test_pch)
endfunction()

# flblk_sanitized(test...): what tests need to know of the sanitizers.
function(flblk_sanitized)
  if(FLBLK_SANITIZE MATCHES "thread")
    set_tests_properties(${ARGN} PROPERTIES
      ENVIRONMENT "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp")
  endif()
endfunction()
