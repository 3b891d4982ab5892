// Reads a JavaScript object into a contract struct, field by field, by the struct's own visit(). Unknown keys are refused.
#pragma once
#include <napi.h>

#include <initializer_list>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "device_buffer.h"
#include "ir/contract.h"
#include "pin.h"

namespace ir::binding {

/// An operand's memory, for lifetime and alias checks.
struct Operand {
  std::string name;
  bool written;
  const unsigned char* begin;
  size_t bytes;
};

class Arguments {
 public:
  explicit Arguments(const Napi::Object& object) : object_(object) {}

  void in(const char* name, ConstRaster& r) { raster(name, r, false); }
  void out(const char* name, Raster& r) { raster(name, r, true); }
  void in(const char* name, ConstSpan& s) { span(name, s, false); }
  void out(const char* name, Span& s) { span(name, s, true); }
  void inOptional(const char* name, ConstSpan& s) {
    if (present(name)) span(name, s, false);
  }
  void outOptional(const char* name, Span& s) {
    if (present(name)) span(name, s, true);
  }
  void results(const char* name, Results& r);

  void number(const char* name, double& x) { x = numberAt(name); }
  void number(const char* name, double& x, double fallback) { x = present(name) ? numberAt(name) : fallback; }
  void integer(const char* name, int& x) { x = integerAt(name); }
  void integer(const char* name, int& x, int fallback) { x = present(name) ? integerAt(name) : fallback; }
  void wide(const char* name, uint64_t& x) { x = wideAt(name); }
  void wide(const char* name, uint64_t& x, uint64_t fallback) { x = present(name) ? wideAt(name) : fallback; }
  void flag(const char* name, bool& x, bool fallback) { x = present(name) ? flagAt(name) : fallback; }
  template <class E>
  void choice(const char* name, E& x, std::initializer_list<const char*> names) {
    x = static_cast<E>(choiceAt(name, names));
  }
  template <class E>
  void choice(const char* name, E& x, std::initializer_list<const char*> names, E fallback) {
    x = present(name) ? static_cast<E>(choiceAt(name, names)) : fallback;
  }
  void inPlace() { inPlace_ = true; }

  /// After visit(): refuses unknown keys and forbidden overlaps.
  void finish() const;
  std::vector<Pin> takePins() { return std::move(pins_); }
  std::set<const void*> takeResident() { return std::move(resident_); }
  std::vector<std::shared_ptr<DeviceMemory>> takeHeld() { return std::move(held_); }

 private:
  bool present(const char* name);
  Napi::Value at(const char* name);
  double numberAt(const char* name);
  int integerAt(const char* name);
  uint64_t wideAt(const char* name);
  bool flagAt(const char* name);
  int choiceAt(const char* name, std::initializer_list<const char*> names);
  void* hold(const char* name, const Napi::TypedArray& array, bool written);
  void* resident(const char* name, DeviceBuffer* buffer, bool written);

  template <class R>
  void raster(const char* name, R& r, bool written);
  template <class S>
  void span(const char* name, S& s, bool written);
  void checkAlias(const Operand& a, const Operand& b) const;

  Napi::Object object_;
  std::set<std::string> known_;
  std::vector<Pin> pins_;
  std::vector<Operand> operands_;
  std::set<const void*> resident_;
  std::vector<std::shared_ptr<DeviceMemory>> held_;  // device memory in use
  bool inPlace_ = false;
};

/// What a value is, for messages: `a string`, `Float64Array of length 3`.
std::string describe(const Napi::Value& value);

}  // namespace ir::binding
