// SPDX-License-Identifier: Apache-2.0
#include "butter/app/toml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "butter/app/files.hpp"
#include "butter/app/keys.hpp"
#include "butter/eth/address.hpp"
#include "butter/rpc/http.hpp"

namespace butter::app {
namespace {

constexpr std::uint64_t kFileBytesMax = 1 << 20;
/// 18 * 10^9 gwei of fee per gas is beyond any use and still fits 64 bits in wei.
constexpr std::uint64_t kFeeGweiMax = 1'000'000'000;

boost::json::value to_json(const toml::node& node) {
    if (const auto* table = node.as_table()) {
        boost::json::object object;
        for (const auto& [key, value] : *table) object[std::string(key.str())] = to_json(value);
        return object;
    }
    if (const auto* array = node.as_array()) {
        boost::json::array out;
        for (const toml::node& entry : *array) out.push_back(to_json(entry));
        return out;
    }
    if (const auto value = node.value_exact<std::string>()) return boost::json::string(*value);
    if (const auto value = node.value_exact<std::int64_t>()) return *value;
    if (const auto value = node.value_exact<bool>()) return *value;
    if (const auto value = node.value_exact<double>()) return *value;
    return nullptr;  // dates: no family has such a parameter, so it refuses the null
}

std::filesystem::path resolve(const std::filesystem::path& folder, const std::string& path) {
    if (path.empty()) return {};
    return folder / path;
}

Result<KeySettings, ConfigError> decode_key(const toml::table& table, const std::string& path,
                                            const TomlSource& source, const std::filesystem::path& folder) {
    TableReader reader(table, path, source);
    KeySettings key;
    TRY(const std::string keystore, reader.text("keystore", ""));
    TRY(const std::string password_file, reader.text("password_file", ""));
    TRY(key.password_env, reader.text("password_env", ""));
    TRY(key.private_key_env, reader.text("private_key_env", ""));
    TRY_VOID(reader.finish());
    for (const auto& [name, value] :
         {std::pair("password_env", key.password_env), std::pair("private_key_env", key.private_key_env)}) {
        // What is not a name may be the secret itself: it is not repeated.
        if (!value.empty() && !is_variable_name(value)) {
            return std::unexpected(reader.error(
                *table.get(name),
                fmt::format("{} must be the name of an environment variable, letters, digits and "
                            "_, not what the variable holds",
                            reader.name(name))));
        }
    }
    key.keystore = resolve(folder, keystore);
    key.password_file = resolve(folder, password_file);
    if (keystore.empty() == key.private_key_env.empty()) {
        return std::unexpected(reader.error(table, path + " must have either keystore or private_key_env"));
    }
    if (!keystore.empty() && password_file.empty() == key.password_env.empty()) {
        return std::unexpected(
            reader.error(table, path + " must have either password_file or password_env beside keystore"));
    }
    if (keystore.empty() && !(password_file.empty() && key.password_env.empty())) {
        return std::unexpected(
            reader.error(table, path + " has a password, but no keystore that it is the password of"));
    }
    return key;
}

Result<FeeSettings, ConfigError> decode_fees(const toml::table* table, const std::string& path,
                                             const TomlSource& source) {
    static const toml::table kEmpty;
    TableReader reader(table == nullptr ? kEmpty : *table, path, source);
    FeeSettings fees;
    TRY(fees.max_fee_gwei, reader.number("max_fee_gwei", 500, 1, kFeeGweiMax));
    TRY(fees.max_priority_fee_gwei, reader.number("max_priority_fee_gwei", 50, 0, kFeeGweiMax));
    TRY_VOID(reader.finish());
    if (fees.max_priority_fee_gwei > fees.max_fee_gwei) {
        return std::unexpected(
            reader.error(fmt::format("{}.max_priority_fee_gwei is {}, more than max_fee_gwei, {}", path,
                                     fees.max_priority_fee_gwei, fees.max_fee_gwei)));
    }
    return fees;
}

}  // namespace

ConfigError TableReader::error(const toml::node& node, std::string text) const {
    return {source_.file, node.source().begin.line, std::move(text)};
}
ConfigError TableReader::missing(std::string_view key, std::string_view expected) const {
    return {source_.file, table_.source().begin.line,
            fmt::format("{} is missing, expected {}", name(key), expected)};
}
std::string TableReader::name(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

const toml::node* TableReader::find(std::string_view key) {
    seen_.emplace_back(key);
    return table_.get(key);
}

Result<std::string, ConfigError> TableReader::text(std::string_view key,
                                                   std::optional<std::string> fallback) {
    const toml::node* node = find(key);
    if (node == nullptr) {
        if (fallback) return *std::move(fallback);
        return std::unexpected(missing(key, "a text"));
    }
    const auto value = node->value_exact<std::string>();
    if (!value) return std::unexpected(error(*node, fmt::format("{} must be a text", name(key))));
    return *value;
}

Result<std::uint64_t, ConfigError> TableReader::number(std::string_view key,
                                                       std::optional<std::uint64_t> fallback,
                                                       std::uint64_t low, std::uint64_t high) {
    const toml::node* node = find(key);
    if (node == nullptr) {
        if (fallback) return *fallback;
        return std::unexpected(missing(key, fmt::format("a number from {} to {}", low, high)));
    }
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < low ||
        static_cast<std::uint64_t>(*value) > high) {
        return std::unexpected(
            error(*node, fmt::format("{} must be a number from {} to {}", name(key), low, high)));
    }
    return static_cast<std::uint64_t>(*value);
}

Result<std::optional<Address>, ConfigError> TableReader::find_address(std::string_view key) {
    const toml::node* node = find(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value_exact<std::string>();
    const auto decoded = value ? eth::parse_address(*value) : std::unexpected(eth::AddressError::kMalformed);
    if (!decoded && decoded.error() == eth::AddressError::kChecksum) {
        return std::unexpected(error(
            *node,
            fmt::format("{} has letters in both cases, but not the ones of EIP-55: mistyped?", name(key))));
    }
    if (!decoded || decoded->is_zero()) {
        return std::unexpected(
            error(*node, fmt::format("{} must be an address, \"0x\" and 40 hex digits", name(key))));
    }
    return *decoded;
}

Result<Address, ConfigError> TableReader::address(std::string_view key) {
    TRY(const std::optional<Address> value, find_address(key));
    if (!value) return std::unexpected(missing(key, "an address"));
    return *value;
}

Result<std::vector<std::string>, ConfigError> TableReader::urls(std::string_view key, bool required) {
    const toml::node* node = find(key);
    std::vector<std::string> out;
    if (node == nullptr) {
        if (required) return std::unexpected(missing(key, "a list of URLs"));
        return out;
    }
    const toml::array* list = node->as_array();
    if (list == nullptr)
        return std::unexpected(error(*node, fmt::format("{} must be a list of URLs", name(key))));
    for (const toml::node& entry : *list) {
        const auto url = entry.value_exact<std::string>();
        if (!url) return std::unexpected(error(entry, fmt::format("{} must be a list of URLs", name(key))));
        if (const auto decoded = rpc::decode_url(*url); !decoded)
            return std::unexpected(error(entry, fmt::format("{}: {}", name(key), decoded.error())));
        out.push_back(*url);
    }
    if (required && out.empty())
        return std::unexpected(error(*node, fmt::format("{} must not be empty", name(key))));
    return out;
}

Result<const toml::table*, ConfigError> TableReader::table(std::string_view key) {
    const toml::node* node = find(key);
    if (node == nullptr) return nullptr;
    if (!node->is_table()) return std::unexpected(error(*node, fmt::format("{} must be a table", name(key))));
    return node->as_table();
}

Result<void, ConfigError> TableReader::finish() const {
    for (const auto& [key, node] : table_) {
        if (std::find(seen_.begin(), seen_.end(), key.str()) == seen_.end()) {
            return std::unexpected(error(
                node, source_.example_command.empty()
                          ? fmt::format("unknown key {}; a network file has family, chain_id and parameters",
                                        name(key.str()))
                          : fmt::format("unknown key {}; `{}` lists all", name(key.str()),
                                        source_.example_command)));
        }
    }
    return {};
}

Result<std::string, ConfigError> read_toml_file(const std::filesystem::path& file,
                                                std::string_view example_command) {
    auto text = load_file(file, kFileBytesMax);
    if (text) return *std::move(text);
    std::error_code error;
    if (std::filesystem::exists(file, error) || example_command.empty())
        return std::unexpected(ConfigError{{}, 0, text.error()});
    return std::unexpected(
        ConfigError{{}, 0, fmt::format("{}; `{}` prints one to start from", text.error(), example_command)});
}

Result<toml::table, ConfigError> parse_toml(std::string_view text, const TomlSource& source) {
    toml::parse_result parsed = toml::parse(text);
    if (!parsed) {
        return std::unexpected(ConfigError{source.file, parsed.error().source().begin.line,
                                           std::string(parsed.error().description())});
    }
    return std::move(parsed).table();
}

Result<ChainSettings, ConfigError> read_chain(std::string name, TableReader& reader,
                                              const std::filesystem::path& folder) {
    const std::string path = "chains." + name;
    ChainSettings chain;
    chain.network.name = std::move(name);

    // A network file holds what is the same for everybody on that network; keys given here win.
    std::optional<std::string> family;
    std::optional<std::uint64_t> chain_id;
    TRY(const std::string network_file, reader.text("network", ""));
    if (!network_file.empty()) {
        const std::filesystem::path network_path = resolve(folder, network_file);
        TRY(const std::string network_text, read_toml_file(network_path, {}));
        const TomlSource network_source{network_path.string(), {}};
        TRY(const toml::table network, parse_toml(network_text, network_source));
        TableReader network_reader(network, "", network_source);
        TRY(family, network_reader.text("family", std::nullopt));
        TRY(chain_id,
            network_reader.number("chain_id", std::nullopt, 1, std::numeric_limits<std::int64_t>::max()));
        TRY(const toml::table* parameters, network_reader.table("parameters"));
        TRY_VOID(network_reader.finish());
        if (parameters != nullptr) chain.network.parameters = to_json(*parameters).as_object();
    }
    TRY(chain.network.family, reader.text("family", family));
    TRY(const std::uint64_t id,
        reader.number("chain_id", chain_id, 1, std::numeric_limits<std::int64_t>::max()));
    chain.network.chain_id = ChainId{id};
    TRY(chain.network.rpc_urls, reader.urls("rpc", true));
    TRY(chain.network.consensus_urls, reader.urls("consensus", false));
    TRY(const toml::table* key, reader.table("key"));
    if (key != nullptr) {
        TRY(chain.key, decode_key(*key, path + ".key", reader.source(), folder));
    }
    TRY(const toml::table* fees, reader.table("fees"));
    TRY(chain.fees, decode_fees(fees, path + ".fees", reader.source()));
    TRY(const toml::table* parameters, reader.table("parameters"));
    if (parameters != nullptr) {
        boost::json::value own = to_json(*parameters);
        for (auto& [key_name, value] : own.as_object()) chain.network.parameters[key_name] = std::move(value);
    }
    return chain;
}

}  // namespace butter::app
