// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/sealer.hpp"

#include <gtest/gtest.h>

#include "chains/ethereum/devnet_fixture.hpp"

namespace butter::ethereum {
namespace {

TEST(sealer, x) {
    boost::asio::io_context io;
    Anvil anvil(io);
    auto t0 = std::chrono::steady_clock::now();
    auto ms = [&] {
        auto t = std::chrono::steady_clock::now();
        auto d = std::chrono::duration_cast<std::chrono::milliseconds>(t - t0).count();
        t0 = t;
        return d;
    };
    Sealer sealer(io.get_executor(), anvil.url(), {.fulu_epoch = Epoch{5}});
    std::cerr << "ctor " << ms() << "\n";
    auto s = run_on(io, sealer.start());
    ASSERT_TRUE(s) << s.error();
    std::cerr << "start " << ms() << "\n";
    s = run_on(io, sealer.step(70));
    ASSERT_TRUE(s) << s.error();
    std::cerr << "step70 " << ms() << "\n";
    for (auto path :
         {"/eth/v1/beacon/genesis", "/eth/v1/config/spec", "/eth/v1/config/fork_schedule",
          "/eth/v1/beacon/headers/head", "/eth/v1/beacon/headers/finalized",
          "/eth/v1/beacon/states/head/finality_checkpoints", "/eth/v1/beacon/light_client/finality_update",
          "/eth/v1/node/syncing", "/x", "/eth/v1/beacon/light_client/updates?start_period=0&count=9",
          "/eth/v1/beacon/blocks/33/root"}) {
        auto r = run_on(io, sealer.handle({"GET", path, ""}));
        std::cerr << path << " " << r.status << " " << r.body.size() << " " << r.body.substr(0, 600) << "\n";
    }
    std::cerr << "rest " << ms() << "\n";
}

}  // namespace
}  // namespace butter::ethereum
