// A GPU's memory: bandwidth, one access at a time by a thread that follows a ring in random order, and the way from and
// to main memory.
#include "devices/device_inputs.h"
#include "devices/known_cases.h"

#include <array>
#include <chrono>
#include <cmath>
#include <fmt/format.h>
#include <memory>
#include <numeric>

namespace kaisar {
namespace {

using kernels::DeviceAddress;
using kernels::DeviceArray;
using kernels::DevicePass;
using kernels::DeviceStream;
using kernels::Lane;
using on_device::all_right;
using on_device::block;
using on_device::choose_bytes;
using on_device::clear_sum;
using on_device::download;
using on_device::Generator;

struct Streams {
    Streams(const DeviceJobSettings& s, std::size_t bytes_)
        : generator(s.device, s.features), bytes(bytes_), a(s.device, bytes), b(s.device, bytes), c(s.device, bytes),
          sum(s.device, block) {
        generator.fill(a, bytes, 1);
        generator.fill(b, bytes, 2);
        std::uint64_t word = 0;
        constexpr std::size_t at_once = 1 << 14;
        for (std::size_t first = 0; first < bytes / block; first += at_once) {
            const auto part = generator.expected(1, first, std::min(at_once, bytes / block - first));
            for (std::size_t i = 0; i < part.size(); i += sizeof word) {
                std::memcpy(&word, part.data() + i, sizeof word);
                right_sum += word;
            }
        }
    }
    Generator generator;
    std::size_t bytes;
    DeviceArray a, b, c, sum;
    std::uint64_t right_sum = 0, rounds = 0;
};

constexpr double factor = 3;

bool is_same(double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); }

bool has_right_element(DeviceStream& device, const Streams& s, DevicePass pass, std::size_t i) {
    const auto found = download<double>(device, s.c, i);
    const auto a = s.generator.read<double>(1, i);
    if (pass == DevicePass::write) return found == factor;
    if (pass == DevicePass::copy) return std::memcmp(&found, &a, sizeof a) == 0;
    return is_same(found, std::fma(factor, s.generator.read<double>(2, i), a));
}

Job make_stream(const DeviceJobSettings& s, DevicePass pass, std::size_t arrays) {
    auto& device = s.device;
    const auto streams = std::make_shared<Streams>(s, choose_bytes(s, 3));
    const auto n = streams->bytes / sizeof(double);
    const kernels::DevicePassArguments arguments{streams->a, streams->b, streams->c, factor, n, streams->sum};
    Job job;
    job.timed_by = TimedBy::wall;
    job.variant = "cuda";
    job.bytes = arrays * streams->bytes;
    job.work_per_round = static_cast<double>(job.bytes);
    job.run = [&device, streams, arguments, pass](unsigned, std::uint64_t rounds) {
        streams->rounds = rounds;
        clear_sum(device, streams->sum);
        for (; rounds != 0; --rounds) device.pass(Lane::product, pass, arguments);
        device.synchronize();
    };
    job.poison = [streams] { streams->generator.fill(streams->c, streams->bytes, 3); };
    job.has_right_answers = [&device, streams, pass, n] {
        if (pass == DevicePass::read)
            return download<std::uint64_t>(device, streams->sum, 0) == streams->rounds * streams->right_sum;
        return all_right(n, [&](std::size_t i) { return has_right_element(device, *streams, pass, i); });
    };
    return job;
}

/// Each line begins with the address of the next, so where a walk of so many steps ends is known beforehand.
class DeviceRing {
public:
    static constexpr std::size_t line_bytes = 128; // of the GPUs' caches
    static constexpr std::size_t unrolled = 16;    // walks take a multiple of so many steps

    DeviceRing(const DeviceJobSettings& s, std::size_t most_lines)
        : device_(s.device), generator_(s.device, s.features), lines_(s.device, most_lines * line_bytes),
          end_(s.device, block), order_(most_lines), next_(most_lines) {
        link(most_lines);
    }

    /// Leads through the first `lines` lines from now on.
    void link(std::size_t lines) {
        constexpr std::size_t at_once = 1 << 16, words = line_bytes / sizeof(std::uint64_t);
        count_ = lines, position_ = 0;
        std::iota(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(lines), 0u);
        Splitmix random(7);
        for (std::size_t i = lines; i > 1; --i) std::swap(order_[i - 1], order_[random.next() % i]);
        for (std::size_t i = 0; i < lines; ++i) next_[order_[i]] = order_[(i + 1) % lines];
        std::vector<std::uint64_t> content(std::min(at_once, lines) * words);
        for (std::size_t first = 0; first < lines; first += at_once) {
            const auto here = std::min(at_once, lines - first);
            for (std::size_t i = 0; i < here; ++i)
                content[i * words] = static_cast<std::uint64_t>(line(next_[first + i]));
            device_.upload(line(first), content.data(), here * line_bytes);
        }
    }
    void walk(std::size_t steps) {
        device_.chase(Lane::product, line(order_[position_]), steps, end_);
        position_ = (position_ + steps) % count_;
        device_.synchronize();
    }
    bool is_where_it_should_be() {
        return download<std::uint64_t>(device_, end_, 0) == static_cast<std::uint64_t>(line(order_[position_]));
    }
    std::uint64_t cycles() { return download<std::uint64_t>(device_, end_, 1); }
    void forget_end() { generator_.fill(end_, block, 3); }

private:
    DeviceAddress line(std::size_t number) const { return static_cast<DeviceAddress>(lines_) + number * line_bytes; }

    kernels::DeviceStream& device_;
    Generator generator_;
    kernels::DeviceArray lines_, end_;
    std::vector<std::uint32_t> order_, next_;
    std::size_t count_ = 0, position_ = 0;
};

/// One step of the staircase; long enough that the start of a kernel hardly counts.
LatencyStep measure_step(DeviceRing& ring, std::size_t lines) {
    constexpr std::size_t steps = 1 << 15, samples = 3, warm_steps = 1 << 17;
    ring.link(lines);
    ring.walk(std::min(2 * lines, warm_steps) / DeviceRing::unrolled * DeviceRing::unrolled);
    std::array<double, samples> seconds{}, cycles{};
    for (std::size_t i = 0; i < samples; ++i) {
        const auto start = std::chrono::steady_clock::now();
        ring.walk(steps);
        seconds[i] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / steps;
        cycles[i] = static_cast<double>(ring.cycles()) / steps;
    }
    std::ranges::sort(seconds);
    std::ranges::sort(cycles);
    return {lines * DeviceRing::line_bytes, seconds[samples / 2], cycles[samples / 2]};
}

/// Sizes a factor of the square root of two apart, up to the ring's own.
std::vector<LatencyStep> measure_staircase(DeviceRing& ring, std::size_t most_lines) {
    constexpr std::size_t fewest_lines = 32; // 4 KiB
    std::vector<LatencyStep> steps;
    for (std::size_t lines = fewest_lines; lines <= most_lines; lines *= 2) {
        steps.push_back(measure_step(ring, lines));
        if (const auto between = lines * 181 / 128; between <= most_lines) steps.push_back(measure_step(ring, between));
    }
    return steps;
}

enum class Direction { to_device, to_host };

class Transfer {
public:
    Transfer(const DeviceJobSettings& s, Direction direction, std::size_t bytes)
        : device_(s.device), direction_(direction), bytes_(bytes), generator_(s.device, s.features),
          array_(s.device, bytes), host_(static_cast<std::uint8_t*>(s.device.allocate_pinned(bytes))) {
        if (host_ == nullptr)
            throw Error(ErrorKind::environment,
                        fmt::format("the system locks no {} bytes of memory for the GPU", bytes),
                        "raise the limit of locked memory (ulimit -l), or make it less with --size");
        const auto content = generator_.expected(source, 0, bytes / block);
        std::copy(content.begin(), content.end(), host_);
        generator_.fill(array_, bytes, source);
        device_.synchronize(); // copies may be queued in another lane
    }

    void queue(Lane lane) {
        direction_ == Direction::to_device ? device_.copy_in(lane, array_, host_, bytes_)
                                           : device_.copy_out(lane, host_, array_, bytes_);
    }
    void poison() {
        if (direction_ == Direction::to_device) return generator_.fill(array_, bytes_, poisoned);
        std::fill_n(host_, bytes_, std::uint8_t{0x5a});
    }
    bool is_right() {
        return all_right(bytes_ / block, [&](std::size_t i) {
            auto found = Bytes(host_ + block * i, host_ + block * (i + 1));
            if (direction_ == Direction::to_device)
                device_.download(found.data(), static_cast<DeviceAddress>(array_) + block * i, block);
            return found == generator_.expected(source, i, 1);
        });
    }

private:
    static constexpr std::uint64_t source = 1, poisoned = 3;
    kernels::DeviceStream& device_;
    Direction direction_;
    std::size_t bytes_;
    Generator generator_;
    kernels::DeviceArray array_;
    std::uint8_t* host_;
};

std::size_t choose_transfer_bytes(const DeviceJobSettings& s, std::size_t arrays) {
    return std::min<std::size_t>(choose_bytes(s, arrays), std::size_t{256} << 20);
}

Job make_transfer(const DeviceJobSettings& s, Direction direction) {
    const auto bytes = choose_transfer_bytes(s, 1);
    const auto transfer = std::make_shared<Transfer>(s, direction, bytes);
    Job job;
    job.timed_by = TimedBy::wall;
    job.variant = "cuda";
    job.bytes = bytes;
    job.work_per_round = static_cast<double>(bytes);
    job.run = on_device::queued(s.device, [transfer] { transfer->queue(Lane::product); });
    job.poison = [transfer] { transfer->poison(); };
    job.has_right_answers = [transfer] { return transfer->is_right(); };
    return job;
}

} // namespace

Job make_device_memory_read(const DeviceJobSettings& s) { return make_stream(s, DevicePass::read, 1); }
Job make_device_memory_write(const DeviceJobSettings& s) { return make_stream(s, DevicePass::write, 1); }
Job make_device_memory_copy(const DeviceJobSettings& s) { return make_stream(s, DevicePass::copy, 2); }
Job make_device_memory_triad(const DeviceJobSettings& s) { return make_stream(s, DevicePass::triad, 3); }

Job make_device_memory_latency(const DeviceJobSettings& s) {
    constexpr std::size_t steps_a_round = 1024, most_bytes = std::size_t{512} << 20; // several second-level caches
    const auto bytes = s.size_bytes != 0 ? choose_bytes(s, 1) : std::min(choose_bytes(s, 1), most_bytes);
    const auto lines = bytes / DeviceRing::line_bytes;
    const auto ring = std::make_shared<DeviceRing>(s, lines);
    Job job;
    job.timed_by = TimedBy::wall;
    job.variant = "cuda";
    job.bytes = lines * DeviceRing::line_bytes;
    job.work_per_round = steps_a_round;
    job.run = [ring](unsigned, std::uint64_t rounds) { ring->walk(rounds * steps_a_round); };
    job.poison = [ring] { ring->forget_end(); };
    job.has_right_answers = [ring] { return ring->is_where_it_should_be(); };
    job.survey = [ring, lines] { return measure_staircase(*ring, lines); };
    ring->walk(DeviceRing::unrolled);
    if (!ring->is_where_it_should_be()) throw_wrong_answer(s.device, "chase");
    return job;
}

Job make_device_pcie_h2d(const DeviceJobSettings& s) { return make_transfer(s, Direction::to_device); }
Job make_device_pcie_d2h(const DeviceJobSettings& s) { return make_transfer(s, Direction::to_host); }

Job make_device_pcie_both(const DeviceJobSettings& s) {
    const auto bytes = choose_transfer_bytes(s, 2);
    const auto in = std::make_shared<Transfer>(s, Direction::to_device, bytes);
    const auto out = std::make_shared<Transfer>(s, Direction::to_host, bytes);
    Job job;
    job.timed_by = TimedBy::wall;
    job.variant = "cuda";
    job.bytes = 2 * bytes;
    job.work_per_round = static_cast<double>(job.bytes);
    job.run = on_device::queued(s.device, [in, out] { in->queue(Lane::product), out->queue(Lane::hash); });
    job.poison = [in, out] { in->poison(), out->poison(); };
    job.has_right_answers = [in, out] { return in->is_right() && out->is_right(); };
    return job;
}

} // namespace kaisar
