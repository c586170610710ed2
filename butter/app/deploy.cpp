// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <optional>

#include "butter/app/commands.hpp"
#include "butter/app/deployer.hpp"
#include "butter/app/families.hpp"
#include "butter/app/topology.hpp"
#include "butter/base/hex.hpp"
#include "butter/eth/address.hpp"

namespace butter::app {
namespace {

void print_line(const std::string& line) {
    fmt::print(stderr, "{}\n", line);
    std::fflush(stderr);
}

ExitCode fail(ExitCode code, const std::string& text) {
    print_line("error: " + text);
    return code;
}

void print_table(const Deployment& deployment) {
    std::size_t chain_width = 5;
    std::size_t role_width = 8;
    for (const auto& [name, chain] : deployment.chains) {
        chain_width = std::max(chain_width, name.size());
        for (const auto& [role, contract] : chain.contracts) role_width = std::max(role_width, role.size());
    }
    fmt::print("{:<{}}  {:<{}}  {:<42}  {:>10}  {:>10}\n", "chain", chain_width, "contract", role_width,
               "address", "block", "gas");
    for (const auto& [name, chain] : deployment.chains) {
        for (const auto& [role, contract] : chain.contracts) {
            fmt::print("{:<{}}  {:<{}}  {}  {:>10}  {:>10}\n", name, chain_width, role, role_width,
                       eth::to_checksum_text(contract.address), contract.block.value, contract.gas_used);
        }
    }
}

}  // namespace

ExitCode deploy(const DeployOptions& options) {
    auto topology = load_topology(options.topology);
    if (!topology) return fail(ExitCode::kConfig, to_string(topology.error()));
    std::error_code error;
    std::filesystem::create_directories(options.out, error);
    if (error) {
        return fail(ExitCode::kConfig,
                    fmt::format("folder {} cannot be made: {}", options.out.string(), error.message()));
    }
    const auto families = make_families();
    boost::asio::io_context context(1);
    std::optional<Result<DeployReport, CommandError>> result;
    boost::asio::co_spawn(context,
                          deploy_topology({.topology = *std::move(topology),
                                           .topology_folder = options.topology.parent_path(),
                                           .out = options.out,
                                           .print = print_line},
                                          families),
                          [&](std::exception_ptr exception, Result<DeployReport, CommandError> report) {
                              if (exception) std::rethrow_exception(exception);
                              result = std::move(report);
                          });
    context.run();
    if (!*result) return fail(result->error().code, result->error().text);

    const DeployReport& report = **result;
    if (report.transactions == 0 && report.proposals.empty()) {
        print_line("nothing had to be done: everything is in place");
    }
    if (options.json) {
        fmt::print("{}\n", encode_deployment_line(report.deployment));
    } else {
        print_table(report.deployment);
        fmt::print("\nconfiguration: {}\n", (options.out / "butter.toml").string());
    }
    if (report.proposals.empty()) return ExitCode::kOk;
    print_line(
        "error: these settings are left to the timelock of their chain, which must be asked for them:");
    for (const Proposal& proposal : report.proposals) {
        print_line(fmt::format("  {}: {}: call {} with {}", proposal.chain, proposal.text,
                               eth::to_checksum_text(proposal.target), encode_hex(proposal.data)));
    }
    return ExitCode::kFailed;
}

}  // namespace butter::app
