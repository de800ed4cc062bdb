/* Sockets without blocking, the handshake, and frames of RFC 6455 as a client sends them. */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SCRATCH (32 * 1024 * 1024) /* the largest frame that a client reads */
#define ONE_READ (256 * 1024)
#define EVENTS 512
/* The example of RFC 6455, with its answer. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static int events, timer;
static uint8_t *scratch;
static Connection **written; /* connections with output that is not flushed yet */
static size_t written_count;

void start_events(void) {
    events = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    scratch = allocate(SCRATCH, 1);
    written = allocate(plan.connection_count + 1, sizeof *written);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (events < 0 || timer < 0 || epoll_ctl(events, EPOLL_CTL_ADD, timer, &event))
        fail("epoll: %s", strerror(errno));
}

static void watch(Connection *connection, int how, uint32_t wanted) {
    struct epoll_event event = {.events = wanted, .data.ptr = connection};
    if (epoll_ctl(events, how, connection->fd, &event)) fail("epoll_ctl: %s", strerror(errno));
}

/* --- output ------------------------------------------------------------------------------- */

static uint8_t *reserve(Buffer *buffer, size_t size) {
    if (buffer->sent && buffer->sent == buffer->size) buffer->sent = buffer->size = 0;
    if (buffer->size + size > buffer->room) {
        buffer->room = (buffer->size + size) * 2;
        buffer->data = realloc(buffer->data, buffer->room);
        if (buffer->data == NULL) fail("no memory");
    }
    return buffer->data + buffer->size;
}

static void flush(Connection *connection) {
    Buffer *out = &connection->out;
    while (out->sent < out->size) {
        ssize_t sent = send(connection->fd, out->data + out->sent, out->size - out->sent, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        if (sent < 0) fail("the server has closed a connection: %s", strerror(errno));
        out->sent += (size_t)sent;
    }
    bool is_writing = out->sent < out->size;
    if (is_writing != connection->is_writing)
        watch(connection, EPOLL_CTL_MOD, is_writing ? EPOLLIN | EPOLLOUT : EPOLLIN);
    connection->is_writing = is_writing;
}

void flush_connections(void) {
    for (size_t at = 0; at < written_count; at++) {
        Connection *connection = written[at];
        if (connection->state != CLOSED && !connection->is_writing) flush(connection);
    }
    written_count = 0;
}

static void note_output(Connection *connection) {
    if (written_count && written[written_count - 1] == connection) return;
    if (written_count == plan.connection_count) flush_connections();
    written[written_count++] = connection;
}

static uint32_t random_mask(void) {
    static uint32_t state = 2463534242u; /* xorshift; the same masks in each run */
    state ^= state << 13, state ^= state >> 17, state ^= state << 5;
    return state;
}

/* Return where the payload of a frame goes. `end_frame` masks it there. */
uint8_t *begin_frame(Connection *connection, int opcode, size_t size) {
    uint8_t *at = reserve(&connection->out, size + 14), *start = at;
    *at++ = (uint8_t)(0x80 | opcode);
    if (size < 126) {
        *at++ = (uint8_t)(0x80 | size);
    } else if (size < 65536) {
        *at++ = 0x80 | 126;
        *at++ = (uint8_t)(size >> 8), *at++ = (uint8_t)size;
    } else {
        *at++ = 0x80 | 127;
        for (int shift = 56; shift >= 0; shift -= 8) *at++ = (uint8_t)((uint64_t)size >> shift);
    }
    uint32_t mask = random_mask();
    memcpy(at, &mask, 4);
    connection->out.size += (size_t)(at + 4 - start) + size;
    return at + 4;
}

void end_frame(Connection *connection, uint8_t *payload, size_t size) {
    const uint8_t *mask = payload - 4;
    for (size_t at = 0; at < size; at++) payload[at] ^= mask[at & 3];
    note_output(connection);
}

static void send_message(Connection *connection, int opcode, const uint8_t *bytes, size_t size) {
    uint8_t *payload = begin_frame(connection, opcode, size);
    memcpy(payload, bytes, size);
    end_frame(connection, payload, size);
}

/* --- opening and closing -------------------------------------------------------------------- */

void connect_to_server(Connection *connection) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)plan.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (connection->fd < 0) fail("socket: %s", strerror(errno));
    int on = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int done = connect(connection->fd, (struct sockaddr *)&address, sizeof address);
    if (done && errno != EINPROGRESS) fail("connect: %s", strerror(errno));
    connection->state = CONNECTING;
    connection->began = now;
    connection->is_writing = true;
    watch(connection, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
}

void close_connection(Connection *connection) {
    close(connection->fd);
    connection->fd = -1;
    connection->state = CLOSED;
    connection->is_writing = false;
    connection->in.size = connection->out.size = connection->out.sent = 0;
    connection->seed_seen = 0;
}

static void ask_for_upgrade(Connection *connection) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) fail("connect: %s", strerror(error));
    const char *protocol = connection->protocol;
    char *request = NULL;
    int length = asprintf(&request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\n"
                          "Sec-WebSocket-Version: 13\r\n%s%s%s\r\n",
                          connection->path, plan.port, protocol ? "Sec-WebSocket-Protocol: " : "",
                          protocol ? protocol : "", protocol ? "\r\n" : "");
    if (length < 0) fail("no memory");
    memcpy(reserve(&connection->out, (size_t)length), request, (size_t)length);
    connection->out.size += (size_t)length;
    connection->state = UPGRADING;
    free(request);
}

/* --- input -------------------------------------------------------------------------------- */

/* Return the size of the server's answer to the handshake; 0 while it is incomplete. */
static size_t read_upgrade(const uint8_t *bytes, size_t size) {
    const uint8_t *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (end == NULL) return 0;
    size_t head = (size_t)(end - bytes) + 4;
    if (size < 12 || memcmp(bytes + 9, "101", 3) != 0)
        fail("the handshake was refused: %.*s", (int)(head < 60 ? head : 60), (const char *)bytes);
    if (memmem(bytes, head, ACCEPT, strlen(ACCEPT)) == NULL) fail("the handshake has no key");
    return head;
}

static void on_frame(Connection *connection, uint8_t head, const uint8_t *payload, size_t size) {
    if (head & 0x70) fail("a frame uses an extension that was not agreed");
    if (!(head & 0x80)) fail("a message comes in fragments, which the load generator does not read");
    counts.frames += counts.measures;
    switch (head & 15) {
    case 1: on_text(connection, (const char *)payload, size); break;
    case 2: on_binary(connection, payload, size); break;
    case 8: {
        unsigned code = size < 2 ? 1005 : (unsigned)(payload[0] << 8 | payload[1]);
        fail("the server has closed a connection with %u %.*s", code, size < 2 ? 0 : (int)size - 2,
             (const char *)payload + 2);
    }
    case 9: send_message(connection, 10, payload, size); break;
    case 10: break;
    default: fail("a frame has the unknown opcode %d", head & 15);
    }
}

/* Read the whole frames among the bytes, and return how many bytes they have. */
static size_t read_frames(Connection *connection, const uint8_t *bytes, size_t size) {
    size_t at = 0;
    while (size - at >= 2) {
        uint64_t length = bytes[at + 1] & 0x7f;
        size_t head = 2;
        if (bytes[at + 1] & 0x80) fail("the server has masked a frame");
        if (length >= 126) {
            size_t extra = length == 126 ? 2 : 8;
            if (size - at < 2 + extra) break;
            length = 0;
            for (; head < 2 + extra; head++) length = length << 8 | bytes[at + head];
        }
        if (length > SCRATCH - 16) fail("a frame is too large");
        if (size - at - head < length) break;
        on_frame(connection, bytes[at], bytes + at + head, length);
        at += head + length;
    }
    return at;
}

static void read_socket(Connection *connection) {
    Buffer *in = &connection->in;
    size_t size = in->size, room = SCRATCH - size;
    memcpy(scratch, in->data, size);
    ssize_t got = recv(connection->fd, scratch + size, room < ONE_READ ? room : ONE_READ, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) fail("the server has closed a connection: %s", got ? strerror(errno) : "no reason");
    read_clock();
    size += (size_t)got;
    size_t used = 0;
    if (connection->state == UPGRADING) {
        used = read_upgrade(scratch, size);
        if (used) greet(connection);
    }
    if (connection->state > UPGRADING) used += read_frames(connection, scratch + used, size - used);
    in->size = 0;
    memcpy(reserve(in, size - used), scratch + used, size - used);
    in->size = size - used;
}

/* --- waiting ------------------------------------------------------------------------------ */

static void set_timer(uint64_t until) {
    static uint64_t set = 0;
    if (until == set) return;
    set = until;
    struct itimerspec at = {.it_value = {(time_t)(until / 1000000000u), (long)(until % 1000000000u)}};
    if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL)) fail("timer: %s", strerror(errno));
}

/* Wait for sockets, at most until a time, and read what has arrived. Return at that time, also when
 * more sockets have something to read: the next wait finds them. */
void wait_for_events(uint64_t until) {
    struct epoll_event found[EVENTS];
    flush_connections();
    set_timer(until);
    int count = epoll_wait(events, found, EVENTS, -1);
    read_clock();
    for (int at = 0; at < count; at++) {
        Connection *connection = found[at].data.ptr;
        if (connection == NULL) { /* the timer */
            uint64_t expirations;
            if (read(timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN)
                fail("timer: %s", strerror(errno));
            continue;
        }
        if (found[at].events & EPOLLOUT) {
            if (connection->state == CONNECTING) ask_for_upgrade(connection);
            flush(connection);
        }
        if (found[at].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_socket(connection);
        if (now >= until) break;
    }
    flush_connections();
}
