// The planted failure of no_weak_symbols.cmake: an inline function whose address leaves the file, hence a symbol that the linker may merge.
namespace ir {

inline int plantedWeak(int x) { return 3 * x + 1; }

extern int (*const plantedWeakAddress)(int);
int (*const plantedWeakAddress)(int) = &plantedWeak;

}  // namespace ir
