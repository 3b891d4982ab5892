// Memory on the device as a JavaScript object, usable wherever a typed array is: chained calls then move nothing over the bus.
#pragma once
#include <napi.h>

#include <memory>

#include "ir/device.h"

namespace ir::binding {

class DeviceBuffer : public Napi::ObjectWrap<DeviceBuffer> {
 public:
  static void init(Napi::Env env, Napi::Object exports);
  /// The buffer behind a value, or null. Told by a type tag, which holds in every thread and context. Throws where it has been disposed of.
  static DeviceBuffer* from(const Napi::Value& value);

  /// new DeviceBuffer(typedArray): allocates and uploads (synchronously: a copy over the bus).
  explicit DeviceBuffer(const Napi::CallbackInfo& info);

  /// A share of the memory: a call that holds it may run on while the script disposes of the buffer.
  std::shared_ptr<DeviceMemory> memory() const { return memory_; }
  size_t length() const { return length_; }
  Pixel pixel() const { return pixel_; }

 private:
  void download(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<DeviceMemory> memory_;
  size_t length_ = 0;
  Pixel pixel_ = Pixel::F32;
};

}  // namespace ir::binding
