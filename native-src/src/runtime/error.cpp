#include "ir/error.h"

namespace ir {

const char* codeName(Code code) noexcept {
  switch (code) {
    case Code::Argument: return "IR_E_ARGUMENT";
    case Code::Shape: return "IR_E_SHAPE";
    case Code::Alias: return "IR_E_ALIAS";
    case Code::Memory: return "IR_E_MEMORY";
    case Code::Unsupported: return "IR_E_UNSUPPORTED";
    case Code::Backend: return "IR_E_BACKEND";
    case Code::Aborted: return "IR_E_ABORTED";
    case Code::Internal: break;
  }
  return "IR_E_INTERNAL";
}

}  // namespace ir
