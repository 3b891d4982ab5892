#include "pin.h"

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace ir::binding {
namespace {

// V8's interface as far as it is used, looked up in the running executable. A member function without arguments and a free function that
// takes the object have the same calling convention (Itanium C++ ABI, result by hidden pointer included).
using GetBackingStore = std::shared_ptr<void> (*)(void* arrayBuffer);
using Data = void* (*)(const void* backingStore);

struct V8 {
  GetBackingStore backingStore = reinterpret_cast<GetBackingStore>(dlsym(RTLD_DEFAULT, "_ZN2v811ArrayBuffer15GetBackingStoreEv"));
  Data data = reinterpret_cast<Data>(dlsym(RTLD_DEFAULT, "_ZNK2v812BackingStore4DataEv"));
  bool present() const { return backingStore && data; }
};

const V8& v8() {
  static const V8 symbols;
  return symbols;
}

/// A napi_value is the address of V8's handle slot, which is what V8's own classes use as `this`.
std::shared_ptr<void> backingStore(const Napi::ArrayBuffer& buffer) { return v8().backingStore(static_cast<napi_value>(buffer)); }

BufferStrategy decide(Napi::Env env) {
  const char* forced = std::getenv("IR_NATIVE_BUFFERS");
  if (forced && std::string(forced) == "copy") return BufferStrategy::Copied;
#if defined(__linux__) && defined(__GLIBCXX__)
  const Napi::Object versions = env.Global().Get("process").As<Napi::Object>().Get("versions").As<Napi::Object>();
  if (!versions.Has("v8") || versions.Has("electron") || versions.Has("bun") || !v8().present()) return BufferStrategy::Copied;
  Napi::ArrayBuffer probe = Napi::ArrayBuffer::New(env, 64);
  const std::shared_ptr<void> store = backingStore(probe);
  if (store && store.use_count() >= 2 && v8().data(store.get()) == probe.Data()) return BufferStrategy::Pinned;
#endif
  return BufferStrategy::Copied;
}

bool isResizable(const Napi::Object& buffer) {
  const Napi::Value flag = buffer.Get("resizable");
  return flag.IsBoolean() && flag.As<Napi::Boolean>().Value();
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

Pin::Pin(const Napi::TypedArray& array, bool written) : written_(written) {
  const View view = viewOf(array);
  data_ = view.data;
  origin_ = view.data;
  bytes_ = view.bytes;
  bool isArrayBuffer = false;
  napi_is_arraybuffer(array.Env(), view.buffer, &isArrayBuffer);
  if (!isArrayBuffer) {  // a SharedArrayBuffer: it can neither be transferred nor shrink
    reference_ = Napi::Persistent(array);
    return;
  }
  const Napi::ArrayBuffer buffer(array.Env(), view.buffer);
  if (bufferStrategy(array.Env()) == BufferStrategy::Pinned && !isResizable(buffer)) {
    share_ = backingStore(buffer);
    return;
  }
  copy_.reset(new unsigned char[bytes_ ? bytes_ : 1]);
  if (bytes_) std::memcpy(copy_.get(), view.data, bytes_);
  data_ = copy_.get();
  if (written_) reference_ = Napi::Persistent(array);
}

void Pin::settle() {
  if (!copy_ || !written_) return;
  const View now = viewOf(reference_.Value());
  if (now.bytes == bytes_ && now.data && bytes_) std::memcpy(now.data, copy_.get(), bytes_);
}

}  // namespace ir::binding
