// SPDX-License-Identifier: Apache-2.0
#include "butter/selftest/selftest.hpp"

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "butter/rpc/json.hpp"
#include "butter/selftest/report.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

std::string totals_text(std::size_t passed, std::size_t failed, std::size_t skipped) {
    return std::to_string(passed) + " passed, " + std::to_string(failed) + " failed, " +
           std::to_string(skipped) + " skipped";
}

std::string place_text(const Finding& finding) {
    std::string out = finding.file;
    if (finding.count > 1) return out + ": " + std::to_string(finding.count) + " cases";
    if (!finding.name.empty()) out += (out.empty() ? "" : ": ") + finding.name;
    return out;
}

void write_set(std::ostream& out, const SetResult& set) {
    out << set.name << ": " << totals_text(set.passed, set.failed, set.skipped) << '\n';
    const auto write = [&](const char* outcome, const Finding& finding) {
        const std::string place = place_text(finding);
        out << "  " << outcome << (place.empty() ? "" : " ") << place << ": " << finding.reason << '\n';
    };
    for (const Finding& finding : set.failures) write("failed", finding);
    for (const Finding& finding : set.skips) write("skipped", finding);
    out.flush();
}

rpc::JsonArray to_json(const std::vector<Finding>& findings) {
    rpc::JsonArray out;
    for (const Finding& finding : findings) {
        out.push_back(rpc::JsonObject{{"file", finding.file},
                                      {"case", finding.name},
                                      {"count", finding.count},
                                      {"reason", finding.reason}});
    }
    return out;
}

rpc::JsonObject to_json(const SetResult& set) {
    return {{"set", set.name},
            {"passed", set.passed},
            {"failed", set.failed},
            {"skipped", set.skipped},
            {"failures", to_json(set.failures)},
            {"skips", to_json(set.skips)}};
}

std::string to_json_text(const Report& report) {
    rpc::JsonArray sets;
    for (const SetResult& set : report.sets()) sets.push_back(to_json(set));
    return rpc::to_text(rpc::JsonObject{{"sets", std::move(sets)},
                                        {"passed", report.passed()},
                                        {"failed", report.failed()},
                                        {"skipped", report.skipped()}});
}

std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> out;
    std::error_code error;
    for (auto entry = std::filesystem::directory_iterator(folder, error);
         !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        out.push_back(entry->path());
    }
    std::sort(out.begin(), out.end());
    return out;
}

bool is_document(const std::filesystem::path& path) {
    return path.filename() == "PROVENANCE.md" || path.filename() == "README.md";
}

}  // namespace

int run(const SelftestOptions& options, std::ostream& out) {
    Report report;
    const auto finish_set = [&] {
        if (!options.json) write_set(out, report.sets().back());
    };
    const auto paths = list_folder(options.vectors);
    for (const std::filesystem::path& path : paths) {
        if (is_document(path)) continue;
        const std::string name = path.filename().string();
        report.begin_set(name);
        std::error_code error;
        if (!std::filesystem::is_directory(path, error)) {
            report.skip("", "", "a file beside the sets");
        } else if (const RunSet run_set = find_set(name)) {
            run_set(path, report);
        } else {
            report.skip("", "", std::string(skip_reason(name)));
        }
        finish_set();
    }
    if (report.passed() + report.failed() == 0) {
        report.begin_set(options.vectors.string());
        report.fail("", "", "no case of any set was found; expected a folder with one folder for each set");
        finish_set();
    }
    if (options.json) {
        out << to_json_text(report) << '\n';
    } else {
        out << totals_text(report.passed(), report.failed(), report.skipped()) << '\n';
    }
    return report.failed() == 0 ? 0 : 1;
}

}  // namespace butter::selftest
