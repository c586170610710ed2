// SPDX-License-Identifier: Apache-2.0
#include "test/e2e/attack.hpp"

#include <memory>

#include "butter/base/assert.hpp"
#include "butter/messenger/step.hpp"

namespace butter::e2e {
namespace {

std::unique_ptr<World> the_world;

class AttackEnvironment final : public testing::Environment {
  public:
    void SetUp() override {
        the_world = std::make_unique<World>(World::Options{
            .name = "attack", .validators = kValidators, .absent_validators = kAbsentValidators});
        the_world->with_devnet([](devnet::Devnet& devnet) {
            devnet.sealer_a().set_absent(kAbsentMembers);
            devnet.sealer_b().set_absent(kAbsentMembers);
        });
    }
    void TearDown() override { the_world.reset(); }
};

[[maybe_unused]] testing::Environment* const environment =
    testing::AddGlobalTestEnvironment(new AttackEnvironment);

}  // namespace

World& world() {
    BUTTER_ASSERT(the_world != nullptr);
    return *the_world;
}

Bytes client_state(std::string_view from, std::string_view to) {
    return must(world().run(messenger::fetch_client_state(world().chain(to).api, world().client(from, to))));
}

void catch_up(std::string_view from, std::string_view to, std::optional<std::uint64_t> below) {
    const auto updates = must(world().run(world().chain(from).source->fetch_updates(client_state(from, to))));
    for (const chain::Update& update : updates) {
        if (below && update.report.height >= *below) break;
        world().transact(to, world().client(from, to), service::encode_client_update(update.bytes));
    }
}

chain::Proof prove_inbound(std::string_view from, const chain::LogPosition& position) {
    world().await_final(from, position.block);
    catch_up(from, "R");
    return must(world().run(world().chain(from).source->fetch_proof({position}, client_state(from, "R"))));
}

chain::Proof prove_outbound(std::string_view to, const chain::LogPosition& position) {
    world().await_final("R", position.block);
    catch_up("R", to, position.block.value);
    return must(world().run(world().chain("R").source->fetch_proof({position}, client_state("R", to))));
}

chain::LogPosition publish_root(std::string_view to) {
    const auto outcome =
        world().transact("R", world().service("R"), service::encode_publish_root(world().id(to)));
    return world().position_of("R", outcome.hash, world().service("R"), service::outbox_root_topic());
}

Refusal offer_inbound(std::string_view from, BytesView proof) {
    return world().try_call("R", world().service("R"),
                            service::encode_relay_transfer_in(world().id(from), proof));
}

Refusal offer_root(std::string_view to, BytesView proof) {
    return world().try_call(to, world().service(to), service::encode_transfer_in(proof, {}));
}

Address create_log_emitter(std::string_view name) {
    // size = CALLDATASIZE - 96; CALLDATACOPY(0, 96, size); LOG3(0, size, calldata words 0, 1, 2); STOP
    const Bytes body = hex_bytes("60603603806060600037604035602035600035836000a300");
    // CODECOPY(0, 11, size of the body); RETURN(0, size)
    const Bytes start = hex_bytes("60");
    const auto size = static_cast<std::uint8_t>(body.size());
    return world().create_from(name,
                               concat({start, BytesView(&size, 1), hex_bytes("80600b6000396000f3"), body}));
}

}  // namespace butter::e2e
