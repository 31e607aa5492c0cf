// A file on the disk: read and written in large blocks by several threads at once, and made permanent in small ones.
#include "files/scratch_file.h"
#include "workloads/job.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <fmt/format.h>
#include <memory>
#include <mutex>

namespace kaisar {
namespace {

constexpr std::size_t sector_bytes = 4096;         // what direct access is aligned to
constexpr std::size_t large_block_bytes = 1 << 20; // what a copy or an image layer is written in
constexpr std::size_t default_file_bytes = 256u << 20;
constexpr std::size_t sync_file_bytes = 16u << 20;

/// Blocks of a file, each thread's own behind one another. What a block holds follows from its number and the
/// generation in which it was written, so that nothing old is taken for new.
class BlockFile {
public:
    BlockFile(const JobSettings& s, std::size_t file_bytes, std::size_t most_block_bytes)
        : threads_(s.team.size()),
          block_bytes_(std::clamp(file_bytes / threads_ / sector_bytes * sector_bytes, sector_bytes, most_block_bytes)),
          blocks_(std::max<std::size_t>(1, file_bytes / threads_ / block_bytes_)),
          file_(s.scratch_folder, block_bytes_ * blocks_ * threads_), lanes_(threads_) {
        for (auto& lane : lanes_) lane.buffer = std::make_unique<Pages<std::uint8_t>>(block_bytes_);
        s.team.run([this](unsigned thread) {
            guarded([&] {
                for (std::size_t block = 0; block < blocks_; ++block) write_block(thread, block);
            });
        });
        rethrow();
        file_.sync();
    }

    std::size_t block_bytes() const { return block_bytes_; }
    std::uint64_t bytes() const { return std::uint64_t{block_bytes_} * blocks_ * threads_; }
    std::string access() const { return std::string(file_.access()); }

    enum class Direction { read, write, write_and_sync };

    void run(unsigned thread, std::uint64_t rounds, Direction direction) {
        auto& lane = lanes_[thread];
        guarded([&] {
            if (direction == Direction::read) file_.forget_cache();
            for (; rounds != 0; --rounds) {
                lane.last = (lane.last + 1) % blocks_;
                if (direction == Direction::read)
                    file_.read(offset(thread, lane.last), view(lane));
                else
                    write_block(thread, lane.last);
                if (direction == Direction::write_and_sync) file_.sync();
            }
            if (direction == Direction::write) file_.sync();
            lane.generation = generation_;
        });
    }

    /// What was read last, or what can be read where was written last, is what has to be there.
    bool is_right(Direction direction) {
        rethrow();
        for (unsigned thread = 0; thread < threads_; ++thread) {
            auto& lane = lanes_[thread];
            if (lane.generation != generation_) return false;
            if (direction != Direction::read) {
                file_.forget_cache();
                file_.read(offset(thread, lane.last), view(lane));
            }
            Bytes expected(block_bytes_);
            fill(expected, thread, lane.last, direction == Direction::read ? 0 : generation_);
            if (!std::ranges::equal(expected, view(lane))) return false;
        }
        return true;
    }

    void begin_generation() {
        ++generation_;
        for (auto& lane : lanes_) std::fill_n(lane.buffer->data(), block_bytes_, std::uint8_t{0x5a});
    }

private:
    struct alignas(64) Lane {
        std::unique_ptr<Pages<std::uint8_t>> buffer;
        std::size_t last = 0;
        std::uint64_t generation = ~std::uint64_t{0};
        std::uint64_t filled_with = ~std::uint64_t{0};
    };

    MutableByteView view(Lane& lane) const { return {lane.buffer->data(), block_bytes_}; }
    std::uint64_t offset(unsigned thread, std::size_t block) const {
        return (std::uint64_t{thread} * blocks_ + block) * block_bytes_;
    }

    /// Random but for the first words of each sector, which name block and generation: disks that compress or find
    /// duplicates gain nothing.
    static void fill(MutableByteView bytes, unsigned thread, std::size_t block, std::uint64_t generation) {
        Splitmix random(std::uint64_t{thread} << 32 | 77);
        for (std::size_t i = 0; i < bytes.size(); i += 8) {
            const auto word = random.next();
            std::memcpy(bytes.data() + i, &word, sizeof word);
        }
        stamp(bytes, block, generation);
    }

    static void stamp(MutableByteView bytes, std::size_t block, std::uint64_t generation) {
        const std::array<std::uint64_t, 2> words{Splitmix::mix(block), generation};
        for (std::size_t i = 0; i < bytes.size(); i += sector_bytes) std::memcpy(bytes.data() + i, words.data(), 16);
    }

    void write_block(unsigned thread, std::size_t block) {
        auto& lane = lanes_[thread];
        if (lane.filled_with != generation_) fill(view(lane), thread, block, generation_);
        lane.filled_with = generation_;
        stamp(view(lane), block, generation_);
        file_.write(offset(thread, block), view(lane));
    }

    /// Threads of a team cannot throw: the first failure is kept, and thrown by who asks for the answers.
    template <class Work>
    void guarded(Work work) {
        try {
            work();
        } catch (...) {
            const std::lock_guard lock(mutex_);
            if (!failure_) failure_ = std::current_exception();
        }
    }
    void rethrow() {
        const std::lock_guard lock(mutex_);
        if (failure_) std::rethrow_exception(failure_);
    }

    std::size_t threads_, block_bytes_, blocks_;
    ScratchFile file_;
    std::vector<Lane> lanes_;
    std::uint64_t generation_ = 0;
    std::mutex mutex_;
    std::exception_ptr failure_;
};

void require_scratch(const JobSettings& s, std::string_view workload) {
    if (s.scratch_folder.empty())
        throw Error(ErrorKind::environment, fmt::format("{} has no folder to put its file in", workload),
                    "--scratch names one");
    if (!s.variant.empty() && s.variant != "direct" && s.variant != "buffered")
        throw Error(ErrorKind::usage, fmt::format("{} has no variant called {}", workload, s.variant),
                    "its variants are direct and buffered: the file system decides");
}

Job make_disk(const JobSettings& s, std::string_view name, BlockFile::Direction direction) {
    require_scratch(s, name);
    const bool is_small = direction == BlockFile::Direction::write_and_sync;
    const auto size = s.size_bytes != 0 ? s.size_bytes : is_small ? sync_file_bytes : default_file_bytes;
    const auto file = std::make_shared<BlockFile>(s, size, is_small ? sector_bytes : large_block_bytes);
    if (!s.variant.empty() && s.variant != file->access())
        throw Error(ErrorKind::environment,
                    fmt::format("files in {} are {}, not {}", s.scratch_folder.string(), file->access(), s.variant),
                    "leave --variant out");
    Job job;
    job.variant = file->access();
    job.bytes = file->bytes();
    job.timed_by = TimedBy::wall;
    job.work_per_round = is_small ? 1 : static_cast<double>(file->block_bytes()) * s.team.size();
    job.run = [file, direction](unsigned thread, std::uint64_t rounds) { file->run(thread, rounds, direction); };
    job.poison = [file] { file->begin_generation(); };
    job.has_right_answers = [file, direction] { return file->is_right(direction); };
    return job;
}

} // namespace

Job make_disk_read(const JobSettings& s) { return make_disk(s, "disk-read", BlockFile::Direction::read); }
Job make_disk_write(const JobSettings& s) { return make_disk(s, "disk-write", BlockFile::Direction::write); }
Job make_disk_sync(const JobSettings& s) { return make_disk(s, "disk-sync", BlockFile::Direction::write_and_sync); }

} // namespace kaisar
