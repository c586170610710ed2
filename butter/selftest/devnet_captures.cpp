#include "butter/selftest/sets.hpp"
namespace butter::selftest {
void run_devnet_captures(const std::filesystem::path&, Report&) {}
}  // namespace butter::selftest
