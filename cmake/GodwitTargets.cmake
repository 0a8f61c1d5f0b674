# Flags and target functions shared by all folders.

add_library(godwit_flags INTERFACE)
target_include_directories(godwit_flags INTERFACE ${PROJECT_SOURCE_DIR}
                                                  ${PROJECT_SOURCE_DIR}/include)
target_compile_options(
  godwit_flags
  INTERFACE -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
            -Wold-style-cast -Wcast-qual -Wimplicit-fallthrough -fno-strict-aliasing)
if(GODWIT_SANITIZE)
  target_compile_options(godwit_flags INTERFACE -fsanitize=${GODWIT_SANITIZE}
                                                -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(godwit_flags INTERFACE -fsanitize=${GODWIT_SANITIZE})
endif()
if(GODWIT_COVERAGE)
  target_compile_options(godwit_flags INTERFACE --coverage)
  target_link_options(godwit_flags INTERFACE --coverage)
endif()

# godwit_library(FOLDER DEPENDS folder... PRIVATE_DEPENDS target...): the static library of
# lib/FOLDER, made of the folder's own .cc files (not those of folders inside it). A third-party
# library is a private dependency, so that its headers cannot be seen from other folders.
function(godwit_library folder)
  cmake_parse_arguments(arg "" "" "DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  string(REPLACE "/" "_" name godwit_${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/${folder}/*.cc)
  if(NOT sources)
    add_library(${name} INTERFACE)
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC godwit_flags)
  foreach(dependency ${arg_DEPENDS})
    string(REPLACE "/" "_" dependency godwit_${dependency})
    target_link_libraries(${name} PUBLIC ${dependency})
  endforeach()
  target_link_libraries(${name} PRIVATE ${arg_PRIVATE_DEPENDS})
endfunction()

# godwit_gtest_entry(NAME LAYER label COMMAND...): one CTest entry of a GoogleTest program. Where
# GTEST_OUTPUT names a folder, the entry's report gets a file of its own: left to itself a program
# that runs twice side by side chooses one name for both.
function(godwit_gtest_entry name layer)
  add_test(NAME ${name} COMMAND ${ARGN})
  set_tests_properties(
    ${name} PROPERTIES LABELS ${layer} TIMEOUT 600
                       ENVIRONMENT_MODIFICATION "GTEST_OUTPUT=string_append:${name}.json")
endfunction()

# godwit_test(NAME LAYER label SOURCES file... LINKS target...): a GoogleTest program, registered
# with CTest under its layer's label. Skipped silently while it has no source file.
function(godwit_test name)
  cmake_parse_arguments(arg "" "LAYER" "SOURCES;LINKS" ${ARGN})
  if(NOT arg_SOURCES)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINKS} godwit_flags GTest::gmock GTest::gtest_main)
  godwit_gtest_entry(${name} ${arg_LAYER} ${name})
endfunction()

# godwit_python_tests(LAYER): every test_*.py of the current folder as one CTest entry. tests/run.sh
# names the interpreter that has boto3.
function(godwit_python_tests layer)
  file(GLOB programs CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/test_*.py)
  foreach(program ${programs})
    get_filename_component(name ${program} NAME_WE)
    set(labels ${layer})
    # ThreadSanitizer makes processes slow to start: those programs that start hundreds go without.
    if(GODWIT_SANITIZE STREQUAL "thread" AND layer STREQUAL "fault" AND NOT name MATCHES
                                                                        "proofs|clouds|jobs")
      list(APPEND labels tsan)
    endif()
    add_test(NAME ${layer}_${name}
             COMMAND sh -c "exec \"\${GODWIT_TEST_PYTHON:-python3}\" '${program}'")
    set_tests_properties(
      ${layer}_${name} PROPERTIES LABELS "${labels}" TIMEOUT 1200
                                  ENVIRONMENT "PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/harness")
  endforeach()
endfunction()
