// SPDX-License-Identifier: Apache-2.0
// Debian has Boost.JSON as headers only beside the libraries of another version: this is its one compilation.
#include <boost/json/src.hpp>
