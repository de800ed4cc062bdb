/* The load generator: many WebSocket clients in one process, which count every delivery.
 *
 * main.c         runs the phases of a plan, prints the result
 * plan.c         reads the plan
 * connection.c   sockets, the handshake, frames of RFC 6455
 * lanes.c        the messages of each server: what a client sends, and what it reads
 * yjs.c          the binary updates of Yjs
 * deliveries.c   which client has which edit, and how long each edit took
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The Yjs client of stream 0: `FIRST_CLIENT` of yjs_edits.py. */
#define FIRST_CLIENT 1000

typedef enum { LANE_YJS, LANE_HOCUSPOCUS, LANE_PATCH, LANE_SHAREDB } Lane;
typedef enum { CLOSED, CONNECTING, UPGRADING, SYNCING, READY } State;

/* Edits of one writer, prepared before the run: bytes of number n are at offsets[n]. */
typedef struct {
    uint32_t count;
    const uint32_t *offsets;
    const uint8_t *bytes;
} Stream;

typedef struct {
    uint8_t *data;
    size_t size, room, sent;
} Buffer;

typedef struct Document Document;

typedef struct {
    int fd;
    State state;
    Lane lane;
    Document *document;
    int stream;          /* the stream that it writes; -1 for a reader */
    bool seeds;          /* it creates the document, so it connects first, and stays */
    bool is_writing;     /* its output buffer waits for the socket */
    char *path;
    char *protocol;      /* of the handshake; NULL for none */
    uint8_t **hello;     /* whole messages to send after the handshake; byte 0 is the opcode */
    size_t *hello_sizes;
    size_t hellos;
    uint8_t prefix[64];  /* before each binary message: the document's name, on Hocuspocus */
    size_t prefix_size;
    Buffer in, out;
    uint32_t *seen;      /* for each stream: how many of its edits have arrived */
    uint64_t seed_seen;  /* the clock of the seed's client that has arrived */
    uint64_t began, ask_again;
    uint64_t version; /* of the JSON lanes */
} Connection;

/* What a writer has sent, and how many connections still wait for each edit. */
typedef struct {
    Connection *connection;
    Stream *stream;
    uint32_t sent, acked;
    uint64_t *stamps;
    uint32_t *waiting;
} Writer;

struct Document {
    char *name;
    uint32_t connections;
    Writer **writers; /* one for each stream; NULL when the document has no such writer */
};

typedef struct {
    uint64_t counts[4096], total;
} Histogram;

typedef struct {
    int port;
    double rate, warm, measure, drain;
    uint32_t window, in_flight, at_once, storm_at_once;
    uint64_t most_edits;
    bool markers, lossy, cursors, hold, storm;
    uint64_t seed_client, seed_clock;
    int pids[16];
    size_t pid_count;
    Stream *streams;
    size_t stream_count;
    Document *documents;
    size_t document_count;
    Connection *connections;
    size_t connection_count;
    Writer *writers;
    size_t writer_count;
} Plan;

typedef struct {
    bool measures;         /* inside the measured seconds */
    uint64_t begin, end;   /* of the measured seconds */
    uint64_t edits, deliveries, frames;
    uint64_t all_edits, all_deliveries;
    uint64_t in_flight;    /* edits that some connection still waits for */
    Histogram latencies, late, opening;
} Counts;

extern Plan plan;
extern Counts counts;
extern uint64_t now; /* nanoseconds; read once after each wait and each read */

/* main.c */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void read_clock(void);
void *allocate(size_t count, size_t size);

/* plan.c */
void read_plan(void);
void prepare_writers(void);

/* connection.c */
void start_events(void);
void connect_to_server(Connection *connection);
void close_connection(Connection *connection);
uint8_t *begin_frame(Connection *connection, int opcode, size_t size);
void end_frame(Connection *connection, uint8_t *payload, size_t size);
void flush_connections(void);
void wait_for_events(uint64_t until);

/* lanes.c */
void greet(Connection *connection);
void ask_for_document(Connection *connection);
void send_edit(Writer *writer, uint32_t number);
void on_binary(Connection *connection, const uint8_t *bytes, size_t size);
void on_text(Connection *connection, const char *text, size_t size);
void become_ready(Connection *connection);

/* yjs.c */
typedef struct {
    const uint8_t *at, *end;
} Reader;
uint64_t read_varuint(Reader *reader);
const uint8_t *read_bytes(Reader *reader, size_t *size);
size_t varuint_size(uint64_t value);
uint8_t *write_varuint(uint8_t *at, uint64_t value);
void read_update(Connection *connection, Reader reader);

/* deliveries.c */
bool send_next(uint64_t stamp);
void deliver(Connection *connection, uint64_t stream, uint64_t from, uint64_t to, bool is_merged);
void find_markers(Connection *connection, const char *text, size_t size, bool is_merged);
void add_to(Histogram *histogram, uint64_t microseconds);
double percentile(const Histogram *histogram, double share);

#endif
