// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/sealer.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "butter/codec/ssz.hpp"
#include "chains/ethereum/devnet_test.hpp"
#include "chains/ethereum/light_client.hpp"
#include "test/json/vectors.hpp"

namespace butter::ethereum {
namespace {

using codec::ssz_bytes;
using codec::ssz_container;
using codec::ssz_list;
using codec::ssz_uint;
using codec::ssz_vector;
using codec::SszType;

constexpr SealerOptions kOptions{.slots_per_epoch = 4, .epochs_per_period = 4, .fulu_epoch = Epoch{6}};
constexpr Slot kAnySlot{~std::uint64_t{0}};

// ---- layout
// -----------------------------------------------------------------------------------------------------------

/// What of the state's and the body's layout the presets say.
struct Preset {
    std::uint64_t historical_roots;
    std::uint64_t historical_vector;
    std::uint64_t slashings;
    std::uint64_t eth1_votes;
    std::uint64_t committee_size;
    std::uint64_t pending_withdrawals;
    std::uint64_t pending_consolidations;
};
constexpr Preset kMainnet{8'192, 65'536, 8'192, 2'048, 512, std::uint64_t{1} << 27, std::uint64_t{1} << 18};
constexpr Preset kMinimal{64, 64, 64, 32, 32, 64, 64};

/// A list whose elements are composite and never there.
SszType unused_list(std::uint64_t limit) { return ssz_list(ssz_bytes(32), limit); }
SszType u64() { return ssz_uint(64); }
SszType root() { return ssz_bytes(32); }
SszType checkpoint() { return ssz_container({u64(), root()}); }
SszType eth1_data() { return ssz_container({root(), u64(), root()}); }
SszType sync_committee(std::uint64_t size) {
    return ssz_container({ssz_vector(ssz_bytes(48), size), ssz_bytes(48)});
}

/// BeaconState of Electra (consensus-specs v1.5 electra/beacon-chain.md).
SszType state_type(const Preset& preset) {
    const std::uint64_t registry = std::uint64_t{1} << 40;
    const SszType validator =
        ssz_container({ssz_bytes(48), root(), u64(), codec::ssz_bool(), u64(), u64(), u64(), u64()});
    const SszType payload_header =
        ssz_container({root(), ssz_bytes(20), root(), root(), ssz_bytes(256), root(), u64(), u64(), u64(),
                       u64(), codec::ssz_byte_list(32), ssz_uint(256), root(), root(), root(), u64(), u64()});
    return ssz_container({
        u64(),
        root(),
        u64(),
        ssz_container({ssz_bytes(4), ssz_bytes(4), u64()}),
        ssz_container({u64(), u64(), root(), root(), root()}),
        ssz_vector(root(), preset.historical_roots),
        ssz_vector(root(), preset.historical_roots),
        ssz_list(root(), std::uint64_t{1} << 24),
        eth1_data(),
        ssz_list(eth1_data(), preset.eth1_votes),
        u64(),
        ssz_list(validator, registry),
        ssz_list(u64(), registry),
        ssz_vector(root(), preset.historical_vector),
        ssz_vector(u64(), preset.slashings),
        ssz_list(ssz_uint(8), registry),
        ssz_list(ssz_uint(8), registry),
        codec::ssz_bitvector(4),
        checkpoint(),
        checkpoint(),
        checkpoint(),
        ssz_list(u64(), registry),
        sync_committee(preset.committee_size),
        sync_committee(preset.committee_size),
        payload_header,
        u64(),
        u64(),
        ssz_list(ssz_container({root(), root()}), std::uint64_t{1} << 24),
        u64(),
        u64(),
        u64(),
        u64(),
        u64(),
        u64(),
        ssz_list(ssz_container({ssz_bytes(48), root(), u64(), ssz_bytes(96), u64()}), std::uint64_t{1} << 27),
        ssz_list(ssz_container({u64(), u64(), u64()}), preset.pending_withdrawals),
        ssz_list(ssz_container({u64(), u64()}), preset.pending_consolidations),
    });
}

/// BeaconBlockBody of Electra, with the payload's header in its place: that has the same root.
SszType body_type(const Preset& preset) {
    const SszType payload_header = state_type(preset).elements[24];
    return ssz_container({
        ssz_bytes(96),
        eth1_data(),
        root(),
        unused_list(16),
        unused_list(1),
        unused_list(8),
        unused_list(16),
        unused_list(16),
        ssz_container({codec::ssz_bitvector(preset.committee_size), ssz_bytes(96)}),
        payload_header,
        unused_list(16),
        ssz_list(ssz_bytes(48), 4'096),
        ssz_container({unused_list(8'192), unused_list(16), unused_list(2)}),
    });
}

/// A container from its fields' serializations.
Bytes serialize(const SszType& type, const std::vector<Bytes>& fields) {
    std::size_t offset = 0;
    for (const SszType& element : type.elements) offset += codec::fixed_size(element).value_or(4);
    Bytes head;
    Bytes tail;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (codec::fixed_size(type.elements[i])) {
            append(head, fields[i]);
        } else {
            codec::append_ssz_uint(head, offset + tail.size(), 4);
            append(tail, fields[i]);
        }
    }
    append(head, tail);
    return head;
}

/// The default value: zeros, and lists that are empty.
Bytes default_value(const SszType& type) {
    if (const auto size = codec::fixed_size(type)) return Bytes(*size);
    if (type.kind != SszType::Kind::kContainer) return {};
    std::vector<Bytes> fields;
    for (const SszType& element : type.elements) fields.push_back(default_value(element));
    return serialize(type, fields);
}

Bytes number(std::uint64_t value) {
    Bytes out;
    codec::append_ssz_uint(out, value, 8);
    return out;
}

Bytes payload_bytes(const PayloadHeader& header) {
    Bytes base_fee = to_bytes(to_big_endian(header.base_fee_per_gas));
    std::reverse(base_fee.begin(), base_fee.end());
    return serialize(
        state_type(kMainnet).elements[24],
        {to_bytes(header.parent_hash), to_bytes(header.fee_recipient), to_bytes(header.state_root),
         to_bytes(header.receipts_root), to_bytes(header.logs_bloom), to_bytes(header.prev_randao),
         number(header.block_number.value), number(header.gas_limit), number(header.gas_used),
         number(header.timestamp.value), header.extra_data, base_fee, to_bytes(header.block_hash),
         to_bytes(header.transactions_root), to_bytes(header.withdrawals_root), number(header.blob_gas_used),
         number(header.excess_blob_gas)});
}

Bytes committee_bytes(const SyncCommittee& committee) {
    Bytes out;
    for (const bls::PublicKey& key : committee.keys) append(out, key);
    append(out, committee.aggregate_key);
    return out;
}

TEST(devnet_layout, state_type_is_the_one_of_real_states) {
    std::ifstream file(BUTTER_VECTORS "/devnet_captures/minimal-electra-nofinality/head_state.ssz",
                       std::ios::binary);
    const Bytes ssz{std::istreambuf_iterator<char>(file), {}};
    const auto block = test::read_vectors("devnet_captures/minimal-electra-nofinality/head_block.json");
    const auto found = codec::hash_tree_root(state_type(kMinimal), ssz);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(*found, test::hash_of(block.at("data").at("message").at("state_root")));
}

TEST(devnet_layout, genesis_state_has_the_root_of_its_serialization) {
    SealerOptions options = kOptions;
    options.validators = 6;
    Devnet devnet(options);
    Sealer& sealer = devnet.sealer();
    const SszType type = state_type(kMainnet);
    std::vector<Bytes> fields;
    for (const SszType& element : type.elements) fields.push_back(default_value(element));
    const BeaconNetwork& network = sealer.network();
    const auto& version = network.forks.front().version;
    fields[0] = number(network.genesis_time.value);
    fields[1] = to_bytes(network.genesis_validators_root);
    fields[3] = concat({version, version, number(0)});
    // The header of the default body.
    SszType body = body_type(kMainnet);
    std::vector<Bytes> body_fields;
    for (const SszType& element : body.elements) body_fields.push_back(default_value(element));
    body_fields[9] = payload_bytes(make_empty_payload());
    const auto body_root = codec::hash_tree_root(body, serialize(body, body_fields));
    ASSERT_TRUE(body_root.has_value());
    fields[4] = concat({number(0), number(0), Hash32{}, Hash32{}, *body_root});
    fields[11].clear();
    for (std::uint64_t i = 0; i < options.validators; ++i) {
        append(fields[11], make_devnet_key(i).key);
        append(fields[11], Hash32{});
        append(fields[11], number(32'000'000'000));
        fields[11].push_back(0);
        for (const std::uint64_t epoch :
             {std::uint64_t{0}, std::uint64_t{0}, ~std::uint64_t{0}, ~std::uint64_t{0}})
            append(fields[11], number(epoch));
        append(fields[12], number(32'000'000'000));
        append(fields[15], Bytes(1));
        append(fields[16], Bytes(1));
        append(fields[21], number(0));
    }
    const auto registry = codec::hash_tree_root(type.elements[11], fields[11]);
    ASSERT_TRUE(registry.has_value());
    EXPECT_EQ(*registry, network.genesis_validators_root);
    fields[22] = committee_bytes(sealer.committee(0).committee);
    fields[23] = committee_bytes(sealer.committee(1).committee);
    // The genesis state's payload is the execution chain's first block, which is in no beacon block.
    const auto header = must(devnet.run(devnet.api().fetch_header(rpc::BlockId::number(BlockNumber{0}))));
    PayloadHeader payload = make_empty_payload();
    payload.state_root = header->header.state_root;
    payload.receipts_root = header->header.receipts_root;
    payload.prev_randao = header->header.mix_hash;
    payload.gas_limit = header->header.gas_limit;
    payload.timestamp = header->header.timestamp;
    payload.base_fee_per_gas = *header->header.base_fee;
    payload.block_hash = header->hash;
    fields[24] = payload_bytes(payload);
    fields[28] = number(~std::uint64_t{0});
    const auto found = codec::hash_tree_root(type, serialize(type, fields));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(*found, sealer.blocks()[0].header.state_root);
    EXPECT_EQ(*body_root, sealer.blocks()[0].header.body_root);
}

TEST(devnet_layout, transactions_have_the_root_of_their_list) {
    const std::vector<Bytes> transactions{{}, Bytes(31, 1), Bytes(32, 2), Bytes(33, 3), Bytes(1'000, 4)};
    const SszType type = ssz_list(codec::ssz_byte_list(std::uint64_t{1} << 30), std::uint64_t{1} << 20);
    Bytes ssz;
    std::size_t offset = 4 * transactions.size();
    for (const Bytes& transaction : transactions) {
        codec::append_ssz_uint(ssz, offset, 4);
        offset += transaction.size();
    }
    for (const Bytes& transaction : transactions) append(ssz, transaction);
    const auto expected = codec::hash_tree_root(type, ssz);
    ASSERT_TRUE(expected.has_value());
    EXPECT_EQ(transactions_root(transactions), *expected);
}

// ---- the chain
// -------------------------------------------------------------------------------------------------------------

/// What a route answers, as a client reads it.
rpc::Json get_json(Devnet& devnet, const std::string& path) {
    const rpc::HttpResponse answer = devnet.get(path);
    EXPECT_EQ(answer.status, 200u) << path << ": " << answer.body;
    auto json = rpc::parse_json(answer.body);
    if (!json) throw std::runtime_error(path + " is not JSON");
    return *std::move(json);
}

TEST(sealer, updates_lead_from_genesis_through_all_periods_and_the_fork) {
    Devnet devnet(kOptions);
    devnet.step(93);
    const BeaconNetwork& network = devnet.sealer().network();
    const Hash32 genesis = devnet.sealer().blocks()[0].root;
    const auto bootstrap = decode_bootstrap_json(
        network, get_json(devnet, "/eth/v1/beacon/light_client/bootstrap/" + encode_hex(genesis)).at("data"));
    ASSERT_TRUE(bootstrap.has_value());
    auto store = initialize_store(network, genesis, *bootstrap);
    ASSERT_TRUE(store.has_value()) << to_string(store.error());
    const rpc::Json updates =
        get_json(devnet, "/eth/v1/beacon/light_client/updates?start_period=0&count=100");
    ASSERT_EQ(updates.as_array().size(), 6u);
    std::set<std::string> versions;
    for (const rpc::Json& entry : updates.as_array()) {
        versions.emplace(entry.at("version").as_string());
        const auto update = decode_update_json(network, entry.at("data"), UpdateKind::kFull);
        ASSERT_TRUE(update.has_value());
        const auto applied = apply_finalized_update(network, *store, *update, kAnySlot);
        ASSERT_TRUE(applied.has_value()) << to_string(applied.error());
    }
    EXPECT_EQ(versions, (std::set<std::string>{"electra", "fulu"}));
    const auto finality = decode_update_json(
        network, get_json(devnet, "/eth/v1/beacon/light_client/finality_update").at("data"),
        UpdateKind::kFinality);
    ASSERT_TRUE(finality.has_value());
    const auto applied = apply_finalized_update(network, *store, *finality, kAnySlot);
    ASSERT_TRUE(applied.has_value()) << to_string(applied.error());
    EXPECT_EQ(store->finalized.beacon.slot, devnet.sealer().finalized().header.slot);
    // Committees differ from period to period.
    std::set<Hash32> roots;
    for (std::uint64_t period = 0; period < 6; ++period) roots.insert(devnet.sealer().committee(period).root);
    EXPECT_EQ(roots.size(), 6u);
}

TEST(sealer, every_block_is_a_checkpoint) {
    Devnet devnet(kOptions);
    devnet.step(30);
    const BeaconNetwork& network = devnet.sealer().network();
    // Around the first period's end at 16, the fork at 24, and the head.
    for (const std::size_t slot : {0u, 1u, 15u, 16u, 17u, 23u, 24u, 25u, 30u}) {
        const DevnetBlock& block = devnet.sealer().blocks()[slot];
        const auto store = initialize_store(network, block.root, devnet.sealer().make_bootstrap(block));
        ASSERT_TRUE(store.has_value()) << "slot " << slot << ": " << to_string(store.error());
        if (slot > 0) EXPECT_EQ(store->finalized.execution->block_number.value, slot);
    }
}

TEST(sealer, a_changed_object_does_not_verify) {
    Devnet devnet(kOptions);
    devnet.step(20);
    const BeaconNetwork& network = devnet.sealer().network();
    const DevnetBlock& genesis = devnet.sealer().blocks()[0];
    auto bootstrap = devnet.sealer().make_bootstrap(genesis);
    const auto store = initialize_store(network, genesis.root, bootstrap);
    ASSERT_TRUE(store.has_value());
    std::swap(bootstrap.current_committee.keys[0], bootstrap.current_committee.keys[1]);
    EXPECT_FALSE(initialize_store(network, genesis.root, bootstrap).has_value());

    const Update good = *devnet.sealer().updates()[0];
    ASSERT_TRUE(verify_finalized_update(network, *store, good, kAnySlot).has_value());
    const std::vector<std::function<void(Update&)>> changes{
        [](Update& u) { u.attested.beacon.proposer_index ^= 1; },
        [](Update& u) { u.attested.execution->gas_used ^= 1; },
        [](Update& u) { u.finalized->beacon.state_root[0] ^= 1; },
        [](Update& u) { u.finalized->execution->receipts_root[0] ^= 1; },
        [](Update& u) { u.finality_branch[0][0] ^= 1; },
        [](Update& u) { u.next_committee->aggregate_key = u.next_committee->keys[0]; },
        [](Update& u) { u.next_committee_branch[5][31] ^= 1; },
        [](Update& u) { u.aggregate.bits.bytes[9] ^= 1; },
        [](Update& u) { u.aggregate.signature[95] ^= 1; },
        [](Update& u) { u.signature_slot = u.attested.beacon.slot; },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        Update bad = good;
        changes[i](bad);
        EXPECT_FALSE(verify_finalized_update(network, *store, bad, kAnySlot).has_value()) << "change " << i;
    }
}

TEST(sealer, an_epoch_is_final_when_the_next_is_complete) {
    Devnet devnet(kOptions);
    const auto final_epochs = [&](std::uint64_t from, std::uint64_t to) {
        std::vector<std::uint64_t> out;
        for (std::uint64_t epoch = from; epoch < to; ++epoch) {
            devnet.step(4);
            out.push_back(devnet.sealer().head().finalized.epoch.value);
        }
        return out;
    };
    // Heads at the first slots of epochs 1, 2, ...
    EXPECT_EQ(final_epochs(1, 6), (std::vector<std::uint64_t>{0, 0, 1, 2, 3}));
    devnet.sealer().set_attesting(Attesting::kNone);
    // Epoch 5's first block is attested already, and so is its beginning.
    EXPECT_EQ(final_epochs(6, 10), (std::vector<std::uint64_t>{4, 4, 4, 4}));
    devnet.sealer().set_attesting(Attesting::kAll);
    EXPECT_EQ(final_epochs(10, 14), (std::vector<std::uint64_t>{4, 9, 10, 11}));
    const DevnetBlock& head = devnet.sealer().head();
    EXPECT_EQ(head.finalized.root, devnet.sealer().blocks()[head.finalized.epoch.value * 4].root);
}

TEST(sealer, absent_members_leave_their_bits_clear) {
    SealerOptions options = kOptions;
    options.absent = 100;
    Devnet devnet(options);
    devnet.step(3);
    EXPECT_EQ(devnet.sealer().last_update()->aggregate.bits.count(), 412u);
    const auto before = devnet.sealer().last_update()->aggregate.bits;
    devnet.step(1);
    EXPECT_NE(devnet.sealer().last_update()->aggregate.bits, before);
    devnet.sealer().set_absent(100'000);
    devnet.step(1);
    EXPECT_EQ(devnet.sealer().last_update()->aggregate.bits.count(), 1u);
}

TEST(sealer, wraps_what_anvil_has_and_what_others_mine) {
    Devnet devnet(kOptions);
    must(devnet.run(devnet.api().endpoints().call("evm_mine", {})));
    devnet.step(1);
    ASSERT_EQ(devnet.sealer().blocks().size(), 3u);
    for (std::uint64_t slot = 1; slot < 3; ++slot) {
        const auto header =
            must(devnet.run(devnet.api().fetch_header(rpc::BlockId::number(BlockNumber{slot}))));
        EXPECT_EQ(devnet.sealer().blocks()[slot].payload.block_hash, header->hash);
    }
    // Seen again from the start.
    Sealer second(devnet.io().get_executor(), *rpc::decode_url(devnet.rpc_url()), kOptions);
    must(devnet.run(second.start()));
    EXPECT_EQ(second.head().root, devnet.sealer().head().root);
}

TEST(sealer, timestamps_are_those_of_the_slots) {
    SealerOptions options = kOptions;
    options.block_interval = std::chrono::milliseconds(2'500);
    Devnet devnet(options);
    devnet.step(5);
    EXPECT_EQ(devnet.sealer().network().seconds_per_slot, 3u);
    for (const DevnetBlock& block : devnet.sealer().blocks()) {
        if (block.header.slot.value == 0) continue;
        EXPECT_EQ(block.payload.timestamp.value,
                  devnet.sealer().network().genesis_time.value + 3 * block.header.slot.value);
    }
}

TEST(sealer, says_what_is_wrong_with_the_execution_node) {
    boost::asio::io_context io;
    {
        Anvil cancun(io, "cancun");
        Sealer sealer(io.get_executor(), *rpc::decode_url(cancun.url()), kOptions);
        const auto started = run_on(io, sealer.start());
        ASSERT_FALSE(started.has_value());
        EXPECT_NE(started.error().find("before Prague"), std::string::npos) << started.error();
    }
    const auto port = must(async::find_free_port());
    Sealer sealer(io.get_executor(), *rpc::decode_url("http://127.0.0.1:" + std::to_string(port)), kOptions);
    EXPECT_FALSE(run_on(io, sealer.start()).has_value());
    EXPECT_EQ(run_on(io, sealer.handle({"GET", "/eth/v1/beacon/genesis", ""})).status, 503u);
}

// ---- the beacon API
// --------------------------------------------------------------------------------------------------------

/// All member names, with the path to them; of a list, those of its first element.
void collect_members(const rpc::Json& json, const std::string& path, std::set<std::string>& out) {
    if (const auto* object = json.if_object()) {
        for (const auto& member : *object) {
            const std::string inner = path + "." + std::string(member.key());
            out.insert(inner);
            collect_members(member.value(), inner, out);
        }
    } else if (const auto* array = json.if_array(); array != nullptr && !array->empty()) {
        collect_members(array->front(), path + "[]", out);
    }
}
std::set<std::string> members_of(const rpc::Json& json) {
    std::set<std::string> out;
    collect_members(json, "", out);
    return out;
}

TEST(beacon_api, answers_have_the_members_of_a_real_nodes) {
    Devnet devnet(kOptions);
    devnet.step(20);
    const std::string captures = "devnet_captures/mainnet-electra-n512/";
    const auto real = [&](const std::string& name) {
        return members_of(test::read_vectors(captures + name));
    };
    const std::string light_client = "/eth/v1/beacon/light_client/";
    EXPECT_EQ(members_of(get_json(
                  devnet, light_client + "bootstrap/" + encode_hex(devnet.sealer().finalized().root))),
              real("bootstrap.json"));
    EXPECT_EQ(members_of(get_json(devnet, light_client + "updates?start_period=0&count=1")),
              real("updates.json"));
    EXPECT_EQ(members_of(get_json(devnet, light_client + "finality_update")), real("finality_update.json"));
    EXPECT_EQ(members_of(get_json(devnet, light_client + "optimistic_update")),
              real("optimistic_update.json"));
    // These captures lack the enclosing "data".
    EXPECT_EQ(members_of(get_json(devnet, "/eth/v1/beacon/genesis").at("data")), real("genesis.json"));
    EXPECT_EQ(members_of(get_json(devnet, "/eth/v1/config/fork_schedule").at("data")),
              real("fork_schedule.json"));
    const auto real_spec = real("spec.json");
    for (const std::string& member : members_of(get_json(devnet, "/eth/v1/config/spec").at("data")))
        EXPECT_TRUE(real_spec.contains(member)) << member;
}

TEST(beacon_api, finds_blocks_by_every_kind_of_id) {
    Devnet devnet(kOptions);
    devnet.step(20);
    const auto root_by = [&](const std::string& id) {
        const rpc::Json header = get_json(devnet, "/eth/v1/beacon/headers/" + id);
        const auto decoded = decode_beacon_header_json(header.at("data").at("header").at("message"));
        EXPECT_TRUE(decoded.has_value());
        EXPECT_EQ(encode_hex(root_of(*decoded)), header.at("data").at("root").as_string());
        return root_of(*decoded);
    };
    const auto& blocks = devnet.sealer().blocks();
    EXPECT_EQ(root_by("head"), blocks[20].root);
    EXPECT_EQ(root_by("genesis"), blocks[0].root);
    EXPECT_EQ(root_by("finalized"), blocks[12].root);
    EXPECT_EQ(root_by("justified"), blocks[16].root);
    EXPECT_EQ(root_by("7"), blocks[7].root);
    EXPECT_EQ(root_by(encode_hex(blocks[9].root)), blocks[9].root);
    EXPECT_EQ(get_json(devnet, "/eth/v1/beacon/blocks/9/root").at("data").at("root").as_string(),
              encode_hex(blocks[9].root));
    EXPECT_EQ(get_json(devnet, "/eth/v1/beacon/headers/12").at("finalized"), true);
    EXPECT_EQ(get_json(devnet, "/eth/v1/beacon/headers/13").at("finalized"), false);
    EXPECT_EQ(get_json(devnet, "/eth/v1/beacon/states/head/finality_checkpoints")
                  .at("data")
                  .at("finalized")
                  .at("epoch")
                  .as_string(),
              "3");
    EXPECT_EQ(get_json(devnet, "/eth/v1/node/syncing").at("data").at("head_slot").as_string(), "20");
    EXPECT_EQ(devnet.get("/eth/v1/node/health").status, 200u);
    EXPECT_EQ(devnet.get("/eth/v1/node/version").status, 200u);
}

TEST(beacon_api, refuses_with_the_standard_error) {
    Devnet devnet(kOptions);
    const std::string nobody = encode_hex(Hash32{});
    const struct {
        std::string path;
        unsigned status;
    } cases[] = {
        {"/eth/v1/beacon/light_client/finality_update", 404},  // nothing is final yet
        {"/eth/v1/beacon/light_client/optimistic_update", 404},
        {"/eth/v1/beacon/light_client/bootstrap/" + nobody, 404},
        {"/eth/v1/beacon/light_client/bootstrap/head", 404},
        {"/eth/v1/beacon/light_client/updates", 400},
        {"/eth/v1/beacon/light_client/updates?start_period=0&count=0", 400},
        {"/eth/v1/beacon/light_client/updates?start_period=-1&count=1", 400},
        {"/eth/v1/beacon/headers/1", 404},
        {"/eth/v1/beacon/headers/0x12", 404},
        {"/eth/v1/beacon/headers/", 404},
        {"/eth/v1/beacon/blocks/x/root", 404},
        {"/eth/v1/beacon/states/99/finality_checkpoints", 404},
        {"/eth/v9/nothing", 404},
    };
    for (const auto& entry : cases) {
        const rpc::HttpResponse answer = devnet.get(entry.path);
        EXPECT_EQ(answer.status, entry.status) << entry.path;
        const auto body = rpc::parse_json(answer.body);
        ASSERT_TRUE(body.has_value()) << entry.path;
        EXPECT_EQ(body->at("code"), entry.status) << entry.path;
        EXPECT_TRUE(rpc::find_text(*body, "message").has_value()) << entry.path;
    }
    EXPECT_EQ(devnet.run(devnet.sealer().handle({"POST", "/eth/v1/beacon/genesis", ""})).status, 405u);
    EXPECT_EQ(devnet.get("/eth/v1/beacon/light_client/updates?start_period=9&count=1").body, "[]");
}

}  // namespace
}  // namespace butter::ethereum
