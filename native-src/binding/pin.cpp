#include "pin.h"

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "ir/error.h"

namespace ir::binding {
namespace {

// V8's interface as far as it is used, looked up in the running executable. A member function without arguments and a free function that
// takes the object have the same calling convention (Itanium C++ ABI, result by hidden pointer included).
using GetBackingStore = std::shared_ptr<void> (*)(void* arrayBuffer);
using Data = void* (*)(const void* backingStore);
using IsResizable = bool (*)(const void* backingStore);

struct V8 {
  GetBackingStore backingStore = reinterpret_cast<GetBackingStore>(dlsym(RTLD_DEFAULT, "_ZN2v811ArrayBuffer15GetBackingStoreEv"));
  Data data = reinterpret_cast<Data>(dlsym(RTLD_DEFAULT, "_ZNK2v812BackingStore4DataEv"));
  IsResizable resizable = reinterpret_cast<IsResizable>(dlsym(RTLD_DEFAULT, "_ZNK2v812BackingStore27IsResizableByUserJavaScriptEv"));
  bool present() const { return backingStore && data && resizable; }
};

const V8& v8() {
  static const V8 symbols;
  return symbols;
}

/// A napi_value is the address of V8's handle slot, which is what V8's own classes use as `this`.
std::shared_ptr<void> backingStore(const Napi::ArrayBuffer& buffer) { return v8().backingStore(static_cast<napi_value>(buffer)); }

/// Whether V8's interface is there and means what is assumed of it.
bool canPin(Napi::Env env) {
#if defined(__linux__) && defined(__GLIBCXX__)
  const Napi::Object versions = env.Global().Get("process").As<Napi::Object>().Get("versions").As<Napi::Object>();
  if (!versions.Has("v8") || versions.Has("electron") || versions.Has("bun") || !v8().present()) return false;
  Napi::ArrayBuffer probe = Napi::ArrayBuffer::New(env, 64);
  const std::shared_ptr<void> store = backingStore(probe);
  return store && store.use_count() >= 2 && v8().data(store.get()) == probe.Data() && !v8().resizable(store.get());
#else
  (void)env;
  return false;
#endif
}

BufferStrategy decide(Napi::Env env) {
  const char* variable = std::getenv("IR_NATIVE_BUFFERS");
  const std::string forced = variable ? variable : "";
  require(forced.empty() || forced == "pin" || forced == "copy", Code::Argument,
          "expected IR_NATIVE_BUFFERS to be pin or copy, got \"" + forced + "\"");
  if (forced == "copy") return BufferStrategy::Copied;
  const bool can = canPin(env);
  require(can || forced.empty(), Code::Unsupported,
          "expected a runtime whose buffers can be pinned for IR_NATIVE_BUFFERS=pin; unset it to copy them");
  return can ? BufferStrategy::Pinned : BufferStrategy::Copied;
}

struct View {
  napi_value buffer;
  void* data;
  size_t bytes;
};

View viewOf(const Napi::TypedArray& array) {
  napi_typedarray_type type;
  size_t length, offset;
  View view{};
  const napi_status status = napi_get_typedarray_info(array.Env(), array, &type, &length, &view.data, &view.buffer, &offset);
  NAPI_THROW_IF_FAILED(array.Env(), status, view);
  view.bytes = length * array.ElementSize();
  return view;
}

}  // namespace

BufferStrategy bufferStrategy(Napi::Env env) {
  static const BufferStrategy strategy = decide(env);
  return strategy;
}

Pin::Pin(std::string name, const Napi::TypedArray& array, bool written) : name_(std::move(name)), written_(written) {
  const View view = viewOf(array);
  data_ = view.data;
  origin_ = view.data;
  bytes_ = view.bytes;
  bool isArrayBuffer = false;  // false for a SharedArrayBuffer
  napi_is_arraybuffer(array.Env(), view.buffer, &isArrayBuffer);
  if (written_ || !isArrayBuffer) reference_ = Napi::Persistent(array);
  if (!isArrayBuffer) return;
  if (bufferStrategy(array.Env()) == BufferStrategy::Pinned) {
    share_ = backingStore(Napi::ArrayBuffer(array.Env(), view.buffer));
    if (!v8().resizable(share_.get())) return;
    share_.reset();
  }
  copy_.reset(new unsigned char[bytes_ ? bytes_ : 1]);
  if (bytes_) std::memcpy(copy_.get(), view.data, bytes_);
  data_ = copy_.get();
}

void Pin::settle() {
  if (!written_ || (!share_ && !copy_)) return;
  const View now = viewOf(reference_.Value());
  require(now.bytes == bytes_ && (now.data == origin_ || bytes_ == 0), Code::Argument,
          "expected " + name_ + " to be left alone while the kernel ran; its buffer was transferred or resized, so that the result is lost");
  if (copy_ && bytes_) std::memcpy(now.data, copy_.get(), bytes_);
}

}  // namespace ir::binding
