// SPDX-License-Identifier: Apache-2.0
#include "butter/app/deployment.hpp"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include "butter/app/files.hpp"
#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/eth/address.hpp"
#include "butter/rpc/json.hpp"

namespace butter::app {
namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kFileBytesMax = 16 << 20;

rpc::Json to_json(const DeployedContract& contract) {
    return rpc::JsonObject{{"contract", contract.contract},
                           {"address", eth::to_checksum_text(contract.address)},
                           {"code_hash", encode_hex(contract.code_hash)},
                           {"transaction", encode_hex(contract.transaction)},
                           {"block", contract.block.value},
                           {"gas_used", contract.gas_used}};
}

rpc::Json to_json(const Deployment& deployment) {
    rpc::JsonObject chains;
    for (const auto& [name, chain] : deployment.chains) {
        rpc::JsonObject contracts;
        for (const auto& [role, contract] : chain.contracts) contracts[role] = to_json(contract);
        chains[name] =
            rpc::JsonObject{{"chain_id", chain.chain_id.value}, {"contracts", std::move(contracts)}};
    }
    return rpc::JsonObject{{"version", kVersion}, {"relay", deployment.relay}, {"chains", std::move(chains)}};
}

void append_readable(std::string& out, const rpc::Json& value, std::size_t indentation) {
    if (!value.is_object() || value.get_object().empty()) {
        out += boost::json::serialize(value);
        return;
    }
    const char* separator = "{\n";
    for (const auto& member : value.get_object()) {
        out += separator;
        out.append(indentation + 2, ' ');
        out += boost::json::serialize(boost::json::string(member.key())) + ": ";
        append_readable(out, member.value(), indentation + 2);
        separator = ",\n";
    }
    out += '\n';
    out.append(indentation, ' ');
    out += '}';
}

std::optional<std::uint64_t> find_number(const rpc::Json& object, std::string_view key) {
    const rpc::Json* value = rpc::find_member(object, key);
    if (value == nullptr) return std::nullopt;
    // The parser gives numbers up to 2^63-1 as signed.
    if (value->is_int64() && value->get_int64() >= 0) return static_cast<std::uint64_t>(value->get_int64());
    if (value->is_uint64()) return value->get_uint64();
    return std::nullopt;
}

std::optional<DeployedContract> decode_contract(const rpc::Json& json) {
    const auto contract = rpc::find_text(json, "contract");
    const auto address = rpc::find_fixed<20>(json, "address");
    const auto code_hash = rpc::find_fixed<32>(json, "code_hash");
    const auto transaction = rpc::find_fixed<32>(json, "transaction");
    const auto block = find_number(json, "block");
    const auto gas_used = find_number(json, "gas_used");
    if (!contract || !address || !code_hash || !transaction || !block || !gas_used) return std::nullopt;
    if (json.get_object().size() != 6) return std::nullopt;
    return DeployedContract{.contract = std::string(*contract),
                            .address = *address,
                            .code_hash = *code_hash,
                            .transaction = *transaction,
                            .block = BlockNumber{*block},
                            .gas_used = *gas_used};
}

/// A value as it stands on the right of a key, on one line.
std::string to_toml(const rpc::Json& value) {
    if (value.is_object()) {
        std::string out = "{";
        const char* separator = " ";
        for (const auto& member : value.get_object()) {
            // JSON's texts are also TOML's basic strings.
            out += separator + boost::json::serialize(boost::json::string(member.key())) + " = " +
                   to_toml(member.value());
            separator = ", ";
        }
        return out + " }";
    }
    if (value.is_array()) {
        std::string out = "[";
        const char* separator = "";
        for (const rpc::Json& element : value.get_array()) {
            out += separator + to_toml(element);
            separator = ", ";
        }
        return out + "]";
    }
    return boost::json::serialize(value);
}

std::string to_toml(const std::string& text) { return boost::json::serialize(boost::json::string(text)); }

/// A key: as it is where TOML allows that, else quoted.
std::string to_toml_key(std::string_view key) {
    constexpr std::string_view kBare = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    if (!key.empty() && key.find_first_not_of(kBare) == std::string_view::npos) return std::string(key);
    return to_toml(std::string(key));
}

rpc::Json to_array(const std::vector<std::string>& texts) {
    rpc::JsonArray out;
    for (const std::string& text : texts) out.emplace_back(text);
    return out;
}

/// Absolute, without links as far as the path exists. The empty path is the current folder.
std::filesystem::path full_path(const std::filesystem::path& path) {
    std::error_code error;
    const auto absolute =
        path.empty() ? std::filesystem::current_path(error) : std::filesystem::absolute(path, error);
    auto canonical = std::filesystem::weakly_canonical(absolute, error);
    return error ? absolute.lexically_normal() : canonical;
}

/// How a file that was named in `topology_folder` is named in `out`.
std::string path_from(const std::filesystem::path& file, const std::filesystem::path& topology_folder,
                      const std::filesystem::path& out) {
    const auto absolute = full_path(file);
    const auto inside = absolute.lexically_relative(full_path(topology_folder));
    if (inside.empty() || *inside.begin() == "..") return absolute.string();
    return absolute.lexically_relative(full_path(out)).string();
}

const DeployedContract& contract_of(const Deployment& deployment, const std::string& chain,
                                    std::string_view role) {
    const auto it = deployment.chains.find(chain);
    BUTTER_ASSERT(it != deployment.chains.end());
    const DeployedContract* contract = it->second.find(role);
    BUTTER_ASSERT(contract != nullptr);
    return *contract;
}

std::string chain_text(const ChainSettings& chain, const DeployedContract& service,
                       const std::filesystem::path& topology_folder, const std::filesystem::path& out) {
    const std::string table = "chains." + to_toml_key(chain.network.name);
    std::string text =
        fmt::format("\n[{}]\nfamily = {}\nchain_id = {}\nrpc = {}\n", table, to_toml(chain.network.family),
                    chain.network.chain_id.value, to_toml(to_array(chain.network.rpc_urls)));
    if (!chain.network.consensus_urls.empty()) {
        text += fmt::format("consensus = {}\n", to_toml(to_array(chain.network.consensus_urls)));
    }
    text += fmt::format("service = \"{}\"\nstart_block = {}\n", eth::to_checksum_text(service.address),
                        service.block.value);
    text += fmt::format("\n[{}.key]\n", table);
    const auto add_path = [&](const char* key, const std::filesystem::path& file) {
        if (file.empty()) return;
        text += fmt::format("{} = {}\n", key, to_toml(path_from(file, topology_folder, out)));
    };
    const auto add_text = [&](const char* key, const std::string& value) {
        if (!value.empty()) text += fmt::format("{} = {}\n", key, to_toml(value));
    };
    add_path("keystore", chain.key.keystore);
    add_path("password_file", chain.key.password_file);
    add_text("password_env", chain.key.password_env);
    add_text("private_key_env", chain.key.private_key_env);
    text += fmt::format("\n[{}.fees]\nmax_fee_gwei = {}\nmax_priority_fee_gwei = {}\n", table,
                        chain.fees.max_fee_gwei, chain.fees.max_priority_fee_gwei);
    if (!chain.network.parameters.empty()) {
        text += fmt::format("\n[{}.parameters]\n", table);
        for (const auto& member : chain.network.parameters) {
            text += fmt::format("{} = {}\n", to_toml_key(member.key()), to_toml(member.value()));
        }
    }
    return text;
}

std::string lane_text(const std::string& from, const std::string& to, const Address& client) {
    return fmt::format("\n[[lanes]]\nfrom = {}\nto = {}\nclient = \"{}\"\n", to_toml(from), to_toml(to),
                       eth::to_checksum_text(client));
}

}  // namespace

const DeployedContract* ChainDeployment::find(std::string_view role) const noexcept {
    const auto it = contracts.find(role);
    return it == contracts.end() ? nullptr : &it->second;
}

std::string client_role(std::string_view verified_chain) { return "client." + std::string(verified_chain); }
std::string implementation_role(std::string_view contract) {
    return "implementation." + std::string(contract);
}

std::string encode_deployment(const Deployment& deployment) {
    std::string out;
    append_readable(out, to_json(deployment), 0);
    return out + "\n";
}

std::string encode_deployment_line(const Deployment& deployment) {
    return boost::json::serialize(to_json(deployment));
}

Result<Deployment, ConfigError> decode_deployment(std::string_view text, std::string file) {
    const auto fail = [&](std::string what) {
        return std::unexpected(ConfigError{file, 0, std::move(what)});
    };
    const auto json = rpc::parse_json(text);
    if (!json || !json->is_object()) return fail("is no JSON object");
    const auto version = find_number(*json, "version");
    if (version != kVersion) return fail(fmt::format("version must be {}", kVersion));
    const auto relay = rpc::find_text(*json, "relay");
    const rpc::Json* chains = rpc::find_member(*json, "chains");
    if (!relay || chains == nullptr || !chains->is_object()) return fail("relay and chains are needed");
    Deployment deployment;
    deployment.relay = std::string(*relay);
    for (const auto& entry : chains->get_object()) {
        const std::string name(entry.key());
        const auto chain_id = find_number(entry.value(), "chain_id");
        const rpc::Json* contracts = rpc::find_member(entry.value(), "contracts");
        if (!chain_id || contracts == nullptr || !contracts->is_object()) {
            return fail(fmt::format("chain {} needs chain_id and contracts", name));
        }
        ChainDeployment& chain = deployment.chains[name];
        chain.chain_id = ChainId{*chain_id};
        for (const auto& member : contracts->get_object()) {
            const auto contract = decode_contract(member.value());
            if (!contract) {
                return fail(
                    fmt::format("{} of chain {} must have contract, address, code_hash, transaction, "
                                "block and gas_used",
                                std::string_view(member.key()), name));
            }
            chain.contracts.emplace(std::string(member.key()), *contract);
        }
    }
    return deployment;
}

Result<std::optional<Deployment>, ConfigError> load_deployment(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::exists(file, error) && !error) return std::nullopt;
    const auto text = load_file(file, kFileBytesMax);
    if (!text) return std::unexpected(ConfigError{{}, 0, text.error()});
    TRY(Deployment deployment, decode_deployment(*text, file.string()));
    return deployment;
}

std::string make_config_text(const Topology& topology, const Deployment& deployment,
                             const std::filesystem::path& topology_folder, const std::filesystem::path& out) {
    std::string text = fmt::format(
        "# Configuration of `butter run`, written by `butter deploy`. `butter config example` explains the "
        "keys.\n"
        "\nrelay = {}\nstore = \"butter.sqlite\"\nlog_level = \"info\"\npoll_interval_ms = {}\n",
        to_toml(topology.relay), topology.poll_interval.count());
    std::string lanes;
    for (const TopologyChain& chain : topology.chains) {
        const std::string& name = chain.settings.network.name;
        text += chain_text(chain.settings, contract_of(deployment, name, "service"), topology_folder, out);
        if (name == topology.relay) continue;
        lanes += lane_text(name, topology.relay,
                           contract_of(deployment, topology.relay, client_role(name)).address);
        lanes += lane_text(topology.relay, name,
                           contract_of(deployment, name, client_role(topology.relay)).address);
    }
    return text + lanes;
}

}  // namespace butter::app
