// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "butter/app/evidence.hpp"
#include "butter/base/hex.hpp"
#include "butter/codec/abi.hpp"
#include "butter/message/delivery.hpp"
#include "butter/service/events.hpp"
#include "butter/trie/trie.hpp"
#include "chains/mapo/module.hpp"
#include "chains/mapo/proof.hpp"
#include "chains/mapo/sealer.hpp"

/// Evidence with real headers, seals and receipts, and every way to spoil it. All three chains are of the
/// family mapo, whose blocks can be made in memory.
namespace butter::app {
namespace {

using codec::AbiValue;
using message::Message;

constexpr std::uint64_t kEpochLength = 10;
/// In the second epoch, so that its proof needs the first one's end.
constexpr std::uint64_t kBlock = 14;

Hash32 topic(ChainId id) { return to_big_endian(Uint256{id.value}); }

/// A chain with its own four validators, that makes any block on demand.
class SealedChain {
  public:
    SealedChain(std::string name, std::uint64_t id, std::uint64_t first_validator, Address service)
        : name_(std::move(name)), id_(id), service_(service) {
        for (std::uint64_t i = 0; i < 4; ++i)
            validators_.push_back(mapo::make_devnet_validator(first_validator + i));
    }

    ChainId id() const noexcept { return id_; }
    const Address& service() const noexcept { return service_; }

    ChainSettings settings() const {
        boost::json::array validators;
        for (const mapo::DevnetValidator& one : validators_) {
            validators.push_back(
                boost::json::object{{"address", encode_hex(one.validator.address)},
                                    {"g1", encode_hex(crypto::bn254::encode_g1(one.validator.g1_key))},
                                    {"g2", encode_hex(crypto::bn254::encode_g2(one.validator.g2_key))}});
        }
        ChainSettings out;
        out.network = {.name = name_,
                       .family = "mapo",
                       .chain_id = id_,
                       .rpc_urls = {"http://127.0.0.1:9"},  // nobody listens: nothing is asked
                       .consensus_urls = {},
                       .parameters = {{"epoch_length", static_cast<std::int64_t>(kEpochLength)},
                                      {"hash_fork_block", 0},
                                      {"checkpoint_block", 0},
                                      {"checkpoint_validators", std::move(validators)}}};
        out.service = service_;
        return out;
    }

    /// The proof of `log`, emitted in block `kBlock` by a transaction with another log before it.
    ProvenLog prove(eth::Log log) const {
        eth::Receipt first;
        first.is_success = true;
        eth::Receipt second = first;
        second.type = eth::EnvelopeType::kDynamicFee;
        second.logs = {{.address = Address{{0xee}}, .topics = {}, .data = {1, 2, 3}}, std::move(log)};
        second.bloom = eth::bloom_of(second.logs);
        const trie::Trie trie =
            trie::make_list_trie(std::vector<Bytes>{eth::encode_receipt(first), eth::encode_receipt(second)});

        mapo::Header epoch_end;
        epoch_end.number = BlockNumber{kEpochLength};
        mapo::seal_header(epoch_end, validators_, 1, {0, 1, 2, 3}, 0);
        mapo::Header header;
        header.number = BlockNumber{kBlock};
        header.receipts_root = trie.root();
        header.bloom = second.bloom;
        mapo::seal_header(header, validators_, 2, {0, 2, 3}, 1);

        mapo::TrustedState state{kEpochLength, BlockNumber{kEpochLength}, {}};
        for (const mapo::DevnetValidator& one : validators_) state.validators.push_back(one.validator);
        return {
            id_,
            {.opening = {},
             .updates = {mapo::encode_header(epoch_end, mapo::Seals::kAll)},
             .proof = mapo::encode_proof(
                 state, header,
                 {{.transaction_index = 1, .nodes = trie.proof(trie::list_key(1)), .log_indexes = {1}}})}};
    }

  private:
    std::string name_;
    ChainId id_;
    Address service_;
    std::vector<mapo::DevnetValidator> validators_;
};

eth::Log message_out(const Address& service, const Message& message) {
    return {.address = service,
            .topics = {service::message_out_topic(), message::order_id(message), topic(message.to_chain)},
            .data = codec::encode_abi({AbiValue::bytes(message::encode_message(message))})};
}
eth::Log message_relay(const Address& service, const Message& message, const Hash32& origin,
                       std::uint64_t index) {
    return {.address = service,
            .topics = {service::message_relay_topic(), message::order_id(message), topic(message.to_chain),
                       origin},
            .data = codec::encode_abi(
                {AbiValue::number(index), AbiValue::bytes(message::encode_message(message))})};
}
eth::Log outbox_root(const Address& service, ChainId to, std::uint64_t count, const Hash32& root) {
    return {.address = service,
            .topics = {service::outbox_root_topic(), topic(to)},
            .data = codec::encode_abi({AbiValue::number(count), AbiValue::word(root)})};
}
eth::Log message_in(const Address& service, const Message& message, bool is_success) {
    return {.address = service,
            .topics = {service::message_in_topic(), message::order_id(message), topic(message.from_chain),
                       topic(message.to_chain)},
            .data = codec::encode_abi({AbiValue::bytes(message.sender), AbiValue::bytes({}),
                                       AbiValue::boolean(is_success), AbiValue::bytes({})})};
}

eth::Log message_executed(const Address& service, const Message& message) {
    return {.address = service,
            .topics = {service::message_executed_topic(), message::order_id(message)},
            .data = {}};
}

class Bundle : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        world_ = new World;
        Config config;
        config.relay = "R";
        config.chains = {world_->a.settings(), world_->r.settings(), world_->b.settings()};
        std::vector<std::unique_ptr<chain::Family>> families;
        families.push_back(mapo::make_family());
        auto chains = open_chains(config, families, world_->context.get_executor(), WithKey::kNo);
        ASSERT_TRUE(chains.has_value()) << chains.error().text;
        world_->chains = *std::move(chains);
    }
    static void TearDownTestSuite() { delete world_; }

    static Message sent_message() {
        Message message;
        message.from_chain = a().id();
        message.to_chain = b().id();
        message.nonce = 7;
        message.gas_limit = 100'000;
        message.service = a().service();
        message.sender = Bytes(20, 0x11);
        message.target = Bytes(20, 0x22);
        message.payload = {1, 2, 3, 4};
        return message;
    }
    /// What the executor at the message's target makes of it.
    static Message onward_message(const Message& message) {
        Message onward = message;
        onward.relay = false;
        onward.from_chain = r().id();
        onward.service = r().service();
        onward.sender = message.target;
        onward.target = Bytes(20, 0x33);
        return onward;
    }

    static constexpr std::uint64_t kIndex = 3;
    static constexpr std::uint64_t kCount = 6;
    static message::Outbox outbox_with(const Message& message) {
        message::Outbox outbox;
        for (std::uint64_t i = 0; i < kCount; ++i) {
            Hash32 other;
            other[0] = static_cast<std::uint8_t>(i + 1);
            outbox.append(i == kIndex ? message::order_id(message) : other);
        }
        return outbox;
    }
    static Evidence evidence_of(const Message& message, const Message& onward) {
        const message::Outbox outbox = outbox_with(onward);
        const Hash32 id = message::order_id(message);
        return {
            .order_id = id,
            .message = message::encode_message(message),
            .sent = a().prove(message_out(a().service(), message)),
            .onward = OnwardEvidence{r().prove(message_relay(r().service(), onward, id, kIndex)),
                                     r().prove(outbox_root(r().service(), b().id(), kCount, outbox.root())),
                                     message::encode_delivery(message::make_delivery(
                                         outbox, kCount, {{kIndex, message::encode_message(onward)}}))},
            .executed = b().prove(message_in(b().service(), onward, true))};
    }

    static void expect_failure(const Evidence& evidence, std::string_view step, const std::string& fragment) {
        const auto steps = verify_evidence(world_->chains, evidence);
        ASSERT_FALSE(steps.empty());
        EXPECT_FALSE(steps.back().holds) << step << " " << fragment;
        EXPECT_EQ(steps.back().name, step) << steps.back().text;
        EXPECT_NE(steps.back().text.find(fragment), std::string::npos) << steps.back().text;
    }
    static void expect_all_hold(const Evidence& evidence, std::size_t count) {
        const auto steps = verify_evidence(world_->chains, evidence);
        EXPECT_EQ(steps.size(), count);
        for (const CheckedStep& step : steps) EXPECT_TRUE(step.holds) << step.name << ": " << step.text;
    }
    /// Whether the file `json` is accepted.
    static bool is_accepted(const rpc::Json& json) {
        const auto evidence = decode_evidence(json);
        return evidence && verify_evidence(world_->chains, *evidence).back().holds;
    }

    static const SealedChain& a() { return world_->a; }
    static const SealedChain& r() { return world_->r; }
    static const SealedChain& b() { return world_->b; }
    static const Chains& chains() { return world_->chains; }

  private:
    struct World {
        boost::asio::io_context context{1};
        SealedChain a{"A", 101, 0, {{0xa1}}};
        SealedChain r{"R", 102, 10, {{0xa2}}};
        SealedChain b{"B", 103, 20, {{0xa3}}};
        Chains chains;
    };
    static inline World* world_ = nullptr;
};

TEST_F(Bundle, holds_for_every_kind_of_message) {
    const Message forwarded = sent_message();
    expect_all_hold(evidence_of(forwarded, forwarded), 5);

    Message through_executor = sent_message();
    through_executor.relay = true;
    expect_all_hold(evidence_of(through_executor, onward_message(through_executor)), 5);

    Message to_relay = sent_message();
    to_relay.to_chain = r().id();
    expect_all_hold({.order_id = message::order_id(to_relay),
                     .message = message::encode_message(to_relay),
                     .sent = a().prove(message_out(a().service(), to_relay)),
                     .onward = {},
                     .executed = r().prove(message_in(r().service(), to_relay, true))},
                    2);

    Message from_relay = sent_message();
    from_relay.from_chain = r().id();
    from_relay.service = r().service();
    Evidence evidence = evidence_of(from_relay, from_relay);
    evidence.sent = r().prove(message_out(r().service(), from_relay));
    expect_all_hold(evidence, 5);
}

/// Every word of every proof, every byte of what is short, every number.
void alter_each(rpc::Json& root, rpc::Json& value, const std::string& path,
                const std::function<void(const std::string&)>& check) {
    if (value.is_object()) {
        for (auto& member : value.get_object())
            alter_each(root, member.value(), path + "." + std::string(member.key()), check);
    } else if (value.is_array()) {
        auto& list = value.get_array();
        for (std::size_t i = 0; i < list.size(); ++i)
            alter_each(root, list[i], path + "[" + std::to_string(i) + "]", check);
        const rpc::Json whole = value;
        value.get_array().push_back("0x");
        check(path + " with another entry");
        if (!whole.get_array().empty()) {
            value = whole;
            value.get_array().pop_back();
            check(path + " without its last entry");
            value = whole;
            value.get_array().push_back(whole.get_array().back());
            check(path + " with its last entry twice");
        }
        value = whole;
    } else if (value.is_string()) {
        const rpc::Json whole = value;
        const std::string text(whole.get_string());
        // Every byte of what is short; of long hex one digit in every word, each time at another place of the
        // word.
        const std::size_t step = text.size() > 600 ? 64 : 2;
        for (std::size_t at = 1, n = 0; at < text.size(); at += step, ++n) {
            const std::size_t place = std::min(at + (n * 6) % step, text.size() - 1);
            std::string altered = text;
            altered[place] = altered[place] == '0' ? '1' : '0';
            value = boost::json::string(altered);
            check(path + " at " + std::to_string(place));
        }
        value = boost::json::string(text + "00");
        check(path + " made longer");
        if (text.size() > 3) {
            value = boost::json::string(text.substr(0, text.size() - 2));
            check(path + " made shorter");
        }
        value = whole;
    } else if (value.is_number()) {
        const rpc::Json whole = value;
        value = whole.to_number<std::uint64_t>() + 1;
        check(path + " plus one");
        value = whole;
    }
}

TEST_F(Bundle, no_field_can_be_another) {
    Message message = sent_message();
    message.relay = true;
    rpc::Json json = to_json(evidence_of(message, onward_message(message)));
    ASSERT_TRUE(is_accepted(json));
    std::size_t altered = 0;
    alter_each(json, json, "", [&](const std::string& what) {
        ++altered;
        EXPECT_FALSE(is_accepted(json)) << what;
    });
    EXPECT_GT(altered, 500u);
    EXPECT_TRUE(is_accepted(json)) << "everything was put back";
}

TEST_F(Bundle, names_the_step_that_does_not_hold) {
    const Message message = sent_message();
    const Evidence good = evidence_of(message, message);
    const Hash32 id = message::order_id(message);
    const message::Outbox outbox = outbox_with(message);
    Message other = message;
    other.nonce = 8;

    Evidence evidence = good;
    evidence.sent = r().prove(message_out(a().service(), message));
    expect_failure(evidence, "sent", "is of chain id 102, expected 101");
    evidence = good;
    evidence.sent.proof = r().prove(message_out(a().service(), message)).proof;
    expect_failure(evidence, "sent", "update 0");
    evidence = good;
    evidence.sent.proof.updates.clear();
    expect_failure(evidence, "sent", "outside the client's epoch");
    evidence = good;
    evidence.sent.proof.opening = {1};
    expect_failure(evidence, "sent", "needs no opening");
    evidence = good;
    evidence.sent = a().prove(message_out(b().service(), message));
    expect_failure(evidence, "sent", "emitter is");
    evidence = good;
    evidence.sent = a().prove(message_out(a().service(), other));
    expect_failure(evidence, "sent", "carries another message");
    evidence = good;
    evidence.message = message::encode_message(other);
    expect_failure(evidence, "sent", "the message has id");
    evidence = good;
    evidence.sent = a().prove(message_in(a().service(), message, true));
    expect_failure(evidence, "sent", "log of another event");

    evidence = good;
    evidence.onward->relayed = r().prove(message_relay(r().service(), message, Hash32{{5}}, kIndex));
    expect_failure(evidence, "relayed", "was made from message");
    evidence = good;
    evidence.onward->relayed = r().prove(message_relay(r().service(), other, id, kIndex));
    expect_failure(evidence, "relayed", "another message went on");
    evidence = good;
    evidence.onward.reset();
    expect_failure(evidence, "relayed", "the message goes on");

    evidence = good;
    evidence.onward->root = r().prove(outbox_root(r().service(), a().id(), kCount, outbox.root()));
    expect_failure(evidence, "outbox root", "another destination");
    evidence = good;
    evidence.onward->root = r().prove(outbox_root(r().service(), b().id(), kIndex, outbox.root(kIndex)));
    expect_failure(evidence, "outbox root", "the message is at 3");
    evidence = good;
    evidence.onward->root = r().prove(outbox_root(r().service(), b().id(), kCount, Hash32{{1}}));
    expect_failure(evidence, "in outbox", "to another root");

    // What the service says of a first execution is its id alone.
    evidence = good;
    evidence.executed = b().prove(message_executed(b().service(), message));
    expect_all_hold(evidence, 5);
    evidence.executed = b().prove(message_executed(b().service(), other));
    expect_failure(evidence, "executed", "is of message");
    evidence = good;
    evidence.executed = b().prove(message_in(b().service(), other, true));
    expect_failure(evidence, "executed", "is of message");
    evidence = good;
    evidence.executed = b().prove(message_in(b().service(), message, false));
    expect_failure(evidence, "executed", "the execution failed");
    evidence = good;
    evidence.executed = r().prove(message_in(b().service(), message, true));
    expect_failure(evidence, "executed", "is of chain id 102");
}

TEST_F(Bundle, an_executor_sends_only_its_own_messages) {
    Message message = sent_message();
    message.relay = true;
    const Message onward = onward_message(message);
    for (const auto& spoil :
         std::initializer_list<void (*)(Message&)>{[](Message& one) { one.sender = Bytes(20, 0x44); },
                                                   [](Message& one) { one.from_chain = ChainId{101}; },
                                                   [](Message& one) { one.service = Address{{0x55}}; }}) {
        Message spoilt = onward;
        spoil(spoilt);
        expect_failure(evidence_of(message, spoilt), "relayed", "not the relay executor's");
    }
}

}  // namespace
}  // namespace butter::app
