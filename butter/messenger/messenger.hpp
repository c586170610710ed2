// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "butter/async/task.hpp"
#include "butter/chain/family.hpp"
#include "butter/evm/sender.hpp"
#include "butter/message/outbox.hpp"
#include "butter/messenger/hop_store.hpp"
#include "butter/messenger/step.hpp"
#include "butter/rpc/eth_api.hpp"

/// Carries messages: scans final blocks of every chain for logs of the services, proves them, delivers them.
/// It knows one relay chain and any number of others, and nothing of their consensus.
namespace butter::messenger {

/// One chain as the messenger uses it. The references outlive the messenger.
struct Chain {
    std::string name;
    ChainId id;
    chain::Source& source;
    rpc::EthApi& api;
    evm::Sender& sender;
    Address service;
    BlockNumber start_block;
    /// On an outer chain: the client of the relay chain that stands here, and the client of this chain that
    /// stands on the relay chain. Unused on the relay chain.
    Address relay_client;
    Address client_on_relay;
};

struct Options {
    std::chrono::milliseconds poll_interval{1'000};
    std::size_t batch_messages_max = 50;
    std::function<UnixMillis()> now;
};

class Messenger {
  public:
    Messenger(HopStore& store, Chain relay, std::vector<Chain> outer, Options options);

    /// Runs until cancelled. Throws `std::runtime_error` when the store fails: nothing can be promised then.
    async::Task<void> run();

  private:
    async::Task<void> scan(const Chain& chain);
    async::Task<void> deliver_inbound(const Chain& origin);
    async::Task<void> deliver_outbound(const Chain& destination);

    async::Task<void> scan_once(const Chain& chain);
    /// What the scan asks for of these blocks.
    rpc::LogFilter filter_of(const Chain& chain, BlockNumber first, BlockNumber last) const;
    /// Reads what was scanned lately from every endpoint: what one hid, another shows.
    async::Task<void> cross_read(const Chain& chain);
    /// What the service's logs of a range say, in order, if they go on from what is known: a log that is
    /// missing, altered or made up shows in the messages' nonces, in the outbox's indexes or in its roots.
    /// The error is a text for people.
    struct Findings {
        std::vector<Hop> hops;
        std::vector<RootRecord> roots;
        std::vector<rpc::PlacedLog> executions;
    };
    Result<Findings, std::string> read_logs(const Chain& chain, const std::vector<rpc::PlacedLog>& logs);
    /// The endpoint's logs cannot be true, or contradict those of before. When every endpoint says the same,
    /// it is those of before that are in doubt.
    void doubt(const Chain& chain, const std::string& why);
    /// A log that a scan found in `block` is proven not to be there.
    void refute(const Chain& chain, BlockNumber block, const std::string& why);
    /// Scans again all that consensus did not prove.
    void forget_unproven(const Chain& chain);
    message::Outbox& outbox_to(ChainId destination);
    async::Task<void> inbound_once(const Chain& origin);
    async::Task<void> outbound_once(const Chain& destination);

    async::Task<bool> prove_and_submit_inbound(const Chain& origin, std::vector<Hop> hops);
    async::Task<void> submit_outbound(const Chain& destination, std::vector<Hop> hops, RootRecord root);
    /// Unless the log of the last one is still to be scanned: then it is waited for.
    async::Task<void> publish_root(const Chain& destination);
    /// Looks at deliveries whose block became final: those that a reorganisation undid start again.
    async::Task<void> confirm(const Chain& chain, BlockNumber final_block);
    /// For each hop, whether `chain` has its message at block `id`; in one round trip.
    async::Task<Result<std::vector<bool>, std::string>> fetch_are_there(const Chain& chain,
                                                                        std::vector<Hop> hops,
                                                                        rpc::BlockId id);
    /// Marks the hops that `chain` has by now; the others are left. Empty, and all held, when it cannot be
    /// asked.
    async::Task<std::vector<Hop>> drop_delivered(const Chain& chain, std::vector<Hop> hops);
    /// A successful execution in a final block, perhaps of a message that failed before.
    void note_execution(const Chain& chain, const rpc::PlacedLog& log);

    /// Says, at most every five minutes, what keeps the chain's blocks from becoming final (empty: nothing)
    /// if it does so for that long.
    void warn_of_hold_up(const Chain& chain, const std::string& text, std::int64_t patience_ms);
    /// Applies an event and writes the result down.
    void advance(Hop& hop, const HopEvent& event);
    /// Parks a hop that cannot go on at `where` now.
    void hold(Hop& hop, const std::string& where, const StepError& error);
    /// What a delivery's logs say about each hop.
    void settle(std::vector<Hop>& hops, const evm::TransactionOutcome& outcome, const Address& service);

    const Chain* find_outer(ChainId id) const noexcept;
    /// For logs: as configured, or the id where it is not.
    std::string name_of(ChainId id) const;

    HopStore& store_;
    Chain relay_;
    std::vector<Chain> outer_;
    Options options_;
    /// Block of the last root published for a destination; the scan finds its log when that block is final.
    std::map<ChainId, BlockNumber> published_in_;
    struct PublicationTry {
        std::uint32_t count = 0;  ///< that failed in a row
        UnixMillis next;
    };
    /// By destination.
    std::map<ChainId, PublicationTry> publication_tries_;
    /// By destination; what the store holds of it, ready to prove from.
    std::map<ChainId, message::Outbox> outboxes_;
    /// By origin: the next message's nonce.
    std::map<ChainId, std::uint64_t> next_nonces_;
    /// By chain: answers in a row that contradict what is known.
    std::map<ChainId, std::size_t> doubts_;
    struct CrossRead {
        std::size_t polls = 0;   ///< since the last one
        BlockNumber next_block;  ///< first that was not read from every endpoint
    };
    std::map<ChainId, CrossRead> cross_reads_;
    /// By chain: blocks asked for at once; fewer after an endpoint could not answer.
    std::map<ChainId, std::uint64_t> scan_blocks_;
    struct HoldUp {
        std::optional<UnixMillis> began_at;
        std::optional<UnixMillis> said_at;
        bool is_open = false;  ///< its end is still to be said
    };
    std::map<ChainId, HoldUp> hold_ups_;
};

}  // namespace butter::messenger
