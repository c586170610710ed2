// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <boost/asio/io_context.hpp>

#include "butter/app/evidence.hpp"
#include "butter/app/families.hpp"
#include "butter/app/files.hpp"
#include "butter/app/order.hpp"
#include "butter/app/terminal.hpp"
#include "butter/base/hex.hpp"
#include "butter/message/delivery.hpp"
#include "butter/message/outbox.hpp"

namespace butter::app {
namespace {

/// Evidence of a message that has to follow a year of validator sets is some megabytes.
constexpr std::uintmax_t kBundleBytesMax = std::uintmax_t{256} << 20;

/// Collects proofs and checks each as it comes, from the nodes' answers; what the trace says is only where to
/// look.
class Collector {
  public:
    Collector(Chains& chains, const MessageTrace& trace)
        : chains_(chains), trace_(trace), checker_(chains, trace.order_id) {
        evidence_.order_id = trace.order_id;
        evidence_.message = trace.encoded_message;
    }

    async::Task<Result<void, CommandError>> run();

    const std::vector<CheckedStep>& steps() const noexcept { return steps_; }
    const Evidence& evidence() const noexcept { return evidence_; }

  private:
    using Step = EvidenceChecker::Step;

    /// The proof of the log of `transaction`; the error is a text for people.
    async::Task<Result<ProvenLog, std::string>> fetch(const TracedTransaction& transaction);
    async::Task<Result<Step, CommandError>> collect_delivery();
    /// Writes the step down; true when it holds.
    bool holds(std::string_view name, Step step) {
        steps_.push_back({name, step.has_value(), step ? *std::move(step) : std::move(step).error()});
        return steps_.back().holds;
    }
    std::unexpected<std::string> missing() const {
        return std::unexpected("did not happen: " + trace_.wait_text);
    }

    Chains& chains_;
    const MessageTrace& trace_;
    EvidenceChecker checker_;
    Evidence evidence_;
    std::vector<CheckedStep> steps_;
};

async::Task<Result<ProvenLog, std::string>> Collector::fetch(const TracedTransaction& transaction) {
    OpenChain& chain = *chains_.find(transaction.chain_id);
    chains_.say(
        fmt::format("proving block {} of {} from the checkpoint", transaction.block.value, chain.name()));
    std::vector<chain::LogPosition> positions;
    positions.push_back(transaction.log);
    auto proof = co_await chain.source->fetch_checkpoint_proof(std::move(positions));
    if (!proof) co_return std::unexpected(fmt::format("{}: {}", chain.name(), proof.error().text));
    co_return ProvenLog{chain.id(), *std::move(proof)};
}

async::Task<Result<Collector::Step, CommandError>> Collector::collect_delivery() {
    CO_TRY(const std::vector<Hash32> order_ids, co_await fetch_outbox(chains_, trace_.message.to_chain));
    message::Outbox outbox;
    for (const Hash32& order_id : order_ids) outbox.append(order_id);
    const std::uint64_t count = trace_.root->count;
    if (count > outbox.count() || outbox.root(count) != trace_.root->root) {
        co_return Step(
            std::unexpected(fmt::format("the {} messages in the logs of {} do not make the published root",
                                        outbox.count(), chains_.relay().name())));
    }
    std::vector<message::DeliveredMessage> messages;
    messages.push_back({trace_.relayed->index, trace_.relayed->message});
    OnwardEvidence& onward = *evidence_.onward;
    onward.delivery = message::encode_delivery(message::make_delivery(outbox, count, std::move(messages)));
    Step step = checker_.check_delivery(onward.delivery);
    if (step) *step += fmt::format("; the logs of all {} messages make the same root", count);
    co_return step;
}

async::Task<Result<void, CommandError>> Collector::run() {
    auto sent = co_await fetch(trace_.sent.transaction);
    if (sent) evidence_.sent = *std::move(sent);
    if (!holds("sent",
               sent ? checker_.check_sent(evidence_.message, evidence_.sent) : std::unexpected(sent.error())))
        co_return Result<void, CommandError>();

    if (!checker_.ends_on_relay()) {
        OnwardEvidence& onward = evidence_.onward.emplace();
        Result<ProvenLog, std::string> relayed = missing();
        if (trace_.relayed) relayed = co_await fetch(trace_.relayed->transaction);
        if (relayed) onward.relayed = *std::move(relayed);
        if (!holds("relayed",
                   relayed ? checker_.check_relayed(onward.relayed) : std::unexpected(relayed.error())))
            co_return Result<void, CommandError>();
        Result<ProvenLog, std::string> root = missing();
        if (trace_.root) root = co_await fetch(trace_.root->transaction);
        if (root) onward.root = *std::move(root);
        if (!holds("outbox root", root ? checker_.check_root(onward.root) : std::unexpected(root.error())))
            co_return Result<void, CommandError>();
        CO_TRY(Step delivery, co_await collect_delivery());
        if (!holds("in outbox", std::move(delivery))) co_return Result<void, CommandError>();
    }

    const ExecutionStep* outcome = trace_.find_outcome();
    Result<ProvenLog, std::string> executed = missing();
    if (outcome != nullptr) executed = co_await fetch(outcome->transaction);
    if (executed) evidence_.executed = *std::move(executed);
    Step step = executed ? checker_.check_executed(evidence_.executed) : std::unexpected(executed.error());
    if (!step && executed && !outcome->is_success) step = std::unexpected(trace_.wait_text);
    holds("executed", std::move(step));
    co_return Result<void, CommandError>();
}

ExitCode print_verdict(const Hash32& order_id, const std::vector<CheckedStep>& steps, bool json) {
    const bool all_hold = steps.back().holds;
    if (json) {
        rpc::JsonArray list;
        for (const CheckedStep& step : steps) {
            list.push_back(rpc::JsonObject{{"step", boost::json::string(boost::json::string_view(step.name))},
                                           {"holds", step.holds},
                                           {"what", step.text}});
        }
        print_json(rpc::JsonObject{
            {"order_id", encode_hex(order_id)}, {"verified", all_hold}, {"steps", std::move(list)}});
    } else {
        print_line("order        " + encode_hex(order_id));
        for (const CheckedStep& step : steps)
            print_line(fmt::format("{:<11}  {:<5}  {}", step.name, step.holds ? "holds" : "NO", step.text));
        print_line(all_hold ? "verified     every step holds, trusting only the configured checkpoints"
                            : fmt::format("not verified: \"{}\" does not hold", steps.back().name));
    }
    return all_hold ? ExitCode::kOk : ExitCode::kFailed;
}

Result<Evidence, CommandError> load(const std::filesystem::path& file) {
    const auto error = [&](const std::string& text) {
        return std::unexpected(CommandError{ExitCode::kFailed, "bundle " + text});
    };
    const auto text = load_file(file, kBundleBytesMax);
    if (!text) return std::unexpected(CommandError{ExitCode::kConfig, "bundle " + text.error()});
    const auto json = rpc::parse_json(*text);
    if (!json) return error(file.string() + " is not JSON");
    auto evidence = decode_evidence(*json);
    if (!evidence) return error(file.string() + ": " + evidence.error());
    return *std::move(evidence);
}

async::Task<Result<ExitCode, CommandError>> verify_order(Chains& chains, Hash32 order,
                                                         const VerifyOptions& options) {
    CO_TRY_VOID(co_await check_chains(chains));
    CO_TRY(const MessageTrace trace, co_await fetch_trace(chains, order));
    Collector collector(chains, trace);
    CO_TRY_VOID(co_await collector.run());
    const bool is_complete = collector.steps().back().holds;
    const ExitCode verdict = print_verdict(trace.order_id, collector.steps(), options.order.json);
    if (is_complete && !options.save.empty()) {
        const auto saved = save_file(options.save, rpc::to_text(to_json(collector.evidence())) + "\n");
        if (!saved) co_return std::unexpected(CommandError{ExitCode::kFailed, saved.error()});
    }
    co_return verdict;
}

ExitCode verify_bundle(const VerifyOptions& options) {
    auto config = load_config(options.order.config);
    if (!config) return fail(ExitCode::kConfig, to_string(config.error()));
    const auto evidence = load(options.bundle);
    if (!evidence) return fail(evidence.error());
    if (!options.order.order.empty()) {
        const auto order = parse_order(options.order.order);
        if (!order) return fail(order.error());
        if (*order != evidence->order_id) {
            return fail(ExitCode::kFailed,
                        fmt::format("bundle {} is of order {}, not of {}", options.bundle.string(),
                                    encode_hex(evidence->order_id), encode_hex(*order)));
        }
    }
    boost::asio::io_context context(1);
    const auto families = make_families();
    const auto chains = open_chains(*std::move(config), families, context.get_executor(), WithKey::kNo);
    if (!chains) return fail(chains.error());
    return print_verdict(evidence->order_id, verify_evidence(*chains, *evidence), options.order.json);
}

}  // namespace

ExitCode verify(const VerifyOptions& options) {
    if (!options.bundle.empty()) {
        if (!options.save.empty()) return fail(ExitCode::kUsage, "--save and --bundle exclude each other");
        return verify_bundle(options);
    }
    const auto order = parse_order(options.order.order);
    if (!order) return fail(order.error());
    return run_on_order(options.order,
                        [&options](Chains& chains, Hash32 id) { return verify_order(chains, id, options); });
}

}  // namespace butter::app
