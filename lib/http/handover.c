#include "http/handover.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Made by the master, inherited by its workers. */
static struct {
    bool *stopped; /* in memory that they share */
    int take, send;
} handover = {.take = -1, .send = -1};

bool handover_open(void)
{
    int ends[2];
    void *shared = mmap(NULL, sizeof *handover.stopped, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return false;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
        munmap(shared, sizeof *handover.stopped);
        return false;
    }
    handover.stopped = shared;
    handover.take = ends[0];
    handover.send = ends[1];
    return true;
}

void handover_stop(void)
{
    if (handover.stopped)
        __atomic_store_n(handover.stopped, true, __ATOMIC_RELEASE);
}

/* A message of one byte that carries one descriptor. */
struct parcel {
    struct msghdr message;
    struct iovec content;
    char byte;
    union {
        struct cmsghdr header; /* for its alignment */
        char room[CMSG_SPACE(sizeof(int))];
    } control;
};

static void prepare(struct parcel *parcel)
{
    memset(parcel, 0, sizeof *parcel);
    parcel->content = (struct iovec){&parcel->byte, 1};
    parcel->message = (struct msghdr){.msg_iov = &parcel->content,
                                      .msg_iovlen = 1,
                                      .msg_control = parcel->control.room,
                                      .msg_controllen = sizeof parcel->control.room};
}

bool handover_send(int fd)
{
    struct parcel parcel;
    if (handover.send < 0 || __atomic_load_n(handover.stopped, __ATOMIC_ACQUIRE))
        return false;
    prepare(&parcel);
    struct cmsghdr *header = CMSG_FIRSTHDR(&parcel.message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return sendmsg(handover.send, &parcel.message, MSG_NOSIGNAL) == 1;
}

int handover_descriptor(void)
{
    return handover.take;
}

int handover_take(void)
{
    struct parcel parcel;
    int fd = -1;
    prepare(&parcel);
    if (recvmsg(handover.take, &parcel.message, MSG_CMSG_CLOEXEC) != 1)
        return -1;
    const struct cmsghdr *header = CMSG_FIRSTHDR(&parcel.message);
    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}
