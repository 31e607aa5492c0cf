// A backup whose seal is right and whose content is anything: it is opened or refused, and nothing else.
#include "backup/backup.h"
#include "bytes/little_endian.h"
#include "crypto/sealing.h"
#include "error/error.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kaisar;
    const auto password = bytes_of("password");
    const Argon2Cost cost{.passes = 1, .memory_bytes = 8192}; // the least there is
    const Bytes salt(argon2_salt_bytes, 1);
    const Bytes nonce(sealing_nonce_bytes, 2);
    static const auto key = derive_by_argon2id(password, salt, cost);
    ByteWriter backup;
    backup.put(bytes_of("kaisar backup 1\n")).put(cost.passes).put(cost.memory_bytes).put(salt).put(nonce);
    const auto header = backup.bytes();
    backup.put(seal(key.view(), nonce, header, {data, size}));
    try {
        check_backup(backup.bytes(), password, "backup");
    } catch (const Error& error) {
        check(error.kind() != ErrorKind::internal, "a bad backup is not a bug");
    }
    try {
        check_backup({data, size}, password, "backup");
    } catch (const Error& error) {
        check(error.kind() != ErrorKind::internal, "a bad backup is not a bug");
    }
    return 0;
}
