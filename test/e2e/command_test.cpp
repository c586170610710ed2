// SPDX-License-Identifier: Apache-2.0
// The commands for one message, on messages that the program delivered: the proof holds, and holds no more
// once anything in it is another; the exit status says what was wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>

#include "butter/app/evidence.hpp"
#include "test/e2e/program.hpp"
#include "test/e2e/world.hpp"

namespace butter::e2e {
namespace {

using codec::AbiValue;
using rpc::Json;

/// Places of a leaf that are altered one by one: every word of a short one, some of a long one. That no word
/// can be another is shown for blocks made in memory (test/evidence).
constexpr std::size_t kWordBytes = 32;
constexpr std::size_t kPlacesMax = 16;

class Commands : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        world_ = std::make_unique<World>(World::Options{.name = "command"});
        const Address counter_b = create_counter("B");
        const Address counter_r = create_counter("R");
        Program program(world_->config(), world_->folder() / "run.log");
        orders_.push_back(world_->send("A", "B", calldata(counter_b, encode_increment())).order_id);
        orders_.push_back(world_->send("A", "R", calldata(counter_r, encode_increment())).order_id);
        world_->await("both messages executed", [&] {
            return world_->read_number("B", counter_b, "count()") == 1 &&
                   world_->read_number("R", counter_r, "count()") == 1;
        });
        EXPECT_EQ(program.stop(), 0);
    }
    static void TearDownTestSuite() { world_.reset(); }

    static Address create_counter(std::string_view name) {
        const Address user = devnet::make_test_account(devnet::kUserAccount).address;
        const Address counter = world_->create(
            name, "RemoteCounter", {AbiValue::address(world_->service(name)), AbiValue::address(user)});
        world_->transact(name, counter,
                         codec::encode_call("addRemoteCaller(uint256,bytes,bool)",
                                            {AbiValue::number(world_->id("A").value), AbiValue::bytes(user),
                                             AbiValue::boolean(true)}));
        return counter;
    }

    static Finished butter(std::string command, std::vector<std::string> arguments,
                           std::filesystem::path config = world_->config()) {
        arguments.insert(arguments.begin(), {std::move(command), "--config", config.string()});
        return run_butter(world_->folder(), std::move(arguments));
    }
    static std::filesystem::path bundle(const Hash32& order) {
        return world_->folder() / (encode_hex_bare(order) + ".json");
    }
    /// Once the execution's block is final as well.
    static void save_bundle(const Hash32& order) {
        Finished verified;
        world_->await("a proof of every step", [&] {
            verified = butter("verify", {encode_hex(order), "--save", bundle(order).string()});
            return verified.status == 0;
        });
        EXPECT_NE(verified.output.find("every step holds"), std::string::npos) << verified.output;
    }

    inline static std::unique_ptr<World> world_;
    inline static std::vector<Hash32> orders_;
};

/// Calls `visit` with each text and number in `value`, to be changed in place.
void for_each_leaf(Json& value, const std::string& name,
                   const std::function<void(Json&, const std::string&)>& visit) {
    if (auto* object = value.if_object()) {
        for (auto& member : *object)
            for_each_leaf(member.value(), name + "." + std::string(member.key()), visit);
    } else if (auto* array = value.if_array()) {
        for (std::size_t i = 0; i < array->size(); ++i)
            for_each_leaf((*array)[i], name + "[" + std::to_string(i) + "]", visit);
    } else {
        visit(value, name);
    }
}

bool holds(const app::Chains& chains, const Json& json) {
    const auto evidence = app::decode_evidence(json);
    return evidence && app::verify_evidence(chains, *evidence).back().holds;
}

TEST_F(Commands, verify_accepts_what_was_delivered_and_nothing_else) {
    for (const Hash32& order : orders_) {
        SCOPED_TRACE(encode_hex(order));
        save_bundle(order);
        EXPECT_EQ(butter("verify", {encode_hex(order), "--bundle", bundle(order).string()}).status, 0);

        auto json = rpc::parse_json(read_text(bundle(order)));
        ASSERT_TRUE(json.has_value());
        ASSERT_TRUE(holds(world_->chains(), *json));
        std::size_t leaves = 0;
        std::size_t alterations = 0;
        for_each_leaf(*json, "", [&](Json& leaf, const std::string& name) {
            ++leaves;
            const Json good = leaf;
            const auto refuse = [&](Json other, std::size_t place) {
                ++alterations;
                leaf = std::move(other);
                EXPECT_FALSE(holds(world_->chains(), *json)) << name << " altered at " << place;
                leaf = good;
            };
            if (const auto* text = good.if_string(); text != nullptr && text->starts_with("0x")) {
                const std::size_t bytes = (text->size() - 2) / 2;
                const std::size_t stride = std::max(kWordBytes, bytes / kPlacesMax);
                for (std::size_t at = 0; at < bytes; at += stride) {
                    // The word's last byte: the lowest of a number.
                    const std::size_t place = std::min(at + stride, bytes) * 2 + 1;
                    boost::json::string other = *text;
                    other[place] = other[place] == '0' ? '1' : '0';
                    refuse(std::move(other), place);
                }
                refuse(boost::json::string(std::string(*text) + "00"), text->size());
                if (bytes > 0)
                    refuse(boost::json::string(std::string(*text).substr(0, text->size() - 2)), bytes);
            } else if (text != nullptr) {
                refuse(boost::json::string(std::string(*text) + "x"), text->size());
            } else if (good.is_null()) {
                refuse(Json(0), 0);
            } else {
                refuse(Json(good.to_number<std::uint64_t>() + 1), 0);
            }
        });
        std::cout << alterations << " alterations of " << leaves << " leaves\n";
        EXPECT_TRUE(holds(world_->chains(), *json));

        // The command says the same.
        Json& message = json->get_object()["message"];
        std::string altered(message.get_string());
        altered.back() = altered.back() == '0' ? '1' : '0';
        message = boost::json::string(altered);
        std::ofstream(bundle(order), std::ios::binary | std::ios::trunc) << rpc::to_text(*json);
        EXPECT_EQ(butter("verify", {"--bundle", bundle(order).string()}).status, 1);
    }
}

TEST_F(Commands, trace_and_prove_know_that_it_is_done) {
    for (const Hash32& order : orders_) {
        const Finished trace = butter("trace", {encode_hex(order), "--json"});
        EXPECT_EQ(trace.status, 0) << trace.errors;
        const auto life = rpc::parse_json(trace.output);
        ASSERT_TRUE(life.has_value()) << trace.output;
        EXPECT_EQ(rpc::find_fixed<32>(*life, "order_id"), order);
        const Finished prove = butter("prove", {encode_hex(order), "--json"});
        EXPECT_EQ(prove.status, 0) << prove.errors;
        const auto plan = rpc::parse_json(prove.output);
        ASSERT_TRUE(plan.has_value()) << prove.output;
        ASSERT_NE(rpc::find_array(*plan, "calls"), nullptr);
        EXPECT_TRUE(rpc::find_array(*plan, "calls")->empty());
    }
}

TEST_F(Commands, exit_status_says_what_was_wrong) {
    const std::string known = encode_hex(orders_.front());
    const std::string unknown = encode_hex(Hash32{{1, 2, 3}});
    for (const std::string command : {"trace", "verify", "prove"}) {
        SCOPED_TRACE(command);
        const Finished absent = butter(command, {unknown});
        EXPECT_EQ(absent.status, 5) << absent.errors;
        EXPECT_NE(absent.errors.find("butter: "), std::string::npos);
        EXPECT_EQ(butter(command, {"0x1234"}).status, 2);
        EXPECT_EQ(butter(command, {known, "--no-such-flag"}).status, 2);
        EXPECT_EQ(butter(command, {known}, world_->folder() / "missing.toml").status, 3);

        std::string text = read_text(world_->config());
        const std::string url = world_->endpoint("A").rpc_url;
        text.replace(text.find(url), url.size(),
                     "http://127.0.0.1:" + std::to_string(must(async::find_free_port())));
        const std::filesystem::path down = world_->folder() / "down.toml";
        std::ofstream(down, std::ios::binary | std::ios::trunc) << text;
        const Finished refused = butter(command, {known}, down);
        EXPECT_EQ(refused.status, 4) << refused.errors;

        const std::filesystem::path broken = world_->folder() / "broken.toml";
        std::ofstream(broken, std::ios::binary | std::ios::trunc) << text << "\nno_such_key = 1\n";
        EXPECT_EQ(butter(command, {known}, broken).status, 3);
    }
    EXPECT_EQ(run_butter(world_->folder(), {"no-such-command"}).status, 2);
    EXPECT_EQ(run_butter(world_->folder(), {"deploy", "--topology", "missing.toml", "--out", "."}).status, 3);
}

}  // namespace
}  // namespace butter::e2e
