#include "device_buffer.h"

#include "errors.h"

namespace ir::binding {
namespace {

constexpr napi_type_tag kTag = {0x6972206465766963, 0x65206d656d6f7279};

}  // namespace

void DeviceBuffer::init(Napi::Env env, Napi::Object exports) {
  const Napi::Function type =
      DefineClass(env, "DeviceBuffer", {InstanceMethod<&DeviceBuffer::download>("download"), InstanceMethod<&DeviceBuffer::dispose>("dispose")});
  exports.Set("DeviceBuffer", type);
}

DeviceBuffer* DeviceBuffer::from(const Napi::Value& value) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kTag)) return nullptr;
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
    memory_ = std::make_shared<DeviceMemory>(array.ByteLength());
    Stream stream;
    memory_->upload(static_cast<const unsigned char*>(array.ArrayBuffer().Data()) + array.ByteOffset(), array.ByteLength(), stream.get());
    stream.synchronize();
    info.This().As<Napi::Object>().TypeTag(&kTag);
  });
}

void DeviceBuffer::download(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    require(memory_ != nullptr, Code::Argument, "expected a device buffer in use, got one that was disposed of");
    require(info.Length() == 1 && info[0].IsTypedArray() && info[0].As<Napi::TypedArray>().ByteLength() == memory_->bytes(), Code::Shape,
            "expected a typed array of " + std::to_string(memory_->bytes()) + " bytes for download");
    const auto array = info[0].As<Napi::TypedArray>();
    Stream stream;
    memory_->download(static_cast<unsigned char*>(array.ArrayBuffer().Data()) + array.ByteOffset(), memory_->bytes(), stream.get());
    stream.synchronize();
  });
}

void DeviceBuffer::dispose(const Napi::CallbackInfo&) { memory_.reset(); }

}  // namespace ir::binding
