#include "device_buffer.h"

#include "errors.h"

namespace ir::binding {
namespace {

Napi::FunctionReference& constructorOf() {
  static Napi::FunctionReference* reference = new Napi::FunctionReference;  // outlives every environment of the process
  return *reference;
}

}  // namespace

void DeviceBuffer::init(Napi::Env env, Napi::Object exports) {
  const Napi::Function type = DefineClass(env, "DeviceBuffer",
                                          {InstanceMethod<&DeviceBuffer::download>("download"), InstanceMethod<&DeviceBuffer::dispose>("dispose")});
  constructorOf() = Napi::Persistent(type);
  constructorOf().SuppressDestruct();
  exports.Set("DeviceBuffer", type);
}

DeviceBuffer* DeviceBuffer::from(const Napi::Value& value) {
  if (!value.IsObject() || constructorOf().IsEmpty() || !value.As<Napi::Object>().InstanceOf(constructorOf().Value())) return nullptr;
  DeviceBuffer* buffer = Unwrap(value.As<Napi::Object>());
  require(buffer->memory_ != nullptr, Code::Argument, "expected a device buffer in use, got one that was disposed of");
  return buffer;
}

DeviceBuffer::DeviceBuffer(const Napi::CallbackInfo& info) : Napi::ObjectWrap<DeviceBuffer>(info) {
  guarded(info.Env(), [&] {
    require(info.Length() == 1 && info[0].IsTypedArray(), Code::Argument, "expected a Float32Array or Uint8Array for DeviceBuffer");
    const auto array = info[0].As<Napi::TypedArray>();
    const auto type = array.TypedArrayType();
    require(type == napi_float32_array || type == napi_uint8_array || type == napi_uint8_clamped_array, Code::Argument,
            "expected a Float32Array or Uint8Array for DeviceBuffer");
    pixel_ = type == napi_float32_array ? Pixel::F32 : Pixel::U8;
    length_ = array.ElementLength();
    memory_ = std::make_unique<DeviceMemory>(array.ByteLength());
    Stream stream;
    memory_->upload(static_cast<const unsigned char*>(array.ArrayBuffer().Data()) + array.ByteOffset(), array.ByteLength(), stream.get());
    stream.synchronize();
  });
}

void DeviceBuffer::download(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    require(memory_ != nullptr, Code::Argument, "expected a device buffer in use, got one that was disposed of");
    require(info.Length() == 1 && info[0].IsTypedArray() && info[0].As<Napi::TypedArray>().ByteLength() == bytes(), Code::Shape,
            "expected a typed array of " + std::to_string(bytes()) + " bytes for download");
    const auto array = info[0].As<Napi::TypedArray>();
    Stream stream;
    memory_->download(static_cast<unsigned char*>(array.ArrayBuffer().Data()) + array.ByteOffset(), bytes(), stream.get());
    stream.synchronize();
  });
}

void DeviceBuffer::dispose(const Napi::CallbackInfo&) { memory_.reset(); }

}  // namespace ir::binding
