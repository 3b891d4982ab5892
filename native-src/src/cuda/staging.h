// Moves a kernel's operands to the device and its outputs back, driven by the contract's own field list. Operands already on the device stay.
#pragma once
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "ir/contract.h"
#include "ir/device.h"

namespace ir {

class Staging {
 public:
  /// `resident`: data pointers among the operands that are device pointers already.
  Staging(Stream& stream, std::set<const void*> resident) : stream_(stream), resident_(std::move(resident)) {}

  template <class Operand>
  void in(const char*, Operand& operand) {
    if (operand.data && !resident_.count(operand.data)) operand.data = allocate(bytesOf(operand), operand.data)->as(operand.data);
  }
  template <class Operand>
  void inOptional(const char* name, Operand& operand) {
    in(name, operand);
  }
  template <class Operand>
  void out(const char*, Operand& operand) {
    if (!operand.data || resident_.count(operand.data)) return;
    void* const host = operand.data;
    Slot* slot = allocate(bytesOf(operand), nullptr);
    returns_.push_back({slot, host});
    operand.data = slot->as(operand.data);
  }
  template <class Operand>
  void outOptional(const char* name, Operand& operand) {
    out(name, operand);
  }
  template <class... Rest>
  void number(Rest&&...) {}
  template <class... Rest>
  void integer(Rest&&...) {}
  template <class... Rest>
  void wide(Rest&&...) {}
  template <class... Rest>
  void flag(Rest&&...) {}
  template <class E>
  void choice(const char*, E&, std::initializer_list<const char*>) {}
  template <class E>
  void choice(const char*, E&, std::initializer_list<const char*>, E) {}
  void results(const char*, Results&) {}
  void inPlace() {}

  /// Brings outputs back and waits; errors of the kernel itself surface here.
  void finish() {
    for (const auto& [slot, host] : returns_) slot->memory.download(host, slot->memory.bytes(), stream_.get());
    stream_.synchronize();
  }

 private:
  struct Slot {
    DeviceMemory memory;
    explicit Slot(size_t bytes) : memory(bytes) {}
    template <class T>
    T* as(T*) const {
      return static_cast<T*>(memory.data());
    }
  };

  Slot* allocate(size_t bytes, const void* host) {
    slots_.push_back(std::make_unique<Slot>(bytes));
    if (host) slots_.back()->memory.upload(host, bytes, stream_.get());
    return slots_.back().get();
  }

  template <class V>
  static size_t bytesOf(const BasicRaster<V>& r) {
    return r.bytes();
  }
  template <class F>
  static size_t bytesOf(const BasicSpan<F>& s) {
    return s.size * sizeof(float);
  }

  Stream& stream_;
  std::set<const void*> resident_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::pair<Slot*, void*>> returns_;
};

/// Runs a kernel on the device, operands staged as needed.
template <class Args>
void runOnDevice(Args args, std::set<const void*> resident = {}) {
  Stream stream;
  Staging staging(stream, std::move(resident));
  args.visit(staging);
  runCuda(args, stream.get());
  staging.finish();
}

}  // namespace ir
