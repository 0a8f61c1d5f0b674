# Included by the root, before the library: compiles some files for more than the least processor.
# Their functions are called only where the processor has what they need.
set(checksum_folder ${CMAKE_CURRENT_LIST_DIR})
# XXH3 keeps its lanes in registers only if the loops over them are unrolled: eightfold speed.
set_source_files_properties(${checksum_folder}/xxh3_baseline.cc PROPERTIES
                            COMPILE_OPTIONS "-funroll-loops")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set_source_files_properties(${checksum_folder}/crc_sse.cc PROPERTIES
                              COMPILE_OPTIONS "-msse4.2;-mpclmul")
  set_source_files_properties(${checksum_folder}/crc_avx2.cc PROPERTIES
                              COMPILE_OPTIONS "-mavx2;-mpclmul;-mvpclmulqdq")
  set_source_files_properties(${checksum_folder}/crc_avx512.cc PROPERTIES
                              COMPILE_OPTIONS "-mavx512f;-mavx512vl;-mpclmul;-mvpclmulqdq")
  set_source_files_properties(${checksum_folder}/xxh3_avx2.cc PROPERTIES
                              COMPILE_OPTIONS "-mavx2;-funroll-loops")
  # GCC 12 warns of uninitialized variables inside its own AVX-512 header.
  set_source_files_properties(${checksum_folder}/xxh3_avx512.cc PROPERTIES
                              COMPILE_OPTIONS "-mavx512f;-funroll-loops;-Wno-uninitialized")
endif()
