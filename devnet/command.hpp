// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "butter/app/exit_code.hpp"
#include "devnet/devnet.hpp"

namespace butter::devnet {

enum class Mode {
    kStay = 1,    ///< deploys the contracts, says how to go on, and serves until SIGINT or SIGTERM
    kChains = 2,  ///< the same without contracts
    kDemo = 3,    ///< shows the demo on free ports and ends
};

/// `butter devnet`.
app::ExitCode run(const Options& options, Mode mode);

}  // namespace butter::devnet
