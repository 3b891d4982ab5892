#include "arguments.h"

#include <cmath>

namespace ir::binding {
namespace {

constexpr double kSafe = 9007199254740991.0;

[[noreturn]] void refuse(const char* expected, const std::string& name, const Napi::Value& got) {
  throw Error(Code::Argument, std::string("expected ") + expected + " for " + name + ", got " + describe(got));
}

}  // namespace

std::string describe(const Napi::Value& value) {
  if (value.IsUndefined()) return "nothing";
  if (value.IsNull()) return "null";
  if (value.IsString()) return "the string \"" + value.As<Napi::String>().Utf8Value().substr(0, 40) + "\"";
  if (value.IsNumber() || value.IsBigInt() || value.IsBoolean()) return value.ToString().Utf8Value();
  if (value.IsTypedArray()) {
    const auto array = value.As<Napi::TypedArray>();
    return value.As<Napi::Object>().Get("constructor").As<Napi::Object>().Get("name").ToString().Utf8Value() + " of length " +
           std::to_string(array.ElementLength());
  }
  if (value.IsArray()) return "an array";
  return value.IsFunction() ? "a function" : "an object";
}

Napi::Value Arguments::at(const char* name) {
  known_.insert(name);
  return object_.Get(name);
}

bool Arguments::present(const char* name) { return !at(name).IsUndefined(); }

double Arguments::numberAt(const char* name) {
  const Napi::Value v = at(name);
  if (!v.IsNumber()) refuse("a number", name, v);
  return v.As<Napi::Number>().DoubleValue();
}

int Arguments::integerAt(const char* name) {
  const Napi::Value v = at(name);
  const double x = v.IsNumber() ? v.As<Napi::Number>().DoubleValue() : NAN;
  if (!(std::floor(x) == x && std::fabs(x) <= INT32_MAX)) refuse("a 32-bit integer", name, v);
  return int(x);
}

uint64_t Arguments::wideAt(const char* name) {
  const Napi::Value v = at(name);
  if (v.IsBigInt()) {
    bool lossless = false;
    const uint64_t x = v.As<Napi::BigInt>().Uint64Value(&lossless);
    if (!lossless) refuse("an integer in 0 .. 2^64 - 1", name, v);
    return x;
  }
  const double x = v.IsNumber() ? v.As<Napi::Number>().DoubleValue() : NAN;
  if (!(x >= 0 && x <= kSafe && std::floor(x) == x)) refuse("a safe integer >= 0 or a BigInt", name, v);
  return uint64_t(x);
}

bool Arguments::flagAt(const char* name) {
  const Napi::Value v = at(name);
  if (!v.IsBoolean()) refuse("true or false", name, v);
  return v.As<Napi::Boolean>().Value();
}

int Arguments::choiceAt(const char* name, std::initializer_list<const char*> names) {
  const Napi::Value v = at(name);
  std::string known;
  int index = 0;
  for (const char* n : names) {
    if (v.IsString() && v.As<Napi::String>().Utf8Value() == n) return index;
    known += (index++ ? ", " : "") + std::string(n);
  }
  refuse(("one of " + known).c_str(), name, v);
}

void* Arguments::hold(const char* name, const Napi::TypedArray& array, bool written) {
  pins_.emplace_back(name, array, written);
  const Pin& pin = pins_.back();
  operands_.push_back({name, written, static_cast<const unsigned char*>(pin.origin()), pin.bytes()});
  return pin.data();
}

void* Arguments::resident(const char* name, DeviceBuffer* buffer, bool written) {
  const std::shared_ptr<DeviceMemory> memory = buffer->memory();
  operands_.push_back({name, written, static_cast<const unsigned char*>(memory->data()), memory->bytes()});
  resident_.insert(memory->data());
  held_.push_back(memory);
  return memory->data();
}

template <class R>
void Arguments::raster(const char* name, R& r, bool written) {
  const Napi::Value v = at(name);
  if (!v.IsObject()) refuse("{data, width, height, channels}", name, v);
  const Napi::Object o = v.As<Napi::Object>();
  const auto side = [&](const char* key) {
    const Napi::Value s = o.Get(key);
    const double x = s.IsNumber() ? s.As<Napi::Number>().DoubleValue() : NAN;
    if (!(x >= 1 && x <= INT32_MAX && std::floor(x) == x)) refuse("an integer >= 1", std::string(name) + "." + key, s);
    return int(x);
  };
  r.width = side("width");
  r.height = side("height");
  r.channels = side("channels");
  const Napi::Value data = o.Get("data");
  size_t length = 0;
  if (DeviceBuffer* buffer = DeviceBuffer::from(data)) {
    r.pixel = buffer->pixel();
    length = buffer->length();
    r.data = resident(name, buffer, written);
  } else {
    if (!data.IsTypedArray()) refuse("a Float32Array (planar) or Uint8Array (interleaved)", std::string(name) + ".data", data);
    const auto array = data.As<Napi::TypedArray>();
    const napi_typedarray_type type = array.TypedArrayType();
    if (type != napi_float32_array && type != napi_uint8_array && type != napi_uint8_clamped_array)
      refuse("a Float32Array (planar) or Uint8Array (interleaved)", std::string(name) + ".data", data);
    r.pixel = type == napi_float32_array ? Pixel::F32 : Pixel::U8;
    length = array.ElementLength();
    r.data = hold(name, array, written);
  }
  const double expected = double(r.width) * r.height * r.channels;
  require(double(length) == expected, Code::Shape,
          std::string("expected ") + name + ".data to have width x height x channels = " + std::to_string(r.width) + " x " +
              std::to_string(r.height) + " x " + std::to_string(r.channels) + " samples, got " + std::to_string(length));
}

template <class S>
void Arguments::span(const char* name, S& s, bool written) {
  const Napi::Value v = at(name);
  if (DeviceBuffer* buffer = DeviceBuffer::from(v)) {
    if (buffer->pixel() != Pixel::F32) refuse("a float32 device buffer", name, v);
    s.size = buffer->length();
    s.data = static_cast<float*>(resident(name, buffer, written));
    return;
  }
  if (!v.IsTypedArray() || v.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array) refuse("a Float32Array", name, v);
  const auto array = v.As<Napi::TypedArray>();
  s.size = array.ElementLength();
  s.data = static_cast<float*>(hold(name, array, written));
}

template void Arguments::raster(const char*, ConstRaster&, bool);
template void Arguments::raster(const char*, Raster&, bool);
template void Arguments::span(const char*, ConstSpan&, bool);
template void Arguments::span(const char*, Span&, bool);

void Arguments::results(const char* name, Results& r) {
  const Napi::Value v = at(name);
  if (!v.IsTypedArray() || v.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) refuse("a Float64Array", name, v);
  const auto array = v.As<Napi::TypedArray>();
  r.size = array.ElementLength();
  r.data = static_cast<double*>(hold(name, array, true));
}

void Arguments::finish() const {
  const Napi::Array keys = object_.GetPropertyNames();
  for (uint32_t i = 0; i < keys.Length(); ++i) {
    const std::string key = keys.Get(i).ToString().Utf8Value();
    if (known_.count(key)) continue;
    std::string known;
    for (const std::string& k : known_) known += (known.empty() ? "" : ", ") + k;
    throw Error(Code::Argument, "expected only the arguments " + known + ", got " + key);
  }
  for (size_t i = 0; i < operands_.size(); ++i)
    for (size_t j = i + 1; j < operands_.size(); ++j) checkAlias(operands_[i], operands_[j]);
}

void Arguments::checkAlias(const Operand& a, const Operand& b) const {
  if (!a.written && !b.written) return;
  if (!(a.begin < b.begin + b.bytes && b.begin < a.begin + a.bytes)) return;
  const bool same = a.begin == b.begin && a.bytes == b.bytes;
  if (same && inPlace_ && a.written != b.written) return;
  throw Error(Code::Alias,
              "expected " + a.name + " and " + b.name + (inPlace_ ? " to be the same memory exactly or not to overlap" : " not to overlap"));
}

}  // namespace ir::binding
