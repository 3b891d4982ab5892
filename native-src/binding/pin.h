// Memory of JavaScript buffers, held for as long as a kernel runs.
//
// A reference alone does not stop a script from transferring an ArrayBuffer (its memory then belongs to another, which may be collected) or
// from shrinking a resizable one. So the addon takes a share of V8's own BackingStore, which keeps the memory itself alive. Where that is not
// possible (another runtime, a resizable buffer, IR_NATIVE_BUFFERS=copy) inputs are copied in and outputs copied back.
#pragma once
#include <napi.h>

#include <memory>
#include <vector>

namespace ir::binding {

enum class BufferStrategy { Pinned, Copied };

/// What this process uses; decided once, by a self-test against a real buffer.
BufferStrategy bufferStrategy(Napi::Env env);

/// The memory of one typed array while a call is under way. Made and destroyed on the JavaScript thread.
class Pin {
 public:
  /// `written`: the kernel writes to it, so a copy has to go back.
  Pin(const Napi::TypedArray& array, bool written);

  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  /// The buffer and offset as JavaScript sees them: what overlap is judged by, copied or not.
  const void* origin() const { return origin_; }
  /// Copies a copied output back, if the array is still as long as it was. On the JavaScript thread.
  void settle();

 private:
  void* data_ = nullptr;
  const void* origin_ = nullptr;
  size_t bytes_ = 0;
  std::shared_ptr<void> share_;                  // of the BackingStore
  Napi::Reference<Napi::TypedArray> reference_;  // of the array: for shared memory, and to find a copied output again
  std::unique_ptr<unsigned char[]> copy_;
  bool written_;
};

}  // namespace ir::binding
