// Index folding against lines written out by hand, against a walk along the line, and where integers could overflow.
#include "ir/border.h"

#include "reference.h"

using namespace ir;
using namespace ir::test;

namespace {

constexpr Border kBorders[] = {Border::Reflect101, Border::Symmetric, Border::Replicate};

std::string line(int n, Border border) {
  std::string text;
  for (int i = -5; i < n + 5; ++i) text += char('a' + fold(i, n, border));
  return text;
}

}  // namespace

TEST_CASE("border: lines continue as documented, beyond one period too") {
  CHECK(line(3, Border::Reflect101) == "babcbabcbabcb");
  CHECK(line(3, Border::Symmetric) == "bccbaabccbaab");
  CHECK(line(3, Border::Replicate) == "aaaaaabcccccc");
  CHECK(line(2, Border::Reflect101) == "babababababa");
  CHECK(line(1, Border::Reflect101) == "aaaaaaaaaaa");
  CHECK(line(1, Border::Symmetric) == "aaaaaaaaaaa");
}

TEST_CASE("border: fold is the walk, for every small length and many periods") {
  for (const Border border : kBorders)
    for (int n = 1; n <= 13; ++n) {
      CAPTURE(n);
      CAPTURE(int(border));
      int wrong = 0;
      for (int i = -16 * n; i <= 16 * n; ++i) wrong += fold(i, n, border) != walk(i, n, border);
      CHECK(wrong == 0);
    }
}

TEST_CASE("border: the longest lines and the farthest indices do not overflow") {
  const int n = INT32_MAX;
  CHECK(fold(n, n, Border::Reflect101) == n - 2);
  CHECK(fold(n, n, Border::Symmetric) == n - 1);
  CHECK(fold(-1, n, Border::Reflect101) == 1);
  CHECK(fold(2LL * n - 2, n, Border::Reflect101) == 0);
  CHECK(fold(2LL * n, n, Border::Symmetric) == 0);
  for (const Border border : {Border::Reflect101, Border::Symmetric})
    for (int length = 2; length <= 7; ++length) {
      const long long period = border == Border::Reflect101 ? 2 * length - 2 : 2 * length, far = (1LL << 60) / period * period;
      for (int i = -20; i <= 20; ++i) {
        CHECK(fold(far + i, length, border) == walk(i, length, border));
        CHECK(fold(-far + i, length, border) == walk(i, length, border));
      }
    }
  CHECK(fold(-(1LL << 60), 5, Border::Replicate) == 0);
  CHECK(fold(1LL << 60, 5, Border::Replicate) == 4);
}
