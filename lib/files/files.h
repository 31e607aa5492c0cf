/// Files on disk: read with a limit, replaced whole or not at all, private by mode, locked across processes.
#pragma once

#include "bytes/bytes.h"

#include <filesystem>
#include <optional>
#include <string>

namespace kaisar {

using Path = std::filesystem::path;

/// Who may read a file or directory that is written.
enum class Access { owner_only, everyone };

/// The whole file. Throws Error(environment) when it is missing, unreadable, not a regular file or over `limit_bytes`.
Bytes load_file(const Path& path, std::size_t limit_bytes);

/// As load_file, and nothing when there is no such file.
std::optional<Bytes> find_file(const Path& path, std::size_t limit_bytes);

/// Replaces the file in one step that survives a power cut: written beside it, fsync, rename, fsync of the directory.
void save_file(const Path& path, ByteView content, Access access = Access::owner_only);
void save_file(const Path& path, std::string_view content, Access access = Access::owner_only);

/// As save_file for a name that must be free: Error(environment) when it is not, and nothing is changed.
void save_new_file(const Path& path, ByteView content, Access access = Access::owner_only);
void save_new_file(const Path& path, std::string_view content, Access access = Access::owner_only);

/// Makes the directory and its parents where missing, and requires it to be ours and closed to others (0700).
void make_private_directory(const Path& path);

/// Removes the temporary files that a killed save_file left in this directory.
void sweep_temporaries(const Path& directory);

/// Requires that only the owner may read the file; the hint names the chmod that mends it.
void require_private(const Path& path);

/// An advisory lock held by at most one process; released when it goes out of scope or the process dies.
class FileLock {
public:
    /// Nothing when another process holds it.
    static std::optional<FileLock> try_acquire(const Path& path);
    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&&) = delete;
    ~FileLock();

private:
    explicit FileLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

} // namespace kaisar
