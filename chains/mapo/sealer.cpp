// SPDX-License-Identifier: Apache-2.0
#include "chains/mapo/sealer.hpp"

#include <algorithm>

#include "butter/async/sleep.hpp"
#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/rpc/eth_api.hpp"
#include "butter/trie/trie.hpp"

namespace butter::mapo {
namespace {

namespace bn254 = crypto::bn254;

/// The chain's own contracts whose logs its system calls make: gold, validators, election.
constexpr std::uint16_t kGoldContract = 0xd003;
constexpr std::uint16_t kValidatorsContract = 0xd012;
constexpr std::uint16_t kElectionContract = 0xd013;
/// First topics of their events, as the chain's own node makes them (test/vectors/atlas_node/chain.json).
constexpr std::string_view kScoreUpdated = "edf9f87e50e10c533bf3ae7f5a7894ae66c23e6cbbe8773d7765d20ad6f995e9";
constexpr std::string_view kTransfer = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
constexpr std::string_view kPaid = "78a2c235f809fd19c0fd05748230c581befffa6741471b0230d97bd4b7bcd346";
constexpr std::string_view kVotersPaid = "91ba34d62474c14d6c623cd322f4256666c7a45b7fdaa3378e009d39dfcec2a7";
/// What each validator gets for an epoch, in wei.
constexpr std::uint64_t kReward = 5'000'000'000'000'000'000;

constexpr std::uint64_t kBaseFeeMin = 100'000'000'000;
constexpr std::uint64_t kBaseFeeMax = 5'000'000'000'000;
constexpr std::uint64_t kElasticity = 2;
constexpr std::uint64_t kBaseFeeChangeDenominator = 8;

constexpr std::string_view kDevnetSeed = "butter devnet validator, test key";

Hash32 derive(std::string_view purpose, std::uint64_t index) {
    Bytes input = concat({as_bytes(kDevnetSeed), as_bytes(purpose)});
    append_u64(input, index);
    return crypto::keccak256(input);
}

std::string text_of(const rpc::RpcError& error) { return error.text; }

Address system_contract(std::uint16_t suffix) {
    Address out;
    out.bytes[Address::kSize - 2] = static_cast<std::uint8_t>(suffix >> 8);
    out.bytes[Address::kSize - 1] = static_cast<std::uint8_t>(suffix);
    return out;
}

Hash32 topic_of(const Address& address) { return to_fixed<32>(concat({Bytes(12), address})); }

/// The logs that the chain's own node makes at the end of an epoch when it scores and pays validators and
/// pays their voters. No account changes: there are no such contracts here.
std::vector<eth::Log> make_system_logs(const std::vector<DevnetValidator>& validators) {
    const Bytes amount = to_bytes(to_big_endian(Uint256{kReward}));
    const Bytes score = concat({amount, amount});
    std::vector<eth::Log> out;
    for (const DevnetValidator& each : validators) {
        const Hash32 topic = topic_of(each.validator.address);
        out.push_back({system_contract(kValidatorsContract), {hex_fixed<32>(kScoreUpdated), topic}, score});
    }
    for (const DevnetValidator& each : validators) {
        const Hash32 topic = topic_of(each.validator.address);
        out.push_back({system_contract(kGoldContract), {hex_fixed<32>(kTransfer), Hash32{}, topic}, amount});
        out.push_back({system_contract(kValidatorsContract), {hex_fixed<32>(kPaid), topic}, amount});
    }
    for (const DevnetValidator& each : validators) {
        const Hash32 topic = topic_of(each.validator.address);
        out.push_back({system_contract(kElectionContract), {hex_fixed<32>(kVotersPaid), topic}, amount});
    }
    return out;
}

}  // namespace

Uint256 next_base_fee(const Header& header) {
    const std::uint64_t target = header.gas_limit / kElasticity;
    const std::uint64_t difference =
        header.gas_used > target ? header.gas_used - target : target - header.gas_used;
    const Uint256 delta =
        target == 0 ? Uint256{}
                    : divide(divide(header.base_fee * Uint256{difference}, Uint256{target}).quotient,
                             Uint256{kBaseFeeChangeDenominator})
                          .quotient;
    Uint256 fee = header.base_fee;
    if (header.gas_used > target) {
        fee = fee + std::max(delta, Uint256{1});
    } else {
        fee = fee - delta;
    }
    return std::clamp(fee, Uint256{kBaseFeeMin}, Uint256{kBaseFeeMax});
}

DevnetValidator make_devnet_validator(std::uint64_t index) {
    DevnetValidator out;
    out.ecdsa_key = derive("ecdsa", index);
    out.bls_secret = divide(*from_big_endian(derive("bls", index)), bn254::group_order()).remainder;
    const auto address = crypto::address_of(out.ecdsa_key);
    BUTTER_ASSERT(address.has_value());
    out.validator = {*address, bn254::multiply(bn254::g2_generator(), out.bls_secret),
                     bn254::multiply(bn254::g1_generator(), out.bls_secret)};
    return out;
}

void seal_header(Header& header, const std::vector<DevnetValidator>& validators, std::size_t proposer,
                 const std::vector<std::size_t>& signers, std::uint64_t round) {
    header.coinbase = validators[proposer].validator.address;
    header.extra.seal.clear();
    header.extra.aggregated_seal = {};
    const auto seal = crypto::sign(proposer_digest(header), validators[proposer].ecdsa_key);
    BUTTER_ASSERT(seal.has_value());
    header.extra.seal = concat({seal->r, seal->s, BytesView(&seal->recovery_id, 1)});
    const auto hash = bn254::hash_to_g1(seal_message(block_hash(header), round));
    BUTTER_ASSERT(hash.has_value());
    bn254::G1 signature;
    AggregatedSeal aggregated;
    for (std::size_t signer : signers) {
        signature = bn254::add(signature, bn254::multiply(hash->point, validators[signer].bls_secret));
        aggregated.bitmap = aggregated.bitmap | (Uint256{1} << static_cast<unsigned>(signer));
    }
    aggregated.signature = to_bytes(bn254::encode_g1(signature));
    aggregated.round = round;
    header.extra.aggregated_seal = aggregated;
}

Sealer::Sealer(boost::asio::any_io_executor executor, rpc::Url anvil, SealerOptions options)
    : anvil_(std::move(executor), {std::move(anvil)}), options_(options) {
    for (; next_validator_ < options_.validators; ++next_validator_) {
        validators_.push_back(make_devnet_validator(next_validator_));
    }
    sets_by_epoch_.push_back(validators_);
}

async::Task<Result<void, std::string>> Sealer::start() {
    auto number = co_await anvil_.call("eth_blockNumber", {});
    if (!number) co_return std::unexpected(text_of(number.error()));
    const auto head = number->is_string() ? decode_quantity(number->get_string().c_str())
                                          : std::unexpected(HexError::kBadDigit);
    if (!head) co_return std::unexpected("anvil's block number is malformed");
    for (std::uint64_t i = 0; i <= *head; ++i) CO_TRY_VOID(co_await seal_block(i));
    co_return Result<void, std::string>();
}

async::Task<void> Sealer::run() {
    for (;;) {
        co_await async::sleep_for(options_.block_interval);
        // A node that does not answer now may the next time; the chain then simply pauses.
        static_cast<void>(co_await step());
    }
}

async::Task<Result<void, std::string>> Sealer::step() {
    const auto mined = co_await anvil_.call("evm_mine", {});
    if (!mined) co_return std::unexpected(text_of(mined.error()));
    co_return co_await seal_block(blocks_.size());
}

void Sealer::plan_rotation(Header& header) {
    if (!options_.rotate || !is_epoch_end(header.number.value)) return;
    const std::uint64_t epoch = header.number.value / options_.epoch_length;
    if (epoch % 2 == 1) {
        const DevnetValidator added = make_devnet_validator(next_validator_);
        header.extra.added_addresses = {added.validator.address};
        header.extra.added_g2_keys = {bn254::encode_g2(added.validator.g2_key)};
        header.extra.added_g1_keys = {bn254::encode_g1(added.validator.g1_key)};
    } else {
        header.extra.removed = 1;
    }
}

void Sealer::apply_rotation_of(const Header& header) {
    if (!is_epoch_end(header.number.value)) return;
    if (!header.extra.removed.is_zero()) validators_.erase(validators_.begin());
    if (!header.extra.added_addresses.empty())
        validators_.push_back(make_devnet_validator(next_validator_++));
    sets_by_epoch_.push_back(validators_);
}

async::Task<Result<void, std::string>> Sealer::add_system_calls(SealedBlock& block) {
    block.system_logs = make_system_logs(validators_);
    auto answer = co_await anvil_.call("eth_getBlockReceipts", {encode_quantity(block.header.number.value)});
    if (!answer) co_return std::unexpected(text_of(answer.error()));
    std::vector<Bytes> receipts;
    for (const rpc::Json& json : answer->is_array() ? answer->get_array() : rpc::JsonArray()) {
        const auto placed = rpc::decode_placed_receipt(json);
        if (!placed) co_return std::unexpected("anvil's receipts are malformed");
        receipts.push_back(eth::encode_receipt(placed->receipt));
        block.transaction_log_count += placed->logs.size();
    }
    block.transaction_count = receipts.size();
    eth::Receipt system;
    system.is_success = true;
    system.logs = block.system_logs;
    system.bloom = eth::bloom_of(system.logs);
    receipts.push_back(eth::encode_receipt(system));
    block.header.receipts_root = trie::make_list_trie(receipts).root();
    for (std::size_t i = 0; i < system.bloom.bytes.size(); ++i)
        block.header.bloom.bytes[i] |= system.bloom.bytes[i];
    co_return Result<void, std::string>();
}

async::Task<Result<void, std::string>> Sealer::seal_block(std::uint64_t number) {
    auto answer = co_await anvil_.call("eth_getBlockByNumber", {encode_quantity(number), false});
    if (!answer) co_return std::unexpected(text_of(answer.error()));
    rpc::JsonObject fields = answer->is_object() ? answer->get_object() : rpc::JsonObject();
    // The execution fields are anvil's; the extra data gets the shape of this chain before it is decoded.
    fields["extraData"] = encode_hex(encode_extra(Extra{}, Seals::kAll));
    fields["mixHash"] = encode_hex(Hash32{});
    fields["nonce"] = encode_hex(FixedBytes<8>{});
    auto decoded = decode_header_json(fields);
    if (!decoded)
        co_return std::unexpected("anvil's block " + std::to_string(number) + ": " +
                                  std::string(to_string(decoded.error())));
    SealedBlock block;
    block.header = *std::move(decoded);
    Header& header = block.header;
    if (is_epoch_end(number)) CO_TRY_VOID(co_await add_system_calls(block));
    if (number > 0) {
        header.parent_hash = blocks_.back().hash;
        header.extra.parent_aggregated_seal = blocks_.back().header.extra.aggregated_seal;
        plan_rotation(header);
        std::vector<std::size_t> signers;
        // A different third is absent each time.
        const std::size_t count = validators_.size();
        const std::size_t absent = std::min(options_.absent, count - quorum(count));
        for (std::size_t i = 0; i < count; ++i) {
            if ((i + number) % count >= absent) signers.push_back(i);
        }
        seal_header(header, validators_, number % count, signers, 0);
    } else {
        header.parent_hash = {};
        header.coinbase = {};
    }
    const auto priced =
        co_await anvil_.call("anvil_setNextBlockBaseFeePerGas", {to_quantity(next_base_fee(header))});
    if (!priced) co_return std::unexpected(text_of(priced.error()));
    block.hash = block_hash(header);
    number_by_hash_.emplace(block.hash, number);
    blocks_.push_back(std::move(block));
    apply_rotation_of(blocks_.back().header);
    co_return Result<void, std::string>();
}

std::optional<std::uint64_t> Sealer::find_number(const Hash32& hash) const {
    const auto it = number_by_hash_.find(hash);
    if (it == number_by_hash_.end()) return std::nullopt;
    return it->second;
}

}  // namespace butter::mapo
