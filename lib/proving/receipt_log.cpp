#include "proving/receipt_log.h"

#include "bytes/little_endian.h"
#include "crypto/hash.h"
#include "error/error.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar {
namespace {

// Entry: u32 length of the message, 32 bytes `previous`, the message. A file opens with this line.
constexpr std::string_view first_line = "kaisar receipts 1\n";
constexpr std::size_t file_limit_bytes = 64u << 20;
constexpr std::uint32_t message_limit_bytes = 4096;

struct DayFile {
    std::vector<ReceiptEntry> entries;
    /// Length up to the last whole entry.
    std::size_t whole_bytes = 0;
};

DayFile load_day(const Path& path) {
    const auto content = load_file(path, file_limit_bytes);
    if (!text_of(content).starts_with(first_line))
        throw Error(ErrorKind::environment,
                    fmt::format("{} is not a receipt file of a version that is known here", path.string()),
                    "move it away; the receipts in other files stay valid");
    DayFile day{.entries = {}, .whole_bytes = first_line.size()};
    ByteReader reader{ByteView(content).subspan(first_line.size())};
    while (reader.remaining() > 0) {
        const auto length = reader.get<std::uint32_t>();
        if (length > message_limit_bytes) break;
        ReceiptEntry entry{.previous = reader.get_array<32>(), .message = {}};
        const auto message = reader.take(length);
        if (!reader.ok()) break;
        entry.message.assign(message.begin(), message.end());
        day.whole_bytes += sizeof length + 32 + length;
        day.entries.push_back(std::move(entry));
    }
    return day;
}

} // namespace

Bytes32 hash_of(const ReceiptEntry& entry) {
    return sha256({bytes_of("kaisar/1/receipt-log\n"), entry.previous, entry.message});
}

std::vector<Path> ReceiptLog::files() const {
    std::vector<Path> paths;
    std::error_code code;
    for (const auto& file : std::filesystem::directory_iterator(directory_, code))
        if (file.path().extension() == ".log") paths.push_back(file.path());
    std::sort(paths.begin(), paths.end());
    return paths;
}

void ReceiptLog::append(ByteView message, Instant now) const {
    const auto today = directory_ / (format_rfc3339(now).substr(0, 10) + ".log");
    Bytes content(first_line.begin(), first_line.end());
    ReceiptEntry entry{.previous = {}, .message = {message.begin(), message.end()}};
    const auto paths = files();
    if (!paths.empty()) {
        const auto newest = load_day(paths.back());
        if (!newest.entries.empty()) entry.previous = hash_of(newest.entries.back());
        if (paths.back() >= today) {
            content = load_file(paths.back(), file_limit_bytes);
            content.resize(newest.whole_bytes);
        }
    }
    // A clock that was set back must not fork the chain: the newest file goes on.
    const auto target = paths.empty() ? today : std::max(today, paths.back());
    ByteWriter writer;
    writer.put(static_cast<std::uint32_t>(message.size())).put(entry.previous).put(message);
    kaisar::append(content, writer.bytes());
    save_file(target, content);
}

std::vector<ReceiptEntry> ReceiptLog::load() const {
    std::vector<ReceiptEntry> entries;
    for (const auto& path : files())
        for (auto& entry : load_day(path).entries) {
            const auto expected = entries.empty() ? entry.previous : hash_of(entries.back());
            if (entry.previous != expected)
                throw Error(ErrorKind::mismatch,
                            fmt::format("{}: an entry does not follow from the one before", path.string()),
                            "entries were removed or altered; a backup of the receipts folder may have them");
            entries.push_back(std::move(entry));
        }
    return entries;
}

} // namespace kaisar
