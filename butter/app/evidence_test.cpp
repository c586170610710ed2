// SPDX-License-Identifier: Apache-2.0
#include "butter/app/evidence.hpp"

#include <gtest/gtest.h>

namespace butter::app {
namespace {

ProvenLog proven(std::uint64_t chain_id) {
    return {ChainId{chain_id}, {.opening = {1}, .updates = {{2, 3}, {}}, .proof = {4, 5}}};
}

Evidence whole() {
    return {.order_id = Hash32{{9}},
            .message = {7, 8},
            .sent = proven(1),
            .onward = OnwardEvidence{proven(2), proven(2), {6}},
            .executed = proven(3)};
}

void expect_error(const rpc::Json& json, const std::string& fragment) {
    const auto evidence = decode_evidence(json);
    ASSERT_FALSE(evidence.has_value()) << fragment;
    EXPECT_NE(evidence.error().find(fragment), std::string::npos) << evidence.error();
}

TEST(evidence, survives_its_file) {
    for (const bool has_onward : {true, false}) {
        Evidence evidence = whole();
        if (!has_onward) evidence.onward.reset();
        const rpc::Json json = to_json(evidence);
        const auto parsed = rpc::parse_json(rpc::to_text(json));
        ASSERT_TRUE(parsed.has_value());
        const auto decoded = decode_evidence(*parsed);
        ASSERT_TRUE(decoded.has_value()) << decoded.error();
        EXPECT_EQ(to_json(*decoded), json);
        EXPECT_EQ(decoded->executed.proof, evidence.executed.proof);
        EXPECT_EQ(decoded->onward.has_value(), has_onward);
    }
}

TEST(evidence, every_key_is_needed) {
    const rpc::Json good = to_json(whole());
    for (const auto& member : good.get_object()) {
        rpc::Json json = good;
        json.get_object().erase(member.key());
        EXPECT_FALSE(decode_evidence(json).has_value()) << member.key();
    }
    for (const char* log : {"sent", "relayed", "root", "executed"}) {
        for (const auto& member : good.at(log).get_object()) {
            rpc::Json json = good;
            json.at(log).get_object().erase(member.key());
            expect_error(json, log);
            json = good;
            json.at(log).get_object()[member.key()] = nullptr;
            expect_error(json, log);
        }
    }
}

TEST(evidence, nothing_else_may_stand_in_it) {
    rpc::Json json = to_json(whole());
    json.get_object()["note"] = "believe me";
    expect_error(json, "unknown key note");
    json = to_json(whole());
    json.at("sent").get_object()["state"] = "0x";
    expect_error(json, "unknown key sent.state");
}

TEST(evidence, is_written_in_one_way) {
    rpc::Json json = to_json(whole());
    json.at("message") = "0x070A";
    expect_error(json, "not written as");
    json = to_json(whole());
    json.at("executed").at("chain_id") = 3.0;
    expect_error(json, "");
    json = to_json(whole());
    json.at("executed").at("chain_id") = -3;
    expect_error(json, "executed.chain_id");
    json = to_json(whole());
    json.at("sent").at("updates").as_array()[0] = 5;
    expect_error(json, "sent.updates");
    json = to_json(whole());
    json.at("relayed") = nullptr;
    expect_error(json, "not written as");
    json = to_json(whole());
    json.at("format") = "butter-evidence-2";
    expect_error(json, "format is not");
    expect_error(rpc::Json("text"), "no JSON object");
}

}  // namespace
}  // namespace butter::app
