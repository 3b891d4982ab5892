// Memory on the device as a JavaScript object, usable wherever a typed array is: chained calls then move nothing over the bus.
#pragma once
#include <napi.h>

#include <memory>

#include "ir/device.h"

namespace ir::binding {

class DeviceBuffer : public Napi::ObjectWrap<DeviceBuffer> {
 public:
  static void init(Napi::Env env, Napi::Object exports);
  /// The buffer behind a value, or null. Throws where it has been disposed of.
  static DeviceBuffer* from(const Napi::Value& value);

  /// new DeviceBuffer(typedArray): allocates and uploads (synchronously: a copy over the bus).
  explicit DeviceBuffer(const Napi::CallbackInfo& info);

  void* data() const { return memory_->data(); }
  size_t bytes() const { return memory_->bytes(); }
  size_t length() const { return length_; }
  Pixel pixel() const { return pixel_; }

 private:
  void download(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);

  std::unique_ptr<DeviceMemory> memory_;
  size_t length_ = 0;
  Pixel pixel_ = Pixel::F32;
};

}  // namespace ir::binding
