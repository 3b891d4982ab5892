// Errors of the native half. Kernels throw ir::Error; the binding turns it into a JavaScript error with the same code.
// Grammar of every message: what was expected, for which name, what came.
#pragma once
#include <stdexcept>
#include <string>

namespace ir {

enum class Code { Argument, Shape, Alias, Memory, Unsupported, Backend, Aborted, Internal };

/// The stable code that JavaScript sees, for example "IR_E_SHAPE".
const char* codeName(Code code) noexcept;

class Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& message) : std::runtime_error(message), code_(code) {}
  Code code() const noexcept { return code_; }

 private:
  Code code_;
};

/// Throws Error(code, message) unless `ok`.
inline void require(bool ok, Code code, const std::string& message) {
  if (!ok) throw Error(code, message);
}

}  // namespace ir
