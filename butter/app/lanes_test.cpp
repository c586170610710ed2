// SPDX-License-Identifier: Apache-2.0
#include "butter/app/lanes.hpp"

#include <gtest/gtest.h>

#include "butter/codec/abi.hpp"

namespace butter::app {
namespace {

constexpr ChainId kFrom{5};
constexpr Address kClient{{0x0c}};

LaneView healthy() {
    return {.from = "A",
            .to = "R",
            .client = kClient,
            .passport = {.kind = "ethereum",
                         .chain_id = kFrom,
                         .forging_keys = 342,
                         .total_keys = 512,
                         .last_update = UnixSeconds{1'000'000},
                         .height = 77,
                         .is_frozen = false},
            .trusted_until = UnixSeconds{1'000'000 + 14 * 86'400},
            .now = UnixSeconds{1'000'000 + 3'700},
            .owner = {{0x0d}},
            .delay_s = kTimelockDelaySecondsExpected,
            .paused_until = UnixSeconds{},
            .warnings = {}};
}

TEST(lanes, warn_of_nothing_when_all_is_well) {
    EXPECT_TRUE(lane_warnings(healthy(), kFrom, kClient).empty());
}

TEST(lanes, warn_of_everything_that_weakens_them) {
    const auto only = [](LaneView lane, std::optional<Address> believed = kClient) {
        const auto warnings = lane_warnings(lane, kFrom, believed);
        EXPECT_EQ(warnings.size(), 1u);
        return warnings.empty() ? std::string() : warnings.front();
    };
    const auto has = [](const std::string& text, std::string_view part) {
        return text.find(part) != std::string::npos;
    };
    LaneView lane = healthy();
    lane.passport.is_frozen = true;
    EXPECT_TRUE(has(only(lane), "frozen"));
    lane = healthy();
    lane.passport.chain_id = ChainId{6};
    EXPECT_TRUE(has(only(lane), "verifies chain 6, the configuration says 5"));
    EXPECT_TRUE(has(only(healthy(), std::nullopt), "believes no client"));
    EXPECT_TRUE(has(only(healthy(), Address{{1}}), "believes another client, 0x01"));
    lane = healthy();
    lane.delay_s.reset();
    EXPECT_TRUE(has(only(lane), "no timelock"));
    lane.delay_s = kTimelockDelaySecondsExpected - 1;
    EXPECT_TRUE(has(only(lane), "waits only 6 d 23 h, 7 d 0 h are usual"));
    lane = healthy();
    lane.paused_until = UnixSeconds{lane.now.value + 61};
    EXPECT_TRUE(has(only(lane), "paused for another 1 min 1 s"));
    lane = healthy();
    lane.now = UnixSeconds{lane.passport.last_update.value + kUpdateAgeSecondsExpected + 1};
    EXPECT_TRUE(has(only(lane), "brought forward 4 d 0 h ago"));
    lane = healthy();
    lane.trusted_until = UnixSeconds{lane.now.value + 3'601};
    EXPECT_TRUE(has(only(lane), "expires in 1 h 0 min"));
    lane.trusted_until = UnixSeconds{lane.now.value - 1};
    EXPECT_TRUE(has(only(lane), "has expired"));
    EXPECT_TRUE(has(to_text({lane}), "expired"));
}

TEST(lanes, print_what_stands_between_a_forger_and_a_lane) {
    LaneView lane = healthy();
    lane.warnings = {"something"};
    EXPECT_EQ(to_text({lane}),
              "A -> R\n"
              "  verified by   ethereum client 0x0c00000000000000000000000000000000000000 of chain 5\n"
              "  to forge      342 of 512 keys must collude\n"
              "  last update   1 h 1 min ago, at height 77\n"
              "  trusted       for another 13 d 22 h without news\n"
              "  changed by    0x0d00000000000000000000000000000000000000 after 7 d 0 h\n"
              "  state         open\n"
              "  warning: something");
    EXPECT_EQ(to_text({}), "the configuration has no lanes");
    const rpc::Json json = to_json({lane});
    EXPECT_EQ(json.at(0).at("forging_keys").to_number<int>(), 342);
    EXPECT_EQ(json.at(0).at("age_s").to_number<int>(), 3'700);
    EXPECT_EQ(json.at(0).at("trusted_until").to_number<int>(), 1'000'000 + 14 * 86'400);
    EXPECT_EQ(json.at(0).at("warnings").as_array().size(), 1u);
}

TEST(lanes, read_the_passport_that_a_contract_returns) {
    using codec::AbiValue;
    const std::string kind = "ethereum";
    const Bytes encoded = codec::encode_abi({AbiValue::tuple(
        {AbiValue::bytes(Bytes(kind.begin(), kind.end())), AbiValue::number(5), AbiValue::number(342),
         AbiValue::number(512), AbiValue::number(9), AbiValue::number(77), AbiValue::boolean(true)})});
    const auto passport = service::decode_passport(encoded);
    ASSERT_TRUE(passport.has_value());
    EXPECT_EQ(passport->kind, kind);
    EXPECT_EQ(passport->forging_keys, 342u);
    EXPECT_EQ(passport->height, 77u);
    EXPECT_TRUE(passport->is_frozen);
    EXPECT_FALSE(service::decode_passport(BytesView(encoded).first(64)).has_value());
}

}  // namespace
}  // namespace butter::app
