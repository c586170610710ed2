// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/crypto/keccak.hpp"
#include "test/differential/chain.hpp"
#include "test/differential/target.hpp"

/// The same inputs to the C++ and the Solidity implementations: test/differential/README.md.
namespace butter::differential {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatchInputs = 256;
constexpr std::size_t kBatchBytes = 1u << 20;
constexpr std::size_t kDifferencesMax = 20;

struct Options {
    std::uint64_t seed = 1;
    std::uint64_t inputs = 20'000;
    std::uint64_t seconds = 0;
    std::string target;
    fs::path corpus = fs::path(BUTTER_SOURCE_DIR) / "test/differential/corpus";
    fs::path differences = "differences";
};

struct Input {
    const Target* target = nullptr;
    Bytes arguments;
    Bytes call;
    Outcome expected;
};

struct Tally {
    std::uint64_t inputs = 0;
    std::uint64_t accepted = 0;
};

Input make_input(const Target& target, const Values& arguments) {
    Input input{&target, codec::encode_abi(arguments), {}, {}};
    Values all = arguments;
    Values claims;
    input.expected = target.evaluate(arguments, claims);
    // Claims of a rejected input are empty lists.
    BUTTER_ASSERT(claims.size() == target.claims);
    all.insert(all.end(), claims.begin(), claims.end());
    input.call = codec::encode_call(target.signature, all);
    return input;
}

class Run {
  public:
    Run(Options options, Chain chain, std::vector<Target> targets)
        : options_(std::move(options)), chain_(std::move(chain)), targets_(std::move(targets)) {}

    /// Returns an exit status.
    int execute() {
        const auto start = std::chrono::steady_clock::now();
        const std::size_t replayed = replay();
        Random random(options_.seed);
        std::vector<const Target*> lots;
        for (const Target& target : targets_) {
            if (!options_.target.empty() && target.name() != options_.target) continue;
            lots.insert(lots.end(), target.weight, &target);
        }
        if (lots.empty()) {
            fmt::print(stderr, "differential: no target {}\n", options_.target);
            return 2;
        }
        std::uint64_t generated = 0;
        const auto is_over = [&] {
            if (differences_ >= kDifferencesMax || !failure_.empty()) return true;
            if (options_.seconds == 0) return generated >= options_.inputs;
            return std::chrono::steady_clock::now() - start >= std::chrono::seconds(options_.seconds);
        };
        while (!is_over()) {
            const Target& target = *random.pick(lots);
            const Values values = target.generate(random);
            // A fault can take a number out of its type; then there is no such call.
            if (!codec::decode_abi(target.argument_types(), codec::encode_abi(values))) continue;
            add(make_input(target, values));
            ++generated;
        }
        flush();
        check_pending();
        if (!failure_.empty()) {
            fmt::print(stderr, "differential: {}\n", failure_);
            return 2;
        }
        for (const auto& [name, tally] : tallies_) {
            fmt::print("{:<18}{:>9} inputs, {:>8} accepted by both\n", name, tally.inputs, tally.accepted);
        }
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        fmt::print("seed {}: {} inputs, {} of them from the corpus, {} differences, {:.1f} s\n",
                   options_.seed, generated + replayed, replayed, differences_, seconds);
        return differences_ == 0 ? 0 : 1;
    }

  private:
    std::size_t replay() {
        std::size_t count = 0;
        for (const Target& target : targets_) {
            const fs::path folder = options_.corpus / target.name();
            if (!fs::exists(folder)) continue;
            std::vector<fs::path> files;
            for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
            std::sort(files.begin(), files.end());
            for (const fs::path& file : files) {
                std::ifstream stream(file, std::ios::binary);
                const Bytes bytes{std::istreambuf_iterator<char>(stream), {}};
                const auto arguments = codec::decode_abi(target.argument_types(), bytes);
                if (!arguments) {
                    failure_ = file.string() + " does not hold arguments of " + target.signature;
                    return count;
                }
                add(make_input(target, *arguments));
                ++count;
            }
        }
        return count;
    }

    void add(Input input) {
        batch_bytes_ += input.call.size();
        batch_.push_back(std::move(input));
        if (batch_.size() == kBatchInputs || batch_bytes_ >= kBatchBytes) flush();
    }

    /// Sends the batch; while the chain works on it, the next one is made.
    void flush() {
        check_pending();
        if (batch_.empty()) return;
        std::vector<Bytes> calls;
        for (const Input& input : batch_) calls.push_back(input.call);
        answer_ = chain_.run(calls);
        pending_ = std::exchange(batch_, {});
        batch_bytes_ = 0;
    }

    void check_pending() {
        if (pending_.empty()) return;
        const auto outcomes = answer_.get();
        const std::vector<Input> inputs = std::exchange(pending_, {});
        if (!outcomes) {
            failure_ = outcomes.error();
            return;
        }
        for (std::size_t i = 0; i < inputs.size(); ++i) check(inputs[i], (*outcomes)[i]);
    }

    void check(const Input& input, const Hash32& found) {
        Tally& tally = tallies_[input.target->name()];
        ++tally.inputs;
        const Hash32 expected = input.expected ? hash_of_values({AbiValue::word(*input.expected)}) : Hash32{};
        if (found == expected) {
            tally.accepted += input.expected ? 1 : 0;
            return;
        }
        ++differences_;
        const fs::path file = options_.differences / input.target->name() /
                              encode_hex(crypto::keccak256(input.arguments)).substr(2, 16);
        fs::create_directories(file.parent_path());
        std::ofstream stream(file, std::ios::binary);
        stream.write(reinterpret_cast<const char*>(input.arguments.data()),
                     static_cast<std::streamsize>(input.arguments.size()));
        fmt::print("{}: C++ {}, Solidity {}: {}\n", input.target->name(),
                   input.expected ? "accepts" : "rejects",
                   found.is_zero()  ? "rejects"
                   : input.expected ? "finds another value"
                                    : "accepts",
                   file.string());
    }

    Options options_;
    Chain chain_;
    std::vector<Target> targets_;
    std::vector<Input> batch_;
    std::size_t batch_bytes_ = 0;
    std::vector<Input> pending_;
    std::future<Result<std::vector<Hash32>, std::string>> answer_;
    std::map<std::string, Tally> tallies_;
    std::size_t differences_ = 0;
    std::string failure_;
};

int main_with(const Options& options) {
    std::vector<Target> targets;
    Setup setup;
    add_codec_targets(targets);
    add_message_targets(targets, kChainId);
    add_mapo_targets(targets, setup);
    add_ethereum_targets(targets, setup);
    auto chain = Chain::start();
    if (!chain) {
        fmt::print(stderr, "differential: {}\n", chain.error());
        return 2;
    }
    for (Bytes& call : setup.calls) {
        if (const auto done = chain->transact(std::move(call)); !done) {
            fmt::print(stderr, "differential: {}\n", done.error());
            return 2;
        }
    }
    return Run(options, *std::move(chain), std::move(targets)).execute();
}

}  // namespace
}  // namespace butter::differential

int main(int count, char** arguments) {
    using namespace butter::differential;
    Options options;
    CLI::App app(
        "Gives the same inputs to the C++ and Solidity decoders and verifiers; exit status 1 if they differ");
    app.add_option("--seed", options.seed, "of the random numbers")->capture_default_str();
    app.add_option("--inputs", options.inputs, "how many to try")->capture_default_str();
    app.add_option("--seconds", options.seconds, "try for so long instead");
    app.add_option("--target", options.target, "only this one");
    app.add_option("--corpus", options.corpus, "inputs to try first")->capture_default_str();
    app.add_option("--differences", options.differences, "where to write inputs on which they differ")
        ->capture_default_str();
    CLI11_PARSE(app, count, arguments);
    return main_with(options);
}
