// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "butter/async/task.hpp"
#include "butter/base/named.hpp"
#include "butter/base/result.hpp"
#include "butter/crypto/secp256k1.hpp"
#include "butter/rpc/http.hpp"
#include "chains/ethereum/sealer.hpp"
#include "chains/mapo/sealed_rpc.hpp"
#include "chains/mapo/sealer.hpp"
#include "devnet/anvil.hpp"

/// Three chains on loopback: A and B of the ethereum family, R of the mapo family. Execution is anvil's,
/// consensus our sealers': real headers, committees and signatures, made with TEST KEYS that are public.
/// Everything that reads these chains reads them as it would read others.
namespace butter::devnet {

struct Options {
    /// Holds topology.toml, the keystores of the test accounts and the nodes' logs; made if missing.
    std::filesystem::path directory;
    /// Ports from here on: A, A's beacon API, R, B, B's beacon API. 0 for any free ones.
    std::uint16_t first_port = 0;
    std::chrono::milliseconds block_interval{1'000};
    std::size_t validators = 4;
    std::size_t absent_validators = 0;
    std::uint64_t validator_epoch_blocks = 30;
    std::uint64_t committee_epoch_slots = 8;
    std::uint64_t committee_period_epochs = 8;
};

/// A chain as others reach it.
struct Endpoint {
    std::string name;
    ChainId chain_id;
    std::string rpc_url;
    std::string beacon_url;  ///< empty on R
};

/// An account with funds on all three chains. TEST KEYS: those of anvil's well-known mnemonic.
struct TestAccount {
    crypto::PrivateKey key;
    Address address;
};
/// `index` 0 to 9.
TestAccount make_test_account(std::size_t index);
inline constexpr std::size_t kOperatorAccount = 0;  ///< deploys, and pays for `butter run`
inline constexpr std::size_t kUserAccount = 1;
inline constexpr std::size_t kStrangerAccount = 2;

/// Makes the directory, or empties it of what an earlier devnet left. One with files of the same names that
/// no devnet made is left alone, and an error.
Result<void, std::string> prepare_directory(const std::filesystem::path& directory);

class Devnet {
  public:
    /// Starts nodes and sealers and writes the directory, which exists. The error is a text for people.
    static async::Task<Result<std::unique_ptr<Devnet>, std::string>> start(
        boost::asio::any_io_executor executor, Options options);
    ~Devnet();

    /// Makes blocks and answers requests until cancelled.
    async::Task<void> run();

    const std::vector<Endpoint>& endpoints() const noexcept { return endpoints_; }
    std::filesystem::path topology() const { return options_.directory / "topology.toml"; }
    const Options& options() const noexcept { return options_; }
    ethereum::Sealer& sealer_a() noexcept { return *a_.sealer; }
    ethereum::Sealer& sealer_b() noexcept { return *b_.sealer; }
    mapo::Sealer& sealer_r() noexcept { return *r_.sealer; }

  private:
    struct OuterChain {
        std::unique_ptr<Anvil> anvil;
        std::unique_ptr<ethereum::Sealer> sealer;
        std::unique_ptr<rpc::HttpServer> beacon;
    };
    struct RelayChain {
        std::unique_ptr<Anvil> anvil;
        std::unique_ptr<mapo::Sealer> sealer;
        std::unique_ptr<mapo::SealedRpc> node;
        std::unique_ptr<rpc::HttpServer> rpc;
    };

    Devnet(boost::asio::any_io_executor executor, Options options)
        : executor_(std::move(executor)), options_(std::move(options)) {}

    async::Task<Result<void, std::string>> start_outer(std::string name, ChainId chain_id, std::uint16_t port,
                                                       OuterChain& chain);
    async::Task<Result<void, std::string>> start_relay(std::uint16_t port);
    Result<void, std::string> write_directory() const;

    boost::asio::any_io_executor executor_;
    Options options_;
    std::vector<Endpoint> endpoints_;
    OuterChain a_;
    OuterChain b_;
    RelayChain r_;
};

}  // namespace butter::devnet
