// Memory of JavaScript buffers, held for as long as a kernel runs.
//
// A reference alone does not stop a script from transferring an ArrayBuffer (its memory then belongs to another, which may be collected) or from
// shrinking a resizable one. So the addon takes a share of V8's own BackingStore, which keeps the memory itself alive. Where that is not possible
// (another runtime, a resizable buffer, IR_NATIVE_BUFFERS=copy) inputs are copied in and outputs copied back. A SharedArrayBuffer can neither be
// transferred nor shrink: a reference to its view is enough.
#pragma once
#include <napi.h>

#include <memory>
#include <string>
#include <vector>

namespace ir::binding {

enum class BufferStrategy { Pinned, Copied };

/// What this process uses; decided once, by IR_NATIVE_BUFFERS (`pin`: an error where impossible, `copy`) or a self-test against a real buffer.
BufferStrategy bufferStrategy(Napi::Env env);

/// The memory of one typed array while a call is under way. Made and destroyed on the JavaScript thread.
class Pin {
 public:
  /// `written`: the kernel writes to it, so a copy has to go back.
  Pin(std::string name, const Napi::TypedArray& array, bool written);

  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  /// The buffer and offset as JavaScript sees them: what overlap is judged by, copied or not.
  const void* origin() const { return origin_; }
  /// After the kernel, on the JavaScript thread: copies a copied output back. Throws where an output's array is no longer what it was, because its
  /// result can then not be seen by the caller.
  void settle();

 private:
  std::string name_;
  void* data_ = nullptr;
  const void* origin_ = nullptr;
  size_t bytes_ = 0;
  std::shared_ptr<void> share_;                  // of the BackingStore
  Napi::Reference<Napi::TypedArray> reference_;  // of the array: for shared memory, and to find an output again
  std::unique_ptr<unsigned char[]> copy_;
  bool written_;
};

}  // namespace ir::binding
