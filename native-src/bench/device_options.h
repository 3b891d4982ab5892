#pragma once
#include <string>

namespace ir::bench {

struct Options {
  std::string filter;
  int rounds;

  bool wants(const std::string& name) const { return name.find(filter) != std::string::npos; }
};

}  // namespace ir::bench
