/* Reads a plan from standard input: one word with its values on each line. */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

Plan plan = {.window = 64, .drain = 10, .at_once = 50};

static char *word(char **rest) {
    char *found = strsep(rest, " ");
    if (found == NULL) fail("a line of the plan is too short");
    return found;
}

static Lane read_lane(const char *name) {
    static const char *names[] = {"yjs", "hocuspocus", "patch", "sharedb"};
    for (int lane = 0; lane < 4; lane++)
        if (strcmp(name, names[lane]) == 0) return (Lane)lane;
    fail("there is no lane %s", name);
}

static void read_connection(char *rest) {
    Connection *connection = &plan.connections[plan.connection_count++];
    connection->fd = -1;
    connection->document = &plan.documents[atoi(word(&rest))];
    connection->document->connections++;
    connection->lane = read_lane(word(&rest));
    connection->stream = atoi(word(&rest));
    connection->seeds = atoi(word(&rest));
    connection->path = strdup(word(&rest));
    connection->protocol = rest && *rest ? strdup(word(&rest)) : NULL;
    size_t length = strlen(connection->document->name);
    if (length > 60) fail("a document's name is too long");
    if (connection->lane == LANE_HOCUSPOCUS) {
        connection->prefix[0] = (uint8_t)length;
        memcpy(connection->prefix + 1, connection->document->name, length);
        connection->prefix_size = length + 1;
    }
}

static void add_hello(uint8_t opcode, const uint8_t *bytes, size_t size) {
    if (plan.connection_count == 0) fail("a message of the plan has no connection");
    Connection *connection = &plan.connections[plan.connection_count - 1];
    size_t count = connection->hellos++;
    connection->hello = realloc(connection->hello, (count + 1) * sizeof *connection->hello);
    connection->hello_sizes = realloc(connection->hello_sizes, (count + 1) * sizeof(size_t));
    connection->hello[count] = allocate(size + 1, 1);
    connection->hello[count][0] = opcode;
    memcpy(connection->hello[count] + 1, bytes, size);
    connection->hello_sizes[count] = size + 1;
}

static int digit(char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
    fail("a message of the plan is not hexadecimal");
}

static void add_binary_hello(const char *digits) {
    size_t size = strlen(digits) / 2;
    uint8_t *bytes = allocate(size, 1);
    for (size_t at = 0; at < size; at++)
        bytes[at] = (uint8_t)(digit(digits[2 * at]) << 4 | digit(digits[2 * at + 1]));
    add_hello(2, bytes, size);
    free(bytes);
}

/* A file of edits: the number of streams; for each, its number of edits, their ends, their bytes. */
static void map_edits(const char *path) {
    int file = open(path, O_RDONLY);
    struct stat about;
    if (file < 0 || fstat(file, &about)) fail("%s: %s", path, strerror(errno));
    const uint8_t *at = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (at == MAP_FAILED) fail("%s: %s", path, strerror(errno));
    close(file);
    const uint32_t *words = (const uint32_t *)at;
    plan.stream_count = words[0];
    plan.streams = allocate(plan.stream_count, sizeof *plan.streams);
    size_t position = 4;
    for (size_t number = 0; number < plan.stream_count; number++) {
        Stream *stream = &plan.streams[number];
        stream->count = *(const uint32_t *)(at + position);
        stream->offsets = (const uint32_t *)(at + position + 4);
        position += 4 + 4 * ((size_t)stream->count + 1);
        stream->bytes = at + position;
        position += (stream->offsets[stream->count] + 3u) & ~3u;
    }
    if (position > (size_t)about.st_size) fail("the file of edits is too short");
}

static void read_line(char *line) {
    char *rest = line, *name = word(&rest);
#define IS(wanted) (strcmp(name, wanted) == 0)
    if (IS("port")) plan.port = atoi(word(&rest));
    else if (IS("rate")) plan.rate = atof(word(&rest));
    else if (IS("window")) plan.window = (uint32_t)atoi(word(&rest));
    else if (IS("warm")) plan.warm = atof(word(&rest));
    else if (IS("measure")) plan.measure = atof(word(&rest));
    else if (IS("drain")) plan.drain = atof(word(&rest));
    else if (IS("in_flight")) plan.in_flight = (uint32_t)atoi(word(&rest));
    else if (IS("at_once")) plan.at_once = (uint32_t)atoi(word(&rest));
    else if (IS("edits")) plan.most_edits = strtoull(word(&rest), NULL, 10);
    else if (IS("markers")) plan.markers = true;
    else if (IS("lossy")) plan.lossy = true;
    else if (IS("cursors")) plan.cursors = plan.markers = true;
    else if (IS("hold")) plan.hold = true;
    else if (IS("storm")) plan.storm = true, plan.storm_at_once = (uint32_t)atoi(word(&rest));
    else if (IS("seed")) {
        plan.seed_client = strtoull(word(&rest), NULL, 10);
        plan.seed_clock = strtoull(word(&rest), NULL, 10);
    } else if (IS("pid")) {
        if (plan.pid_count == 16) fail("a plan has more than 16 processes");
        plan.pids[plan.pid_count++] = atoi(word(&rest));
    } else if (IS("file")) map_edits(rest);
    else if (IS("document")) plan.documents[plan.document_count++].name = strdup(word(&rest));
    else if (IS("connection")) read_connection(rest);
    else if (IS("text")) add_hello(1, (const uint8_t *)rest, strlen(rest));
    else if (IS("binary")) add_binary_hello(rest);
    else fail("the plan has the unknown word %s", name);
#undef IS
}

void read_plan(void) {
    char **lines = NULL, *line = NULL;
    size_t count = 0, room = 0, documents = 0, connections = 0;
    for (ssize_t size; (size = getline(&line, &room, stdin)) > 0;) {
        if (line[size - 1] == '\n') line[size - 1] = 0;
        if (strcmp(line, "run") == 0) break;
        lines = realloc(lines, (count + 1) * sizeof *lines);
        lines[count++] = strdup(line);
        documents += strncmp(line, "document ", 9) == 0;
        connections += strncmp(line, "connection ", 11) == 0;
    }
    plan.documents = allocate(documents, sizeof *plan.documents);
    plan.connections = allocate(connections, sizeof *plan.connections);
    for (size_t at = 0; at < count; at++) {
        read_line(lines[at]);
        free(lines[at]);
    }
    free(lines);
    free(line);
}

/* Give each connection with a stream its writer, and each connection its counters. */
void prepare_writers(void) {
    for (size_t at = 0; at < plan.document_count; at++)
        plan.documents[at].writers = allocate(plan.stream_count, sizeof(Writer *));
    plan.writers = allocate(plan.connection_count, sizeof *plan.writers);
    for (size_t at = 0; at < plan.connection_count; at++) {
        Connection *connection = &plan.connections[at];
        connection->seen = allocate(plan.stream_count, sizeof(uint32_t));
        if (connection->stream < 0) continue;
        if ((size_t)connection->stream >= plan.stream_count) fail("there is no stream %d", connection->stream);
        Writer *writer = &plan.writers[plan.writer_count++];
        writer->connection = connection;
        writer->stream = &plan.streams[connection->stream];
        writer->stamps = allocate(writer->stream->count, sizeof *writer->stamps);
        writer->waiting = allocate(writer->stream->count, sizeof *writer->waiting);
        if (connection->document->writers[connection->stream]) fail("two writers have one stream");
        connection->document->writers[connection->stream] = writer;
    }
}
