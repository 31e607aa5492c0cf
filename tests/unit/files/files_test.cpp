#include "files/files.h"

#include "error/error.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace kaisar;
namespace fs = std::filesystem;

namespace {

/// An empty folder that goes away with the test.
class Folder {
public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "kaisar-files-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { fs::remove_all(path_); }
    Path operator/(const char* name) const { return path_ / name; }
    const Path& path() const { return path_; }

private:
    Path path_;
};

mode_t mode_of(const Path& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 0777;
}

template <class Function>
Error error_of(Function function) {
    try {
        function();
    } catch (const Error& error) {
        return error;
    }
    FAIL("no error was thrown");
    return Error(ErrorKind::internal, "");
}

std::size_t entries_of(const Path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

} // namespace

TEST_CASE("a file reads back as it was saved and only its owner may read it") {
    const Folder folder;
    save_file(folder / "state", "first");
    save_file(folder / "state", "second, longer");
    CHECK(text_of(load_file(folder / "state", 100)) == "second, longer");
    CHECK(mode_of(folder / "state") == 0600);
    save_file(folder / "open", "x", Access::everyone);
    CHECK(mode_of(folder / "open") == 0644);
    CHECK(entries_of(folder.path()) == 2);
}

TEST_CASE("saving makes a file private again that was opened to others") {
    const Folder folder;
    save_file(folder / "key", "a");
    ::chmod((folder / "key").c_str(), 0644);
    save_file(folder / "key", "b");
    CHECK(mode_of(folder / "key") == 0600);
}

TEST_CASE("a file that is missing, too large or a directory is an error that names it") {
    const Folder folder;
    CHECK_FALSE(find_file(folder / "none", 10));
    const auto missing = error_of([&] { load_file(folder / "none", 10); });
    CHECK(missing.kind() == ErrorKind::environment);
    CHECK(missing.message().find((folder / "none").string()) != std::string::npos);
    save_file(folder / "large", "12345678901");
    CHECK(error_of([&] { load_file(folder / "large", 10); }).message().find("larger than 10 bytes") !=
          std::string::npos);
    CHECK(load_file(folder / "large", 11).size() == 11);
    CHECK(error_of([&] { load_file(folder.path(), 10); }).kind() == ErrorKind::environment);
}

TEST_CASE("a file that cannot be saved leaves what was there and nothing beside it") {
    const Folder folder;
    fs::create_directory(folder / "target");
    save_file(folder / "target/inner", "x");
    CHECK_THROWS_AS(save_file(folder / "target", "file over a directory that is not empty"), Error);
    CHECK(fs::is_directory(folder / "target"));
    CHECK(entries_of(folder.path()) == 1);
}

TEST_CASE("a new file is never written over one that exists") {
    const Folder folder;
    save_new_file(folder / "backup", "first");
    CHECK(error_of([&] { save_new_file(folder / "backup", "second"); }).message().find("exists already") !=
          std::string::npos);
    CHECK(text_of(load_file(folder / "backup", 100)) == "first");
    CHECK(entries_of(folder.path()) == 1);
}

TEST_CASE("a private directory is made with its parents, and refused when others may read it") {
    const Folder folder;
    make_private_directory(folder / "a/b/c");
    CHECK(mode_of(folder / "a/b/c") == 0700);
    make_private_directory(folder / "a/b/c");
    ::chmod((folder / "a/b/c").c_str(), 0755);
    const auto error = error_of([&] { make_private_directory(folder / "a/b/c"); });
    CHECK(error.hint() == "chmod 700 " + (folder / "a/b/c").string());
    save_file(folder / "file", "x");
    CHECK_THROWS_AS(make_private_directory(folder / "file"), Error);
}

TEST_CASE("a secret that others may read is refused with the command that mends it") {
    const Folder folder;
    save_file(folder / "key", "x");
    CHECK_NOTHROW(require_private(folder / "key"));
    for (const mode_t mode : {0640u, 0604u, 0620u, 0601u}) {
        ::chmod((folder / "key").c_str(), mode);
        CHECK(error_of([&] { require_private(folder / "key"); }).hint() == "chmod 600 " + (folder / "key").string());
    }
}

TEST_CASE("what a killed save left behind is swept, other files are not") {
    const Folder folder;
    // A save that is killed by the limit on file sizes: the signal comes in the midst of writing.
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const struct rlimit limit { .rlim_cur = 4096, .rlim_max = 4096 };
        ::signal(SIGXFSZ, SIG_DFL);
        ::setrlimit(RLIMIT_FSIZE, &limit);
        save_file(folder / "state", std::string(8192, 'x'));
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(entries_of(folder.path()) == 1);
    REQUIRE_FALSE(fs::exists(folder / "state"));
    save_file(folder / "state", "whole");
    REQUIRE(entries_of(folder.path()) == 2);
    sweep_temporaries(folder.path());
    CHECK(entries_of(folder.path()) == 1);
    CHECK(text_of(load_file(folder / "state", 100)) == "whole");
}

TEST_CASE("a lock has one holder, across processes, and is free again when its holder dies") {
    const Folder folder;
    const auto path = folder / "lock";
    const auto try_in_child = [&] {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(FileLock::try_acquire(path) ? 1 : 0);
        int status = 0;
        ::waitpid(child, &status, 0);
        return WEXITSTATUS(status) == 1;
    };
    {
        const auto held = FileLock::try_acquire(path);
        REQUIRE(held);
        CHECK_FALSE(FileLock::try_acquire(path));
        CHECK_FALSE(try_in_child());
    }
    CHECK(try_in_child());
    CHECK(FileLock::try_acquire(path));
}
