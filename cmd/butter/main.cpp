// SPDX-License-Identifier: Apache-2.0
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "butter/app/commands.hpp"
#include "butter/app/topology.hpp"
#include "butter/selftest/selftest.hpp"
#include "butter/service/calls.hpp"
#include "devnet/command.hpp"

namespace {

using butter::app::ExitCode;

constexpr const char* kDescription =
    "Carries messages between blockchains; every hop is verified on chain by a light client.";

constexpr const char* kFooter = R"(
Exit status:
  0  done
  1  it ran, and the answer is no: does not verify, failed, refused by a contract
  2  a flag is missing or malformed
  3  a configuration, topology or key file is missing or wrong
  4  no endpoint of a chain gave a usable answer
  5  no such order or transaction

Examples:
  butter config example > butter.toml
  butter run --config butter.toml
  butter send --from A --to B --target 0x5FbDB2315678afecb367f032d93F642f64180aa3 --payload 0xd09de08a --wait
  butter trace 0x8f3c...      the whole life of a message, and why it waits
  butter verify 0x8f3c...     checks it from the configured checkpoints, trusting nobody
  butter prove 0x8f3c...      call data with which anyone can deliver its next step

`butter COMMAND --help` says more of each.)";

constexpr const char* kDefaultConfig = "butter.toml";

/// What the flags chose; runs after all of them were parsed.
using Command = std::function<ExitCode()>;

void add_config(CLI::App* command, std::filesystem::path& config) {
    config = kDefaultConfig;
    command->add_option("-c,--config", config, "configuration (TOML)")->capture_default_str();
}

/// For a flag that names something: an unset shell variable is no choice.
const CLI::Validator kNotEmpty([](std::string& text) { return text.empty() ? "is empty" : std::string(); },
                               "");

void add_run(CLI::App& app, Command& chosen) {
    auto* command = app.add_subcommand("run", "carries messages and keeps the light clients alive");
    command->footer(
        "\nRuns until SIGINT or SIGTERM and loses nothing however it ends: what was under way is taken up "
        "again.\n"
        "One line an event on standard output, one process for each store.");
    auto options = std::make_shared<butter::app::RunOptions>();
    add_config(command, options->config);
    command->callback([&chosen, options] { chosen = [options] { return butter::app::run(*options); }; });
}

void add_devnet(CLI::App& app, Command& chosen) {
    auto* command =
        app.add_subcommand("devnet", "three chains on loopback, contracts deployed, for trying things out");
    command->footer(R"(
Ports are first-port (A), +1 (A's beacon API), +2 (R), +3 (B), +4 (B's beacon API). All keys are public test keys.
Needs no network. Nothing is kept: a new devnet begins with new chains.)");
    auto options = std::make_shared<butter::devnet::Options>();
    options->directory = "run/devnet";
    options->first_port = 8545;
    auto interval_ms = std::make_shared<std::uint64_t>(1'000);
    auto is_demo = std::make_shared<bool>(false);
    auto has_contracts = std::make_shared<bool>(true);
    auto* directory =
        command->add_option("--directory", options->directory, "where its files go")->capture_default_str();
    auto* first_port = command->add_option("--first-port", options->first_port, "0 for any free ports")
                           ->check(CLI::Range(0, 65531))
                           ->capture_default_str();
    auto* interval =
        command->add_option("--block-interval-ms", *interval_ms, "time between blocks of each chain")
            ->check(CLI::Range(20, 60'000))
            ->capture_default_str();
    command->add_option("--validators", options->validators, "of the relay chain")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    command->add_option("--absent-validators", options->absent_validators, "that do not sign a block")
        ->check(CLI::Range(0, 33))
        ->capture_default_str();
    command->add_flag("!--no-contracts", *has_contracts,
                      "only the chains: deploy with `butter deploy` yourself");
    command->add_flag(
        "--demo", *is_demo,
        "sends messages of every kind, checks their effects, and ends; without other flags in run/demo, on\n"
        "free ports, with four blocks a second");
    command->callback(
        [&chosen, options, interval_ms, is_demo, has_contracts, directory, first_port, interval] {
            if (*is_demo && directory->count() == 0) options->directory = "run/demo";
            if (*is_demo && first_port->count() == 0) options->first_port = 0;
            if (*is_demo && interval->count() == 0) *interval_ms = 250;
            chosen = [options, interval_ms, is_demo, has_contracts] {
                using butter::devnet::Mode;
                options->block_interval = std::chrono::milliseconds{*interval_ms};
                const Mode mode = *is_demo ? Mode::kDemo : *has_contracts ? Mode::kStay : Mode::kChains;
                return butter::devnet::run(*options, mode);
            };
        });
}

void add_deploy(CLI::App& app, Command& chosen) {
    auto* command =
        app.add_subcommand("deploy", "puts the contracts on the chains of a topology and registers them");
    command->footer(R"(
Writes deployment.json and butter.toml, the configuration for `butter run`. Run it again at any time: what is there
already is not done again. `butter deploy --example` prints a commented topology.)");
    auto options = std::make_shared<butter::app::DeployOptions>();
    auto is_example = std::make_shared<bool>(false);
    options->topology = "topology.toml";
    options->out = ".";
    command->add_option("-t,--topology", options->topology, "chains and roles (TOML)")->capture_default_str();
    command->add_option("-o,--out", options->out, "folder of deployment.json and butter.toml")
        ->capture_default_str();
    command->add_flag("--json", options->json, "the deployment as one JSON object on standard output");
    command->add_flag("--example", *is_example, "prints a commented topology");
    command->callback([&chosen, options, is_example] {
        chosen = [options, is_example] {
            if (!*is_example) return butter::app::deploy(*options);
            std::fputs(butter::app::topology_example().c_str(), stdout);
            return ExitCode::kOk;
        };
    });
}

void add_send(CLI::App& app, Command& chosen) {
    auto* command = app.add_subcommand("send", "sends a message and pays its fee");
    command->footer(R"(
Calls a contract on B that has allowed the sender (addRemoteCaller):
  butter send --from A --to B --target 0x5FbDB2315678afecb367f032d93F642f64180aa3 --payload 0xd09de08a
Hands a payload to mapoExecute of a contract on B and waits until it is there:
  butter send --from A --to B --target 0x5Fb... --payload 0x01 --message --gas-limit 300000 --wait
The exit status with --wait is 1 when the execution failed on the destination.)");
    auto options = std::make_shared<butter::app::SendOptions>();
    add_config(command, options->config);
    command->add_option("--from", options->from, "chain to send on, by its name in the configuration")
        ->required();
    command->add_option("--to", options->to, "destination, by its name or chain id")->required();
    command->add_option("--target", options->target, "contract that receives it, 0x and 40 hex digits")
        ->required();
    command->add_option("--payload", options->payload, "call data, or the message, as hex")->required();
    command->add_flag("--message", options->message, "hand it to mapoExecute instead of calling with it");
    command->add_flag(
        "--relay", options->relay,
        "the target is an executor on the relay chain, which makes the message for the destination");
    command->add_option("--gas-limit", options->gas_limit, "gas of the execution")
        ->check(CLI::Range(butter::service::kGasLimitMin, butter::service::kGasLimitMax))
        ->capture_default_str();
    command
        ->add_option("--private-key-env", options->private_key_env,
                     "environment variable with the sender's key; the chain's configured key otherwise")
        ->check(kNotEmpty);
    command->add_flag("--wait", options->wait, "until it is delivered or failed, saying each step");
    command->add_flag("--json", options->json, "one JSON object on standard output");
    command->callback([&chosen, options] { chosen = [options] { return butter::app::send(*options); }; });
}

void add_lanes(CLI::App& app, Command& chosen) {
    auto* command =
        app.add_subcommand("lanes", "what verifies each direction, who could forge it, who may change it");
    command->footer("\nThe exit status is 1 when there is anything to warn of.");
    auto options = std::make_shared<butter::app::LanesOptions>();
    add_config(command, options->config);
    command->add_flag("--json", options->json, "one JSON array on standard output");
    command->callback([&chosen, options] { chosen = [options] { return butter::app::lanes(*options); }; });
}

void add_order_flags(CLI::App* command, butter::app::OrderOptions& options) {
    add_config(command, options.config);
    command->add_option("order", options.order, "order id, or hash of the transaction that sent it")
        ->required();
    command->add_flag("--json", options.json, "one JSON object on standard output");
}

void add_trace(CLI::App& app, Command& chosen) {
    auto* command = app.add_subcommand("trace", "the whole life of a message and, if it waits, why");
    command->footer("\nReads the chains alone, not the store of `butter run`: it works from anywhere.");
    auto options = std::make_shared<butter::app::OrderOptions>();
    add_order_flags(command, *options);
    command->callback([&chosen, options] { chosen = [options] { return butter::app::trace(*options); }; });
}

void add_verify(CLI::App& app, Command& chosen) {
    auto* command = app.add_subcommand("verify", "checks the whole chain of proof of a delivered message");
    command->footer(R"(
Proves every log from the chains' configured checkpoints and recomputes the outbox; what the nodes say is only a
hint where to look. Names the first step that does not hold and exits with 1.
  butter verify 0x8f3c... --save proof.json     keeps the evidence
  butter verify --bundle proof.json             checks it without the network, with your own checkpoints)");
    auto options = std::make_shared<butter::app::VerifyOptions>();
    add_config(command, options->order.config);
    auto* order = command->add_option("order", options->order.order,
                                      "order id, or hash of the transaction that sent it");
    auto* save = command->add_option("--save", options->save, "writes the evidence to this file");
    auto* bundle =
        command
            ->add_option("--bundle", options->bundle, "checks the evidence in this file, without the network")
            ->excludes(save);
    command->add_flag("--json", options->order.json, "one JSON object on standard output");
    command->callback([&chosen, options, order, bundle] {
        if (order->count() == 0 && bundle->count() == 0) throw CLI::RequiredError("order or --bundle");
        chosen = [options] { return butter::app::verify(*options); };
    });
}

void add_prove(CLI::App& app, Command& chosen) {
    auto* command =
        app.add_subcommand("prove", "prints the call data with which anyone can deliver the next step");
    command->footer(
        "\nPrints `cast send` commands to which only a key has to be added. Delivering is open to everyone: "
        "the\n"
        "contracts believe the proof, not the sender. For a failed message it prints the retry.");
    auto options = std::make_shared<butter::app::OrderOptions>();
    add_order_flags(command, *options);
    command->callback([&chosen, options] { chosen = [options] { return butter::app::prove(*options); }; });
}

void add_keys(CLI::App& app, Command& chosen) {
    auto* command = app.add_subcommand("keys", "makes and shows signing keys (Ethereum v3 keystores)");
    command->require_subcommand(1);
    auto options = std::make_shared<butter::app::KeyOptions>();
    const auto add_keystore = [&](CLI::App* one) {
        one->add_option("--keystore", options->keystore, "the keystore file")->required()->check(kNotEmpty);
    };
    const auto add_password = [&](CLI::App* one) {
        auto* file =
            one->add_option("--password-file", options->password_file, "its first line is the password")
                ->check(kNotEmpty);
        one->add_option("--password-env", options->password_env, "environment variable with the password")
            ->check(kNotEmpty)
            ->excludes(file);
    };
    auto* create = command->add_subcommand("create", "makes a new key and prints its address");
    add_keystore(create);
    add_password(create);
    auto* import =
        command->add_subcommand("import", "stores a key from the environment and prints its address");
    add_keystore(import);
    add_password(import);
    import
        ->add_option("--private-key-env", options->private_key_env,
                     "environment variable with the key as hex")
        ->check(kNotEmpty)
        ->required();
    auto* address = command->add_subcommand("address", "prints the address of a keystore; needs no password");
    add_keystore(address);
    for (CLI::App* one : {create, import})
        one->callback(
            [&chosen, options] { chosen = [options] { return butter::app::create_key(*options); }; });
    address->callback(
        [&chosen, options] { chosen = [options] { return butter::app::print_key_address(*options); }; });
}

void add_config_commands(CLI::App& app, Command& chosen) {
    auto* command = app.add_subcommand("config", "prints an example configuration, or checks one");
    command->require_subcommand(1);
    command->add_subcommand("example", "prints a commented configuration with every key")
        ->callback([&chosen] { chosen = butter::app::print_config_example; });
    auto* check = command->add_subcommand("check", "checks a configuration completely, without the network");
    auto file = std::make_shared<std::filesystem::path>();
    add_config(check, *file);
    check->callback([&chosen, file] { chosen = [file] { return butter::app::check_config(*file); }; });
}

void add_selftest(CLI::App& app, Command& chosen) {
    auto* command = app.add_subcommand("selftest", "holds this build against data that others made");
    command->footer(R"(
Runs every case of every set in the folder, those that must fail included, and prints a line for each set. Run it after
a change of machine or compiler; the project's folder test/vectors has the sets.)");
    auto options = std::make_shared<butter::selftest::SelftestOptions>();
    command->add_option("--vectors", options->vectors, "a folder with one folder for each set")->required();
    command->add_flag("--json", options->json, "one JSON object on standard output");
    command->callback([&chosen, options] {
        chosen = [options] { return static_cast<ExitCode>(butter::selftest::run(*options, std::cout)); };
    });
}

void add_version(CLI::App& app, Command& chosen) {
    app.add_subcommand("version", "prints the version")->callback([&chosen] {
        chosen = [] {
            std::puts("butter " BUTTER_VERSION);
            return ExitCode::kOk;
        };
    });
}

/// Help of the command whose flags were being read when parsing ended.
std::string nearest_help(const CLI::App& app) {
    const CLI::App* innermost = &app;
    std::string path;
    while (!innermost->get_subcommands().empty()) {
        path += (path.empty() ? "" : " ") + innermost->get_name();
        innermost = innermost->get_subcommands().front();
    }
    return innermost->help(path);
}

/// What no command knows says more than that something else is missing.
std::string describe(const CLI::App& app, const CLI::ParseError& error) {
    const std::vector<std::string> unknown = app.remaining(true);
    if (unknown.empty()) return error.what();
    for (const std::string& argument : unknown) {
        // What stands behind "=" may be a secret.
        if (argument.starts_with("-")) return "unknown flag " + argument.substr(0, argument.find('='));
    }
    return (app.get_subcommands().empty() ? "unknown command " : "unexpected argument ") + unknown.front();
}

}  // namespace

int main(int argc, char** argv) {
    // Standard output is for what was asked.
    spdlog::set_default_logger(spdlog::stderr_color_st("butter"));
    spdlog::set_pattern("%n: %l: %v");
    CLI::App app{kDescription, "butter"};
    app.footer(kFooter);
    app.require_subcommand(1);
    Command chosen;
    add_devnet(app, chosen);
    add_deploy(app, chosen);
    add_run(app, chosen);
    add_send(app, chosen);
    add_trace(app, chosen);
    add_verify(app, chosen);
    add_lanes(app, chosen);
    add_prove(app, chosen);
    add_keys(app, chosen);
    add_config_commands(app, chosen);
    add_selftest(app, chosen);
    add_version(app, chosen);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {
        return app.exit(asked);
    } catch (const CLI::ParseError& error) {
        std::fprintf(stderr, "butter: %s\n\n%s", describe(app, error).c_str(), nearest_help(app).c_str());
        return static_cast<int>(ExitCode::kUsage);
    }
    try {
        const ExitCode code = chosen();
        std::cout.flush();
        if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout) {
            std::fprintf(stderr, "butter: standard output cannot be written\n");
            return static_cast<int>(ExitCode::kFailed);
        }
        return static_cast<int>(code);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "butter: %s\n", error.what());
        return static_cast<int>(ExitCode::kFailed);
    }
}
