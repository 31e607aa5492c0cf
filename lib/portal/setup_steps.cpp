#include "portal/setup_steps.h"

#include <fmt/format.h>

namespace kaisar::portal {
namespace {

constexpr const char* machine_check = R"sh(set -u
status=0
say() { echo "$1"; status=1; }
case "$(uname -m)" in
  x86_64|aarch64) ;;
  *) say "the processor is $(uname -m); x86_64 or aarch64 is needed" ;;
esac
memory_kib=$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)
[ "$memory_kib" -ge 1900000 ] || say "the machine has $((memory_kib / 1024)) MiB of memory; 2 GiB are needed"
free_kib=$(df -Pk "$KAISAR_DATA_DIR" | awk 'NR == 2 { print $4 }')
[ "$free_kib" -ge 262144 ] || say "$KAISAR_DATA_DIR has $((free_kib / 1024)) MiB free; 256 MiB are needed"
[ "$(date -u +%Y)" -ge 2025 ] || say "the clock says $(date -u); set it, best with an NTP client"
exit $status
)sh";

constexpr const char* directory_check = R"sh([ -d "$KAISAR_DATA_DIR" ] && [ "$(stat -c %a "$KAISAR_DATA_DIR")" = 700 ]
)sh";

constexpr const char* directory_apply = R"sh(mkdir -p "$KAISAR_DATA_DIR" && chmod 700 "$KAISAR_DATA_DIR"
)sh";

/// Shared by check and apply: which scheduler there is, and the line that it is to run.
constexpr const char* timer_head = R"sh(set -u
case "$KAISAR_PROGRAM$KAISAR_DATA_DIR" in
  *[!A-Za-z0-9/._+@-]*) echo "the path of kaisar or of its data directory has characters that a timer cannot hold"; exit 0 ;;
esac
line="$KAISAR_PROGRAM prove --data-dir $KAISAR_DATA_DIR --no-input --quiet"
unit=/etc/systemd/system/kaisar-prove
kind=none
if [ -d /run/systemd/system ] && [ "$(id -u)" = 0 ]; then kind=systemd
elif command -v crontab >/dev/null 2>&1; then kind=cron
fi
)sh";

constexpr const char* timer_check = R"sh(case $kind in
  systemd) grep -qxF "ExecStart=$line" $unit.service 2>/dev/null && systemctl is-active --quiet kaisar-prove.timer ;;
  cron) crontab -l 2>/dev/null | grep -qF "$line" ;;
  *) echo "neither systemd (as root) nor cron is here: have your own scheduler run: $line"; exit 0 ;;
esac
)sh";

constexpr const char* timer_apply_systemd = R"sh(if [ $kind = systemd ]; then
  cat > $unit.service <<END
[Unit]
Description=Kaisar: prove this slot
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
ExecStart=$line
END
  cat > $unit.timer <<END
[Unit]
Description=Kaisar: prove in every slot

[Timer]
OnCalendar=$calendar
AccuracySec=1s
Persistent=false

[Install]
WantedBy=timers.target
END
  systemctl daemon-reload && systemctl enable --now kaisar-prove.timer
  exit
fi
)sh";

constexpr const char* timer_apply_cron =
    R"sh({ crontab -l 2>/dev/null | grep -vF "$KAISAR_PROGRAM prove --data-dir $KAISAR_DATA_DIR"; echo "$minutes * * * * $line"; } | crontab -
)sh";

/// When a slot begins, in the two schedulers' words. Slots of less than a minute are run by systemd alone: cron would
/// miss most.
struct TimerWords {
    std::string calendar;
    std::string minutes;
};

TimerWords timer_words(const popw::Params& params) {
    const auto slot_s = std::chrono::duration_cast<std::chrono::seconds>(params.slot).count();
    if (slot_s >= 60 && slot_s % 60 == 0 && 3600 % slot_s == 0)
        return {.calendar = fmt::format("*:0/{}", slot_s / 60),
                .minutes = slot_s == 60 ? "*" : fmt::format("*/{}", slot_s / 60)};
    return {.calendar = slot_s > 0 && slot_s < 60 && 60 % slot_s == 0 ? fmt::format("*:*:0/{}", slot_s) : "*:*:0",
            .minutes = "*"};
}

} // namespace

std::vector<SetupStep> make_setup_steps(const popw::Params& params) {
    const auto words = timer_words(params);
    const auto settings = fmt::format("calendar='{}'\nminutes='{}'\n", words.calendar, words.minutes);
    return {{.id = "machine", .title = "the machine is fit to be a worker", .check = machine_check, .apply = ""},
            {.id = "data-directory",
             .title = "the state directory is closed to other users",
             .check = directory_check,
             .apply = directory_apply},
            {.id = "timer",
             .title = "kaisar prove runs in every slot (systemd timer, or a line in your crontab)",
             .check = std::string(timer_head) + timer_check,
             .apply = timer_head + settings + timer_apply_systemd + timer_apply_cron,
             .optional = true}};
}

} // namespace kaisar::portal
