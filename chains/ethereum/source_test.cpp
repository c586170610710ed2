// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/source.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "butter/codec/abi.hpp"
#include "chains/ethereum/devnet_test.hpp"
#include "chains/ethereum/module.hpp"
#include "chains/ethereum/proof.hpp"
#include "test/json/vectors.hpp"

namespace butter::ethereum {
namespace {

using chain::SourceError;

constexpr SealerOptions kOptions{.slots_per_epoch = 4, .epochs_per_period = 4, .fulu_epoch = Epoch{6}};

/// A source as the program opens it, from the parameters that the devnet gives out.
std::unique_ptr<chain::Source> open_source(Devnet& devnet, std::vector<std::string> beacon_urls,
                                           rpc::JsonObject parameters) {
    return must(make_family()->make_source({.name = "devnet",
                                            .family = "ethereum",
                                            .chain_id = ChainId{31337},
                                            .rpc_urls = {devnet.rpc_url()},
                                            .consensus_urls = std::move(beacon_urls),
                                            .parameters = std::move(parameters)},
                                           devnet.io().get_executor()));
}
/// The devnet's time began in 2023: its checkpoint is believed for as long as can be said.
std::unique_ptr<chain::Source> open_source(Devnet& devnet) {
    rpc::JsonObject parameters = devnet.sealer().parameters();
    parameters["trusting_period"] = (std::int64_t{1} << 32) - 1;
    return open_source(devnet, {devnet.beacon_url()}, std::move(parameters));
}

enum class Next { kKnown, kUnknown };
/// State of a client that was pinned at the final block of now.
ClientState pin_client(Devnet& devnet, Next next = Next::kKnown) {
    const DevnetBlock& block = devnet.sealer().finalized();
    const std::uint64_t period = devnet.sealer().network().period_of(block.header.slot);
    ClientState state{.finalized_slot = block.header.slot,
                      .finalized_block_hash = block.payload.block_hash,
                      .period = period,
                      .committee_root = devnet.sealer().committee(period).root,
                      .next_committee_root = {}};
    if (next == Next::kKnown) state.next_committee_root = devnet.sealer().committee(period + 1).root;
    return state;
}

/// Steps until the newest block is final.
void finalize(Devnet& devnet) {
    const Slot slot = devnet.sealer().head().header.slot;
    while (devnet.sealer().finalized().header.slot < slot) devnet.step(1);
    // The block that signs the one whose state says so.
    devnet.step(1);
}

TEST(ethereum_source, follows_finality_across_periods_and_the_fork) {
    Devnet devnet(kOptions);
    const auto source = open_source(devnet);
    for (int i = 0; i < 80; ++i) {
        devnet.step(1);
        const auto final_block = devnet.run(source->fetch_final_block());
        ASSERT_TRUE(final_block.has_value()) << final_block.error().text;
        const auto& update = devnet.sealer().last_update();
        const std::uint64_t expected = update->finalized ? update->finalized->beacon.slot.value : 0;
        EXPECT_EQ(final_block->value, expected) << "at slot " << i + 1;
    }
    EXPECT_EQ(devnet.sealer().network().period_of(devnet.sealer().head().header.slot), 5u);
}

TEST(ethereum_source, catches_up_over_many_periods_from_an_old_checkpoint) {
    Devnet devnet(kOptions);
    const auto parameters = devnet.sealer().parameters();
    devnet.step(330);
    const auto source = open_source(devnet, {devnet.beacon_url()}, parameters);
    const auto final_block = devnet.run(source->fetch_final_block());
    ASSERT_TRUE(final_block.has_value()) << final_block.error().text;
    EXPECT_EQ(*final_block, devnet.sealer().finalized().payload.block_number);
}

TEST(ethereum_source, proves_logs_under_the_clients_final_block) {
    Devnet devnet(kOptions);
    devnet.deploy_logger();
    devnet.step(20);
    const auto near = devnet.log({"0x01", "0x0203"});
    finalize(devnet);
    const ClientState state = pin_client(devnet);
    const auto source = open_source(devnet);
    const auto proof = devnet.run(source->fetch_proof(near, encode_state(state)));
    ASSERT_TRUE(proof.has_value()) << proof.error().text;
    ASSERT_EQ(proof->logs.size(), 2u);
    EXPECT_EQ(proof->logs[0], near[0].log);
    EXPECT_EQ(proof->logs[1], near[1].log);
    EXPECT_TRUE(proof->report.summary.starts_with("finality=known period=")) << proof->report.summary;
    EXPECT_EQ(proof->report.height, near[0].block.value);
}

TEST(ethereum_source, proves_an_old_block_by_its_hash_in_the_state) {
    Devnet devnet(kOptions);
    devnet.deploy_logger();
    const auto old = devnet.log({"0x01"});
    devnet.step(300);
    const ClientState state = pin_client(devnet);
    const auto source = open_source(devnet);
    const auto proof = devnet.run(source->fetch_proof(old, encode_state(state)));
    ASSERT_TRUE(proof.has_value()) << proof.error().text;
    EXPECT_EQ(proof->logs.at(0), old[0].log);
    EXPECT_LT(proof->bytes.size(), 20'000u);
}

TEST(ethereum_source, carries_the_finality_that_the_client_lacks) {
    Devnet devnet(kOptions);
    devnet.deploy_logger();
    devnet.step(20);
    const ClientState state = pin_client(devnet);
    const auto logs = devnet.log({"0x01"});
    finalize(devnet);
    const auto source = open_source(devnet);
    const auto proof = devnet.run(source->fetch_proof(logs, encode_state(state)));
    ASSERT_TRUE(proof.has_value()) << proof.error().text;
    EXPECT_TRUE(proof->report.summary.starts_with("participation=512/512 ")) << proof->report.summary;
    // And the client of somebody else says the same.
    const auto again = source->verify_proof(proof->bytes, encode_state(state));
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->logs, proof->logs);
    Bytes bad = proof->bytes;
    bad[bad.size() / 2] ^= 1;
    EXPECT_FALSE(source->verify_proof(bad, encode_state(state)).has_value());
}

TEST(ethereum_source, carries_the_committees_that_the_client_lacks) {
    SealerOptions options = kOptions;
    options.absent = 100;
    Devnet devnet(options);
    devnet.deploy_logger();
    devnet.step(40);
    const ClientState state = pin_client(devnet, Next::kUnknown);
    devnet.step(30);
    const auto logs = devnet.log({"0x01"});
    finalize(devnet);
    // Its checkpoint is newer than the client: the committees in between come from the updates.
    const auto source = open_source(devnet);
    const auto proof = devnet.run(source->fetch_proof(logs, encode_state(state)));
    ASSERT_TRUE(proof.has_value()) << proof.error().text;
    EXPECT_TRUE(proof->report.summary.starts_with("participation=412/512 ")) << proof->report.summary;
}

TEST(ethereum_source, hands_over_committees_before_they_are_needed) {
    Devnet devnet(kOptions);
    devnet.step(20);
    const Bytes state = encode_state(pin_client(devnet, Next::kUnknown));
    const auto source = open_source(devnet);
    devnet.step(60);
    const auto updates = devnet.run(source->fetch_updates(state));
    ASSERT_TRUE(updates.has_value()) << updates.error().text;
    Client client = make_client(*decode_state(state), devnet.sealer().network().slots_per_period());
    for (const chain::Update& update : *updates) {
        const auto applied = apply_sync_update(devnet.sealer().network(), client, update.bytes);
        ASSERT_TRUE(applied.has_value()) << to_string(applied.error());
        EXPECT_EQ(applied->participants, 512u);
        client = applied->client;
    }
    const std::uint64_t period = devnet.sealer().network().period_of(devnet.sealer().finalized().header.slot);
    EXPECT_EQ(client.state.period, period);
    EXPECT_EQ(client.state.next_committee_root, devnet.sealer().committee(period + 1).root);
    const auto none = devnet.run(source->fetch_updates(encode_state(client.state)));
    ASSERT_TRUE(none.has_value());
    EXPECT_TRUE(none->empty());
}

// ---- the client contract
// -----------------------------------------------------------------------------------------------------

/// The contract itself, on the execution chain of the devnet that it verifies.
class Contract {
  public:
    explicit Contract(Devnet& devnet) : devnet_(devnet) {
        const auto artifact =
            test::read_json_file(BUTTER_SOURCE_DIR "/out/EthereumLightClient.sol/EthereumLightClient.json");
        // The code alone, as a proxy would run it: the implementation's own storage is sealed.
        must(devnet_.run(devnet_.api().endpoints().call(
            "anvil_setCode",
            {encode_hex(kAddress), artifact.at("deployedBytecode").at("object").as_string()})));
    }
    /// A transaction with `data`; whether it succeeded.
    bool send(const Bytes& data) {
        must(devnet_.run(devnet_.api().endpoints().call(
            "eth_sendTransaction", {rpc::JsonObject{{"from", "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"},
                                                    {"to", encode_hex(kAddress)},
                                                    {"gas", "0x1000000"},
                                                    {"data", encode_hex(data)}}})));
        devnet_.step(1);
        return must(devnet_.run(devnet_.api().fetch_block_receipts(devnet_.head()))).at(0).receipt.is_success;
    }
    bool update(const Bytes& update) {
        return send(codec::encode_call("update(bytes)", {codec::AbiValue::bytes(update)}));
    }
    bool verify_logs(const Bytes& proof) {
        return send(codec::encode_call("verifyLogs(bytes)", {codec::AbiValue::bytes(proof)}));
    }
    Bytes state() {
        const Bytes answer = must(devnet_.run(devnet_.api().call(
            {.from = {}, .to = kAddress, .data = codec::encode_call("clientState()", {}), .value = {}})));
        // Offset, length, bytes.
        const std::size_t size = load_u64(BytesView(answer).subspan(56, 8));
        return to_bytes(BytesView(answer).subspan(64, size));
    }

  private:
    static constexpr Address kAddress{{0xc1, 0x1e}};
    Devnet& devnet_;
};

TEST(ethereum_source, the_contract_takes_its_initializer_updates_and_proofs) {
    SealerOptions options = kOptions;
    options.absent = 20;
    Devnet devnet(options);
    const auto source = open_source(devnet);
    Contract contract(devnet);
    devnet.deploy_logger();
    const auto first = devnet.log({"0x01"});
    devnet.step(22);
    ASSERT_TRUE(contract.send(must(devnet.run(source->fetch_client_initializer(Address{{7}})))));
    const auto prove = [&](const std::vector<chain::LogPosition>& positions) {
        const Bytes state = contract.state();
        const auto proof = devnet.run(source->fetch_proof(positions, state));
        ASSERT_TRUE(proof.has_value()) << proof.error().text;
        EXPECT_TRUE(contract.verify_logs(proof->bytes));
        const auto twin = verify_proof(
            devnet.sealer().network(),
            make_client(*decode_state(state), devnet.sealer().network().slots_per_period()), proof->bytes);
        ASSERT_TRUE(twin.has_value());
        EXPECT_EQ(encode_state(twin->client.state), contract.state());
    };
    prove(first);
    // Over the fork and two periods, with updates in the proof.
    devnet.step(30);
    const auto second = devnet.log({"0x0102", "0x03"});
    devnet.step(13);
    prove(second);
    // With updates of their own, and the block far behind.
    devnet.step(70);
    for (const chain::Update& update : must(devnet.run(source->fetch_updates(contract.state()))))
        EXPECT_TRUE(contract.update(update.bytes)) << update.report.summary;
    prove(second);
}

// ---- bad endpoints
// -----------------------------------------------------------------------------------------------------------

using Change = std::function<void(rpc::HttpResponse&)>;

/// `part` and `change` live as long as the server that calls this.
async::Task<rpc::HttpResponse> answer_as_liar(Devnet& devnet, const std::string& part, const Change& change,
                                              rpc::HttpRequest request) {
    const bool is_meant = request.path.find(part) != std::string::npos;
    rpc::HttpResponse response = co_await devnet.sealer().handle(std::move(request));
    if (is_meant) change(response);
    co_return response;
}

/// Another digit at the end of what follows the last `before`: still of the same form.
void replace_digit(std::string& text, std::string_view before) {
    const std::size_t end = text.find('"', text.rfind(before) + before.size());
    char& digit = text.at(end - 1);
    digit = digit == '1' ? '2' : '1';
}

/// The RPC, with `from` replaced by `to` wherever it stands.
async::Task<rpc::HttpResponse> forward_as_liar(Devnet& devnet, std::string from, std::string to,
                                               rpc::HttpRequest request) {
    rpc::HttpClient client(devnet.io().get_executor(), *rpc::decode_url(devnet.rpc_url()));
    auto response = co_await client.request(std::move(request));
    if (!response) co_return rpc::HttpResponse{.status = 502, .body = "{}"};
    for (std::size_t at = 0; (at = response->body.find(from, at)) != std::string::npos; at += to.size())
        response->body.replace(at, from.size(), to);
    co_return *std::move(response);
}

/// The devnet's beacon API, each answer to a path that contains `part` changed.
rpc::HttpServer::Handler make_liar(Devnet& devnet, std::string part,
                                   std::function<void(rpc::HttpResponse&)> change) {
    return [&devnet, part = std::move(part), change = std::move(change)](rpc::HttpRequest request) {
        return answer_as_liar(devnet, part, change, std::move(request));
    };
}

std::string kind_and_text(const Result<BlockNumber, SourceError>& result) {
    if (result) return "no error";
    return std::to_string(static_cast<int>(result.error().kind)) + " " + result.error().text;
}

TEST(ethereum_source, takes_the_next_endpoint_when_one_lies) {
    Devnet devnet(kOptions);
    devnet.step(41);
    const std::vector<std::pair<std::string, std::function<void(rpc::HttpResponse&)>>> lies{
        {"/", [](rpc::HttpResponse& r) { r.body = "not JSON"; }},
        {"/", [](rpc::HttpResponse& r) { r.body = R"({"data":{}})"; }},
        {"/", [](rpc::HttpResponse& r) { r = {.status = 404, .body = R"({"code":404,"message":"no"})"}; }},
        {"/", [](rpc::HttpResponse& r) { r = {.status = 503, .body = "{}"}; }},
        {"genesis", [](rpc::HttpResponse& r) { replace_digit(r.body, "\"genesis_validators_root\":\"0x"); }},
        {"bootstrap", [](rpc::HttpResponse& r) { replace_digit(r.body, "\"state_root\":\"0x"); }},
        {"bootstrap", [](rpc::HttpResponse& r) { replace_digit(r.body, "\"aggregate_pubkey\":\"0x"); }},
        {"finality_update", [](rpc::HttpResponse& r) { replace_digit(r.body, "\"block_hash\":\"0x"); }},
        {"finality_update",
         [](rpc::HttpResponse& r) { replace_digit(r.body, "\"sync_committee_signature\":\"0x"); }},
    };
    for (std::size_t i = 0; i < lies.size(); ++i) {
        const Server liar(devnet.io(), make_liar(devnet, lies[i].first, lies[i].second));
        auto parameters = devnet.sealer().parameters();
        parameters["checkpoint"] = encode_hex(devnet.sealer().blocks()[16].root);
        const auto alone = open_source(devnet, {liar.url()}, parameters);
        EXPECT_FALSE(devnet.run(alone->fetch_final_block()).has_value()) << "lie " << i;
        const auto source = open_source(devnet, {liar.url(), devnet.beacon_url()}, parameters);
        const auto final_block = devnet.run(source->fetch_final_block());
        EXPECT_EQ(kind_and_text(final_block), "no error") << "lie " << i;
        if (final_block) EXPECT_EQ(final_block->value, devnet.sealer().finalized().header.slot.value);
    }
}

async::Task<bool> wait_a_moment() {
    co_await async::sleep_for(std::chrono::milliseconds(20));
    co_return true;
}

TEST(ethereum_source, takes_the_next_endpoint_when_one_stands_still) {
    Devnet devnet({.slots_per_epoch = 2, .epochs_per_period = 8, .fulu_epoch = Epoch{12}});
    devnet.step(20);
    const auto first = std::make_shared<std::string>();
    const Server still(devnet.io(), make_liar(devnet, "finality_update", [first](rpc::HttpResponse& r) {
                           if (first->empty()) *first = r.body;
                           r.body = *first;
                       }));
    const auto source = open_source(devnet, {still.url(), devnet.beacon_url()}, devnet.sealer().parameters());
    const auto before = devnet.run(source->fetch_final_block());
    ASSERT_TRUE(before.has_value()) << before.error().text;
    devnet.step(8);
    const BlockNumber newer{devnet.sealer().last_update()->finalized->beacon.slot.value};
    ASSERT_GT(newer, *before);
    // It is found out by its standing still for four of the chain's epochs.
    while (devnet.run(source->fetch_final_block()).value() == *before) devnet.run(wait_a_moment());
    EXPECT_EQ(devnet.run(source->fetch_final_block()).value(), newer);
}

TEST(ethereum_source, takes_the_next_rpc_when_one_lies) {
    Devnet devnet(kOptions);
    devnet.deploy_logger();
    devnet.step(4);
    const auto logs = devnet.log({"0x01"});
    finalize(devnet);
    const Bytes state = encode_state(pin_client(devnet));
    const struct {
        const char* from;
        const char* to;
        SourceError::Kind kind;
    } lies[] = {
        {"\"status\":\"0x1\"", "\"status\":\"0x0\"", SourceError::Kind::kInvalid},
        {"\"gasLimit\":\"0x1c9c380\"", "\"gasLimit\":\"0x1c9c381\"", SourceError::Kind::kInvalid},
        {"\"gasLimit\":\"0x", "\"gasLimit\":\"x", SourceError::Kind::kUnavailable},
    };
    for (const auto& lie : lies) {
        const Server liar(devnet.io(), [&devnet, &lie](rpc::HttpRequest request) {
            return forward_as_liar(devnet, lie.from, lie.to, std::move(request));
        });
        const auto source = must(make_family()->make_source({.name = "devnet",
                                                             .family = "ethereum",
                                                             .chain_id = ChainId{31337},
                                                             .rpc_urls = {liar.url(), devnet.rpc_url()},
                                                             .consensus_urls = {devnet.beacon_url()},
                                                             .parameters = devnet.sealer().parameters()},
                                                            devnet.io().get_executor()));
        const auto first = devnet.run(source->fetch_proof(logs, state));
        ASSERT_FALSE(first.has_value());
        EXPECT_EQ(first.error().kind, lie.kind) << first.error().text;
        const auto second = devnet.run(source->fetch_proof(logs, state));
        EXPECT_TRUE(second.has_value()) << second.error().text;
    }
}

// ---- what it waits for
// -------------------------------------------------------------------------------------------------------

bool has_text(const SourceError& error, std::string_view part) {
    return error.text.find(part) != std::string::npos;
}

TEST(ethereum_source, says_that_it_has_another_network_or_no_checkpoint) {
    Devnet devnet(kOptions);
    devnet.step(20);
    auto parameters = devnet.sealer().parameters();
    parameters["genesis_validators_root"] = encode_hex(Hash32{{1}});
    auto result = devnet.run(open_source(devnet, {devnet.beacon_url()}, parameters)->fetch_final_block());
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, SourceError::Kind::kInvalid);
    EXPECT_TRUE(has_text(result.error(), "another network")) << result.error().text;

    parameters = devnet.sealer().parameters();
    parameters["checkpoint"] = encode_hex(Hash32{{1}});
    result = devnet.run(open_source(devnet, {devnet.beacon_url()}, parameters)->fetch_final_block());
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, SourceError::Kind::kUnavailable);
    EXPECT_TRUE(has_text(result.error(), "newer finalised block")) << result.error().text;
}

TEST(ethereum_source, says_that_too_few_members_sign) {
    SealerOptions options = kOptions;
    options.epochs_per_period = 16;
    Devnet devnet(options);
    devnet.deploy_logger();
    devnet.step(20);
    const Bytes state = encode_state(pin_client(devnet));
    const auto source = open_source(devnet);
    // 341 of 512 are fewer than two thirds, 342 are not.
    devnet.sealer().set_absent(171);
    const auto logs = devnet.log({"0x01"});
    finalize(devnet);
    const auto proof = devnet.run(source->fetch_proof(logs, state));
    ASSERT_FALSE(proof.has_value());
    EXPECT_EQ(proof.error().kind, SourceError::Kind::kNotReady);
    EXPECT_TRUE(has_text(proof.error(), "341 of 512")) << proof.error().text;
    EXPECT_TRUE(source->hold_up().contains("341 of 512")) << source->hold_up();
    devnet.sealer().set_absent(170);
    devnet.step(1);
    const auto later = devnet.run(source->fetch_proof(logs, state));
    ASSERT_TRUE(later.has_value()) << later.error().text;
    EXPECT_TRUE(later->report.summary.starts_with("participation=342/512")) << later->report.summary;
    EXPECT_EQ(source->hold_up(), "");
}

// T-24: what the keys of long ago lead to looks fresh, and is not.
TEST(ethereum_source, pins_no_client_from_an_old_checkpoint) {
    Devnet devnet(kOptions);
    devnet.step(22);
    const auto source = open_source(devnet, {devnet.beacon_url()}, devnet.sealer().parameters());
    const auto initializer = devnet.run(source->fetch_client_initializer(Address{{7}}));
    ASSERT_FALSE(initializer.has_value());
    EXPECT_EQ(initializer.error().kind, SourceError::Kind::kUnsupported);
    EXPECT_TRUE(has_text(initializer.error(), "days old by this machine's clock"))
        << initializer.error().text;
    // The program goes on from it all the same: it deploys nothing.
    EXPECT_TRUE(devnet.run(source->fetch_final_block()).has_value());
}

TEST(ethereum_source, says_that_nothing_becomes_final) {
    SealerOptions options = kOptions;
    options.epochs_per_period = 16;
    Devnet devnet(options);
    devnet.deploy_logger();
    const auto source = open_source(devnet);
    const auto early = devnet.run(source->fetch_client_initializer(Address{{7}}));
    ASSERT_FALSE(early.has_value());
    EXPECT_EQ(early.error().kind, SourceError::Kind::kNotReady);
    EXPECT_TRUE(has_text(early.error(), "since the checkpoint")) << early.error().text;

    devnet.step(20);
    const Bytes state = encode_state(pin_client(devnet));
    devnet.sealer().set_attesting(Attesting::kNone);
    devnet.step(15);
    const auto logs = devnet.log({"0x01"});
    devnet.step(1);
    const auto proof = devnet.run(source->fetch_proof(logs, state));
    ASSERT_FALSE(proof.has_value());
    EXPECT_EQ(proof.error().kind, SourceError::Kind::kNotReady);
    EXPECT_TRUE(has_text(proof.error(), "is not final yet")) << proof.error().text;
    EXPECT_TRUE(has_text(proof.error(), "has not become final for 5 epochs")) << proof.error().text;
    EXPECT_TRUE(source->hold_up().contains("has not become final for 5 epochs")) << source->hold_up();
    devnet.sealer().set_attesting(Attesting::kAll);
    finalize(devnet);
    EXPECT_TRUE(devnet.run(source->fetch_proof(logs, state)).has_value());
}

TEST(ethereum_source, refuses_states_and_blocks_that_it_cannot_serve) {
    Devnet devnet(kOptions);
    devnet.deploy_logger();
    const auto logs = devnet.log({"0x01"});
    devnet.step(40);
    const auto source = open_source(devnet);
    const auto kind_of = [&](const std::vector<chain::LogPosition>& positions, const Bytes& state) {
        const auto proof = devnet.run(source->fetch_proof(positions, state));
        return proof ? 0 : static_cast<int>(proof.error().kind);
    };
    ClientState state = pin_client(devnet);
    ASSERT_EQ(kind_of(logs, encode_state(state)), 0);
    constexpr int kUnsupported = static_cast<int>(SourceError::Kind::kUnsupported);
    constexpr int kInvalid = static_cast<int>(SourceError::Kind::kInvalid);
    constexpr int kNotReady = static_cast<int>(SourceError::Kind::kNotReady);
    EXPECT_EQ(kind_of(logs, {1, 2, 3}), kUnsupported);
    EXPECT_EQ(kind_of({}, encode_state(state)), kUnsupported);
    auto other = logs;
    other[0].log.data = {9};
    EXPECT_EQ(kind_of(other, encode_state(state)), static_cast<int>(SourceError::Kind::kRefuted));
    auto future = logs;
    future[0].block = BlockNumber{1'000};
    EXPECT_EQ(kind_of(future, encode_state(state)), kNotReady);
    state.finalized_block_hash = Hash32{{1}};
    EXPECT_EQ(kind_of(logs, encode_state(state)), kInvalid);
}

TEST(ethereum_source, proves_under_a_final_block_that_the_client_knew_before) {
    Devnet devnet(kOptions);
    devnet.deploy_logger();
    devnet.step(40);
    const Bytes before = encode_state(pin_client(devnet));
    const auto logs = devnet.log({"0x01"});
    finalize(devnet);
    const Bytes after = encode_state(pin_client(devnet));
    devnet.step(20);
    finalize(devnet);
    const auto source = open_source(devnet);
    const auto proof = must(devnet.run(source->fetch_past_proof(logs, {before, after})));
    ASSERT_EQ(proof.logs.size(), 1u);
    EXPECT_EQ(proof.logs[0], logs[0].log);
    // It needs no update, and no other state.
    EXPECT_TRUE(source->verify_proof(proof.bytes, after).has_value());
    EXPECT_FALSE(source->verify_proof(proof.bytes, before).has_value());
    const auto too_early = devnet.run(source->fetch_past_proof(logs, {before}));
    ASSERT_FALSE(too_early.has_value());
    EXPECT_EQ(too_early.error().kind, SourceError::Kind::kNotReady);
}

}  // namespace
}  // namespace butter::ethereum
