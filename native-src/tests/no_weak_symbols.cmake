# cmake -DOBJECTS=a.o,b.o -DNM=/usr/bin/nm -P no_weak_symbols.cmake
# Fails when an object defines a symbol that the linker may merge with another object's (nm types W, V, u): the copy it keeps may be compiled for
# an instruction set that the processor lacks. Undefined weak references (w, v) and DW.ref.*, the compiler's own pointers to a runtime's
# personality routine, are no code and harmless.
string(REPLACE "," ";" objects "${OBJECTS}")
if(NOT objects)
  message(FATAL_ERROR "expected OBJECTS to name at least one object file")
endif()

set(found "")
set(defined 0)
foreach(object IN LISTS objects)
  execute_process(COMMAND "${NM}" --defined-only "${object}" OUTPUT_VARIABLE listing ERROR_VARIABLE complaint RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${NM} failed on ${object}: ${complaint}")
  endif()
  string(REPLACE "\n" ";" lines "${listing}")
  foreach(line IN LISTS lines)
    if(line MATCHES "^[0-9a-fA-F]+ [A-Za-z] ")
      math(EXPR defined "${defined} + 1")
    endif()
    if(line MATCHES "^[0-9a-fA-F]+ ([WVu]) (.+)$" AND NOT line MATCHES " DW\\.ref\\.")
      string(APPEND found "\n  ${CMAKE_MATCH_1} ${CMAKE_MATCH_2} in ${object}")
    endif()
  endforeach()
endforeach()

if(defined EQUAL 0)
  message(FATAL_ERROR "expected nm to list symbols of ${OBJECTS}; it listed none")
endif()
if(found)
  message(FATAL_ERROR "expected no mergeable weak symbols in variant objects, found:${found}")
endif()
