// Native exceptions as JavaScript errors with a stable `code`; none crosses N-API unconverted.
#pragma once
#include <napi.h>

#include <exception>
#include <new>
#include <string>

#include "ir/error.h"

namespace ir::binding {

struct Failure {
  std::string code, message;
};

/// Describes the exception in flight; call it from a catch block.
inline Failure describeFailure() {
  try {
    throw;
  } catch (const Error& e) {
    return {codeName(e.code()), e.what()};
  } catch (const std::bad_alloc&) {
    return {codeName(Code::Memory), "expected enough memory for the call, got none; use smaller pictures or tiles"};
  } catch (const std::exception& e) {
    return {codeName(Code::Internal), std::string("unexpected native exception: ") + e.what()};
  } catch (...) {
    return {codeName(Code::Internal), "unexpected native exception of unknown type"};
  }
}

inline Napi::Error toJs(Napi::Env env, const Failure& failure) {
  Napi::Error error = Napi::Error::New(env, failure.message);
  error.Set("code", Napi::String::New(env, failure.code));
  return error;
}

/// Runs `body` on the JavaScript thread; what it throws becomes a JavaScript exception.
template <class Body>
void guarded(Napi::Env env, Body body) {
  try {
    body();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw toJs(env, describeFailure());
  }
}

}  // namespace ir::binding
