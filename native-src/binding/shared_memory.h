// Memory that two processes see: a file without a name that lives in memory, handed on to a child as an open descriptor and mapped by both.
#pragma once
#include <napi.h>

namespace ir::binding {

/// createMemory(bytes) -> descriptor. Pages are taken as they are first touched.
Napi::Value createMemory(const Napi::CallbackInfo& info);

/// mapMemory(descriptor, bytes) -> ArrayBuffer over the file; unmapped when it is collected. The descriptor may be closed.
Napi::Value mapMemory(const Napi::CallbackInfo& info);

}  // namespace ir::binding
