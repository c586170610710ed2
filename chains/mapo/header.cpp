// SPDX-License-Identifier: Apache-2.0
#include "chains/mapo/header.hpp"

#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::mapo {
namespace {

using codec::RlpReader;

constexpr std::uint8_t kCommitCode = 2;

void append_aggregated_seal(Bytes& out, const AggregatedSeal& seal) {
    Bytes fields;
    codec::append_rlp_uint(fields, seal.bitmap);
    codec::append_rlp_bytes(fields, seal.signature);
    codec::append_rlp_uint(fields, seal.round);
    codec::append_rlp_list(out, fields);
}

template <class T>
void append_list(Bytes& out, const std::vector<T>& entries) {
    Bytes items;
    for (const T& entry : entries) codec::append_rlp_bytes(items, entry);
    codec::append_rlp_list(out, items);
}

Result<AggregatedSeal, codec::RlpError> read_aggregated_seal(RlpReader& items) {
    TRY(RlpReader fields, items.next_list());
    AggregatedSeal seal;
    TRY(seal.bitmap, fields.next_uint256());
    TRY(const BytesView signature, fields.next_bytes());
    seal.signature = to_bytes(signature);
    TRY(seal.round, fields.next_uint256());
    TRY_VOID(fields.finish());
    return seal;
}

template <std::size_t N>
Result<std::vector<FixedBytes<N>>, codec::RlpError> read_list(RlpReader& items) {
    TRY(RlpReader entries, items.next_list());
    std::vector<FixedBytes<N>> out;
    while (!entries.is_done()) {
        TRY(const FixedBytes<N> entry, entries.next_fixed<N>());
        out.push_back(entry);
    }
    return out;
}

Result<Extra, codec::RlpError> read_extra(BytesView bytes) {
    Extra extra;
    extra.vanity = to_fixed<kVanityBytes>(bytes.first(kVanityBytes));
    TRY(RlpReader items, codec::decode_rlp_list(bytes.subspan(kVanityBytes)));
    TRY(extra.added_addresses, read_list<20>(items));
    TRY(extra.added_g2_keys, read_list<128>(items));
    TRY(extra.added_g1_keys, read_list<64>(items));
    TRY(extra.removed, items.next_uint256());
    TRY(const BytesView seal, items.next_bytes());
    extra.seal = to_bytes(seal);
    TRY(extra.aggregated_seal, read_aggregated_seal(items));
    TRY(extra.parent_aggregated_seal, read_aggregated_seal(items));
    TRY_VOID(items.finish());
    return extra;
}

Result<Bytes, codec::RlpError> read_header(BytesView bytes, Header& header) {
    TRY(RlpReader items, codec::decode_rlp_list(bytes));
    TRY(header.parent_hash, items.next_fixed<32>());
    TRY(header.coinbase, items.next_fixed<20>());
    TRY(header.state_root, items.next_fixed<32>());
    TRY(header.transactions_root, items.next_fixed<32>());
    TRY(header.receipts_root, items.next_fixed<32>());
    TRY(header.bloom, items.next_fixed<256>());
    TRY(const std::uint64_t number, items.next_u64());
    header.number = BlockNumber{number};
    TRY(header.gas_limit, items.next_u64());
    TRY(header.gas_used, items.next_u64());
    TRY(const std::uint64_t timestamp, items.next_u64());
    header.timestamp = UnixSeconds{timestamp};
    TRY(const BytesView extra, items.next_bytes());
    TRY(header.mix_digest, items.next_fixed<32>());
    TRY(header.nonce, items.next_fixed<8>());
    TRY(header.base_fee, items.next_uint256());
    TRY_VOID(items.finish());
    return to_bytes(extra);
}

}  // namespace

std::string_view to_string(HeaderError error) noexcept {
    switch (error) {
        case HeaderError::kRlp:
            return "header is not canonical rlp of its shape";
        case HeaderError::kExtraTooShort:
            return "header extra data holds no more than the vanity";
        case HeaderError::kSealSize:
            return "proposer seal is not 65 bytes";
        case HeaderError::kSignatureSize:
            return "aggregated signature is not 64 bytes";
        case HeaderError::kTooLarge:
            return "header above 65535 bytes";
        case HeaderError::kJson:
            return "block has a missing or malformed field";
    }
    return "unknown header error";
}

Bytes encode_extra(const Extra& extra, Seals seals) {
    Bytes fields;
    append_list(fields, extra.added_addresses);
    append_list(fields, extra.added_g2_keys);
    append_list(fields, extra.added_g1_keys);
    codec::append_rlp_uint(fields, extra.removed);
    codec::append_rlp_bytes(fields, seals == Seals::kNone ? BytesView() : BytesView(extra.seal));
    append_aggregated_seal(fields, seals == Seals::kAll ? extra.aggregated_seal : AggregatedSeal{});
    append_aggregated_seal(fields, extra.parent_aggregated_seal);
    return concat({extra.vanity, codec::encode_rlp_list(fields)});
}

Bytes encode_header(const Header& header, Seals seals) {
    Bytes fields;
    codec::append_rlp_bytes(fields, header.parent_hash);
    codec::append_rlp_bytes(fields, header.coinbase);
    codec::append_rlp_bytes(fields, header.state_root);
    codec::append_rlp_bytes(fields, header.transactions_root);
    codec::append_rlp_bytes(fields, header.receipts_root);
    codec::append_rlp_bytes(fields, header.bloom);
    codec::append_rlp_uint(fields, header.number.value);
    codec::append_rlp_uint(fields, header.gas_limit);
    codec::append_rlp_uint(fields, header.gas_used);
    codec::append_rlp_uint(fields, header.timestamp.value);
    codec::append_rlp_bytes(fields, encode_extra(header.extra, seals));
    codec::append_rlp_bytes(fields, header.mix_digest);
    codec::append_rlp_bytes(fields, header.nonce);
    codec::append_rlp_uint(fields, header.base_fee);
    return codec::encode_rlp_list(fields);
}

Result<Extra, HeaderError> decode_extra(BytesView bytes) {
    if (bytes.size() <= kVanityBytes) return std::unexpected(HeaderError::kExtraTooShort);
    auto extra = read_extra(bytes);
    if (!extra) return std::unexpected(HeaderError::kRlp);
    if (!extra->seal.empty() && extra->seal.size() != kSealBytes)
        return std::unexpected(HeaderError::kSealSize);
    for (const AggregatedSeal& seal : {extra->aggregated_seal, extra->parent_aggregated_seal}) {
        if (!seal.signature.empty() && seal.signature.size() != 64)
            return std::unexpected(HeaderError::kSignatureSize);
    }
    return *std::move(extra);
}

Result<Header, HeaderError> decode_header(BytesView bytes) {
    if (bytes.size() > kHeaderBytesMax) return std::unexpected(HeaderError::kTooLarge);
    Header header;
    const auto extra = read_header(bytes, header);
    if (!extra) return std::unexpected(HeaderError::kRlp);
    TRY(header.extra, decode_extra(*extra));
    return header;
}

Hash32 block_hash(const Header& header) { return crypto::keccak256(encode_header(header, Seals::kProposer)); }

Hash32 proposer_digest(const Header& header) {
    return crypto::keccak256(crypto::keccak256(encode_header(header, Seals::kNone)));
}

Bytes seal_message(const Hash32& hash, const Uint256& round) {
    return concat({hash, to_minimal_big_endian(round), BytesView(&kCommitCode, 1)});
}

std::optional<Address> find_proposer(const Header& header) {
    const BytesView seal(header.extra.seal);
    if (seal.size() != kSealBytes || seal[64] > 1) return std::nullopt;
    const auto address =
        crypto::recover_address(proposer_digest(header),
                                {to_fixed<32>(seal.first(32)), to_fixed<32>(seal.subspan(32, 32)), seal[64]});
    if (!address) return std::nullopt;
    return *address;
}

Result<Header, HeaderError> decode_header_json(const rpc::Json& block) {
    Header header;
    const auto parent_hash = rpc::find_fixed<32>(block, "parentHash");
    const auto coinbase = rpc::find_fixed<20>(block, "miner");
    const auto state_root = rpc::find_fixed<32>(block, "stateRoot");
    const auto transactions_root = rpc::find_fixed<32>(block, "transactionsRoot");
    const auto receipts_root = rpc::find_fixed<32>(block, "receiptsRoot");
    const auto bloom = rpc::find_fixed<256>(block, "logsBloom");
    const auto number = rpc::find_quantity(block, "number");
    const auto gas_limit = rpc::find_quantity(block, "gasLimit");
    const auto gas_used = rpc::find_quantity(block, "gasUsed");
    const auto timestamp = rpc::find_quantity(block, "timestamp");
    const auto extra = rpc::find_bytes(block, "extraData");
    const auto base_fee = rpc::find_big_quantity(block, "baseFeePerGas");
    if (!parent_hash || !coinbase || !state_root || !transactions_root || !receipts_root || !bloom ||
        !number || !gas_limit || !gas_used || !timestamp || !extra || !base_fee) {
        return std::unexpected(HeaderError::kJson);
    }
    // Not every version of the node shows these two; on this chain they are always zero.
    header.mix_digest = rpc::find_fixed<32>(block, "mixHash").value_or(Hash32{});
    header.nonce = rpc::find_fixed<8>(block, "nonce").value_or(FixedBytes<8>{});
    header.parent_hash = *parent_hash;
    header.coinbase = *coinbase;
    header.state_root = *state_root;
    header.transactions_root = *transactions_root;
    header.receipts_root = *receipts_root;
    header.bloom = *bloom;
    header.number = BlockNumber{*number};
    header.gas_limit = *gas_limit;
    header.gas_used = *gas_used;
    header.timestamp = UnixSeconds{*timestamp};
    header.base_fee = *base_fee;
    TRY(header.extra, decode_extra(*extra));
    return header;
}

}  // namespace butter::mapo
