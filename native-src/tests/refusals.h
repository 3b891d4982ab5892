// What a call refuses with: its stable code and its message.
#pragma once
#include <ostream>
#include <string>

#include "doctest/doctest.h"
#include "ir/error.h"

namespace ir::test {

struct Refusal {
  std::string code, message;  // both empty when nothing was refused

  bool operator==(const Refusal& other) const { return code == other.code && message == other.message; }
  friend std::ostream& operator<<(std::ostream& out, const Refusal& r) { return out << "[" << r.code << "] " << r.message; }
};

inline const Refusal kAccepted{};

template <class Body>
Refusal refusal(Body body) {
  try {
    body();
  } catch (const Error& e) {
    return {codeName(e.code()), e.what()};
  }
  return kAccepted;
}

}  // namespace ir::test
