/* Preloaded into a process under test: writes down, or fails, what it does to the files of one folder.
 *
 * RECORDER_FOLDER  the folder that is watched (what lies under it, and the folder itself)
 * RECORDER_LOG     where each write, truncation, sync, removal and renaming is appended, once it succeeded
 *
 * recorder_arm() makes the calls number `first` to `first + count - 1` from now on (count 0: all from there
 * on) fail with an error number: writes, truncations and syncs are counted. While EROFS is on, opening for
 * writing and removing fail, too, as they do on a file system that was mounted anew read-only.
 * A record is one appended write: struct record, the path below the folder, the data. See recorder.py.
 * Shared memory (-shm) is rebuilt by SQLite after a start, locks and the
 * reserve hold no data: all are left out.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define PATH_BYTES 512

struct record {
    char kind; /* W write, T truncate, S sync, F sync that failed, U unlink, R rename, A mark of the test */
    char unused;
    uint16_t path_bytes;
    uint32_t data_bytes;
    uint64_t offset;
} __attribute__((packed));

static pthread_mutex_t counting = PTHREAD_MUTEX_INITIALIZER;
static long calls, first_failing, failing_count;
static int failing_errno, retry_syncs;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

void recorder_arm(long first, long count, int error)
{
    pthread_mutex_lock(&counting);
    calls = 0;
    first_failing = first;
    failing_count = count;
    failing_errno = error;
    pthread_mutex_unlock(&counting);
}

/* A bug to plant: from now on a sync that failed is tried again, as if that could help. */
void recorder_retry_syncs(void)
{
    retry_syncs = 1;
}

long recorder_calls(void)
{
    return calls;
}

static int is_failing(void)
{
    return first_failing && calls >= first_failing &&
           (!failing_count || calls < first_failing + failing_count);
}

/* Count one call; return the error number that it is to fail with, or 0. */
static int count_call(void)
{
    pthread_mutex_lock(&counting);
    calls++;
    int error = is_failing() ? failing_errno : 0;
    pthread_mutex_unlock(&counting);
    return error;
}

static int ends_with(const char *text, const char *end)
{
    size_t all = strlen(text), part = strlen(end);
    return all >= part && !strcmp(text + all - part, end);
}

/* Return the path below the watched folder ("" for the folder itself), or NULL. */
static const char *below(const char *path)
{
    const char *folder = getenv("RECORDER_FOLDER");
    size_t length = folder ? strlen(folder) : 0;
    if (!length || strncmp(path, folder, length) || (path[length] && path[length] != '/'))
        return NULL;
    if (ends_with(path, "-shm") || ends_with(path, ".lock") || ends_with(path, ".reserve"))
        return NULL;
    if (ends_with(path, " (deleted)"))
        return NULL;
    return path + length + (path[length] == '/');
}

static const char *watched(int descriptor, char *buffer)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, buffer, PATH_BYTES - 1);
    if (length <= 0)
        return NULL;
    buffer[length] = 0;
    return below(buffer);
}

static void note(char kind, const char *path, uint64_t offset, uint32_t data_bytes, const void *data)
{
    static int log = -2;
    if (log == -2) {
        const char *name = getenv("RECORDER_LOG");
        log = name ? open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    }
    if (log < 0)
        return;
    struct record head = {kind, 0, (uint16_t)strlen(path), data_bytes, offset};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)path, head.path_bytes}, {(void *)data, data_bytes}};
    if (writev(log, parts, 3) != (ssize_t)(sizeof head + head.path_bytes + data_bytes))
        abort();
}

ssize_t pwrite64(int descriptor, const void *data, size_t size, off64_t offset)
{
    char buffer[PATH_BYTES];
    const char *path = watched(descriptor, buffer);
    int error = path ? count_call() : 0;
    if (error) {
        errno = error;
        return -1;
    }
    ssize_t written = REAL(pwrite64)(descriptor, data, size, offset);
    if (path && written > 0)
        note('W', path, offset, written, data);
    return written;
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset)
{
    return pwrite64(descriptor, data, size, offset);
}

ssize_t write(int descriptor, const void *data, size_t size)
{
    char buffer[PATH_BYTES];
    const char *path = watched(descriptor, buffer);
    int error = path ? count_call() : 0;
    if (error) {
        errno = error;
        return -1;
    }
    ssize_t written = REAL(write)(descriptor, data, size);
    if (path && written > 0)
        note('W', path, lseek(descriptor, 0, SEEK_CUR) - written, written, data);
    return written;
}

static int truncated(int descriptor, off64_t size)
{
    char buffer[PATH_BYTES];
    const char *path = watched(descriptor, buffer);
    int error = path ? count_call() : 0;
    if (error) {
        errno = error;
        return -1;
    }
    int result = REAL(ftruncate64)(descriptor, size);
    if (path && !result)
        note('T', path, size, 0, NULL);
    return result;
}

int ftruncate64(int descriptor, off64_t size)
{
    return truncated(descriptor, size);
}

int ftruncate(int descriptor, off_t size)
{
    return truncated(descriptor, size);
}

static int synced(int descriptor, const char *call)
{
    char buffer[PATH_BYTES];
    const char *path = watched(descriptor, buffer);
    int error = path ? count_call() : 0;
    if (error)
        note('F', path, 0, 0, NULL);
    if (error && !retry_syncs) {
        errno = error;
        return -1;
    }
    int result = ((int (*)(int))real(call))(descriptor);
    if (path && !result)
        note('S', path, 0, 0, NULL);
    return result;
}

int fsync(int descriptor)
{
    return synced(descriptor, "fsync");
}

int fdatasync(int descriptor)
{
    return synced(descriptor, "fdatasync");
}

static int read_only(const char *path)
{
    pthread_mutex_lock(&counting);
    int failing = failing_errno == EROFS && is_failing();
    pthread_mutex_unlock(&counting);
    return failing && below(path) != NULL;
}

static int opened(const char *call, const char *path, int flags, mode_t mode)
{
    if ((flags & O_ACCMODE) != O_RDONLY && read_only(path)) {
        errno = EROFS;
        return -1;
    }
    return ((int (*)(const char *, int, mode_t))real(call))(path, flags, mode);
}

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return opened("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return opened("open64", path, flags, mode);
}

int unlink(const char *path)
{
    if (read_only(path)) {
        errno = EROFS;
        return -1;
    }
    int result = REAL(unlink)(path);
    const char *name = below(path);
    if (name && !result)
        note('U', name, 0, 0, NULL);
    return result;
}

int rename(const char *old, const char *fresh)
{
    if (read_only(old)) {
        errno = EROFS;
        return -1;
    }
    int result = REAL(rename)(old, fresh);
    const char *from = below(old), *to = below(fresh);
    if (from && to && !result)
        note('R', from, 0, strlen(to), to);
    return result;
}
