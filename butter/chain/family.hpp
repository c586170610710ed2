// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "butter/async/task.hpp"
#include "butter/base/bytes.hpp"
#include "butter/base/named.hpp"
#include "butter/base/result.hpp"
#include "butter/eth/receipt.hpp"

/// The seam between the program and the consensus families: the messenger and the maintainer know these
/// interfaces and nothing else of a chain. Proofs, updates and client states are opaque bytes here; the
/// family's C++ code makes and checks them, the Solidity twin in the same folder (chains/<family>/contracts)
/// reads them (docs/proof-formats.md).
namespace butter::chain {

/// Why a source could not do what was asked.
struct SourceError {
    enum class Kind {
        kUnavailable = 1,  ///< an endpoint is down or answers nonsense; try again
        kNotReady = 2,     ///< the chain has not come that far yet (not final, next committee unknown); wait
        kInvalid = 3,      ///< what the endpoints answer does not verify; another endpoint may be honest
        kUnsupported = 4,  ///< cannot be proven to this client at all
        kOutdated = 5,     ///< the client has moved too far past the block; `fetch_past_proof` may know a way
        kRefuted = 6,      ///< proven not to be there: the announced log is none of its block's
    };
    Kind kind{};
    std::string text;  ///< what was found and expected, for a person
};

/// Where a log is, as the chain's node reported it. A hint until proven.
struct LogPosition {
    BlockNumber block;
    Hash32 block_hash;
    std::uint64_t transaction_index = 0;
    std::uint64_t log_index = 0;  ///< within the block
    Hash32 transaction_hash;
    eth::Log log;
};

/// What was checked before a proof was handed out, for the printed life of a message.
struct ProofReport {
    std::string summary;  ///< for example "signers=4/4 epoch=12" or "participation=512/512 period=3"
    std::uint64_t height = 0;
};

/// A proof that passed the family's own light client, from roots that the program computed itself.
struct Proof {
    Bytes bytes;  ///< argument of `ILightClient.verifyLogs`
    std::vector<eth::Log> logs;
    ProofReport report;
};

/// One step that brings an on-chain client forward.
struct Update {
    Bytes bytes;  ///< argument of `ILightClient.update`
    ProofReport report;
};

/// A proof for somebody who trusts the configured checkpoint and nothing else, not even a client contract: it
/// can be kept and checked later without the network. Every byte of it is checked or bound by what is.
struct CheckpointProof {
    Bytes
        opening;  ///< what makes the configured checkpoint a trusted state; empty where the checkpoint is one
    std::vector<Bytes>
        updates;  ///< from the checkpoint on, oldest first, each needed; the family's own encoding
    Bytes proof;  ///< argument of `ILightClient.verifyLogs`

    friend bool operator==(const CheckpointProof&, const CheckpointProof&) = default;
};

/// Reads one chain and proves what happened on it.
class Source {
  public:
    virtual ~Source() = default;

    /// Newest block that consensus has finalised, by the family's own verification of headers from the
    /// configured checkpoint on; the nodes' word is a hint.
    virtual async::Task<Result<BlockNumber, SourceError>> fetch_final_block() = 0;

    /// What keeps blocks from becoming final that usually would have, as the last look at the chain found it,
    /// for people. Empty when nothing does.
    virtual std::string hold_up() const { return {}; }

    /// Proves logs of one final block, to a client whose trusted state is `client_state`
    /// (`ILightClient.clientState`). The proof carries the updates that this client still needs for it.
    /// All `positions` are in one block and ascend; the proof's logs come in the same order.
    virtual async::Task<Result<Proof, SourceError>> fetch_proof(std::vector<LogPosition> positions,
                                                                Bytes client_state) = 0;

    /// Proves the same to a client that has moved too far past the block (`kOutdated`), under a final point
    /// that it passed on its way and still knows. `past_states` are some of its states in a row, oldest
    /// first, from its `ClientUpdated` logs. `kNotReady` when all of them are older than the block,
    /// `kOutdated` when all are too far past it, `kUnsupported` in a family whose clients forget.
    virtual async::Task<Result<Proof, SourceError>> fetch_past_proof(std::vector<LogPosition> positions,
                                                                     std::vector<Bytes> past_states) = 0;

    /// The updates that `client_state` lacks to follow the chain as far as it is final, oldest first; empty
    /// when it needs none.
    virtual async::Task<Result<std::vector<Update>, SourceError>> fetch_updates(Bytes client_state) = 0;

    /// Arguments of the client contract's `initialize` that pin the newest final point as its checkpoint:
    /// everything after the owner, as the family's deployment expects it (ABI-encoded call data of
    /// `initialize` with this owner).
    virtual async::Task<Result<Bytes, SourceError>> fetch_client_initializer(Address owner) = 0;

    /// Checks a proof against a client state, trusting nothing else: the C++ twin of `verifyLogs`.
    virtual Result<Proof, SourceError> verify_proof(BytesView proof, BytesView client_state) const = 0;

    /// Proves logs of one final block from the configured checkpoint alone: the trusted state is derived from
    /// it, never asked from a client contract. The result passes `verify_checkpoint_proof`. Logs older than
    /// the checkpoint are `kUnsupported`.
    virtual async::Task<Result<CheckpointProof, SourceError>> fetch_checkpoint_proof(
        std::vector<LogPosition> positions) = 0;

    /// The logs that `proof` proves, trusting the configured checkpoint alone; reads no network. Refuses
    /// whatever is not needed or not checked: an opening that is not the checkpoint's, an update that changes
    /// nothing, encodings that are not canonical, so that no byte of an accepted proof can be another.
    virtual Result<Proof, SourceError> verify_checkpoint_proof(const CheckpointProof& proof) const = 0;
};

}  // namespace butter::chain
